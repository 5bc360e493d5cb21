# SPDX-License-Identifier: GPL-2.0-or-later
"""The model against the simple methods on somebody's own tracks: what would it have said, what would they?

Questions are asked in time folds from moments of which the answer is known: the fix nearest to each horizon. Nothing is
trained; the one figure that a simple method needs, the pull toward the median place, is fitted on other users.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ..bundle.runtime import Model
from ..errors import InputError, Progress, no_progress, part_of
from ..forecasting.context import bins_s
from ..forecasting.predict import Forecasts, forecast_from
from ..tracks import Tracks
from .baselines import cross_fitted_pull, simple_methods
from .metrics import MODEL, measure
from .plots import horizon_words
from .windows import BIN_MS, CONTEXT_BINS, Windows, draw, last_of_bins

MOST = 2000  # questions' windows
PER_USER = 40  # windows a user at most
LOOKED_AT = 8  # candidates for each window that is wanted: not every fix has an answer
RECENT = 64  # fixes of context at the horizon's own pace; older ones by the quarter of an hour
FEW = 30  # answers; fewer say nothing
FEW_USERS = 6  # or parts of their time, which intervals draw: of five all agree by chance once in sixteen
SAME_M = 1.0  # errors below are no difference
STAYING = "saying that it stays where it is"
WORDS = {
    "persistence": "staying",
    "same time before": "where it was at that time of an earlier day",
    "most frequent place at that hour": "where it is most often at that hour",
    "Markov chain over places": "where it mostly goes from there",
    "toward the median place": "on the way back to the middle of its places",
}
VELOCITY = re.compile(r"constant velocity, (last step|last \d+ steps)(?:, fading over (\d+) s)?")


@dataclass(frozen=True)
class Backtest:
    """w: the windows. fold: (w,) from 0. answer: the model's forecasts. figures: metrics.py's. verdicts: one
    sentence a horizon. apart: whether each track of nobody counts as a user.
    """

    w: Windows
    fold: np.ndarray
    answer: Forecasts
    figures: dict
    verdicts: list[str]
    apart: bool


def backtest(
    tracks: Tracks, model: Model, horizons_s: np.ndarray, folds: int = 5, progress: Progress = no_progress,
    seed: int = 0,
) -> Backtest:  # fmt: skip
    """Ask the model and the simple methods at `horizons_s` (h,) ascending, from `folds` parts of the time.

    InputError where no fix has another one at any of the horizons.
    """
    users = tracks.apart().by_user()
    w, fold, last = cut_windows(users, np.asarray(horizons_s, np.float64), folds, seed)
    progress(0.1)
    row = np.nonzero(w.known)[0]
    answer = forecast_from(
        users, model, w.user[row], last[row] + 1, w.asked[w.known], part_of(progress, 0.1, 0.7), with_areas=True
    )
    progress(0.7)
    several = len(np.unique(w.user)) >= FEW_USERS
    group = w.user if several else w.user * folds + fold  # who or what is drawn for the intervals
    pull = cross_fitted_pull(w.t, w.lon, w.lat, w.asked, w.true_lon, w.true_lat, group, seed)
    simple = simple_methods(w.t, w.lon, w.lat, w.asked, pull)
    progress(0.9)
    figures = measure(w, simple, answer, {}, group, seed, part_of(progress, 0.9, 1.0))
    progress(1.0)
    return Backtest(w, fold, answer, figures, [verdict(h) for h in figures["horizons"]], tracks.anonymous)


def verdict(h: dict) -> str:
    """One plain sentence on a horizon's figures: use the model, a simple method, or nothing clearly beats staying."""
    at, best = f"At {horizon_words(h['horizon_s'])}: ", h["best_simple"]
    if h["cases"] < FEW:
        return f"{at}too few answers to say ({h['cases']})."
    if h["groups"] < FEW_USERS:
        return f"{at}too few people to say ({_people(h)}; at least {FEW_USERS} are needed)."
    words, (low, high) = in_words(best), h["interval"]
    simple = f"the best simple method ({words})"
    if same(h):
        return f"{at}use either: the model and {simple} are both less than a metre off."
    if high < 1 and _percent(h["ratio"]) != "0 %":
        return f"{at}use the model: it is {_percent(h['ratio'])} nearer than {simple}."
    worse = low > 1 and _percent(h["ratio"]) != "0 %"
    by_model, by_simple = (h[beaten][1] < 1 for beaten in ("over_staying", "best_over_staying"))
    if by_model and not by_simple and not worse:
        nearer = _percent(h["methods"][MODEL]["mean_m"] / h["methods"]["persistence"]["mean_m"])
        return (
            f"{at}use the model or a simple method ({words}): neither is clearly nearer than the other, and only the "
            f"model is clearly nearer than {STAYING}, by {nearer}."
        )
    far = f"{_percent(h['ratio'])} farther off" if worse else "neither clearly better nor clearly worse"
    if by_model or by_simple:
        return f"{at}use a simple method ({words}); the model is {far}."
    if best == "persistence":
        return f"{at}nothing {'' if worse else 'clearly '}beats {STAYING}; the model is {far}."
    return f"{at}nothing clearly beats {STAYING}; the model is {far} than {simple}."


def same(h: dict) -> bool:
    """Whether model and best simple method are as near as can be told, as where nothing moves."""
    return max(h["mean_m"], h["best_simple_mean_m"]) < SAME_M


def _percent(ratio: float) -> str:
    return f"{100 * abs(1 - ratio):.0f} %"


def _people(h: dict) -> str:
    users = f"{h['people']} user{'s' * (h['people'] != 1)}"
    return users if h["groups"] == h["people"] else f"{users} in {h['groups']} parts of the time"


def in_words(method: str) -> str:
    """A simple method's name for people who read it for the first time."""
    found = VELOCITY.fullmatch(method)
    if found is None:
        return WORDS.get(method, method)
    fading = f", slower and slower over {horizon_words(float(found[2]))}" if found[2] else ""
    return f"straight on as fast as in the {found[1]}{fading}"


def cut_windows(
    tracks: Tracks, horizons_s: np.ndarray, folds: int, seed: int = 0
) -> tuple[Windows, np.ndarray, np.ndarray]:
    """Windows of users' tracks, the time fold (w,) that each asks from, and the row (w,) of its last fix; about as many
    from every fold and user.
    """
    if folds < 1:
        raise InputError(f"FOLDS must be 1 or more, not {folds}.")
    t, user = tracks.t, tracks.user.astype(np.int64)
    edges = np.quantile(t, np.linspace(0, 1, folds + 1)[1:-1]) if len(t) else []
    fold = np.searchsorted(edges, t, side="right")
    group = user * folds + fold
    each = max(min(MOST // max(len(np.unique(group)), 1), PER_USER // folds), 1)
    first = tracks.user_offsets[user]
    may = np.flatnonzero(np.arange(len(t)) - first >= 2)  # three fixes say how something moves
    may = may[draw(group[may], LOOKED_AT * MOST, LOOKED_AT * each, seed)]
    goal, known = _answers(tracks, may, horizons_s)
    some = np.flatnonzero(known.any(axis=1))
    some = some[draw(group[may[some]], MOST, each, seed)]
    if not len(some):
        spans = " to ".join(dict.fromkeys(horizon_words(s) for s in horizons_s[[0, -1]]))
        raise InputError(
            f"No fix has another one of its user {spans} later: choose HORIZON and STEP as the tracks have fixes."
        )
    end, goal, known = may[some], goal[some], known[some]
    kept = _contexts(tracks, end, horizons_s)
    length = np.array([len(k) for k in kept])
    real = np.arange(length.max()) >= length.max() - length[:, None]
    at = np.zeros(real.shape, np.int64)
    at[:] = np.array([k[0] for k in kept])[:, None]
    at[real] = np.concatenate(kept)
    nominal = t[end][:, None] + (1000 * horizons_s).astype(np.int64)
    lon, lat = (np.where(real, a[at], np.nan) for a in (tracks.lon, tracks.lat))
    true_lon, true_lat = (np.where(known, a[goal], np.nan) for a in (tracks.lon, tracks.lat))
    asked = np.where(known, t[goal], nominal)
    return Windows("backtest", user[end], t[at], lon, lat, horizons_s, asked, true_lon, true_lat), fold[end], end


def _answers(tracks: Tracks, end: np.ndarray, horizons_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each fix `end` (m,) and horizon the row of the user's nearest fix, and whether it is near enough: (m, h).

    Near enough is half a step, so that no fix answers for two horizons.
    """
    step_ms = 1000 * min(np.diff(horizons_s, prepend=0.0))
    wanted = tracks.t[end][:, None] + (1000 * horizons_s).astype(np.int64)
    low, high = int(tracks.t.min()), int(wanted.max(initial=int(tracks.t.max())))
    span, user = high - low + 1, tracks.user.astype(np.int64)
    right = np.searchsorted(user * span + tracks.t - low, user[end][:, None] * span + wanted - low)
    last = tracks.user_offsets[user[end] + 1][:, None] - 1
    right = np.clip(right, end[:, None], last)
    left = np.clip(right - 1, end[:, None], last)
    before, after = (np.abs(tracks.t[at] - wanted) for at in (left, right))
    goal = np.where(before <= after, left, right)
    return goal, (np.minimum(before, after) < step_ms / 2) & (goal > end[:, None])


def _contexts(tracks: Tracks, end: np.ndarray, horizons_s: np.ndarray) -> list[np.ndarray]:
    """The rows that the simple methods look at: RECENT last fixes of bins, as the forecast takes them, for the farthest
    of the horizons_s (h,) in each of its bands, and before those one in each quarter of an hour, ten days back.
    """
    t, first = tracks.t, tracks.user_offsets[tracks.user[end]]
    quarters = last_of_bins(tracks)
    paces = np.maximum(1000 * bins_s(horizons_s), 1.0)
    recent = np.maximum(_search(tracks, end, (t[end] - 4 * RECENT * paces[-1]).astype(np.int64)), first)
    oldest = np.maximum(_search(tracks, end, t[end] - CONTEXT_BINS * BIN_MS), first)
    kept = []
    for e, near, far in zip(end, recent, oldest, strict=True):  # a context, not a fix, at a time
        back = ((t[e] - t[near : e + 1]) / paces[:, None]).astype(np.int64)
        new = [np.flatnonzero(np.append(b[:-1] != b[1:], True))[-RECENT:] for b in back]
        rows = np.unique(np.concatenate(new)) + near
        days = quarters[np.searchsorted(quarters, far) : np.searchsorted(quarters, rows[0])]
        kept.append(np.concatenate([days, rows]))
    return kept


def _search(tracks: Tracks, row: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The first row at or after the times `wanted` (m,) ms of the users of the fixes `row` (m,)."""
    low = min(int(tracks.t.min()), int(wanted.min()))
    span = int(tracks.t.max()) - low + 2
    user = tracks.user.astype(np.int64)
    return np.searchsorted(user * span + tracks.t - low, user[row] * span + wanted - low)
