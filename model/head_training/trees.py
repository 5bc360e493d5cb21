# SPDX-License-Identifier: GPL-2.0-or-later
"""Gradient-boosted trees as a part of a head: learned by scikit-learn, answered by a graph of plain operators.

Where thresholds tell, as speeds tell a bus from a bike, trees see more than a network does; where they err they err
otherwise, so that both together are right more often than either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from torch import Tensor, nn

from model.heads import Ensemble, Task

if TYPE_CHECKING:
    from sklearn.tree._tree import Tree

DEPTH, STEPS, RATE = 4, 150, 0.06
ROWS, COLUMNS = 0.5, 0.15  # the share of them that a tree sees
SAY = 0.4  # the trees' weight in what a head answers
LEAST = -6.0  # log probability: trees are too sure of what they have not seen


class Trees(nn.Module):
    """Regression trees whose sums are the number, or say how probable classes are."""

    def __init__(self, boosted: GradientBoostingClassifier | GradientBoostingRegressor, start: float = 0.0) -> None:
        """start: where sums begin."""
        super().__init__()
        trees = [stage.tree_ for stage in boosted.estimators_.ravel()]
        self.inputs, (self.stages, sums) = boosted.n_features_in_, boosted.estimators_.shape
        self.start, self.classes = start, isinstance(boosted, GradientBoostingClassifier)
        self.two = self.classes and sums == 1  # one sum, the log odds of the second
        root = np.cumsum([0, *(t.node_count for t in trees)])
        # Inputs are float32: the greatest one that is not above a threshold parts them in the same way.
        exact = np.concatenate([t.threshold for t in trees])
        near = exact.astype(np.float32)
        columns = {
            "root": root[:-1],
            "left": np.concatenate([self._below(t, t.children_left) + at for t, at in zip(trees, root)]),
            "right": np.concatenate([self._below(t, t.children_right) + at for t, at in zip(trees, root)]),
            "column": np.concatenate([np.maximum(t.feature, 0) for t in trees]),
            "threshold": np.where(near > exact, np.nextafter(near, np.float32(-np.inf)), near),
            "value": RATE * np.concatenate([t.value.ravel() for t in trees]).astype(np.float32),
        }
        for name, values in columns.items():
            whole = np.issubdtype(values.dtype, np.integer)
            self.register_buffer(name, torch.from_numpy(values.astype(np.int32) if whole else values))

    @staticmethod
    def _below(tree: Tree, children: np.ndarray) -> np.ndarray:
        """(nodes,) where it goes on; a leaf stays where it is."""
        return np.where(children < 0, np.arange(tree.node_count), children)

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, inputs). Returns log probabilities (n, classes), or numbers (n, 1)."""
        row = torch.arange(x.shape[0], device=x.device)[:, None] * self.inputs
        flat, node = x.reshape(-1), self.root[None, :]
        for _ in range(DEPTH):
            goes_left = _at(flat, row + _at(self.column, node)) <= _at(self.threshold, node)
            node = torch.where(goes_left, _at(self.left, node), _at(self.right, node))
        total = self.start + _at(self.value, node).reshape(x.shape[0], self.stages, -1).sum(dim=1)
        if self.two:
            total = torch.cat([torch.zeros_like(total), total], dim=1)
        return F.log_softmax(total, dim=1).clamp(min=LEAST) if self.classes else total


def _at(values: Tensor, index: Tensor) -> Tensor:
    """The values (k,) at index (n, m), in the one way that is exported as Gather."""
    return torch.index_select(values, 0, index.reshape(-1)).reshape(index.shape)


class Blend(nn.Module):
    """An ensemble, and trees on some of its inputs, `columns` (k,), beside it."""

    def __init__(self, ensemble: Ensemble, trees: Trees, columns: np.ndarray) -> None:
        super().__init__()
        self.ensemble, self.trees, self.inputs = ensemble, trees, ensemble.inputs
        self.register_buffer("columns", torch.from_numpy(columns))

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, inputs) to (n, outputs)."""
        return (1 - SAY) * self.ensemble(x) + SAY * self.trees(torch.index_select(x, 1, self.columns))


def grow(x: np.ndarray, y: np.ndarray, task: Task, seed: int) -> Trees:
    """Boost trees on x (n, k) float32; classes count alike, however rare."""
    kind = {
        "max_depth": DEPTH, "n_estimators": STEPS, "learning_rate": RATE, "subsample": ROWS, "max_features": COLUMNS,
        "init": "zero", "random_state": seed,
    }  # fmt: skip
    if not task.classes:
        middle = float(y.mean())
        return Trees(GradientBoostingRegressor(**kind).fit(x, y - middle), middle)
    count = np.bincount(y, minlength=len(task.classes))
    return Trees(GradientBoostingClassifier(**kind).fit(x, y, sample_weight=(count.mean() / count)[y]))


def with_trees(ensemble: Ensemble, x: np.ndarray, y: np.ndarray, task: Task, strength: np.ndarray, seed: int) -> Blend:
    """A trained ensemble and trees beside it, on the columns of x (n, d) that count most by strength (d,)."""
    columns = np.flatnonzero(strength == strength.max())
    return Blend(ensemble, grow(x[:, columns], y, task, seed), columns).eval()
