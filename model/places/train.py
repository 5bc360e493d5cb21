# SPDX-License-Identifier: GPL-2.0-or-later
"""Fits, calibrates and judges the place head with scikit-learn, and turns it into plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from model.places.sources import KINDS, Table
from raw_qgis_plugin.core.arrays import run_starts
from raw_qgis_plugin.core.diary.place_head import Kinds, choose_kinds, trees_sum, user_inputs
from raw_qgis_plugin.core.diary.places import HOME, WORK

FOREST = {
    "max_iter": 80, "learning_rate": 0.1, "max_leaf_nodes": 12, "min_samples_leaf": 40, "l2_regularization": 5.0,
    "max_features": 0.3, "max_bins": 63, "early_stopping": False,
}  # fmt: skip
WEIGHTS = {"howde": 1.0, "city": 0.3}  # of sources
USER_C = 0.2  # the inverse strength of the linear head's regularisation
Head = dict[str, np.ndarray]


@dataclass(frozen=True)
class LeftOut:
    """The tables' places in one column: sums of trees that did not learn from the person (n,) by kind, and folds."""

    tables: list[Table]
    logit: Head
    fold: np.ndarray

    def of(self, table: Table) -> tuple[Head, np.ndarray]:
        """The sums and folds of one of the tables."""
        at = [t is table for t in self.tables].index(True)
        begin = sum(len(t.kind) for t in self.tables[:at])
        rows = slice(begin, begin + len(table.kind))
        return {name: values[rows] for name, values in self.logit.items()}, self.fold[rows]


def leave_out(tables: list[Table], seed: int, folds: int = 5) -> LeftOut:
    """Judge the people of each fold by trees that learned from all others."""
    fold, kind, x, weight = np.concatenate([_folds(t, seed, folds) for t in tables]), *_columns(tables)
    logit = {name: np.zeros(len(kind)) for name in (HOME, WORK)}
    for name, values in logit.items():
        for k in range(folds):
            some = fold != k
            trees = _forest(x[some], kind[some] == KINDS.index(name), weight[some], seed)
            values[~some] = trees_sum(x[~some], trees)
    return LeftOut(tables, logit, fold)


def fit(tables: list[Table], left_out: LeftOut, seed: int = 0) -> Head:
    """Train trees on all tables; calibrate them, and the head of users, on people left out of trees."""
    kind, x, weight = _columns(tables)
    head: Head = {}
    for name in (HOME, WORK):
        trees = _forest(x, kind == KINDS.index(name), weight, seed)
        head |= {f"{name}_{key}": values for key, values in trees.items()}
    return head | calibrate(left_out)


def calibrate(left_out: LeftOut, without: int = -1) -> Head:
    """The lines that make probabilities of sums, and the head of users, from people left out of trees.

    without: a fold that does not teach.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    tables = left_out.tables
    kind, _, weight = _columns(tables)
    some, head = left_out.fold != without, {}
    for name, values in left_out.logit.items():
        line = LogisticRegression(C=1e3).fit(values[some, None], kind[some] == KINDS.index(name), weight[some])
        head[f"{name}_calibration"] = np.array([line.coef_[0, 0], line.intercept_[0]])
    parts = []
    for table in tables:
        logit, fold = left_out.of(table)
        home, work = (head[f"{name}_calibration"] @ [logit[name], np.ones(len(fold))] for name in (HOME, WORK))
        x, best = user_inputs(table.facts, work, home)
        kept = fold[best] != without
        share = np.full(kept.sum(), WEIGHTS[table.source] / sum(t.source == table.source for t in tables) / kept.sum())
        parts.append((x[kept], table.commuter[table.facts.owner[best]][kept], 3e3 * share))
    users, right, weight = (np.concatenate(columns) for columns in zip(*parts))
    scale = StandardScaler().fit(users)
    line = LogisticRegression(C=USER_C, max_iter=2000).fit(scale.transform(users), right, weight)
    return head | {
        "user_mean": scale.mean_, "user_scale": scale.scale_, "user_weight": line.coef_[0],
        "user_offset": line.intercept_[0],
    }  # fmt: skip


def _columns(tables: list[Table]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kinds (n,), features and weights of all places; sources weigh the same in however many ways they are recorded."""
    of_source = {t.source: sum(len(u.kind) for u in tables if u.source == t.source) for t in tables}
    weight = [np.full(len(t.kind), 1e4 * WEIGHTS[t.source] / of_source[t.source]) for t in tables]
    return np.concatenate([t.kind for t in tables]), np.concatenate([t.facts.x for t in tables]), np.concatenate(weight)


def _folds(table: Table, seed: int, folds: int) -> np.ndarray:
    """(n,) the fold of each place; a person is in one fold in all tables of a source."""
    drawn = [np.random.default_rng([seed, *f"{table.source}{u}".encode()]).integers(folds) for u in table.user_ids]
    return np.array(drawn)[table.facts.owner]


def _forest(x: np.ndarray, right: np.ndarray, weight: np.ndarray, seed: int) -> Head:
    """Boosted trees as arrays (trees, nodes), for `trees_sum`."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    found = HistGradientBoostingClassifier(**FOREST, random_state=seed).fit(x, right, sample_weight=weight)
    nodes = [trees[0].nodes for trees in found._predictors]
    shape = len(nodes), max(map(len, nodes))
    trees: Head = {key: np.zeros(shape, np.int32) for key in ("feature", "left", "right")}
    trees |= {key: np.zeros(shape) for key in ("threshold", "value")}
    trees["depth"] = np.array(max(n["depth"].max() for n in nodes))
    for k, node in enumerate(nodes):
        own, leaf = np.arange(len(node)), node["is_leaf"].astype(bool)
        for key in ("left", "right"):
            trees[key][k, : len(node)] = np.where(leaf, own, node[key])
        trees["feature"][k, : len(node)] = np.where(leaf, 0, node["feature_idx"])
        trees["threshold"][k, : len(node)] = np.where(leaf, 0.0, node["num_threshold"])
        trees["value"][k, : len(node)] = np.where(leaf, node["value"], 0.0)
    trees["value"][0, trees["left"][0] == np.arange(shape[1])] += found._baseline_prediction.item()
    return trees


def judge(table: Table, kinds: Kinds) -> dict[str, Any]:
    """What kinds of places get right, one entry a user of whom something is said: commuter_p, commuter, and whether
    home and work are right (nan: none was annotated; -1: none was found).
    """
    owner, n = table.facts.owner, len(table.user_ids)
    found = {"p": kinds.commuter_p, "commuter": table.commuter}
    for name in (HOME, WORK):
        said, true = kinds.kind == name, table.kind == KINDS.index(name)
        order = np.lexsort((-np.where(said, kinds.p, -1), owner))
        best = order[run_starts(owner[order])]
        right = np.full(n, np.nan)
        right[owner[best]] = np.where(said[best], true[best], -1.0)
        exists = np.bincount(owner, true, n) > 0 if name == HOME else table.commuter
        found[name] = np.where(exists, right, np.nan)
    keep = np.isfinite(kinds.commuter_p)
    return {name: values[keep] for name, values in found.items()}


def judge_left_out(left_out: LeftOut, tables: list[Table]) -> dict[str, dict[str, Any]]:
    """`judge` of some of the tables, by heads that did not learn from the person."""
    heads = [calibrate(left_out, without=k) for k in range(int(left_out.fold.max()) + 1)]
    result = {}
    for table in tables:
        (logit, fold), parts = left_out.of(table), []
        for k, head in enumerate(heads):
            kinds = choose_kinds(table.facts, logit, head)
            kinds.commuter_p[np.setdiff1d(np.arange(len(table.user_ids)), table.facts.owner[fold == k])] = np.nan
            parts.append(judge(table, kinds))
        result[table.name] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return result


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
        "bins": max(abs(p[b].mean() - true[b].mean()) for b in bins),
    }  # fmt: skip
    if 0 < true.mean() < 1:
        result["auc"] = float(roc_auc_score(true, p))
    for name in (HOME, WORK):
        asked = found[name][np.isfinite(found[name])]
        result |= {name: float((asked == 1).mean()), f"no_{name}": float((asked == -1).mean())} if len(asked) else {}
    return {name: round(float(value), 3) for name, value in result.items()}
