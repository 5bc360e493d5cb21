# SPDX-License-Identifier: GPL-2.0-or-later
"""A backtest of the model and the simple methods on the user's own tracks.

Queries start in time folds at fixes whose future is known; the truth is the fix nearest to each horizon. Nothing is
trained. The one parameter of a simple method, the pull toward the median place, is fitted on other users.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

import numpy as np

from ..arrays import nearest_row
from ..bundle.runtime import Model
from ..errors import InputError, Progress, no_progress, part_of
from ..forecasting.context import bin_lengths_s
from ..forecasting.predict import Prediction, Queries, predict
from ..tracks import Tracks
from .baselines import cross_fitted_pull, simple_methods
from .metrics import MODEL, measure
from .plots import horizon_words, metres_words
from .windows import BIN_MS, CONTEXT_BINS, Windows, draw, last_of_bins


@dataclass(frozen=True)
class BacktestSettings:
    """Numbers of windows, and the least evidence for a verdict."""

    max_windows: int = 2000
    max_per_user: int = 40
    candidates: int = 8  # fixes tried for each window, since not every fix has a truth
    recent_fixes: int = 64  # of the context, at the pace of the horizon; older ones by the quarter of an hour
    min_cases: int = 30
    min_groups: int = 6  # users, or parts of their time; five agree by chance once in sixteen
    same_m: float = 1.0  # smaller errors do not differ
    nearer: float = 0.8  # of the model's median error: a simple method with less is nearer in half of the cases


SETTINGS = BacktestSettings()
STAYING = "saying that it stays where it is"
WORDS = {
    "persistence": "staying",
    "same time before": "where it was at that time of an earlier day",
    "most frequent place at that hour": "where it is most often at that hour",
    "Markov chain over places": "where it mostly goes from there",
    "toward the median place": "on the way back to the middle of its places",
}


class Advice(Enum):
    """What to use, in short."""

    MODEL = "use the model"
    EITHER = "use the model or a simple method"
    SIMPLE = "use a simple method"
    SIMPLE_UNPROVED = "not proved better: use a simple method"
    NOTHING = "nothing beats staying"
    NOTHING_CLEARLY = "nothing clearly beats staying"
    FEW_ANSWERS = "too few answers to say"
    FEW_PEOPLE = "too few people to say"


@dataclass(frozen=True)
class Verdict:
    """What to use at one horizon. words: the advice and its figures. As text a sentence: 'At 5 min: use …'."""

    horizon_s: float
    advice: Advice
    words: str

    @property
    def horizon(self) -> str:
        """Such as '15 min'."""
        return horizon_words(self.horizon_s)

    def __str__(self) -> str:
        return f"At {self.horizon}: {self.words}"


def to_json(verdicts: Sequence[Verdict]) -> str:
    """Verdicts as text, to be stored with the table."""
    return json.dumps([(each.horizon_s, each.advice.name, each.words) for each in verdicts])


def from_json(text: str) -> list[Verdict]:
    """The verdicts of `to_json`. The text may come from anybody's project: none where it holds something else."""
    try:
        return [Verdict(float(at_s), Advice[advice], str(words)) for at_s, advice, words in json.loads(text)]
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError):
        return []


@dataclass(frozen=True)
class Backtest:
    """w: the windows. answer: the forecasts of the model. figures: of `measure`. verdicts: one a horizon.
    apart: whether each anonymous track counts as a user.
    """

    w: Windows
    answer: Prediction
    figures: dict
    verdicts: list[Verdict]
    apart: bool


def backtest(
    tracks: Tracks, model: Model, horizons_s: np.ndarray, folds: int = 5, progress: Progress = no_progress,
    seed: int = 0,
) -> Backtest:  # fmt: skip
    """Compare the model and the simple methods at `horizons_s` (h,) ascending, in `folds` parts of the time.

    Raises InputError if no fix has a truth at any horizon.
    """
    users = tracks.apart().by_user()
    w, fold, last = cut_windows(users, np.asarray(horizons_s, np.float64), folds, seed)
    progress(0.1)
    row = np.nonzero(w.known)[0]
    queries = Queries(w.user[row], w.query_t[w.known], last[row] + 1)
    answer = predict(users, model, queries, part_of(progress, 0.1, 0.7), with_areas=True)
    progress(0.7)
    person = w.user
    several = len(np.unique(person)) >= SETTINGS.min_groups
    group = person if several else person * folds + fold  # of the bootstrap intervals
    pull = cross_fitted_pull(w.t, w.lon, w.lat, w.query_t, w.true_lon, w.true_lat, group, seed)
    simple = simple_methods(w.t, w.lon, w.lat, w.query_t, pull)
    progress(0.9)
    figures = measure(w, simple, answer, {}, group, seed, part_of(progress, 0.9, 1.0))
    progress(1.0)
    return Backtest(w, answer, figures, [verdict(h) for h in figures["horizons"]], tracks.anonymous)


def verdict(h: dict) -> Verdict:
    """The verdict on the figures of a horizon: use the model, a simple method, or nothing clearly beats staying."""
    return Verdict(h["horizon_s"], *_advise(h))


def _advise(h: dict) -> tuple[Advice, str]:
    if h["cases"] < SETTINGS.min_cases:
        return Advice.FEW_ANSWERS, f"too few answers to say ({h['cases']})."
    if h["groups"] < SETTINGS.min_groups:
        return Advice.FEW_PEOPLE, f"too few people to say ({_people(h)}; at least {SETTINGS.min_groups} are needed)."
    best, (low, high) = h["best_simple"], h["interval"]
    words = in_words(best)
    simple = f"the best simple method ({words})"
    if same(h):
        return Advice.EITHER, f"use either: the model and {simple} are both less than a metre off."
    percent = _percent(h["ratio"])
    medians = {name: e["median_m"] for name, e in h["methods"].items() if "median_m" in e}
    found = nearer_in_half(medians)
    half = f" But in half of all cases a simple method is nearer: {found}." if found else ""
    if high < 1 and percent != "0 %":
        means = f"a mean error of {metres_words(h['mean_m'])} instead of {metres_words(h['best_simple_mean_m'])}"
        return Advice.MODEL, f"use the model: it is {percent} nearer than {simple}, with {means}.{half}"
    worse = low > 1 and percent != "0 %"
    model_beats, simple_beats = (h[name][1] < 1 for name in ("over_staying", "best_over_staying"))  # staying
    if model_beats and not simple_beats and not worse:
        nearer = _percent(h["methods"][MODEL]["mean_m"] / h["methods"]["persistence"]["mean_m"])
        return Advice.EITHER, (
            f"use the model or a simple method ({words}): neither is clearly nearer than the other, and only the "
            f"model is clearly nearer than {STAYING}, by {nearer}.{half}"
        )
    clear = model_beats or simple_beats  # better than staying
    than = "" if clear or best == "persistence" else f" than {simple}"
    far = f"{percent} farther off{than}" if worse else f"neither clearly better nor clearly worse{than}"
    unproved = not worse and h["ratio"] < 1 and percent != "0 %"
    if unproved:
        far = f"{percent} nearer{than}, but this is not proved"
    if clear:
        advice = Advice.SIMPLE_UNPROVED if unproved else Advice.SIMPLE
        return advice, f"use a simple method ({words}); the model is {far}."
    if worse and not than:
        return Advice.NOTHING, f"nothing beats {STAYING}; the model is {far}."
    return Advice.NOTHING_CLEARLY, f"nothing clearly beats {STAYING}; the model is {far}."


def nearer_in_half(medians: Mapping[str, float]) -> str:
    """Which simple method is clearly nearer than the model in half of the cases: the mean, by which methods are judged,
    depends on large errors. medians: metres by method, 'RAW' or 'model' among them. '' where none is.
    """
    simple = {name: value for name, value in medians.items() if name not in (MODEL, "model")}
    ours = medians.get(MODEL, medians.get("model", 0.0))
    best = min(simple, key=lambda name: simple[name], default="")
    if not best or ours < SETTINGS.same_m or simple[best] > SETTINGS.nearer * ours:
        return ""
    near, far = metres_words(simple[best]), metres_words(ours)
    return f"{in_words(best)} is within {near}, the model within {far}"


def in_one_line(verdicts: Sequence[Verdict], means: Sequence[tuple[float, float]] = ()) -> str:
    """The verdicts in short, equal ones of neighbouring horizons joined: '5 min to 10 min: use the model; …'.

    means: of each verdict, the mean errors of the model and of the best simple method in metres, to be named.
    """
    joined, judged = [], {Advice.MODEL: 0, Advice.SIMPLE: 1, Advice.SIMPLE_UNPROVED: 1}
    for advice, group in groupby(range(len(verdicts)), key=lambda n: verdicts[n].advice):
        rows, which = list(group), judged.get(advice)
        errors = [means[n][which] for n in rows] if means and which is not None else []
        ends = dict.fromkeys(metres_words(end) for end in (min(errors), max(errors))) if errors else {}
        told = f" (mean error {' to '.join(ends)})" if ends else ""
        at = " to ".join(dict.fromkeys(verdicts[n].horizon for n in (rows[0], rows[-1])))
        joined.append(f"{at}: {advice.value}{told}")
    return "; ".join(joined) + "."


def same(h: dict) -> bool:
    """Whether the errors of the model and the best simple method are too small to differ."""
    return max(h["mean_m"], h["best_simple_mean_m"]) < SETTINGS.same_m


def _percent(ratio: float) -> str:
    return f"{100 * abs(1 - ratio):.0f} %"


def _people(h: dict) -> str:
    users = f"{h['people']} user{'s' * (h['people'] != 1)}"
    return users if h["groups"] == h["people"] else f"{users} in {h['groups']} parts of the time"


def in_words(method: str) -> str:
    """The name of a simple method in words for a first-time reader."""
    found = re.fullmatch(r"constant velocity, (last step|last \d+ steps)(?:, fading over (\d+) s)?", method)
    if found is None:
        return WORDS.get(method, method)
    damped = f", damped over {horizon_words(float(found[2]))}" if found[2] else ""
    return f"constant velocity of the {found[1]}{damped}"


def cut_windows(
    tracks: Tracks, horizons_s: np.ndarray, folds: int, seed: int = 0
) -> tuple[Windows, np.ndarray, np.ndarray]:
    """Windows of users' tracks, their time folds (w,), and the rows (w,) of their last fixes.

    Every fold and user has about the same number of windows.
    """
    if folds < 1:
        raise InputError(f"FOLDS must be 1 or more, not {folds}.")
    t, user, most = tracks.t, tracks.user.astype(np.int64), SETTINGS.max_windows
    edges = np.quantile(t, np.linspace(0, 1, folds + 1)[1:-1]) if len(t) else []
    fold = np.searchsorted(edges, t, side="right")
    group = user * folds + fold
    each = max(min(most // max(len(np.unique(group)), 1), SETTINGS.max_per_user // folds), 1)
    row = np.flatnonzero(np.arange(len(t)) - tracks.user_offsets[user] >= 2)  # three fixes show how something moves
    row = row[draw(group[row], SETTINGS.candidates * most, SETTINGS.candidates * each, seed)]
    goal, known = find_truths(tracks, row, horizons_s)
    some = np.flatnonzero(known.any(axis=1))
    some = some[draw(group[row[some]], most, each, seed)]
    if not len(some):
        spans = " to ".join(dict.fromkeys(horizon_words(s) for s in horizons_s[[0, -1]]))
        raise InputError(
            f"No fix has another one of its user {spans} later: choose HORIZON and STEP as the tracks have fixes."
        )
    end, goal, known = row[some], goal[some], known[some]
    kept = _contexts(tracks, end, horizons_s)
    length = np.array([len(k) for k in kept])
    real = np.arange(length.max()) >= length.max() - length[:, None]
    at = np.repeat(np.array([k[0] for k in kept])[:, None], length.max(), axis=1)
    at[real] = np.concatenate(kept)
    lon, lat = (np.where(real, a[at], np.nan) for a in (tracks.lon, tracks.lat))
    true_lon, true_lat = (np.where(known, a[goal], np.nan) for a in (tracks.lon, tracks.lat))
    query_t = np.where(known, t[goal], t[end][:, None] + (1000 * horizons_s).astype(np.int64))
    return Windows("backtest", user[end], t[at], lon, lat, horizons_s, query_t, true_lon, true_lat), fold[end], end


def find_truths(tracks: Tracks, end: np.ndarray, horizons_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows (m, h) of the user's fixes nearest to each horizon after the fixes `end` (m,), and whether they are near.

    Near is half a step between horizons, so that no fix is the truth of two horizons.
    """
    step_ms = 1000 * min(np.diff(horizons_s, prepend=0.0))
    wanted = tracks.t[end][:, None] + (1000 * horizons_s).astype(np.int64)
    low, high = int(tracks.t.min()), int(wanted.max(initial=int(tracks.t.max())))
    span, user = high - low + 1, tracks.user.astype(np.int64)
    last = tracks.user_offsets[user[end] + 1][:, None] - 1
    key = user * span + tracks.t - low
    goal = nearest_row(key, user[end][:, None] * span + wanted - low, end[:, None], last)
    return goal, (np.abs(tracks.t[goal] - wanted) < step_ms / 2) & (goal > end[:, None])


def _contexts(tracks: Tracks, end: np.ndarray, horizons_s: np.ndarray) -> list[np.ndarray]:
    """The rows of the contexts of the simple methods that end with the fixes `end`.

    The recent_fixes last fixes of bins, as in the forecast for the farthest of the horizons_s (h,) in each of its
    bands, and before those one fix in each quarter of an hour of ten days.
    """
    t, first = tracks.t, tracks.user_offsets[tracks.user[end]]
    quarters = last_of_bins(tracks)
    paces = np.maximum(1000 * bin_lengths_s(horizons_s), 1.0)
    since = (4 * SETTINGS.recent_fixes * paces[-1], CONTEXT_BINS * BIN_MS)
    recent, oldest = (
        np.maximum(tracks.time_index.before(tracks.track[end], (t[end] - ms).astype(np.int64)), first) for ms in since
    )
    kept = []
    for e, near, far in zip(end, recent, oldest, strict=True):  # one context at a time, not one fix
        back = ((t[e] - t[near : e + 1]) / paces[:, None]).astype(np.int64)
        new = [np.flatnonzero(np.append(b[:-1] != b[1:], True))[-SETTINGS.recent_fixes :] for b in back]
        rows = np.unique(np.concatenate(new)) + near
        days = quarters[np.searchsorted(quarters, far) : np.searchsorted(quarters, rows[0])]
        kept.append(np.concatenate([days, rows]))
    return kept
