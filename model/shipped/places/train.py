# SPDX-License-Identifier: GPL-2.0-or-later
"""Fits, calibrates and judges the place head with scikit-learn, and turns it into plain arrays."""

from __future__ import annotations

import numpy as np

from model.head_training.fit import Task, forest, join_parts
from model.shipped.places.sources import Places
from raw_qgis_plugin.core.arrays import Array, run_starts
from raw_qgis_plugin.core.mobility.place_head import (
    Judgement,
    choose_kinds,
    kind_logits,
    user_inputs,
)
from raw_qgis_plugin.core.mobility.tables import HOME, KINDS, WORK

TASK = Task("classes", KINDS)
WEIGHTS = {"howde": 1.0, "city": 0.3}  # of sources
Head = dict[str, np.ndarray]


class Settings:
    """How the place head is trained."""

    # share of people with a place of work, as in HoWDe: how a record was made does not tell who has
    working: float = 0.576
    user_c: float = 0.2  # the inverse strength of the linear head's regularisation


def folds_of(places: Places, seed: int, folds: int = 5) -> Array:
    """(n_users,) folds: a person of a source is in the same one in every recording."""
    found = []
    for source, person in zip(places.source, places.person, strict=True):
        name = f"{source}{person}".encode()
        rng = np.random.default_rng([seed, *name])
        found.append(rng.integers(folds))

    return np.array(found)


def leave_out(places: Places, fold: Array, teach: Array, seed: int) -> Head:
    """(n,) logits of home and of work, by trees that learned from the people of the other folds
    alone.

    teach: (n_users,) bool, who may teach.
    """
    logit = {name: np.zeros(len(places.kind)) for name in (HOME, WORK)}
    of_place = fold[places.facts.user]
    x = places.facts.matrix()

    for k in np.unique(fold):
        own = of_place == k
        trees = _trees(places, teach & (fold != k), seed)

        for name, values in kind_logits(x[own], trees).items():
            logit[name][own] = values

    return logit


def fit(places: Places, logit: Head, teach: Array, seed: int) -> Head:
    """Train trees on who may teach; calibrate them, and the head of users, on logits without each
    person.
    """
    return _trees(places, teach, seed) | calibrate(places, logit, teach)


def calibrate(places: Places, logit: Head, teach: Array) -> Head:
    """The lines that make probabilities of logits, and the head of users, by those who teach
    (n_users,) bool.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    head: Head = {}
    lines = {}
    rows = teach[places.facts.user]
    weight = place_weights(places)[rows]

    for name, values in logit.items():
        right = places.kind[rows] == KINDS.index(name)
        line = LogisticRegression(C=1e3).fit(values[rows, None], right, weight)
        slope = line.coef_[0, 0]
        offset = line.intercept_[0]
        head[f"{name}_calibration"] = np.array([slope, offset])
        lines[name] = slope * values + offset

    x, best = user_inputs(places.facts, lines[WORK], lines[HOME])
    user = places.facts.user[best]
    x = x[teach[user]]
    user = user[teach[user]]
    scale = StandardScaler().fit(x)
    model = LogisticRegression(C=Settings.user_c, max_iter=2000)
    line = model.fit(scale.transform(x), places.commuter[user], user_weights(places, user))
    head["user_mean"] = scale.mean_
    head["user_scale"] = scale.scale_
    head["user_weight"] = line.coef_[0]
    head["user_offset"] = line.intercept_[0]

    return head


def user_weights(places: Places, user: Array) -> Array:
    """(k,) weights of some users (k,): of the recordings of a source alike, but for days by chance,
    which see less of what people do; and of people with a place of work as many in each source.
    """
    recording = places.recording[user]
    names, number, count = np.unique(recording, return_inverse=True, return_counts=True)
    usual = np.array([0.5 if ": any" in name else 1.0 for name in names])
    weight = (usual / count)[number]

    sources = list(WEIGHTS)
    source = np.array([sources.index(name) for name in places.source[user]])
    cell = 2 * source + places.commuter[user]

    works = [1 - Settings.working, Settings.working]
    wanted = np.outer(list(WEIGHTS.values()), works).ravel()
    there = np.bincount(cell, weight, len(wanted))
    factor = wanted / np.maximum(there, 1e-9)

    return 3e3 * weight * factor[cell]


def place_weights(places: Places) -> Array:
    """(n,) weights of places; sources weigh the same in however many ways they are recorded."""
    source = places.source[places.facts.user]
    weight = np.zeros(len(source))

    for name, of_source in WEIGHTS.items():
        own = source == name
        weight[own] = 1e4 * of_source / max(own.sum(), 1)

    return weight


def _trees(places: Places, teach: Array, seed: int) -> Head:
    """Randomised trees for the kinds of places, by those who teach."""
    rows = teach[places.facts.user]
    x = places.facts.matrix()[rows]
    kind = places.kind[rows]
    half_way = np.sqrt(np.bincount(kind))[kind]  # to balanced classes
    weight = place_weights(places)[rows] / half_way
    columns = np.arange(x.shape[1])

    return join_parts([forest(x, kind, TASK, columns, seed, weight)])


def judge(places: Places, kinds: Judgement) -> Head:
    """What kinds of places get right, an entry a user: commuter_p (nan: nothing is said), commuter,
    and whether home and work are right (nan: none was annotated; -1: none was found).
    """
    owner = places.facts.user
    count = len(places.person)
    found = {"p": kinds.commuter_p, "commuter": places.commuter}

    for name in (HOME, WORK):
        said = kinds.kind_guess == name
        true = places.kind == KINDS.index(name)
        sure = np.where(said, kinds.kind_p, -1)
        order = np.lexsort((-sure, owner))
        best = order[run_starts(owner[order])]
        right = np.full(count, np.nan)
        right[owner[best]] = np.where(said[best], true[best], -1.0)
        exists = places.commuter

        if name == HOME:
            exists = np.bincount(owner, true, count) > 0

        found[name] = np.where(exists, right, np.nan)

    return found


def judge_left_out(places: Places, logit: Head, fold: Array, teach: Array) -> Head:
    """`judge` by heads that did not learn from the person."""
    found = []
    for k in range(fold.max() + 1):
        head = calibrate(places, logit, teach & (fold != k))
        kinds = choose_kinds(places.facts, logit, head)
        found.append(judge(places, kinds))

    return {name: np.choose(fold, [each[name] for each in found]) for name in found[0]}


def figures(found: Head, answered: float = 0.88) -> dict[str, float]:
    """Shares of users: commuters right when forced, and of the most certain; work and home right;
    area under the curve; and the greatest difference of five bins between probability and share.
    """
    from sklearn.metrics import roc_auc_score

    judged = np.isfinite(found["p"])
    found = {name: values[judged] for name, values in found.items()}
    p = found["p"]
    true = found["commuter"]
    right = (p > 0.5) == true
    sure = np.abs(p - 0.5)
    certain = sure >= np.quantile(sure, 1 - answered)
    bins = np.array_split(np.argsort(p, kind="stable"), 5)
    off = [abs(p[rows].mean() - true[rows].mean()) for rows in bins]
    result = {
        "users": len(p),
        "commuter": right.mean(),
        "answered": right[certain].mean(),
        "bins": max(off),
        "auc": roc_auc_score(true, p),
    }

    for name in (HOME, WORK):
        asked = found[name][np.isfinite(found[name])]
        result[name] = (asked == 1).mean()
        result[f"no_{name}"] = (asked == -1).mean()

    return {name: round(float(value), 3) for name, value in result.items()}
