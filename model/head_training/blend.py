# SPDX-License-Identifier: GPL-2.0-or-later
"""How much a linear model, networks and trees count in a head: shares that real labels chose, or others where
cross-validation proves them better.

Few labels, and those of unlike people, are told best by all three; thousands of one kind by trees and networks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from model.head_training.examples import Examples
from model.head_training.fit import SETTINGS, linear, networks, temperature
from model.head_training.trees import OnColumns, trees_beside
from model.heads import Ensemble, Head, Task, predict


class Shares(NamedTuple):
    """How much the parts of a head count. Their sum is one."""

    linear: float
    networks: float
    trees: float


USUAL = {
    "binary": Shares(0.3, 0.3, 0.4), "classes": Shares(0.4, 0.4, 0.2), "number": Shares(0.12, 0.48, 0.4),
}  # fmt: skip
OF_STATES = Shares(0.5, 0, 0.5)  # a forest beside a regression on states
LINEAR = Shares(1, 0, 0)
# Trees alone tell simulated people best, but others worse: they never have more than three fifths.
OTHERS = (LINEAR, Shares(0.5, 0.5, 0), Shares(0.2, 0.8, 0), *USUAL.values(), Shares(0, 0.6, 0.4), Shares(0, 0.4, 0.6))
PROOF = 2.5  # standard errors: one of seven others has them by chance in one case of twenty


class Parts(NamedTuple):
    """The parts of a head. Without networks the linear one stands for them; trees are None where labels are too few."""

    linear: Head
    networks: list[Head]
    trees: OnColumns | None


def fit_parts(
    e: Examples, rows: np.ndarray, y: np.ndarray, task: Task, seed: int, wanted: Shares | None = None,
    until: float = np.inf,
) -> Parts:  # fmt: skip
    """Fit the parts of a head on some rows of examples: those that `wanted` names, or all that labels suffice for.

    y: (n,) labels of all rows. until: time.monotonic() at which to stop adding networks.
    """
    x, y, group = e.x[rows], y[rows], e.group[rows]
    weight = None if e.weight is None else e.weight[rows]
    enough = int(e.whole.sum()) >= SETTINGS.enough
    first = linear(x, y, task, e.strength, weight, e.states)
    several, trees = [first], None
    if enough and not e.states and (wanted is None or wanted.networks):
        several = networks(x, y, group, task, seed, e.strength, weight, until) or several
    if enough and (wanted is None or wanted.trees):
        trees = trees_beside(x, y, task, e.strength, seed, weight, e.states)
    return Parts(first, several, trees)


def answers_of(parts: Parts, x: np.ndarray, task: Task) -> np.ndarray:
    """The outputs (3, n, outputs) of the parts for inputs x (n, d); nan for trees where there are none."""
    trees = np.full((len(x), task.outputs), np.nan) if parts.trees is None else predict(parts.trees, x)
    return np.stack([predict(parts.linear, x), np.mean([predict(part, x) for part in parts.networks], axis=0), trees])


def blended(answers: np.ndarray, shares: Shares) -> np.ndarray:
    """The output (n, outputs) of a head, from those of its parts, (3, n, outputs)."""
    return np.add.reduce([share * part for share, part in zip(shares, answers, strict=True) if share])


def losses(out: np.ndarray, y: np.ndarray, task: Task, weight: np.ndarray | None = None) -> np.ndarray:
    """(n,) log losses at the best temperature, or absolute errors in the task's own unit."""
    if task.classes:
        logits = torch.from_numpy(out / temperature(out, y, weight))
        return F.cross_entropy(logits, torch.from_numpy(y), reduction="none").numpy()
    return np.abs(task.in_unit(out[:, 0]) - task.in_unit(y))


def choose(
    answers: np.ndarray, y: np.ndarray, task: Task, group: np.ndarray, states: bool = False,
    weight: np.ndarray | None = None,
) -> Shares:  # fmt: skip
    """The usual shares, or those with the least loss of all that are proven better by the groups' mean losses.

    answers: (3, n, outputs) to units with labels y (n,), groups (n,) and weights (n,).
    """
    if np.isnan(answers[2]).any():
        return LINEAR
    usual = OF_STATES if states else USUAL[task.kind]
    others = (LINEAR,) if states else OTHERS
    before, of = losses(blended(answers, usual), y, task, weight), np.unique(group, return_inverse=True)[1]
    each = np.ones(len(y)) if weight is None else weight
    best, most = usual, 0.0
    for shares in others:
        gain = np.bincount(of, each * (before - losses(blended(answers, shares), y, task, weight)))
        if gain.sum() > max(most, PROOF * np.sqrt(np.square(gain).sum())):
            best, most = shares, gain.sum()
    return best


def head_of(parts: Parts, shares: Shares) -> Ensemble:
    """The head of parts with these shares."""
    each: list[tuple[nn.Module, float]] = [(parts.linear, shares.linear)]
    each += [(part, shares.networks / len(parts.networks)) for part in parts.networks]
    if parts.trees is not None:
        each.append((parts.trees, shares.trees))
    used = [(part, share) for part, share in each if share]
    return Ensemble([part for part, _ in used], [share for _, share in used]).eval()
