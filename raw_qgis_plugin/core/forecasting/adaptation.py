# SPDX-License-Identifier: GPL-2.0-or-later
"""How areas come to hold 50 and 80 % of the truths: the card's calibration, then the layer's past.

`calibrated` reads the card: which levels the areas of a kind of context and a horizon take, so that
they hold their share on tracks that the model was not trained on (model/training/calibrate.py).

A backtest then adapts them to the layer (test-time adaptation). The model forecasts from earlier
fixes of the layer's tracks, where the truth is known. By kind of context, the errors give two level
shifts (a conformal correction). In days of fleets the mixture gives way to the one with more weight
for continuations, as far as that lowers the mean error. Both are fitted by locality, so that tracks
elsewhere change nothing, and from what was known by the time of each query.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, chained, content_hash
from ..geodesy import on_sphere
from ..tracks import Tracks
from .areas import NOMINAL_LEVELS
from .context import ContextKind, ContextQueries


class Settings:
    """How the backtest is drawn, and how much its errors weigh."""

    max_contexts: int = 320  # most contexts of a locality that are backtested
    few_contexts: int = 8  # so many are in any case, if there are as many that can be
    share: float = 0.5  # of the contexts that can be backtested, which are beside those
    splits: int = 12  # most earlier fixes of a context from which a backtest forecasts
    fixes_a_split: int = 16  # fixes of a context for each of them: neighbouring fixes are alike
    horizons: int = 6  # most horizons from one of these fixes
    earliest: float = 0.45  # share of a track before the first of them
    min_fixes: int = 10  # of a track that is backtested
    tolerance: float = 0.3  # of a horizon: the true fix lies so near to the queried time
    min_queries: int = 30  # of a kind of context; fewer change nothing
    worth_queries: int = 60  # of a locality that is backtested: half are known in time
    prior_queries: float = 50.0  # the weight of no change, in queries
    full_gain: float = 0.05  # share of the error after which more past replaces the mixture
    time_steps: int = 16  # steps of time in which queries share their changes
    cell_deg: float = 0.1  # last fixes are binned into cells of this size
    linked_m: float = 25_000.0  # cells with centres nearer than this are one locality


@dataclass(frozen=True)
class Calibration:
    """How areas hold their share on units that the model was not trained on."""

    factor: Array  # (2, m) what the two radii are multiplied by
    level: Array  # (2, m) the levels that the two areas take


def calibrated(tables: dict, kind: Array, horizon_s: Array) -> Calibration:
    """The calibration of queries by the tables of the model's card, for kinds and horizons (m,)."""
    level = np.repeat(np.reshape(NOMINAL_LEVELS, (2, 1)), len(kind), axis=1)
    factor = np.ones_like(level)
    at = np.log(np.maximum(horizon_s, 0.1))

    for k in np.unique(kind):
        table = tables.get(ContextKind(k).card_name, {})
        if not table.get("horizon_s"):
            continue

        rows = kind == k
        known = np.log(table["horizon_s"])

        for i, percent in enumerate((50, 80)):
            factor[i, rows] = np.interp(at[rows], known, table[f"factor{percent}"])
            level[i, rows] = np.interp(at[rows], known, table[f"share{percent}"])

    return Calibration(factor, level)


@dataclass(frozen=True)
class BacktestQueries:
    """Queries (q,) about the past of tracks, of contexts that end at an earlier fix."""

    queries: ContextQueries
    t: Array  # (q,) epoch ms, when the truth was known
    lon: Array  # (q,) degrees, where the track was
    lat: Array
    locality: Array  # (q,) the locality whose areas it adapts


def localities_of(lon: Array, lat: Array) -> Array:
    """Numbers (n,) of the localities of positions (n,) in degrees.

    A locality is all cells that lie near each other.
    """
    position = np.column_stack([lon, lat])
    cell_of = np.floor(position / Settings.cell_deg)
    cells, cell = np.unique(cell_of, axis=0, return_inverse=True)
    centre_lon, centre_lat = (cells.T + 0.5) * Settings.cell_deg
    locality = chained(on_sphere(centre_lon, centre_lat), Settings.linked_m)

    return locality[cell.ravel()]


def backtest_queries(tracks: Tracks, queries: ContextQueries) -> BacktestQueries:
    """Draw queries about the past of the contexts of `queries`, over the same horizons.

    They are drawn by the content of the fixes and by how many tracks the locality has. Tracks of
    few fixes and localities with few possible queries are left out.
    """
    last = queries.end - 1
    locality = localities_of(tracks.lon[last], tracks.lat[last])
    of, split, truth = _draw_queries(tracks, queries, locality)

    # What was true, and how far ahead that is
    t = tracks.t[truth]
    lon = tracks.lon[truth]
    lat = tracks.lat[truth]
    ahead_s = (t - tracks.t[split]) / 1000.0

    # Queries from one fix of a context share a context
    key = of * len(tracks) + split  # a context of the backtest
    _, first, context = np.unique(key, return_index=True, return_inverse=True)

    # It ends with that fix
    begin = queries.begin[of[first]]
    past = ContextQueries(begin, split[first] + 1, context, ahead_s)

    return BacktestQueries(past, t, lon, lat, locality[of])


def _draw_queries(tracks: Tracks, queries: ContextQueries, locality: Array) -> Array:
    """Of backtest queries (3, q): their contexts, and rows of the last fixes used and of truths."""
    last = queries.end - 1
    length = queries.end - queries.begin

    # What is drawn does not depend on ids or the order of rows
    seed = content_hash(tracks.t[last], tracks.lon[last], tracks.lat[last], length)
    horizons = _horizons_by_context(queries)
    drawn = [np.zeros((3, 0), np.int64)]

    for c, n_splits in _draw_contexts(queries, locality, seed):
        begin = queries.begin[c]
        t = tracks.t[begin : queries.end[c]]
        rows = begin + _draw_past(t, horizons[c], n_splits, seed[c])
        drawn.append(np.vstack([np.full(rows.shape[1], c), rows]))

    return np.hstack(drawn)


def _horizons_by_context(queries: ContextQueries) -> list[Array]:
    """The horizons in s of the queries of each context, each once, ascending."""
    order = np.argsort(queries.context, kind="stable")
    size = np.bincount(queries.context, minlength=len(queries.end))
    beginnings = np.cumsum(size)[:-1]
    parts = np.split(queries.horizon_s[order], beginnings)

    return [np.unique(part) for part in parts]


def _draw_contexts(
    queries: ContextQueries, locality: Array, seed: Array
) -> Iterator[tuple[int, int]]:
    """Contexts (c,) that are backtested, and from how many of their fixes, by locality and seed."""
    s = Settings
    length = queries.end - queries.begin
    fixes = ((1 - s.earliest) * length).astype(int)
    max_splits = np.minimum(s.splits, 1 + fixes // s.fixes_a_split)

    # How many queries a context could give
    n_horizons = np.bincount(queries.context, minlength=len(length))
    n_horizons = np.minimum(n_horizons, s.horizons)
    max_queries = max_splits * n_horizons
    max_queries[length < s.min_fixes] = 0
    of_locality = np.bincount(locality, max_queries)[locality]

    # Localities with few are left out
    able = (max_queries > 0) & (of_locality >= s.worth_queries)

    for place in np.unique(locality[able]):
        here = np.flatnonzero(able & (locality == place))
        here = here[np.argsort(seed[here], kind="stable")]
        budget = min(s.few_contexts + s.share * len(here), s.max_contexts)
        n_splits = max(round(budget / len(here)), 1)

        for c in here[: math.ceil(budget)]:
            yield c, min(n_splits, max_splits[c])


def _draw_past(t: Array, horizons_s: Array, n_splits: int, seed: Array) -> Array:
    """Queries about a context t (n,): rows (2, q) of the last fixes used, and of the truths."""
    start = int(Settings.earliest * len(t))
    latest = t[-1] - 1000 * horizons_s[0]
    stop = int(np.searchsorted(t, latest, side="right"))

    if stop <= start:
        return np.zeros((2, 0), np.int64)

    # Some earlier fixes, drawn by the content of the track
    draw = content_hash(seed, np.arange(n_splits)) % np.uint64(stop - start)
    split = np.unique(draw.astype(np.int64))[:, None]
    split += start

    # Some horizons from each of them
    draw = content_hash(seed, split, np.arange(len(horizons_s)))
    order = np.argsort(draw, axis=1)
    order = order[:, : Settings.horizons]
    ahead_ms = 1000.0 * horizons_s[order]
    wanted = t[split] + ahead_ms

    # The fix that is nearest to the time in question
    after = np.clip(np.searchsorted(t, wanted), 1, len(t) - 1)
    before = after - 1
    before_is_nearer = wanted - t[before] < t[after] - wanted
    truth = np.where(before_is_nearer, before, after)

    # It counts if it is near in time and later than the fix
    near = np.abs(t[truth] - wanted) <= Settings.tolerance * ahead_ms
    rows = np.stack(np.broadcast_arrays(split, truth))

    return rows[:, near & (truth > split)]


@dataclass(frozen=True)
class BacktestErrors:
    """The errors of backtest queries (n,), by the mixture (0) and by the one with more past (1)."""

    kind: Array  # (n,) ContextKind
    for_areas: Array  # (n,) bool, whether areas are for such a case
    error_m: Array  # (2, n) metres from the point to the truth
    excess: Array  # (2, 2, n) logit of the level that holds the truth, minus the two areas'
    t: Array  # (n,) epoch ms, when the truth was known
    locality: Array  # (n,)


@dataclass(frozen=True)
class Adjustments:
    """What a backtest changes for queries (m,), by kind of context."""

    shift: Array  # (m, kinds, 2) logits by which the levels of the two areas move
    past_share: Array  # (m, kinds) the share of the mixture with more past

    @classmethod
    def none(cls, m: int) -> Adjustments:
        """Nothing changes."""
        kinds = len(ContextKind)
        return cls(np.zeros((m, kinds, 2)), np.zeros((m, kinds)))


def fit(backtest: BacktestErrors, locality: Array, t: Array) -> Adjustments:
    """What a backtest changes for queries in localities (m,) with last fixes at t (m,) epoch ms.

    It is fitted by locality to the truths of the backtest that were known when a step of time
    begins.
    """
    result = Adjustments.none(len(t))
    parts = np.arange(Settings.time_steps) / Settings.time_steps

    for place in np.intersect1d(backtest.locality, locality):
        rows = np.flatnonzero(locality == place)
        known_until = np.unique(np.quantile(t[rows], parts, method="lower"))
        step = np.searchsorted(known_until, t[rows], side="right") - 1

        for i, until in enumerate(known_until):
            some = rows[step == i]
            known = (backtest.locality == place) & (backtest.t <= until)

            for kind in ContextKind:
                chosen = known & (backtest.kind == kind)
                share = _past_share(backtest.error_m[:, chosen])
                excess = backtest.excess[..., chosen & backtest.for_areas]
                result.past_share[some, kind] = share
                result.shift[some, kind] = _level_shift(excess, share)

    return result


def _past_share(error_m: Array) -> float:
    """The share of the mixture with more past: 1 where it takes away full_gain of the mean error.

    error_m: (2, n).
    """
    n = error_m.shape[1]
    if n < Settings.min_queries:
        return 0.0

    before, after = error_m.mean(axis=1)
    gain = _weight(n) * (1 - after / max(before, 1e-9))

    return float(np.clip(gain / Settings.full_gain, 0, 1))


def _level_shift(excess: Array, past_share: float) -> Array:
    """The shift (2,) after which 50 and 80 % of the truths lie inside. excess: (2, 2, n)."""
    n = excess.shape[-1]
    if n < Settings.min_queries:
        return np.zeros(2)

    low, high = NOMINAL_LEVELS
    low_shift = np.quantile(excess[:, 0], low, axis=-1)
    high_shift = np.quantile(excess[:, 1], high, axis=-1)
    plain, past = np.column_stack([low_shift, high_shift])

    return _weight(n) * (plain + past_share * (past - plain))


def _weight(n: int) -> float:
    """The weight of n queries beside that of no change."""
    return n / (n + Settings.prior_queries)


def shifted(level: Array, shift: Array) -> Array:
    """Levels (2, …) moved by shifts (2, …) in logits, the larger one never under the smaller."""
    moved = 1.0 / (1.0 + np.exp(-logit(level) - shift))
    return np.maximum.accumulate(moved, axis=0)


def logit(p: Array) -> Array:
    """Log odds of p, which is kept off zero and one."""
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.log(p / (1 - p))
