# SPDX-License-Identifier: GPL-2.0-or-later
"""Fit heads with scikit-learn: a linear model, and from a hundred labels on a forest beside it.

Both are kept as the arrays that core/bundle/heads.py evaluates, in training as in the plugin. The
linear model carries over to other recordings; the forest finds thresholds, such as the speed
between a bike and a bus.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import RidgeCV
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits

from model.data.labels import label_words
from raw_qgis_plugin.core.arrays import Array, softmax
from raw_qgis_plugin.core.bundle.heads import Head
from raw_qgis_plugin.core.errors import InputError

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Task:
    """What a head predicts. kind: 'binary', 'classes' or 'number'. classes: the labels. transform:
    the scale of a number, 'identity' or 'log1p'.
    """

    kind: str
    classes: tuple[str, ...] = ()
    transform: str = "identity"

    @property
    def outputs(self) -> int:
        """Columns of the head's output."""
        return len(self.classes) or 1

    def in_unit(self, value: Array) -> Array:
        """Numbers in the scale of the head's output to their own unit."""
        return np.expm1(np.clip(value, 0.0, 500.0)) if self.transform == "log1p" else value


class Settings:
    """How heads are fitted."""

    folds: int = 5  # of the cross-validation
    enough: int = 100  # whole units from which on there is a forest
    max_weight: float = 10.0  # of a label of a rare class
    weak_columns: float = 0.3  # weight of the network's states in the second of two linear models
    # of ridge regressions, of which one is chosen
    penalties: tuple[float, ...] = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
    trees: int = 60
    depth: int = 12
    leaf: int = 10  # fewest rows of a leaf
    columns: float = 0.3  # share of the columns that a split tries
    min_probability: float = 0.005  # of a class, by the forest
    share: float = 0.5  # of the forest in a head, where cross-validation does not choose another


def encode(values: Array, rename: dict[str, str] | None = None) -> tuple[Task, Array]:
    """The task of a label column (n,), and its labels (n,): classes as integers, numbers in the
    task's scale.
    """
    words = label_words(values, rename)
    if None in words:
        raise InputError("Some units have no label: leave them out.")

    words = words.astype(str)
    distinct = sorted(set(words))
    numeric = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
    two = len(distinct) == 2

    if two or not numeric:
        kind = "binary" if two else "classes"
        return Task(kind, tuple(distinct)), np.searchsorted(distinct, words)

    return encode_numbers(values.astype(np.float64))


def encode_numbers(y: Array) -> tuple[Task, Array]:
    """The task of numbers (n,), and the numbers in its scale: logarithms of counts and of long
    tails.
    """
    counts = (y == np.rint(y)).all()
    long_tail = y.max() > 3 * np.median(y)

    if y.min() >= 0 and (counts or long_tail):
        return Task("number", transform="log1p"), np.log1p(y)

    return Task("number"), y


def row_weights(y: Array, task: Task, weight: Array | None = None) -> Array | None:
    """(n,) weights of labels y (n,): balanced classes, or for two half-way to these. weight: (n,)
    of the labels before that, if they differ; those of numbers.
    """
    if weight is None and not task.classes:
        return None
    if weight is None:
        weight = np.ones(len(y))

    if not task.classes:
        return weight / weight.mean()

    count = np.bincount(y, weight, len(task.classes))
    rarity = count[count > 0].mean() / np.maximum(count, 1e-9)
    balanced = rarity ** (0.5 if task.kind == "binary" else 1.0)
    weights = weight * np.minimum(balanced, Settings.max_weight)[y]

    return weights / weights.mean()


@dataclass(frozen=True)
class Scale:
    """Standard scores of inputs with logarithmic tails, so that sums over many users stay small."""

    centre: Array
    spread: Array
    # a column that hardly varies, such as the area of a grid's cells, has no weight
    varies: Array

    @classmethod
    def of(cls, x: Array) -> Scale:
        """The scale of inputs x (n, d)."""
        return cls(x.mean(axis=0), x.std(axis=0) + 1e-3, x.std(axis=0) > 0.02)

    def __call__(self, x: Array) -> Array:
        """The scores of inputs x (n, d)."""
        z = (x - self.centre) / self.spread
        return np.sign(z) * np.log1p(np.abs(z))

    def undo(self, z: Array, column: Array) -> Array:
        """Scores (k,) of columns (k,) in the columns' own unit."""
        return self.centre[column] + self.spread[column] * np.sign(z) * np.expm1(np.abs(z))


def linear(x: Array, y: Array, task: Task, strength: Array, weight: Array | None = None) -> Arrays:
    """A ridge regression (classes: one each, to -1 and 1), averaged over two weightings of the
    columns: the lower the leave-one-out error of a weighting, the more it counts.

    x: (n, d). y: (n,) in the task's scale. strength: (d,) of the columns. Those of less than the
    greatest are the network's states. weight: (n,) of rows.
    """
    scale = Scale.of(x)
    goal = Goal.of(y, task)
    fits = []

    for columns in weightings_of(strength):
        used = columns * scale.varies
        penalty = float(np.square(columns).sum()) * np.array(Settings.penalties)
        fit = RidgeCV(penalty).fit(scale(x).astype(np.float64) * used, goal.target, weight)
        error = max(-fit.best_score_, 1e-12)
        fits.append((error, np.atleast_2d(fit.coef_) * columns, np.atleast_1d(fit.intercept_)))

    errors, slopes, biases = zip(*fits, strict=True)
    likely = (np.array(errors) / min(errors)) ** (-len(y) / 2)  # the likelihood of normal errors
    arrays = {
        "centre": scale.centre,
        "spread": scale.spread,
        "strength": scale.varies,
        "weight": goal.sharp * np.average(slopes, axis=0, weights=likely),
        "bias": goal.sharp * np.average(biases, axis=0, weights=likely),
        "gain": np.full(task.outputs, goal.gain),
        "offset": np.full(task.outputs, goal.offset),
    }

    return {name: np.asarray(values, np.float32) for name, values in arrays.items()}


@dataclass(frozen=True)
class Goal:
    """What a linear model aims at: target times gain plus offset are the labels. In the head its
    slopes are `sharp` times larger.
    """

    target: Array
    offset: float
    gain: float
    sharp: float

    @classmethod
    def of(cls, y: Array, task: Task) -> Goal:
        """The goal for labels (n,)."""
        if task.classes:
            one_each = 2.0 * (y[:, None] == np.arange(task.outputs)) - 1
            return cls(one_each, 0.0, 1.0, 4.0)  # the temperature does the rest

        offset = float(np.median(y))
        gain = float(y.std()) + 1e-6

        return cls((y - offset) / gain, offset, gain, 1.0)


def weightings_of(strength: Array) -> list[Array]:
    """The columns' strength (d,); where some are the network's states, also with these weaker."""
    states = strength < strength.max()
    if not states.any():
        return [strength]

    weaker = np.where(states, Settings.weak_columns * strength, strength)

    return [strength, weaker]


def forest(
    x: Array,
    y: Array,
    task: Task,
    columns: Array,
    seed: int,
    weight: Array | None = None,
) -> Arrays:
    """Randomised trees on some columns (k,) of x (n, d): their mean is the probability of classes,
    or the number. weight: (n,) of rows.

    Cuts are drawn at random, which long tails would spoil, so the trees grow on scores.
    """
    scale = Scale.of(x[:, columns])
    kind = ExtraTreesClassifier if task.classes else ExtraTreesRegressor
    grown = kind(
        Settings.trees,
        max_depth=Settings.depth,
        min_samples_leaf=Settings.leaf,
        max_features=Settings.columns,
        random_state=seed,
    ).fit(scale(x[:, columns]), y, weight)
    trees = [tree.tree_ for tree in grown.estimators_]
    root = np.cumsum([0, *(tree.node_count for tree in trees)])
    cut = np.concatenate([tree.threshold for tree in trees])
    column = np.concatenate([tree.feature for tree in trees])
    threshold = np.where(column < 0, 0.0, scale.undo(cut, column))

    value = np.concatenate([tree.value[:, 0] for tree in trees])  # (nodes, outputs)
    value = value / value.sum(axis=1, keepdims=True) if task.classes else value[:, 0] / len(trees)
    floor = Settings.min_probability if task.classes else 0.0
    left = [children(tree.children_left) for tree in trees]
    right = [children(tree.children_right) for tree in trees]

    return {
        "columns": columns.astype(np.int32),
        "root": root[:-1].astype(np.int32),
        "left": below(left, root),
        "right": below(right, root),
        "column": np.maximum(column, 0).astype(np.int32),
        "threshold": rounded_down(threshold),
        "value": value.astype(np.float32),
        "depth": np.array([Settings.depth], np.int32),
        "start": np.zeros(1, np.float32),
        "floor": np.array([floor], np.float32),
    }


def children(of_tree: Array) -> Array:
    """(nodes,) children of a tree's nodes; a leaf, of which there is none, is its own child."""
    return np.where(of_tree < 0, np.arange(len(of_tree)), of_tree)


def below(of_trees: list[Array], root: Array) -> Array:
    """Children of the nodes of all trees, whose roots are counted from the first tree's on."""
    moved = [of_tree + start for of_tree, start in zip(of_trees, root)]
    return np.concatenate(moved).astype(np.int32)


def rounded_down(threshold: Array) -> Array:
    """The greatest float32 that is not above each threshold: it divides float32 alike."""
    near = threshold.astype(np.float32)
    lower = np.nextafter(near, np.float32(-np.inf))
    return np.where(near > threshold, lower, near)


def fit_parts(
    x: Array,
    y: Array,
    task: Task,
    strength: Array,
    seed: int = 0,
    with_forest: bool = False,
    weight: Array | None = None,
) -> list[Arrays]:
    """The parts of a head for inputs x (n, d) and labels y (n,): a linear model and, if wanted, a
    forest on the columns of the greatest strength. weight: (n,) of `row_weights`. Where it differs,
    labels are of several sources, and the linear model uses the network's states alone: each source
    has its own speeds, bends and stops.
    """
    features = strength == strength.max()
    weights = row_weights(y, task, weight)
    several = weight is not None and np.ptp(weight) > 0
    of_linear = np.where(features & several, 0.0, strength)
    parts = [linear(x, y, task, of_linear, weights)]

    if with_forest:
        parts.append(forest(x, y, task, np.flatnonzero(features), seed, weights))

    return parts


def join_parts(parts: list[Arrays], share: float = Settings.share, gain: float = 1.0) -> Arrays:
    """The arrays of a head whose output is that of its parts, times the gain. share: of the forest,
    if there is one.
    """
    shares = [1 - share, share] if len(parts) > 1 else [1.0]
    arrays = {
        "shares": np.array(shares, np.float32),
        "gain": np.array([gain], np.float32),
        "shift": np.zeros(1, np.float32),
    }

    for number, part in enumerate(parts):
        for name, values in part.items():
            arrays[f"{number}.{name}"] = values

    return arrays


def predict(arrays: Arrays, x: Array, task: Task) -> Array:
    """A head's output (n, outputs) for inputs x (n, d): logits, or numbers in the task's scale."""
    head = Head(arrays, x.shape[1], task.outputs)
    return head(np.asarray(x, np.float32)).astype(np.float64)


def temperature(logits: Array, y: Array) -> float:
    """The divisor of logits (n, classes) that calibrates their probabilities on labels y (n,).

    Under 50 labels it is at least 1: so few cannot show that a head is underconfident.
    """
    divisors = np.geomspace(0.2 if len(y) >= 50 else 1.0, 8.0, 300)
    classes = range(logits.shape[1])
    losses = [log_loss(y, softmax(logits / d), labels=classes) for d in divisors]
    return float(divisors[np.argmin(losses)])


def interval(residual: Array) -> dict[str, float]:
    """Offsets of the conformal 80 % interval, from the residuals (n,) of cross-validation in the
    task's scale.
    """
    rank = min(0.9 * (1 + 1 / len(residual)), 1.0)
    return {
        "low": float(np.quantile(residual, 1 - rank)),
        "high": float(np.quantile(residual, rank)),
    }


def folds(y: Array, group: Array, task: Task, seed: int = 0) -> list[tuple[Array, Array]]:
    """Training and test rows of up to five folds by group, stratified by class (numbers: by up to
    four quantiles).
    """
    strata = y
    if not task.classes:
        parts = int(np.clip(len(y) // Settings.folds, 1, 4))
        strata = np.digitize(y, np.quantile(y, np.arange(1, parts) / parts))

    of_stratum = np.unique(strata, return_counts=True)[1]
    k = min(Settings.folds, len(np.unique(group)), of_stratum.max())

    if k < 2:
        return []

    splitter = StratifiedGroupKFold(k, shuffle=True, random_state=seed)
    found = []

    for learn, test in splitter.split(np.zeros(len(y)), strata, group):
        if not task.classes or len(np.unique(y[learn])) == len(task.classes):
            found.append((learn, test))

    return found


def boosting(x: Array, y: Array, task: Task, seed: int = 0) -> Any:
    """The baseline, fitted on x (n, k): gradient boosting (numbers: by squared error, which does
    better here).
    """
    leaf = int(np.clip(len(y) // 10, 2, 20))  # the default of 20 would not divide forty labels
    if task.classes:
        trees = HistGradientBoostingClassifier(
            class_weight="balanced", min_samples_leaf=leaf, random_state=seed
        )
    else:
        trees = HistGradientBoostingRegressor(min_samples_leaf=leaf, random_state=seed)

    with threadpool_limits(1):  # more threads gain nothing with few rows
        return trees.fit(x, y)
