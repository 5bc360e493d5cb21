# SPDX-License-Identifier: GPL-2.0-or-later
"""Fit heads: the task of a label column, ridge regressions and networks, folds, calibration, and the baseline."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits
from torch import Tensor

from model.data.labels import label_words
from model.heads import Head, Task
from raw_qgis_plugin.core.applicability import MIN_EVIDENCE
from raw_qgis_plugin.core.errors import InputError


@dataclass(frozen=True)
class Settings:
    """How heads are fitted.

    folds: of the cross-validation. networks: how many, each stopped early by other groups. patience: epochs without a
    better loss. enough: whole units from which on there are networks and trees, and labels from which on numbers are
    recalibrated. heaviest: weight of a label of a rare class. weak_columns: weight of embeddings in the second
    regression. states_c: inverse strength of the penalty of a logistic regression on the network's
    states.
    """

    folds: int = 5
    networks: int = 4
    patience: int = 25
    enough: int = 100
    heaviest: float = 10.0
    weak_columns: float = 0.3
    states_c: float = 0.01


SETTINGS = Settings()


def encode(values: np.ndarray, rename: dict[str, str] | None = None) -> tuple[Task, np.ndarray]:
    """The task of a label column (n,), and its labels (n,): classes as integers, numbers in the task's scale."""
    words = label_words(values, rename)
    if None in words:
        raise InputError("Some units have no label: leave them out.")
    words = words.astype(str)
    distinct = sorted(set(words))
    numeric = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
    if not numeric or len(distinct) == 2:
        kind = "binary" if len(distinct) == 2 else "classes"
        return Task(kind, tuple(distinct)), np.searchsorted(distinct, words)
    return encode_numbers(values.astype(np.float64))


def encode_numbers(y: np.ndarray) -> tuple[Task, np.ndarray]:
    """The task of numbers (n,), and the numbers in its scale."""
    count = bool(y.min() >= 0 and (y == np.rint(y)).all())
    if count or (y.min() >= 0 and y.max() > 3 * np.median(y)):
        return Task("number", transform="log1p", count=count), np.log1p(y)
    return Task("number"), y


def networks(
    x: np.ndarray, y: np.ndarray, group: np.ndarray, task: Task, seed: int, strength: np.ndarray,
    weight: np.ndarray | None = None, until: float = np.inf,
) -> list[Head]:  # fmt: skip
    """Networks, each stopped early by other groups; none where there are few groups.

    x: (n, d) float32. y: (n,). group: (n,) int, units of one group stay together. strength: (d,) of the columns.
    weight: as in `row_weights`. until: time.monotonic() at which to stop adding networks; the first one is fitted.
    """
    groups = np.unique(group)
    found: list[Head] = []
    if len(groups) < SETTINGS.folds:
        return []
    for n in range(SETTINGS.networks):
        spared = np.isin(group, np.random.default_rng(seed * 100 + n).permutation(groups)[: len(groups) // 5])
        found.append(network(x, y, spared, task, seed * 100 + n, strength, weight=weight))
        if time.monotonic() > until:
            break
    return found


def row_weights(y: np.ndarray, task: Task, weight: np.ndarray | None = None) -> np.ndarray | None:
    """(n,) float32 weights of labels y (n,): balanced classes, or for two half-way to these; None for numbers.

    weight: (n,) of the sources that the labels come from; None where all weigh alike.
    """
    if not task.classes:
        return None
    weight = np.ones(len(y)) if weight is None else weight
    count = np.bincount(y, weight, len(task.classes))
    power = 0.5 if task.kind == "binary" else 1.0
    rarity = count[count > 0].mean() / np.maximum(count, 1e-9)
    return (weight * np.minimum(rarity**power, SETTINGS.heaviest)[y]).astype(np.float32)


def linear(
    x: np.ndarray, y: np.ndarray, task: Task, strength: np.ndarray, weight: np.ndarray | None = None,
    states: bool = False,
) -> Head:  # fmt: skip
    """A linear head: `ridge`, or, with states, `logistic`: classes are learned from the network's states alone."""
    if states:
        return logistic(x, y, task, strength, weight)
    return ridge(x, y, task, strength, weight)


def logistic(x: np.ndarray, y: np.ndarray, task: Task, strength: np.ndarray, weight: np.ndarray | None = None) -> Head:
    """A linear head of classes on the columns whose strength is less than the greatest, which are the network's states.

    With a forest on the other columns beside it, it carries over to other recordings better than one on speeds, bends
    and stops, of which each source has its own.
    """
    head = Head(x.shape[1], task.outputs, hidden=0)
    head.set_scales(x, y, task, np.where(strength < strength.max(), strength, 0.0))
    with torch.no_grad():
        z = head.standardise(torch.from_numpy(x)).double().numpy()
    used, weights = np.flatnonzero(head.strength.numpy()), np.asarray(row_weights(y, task, weight))
    fitted = LogisticRegression(C=SETTINGS.states_c, max_iter=200).fit(z[:, used], y, weights / weights.mean())
    slope, shift = fitted.coef_, fitted.intercept_
    if len(slope) == 1:  # two classes: the log odds of the second
        slope, shift = np.stack([-slope[0], slope[0]]) / 2, np.stack([-shift[0], shift[0]]) / 2
    with torch.no_grad():
        head.second.weight.zero_()
        head.second.weight[:, used] = torch.from_numpy(slope).float()
        head.second.bias.copy_(torch.from_numpy(shift))
    return head.eval()


def ridge(x: np.ndarray, y: np.ndarray, task: Task, strength: np.ndarray, weight: np.ndarray | None = None) -> Head:
    """A linear head (classes: one regression each, to -1 and 1), averaged over several weightings of the columns: the
    lower the leave-one-out error of a weighting, the more it counts. weight: as in `row_weights`.
    """
    weak, weightings = strength < strength.max(), [strength]
    if weak.any():  # hundreds of weak columns are too many for few labels
        weightings.append(np.where(weak, SETTINGS.weak_columns * strength, strength))
    heads, errors = zip(*(_linear(x, y, task, weighting, weight) for weighting in weightings), strict=True)
    likely = (np.array(errors) / min(errors)) ** (-len(y) / 2)  # the likelihood of normal errors
    head = heads[0]
    with torch.no_grad():
        parts = [(w, h.second.weight * h.strength, h.second.bias) for w, h in zip(likely, heads)]
        head.second.weight.copy_(sum(w * slope for w, slope, _ in parts) / likely.sum())
        head.second.bias.copy_(sum(w * shift for w, _, shift in parts) / likely.sum())
        head.strength.fill_(1.0)
    return head


def _linear(
    x: np.ndarray, y: np.ndarray, task: Task, strength: np.ndarray, weight: np.ndarray | None = None
) -> tuple[Head, float]:
    """A linear head, and its mean squared leave-one-out error."""
    head = Head(x.shape[1], task.outputs, hidden=0)
    head.set_scales(x, y, task, strength)
    with torch.no_grad():
        z = head.standardise(torch.from_numpy(x)).double().numpy()
    if task.classes:
        target = 2.0 * (y[:, None] == np.arange(task.outputs)) - 1
    else:
        target = (y - float(head.offset)) / float(head.gain)
    scale = float(np.square(strength).sum())
    fitted = RidgeCV(scale * np.array([0.03, 0.1, 0.3, 1.0, 3.0, 10.0])).fit(
        z, target, sample_weight=row_weights(y, task, weight)
    )
    sharp = 4.0 if task.classes else 1.0  # makes logits of -1 and 1; the temperature does the rest
    with torch.no_grad():
        head.second.weight.copy_(torch.from_numpy(sharp * np.atleast_2d(fitted.coef_)))
        head.second.bias.copy_(torch.from_numpy(sharp * np.atleast_1d(fitted.intercept_)))
    return head.eval(), max(-float(fitted.best_score_), 1e-12)


def network(x: np.ndarray, y: np.ndarray, spared: np.ndarray, task: Task, seed: int, strength: np.ndarray,
            epochs: int = 200, weight: np.ndarray | None = None) -> Head:  # fmt: skip
    """A head with a hidden layer, stopped early by its loss on rows `spared` (n,) bool, which do not train it."""
    torch.manual_seed(seed)
    if spared.all() or (task.classes and len(np.unique(y[~spared])) < len(np.unique(y))):
        spared = np.zeros(len(y), bool)  # too few groups to spare any: train for a fixed, short time
    head = Head(x.shape[1], task.outputs)
    head.set_scales(x[~spared], y[~spared], task, strength)
    weights = row_weights(y, task, weight)
    tw = torch.ones(len(y)) if weights is None else torch.from_numpy(weights)
    optimizer = torch.optim.AdamW(head.parameters(), lr=2e-3, weight_decay=0.1)
    tx, ty = torch.from_numpy(x), torch.from_numpy(y if task.classes else y.astype(np.float32))
    rows, held = torch.from_numpy(np.flatnonzero(~spared)), torch.from_numpy(np.flatnonzero(spared))
    best, best_state, waited = np.inf, None, 0
    for _ in range(epochs if len(held) else 60):
        head.train()
        for part in rows[torch.randperm(len(rows))].split(256):
            optimizer.zero_grad()
            loss_of(head.noisy(tx[part]), ty[part], head, tw[part]).backward()
            optimizer.step()
        if not len(held):
            continue
        head.eval()
        with torch.no_grad():
            loss = float(loss_of(head(tx[held]), ty[held], head, tw[held]))
        waited += 1
        if loss < best:
            best, waited = loss, 0
            best_state = {k: v.clone() for k, v in head.state_dict().items()}
        if waited > SETTINGS.patience:
            break
    if best_state:
        head.load_state_dict(best_state)
    return head.eval()


def loss_of(out: Tensor, y: Tensor, head: Head, weight: Tensor) -> Tensor:
    """Cross-entropy of logits (n, classes), or the smoothed absolute error of numbers (n, 1) over their spread.

    weight: (n,) of the rows' cross-entropies.
    """
    if out.shape[1:] != (1,):
        return (F.cross_entropy(out, y, reduction="none") * weight).sum() / weight.sum()
    return F.smooth_l1_loss(out[:, 0] / head.gain, y / head.gain, beta=0.2)


def temperature(logits: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> float:
    """The divisor of logits (n, classes) that calibrates their probabilities on labels y (n,) of weights (n,).

    Under 50 labels it is at least 1: so few cannot show that a head is underconfident.
    """
    grid = np.exp(np.linspace(np.log(0.2 if len(y) >= 50 else 1.0), np.log(8.0), 80))
    out, truth = torch.from_numpy(logits), torch.from_numpy(y)
    losses = [F.cross_entropy(out / t, truth, reduction="none").numpy() for t in grid]
    return float(grid[np.argmin(np.average(losses, axis=1, weights=weight))])


def recalibrate(out: np.ndarray, y: np.ndarray, task: Task) -> tuple[float, float]:
    """Gain and shift of predicted numbers (n,) with the least mean absolute error in their own unit: an unsure head
    predicts something in between where most true values are zero. Under 100 labels nothing changes.
    """
    if len(y) < SETTINGS.enough:
        return 1.0, 0.0
    truth, spread = task.in_unit(y), float(y.std())
    tries = [(gain, shift * spread) for gain in np.linspace(0.7, 1.6, 19) for shift in np.linspace(-0.6, 0.6, 25)]
    tries.append((1.0, 0.0))
    errors = [float(np.abs(task.in_unit(gain * out + shift) - truth).mean()) for gain, shift in tries]
    return tries[int(np.argmin(errors))]


def as_others_choose(out: np.ndarray, y: np.ndarray, task: Task, fold: np.ndarray) -> np.ndarray:
    """Predicted numbers (n,) recalibrated by the other folds (n,): else a test would know its own answers."""
    result = np.empty(len(out))
    for n in np.unique(fold):
        others = fold != n if (fold != n).any() else fold == n
        gain, shift = recalibrate(out[others], y[others], task)
        result[fold == n] = gain * out[fold == n] + shift
    return result


def interval(residual: np.ndarray, evidence: np.ndarray, most: int = 6, size: int = 100) -> dict[str, Any]:
    """Offsets of the conformal 80 % interval, from the residuals (n,) of cross-validation in the task's scale.

    evidence: (n,) how much is known of each unit. With enough residuals, units are divided by it into up to `most`
    parts of about `size`, each with offsets of its own (Mondrian conformal prediction), 'at' the median of each.
    """
    parts = int(np.clip(len(residual) // size, 1, most))
    edges = np.unique(np.quantile(evidence, np.arange(1, parts) / parts))
    while len(edges):  # equal values make small parts: these join their neighbours
        count = np.bincount(np.digitize(evidence, edges), minlength=len(edges) + 1)
        if count.min() >= size / 2:
            break
        edges = np.delete(edges, min(int(count.argmin()), len(edges) - 1))
    part = np.digitize(evidence, edges)
    rows = [residual[part == p] for p in np.unique(part)]
    rank = [min((1 - (1 - 0.8) / 2) * (1 + 1 / len(r)), 1.0) for r in rows]
    low, high = ([float(np.quantile(r, q)) for r, q in zip(rows, by)] for by in ([1 - k for k in rank], rank))
    if len(rows) == 1:
        return {"low": low[0], "high": high[0]}
    at = [max(float(np.median(evidence[part == p])), MIN_EVIDENCE) for p in np.unique(part)]
    return {"at": at, "low": low, "high": high}


def folds(y: np.ndarray, group: np.ndarray, task: Task, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Training and test rows of up to five folds by group, stratified by class (numbers: by up to four quantiles)."""
    parts = int(np.clip(len(y) // SETTINGS.folds, 1, 4))
    strata = y if task.classes else np.digitize(y, np.quantile(y, np.arange(1, parts) / parts))
    k = min(SETTINGS.folds, len(np.unique(group)), np.unique(strata, return_counts=True)[1].max())
    if k < 2:
        return []
    split = StratifiedGroupKFold(k, shuffle=True, random_state=seed).split(np.zeros(len(y)), strata, group)
    return [(a, b) for a, b in split if not task.classes or len(np.unique(y[a])) == len(task.classes)]


def boosting(
    x: np.ndarray, y: np.ndarray, task: Task, seed: int = 0
) -> HistGradientBoostingClassifier | HistGradientBoostingRegressor:
    """The baseline: gradient boosting on hand features, fitted (numbers: by squared error, which does better here)."""
    x = np.where(np.isnan(x).mean(axis=0) > 0.9, 0.0, x)  # short tracks have no night and no working hours
    leaf = int(np.clip(len(y) // 10, 2, 20))  # the default of 20 would not divide forty labels
    trees: HistGradientBoostingClassifier | HistGradientBoostingRegressor = (
        HistGradientBoostingClassifier(class_weight="balanced", min_samples_leaf=leaf, random_state=seed)
        if task.classes
        else HistGradientBoostingRegressor(min_samples_leaf=leaf, random_state=seed)
    )
    with threadpool_limits(1):  # more threads gain nothing with few rows
        return trees.fit(x, y)
