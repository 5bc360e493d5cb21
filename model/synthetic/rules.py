# SPDX-License-Identifier: GPL-2.0-or-later
"""How well simple hand-made features predict a city's labels. A label that they always predict teaches nothing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from model.data.labels import Labelled, label_units, thin
from raw_qgis_plugin.core.tracks import Tracks

# label: table of the truth, field, meaning
LABELS = {
    "commuting": ("users", "commuter", "commuter or not"),
    "employed": ("users", "employed", "in a job or not"),
    "metro user": ("users", "metro_user", "a metro ride a week or more"),
    "trips a day": ("users", "trips_a_day", "mean over the weeks"),
    "mode of a leg": ("segments", "mode", "walk, bike, motor vehicle, rail"),
}
# Cars and buses look alike; the shipped head does not distinguish them either.
MERGED = {"car": "motor vehicle", "bus": "motor vehicle"}


class Score(NamedTuple):
    """Gradient boosting on hand features, cross-validated by person. Of classes: the share right, and that of the
    commonest label; of numbers: the mean absolute error, that of the median, and Pearson's correlation, if it is known.
    """

    label: str
    n: int
    kind: str
    rule: float
    guess: float
    pearson: float | None = None


def score(tracks: Tracks, tables: dict[str, dict[str, np.ndarray]]) -> list[Score]:
    """The scores on every label. tables: the truth by name ('users', 'segments'), columns by field."""
    found = []
    for label, (name, field, _) in LABELS.items():
        table, unit = tables[name], "user"
        if name == "segments":
            table, unit = thin(table, field, MERGED, 500, seed=0), "track"
        found.append(_score(label, *label_units(tracks, table, unit, field)))
    return [one for one in found if one is not None]


def _score(label: str, units: Tracks, labelled: Labelled) -> Score | None:
    from model.head_training.fit import boosting, encode, folds
    from model.head_training.hand_features import hand_features
    from model.head_training.scoring import correlation

    task, y = encode(labelled.value, MERGED)
    x, guess = hand_features(units), np.full(len(y), np.nan)
    if x.shape[0] != len(y):
        x = x[labelled.unit]
    x = x[:, [len(np.unique(column[np.isfinite(column)])) > 10 for column in x.T]]  # others do not vary
    for train, test in folds(y, labelled.group, task, 0):
        guess[test] = boosting(x[train], y[train], task, 0).predict(x[test])
    known = ~np.isnan(guess)
    if not known.any():
        return None
    guess, y = guess[known], y[known]
    if task.classes:
        commonest = np.bincount(y.astype(int)).max() / len(y)
        return Score(label, len(y), "share right", float(np.mean(guess == y)), float(commonest))
    value, truth = task.in_unit(guess), task.in_unit(y)
    error, of_median = np.abs(value - truth).mean(), np.abs(np.median(truth) - truth).mean()
    return Score(label, len(y), "mean error", float(error), float(of_median), correlation(value, truth))
