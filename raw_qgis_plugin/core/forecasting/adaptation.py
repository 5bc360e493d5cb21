# SPDX-License-Identifier: GPL-2.0-or-later
"""What the past of tracks says of forecasts of them: how far to go from the baseline and toward retrieved ways, and how
wide areas are.

The model is asked where the same tracks went from some of their earlier fixes, which is known. Where it expects little
gain over its baseline and such gains did not come true, forecasts shrink toward the baseline; they lean toward
retrieved ways (neighbours.py) as far as that helped there; areas are made to hold their share. So tracks unlike
those of training get forecasts that trust the model as far as it has earned it. A forecast learns only from what was
known by the time of its last fix: that of a track which ended last week is what would have been said then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..tracks import Tracks
from .mixture import LEVELS, Mixture

# Expected gains from which the point is the model's own; where it is infinite the baseline is the forecast.
THRESHOLDS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 1.0, 2.0, np.inf)
BASELINES = 2  # staying, and going on at a fading velocity: the one that the model corrects, and the other
UNASKED = 0.1  # where the past says nothing; on taxis it costs two thousandths of the error
WEIGHED = "weighed "  # is the past in the model's own answer, it goes all the way where nothing says otherwise
SUPPORTS = (2.0, 5.0, 12.0, 30.0, 100.0, np.inf)  # of retrieved ways that count as much as the model
UNTRIED = 5.0  # where the past says nothing
STUBBORN = 10.0  # questions of the past that it takes to go a step from it
PRIOR = 10.0  # how many questions of the past speak for UNASKED
FEWEST = 40  # questions of the past from which anything is learned
DESIGN_EFFECT = 3.0  # of questions about areas: so many on the same tracks tell as much as one drawn on its own
CONTEXTS, SPLITS, HORIZONS = 480, 12, 6  # at most, in all, of one context, and of one split
LATER = 0.45  # only fixes after this share of a context are asked
LEAST = 10  # fixes of a context with a past
NEAR = 0.3  # of a horizon: a truth lies as near to the time asked
TRIPS = "trips"
BANDS_S = (30.0, 120.0)  # horizons of trips that are judged apart
STEPS = 16  # in time, in which questions learn together


@dataclass(frozen=True)
class PastQuestions:
    """Questions whose answers are known. begin, end: (p,) rows of the tracks, contexts cut short. context: (q,) int.
    horizon_s: (q,) seconds. t: (q,) epoch ms, when the answer was known. lon, lat: (q,) degrees, where they were.
    """

    begin: np.ndarray
    end: np.ndarray
    context: np.ndarray
    horizon_s: np.ndarray
    t: np.ndarray
    lon: np.ndarray
    lat: np.ndarray


def past_questions(
    tracks: Tracks, begin: np.ndarray, end: np.ndarray, context: np.ndarray, horizon_s: np.ndarray
) -> PastQuestions:
    """Draw questions about the past of contexts, rows begin … end of the tracks, as far ahead as `horizon_s` (m,) asks
    of `context` (m,). The same contexts give the same draw.
    """
    rng = np.random.default_rng(0)
    many = np.flatnonzero(end - begin >= LEAST)
    some = np.sort(rng.permutation(many)[:CONTEXTS])
    by_context = np.argsort(context, kind="stable")
    first = np.searchsorted(context[by_context], np.arange(len(end) + 1))
    cut, found, count = [], [], 0
    for c in some:  # a context, not a fix, at a time
        horizons = np.unique(horizon_s[by_context[first[c] : first[c + 1]]])
        t = tracks.t[begin[c] : end[c]]
        last = int(np.searchsorted(t, t[-1] - 1000 * horizons[0], side="right"))
        low = int(LATER * len(t))
        if last <= low:
            continue
        splits = np.unique(rng.integers(low, last, min(SPLITS, -(-CONTEXTS // len(some)))))
        ahead = rng.permuted(np.tile(horizons, (len(splits), 1)), axis=1)[:, :HORIZONS]
        wanted = t[splits][:, None] + 1000.0 * ahead
        at = np.clip(np.searchsorted(t, wanted), 1, len(t) - 1)
        at -= wanted - t[at - 1] < t[at] - wanted
        known = (at > splits[:, None]) & (np.abs(t[at] - wanted) <= NEAR * 1000 * ahead)
        cut.append(np.column_stack([np.full(len(splits), begin[c]), begin[c] + splits + 1]))
        split, column = np.nonzero(known)
        row = begin[c] + at[split, column]
        found.append(np.column_stack([count + split, row, begin[c] + splits[split]]))
        count += len(splits)
    rows = np.concatenate(cut) if cut else np.zeros((0, 2), np.int64)
    asked, truth, fix = np.concatenate(found).T if found else np.zeros((3, 0), np.int64)
    used, asked = np.unique(asked, return_inverse=True)
    ahead_s = (tracks.t[truth] - tracks.t[fix]) / 1000.0
    return PastQuestions(
        rows[used, 0], rows[used, 1], asked, ahead_s, tracks.t[truth], tracks.lon[truth], tracks.lat[truth]
    )


def expected_error(m: Mixture, point: np.ndarray) -> np.ndarray:
    """Metres (n,) that the points (n, 2) will be off, as the mixture sees it."""
    away = np.square(point[:, None] - m.centre).sum(-1)
    return (np.sqrt(away + m.scale**2) * m.weight).sum(axis=1)


def expected_gain(m: Mixture, point: np.ndarray, base: np.ndarray) -> np.ndarray:
    """The share (n,) of the baseline's expected error that the points (n, 2) save, as the mixture sees it."""
    return 1.0 - expected_error(m, point) / np.maximum(expected_error(m, base), 1e-9)


def shrink(m: Mixture, point: np.ndarray, base: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    """The points (n, 2), nearer to the baseline (n, 2) the less gain is expected: as they are from the thresholds (n,)
    or (n, k) on, at the baseline where none is expected. (n, 2) or (n, k, 2).
    """
    gain = expected_gain(m, point, base).reshape(-1, *[1] * (threshold.ndim - 1))
    whole = np.where(threshold > 0, gain / np.maximum(threshold, 1e-9), 1.0)
    way = (point - base).reshape(len(point), *[1] * (threshold.ndim - 1), 2)
    return base.reshape(way.shape) + way * np.clip(whole, 0.0, 1.0)[..., None]


def toward(point: np.ndarray, went: np.ndarray, support: np.ndarray, equal: np.ndarray) -> np.ndarray:
    """The points (n, k, 2), nearer to where the layer's past leads, went (n, 2), the more support (n,) that has:
    halfway where it is as much as `equal`, (n, e) or (1, e). (n, k, e, 2).
    """
    share = (support[:, None] / (support[:, None] + equal))[:, None, :, None]
    point = point[:, :, None]
    return point + share * (went[:, None, None] - point)


def groups(kind: np.ndarray, horizon_s: np.ndarray, weighed: np.ndarray) -> np.ndarray:
    """What is judged together: kinds of contexts (n,), trips by horizon too, and apart where the model has weighed
    (n,) the layer's past. (n,) words.
    """
    band = np.searchsorted(BANDS_S, horizon_s).astype(str)
    kind = np.where(kind == TRIPS, np.char.add(f"{TRIPS} ", band), kind)
    return np.where(weighed, np.char.add(WEIGHED, kind), kind)


def untaught(group: str) -> tuple[float, float]:
    """The threshold and the support that count in a group of whose past nothing is known."""
    return (0.0, np.inf) if group.startswith(WEIGHED) else (UNASKED, UNTRIED)


@dataclass
class Lessons:
    """What the past taught, by group: the row of the baseline, the threshold and the support that count, what radii are
    multiplied by (2,), and what is added to the logits of the areas' shares (2,).
    """

    trust: dict[str, tuple[int, float, float]] = field(default_factory=dict)
    factor: dict[str, np.ndarray] = field(default_factory=dict)
    shift: dict[str, np.ndarray] = field(default_factory=dict)

    def point(
        self, group: np.ndarray, m: Mixture, point: np.ndarray, bases: np.ndarray, went: np.ndarray, support: np.ndarray
    ) -> np.ndarray:
        """The forecasts (n, 2) of groups (n,) from the model's points (n, 2), the baselines (n, BASELINES, 2), and
        where the layer's past leads, went (n, 2), by its support (n,).
        """
        row, threshold, equal = _looked_up(self.trust, group, lambda name: (0, *untaught(name))).T
        own = shrink(m, point, bases[np.arange(len(point)), row.astype(int)], threshold)
        return toward(own[:, None], went, support, equal[:, None])[:, 0, 0]

    def areas(self, group: np.ndarray, calibrated: np.ndarray) -> np.ndarray:
        """Factors and shares (4, n) as calibrated in training, as the past of these tracks has them."""
        factor = _looked_up(self.factor, group, lambda _: np.ones(2)).T
        shift = _looked_up(self.shift, group, lambda _: np.zeros(2)).T
        return np.concatenate([calibrated[:2] * factor, _share(_logit(calibrated[2:]) + shift)])


@dataclass(frozen=True)
class Marks:
    """How n questions about the past were answered.

    group: (n,). error_m: (n, BASELINES, THRESHOLDS, SUPPORTS). over_radius: (n, 2) error over the radii of 50 and
    80 % as they come from the mixture. depth: (n,) least share of the mixture that holds the truth. calibrated: (4, n)
    factors and shares of training. moved: (n,) bool, the truth is not just the last fix again.
    """

    group: np.ndarray
    error_m: np.ndarray
    over_radius: np.ndarray
    depth: np.ndarray
    calibrated: np.ndarray
    moved: np.ndarray


def learn(m: Marks, known: np.ndarray) -> Lessons:
    """What the questions `known` (n,) bool teach."""
    lessons = Lessons()
    for name in np.unique(m.group[known]):
        own = known & (m.group == name)
        if own.sum() >= FEWEST:
            lessons.trust[name] = _trusted(name, m.error_m[own])
        if TRIPS not in name:
            own &= m.moved  # areas of days are for who moves, as in calibration
        if own.sum() >= FEWEST:
            ratio = np.log(np.maximum(m.over_radius[own], 0.1) / m.calibrated[:2, own].T)
            logit = _logit(m.depth[own])[:, None] - _logit(m.calibrated[2:, own].T)
            lessons.factor[name] = np.exp(_beyond_chance(ratio))
            lessons.shift[name] = _beyond_chance(logit)
    return lessons


def _trusted(name: str, error_m: np.ndarray) -> tuple[int, float, float]:
    """The way of `Lessons.trust` with the least of the errors (n, BASELINES, THRESHOLDS, SUPPORTS) of a group's
    questions, as shares of that of the usual way; the fewer there are, the less likely is another one.
    """
    if TRIPS in name:  # who rests between two trips teaches nothing of the way
        error_m = error_m[:, :1]
    threshold, support = untaught(name)
    usual = THRESHOLDS.index(threshold), SUPPORTS.index(support)
    row, step, lean = np.ogrid[tuple(map(slice, error_m.shape[1:]))]
    unlikely = PRIOR * (row + np.minimum(np.abs(np.array(THRESHOLDS)[step] - threshold), 1.0))
    unlikely = unlikely + STUBBORN * np.abs(lean - usual[1])
    mean = error_m.mean(axis=0)
    cost = mean / max(mean[0][usual], 1e-9) + unlikely / len(error_m)
    best = np.unravel_index(np.argmin(cost), cost.shape)
    return int(best[0]), THRESHOLDS[best[1]], SUPPORTS[best[2]]


def _beyond_chance(values: np.ndarray) -> np.ndarray:
    """What to add (2,) so that the share of each level is at or under it, of values (n, 2) of which that share should
    be at or under zero: as much of it as chance does not explain, by James and Stein's estimator (Proc. Fourth Berkeley
    Symp. 1, 1961), its positive part.
    """
    level = np.array(LEVELS)
    chance = level * (1 - level) * DESIGN_EFFECT / len(values)
    off = np.square((values <= 0).mean(axis=0) - level) / chance
    missing = np.array([np.quantile(column, share) for column, share in zip(values.T, level, strict=True)])
    return missing * max(0.0, 1.0 - 1.0 / max(off.mean(), 1e-9))


def in_steps(until: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Steps in time of questions (n,) that know the past up to `until` epoch ms: up to when all of a step know it, and
    the step of each (n,).
    """
    edges = np.unique(np.quantile(until, np.linspace(0, 1, STEPS + 1)[:-1], method="lower"))
    return edges, np.searchsorted(edges, until, side="right") - 1


def _looked_up(table: dict, group: np.ndarray, otherwise: Callable[[str], object]) -> np.ndarray:
    names, code = np.unique(group, return_inverse=True)
    return np.array([table[name] if name in table else otherwise(name) for name in names])[code]


def _logit(p: np.ndarray) -> np.ndarray:
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.log(p / (1 - p))


def _share(logit: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-logit))
