# SPDX-License-Identifier: GPL-2.0-or-later
"""Test-time adaptation: how wide areas must be on this layer, so that they hold 50 and 80 % of its
truths, and how much the layer's past counts.

The model forecasts from earlier fixes of the layer's tracks, where the truth is known (a backtest).
By kind of context the errors give two level shifts (a conformal correction): areas are taken at
other levels of the mixture. In days of fleets the mixture gives way to the one with more weight for
continuations as far as that lowers the mean error. Both are fitted by locality, so that tracks
elsewhere change nothing, and from what was known by the time of each query.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import chained, content_hash, flattened
from ..geodesy import on_sphere
from ..tracks import Tracks
from .areas import NOMINAL_LEVELS
from .context import ContextKind, ContextQueries


class Settings:
    """How the backtest is drawn, and how much its errors weigh."""

    max_contexts: int = 320  # at most so many contexts of a locality are backtested;
    few_contexts: int = 8  # below that, so many
    share: float = 0.5  # plus this share of those that can be
    splits: int = 12  # at most so many earlier fixes of a context from which a backtest forecasts,
    fixes_a_split: int = 16  # and no more than one in so many, since neighbouring fixes are alike
    horizons: int = 6  # at most so many from one of these fixes
    earliest: float = 0.45  # share of a track before the first of them
    min_fixes: int = 10  # of a track that is backtested
    tolerance: float = 0.3  # of a horizon: the true fix lies so near to the queried time
    min_queries: int = 30  # of a kind of context; fewer change nothing
    # a locality with fewer possible ones is not backtested: half are known in time
    worth_queries: int = 60
    prior_queries: float = 50.0  # the weight of no change, in queries
    # share of the mean error that more past must take away to replace the mixture
    full_gain: float = 0.05
    time_steps: int = 16  # steps of time in which queries share their changes
    cell_deg: float = 0.1  # last fixes are binned into cells of this size;
    linked_m: float = 25_000.0  # cells with centres nearer than this are one locality


NOTHING = np.zeros(0, np.int64), np.zeros(0, np.int64)


@dataclass(frozen=True)
class BacktestQueries:
    """Queries about the past of tracks. queries: of contexts that end at an earlier fix. t: (q,)
    epoch ms, when the truth was known. lon, lat: (q,) degrees, where the track was. locality: (q,)
    the locality whose areas it adapts.
    """

    queries: ContextQueries
    t: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    locality: np.ndarray


def localities_of(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Numbers (n,) of the localities of positions (n,) in degrees: cells that lie near each other
    are one locality.
    """
    cells, cell = np.unique(
        np.floor(np.stack([lon, lat], axis=1) / Settings.cell_deg), axis=0, return_inverse=True
    )
    return chained(on_sphere(*((cells + 0.5) * Settings.cell_deg).T), Settings.linked_m)[
        cell.ravel()
    ]


def backtest_queries(tracks: Tracks, queries: ContextQueries) -> BacktestQueries:
    """Draw queries about the past of the contexts of `queries`, over the same horizons, by the
    content of their fixes and how many tracks their locality has. Tracks of few fixes and places
    with few possible queries are left out.
    """
    s, (begin, end, context, horizon_s) = Settings, queries
    last, length = end - 1, end - begin
    locality = localities_of(tracks.lon[last], tracks.lat[last])
    seed = content_hash(tracks.t[last], tracks.lon[last], tracks.lat[last], length)
    max_splits = np.minimum(
        s.splits, 1 + ((1 - s.earliest) * length).astype(int) // s.fixes_a_split
    )
    max_queries = max_splits * np.minimum(np.bincount(context, minlength=len(length)), s.horizons)
    max_queries[length < s.min_fixes] = 0
    able = np.flatnonzero(
        (max_queries > 0) & (np.bincount(locality, max_queries)[locality] >= s.worth_queries)
    )
    able = able[np.lexsort((seed[able], locality[able]))]
    n_able = np.bincount(locality[able], minlength=locality.max(initial=0) + 1)
    budget = np.minimum(s.few_contexts + s.share * n_able, s.max_contexts)
    # within its locality
    rank = np.arange(len(able)) - np.searchsorted(locality[able], locality[able])
    drawn = able[rank < budget[locality[able]]]
    n_splits = np.maximum(np.round(budget / np.maximum(n_able, 1)), 1).astype(int)
    n_splits = np.minimum(n_splits[locality[drawn]], max_splits[drawn])

    order = np.argsort(context, kind="stable")
    horizons = np.split(horizon_s[order], np.searchsorted(context[order], np.arange(1, len(end))))
    found = [
        # a loop over contexts, not fixes
        _draw_past(tracks.t[begin[c] : end[c]], np.unique(horizons[c]), n, seed[c])
        for c, n in zip(drawn, n_splits, strict=True)
    ]
    (part, split), (part_of_query, query_split), (_, truth) = (
        map(flattened, zip(*found)) if found else [NOTHING] * 3
    )
    query_split += np.searchsorted(part, part_of_query)
    used, query = np.unique(query_split, return_inverse=True)
    c = drawn[part[used]]
    stop, truth = begin[c] + split[used] + 1, begin[drawn[part_of_query]] + truth
    ahead_s = (tracks.t[truth] - tracks.t[stop - 1][query]) / 1000.0
    past = ContextQueries(begin[c], stop, query, ahead_s)
    return BacktestQueries(
        past, tracks.t[truth], tracks.lon[truth], tracks.lat[truth], locality[c][query]
    )


def _draw_past(
    t: np.ndarray, horizons_s: np.ndarray, n_splits: int, seed: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows (s,) of a context t (n,) from which to forecast; of queries (q,) which of these, and
    that of the truth.
    """
    start, stop = (
        int(Settings.earliest * len(t)),
        int(np.searchsorted(t, t[-1] - 1000 * horizons_s[0], side="right")),
    )
    if stop <= start:
        return NOTHING[0], *NOTHING
    draw = content_hash(seed, np.arange(n_splits))
    splits = np.unique(start + (draw % np.uint64(stop - start)).astype(np.int64))
    order = np.argsort(content_hash(seed, splits[:, None], np.arange(len(horizons_s))), axis=1)
    ahead_s = horizons_s[order[:, : Settings.horizons]]
    wanted = t[splits][:, None] + 1000.0 * ahead_s
    at = np.clip(np.searchsorted(t, wanted), 1, len(t) - 1)
    at -= wanted - t[at - 1] < t[at] - wanted
    known = (at > splits[:, None]) & (np.abs(t[at] - wanted) <= Settings.tolerance * 1000 * ahead_s)
    return splits, np.nonzero(known)[0], at[known]


@dataclass(frozen=True)
class BacktestErrors:
    """The errors of n backtest queries, by the mixture (0) and by the one with more past (1). kind:
    (n,) ContextKind. for_areas: (n,) bool, whether areas are for such a case. error_m: (2, n)
    metres from the point to the truth. excess: (2, 2, n) logit of the level of the smallest
    highest-density set that holds the truth, minus those of the two areas. t: (n,) epoch ms, when
    the truth was known. locality: (n,).
    """

    kind: np.ndarray
    for_areas: np.ndarray
    error_m: np.ndarray
    excess: np.ndarray
    t: np.ndarray
    locality: np.ndarray


def fit(
    backtest: BacktestErrors, locality: np.ndarray, t: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What a backtest changes for queries in localities (m,) whose last fixes are at t (m,) epoch
    ms, by kind: logits by which the levels of areas move (m, kinds, 2), and the share of the
    mixture with more past (m, kinds).

    It is fitted by locality to the truths of the backtest that were known when a step of time
    begins.
    """
    shift, share = np.zeros((len(t), len(ContextKind), 2)), np.zeros((len(t), len(ContextKind)))
    for p in np.intersect1d(backtest.locality, locality):
        in_locality, rows = backtest.locality == p, np.flatnonzero(locality == p)
        parts = np.linspace(0, 1, Settings.time_steps + 1)[:-1]
        known_until = np.unique(np.quantile(t[rows], parts, method="lower"))
        step = np.searchsorted(known_until, t[rows], side="right") - 1
        for i, end in enumerate(known_until):
            for kind in ContextKind:
                fitted = _fit_kind(
                    backtest, in_locality & (backtest.t <= end) & (backtest.kind == kind)
                )
                shift[rows[step == i], kind], share[rows[step == i], kind] = fitted
    return shift, share


def _fit_kind(backtest: BacktestErrors, chosen: np.ndarray) -> tuple[np.ndarray, float]:
    """The shift (2,) after which 50 and 80 % of the truths chosen (n,) lie inside, and the share of
    the mixture with more past, 1 where it takes away full_gain of the mean error. Both times n / (n
    + prior_queries); zero for few.
    """
    s, share, n = Settings, 0.0, np.count_nonzero(chosen)
    if n >= s.min_queries:
        before, after = backtest.error_m[:, chosen].mean(axis=1)
        gain = (1 - after / max(before, 1e-9)) * (n / (n + s.prior_queries))
        share = float(np.clip(gain / s.full_gain, 0, 1))
    excess = backtest.excess[..., chosen & backtest.for_areas]
    if (n := excess.shape[-1]) < s.min_queries:
        return np.zeros(2), share
    levels = zip(np.moveaxis(excess, 1, 0), NOMINAL_LEVELS, strict=True)
    plain, past = np.transpose([np.quantile(each, level, axis=-1) for each, level in levels])
    return (plain + share * (past - plain)) * (n / (n + s.prior_queries)), share


def shifted(level: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Levels (2, …) moved by shifts (2, …) in logits, the larger one never under the smaller."""
    return np.maximum.accumulate(1.0 / (1.0 + np.exp(-logit(level) - shift)), axis=0)


def logit(p: np.ndarray) -> np.ndarray:
    """Log odds of p, which is kept off zero and one."""
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.log(p / (1 - p))
