# SPDX-License-Identifier: GPL-2.0-or-later
"""The known signs that a training fails, each told once with what to do, and when nothing gets better any more."""

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

FLAT = 0.01  # of the first loss: less than that gained is flat
FLAT_AT = 0.25  # share of the budget
APART, WORSE = 4, 0.01  # validations in a row that are worse than the best, by this share, while the loss falls
PROFILES = 0.6  # accuracy
FOLDS = 5

FLAT_WORDS = (
    "The loss is flat: {now:.3g} after {share:.0%} of the budget, {first:.3g} at first. Try another --lr (a third, or "
    "three times as much), and see that the corpus has tracks with {cadences} between fixes."
)
APART_WORDS = (
    "Training and validation part: the loss falls and the validation has been worse since step {step}. The "
    "network learns its people by heart: give more tracks, a smaller --preset, fewer --minutes, or --patience 3."
)
PROFILES_WORDS = (
    "Profile accuracy is {accuracy:.0%}, under 60 %: the embeddings do not tell people apart. Train longer, on more "
    "people, with days of fixes each, or go on from a bundle with --init."
)


@dataclass
class Watch:
    """What a run has shown so far. patience: validations without a better one before it stops, 0 for no end."""

    patience: int = 0
    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    @classmethod
    def going_on(cls, patience: int, held: dict) -> Watch:
        """That of a run which goes on from a checkpoint. held: what `to_dict` gave, or nothing."""
        return cls(patience, **held | {"told": set(held.get("told", ()))})

    def to_dict(self) -> dict:
        """What the run has shown, for its checkpoint."""
        return {"losses": self.losses, "scores": self.scores, "steps": self.steps, "told": sorted(self.told)}

    def look(self, step: int, share: float, loss: float, score: float | None) -> list[str]:
        """Warnings after a validation. share: of the budget. score: of the validation, lower is better."""
        self.losses.append(loss)
        if score is not None:
            self.scores.append(score)
            self.steps.append(step)
        found = {}
        if share >= FLAT_AT and len(self.losses) >= 4 and min(self.losses[1:]) > self._flat(self.losses[0]):
            found["flat"] = FLAT_WORDS.format(now=loss, share=share, first=self.losses[0], cadences="1 s to 30 min")
        since = len(self.scores) - 1 - self._best() if self.scores else 0
        worse = since >= APART and min(self.scores[-APART:]) > (1 + WORSE) * self.scores[self._best()]
        if worse and self.losses[-1] < self.losses[-1 - since]:
            found["apart"] = APART_WORDS.format(step=self.steps[self._best()])
        return self._once(found)

    def profiles(self, accuracy: float) -> list[str]:
        """The warning of a profile accuracy under 60 %."""
        return self._once({"profiles": PROFILES_WORDS.format(accuracy=accuracy)} if accuracy < PROFILES else {})

    @property
    def done(self) -> bool:
        """Has nothing got better for `patience` validations?"""
        return bool(self.patience and self.scores) and len(self.scores) - 1 - self._best() >= self.patience

    def _best(self) -> int:
        return min(range(len(self.scores)), key=self.scores.__getitem__)

    @staticmethod
    def _flat(first: float) -> float:
        return first - FLAT * abs(first)

    def _once(self, found: dict[str, str]) -> list[str]:
        new = [words for sign, words in found.items() if sign not in self.told]
        self.told |= found.keys()
        return new


def score(metrics: dict[str, float]) -> float | None:
    """One number of a validation, lower is better: the geometric mean of its ratios to the baseline."""
    ratios = [value for name, value in metrics.items() if name.startswith("ratio_") and value > 0]
    return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else None


def profile_accuracy(bundle: Path, source: str, labels: str, field: str) -> float:
    """Accuracy, the mean of the classes', of a logistic regression from embeddings of users to their labels.

    source: tracks. labels: a table with the users' ids and the column `field`. Cross-validated over users. InputError
    where a class has fewer than FOLDS users.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    tracks, labelled = label_units(read(source)[0], read_table(labels), "user", field)
    value = labelled.value.astype(str)
    names, counts = np.unique(value, return_counts=True)
    if len(names) < 2 or counts.min() < FOLDS:
        raise InputError(f"{labels} labels {len(value)} users of the tracks: {FOLDS} of each of two labels are needed.")
    vectors = embed(tracks, Model(open_bundle(bundle), "cpu"))  # one row a labelled user, in the order of the labels
    judge = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000, class_weight="balanced"))
    return float(cross_val_score(judge, vectors, value, cv=FOLDS, scoring="balanced_accuracy").mean())
