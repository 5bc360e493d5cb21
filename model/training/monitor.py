# SPDX-License-Identifier: GPL-2.0-or-later
"""Warnings of a training that fails, each given once with a remedy, and early stopping."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from model.data.labels import label_units, read_table
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.embed import embed
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.sources.readers import read

FLAT = (
    "The loss is flat: {now:.3g} after {share:.0%} of the budget, {first:.3g} at first. Try another --lr (a third, or "
    "three times as much), and check that the corpus has tracks with 1 s to 30 min between fixes."
)
OVERFITTING = (
    "Overfitting: the loss falls, but the validation has been worse since step {step}. The network memorises its "
    "people: give more tracks, a smaller --preset, fewer --minutes, or --patience 3."
)
ALIKE = (
    "Profile accuracy is {accuracy:.0%}, under 60 %: the embeddings do not distinguish people. Train longer, on more "
    "people, with days of fixes each, or start from a bundle with --init."
)


@dataclass(frozen=True)
class Thresholds:
    """When to warn. flat_gain: less than this share of the first loss gained by flat_at, a share of the budget, is
    flat. worse_by, worse_for: overfitting is a validation worse than the best by this share, so many times in a row.
    profile_accuracy: lower is too low.
    """

    flat_gain: float = 0.01
    flat_at: float = 0.25
    worse_by: float = 0.01
    worse_for: int = 4
    profile_accuracy: float = 0.6


@dataclass
class Monitor:
    """Losses and validation scores of a run so far, lower is better, and the warnings already given.

    patience: the run stops after so many validations without a better one; 0 for never.
    """

    patience: int = 0
    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    warned: set[str] = field(default_factory=set)
    thresholds: Thresholds = Thresholds()

    @classmethod
    def resumed(cls, patience: int, state: dict) -> Monitor:
        """The monitor of a resumed run. state: from `to_dict`, or empty."""
        return cls(patience, **state | {"warned": set(state.get("warned", ()))})

    def to_dict(self) -> dict:
        """The state, for the run's checkpoint."""
        return {"losses": self.losses, "scores": self.scores, "steps": self.steps, "warned": sorted(self.warned)}

    def check(self, step: int, share: float, loss: float, score: float | None) -> list[str]:
        """Note a validation and return new warnings. share: of the budget. score: of the validation."""
        self.losses.append(loss)
        if score is not None:
            self.scores.append(score)
            self.steps.append(step)
        found, at = {}, self.thresholds
        least = self.losses[0] - at.flat_gain * abs(self.losses[0])
        if share >= at.flat_at and len(self.losses) >= 4 and min(self.losses[1:]) > least:
            found["flat"] = FLAT.format(now=loss, share=share, first=self.losses[0])
        if self.scores:
            best, since = self.scores[self._best], len(self.scores) - 1 - self._best
            worse = since >= at.worse_for and min(self.scores[-at.worse_for :]) > (1 + at.worse_by) * best
            if worse and self.losses[-1] < self.losses[-1 - since]:
                found["apart"] = OVERFITTING.format(step=self.steps[self._best])
        return self._once(found)

    def check_profiles(self, accuracy: float) -> list[str]:
        """The warning for a low profile accuracy."""
        low = accuracy < self.thresholds.profile_accuracy
        return self._once({"profiles": ALIKE.format(accuracy=accuracy)} if low else {})

    @property
    def done(self) -> bool:
        """Has nothing improved for `patience` validations?"""
        return bool(self.patience and self.scores) and len(self.scores) - 1 - self._best >= self.patience

    @property
    def _best(self) -> int:
        return min(range(len(self.scores)), key=self.scores.__getitem__)

    def _once(self, found: dict[str, str]) -> list[str]:
        new = [warning for name, warning in found.items() if name not in self.warned]
        self.warned |= found.keys()
        return new


def score(metrics: dict[str, float]) -> float | None:
    """One number for a validation, lower is better: the geometric mean of its ratios to the baseline."""
    ratios = [value for name, value in metrics.items() if name.startswith("ratio_") and value > 0]
    return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else None


def profile_accuracy(bundle: Path, source: str, labels: str, field: str, folds: int = 5) -> float:
    """Balanced accuracy of a logistic regression from users' embeddings to their labels, cross-validated over persons:
    a quick check of a new model, without a head and not for its card.

    source: tracks. labels: a table with the users' ids and the column `field`. Raises InputError where a class has
    fewer users than `folds`.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    tracks, labelled = label_units(read(source)[0], read_table(labels), "user", field)
    vectors = embed(tracks, Model(open_bundle(bundle), "cpu"))  # one row a labelled user, in the order of the labels
    known = ~np.isnan(vectors).any(axis=1)  # the others have one fix
    value, vectors, group = labelled.value[known].astype(str), vectors[known], labelled.group[known]
    persons = [len(np.unique(group[value == name])) for name in np.unique(value)]
    if len(persons) < 2 or min(persons) < folds:
        raise InputError(f"{labels} labels {len(value)} users of the tracks: {folds} of each of two labels are needed.")
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000, class_weight="balanced"))
    parts = StratifiedGroupKFold(folds)
    return float(
        cross_val_score(classifier, vectors, value, groups=group, cv=parts, scoring="balanced_accuracy").mean()
    )
