# SPDX-License-Identifier: GPL-2.0-or-later
"""Test-time adaptation: the layer's own past says how far to trust the model on it, and how wide areas must be.

The model is asked from earlier fixes of the same tracks, where the answer is known (a backtest of the layer). For each
group of queries that fits two numbers. The shrinkage threshold: a forecast whose expected gain over its baseline is
smaller moves toward the baseline in proportion. The level shift, a conformal correction: areas are taken at another
level of the mixture, so that they hold their share of the backtest's answers. Both are fitted by locality, so that
tracks elsewhere change nothing, and from what was known by the time of each query.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ..arrays import content_hash
from ..geodesy import EARTH_RADIUS_M
from ..tracks import Tracks
from .areas import NOMINAL_LEVELS
from .context import ContextKind, ContextQueries
from .mixture import Mixture


@dataclass(frozen=True)
class AdaptationSettings:
    """How the backtest is drawn, and how far its outcome is believed."""

    most_contexts: int = 320  # of a locality that are backtested; of fewer than that
    few_contexts: int = 40  # so many
    share: float = 0.5  # and this share of them
    splits: int = 12  # most earlier fixes that one of them is asked from
    fixes_a_split: int = 16  # and no more than one in so many, since neighbouring fixes are alike
    horizons: int = 6  # most from one of them
    earliest: float = 0.45  # share of a track before the first of them
    least_fixes: int = 10  # of a track that is asked
    tolerance: float = 0.3  # of a horizon: the true fix lies so near to the time asked
    least_queries: int = 40  # of a group from which anything is fitted
    thresholds: tuple[float, ...] = (
        0.0,
        0.1,
        0.3,
        1.0,
        3.0,
    )  # a point keeps gain / threshold of its way
    prior_queries: float = 30.0  # so many queries speak for a threshold of zero
    design_effect: float = 2.0  # queries of the same tracks are alike: so many tell as much as one drawn on its own
    time_steps: int = 16  # in which queries are adapted together
    trip_bands_s: tuple[float, ...] = (30.0, 120.0)  # horizons of trips between which groups are cut
    cell_deg: float = 0.1  # last fixes are binned into cells of this size;
    linked_m: float = 25_000.0  # cells with centres nearer than this are one locality


SETTINGS = AdaptationSettings()


@dataclass(frozen=True)
class BacktestQueries:
    """Queries about the past of tracks. queries: of contexts that are cut short. t: (q,) epoch ms, when the answer was
    known. lon, lat: (q,) degrees, where the track was. locality: (q,) the locality that learns from it.
    """

    queries: ContextQueries
    t: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    locality: np.ndarray


def localities_of(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Numbers (n,) of the localities of positions (n,) in degrees: cells that lie near each other are one locality."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    cells, cell = np.unique(np.floor(np.stack([lon, lat], axis=1) / SETTINGS.cell_deg), axis=0, return_inverse=True)
    x, y = np.radians((cells + 0.5) * SETTINGS.cell_deg).T
    at = EARTH_RADIUS_M * np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)], axis=1)
    near = cKDTree(at).query_pairs(SETTINGS.linked_m, output_type="ndarray")
    links = coo_array((np.ones(len(near), bool), tuple(near.T)), shape=(len(cells), len(cells)))
    return connected_components(links, directed=False)[1][cell.ravel()]


def backtest_queries(tracks: Tracks, queries: ContextQueries) -> BacktestQueries:
    """Draw queries about the past of the contexts of `queries`, over the horizons that are asked of them.

    What is drawn depends on the fixes of each track, and on how many tracks its locality has; neither on ids nor on the
    order of rows.
    """
    s, (begin, end, context, horizon_s) = SETTINGS, queries
    last = end - 1
    locality = localities_of(tracks.lon[last], tracks.lat[last])
    seed = content_hash(tracks.t[last], tracks.lon[last], tracks.lat[last], end - begin)
    able = np.flatnonzero(end - begin >= s.least_fixes)
    able = able[np.lexsort((seed[able], locality[able]))]
    first_of_locality = np.searchsorted(locality[able], locality[able])
    n_able = np.bincount(locality[able], minlength=locality.max(initial=0) + 1)
    budget = np.minimum(s.few_contexts + s.share * n_able, s.most_contexts)
    able = able[np.arange(len(able)) - first_of_locality < budget[locality[able]]]
    splits_of_each = np.maximum(np.round(budget / np.maximum(n_able, 1)), 1).astype(int)
    by_context = np.argsort(context, kind="stable")
    first = np.searchsorted(context[by_context], np.arange(len(end) + 1))
    cut, found, n_cut = [], [], 0
    for c in able:  # a loop over contexts, not over fixes
        horizons = np.unique(horizon_s[by_context[first[c] : first[c + 1]]])
        t = tracks.t[begin[c] : end[c]]
        stop = int(np.searchsorted(t, t[-1] - 1000 * horizons[0], side="right"))
        start = int(s.earliest * len(t))
        if stop <= start:
            continue
        n_splits = min(s.splits, splits_of_each[locality[c]], 1 + (stop - start) // s.fixes_a_split)
        draw = content_hash(seed[c], np.arange(n_splits))
        splits = np.unique(start + (draw % np.uint64(stop - start)).astype(np.int64))
        order = np.argsort(content_hash(seed[c], splits[:, None], np.arange(len(horizons))), axis=1)
        ahead_s = horizons[order[:, : s.horizons]]
        wanted = t[splits][:, None] + 1000.0 * ahead_s
        at = np.clip(np.searchsorted(t, wanted), 1, len(t) - 1)
        at -= wanted - t[at - 1] < t[at] - wanted
        known = (at > splits[:, None]) & (np.abs(t[at] - wanted) <= s.tolerance * 1000 * ahead_s)
        cut.append(np.column_stack([np.full(len(splits), begin[c]), begin[c] + splits + 1, np.full(len(splits), c)]))
        split, column = np.nonzero(known)
        found.append(np.column_stack([n_cut + split, begin[c] + at[split, column], begin[c] + splits[split]]))
        n_cut += len(splits)
    rows = np.concatenate(cut) if cut else np.zeros((0, 3), np.int64)
    asked, truth, fix = np.concatenate(found).T if found else np.zeros((3, 0), np.int64)
    used, asked = np.unique(asked, return_inverse=True)
    ahead_s = (tracks.t[truth] - tracks.t[fix]) / 1000.0
    past = ContextQueries(rows[used, 0], rows[used, 1], asked, ahead_s)
    return BacktestQueries(past, tracks.t[truth], tracks.lon[truth], tracks.lat[truth], locality[rows[used, 2]][asked])


def groups(kind: np.ndarray, horizon_s: np.ndarray) -> np.ndarray:
    """Group numbers (n,) of queries that are adapted together: by ContextKind (n,), and trips by horizon too."""
    n_bands = len(SETTINGS.trip_bands_s) + 1
    band = np.searchsorted(SETTINGS.trip_bands_s, horizon_s)
    return kind * n_bands + np.where(kind == ContextKind.TRIP, band, 0)


def shrunk(m: Mixture, point: np.ndarray, baseline: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    """The points, moved toward the baselines (n, 2) where the expected gain over these is under the thresholds.

    point: (n, 2) the spatial medians of the mixtures, whose expected gain is never negative. threshold: (n,) or (n, k),
    zero keeps the point. Returns (n, 2) or (n, k, 2).
    """
    gain = 1.0 - m.expected_error_m(point) / np.maximum(m.expected_error_m(baseline), 1e-9)
    gain = gain.reshape(-1, *[1] * (threshold.ndim - 1))
    share = np.where(threshold > 0, np.clip(gain / np.maximum(threshold, 1e-9), 0.0, 1.0), 1.0)[..., None]
    base, way = (a.reshape(len(a), *[1] * (threshold.ndim - 1), 2) for a in (baseline, point - baseline))
    return base + way * share


@dataclass(frozen=True)
class BacktestErrors:
    """How n backtest queries were answered. group: (n,). error_m: (n, thresholds). level: (n,) of the smallest
    highest-density set that holds the truth. calibrated: (2, n) levels that areas take by the model's calibration.
    moved: (n,) bool, the truth is not the last fix again. t: (n,) epoch ms, when the truth was known. locality: (n,).
    """

    group: np.ndarray
    error_m: np.ndarray
    level: np.ndarray
    calibrated: np.ndarray
    moved: np.ndarray
    t: np.ndarray
    locality: np.ndarray


@dataclass
class Adjustments:
    """What a backtest fitted, by group: the shrinkage threshold and the shift of areas' levels, in logits."""

    threshold: dict[int, float] = field(default_factory=dict)
    shift: dict[int, float] = field(default_factory=dict)

    def thresholds(self, group: np.ndarray) -> np.ndarray:
        """The shrinkage thresholds (n,) of groups (n,); zero where nothing was fitted."""
        return _looked_up(self.threshold, group)

    def levels(self, group: np.ndarray, calibrated: np.ndarray) -> np.ndarray:
        """The levels (2, n) that areas take, given those of the model's calibration."""
        return _expit(_logit(calibrated) + _looked_up(self.shift, group))


def fit(errors: BacktestErrors, known: np.ndarray) -> Adjustments:
    """Fit the adjustments of every group to the queries `known` (n,) bool."""
    result = Adjustments()
    for group in np.unique(errors.group[known]):
        own = known & (errors.group == group)
        if own.sum() >= SETTINGS.least_queries:
            result.threshold[group] = _best_threshold(errors.error_m[own])
        if group >= groups(np.array(ContextKind.ANCHORED_DAY), np.array(0.0)):  # groups are in the order of kinds
            own &= errors.moved  # areas of days are for the cases that move, as in calibration
        if own.sum() >= SETTINGS.least_queries:
            result.shift[group] = _level_shift(_logit(errors.level[own]) - _logit(errors.calibrated[:, own]))
    return result


def _best_threshold(error_m: np.ndarray) -> float:
    """The threshold of the least mean error (n, thresholds), where a few queries need a large gain to leave zero."""
    mean = error_m.mean(axis=0)
    thresholds = np.array(SETTINGS.thresholds)
    prior = SETTINGS.prior_queries * np.minimum(thresholds, 1.0) / len(error_m)
    return float(thresholds[np.argmin(mean / max(mean[0], 1e-9) + prior)])


def _level_shift(excess: np.ndarray) -> float:
    """The shift in logits after which 50 and 80 % of the truths lie inside. excess: (2, n) the logit of the truth's
    level minus that of the area's.

    As much of it as chance does not explain: the positive part of James and Stein's estimator (Proc. Fourth Berkeley
    Symp. 1, 1961).
    """
    level = np.array(NOMINAL_LEVELS)
    chance = level * (1 - level) * SETTINGS.design_effect / excess.shape[1]
    off = np.square((excess <= 0).mean(axis=1) - level) / chance
    wanted = np.mean([np.quantile(row, share) for row, share in zip(excess, level, strict=True)])
    return float(wanted * max(0.0, 1.0 - 1.0 / max(off.mean(), 1e-9)))


def time_steps(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Steps in time of queries whose last fixes are at t (n,) epoch ms: until when a step uses what was known, and the
    step of each query (n,).
    """
    known_until = np.unique(np.quantile(t, np.linspace(0, 1, SETTINGS.time_steps + 1)[:-1], method="lower"))
    return known_until, np.searchsorted(known_until, t, side="right") - 1


def adjustments_by_locality(
    errors: BacktestErrors, locality: np.ndarray, t: np.ndarray
) -> Iterator[tuple[np.ndarray, Adjustments]]:
    """For queries in places (m,) whose last fixes are at t (m,) epoch ms: rows of them, and the adjustments that were
    known by then.
    """
    for p in np.unique(locality):
        rows = np.flatnonzero(locality == p)
        known_until, step = time_steps(t[rows])
        for number, end in enumerate(known_until):
            yield rows[step == number], fit(errors, (errors.locality == p) & (errors.t <= end))


def _looked_up(table: dict[int, float], group: np.ndarray) -> np.ndarray:
    names, code = np.unique(group, return_inverse=True)
    return np.array([table.get(int(name), 0.0) for name in names])[code]


def _logit(p: np.ndarray) -> np.ndarray:
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.log(p / (1 - p))


def _expit(logit: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-logit))
