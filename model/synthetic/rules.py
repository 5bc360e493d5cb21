# SPDX-License-Identifier: GPL-2.0-or-later
"""How far simple hand-made features get on a city's labels: a city where they know everything teaches nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.data.labels import Labelled, label_units, thin
from raw_qgis_plugin.core.tracks import Tracks

# label: table, field, names to merge. Cars and buses look alike; the shipped head tells them not apart either.
LABELS = {
    "commuting": ("users", "commuter", {}),
    "employed": ("users", "employed", {}),
    "metro user": ("users", "metro_user", {}),
    "trips a day": ("users", "trips_a_day", {}),
    "mode of a leg": ("segments", "mode", {"car": "motor vehicle", "bus": "motor vehicle"}),
}
COMMUTING = (0.75, 0.88)  # what the rule has to reach on commuting, and must not exceed
MOST_LEGS = 500  # of each mode


@dataclass(frozen=True)
class Score:
    """Gradient boosting on hand features, cross-validated by person. Of classes: share right, and of the commonest
    label; of numbers: mean absolute error, and of the median. Pearson's correlation of numbers alone.
    """

    label: str
    n: int
    kind: str
    rule: float
    guess: float
    pearson: float = float("nan")


def score(tracks: Tracks, tables: dict[str, dict[str, np.ndarray]], seed: int = 0) -> list[Score]:
    """The rule on every label. tables: the truth by name ('users', 'segments'), columns by field."""
    found = []
    for label, (name, field, rename) in LABELS.items():
        table = tables[name]
        if name == "segments":
            table = thin(table, field, rename, MOST_LEGS, seed)
        unit = "track" if name == "segments" else "user"
        one = _score(label, *label_units(tracks, table, unit, field), rename, seed)
        if one is not None:
            found.append(one)
    return found


def _score(label: str, units: Tracks, labelled: Labelled, rename: dict[str, str], seed: int) -> Score | None:
    from model.head_training.hand_features import hand_features
    from model.heads import boosting, encode, folds

    task, y = encode(labelled.value, rename)
    x, guess = hand_features(units), np.full(len(y), np.nan)
    if x.shape[0] != len(y):
        x = x[labelled.unit]
    x = x[:, [len(np.unique(column[np.isfinite(column)])) > 10 for column in x.T]]  # others say nothing of these units
    for learn, test in folds(y, labelled.group, task, seed):
        guess[test] = boosting(x[learn], y[learn], task, seed).predict(x[test])
    told = ~np.isnan(guess)
    if not told.any():
        return None
    if task.classes:
        commonest = np.bincount(y[told].astype(int)).max() / told.sum()
        return Score(label, int(told.sum()), "share right", float(np.mean(guess[told] == y[told])), float(commonest))
    value, truth = task.in_unit(guess[told]), task.in_unit(y[told])
    error, plain = np.abs(value - truth).mean(), np.abs(np.median(truth) - truth).mean()
    return Score(
        label, int(told.sum()), "mean error", float(error), float(plain), float(np.corrcoef(value, truth)[0, 1])
    )
