# SPDX-License-Identifier: GPL-2.0-or-later
"""Boosted trees, or a forest, as a part of a head: fitted by scikit-learn, kept as arrays (core/bundle/heads.py).

Trees find thresholds, such as the speed between a bike and a bus, better than a network does. Both make different
errors, so that their mean is right more often than either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, GradientBoostingRegressor
from torch import Tensor, nn

from model.head_training.fit import row_weights
from model.heads import Head, Task

if TYPE_CHECKING:
    from sklearn.tree._tree import Tree


@dataclass(frozen=True)
class Settings:
    """How trees are boosted.

    rows, columns: shares of them that a tree sees. least: the lowest log probability, since trees are too sure of
    classes that they have not seen.
    """

    depth: int = 4
    steps: int = 150
    rate: float = 0.06
    rows: float = 0.5
    columns: float = 0.15
    least: float = -6.0


@dataclass(frozen=True)
class ForestSettings:
    """How a forest is grown. columns: the share that a split tries. leaf: its rows, at least.
    least: the lowest probability.
    """

    trees: int = 50
    depth: int = 12
    leaf: int = 10
    columns: float = 0.3
    least: float = 0.005


SETTINGS, FOREST = Settings(), ForestSettings()


class Nodes(nn.Module):
    """The nodes of trees that divide rows by one column each."""

    def __init__(
        self, trees: list[Tree], depth: int, threshold: np.ndarray, value: np.ndarray, start: float, floor: float
    ) -> None:
        """threshold, value: (nodes,) and (nodes, …) of all trees, one after another. start, floor: of what they say."""
        super().__init__()
        root = np.cumsum([0, *(t.node_count for t in trees)])
        # Inputs are float32: the greatest float32 that is not above a threshold divides them in the same way.
        near = threshold.astype(np.float32)
        columns = {
            "root": root[:-1],
            "left": np.concatenate([self._below(t, t.children_left) + at for t, at in zip(trees, root)]),
            "right": np.concatenate([self._below(t, t.children_right) + at for t, at in zip(trees, root)]),
            "column": np.concatenate([np.maximum(t.feature, 0) for t in trees]),
            "threshold": np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near),
            "value": value.astype(np.float32),
            "depth": np.array([depth]), "start": np.array([start], np.float32), "floor": np.array([floor], np.float32),
        }  # fmt: skip
        for name, values in columns.items():
            whole = np.issubdtype(values.dtype, np.integer)
            self.register_buffer(name, torch.from_numpy(values.astype(np.int32) if whole else values))

    @staticmethod
    def _below(tree: Tree, children: np.ndarray) -> np.ndarray:
        """(nodes,) children of nodes; the child of a leaf is the leaf itself."""
        return np.where(children < 0, np.arange(tree.node_count), children)

    def leaves(self, x: Tensor) -> Tensor:
        """(n, trees) the leaf of each tree that each row of x (n, inputs) falls into."""
        row, node = torch.arange(len(x))[:, None], self.root.expand(len(x), -1)
        for _ in range(int(self.depth)):
            goes_left = x[row, self.column[node]] <= self.threshold[node]
            node = torch.where(goes_left, self.left[node], self.right[node])
        return node


class Trees(Nodes):
    """Regression trees whose sums are a number, or scores of classes."""

    def __init__(self, boosted: GradientBoostingClassifier | GradientBoostingRegressor, start: float = 0.0) -> None:
        """start: a number that sums begin with."""
        trees = [stage.tree_ for stage in boosted.estimators_.ravel()]
        threshold, value = (
            np.concatenate([getattr(t, name).ravel() for t in trees]) for name in ("threshold", "value")
        )
        super().__init__(trees, SETTINGS.depth, threshold, SETTINGS.rate * value, start, SETTINGS.least)
        self.classes = isinstance(boosted, GradientBoostingClassifier)
        self.stages, sums = boosted.estimators_.shape
        self.two = self.classes and sums == 1  # one sum, the log odds of the second class

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, inputs). Returns log probabilities (n, classes), or numbers (n, 1)."""
        total = self.start + self.value[self.leaves(x)].reshape(len(x), self.stages, -1).sum(dim=1)
        if self.two:
            total = torch.cat([torch.zeros_like(total), total], dim=1)
        return F.log_softmax(total, dim=1).clamp(min=float(self.floor)) if self.classes else total


class Forest(Nodes):
    """Randomised trees whose mean is the probability of classes. They carry over better than boosted ones."""

    def __init__(self, x: np.ndarray, y: np.ndarray, task: Task, seed: int, weight: np.ndarray | None) -> None:
        """Grow it on x (n, k) float32. weight: (n,) of the sources."""
        scale = Head(x.shape[1], task.outputs, hidden=0)
        scale.set_scales(x, y, task, np.ones(x.shape[1]))
        centre, spread = scale.centre.double().numpy(), scale.spread.double().numpy()
        z = scale.standardise(torch.from_numpy(x)).numpy()  # divided at random, which long tails would spoil
        s = FOREST
        grown = ExtraTreesClassifier(
            s.trees, max_depth=s.depth, min_samples_leaf=s.leaf, max_features=s.columns, random_state=seed
        ).fit(z, y, sample_weight=row_weights(y, task, weight))
        trees = [tree.tree_ for tree in grown.estimators_]
        cut, of = (np.concatenate([getattr(t, name) for t in trees]) for name in ("threshold", "feature"))
        value = np.concatenate([t.value[:, 0] for t in trees])
        raw = centre[of] + spread[of] * np.sign(cut) * np.expm1(np.abs(cut))
        super().__init__(
            trees, s.depth, np.where(of < 0, 0.0, raw), value / value.sum(axis=1, keepdims=True), 0.0, s.least
        )

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, inputs). Returns log probabilities (n, classes)."""
        p = self.value[self.leaves(x)].mean(dim=1)
        return torch.log(p * (1 - self.floor * p.shape[1]) + self.floor)


class OnColumns(nn.Module):
    """Trees on some of a head's inputs, `columns` (k,)."""

    def __init__(self, trees: Trees | Forest, columns: np.ndarray, inputs: int) -> None:
        super().__init__()
        self.trees, self.inputs = trees, inputs
        self.register_buffer("columns", torch.from_numpy(columns.astype(np.int32)))

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, inputs) to (n, outputs)."""
        return self.trees(x[:, self.columns])


def grow(x: np.ndarray, y: np.ndarray, task: Task, seed: int, weight: np.ndarray | None = None) -> Trees:
    """Boost trees on x (n, k) float32; rare and frequent classes have equal weights. weight: (n,) of the sources."""
    how = {
        "max_depth": SETTINGS.depth, "n_estimators": SETTINGS.steps, "learning_rate": SETTINGS.rate,
        "subsample": SETTINGS.rows, "max_features": SETTINGS.columns, "init": "zero", "random_state": seed,
    }  # fmt: skip
    if not task.classes:
        middle = float(y.mean())
        return Trees(GradientBoostingRegressor(**how).fit(x, y - middle), middle)
    weight = np.ones(len(y)) if weight is None else weight
    count = np.bincount(y, weight, len(task.classes))
    return Trees(GradientBoostingClassifier(**how).fit(x, y, sample_weight=weight * (count.mean() / count)[y]))


def trees_beside(
    x: np.ndarray, y: np.ndarray, task: Task, strength: np.ndarray, seed: int, weight: np.ndarray | None = None,
    forest: bool = False,
) -> OnColumns:  # fmt: skip
    """Trees, or a forest, on the columns of x (n, d) with the largest strength (d,)."""
    columns = np.flatnonzero(strength == strength.max())
    trees = (Forest if forest else grow)(x[:, columns], y, task, seed, weight)
    return OnColumns(trees, columns, x.shape[1]).eval()
