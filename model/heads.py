# SPDX-License-Identifier: GPL-2.0-or-later
"""Small heads on embeddings: the label's kind, training, grouped cross-validation, calibration, and the baseline."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from model.data.labels import label_words
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.typicality import MIN_EVIDENCE

FOLDS = 5
UNKNOWN_BELOW = 0.6  # a label less sure than this is 'unknown'
INTERVAL = 0.8
MEMBERS = 4  # networks whose answers are averaged, each stopped by other groups
ENOUGH = 100  # whole units; with fewer a straight line is all that can be learned
SHARP = 4.0  # what the regression on -1 and 1 is multiplied by to serve as logits; the temperature does the rest
PATIENCE = 25  # epochs
FEWER = 0.3  # what all columns but the strongest count in a second line: hundreds are in the way of few labels
QUIET = 0.04  # and all but what other heads say in a third one
SAME = 0.02  # a column that varies less is the same for all
RECALIBRATED_FROM = 100  # labels
PARTS, EACH = 6, 100  # most parts with an interval of their own, and about how many residuals each has


@dataclass(frozen=True)
class Task:
    """What a head answers. kind: 'binary', 'classes' or 'number'. classes: the labels. transform: a number's scale.
    count: a number that is whole and not negative.
    """

    kind: str
    classes: tuple[str, ...] = ()
    transform: str = "identity"
    count: bool = False

    @property
    def outputs(self) -> int:
        """Columns of the head's output."""
        return len(self.classes) or 1

    def in_unit(self, value: np.ndarray) -> np.ndarray:
        """Numbers from the scale in which the head answers to their own."""
        return np.expm1(np.clip(value, 0.0, 500.0)) if self.transform == "log1p" else value


class Head(nn.Module):
    """Standardised inputs, squashed, through one hidden layer, or straight through where hidden is 0."""

    def __init__(self, inputs: int, outputs: int, hidden: int = 32) -> None:
        super().__init__()
        self.inputs = inputs
        self.register_buffer("centre", torch.zeros(inputs))
        self.register_buffer("spread", torch.ones(inputs))
        self.register_buffer("strength", torch.ones(inputs))
        self.register_buffer("offset", torch.zeros(outputs))
        self.register_buffer("gain", torch.ones(outputs))
        self.first = nn.Linear(inputs, hidden) if hidden else nn.Identity()
        self.second = nn.Linear(hidden or inputs, outputs)

    def standardise(self, x: Tensor) -> Tensor:
        """Standard scores, logarithmic far out, so that sums over many users stay within reach."""
        z = (x - self.centre) / self.spread
        return torch.sign(z) * torch.log1p(z.abs()) * self.strength

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, inputs). Returns logits (n, classes), or a number (n, 1) in the task's scale."""
        h = self.standardise(x)
        if isinstance(self.first, nn.Linear):
            h = F.silu(F.linear(h, self.first.weight.float(), self.first.bias))
        return self.second(h) * self.gain + self.offset

    def noisy(self, x: Tensor) -> Tensor:
        """The same with dropout, for training a head with a hidden layer."""
        z = F.dropout(self.standardise(x), 0.1, self.training)
        return self.second(F.dropout(F.silu(self.first(z)), 0.3, self.training)) * self.gain + self.offset

    def set_scales(self, x: np.ndarray, y: np.ndarray, task: Task, strength: np.ndarray) -> None:
        """Learn where the inputs x (n, d) and a number's labels y (n,) lie. strength: (d,) of the columns."""
        self.centre = torch.from_numpy(x.mean(axis=0))
        self.spread = torch.from_numpy(x.std(axis=0) + 1e-3)
        # A column that is the same for all, as the area of a grid's cells, taught nothing: it has no say elsewhere.
        self.strength = torch.from_numpy((strength * (x.std(axis=0) > SAME)).astype(np.float32))
        if not task.classes:
            self.offset = torch.tensor([float(np.median(y))])
            self.gain = torch.tensor([float(y.std()) + 1e-6])


def pack(part: nn.Module) -> None:
    """Of a trained head, by `Module.apply`: keep large weights in half precision, which takes half the room."""
    if isinstance(part, Head) and isinstance(part.first, nn.Linear):
        part.first.weight = nn.Parameter(part.first.weight.half(), requires_grad=False)


class Ensemble(nn.Module):
    """Heads whose outputs are averaged."""

    def __init__(self, members: list[Head]) -> None:
        super().__init__()
        self.members, self.inputs = nn.ModuleList(members), members[0].inputs

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, inputs) to (n, outputs)."""
        total = self.members[0](x)
        for member in self.members[1:]:
            total = total + member(x)
        return total / len(self.members)


class Calibrated(nn.Module):
    """A head whose output is multiplied (classes: by the inverse of the temperature) and shifted, as exported."""

    def __init__(self, head: nn.Module, gain: float = 1.0, shift: float = 0.0) -> None:
        super().__init__()
        self.head, self.gain, self.shift, self.inputs = head, gain, shift, head.inputs

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, inputs) to (n, outputs)."""
        return self.head(x) * self.gain + self.shift


def encode(values: np.ndarray, rename: dict[str, str] | None = None) -> tuple[Task, np.ndarray]:
    """Tell the kind of a label column and turn it into numbers: classes as integers, numbers in their scale."""
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
    """Tell the scale of numbers (n,), and bring them to it."""
    count = bool(y.min() >= 0 and (y == np.rint(y)).all())
    if count or (y.min() >= 0 and y.max() > 3 * np.median(y)):
        return Task("number", transform="log1p", count=count), np.log1p(y)
    return Task("number"), y


def fit(
    x: np.ndarray, y: np.ndarray, group: np.ndarray, task: Task, seed: int = 0, strength: np.ndarray | None = None,
    until: float = np.inf, n_said: int = 0,
) -> Ensemble:  # fmt: skip
    """Train a head. x: (n, d) float32. y: (n,). group: (n,) int, who stay together where training is stopped early.
    strength: (d,) how much a column counts (1). until: time.monotonic() at which to stop adding networks. n_said: how
    many of the last columns are what other heads say.

    A ridge regression, and networks beside it where there are groups to stop them by.
    """
    strength = np.ones(x.shape[1]) if strength is None else strength
    members = [ridge(x, y, task, strength, n_said)]
    groups = np.unique(group)
    if len(groups) >= FOLDS:
        for n in range(MEMBERS):
            watched = np.isin(group, np.random.default_rng(seed * 100 + n).permutation(groups)[: len(groups) // 5])
            members.append(network(x, y, watched, task, seed * 100 + n, strength))
            if time.monotonic() > until:
                break
    return Ensemble(members).eval()


def class_weights(y: np.ndarray, task: Task) -> np.ndarray | None:
    """(classes,) weights between none and balanced, float32; None for numbers."""
    if not task.classes:
        return None
    count = np.bincount(y, minlength=len(task.classes))
    return np.sqrt(count[count > 0].mean() / np.maximum(count, 1)).astype(np.float32)


def ridge(x: np.ndarray, y: np.ndarray, task: Task, strength: np.ndarray, n_said: int = 0) -> Head:
    """A straight line (classes: one for each, to -1 and 1) between several, each of which lets some columns say less:
    the nearer to one of them, the better it does when one label is left out. n_said: as in `fit`.
    """
    said = np.arange(x.shape[1]) >= x.shape[1] - n_said
    heard, rest = np.where(said, 0.0, strength), strength < strength.max()
    ways = [heard, np.where(rest, FEWER * heard, heard)] if rest.any() else [heard]
    if n_said:
        ways.append(np.where(said, strength, QUIET * strength))
    lines, off = zip(*(_line(x, y, task, way) for way in ways), strict=True)
    weight = (np.array(off) / min(off)) ** (-len(y) / 2)  # as if errors were normal
    head = lines[0]
    with torch.no_grad():
        parts = [(w, line.second.weight * line.strength, line.second.bias) for w, line in zip(weight, lines)]
        head.second.weight.copy_(sum(w * slope for w, slope, _ in parts) / weight.sum())
        head.second.bias.copy_(sum(w * shift for w, _, shift in parts) / weight.sum())
        head.strength.fill_(1.0)
    return head


def _line(x: np.ndarray, y: np.ndarray, task: Task, strength: np.ndarray) -> tuple[Head, float]:
    """A straight line, and its mean squared error when one is left out."""
    head = Head(x.shape[1], task.outputs, hidden=0)
    head.set_scales(x, y, task, strength)
    with torch.no_grad():
        z = head.standardise(torch.from_numpy(x)).double().numpy()
    weight = class_weights(y, task)
    target = (
        2.0 * (y[:, None] == np.arange(task.outputs)) - 1
        if task.classes
        else (y - float(head.offset)) / float(head.gain)
    )
    scale = float(np.square(strength).sum())
    line = RidgeCV(scale * np.array([0.03, 0.1, 0.3, 1.0, 3.0, 10.0])).fit(
        z, target, sample_weight=None if weight is None else weight[y]
    )
    sharp = SHARP if task.classes else 1.0
    with torch.no_grad():
        head.second.weight.copy_(torch.from_numpy(sharp * np.atleast_2d(line.coef_)))
        head.second.bias.copy_(torch.from_numpy(sharp * np.atleast_1d(line.intercept_)))
    return head.eval(), max(-float(line.best_score_), 1e-12)


def network(x: np.ndarray, y: np.ndarray, watched: np.ndarray, task: Task, seed: int, strength: np.ndarray,
            epochs: int = 200) -> Head:  # fmt: skip
    """A head with a hidden layer, stopped early by the rows `watched` (n,) bool, which it does not learn from."""
    torch.manual_seed(seed)
    if watched.all() or (task.classes and len(np.unique(y[~watched])) < len(np.unique(y))):
        watched = np.zeros(len(y), bool)  # too few groups to spare any: train a fixed, short time
    head = Head(x.shape[1], task.outputs)
    head.set_scales(x[~watched], y[~watched], task, strength)
    weights = class_weights(y[~watched], task)
    weight = None if weights is None else torch.from_numpy(weights)
    optimizer = torch.optim.AdamW(head.parameters(), lr=2e-3, weight_decay=0.1)
    tx, ty = torch.from_numpy(x), torch.from_numpy(y if task.classes else y.astype(np.float32))
    rows, spared = torch.from_numpy(np.flatnonzero(~watched)), torch.from_numpy(np.flatnonzero(watched))
    best, kept, patience = np.inf, None, 0
    for _ in range(epochs if len(spared) else 60):
        head.train()
        for part in rows[torch.randperm(len(rows))].split(256):
            optimizer.zero_grad()
            loss_of(head.noisy(tx[part]), ty[part], head, weight).backward()
            optimizer.step()
        if not len(spared):
            continue
        head.eval()
        with torch.no_grad():
            loss = float(loss_of(head(tx[spared]), ty[spared], head, weight))
        patience += 1
        if loss < best:
            best, patience = loss, 0
            kept = {k: v.clone() for k, v in head.state_dict().items()}
        if patience > PATIENCE:
            break
    if kept:
        head.load_state_dict(kept)
    return head.eval()


def loss_of(out: Tensor, y: Tensor, head: Head, weight: Tensor | None) -> Tensor:
    """Cross-entropy of logits, or the (nearly) absolute error of numbers in units of their spread."""
    if out.shape[1:] != (1,):
        return F.cross_entropy(out, y, weight)
    return F.smooth_l1_loss(out[:, 0] / head.gain, y / head.gain, beta=0.2)


@torch.no_grad()
def predict(head: nn.Module, x: np.ndarray) -> np.ndarray:
    """A head's output (n, outputs) float64."""
    return head(torch.from_numpy(x)).double().numpy()


def temperature(logits: np.ndarray, y: np.ndarray) -> float:
    """What to divide logits (n, classes) by so that their probabilities are calibrated on labels y (n,).

    A few labels cannot show that a head is surer than it looks, so under 50 of them it is at least 1.
    """
    grid = np.exp(np.linspace(np.log(0.2 if len(y) >= 50 else 1.0), np.log(8.0), 80))
    tl, ty = torch.from_numpy(logits), torch.from_numpy(y)
    return float(grid[np.argmin([float(F.cross_entropy(tl / t, ty)) for t in grid])])


def recalibrate(out: np.ndarray, y: np.ndarray, task: Task) -> tuple[float, float]:
    """Gain and shift of a number's answers (n,) that make the mean absolute error in its own unit least: a head that is
    unsure answers with something in between where the truth is mostly nothing. Few labels change nothing.
    """
    if len(y) < RECALIBRATED_FROM:
        return 1.0, 0.0
    truth, spread = task.in_unit(y), float(y.std())
    tries = [(gain, shift * spread) for gain in np.linspace(0.7, 1.6, 19) for shift in np.linspace(-0.6, 0.6, 25)]
    tries.append((1.0, 0.0))
    errors = [float(np.abs(task.in_unit(gain * out + shift) - truth).mean()) for gain, shift in tries]
    return tries[int(np.argmin(errors))]


def interval(residual: np.ndarray, known: np.ndarray) -> dict[str, Any]:
    """Offsets of the conformal 80 % interval from the residuals (n,) of cross-validation, in the task's scale.

    known: (n,) how much is known of each. With enough residuals, parts that differ in it have offsets of their own
    (Mondrian conformal prediction), 'at' the middle of each.
    """
    parts = int(np.clip(len(residual) // EACH, 1, PARTS))
    edges = np.unique(np.quantile(known, np.arange(1, parts) / parts))
    while len(edges):  # where many are alike, parts come out small: they join their neighbours
        size = np.bincount(np.digitize(known, edges), minlength=len(edges) + 1)
        if size.min() >= EACH / 2:
            break
        edges = np.delete(edges, min(int(size.argmin()), len(edges) - 1))
    part = np.digitize(known, edges)
    rows = [residual[part == p] for p in np.unique(part)]
    rank = [min((1 - (1 - INTERVAL) / 2) * (1 + 1 / len(r)), 1.0) for r in rows]
    low, high = ([float(np.quantile(r, q)) for r, q in zip(rows, by)] for by in ([1 - k for k in rank], rank))
    if len(rows) == 1:
        return {"low": low[0], "high": high[0]}
    at = [max(float(np.median(known[part == p])), MIN_EVIDENCE) for p in np.unique(part)]
    return {"at": at, "low": low, "high": high}


def folds(y: np.ndarray, group: np.ndarray, task: Task, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Train and test rows of up to five folds by group, classes (of numbers: up to four equal parts) spread evenly."""
    parts = int(np.clip(len(y) // FOLDS, 1, 4))
    strata = y if task.classes else np.digitize(y, np.quantile(y, np.arange(1, parts) / parts))
    k = min(FOLDS, len(np.unique(group)), np.unique(strata, return_counts=True)[1].max())
    if k < 2:
        return []
    split = StratifiedGroupKFold(k, shuffle=True, random_state=seed).split(np.zeros(len(y)), strata, group)
    return [(a, b) for a, b in split if not task.classes or len(np.unique(y[a])) == len(task.classes)]


def boosting(
    x: np.ndarray, y: np.ndarray, task: Task, seed: int = 0
) -> HistGradientBoostingClassifier | HistGradientBoostingRegressor:
    """The baseline: gradient boosting on hand features (of numbers for the squared error, which does better here)."""
    x = np.where(np.isnan(x).mean(axis=0) > 0.9, 0.0, x)  # a short track has no night and no working hours
    leaf = int(np.clip(len(y) // 10, 2, 20))  # its usual 20 would leave forty labels undivided
    trees: HistGradientBoostingClassifier | HistGradientBoostingRegressor = (
        HistGradientBoostingClassifier(class_weight="balanced", min_samples_leaf=leaf, random_state=seed)
        if task.classes
        else HistGradientBoostingRegressor(min_samples_leaf=leaf, random_state=seed)
    )
    with threadpool_limits(1):  # with few rows threads gain nothing, and on busy cores wait for each other
        return trees.fit(x, y)
