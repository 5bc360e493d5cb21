# SPDX-License-Identifier: GPL-2.0-or-later
"""Do embeddings tell people apart? A quick check of a new model with labels at hand: no head, no figure for a card."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from model.data.labels import label_units, read_table
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.embed import embed
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.sources.readers import read

FOLDS = 5


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
