# SPDX-License-Identifier: GPL-2.0-or-later
"""Fits, calibrates and judges the place head with scikit-learn, and turns it into plain arrays."""

from __future__ import annotations

import numpy as np

from model.head_training.fit import Task, forest, join_parts
from model.shipped.places.sources import Places
from raw_qgis_plugin.core.arrays import run_starts
from raw_qgis_plugin.core.mobility.place_head import (
    Judgement,
    choose_kinds,
    kind_logits,
    user_inputs,
)
from raw_qgis_plugin.core.mobility.tables import HOME, KINDS, WORK

TASK = Task("classes", KINDS)
WEIGHTS = {"howde": 1.0, "city": 0.3}  # of sources
# share of people with a place of work, as in HoWDe: how a record was made does not tell who has one
WORKING = 0.576
USER_C = 0.2  # the inverse strength of the linear head's regularisation
Head = dict[str, np.ndarray]


def folds_of(places: Places, seed: int, folds: int = 5) -> np.ndarray:
    """(n_users,) folds: a person of a source is in the same one in every recording."""
    names = [f"{source}{person}".encode() for source, person in zip(places.source, places.person)]
    return np.array([np.random.default_rng([seed, *name]).integers(folds) for name in names])


def leave_out(places: Places, fold: np.ndarray, teach: np.ndarray, seed: int) -> Head:
    """(n,) logits of home and of work, by trees that learned from the people of the other folds
    alone.

    teach: (n_users,) bool, who may teach.
    """
    logit, of = (
        {name: np.zeros(len(places.kind)) for name in (HOME, WORK)},
        fold[places.facts.user],
    )
    x = places.facts.matrix()
    for k in np.unique(fold):
        for name, values in kind_logits(
            x[of == k], _trees(places, teach & (fold != k), seed)
        ).items():
            logit[name][of == k] = values
    return logit


def fit(places: Places, logit: Head, teach: np.ndarray, seed: int) -> Head:
    """Train trees on who may teach; calibrate them, and the head of users, on logits without each
    person.
    """
    return _trees(places, teach, seed) | calibrate(places, logit, teach)


def calibrate(places: Places, logit: Head, teach: np.ndarray) -> Head:
    """The lines that make probabilities of logits, and the head of users, by those who teach
    (n_users,) bool.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    facts, head, lines = places.facts, {}, {}
    rows = teach[facts.user]
    for name, values in logit.items():
        right, weight = places.kind[rows] == KINDS.index(name), place_weights(places)[rows]
        line = LogisticRegression(C=1e3).fit(values[rows, None], right, weight)
        head[f"{name}_calibration"] = np.array([line.coef_[0, 0], line.intercept_[0]])
        lines[name] = head[f"{name}_calibration"] @ [values, np.ones(len(values))]
    x, best = user_inputs(facts, lines[WORK], lines[HOME])
    user = facts.user[best]
    x, user = x[teach[user]], user[teach[user]]
    works, weight = places.commuter[user], user_weights(places, user)
    scale = StandardScaler().fit(x)
    line = LogisticRegression(C=USER_C, max_iter=2000).fit(scale.transform(x), works, weight)
    return head | {
        "user_mean": scale.mean_,
        "user_scale": scale.scale_,
        "user_weight": line.coef_[0],
        "user_offset": line.intercept_[0],
    }


def user_weights(places: Places, user: np.ndarray) -> np.ndarray:
    """(k,) weights of some users (k,): of the recordings of a source alike, but for days by chance,
    which see less of what people do; and of people with a place of work as many in each source.
    """
    names, number, count = np.unique(
        places.recording[user], return_inverse=True, return_counts=True
    )
    weight = (np.array([0.5 if ": any" in name else 1.0 for name in names]) / count)[number]
    cell = (
        2 * np.array([[*WEIGHTS].index(source) for source in places.source[user]])
        + places.commuter[user]
    )
    wanted = np.outer([*WEIGHTS.values()], [1 - WORKING, WORKING]).ravel()
    return 3e3 * weight * (wanted / np.maximum(np.bincount(cell, weight, len(wanted)), 1e-9))[cell]


def place_weights(places: Places) -> np.ndarray:
    """(n,) weights of places; sources weigh the same in however many ways they are recorded."""
    source = places.source[places.facts.user]
    return sum(
        1e4 * of * (source == name) / max((source == name).sum(), 1) for name, of in WEIGHTS.items()
    )


def _trees(places: Places, teach: np.ndarray, seed: int) -> Head:
    """Randomised trees for the kinds of places, by those who teach."""
    rows, x = teach[places.facts.user], places.facts.matrix()
    kind, weight = places.kind[rows], place_weights(places)[rows]
    weight = weight / np.sqrt(np.bincount(kind))[kind]  # half-way to balanced classes
    return join_parts([forest(x[rows], kind, TASK, np.arange(x.shape[1]), seed, weight)])


def judge(places: Places, kinds: Judgement) -> Head:
    """What kinds of places get right, an entry a user: commuter_p (nan: nothing is said), commuter,
    and whether home and work are right (nan: none was annotated; -1: none was found).
    """
    owner, n = places.facts.user, len(places.person)
    found = {"p": kinds.commuter_p, "commuter": places.commuter}
    for name in (HOME, WORK):
        said, true = kinds.kind == name, places.kind == KINDS.index(name)
        order = np.lexsort((-np.where(said, kinds.kind_p, -1), owner))
        best = order[run_starts(owner[order])]
        right = np.full(n, np.nan)
        right[owner[best]] = np.where(said[best], true[best], -1.0)
        exists = np.bincount(owner, true, n) > 0 if name == HOME else places.commuter
        found[name] = np.where(exists, right, np.nan)
    return found


def judge_left_out(places: Places, logit: Head, fold: np.ndarray, teach: np.ndarray) -> Head:
    """`judge` by heads that did not learn from the person."""
    heads = [calibrate(places, logit, teach & (fold != k)) for k in range(fold.max() + 1)]
    found = [judge(places, choose_kinds(places.facts, logit, head)) for head in heads]
    return {name: np.choose(fold, [each[name] for each in found]) for name in found[0]}


def figures(found: Head, answered: float = 0.88) -> dict[str, float]:
    """Shares of users: commuters right when forced, and of the most certain; work and home right;
    area under the curve; and the greatest difference of five bins between probability and share.
    """
    from sklearn.metrics import roc_auc_score

    found = {name: values[np.isfinite(found["p"])] for name, values in found.items()}
    p, true = found["p"], found["commuter"]
    right, sure = (p > 0.5) == true, np.abs(p - 0.5)
    certain = sure >= np.quantile(sure, 1 - answered)
    bins = np.array_split(np.argsort(p, kind="stable"), 5)
    result = {
        "users": len(p),
        "commuter": right.mean(),
        "answered": right[certain].mean(),
        "bins": max(abs(p[b].mean() - true[b].mean()) for b in bins),
        "auc": roc_auc_score(true, p),
    }
    for name in (HOME, WORK):
        asked = found[name][np.isfinite(found[name])]
        result |= {name: (asked == 1).mean(), f"no_{name}": (asked == -1).mean()}
    return {name: round(float(value), 3) for name, value in result.items()}
