# SPDX-License-Identifier: GPL-2.0-or-later
"""Small heads on embeddings: training, grouped cross-validation, calibration, and the baseline beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, r2_score
from sklearn.model_selection import StratifiedGroupKFold
from torch import Tensor, nn

FOLDS = 5
UNKNOWN_BELOW = 0.6  # a label less sure than this is 'unknown'
INTERVAL = 0.8


@dataclass(frozen=True)
class Task:
    """What a head answers. kind: 'binary', 'classes' or 'number'. classes: the labels. transform: a number's scale."""

    kind: str
    classes: tuple[str, ...] = ()
    transform: str = "identity"

    @property
    def outputs(self) -> int:
        """Columns of the head's output."""
        return len(self.classes) or 1


class Head(nn.Module):
    """Standardised inputs, squashed, through one hidden layer."""

    def __init__(self, inputs: int, outputs: int, hidden: int = 64) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(inputs))
        self.register_buffer("spread", torch.ones(inputs))
        self.register_buffer("offset", torch.zeros(outputs))
        self.register_buffer("gain", torch.ones(outputs))
        self.first, self.second = nn.Linear(inputs, hidden), nn.Linear(hidden, outputs)

    def standardise(self, x: Tensor) -> Tensor:
        """Standard scores, logarithmic far out, so that sums over many users stay within reach."""
        z = (x - self.centre) / self.spread
        return torch.sign(z) * torch.log1p(z.abs())

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, inputs). Returns logits (n, classes), or a number (n, 1) in the task's scale."""
        return self.second(F.silu(self.first(self.standardise(x)))) * self.gain + self.offset

    def noisy(self, x: Tensor) -> Tensor:
        """The same with dropout, for training."""
        z = F.dropout(self.standardise(x), 0.1, self.training)
        return self.second(F.dropout(F.silu(self.first(z)), 0.3, self.training)) * self.gain + self.offset


def encode(values: np.ndarray, rename: dict[str, str] | None = None) -> tuple[Task, np.ndarray]:
    """Tell the kind of a label column and turn it into numbers: classes as integers, numbers in their scale."""
    words = label_words(values, rename or {})
    distinct = sorted(set(words))
    numeric = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
    if not numeric or len(distinct) == 2:
        kind = "binary" if len(distinct) == 2 else "classes"
        return Task(kind, tuple(distinct)), np.searchsorted(distinct, words)
    y = values.astype(np.float64)
    if y.min() >= 0 and y.max() > 3 * np.median(y):
        return Task("number", transform="log1p"), np.log1p(y)
    return Task("number"), y


def label_words(values: np.ndarray, rename: dict[str, str]) -> np.ndarray:
    """Labels in words: true and 1 are 'yes', false and 0 'no', others as they are or renamed."""
    yes_no = {"true": "yes", "false": "no", "1": "yes", "0": "no"}
    words = [yes_no.get(str(v).lower(), str(v)) for v in values]
    return np.array([rename.get(w, w) for w in words])


def fit(x: np.ndarray, y: np.ndarray, group: np.ndarray, task: Task, seed: int = 0, epochs: int = 300) -> Head:
    """Train a head, stopping early by a fifth of the groups. x: (n, d) float32. y: (n,). group: (n,) int."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    inner = np.isin(group, rng.permutation(np.unique(group))[: max(len(np.unique(group)) // 5, 1)])
    if inner.all() or (task.classes and len(np.unique(y[~inner])) < len(task.classes)):
        inner = np.zeros(len(y), bool)  # too few groups to spare any: train a fixed, short time
    head = Head(x.shape[1], task.outputs)
    head.centre = torch.from_numpy(x[~inner].mean(axis=0))
    head.spread = torch.from_numpy(x[~inner].std(axis=0) + 1e-3)
    if not task.classes:
        head.offset = torch.tensor([float(y[~inner].mean())])
        head.gain = torch.tensor([float(y[~inner].std()) + 1e-6])
    weight = None
    if task.classes:
        count = np.bincount(y[~inner], minlength=len(task.classes))
        weight = torch.from_numpy(np.sqrt(count.mean() / np.maximum(count, 1)).astype(np.float32))
    optimizer = torch.optim.AdamW(head.parameters(), lr=2e-3, weight_decay=0.1)
    tx, ty = torch.from_numpy(x), torch.from_numpy(y if task.classes else y.astype(np.float32))
    rows, watched = torch.from_numpy(np.flatnonzero(~inner)), torch.from_numpy(np.flatnonzero(inner))
    best, kept, patience = np.inf, None, 0
    for _ in range(epochs if inner.any() else 60):
        head.train()
        for part in rows[torch.randperm(len(rows))].split(256):
            optimizer.zero_grad()
            _loss(head.noisy(tx[part]), ty[part], head, weight).backward()
            optimizer.step()
        if inner.any():
            head.eval()
            with torch.no_grad():
                loss = float(_loss(head(tx[watched]), ty[watched], head, weight))
            patience += 1
            if loss < best:
                best, patience = loss, 0
                kept = {k: v.clone() for k, v in head.state_dict().items()}
            if patience > 25:
                break
    if kept:
        head.load_state_dict(kept)
    return head.eval()


def _loss(out: Tensor, y: Tensor, head: Head, weight: Tensor | None) -> Tensor:
    if weight is not None:
        return F.cross_entropy(out, y, weight)
    return F.huber_loss(out[:, 0] / head.gain, y / head.gain)


@torch.no_grad()
def predict(head: Head, x: np.ndarray) -> np.ndarray:
    """A head's output (n, outputs) float64."""
    return head(torch.from_numpy(x)).double().numpy()


def temperature(logits: np.ndarray, y: np.ndarray) -> float:
    """What to divide logits (n, classes) by so that their probabilities are calibrated on labels y (n,)."""
    grid = np.exp(np.linspace(np.log(0.3), np.log(5.0), 60))
    tl, ty = torch.from_numpy(logits), torch.from_numpy(y)
    return float(grid[np.argmin([float(F.cross_entropy(tl / t, ty)) for t in grid])])


def folds(y: np.ndarray, group: np.ndarray, task: Task, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Train and test rows of up to five folds by group, classes spread evenly."""
    strata = y if task.classes else np.digitize(y, np.quantile(y, [0.25, 0.5, 0.75]))
    k = min(FOLDS, len(np.unique(group)))
    split = StratifiedGroupKFold(k, shuffle=True, random_state=seed).split(np.zeros(len(y)), strata, group)
    return [(a, b) for a, b in split if not task.classes or len(np.unique(y[a])) == len(task.classes)]


def boosting(
    x: np.ndarray, y: np.ndarray, task: Task, seed: int = 0
) -> HistGradientBoostingClassifier | HistGradientBoostingRegressor:
    """The baseline: gradient boosting on hand features."""
    if task.classes:
        return HistGradientBoostingClassifier(class_weight="balanced", random_state=seed).fit(x, y)
    return HistGradientBoostingRegressor(random_state=seed).fit(x, y)


def scores(answer: np.ndarray, y: np.ndarray, task: Task) -> dict[str, float]:
    """Accuracy and macro-F1 of classes (n,), or mean absolute error and R² of numbers (n,) in their own unit."""
    if task.classes:
        return {"accuracy": accuracy_score(y, answer), "macro_f1": f1_score(y, answer, average="macro")}
    if task.transform == "log1p":
        answer, y = np.expm1(answer), np.expm1(y)
    return {"mae": mean_absolute_error(y, answer), "r2": r2_score(y, answer)}
