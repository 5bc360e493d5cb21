# SPDX-License-Identifier: GPL-2.0-or-later
"""Fits, calibrates and judges the place head with scikit-learn, and turns it into plain arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from model.places.sources import KINDS, Table
from raw_qgis_plugin.core.diary.place_head import judge_places, trees_sum, user_inputs
from raw_qgis_plugin.core.diary.places import HOME, WORK

FOREST = {
    "max_iter": 80, "learning_rate": 0.1, "max_leaf_nodes": 12, "min_samples_leaf": 40, "l2_regularization": 5.0,
    "max_features": 0.3, "max_bins": 63, "early_stopping": False,
}  # fmt: skip
USER_C = 0.05  # the inverse strength of the linear head's regularisation
Head = dict[str, np.ndarray]


def fit(tables: list[Table], seed: int, folds: int = 3) -> Head:
    """Train trees on all tables, and calibrate them and the head of users on people left out of trees."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    fold, kind, x = (
        _folds(tables, seed, folds),
        *(np.concatenate(c) for c in zip(*((t.kind, t.facts.x) for t in tables))),
    )
    weight = np.concatenate([np.full(len(t.kind), _weight(t, tables)) for t in tables])
    head: Head = {}
    logits: Head = {}
    for name in (HOME, WORK):
        right, logit = kind == KINDS.index(name), np.zeros(len(kind))
        for k in range(folds):
            trees = _forest(x[fold != k], right[fold != k], weight[fold != k], seed)
            logit[fold == k] = trees_sum(x[fold == k], trees)
        line = LogisticRegression(C=1e3).fit(logit[:, None], right, weight)
        logits[name] = line.coef_[0, 0] * logit + line.intercept_[0]
        trees = _forest(x, right, weight, seed)
        trees["calibration"] = np.array([line.coef_[0, 0], line.intercept_[0]])
        head |= {f"{name}_{key}": values for key, values in trees.items()}
    inputs, answers, weights, begin = [], [], [], 0
    for table in tables:
        rows = slice(begin, begin + len(table.kind))
        begin = rows.stop
        found, best = user_inputs(table.facts, logits[WORK][rows], logits[HOME][rows])
        inputs.append(found)
        answers.append(table.commuter[table.facts.owner[best]])
        weights.append(np.full(len(best), _weight(table, tables)))
    users, right, weight = (np.concatenate(parts) for parts in (inputs, answers, weights))
    scale = StandardScaler().fit(users)
    line = LogisticRegression(C=USER_C, max_iter=2000).fit(scale.transform(users), right, weight)
    return head | {
        "user_mean": scale.mean_, "user_scale": scale.scale_, "user_weight": line.coef_[0],
        "user_offset": line.intercept_[0],
    }  # fmt: skip


def _weight(table: Table, tables: list[Table]) -> float:
    """Sources weigh the same however many ways they were recorded in."""
    source = table.name.split(":")[0]
    return 1e4 / sum(len(t.kind) for t in tables if t.name.split(":")[0] == source)


def _folds(tables: list[Table], seed: int, folds: int) -> np.ndarray:
    """(n,) the fold of each place: a person is in one fold in all tables of a source."""
    result = []
    for table in tables:
        source = table.name.split(":")[0]
        drawn = {u: np.random.default_rng([seed, *f"{source}{u}".encode()]).integers(folds) for u in table.user_ids}
        result.append(np.array([drawn[u] for u in table.user_ids], np.int64)[table.facts.owner])
    return np.concatenate(result)


def _forest(x: np.ndarray, right: np.ndarray, weight: np.ndarray, seed: int) -> Head:
    """Boosted trees as arrays (trees, nodes), for `trees_sum`."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    found = HistGradientBoostingClassifier(**FOREST, random_state=seed).fit(x, right, sample_weight=weight)
    nodes = [trees[0].nodes for trees in found._predictors]
    shape = len(nodes), max(map(len, nodes))
    trees: Head = {key: np.zeros(shape, np.int32) for key in ("feature", "left", "right")}
    trees |= {
        "threshold": np.zeros(shape),
        "value": np.zeros(shape),
        "depth": np.array(max(n["depth"].max() for n in nodes)),
    }
    for k, node in enumerate(nodes):
        own, leaf = np.arange(len(node)), node["is_leaf"].astype(bool)
        for key in ("left", "right"):
            trees[key][k, : len(node)] = np.where(leaf, own, node[key])
        trees["feature"][k, : len(node)] = np.where(leaf, 0, node["feature_idx"])
        trees["threshold"][k, : len(node)] = np.where(leaf, 0.0, node["num_threshold"])
        trees["value"][k, : len(node)] = np.where(leaf, node["value"], 0.0)
    trees["value"][0, trees["left"][0] == np.arange(shape[1])] += found._baseline_prediction.item()
    return trees


def judge(table: Table, head: Head, users: np.ndarray) -> dict[str, Any]:
    """What of some users (n_users,) bool of a table a head gets right, one entry a user with places: commuter_p,
    commuter, and whether home and work are right (nan: none was annotated; -1: none was found).
    """
    kinds, owner, n = judge_places(table.facts, head), table.facts.owner, len(table.user_ids)
    found = {"user": np.arange(n), "p": kinds.commuter_p, "commuter": table.commuter}
    for name in (HOME, WORK):
        said, true = kinds.kind == name, table.kind == KINDS.index(name)
        p = np.where(said, kinds.p, -1)
        order = np.lexsort((-p, owner))
        best = order[np.append(True, np.diff(owner[order]) > 0)] if len(owner) else order
        right = np.full(n, np.nan)
        right[owner[best]] = np.where(said[best], true[best], -1.0)
        exists = np.bincount(owner, true, n) > 0 if name == HOME else table.commuter
        found[name] = np.where(exists, right, np.nan)
    keep = users & np.isfinite(kinds.commuter_p)
    return {name: values[keep] for name, values in found.items()}


def cross_validate(tables: list[Table], judged: list[Table], seed: int, folds: int = 4) -> dict[str, dict[str, Any]]:
    """`judge` of tables by heads that did not learn from the people."""
    parts: dict[str, list[dict[str, Any]]] = {table.name: [] for table in judged}
    for k in range(folds):
        left = [_without(table, seed, folds, k) for table in tables]
        head = fit(left, seed)
        for table in judged:
            users = np.array([_fold(table, u, seed, folds) == k for u in table.user_ids])
            parts[table.name].append(judge(table, head, users))
    return {name: {key: np.concatenate([p[key] for p in some]) for key in some[0]} for name, some in parts.items()}


def _fold(table: Table, user: str, seed: int, folds: int) -> int:
    return int(np.random.default_rng([seed, 7, *f"{table.name.split(':')[0]}{user}".encode()]).integers(folds))


def _without(table: Table, seed: int, folds: int, k: int) -> Table:
    """A table without the places of the people of a fold."""
    kept = np.array([_fold(table, u, seed, folds) != k for u in table.user_ids])[table.facts.owner]
    facts = replace(table.facts, x=table.facts.x[kept], owner=table.facts.owner[kept])
    return replace(table, facts=facts, kind=table.kind[kept])


def figures(found: dict[str, Any], answered: float = 0.88) -> dict[str, float]:
    """Shares of users: commuters right when forced, and of the most certain; work and home right; area under the curve;
    and the greatest difference of five bins between probability and share.
    """
    from sklearn.metrics import roc_auc_score

    p, true = found["p"], found["commuter"].astype(bool)
    right, sure = (p > 0.5) == true, np.abs(p - 0.5)
    certain = sure >= np.quantile(sure, 1 - answered)
    bins = np.array_split(np.argsort(p, kind="stable"), 5)
    result = {
        "users": len(p), "commuter": right.mean(), "answered": right[certain].mean(),
        "threshold": float(np.quantile(sure, 1 - answered) + 0.5),
        "bins": max(abs(p[b].mean() - true[b].mean()) for b in bins),
    }  # fmt: skip
    if 0 < true.mean() < 1:
        result["auc"] = float(roc_auc_score(true, p))
    for name in (HOME, WORK):
        asked = found[name][np.isfinite(found[name])]
        result |= {name: float((asked == 1).mean()), f"no_{name}": float((asked == -1).mean())} if len(asked) else {}
    return {name: round(float(value), 3) for name, value in result.items()}
