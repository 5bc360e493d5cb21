# SPDX-License-Identifier: GPL-2.0-or-later
"""A backtest of the model and the simple methods on the user's own tracks.

Queries start in time folds at fixes whose future is known; the truth is the fix nearest to each
horizon. Nothing is trained. The one parameter of a simple method, the pull toward the median place,
is fitted on other users.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..arrays import nearest_row
from ..bundle.bundle import Bundle
from ..bundle.runtime import Model, padded
from ..errors import InputError, Progress, no_progress, part_of, translated
from ..forecasting import areas
from ..forecasting.context import select_rows
from ..forecasting.predict import Prediction, Queries, predict
from ..geodesy import near_lon
from ..specs import BacktestSpec
from ..tracks import Tracks
from .baselines import simple_methods
from .metrics import measure
from .report import Page
from .verdicts import MIN_GROUPS, MODEL, Verdict, horizon_words, in_words, verdict
from .windows import Windows, draw, errors_m

MAX_WINDOWS, MAX_PER_USER = 2000, 40
CANDIDATES = 8  # fixes tried for each window, since not every fix has a truth
ANONYMOUS = "No field says who moved, so each track counts as a user of its own."


@dataclass(frozen=True)
class Backtest:
    """w: the windows. answer: the forecasts of the model. figures: of `measure`. verdicts: one a
    horizon. anonymous: whether each track counts as a user.
    """

    w: Windows
    answer: Prediction
    figures: dict
    verdicts: list[Verdict]
    anonymous: bool


def backtest(
    tracks: Tracks,
    model: Model,
    spec: BacktestSpec,
    progress: Progress = no_progress,
    seed: int = 0,
) -> Backtest:
    """Compare the model and the simple methods at all horizons of `spec`, in parts of the time.

    Raises InputError if no fix has a truth at any horizon.
    """
    users, folds = tracks.one_user_per_track().by_user(), spec.folds
    w, fold, last = cut_windows(users, np.array(spec.horizons_s()), folds, seed)
    progress(0.1)
    queries = Queries(w.user[w.at], w.query_t[w.known], last[w.at] + 1)
    answer = predict(users, model, queries, part_of(progress, 0.1, 0.7), with_areas=True)
    several = len(np.unique(w.user)) >= MIN_GROUPS
    group = w.user if several else w.user * folds + fold  # of the bootstrap intervals
    figures = measure(
        w, simple_methods(w, group, seed), answer, group, seed, part_of(progress, 0.9, 1.0)
    )
    progress(1.0)
    return Backtest(w, answer, figures, [verdict(h) for h in figures["horizons"]], tracks.anonymous)


def predict_simply(
    tracks: Tracks,
    horizons_s: Sequence[float],
    progress: Progress = no_progress,
    *,
    with_areas: bool = False,
    seed: int = 0,
) -> Prediction:
    """Forecasts after the last fix of every track by the simple method that was nearest in the
    tracks' own past, at each horizon, in place of the model's. There are no paths. reasons: the
    methods.

    The radii hold 50 and 80 % of the cases of that past; where there is none they are nan, and the
    method is staying. Raises InputError if no horizon has a case.
    """
    units = replace(
        tracks, user_ids=tracks.track_ids, track_user=np.arange(tracks.n_tracks, dtype=np.int32)
    )
    queries, h = Queries.ahead(tracks, horizons_s), np.arange(len(horizons_s))
    last = queries.end[:: len(h)] - 1
    figures, reasons = np.full((4, len(last), len(h)), np.nan), []
    for part in (
        np.split(np.arange(len(last)), np.arange(MAX_WINDOWS, len(last), MAX_WINDOWS))
        if len(last)
        else ()
    ):
        progress(part[0] / len(last))
        w, _, end = cut_windows(units, np.array(horizons_s), 1, seed, last[part])
        methods, past = simple_methods(w, w.user, seed), len(end) - len(part)
        # (methods, past, h)
        errors = np.stack([errors_m(w, forecast)[:past] for forecast in methods.values()])
        best = np.nansum(errors, axis=1).argmin(axis=0)
        figures[:2, part] = np.stack([*methods.values()])[best, :, past:, h].transpose(1, 2, 0)
        for j in np.flatnonzero(w.known.any(axis=0)):
            figures[2:, part, j] = np.nanquantile(errors[best[j], :, j], areas.NOMINAL_LEVELS)[
                :, None
            ]
        reasons = [
            f"{horizon_words(s)}: {in_words([*methods][b])}"
            for s, b in zip(horizons_s, best, strict=True)
        ]
    lon, lat, radius50_m, radius80_m = figures.reshape(4, len(queries.t))
    discs = areas.discs(lon, lat, np.stack([radius50_m, radius80_m])) if with_areas else None
    none = np.zeros((len(lon), 0))
    return Prediction(
        queries.track,
        queries.t,
        np.tile(horizons_s, len(last)),
        near_lon(lon, 0.0),
        lat,
        radius50_m,
        radius80_m,
        np.isfinite(radius50_m),
        reasons,
        np.zeros(len(lon), bool),
        discs,
        none,
        none,
        none,
    )


def columns_of(b: Backtest) -> dict[str, np.ndarray]:
    """One row a horizon and method, the smallest error first; ratio, interval and coverage in the
    rows of the model.
    """
    rows, ratios = (
        [],
        ("ratio", "ratio_low", "ratio_high", "inside50", "inside80", "in_domain_share"),
    )
    for h, of_horizon in zip(b.figures["horizons"], b.verdicts, strict=True):
        shares = (np.nan if h[k] is None else h[k] for k in ("inside50", "inside80", "in_domain"))
        of_model = dict(zip(ratios, (h["ratio"], *h["interval"], *shares), strict=True)) | {
            "verdict": str(of_horizon)
        }
        cases = {"horizon_min": h["horizon_s"] / 60, "n_cases": h["cases"], "n_users": h["people"]}
        for name, e in sorted(h["methods"].items(), key=lambda item: item[1]["mean_m"]):
            rows.append(
                {**cases, "method": name, **e}
                | ({"method": "model", **of_model} if name == MODEL else {})
            )
    names = ("horizon_min", "method", "n_cases", "n_users", "mean_m", "median_m", "p90_m", *ratios)
    columns = {
        name: np.array(
            [row.get(name, np.nan) for row in rows], object if name == "method" else None
        )
        for name in names
    }
    return columns | {"verdict": np.array([row.get("verdict") for row in rows], object)}


def cut_windows(
    tracks: Tracks,
    horizons_s: np.ndarray,
    folds: int,
    seed: int = 0,
    also: Sequence[int] | np.ndarray = (),
) -> tuple[Windows, np.ndarray, np.ndarray]:
    """Windows of users' tracks, their time folds (w,), and the rows (w,) of their last fixes.

    Every fold and user has about the same number of windows. also: rows of last fixes of more
    windows, which come behind the others and have no truth.
    """
    t, user, most = tracks.t, tracks.user.astype(np.int64), MAX_WINDOWS
    edges = np.quantile(t, np.linspace(0, 1, folds + 1)[1:-1]) if len(t) else []
    fold = np.searchsorted(edges, t, side="right")
    group = user * folds + fold
    each = max(min(most // max(len(np.unique(group)), 1), MAX_PER_USER // folds), 1)
    # three fixes show how something moves
    row = np.flatnonzero(np.arange(len(t)) - tracks.user_offsets[user] >= 2)
    row = row[draw(group[row], CANDIDATES * most, CANDIDATES * each, seed)]
    goal, known = find_truths(tracks, row, horizons_s)
    some = np.flatnonzero(known.any(axis=1))
    some = some[draw(group[row[some]], most, each, seed)]
    if not len(some):
        spans = " – ".join(dict.fromkeys(horizon_words(s) for s in horizons_s[[0, -1]]))
        words = "No fix has another one of its user {spans} later: choose HORIZON and STEP as the tracks have fixes."
        raise InputError(words, spans=spans)
    end, more = np.concatenate([row[some], also]).astype(np.int64), ((0, len(also)), (0, 0))
    goal, known = np.pad(goal[some], more), np.pad(known[some], more)
    # contexts that forecasts have
    asked = [(s, days) for s in horizons_s[[0, -1]] for days in (False, True)]
    kept = [
        np.unique(np.concatenate([select_rows(t, first, e + 1, *each)[0] for each in asked]))
        # one context at a time, not one fix
        for e, first in zip(end, tracks.user_offsets[user[end]], strict=True)
    ]
    at, real = padded(kept)  # with the oldest fix
    lon, lat = (np.where(real, a[at], np.nan) for a in (tracks.lon, tracks.lat))
    true_lon, true_lat = (np.where(known, a[goal], np.nan) for a in (tracks.lon, tracks.lat))
    query_t = np.where(known, t[goal], t[end][:, None] + (1000 * horizons_s).astype(np.int64))
    return (
        Windows("backtest", user[end], t[at], lon, lat, horizons_s, query_t, true_lon, true_lat),
        fold[end],
        end,
    )


def find_truths(
    tracks: Tracks, end: np.ndarray, horizons_s: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rows (m, h) of the user's fixes nearest to each horizon after the fixes `end` (m,), and
    whether they are near.

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


def warning(model: Bundle) -> str:
    """A warning about a model whose network is not the one that comes with the plugin; else ''."""
    if model.has_shipped_network:
        return ""
    return translated(
        "The model {name} is not the one that comes with RAW: where it was trained on these tracks or people, they "
        "make it look better than it is. Test it on tracks that it has never seen.",
        name=model.card["name"],
    )


def make_page(b: Backtest, name: str, model: Bundle) -> Page:
    """The page. name: of the tracks."""
    w, r = b.w, b.figures
    first, last = np.datetime_as_string(
        np.array([w.t[:, -1].min(), w.t[:, -1].max()], "datetime64[ms]"), unit="D"
    )
    page = Page(
        translated("Forecasts of {name}: what to use, and how far off", name=name),
        translated(
            "{n:,} queries with a known truth between {first} and {last}; users: {users:,}. The model {model} and {k} "
            "simple methods.",
            n=w.known.sum(),
            first=first,
            last=last,
            users=r["people"],
            model=model.card["name"],
            k=len(r["methods"]) - 1,
        ),
    )
    page.heading(translated("What to use"))
    for sentence in [*map(str, b.verdicts), warning(model)]:
        if sentence:
            page.sentence(sentence, "key")
    page.sentence(
        translated(
            "The mean error is judged. {share:.0%} of the queries are like those that the model was trained for (time "
            "between fixes, speed, length of the record, horizon). Do not rely on the other forecasts.",
            share=r["in_domain"],
        )
    )
    page.heading(translated("How far off, and how sure"))
    heads = translated(
        "horizon | answers | users | model, mean (m) | median (m) | best simple method | mean (m) | staying (m) | "
        "ratio [95 %] | in 50, 80 % area"
    )
    page.table(heads.split(" | "), [_row(h) for h in r["horizons"]])
    page.sentence(
        translated(
            "Ratio: the model's mean over the best simple method's. Below 1 the model comes nearer."
        )
    )
    page.heading(translated("How this was measured"))
    drawn = "Intervals: parts of the time drawn with replacement, 2,000 times; so they do not hold for other users."
    drawn = (
        "Intervals: users drawn with replacement, 2,000 times."
        if r["people"] >= MIN_GROUPS
        else drawn
    )
    words = translated(
        "Queries start at random fixes of every user, in equal parts of the time. The model and the simple methods use "
        "the fixes up to there. The truth is the user's fix nearest to the horizon, at most half a step from it. "
        "Nothing is trained."
    )
    page.sentence(
        " ".join([words, *([translated(ANONYMOUS)] if b.anonymous else []), translated(drawn)])
    )
    return page


def _row(h: dict) -> list:
    low, high = h["interval"]
    interval = f" [{low:.2f}, {high:.2f}]" if h["groups"] >= MIN_GROUPS else ""  # else none
    ours, best, staying = (h["methods"][m] for m in (MODEL, h["best_simple"], "persistence"))
    return [
        horizon_words(h["horizon_s"]),
        h["cases"],
        h["people"],
        ours["mean_m"],
        ours["median_m"],
        in_words(h["best_simple"]),
        best["mean_m"],
        staying["mean_m"],
        f"{h['ratio']:.2f}{interval}" if best["mean_m"] >= 1 else None,
        f"{100 * h['inside50']:.0f}, {100 * h['inside80']:.0f} %",
    ]
