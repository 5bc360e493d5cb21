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

from ..arrays import Array, Columns, join_rows
from ..bundle.bundle import Bundle
from ..bundle.runtime import Model
from ..errors import Progress, no_progress, part_of, translated
from ..forecasting import areas
from ..forecasting.predict import Prediction, Queries, predict
from ..geodesy import near_lon
from ..specs import BacktestSpec
from ..tracks import Tracks
from .baselines import Forecast, simple_methods
from .metrics import measure
from .report import Page
from .verdicts import MIN_GROUPS, MODEL, Verdict, horizon_words, in_words, verdict
from .windows import MAX_WINDOWS, Windows, cut_windows, errors_m

ANONYMOUS = "No field says who moved, so each track counts as a user of its own."


@dataclass(frozen=True)
class Backtest:
    """A backtest and what it says."""

    w: Windows
    answer: Prediction  # the forecasts of the model
    figures: dict  # of `measure`
    verdicts: list[Verdict]  # one a horizon
    anonymous: bool  # whether each track counts as a user


def backtest(
    tracks: Tracks,
    model: Model,
    spec: BacktestSpec,
    progress: Progress = no_progress,
) -> Backtest:
    """Compare the model and the simple methods at all horizons of `spec`, in parts of the time.

    Raises InputError if no fix has a truth at any horizon.
    """
    users = tracks.one_user_per_track().by_user()
    w, fold, last = cut_windows(users, np.array(spec.horizons_s()), spec.folds)
    progress(0.1)
    queries = Queries(w.user[w.at], w.query_t[w.known], last[w.at] + 1)
    answer = predict(users, model, queries, part_of(progress, 0.1, 0.7), with_areas=True)
    group = w.user  # of the bootstrap intervals

    if len(np.unique(group)) < MIN_GROUPS:
        group = group * spec.folds + fold

    simple = simple_methods(w, group)
    figures = measure(w, simple, answer, group, progress=part_of(progress, 0.9, 1.0))
    progress(1.0)

    return Backtest(w, answer, figures, [verdict(h) for h in figures["horizons"]], tracks.anonymous)


@dataclass(frozen=True)
class _SimpleForecasts:
    """Forecasts of the nearest simple methods after k fixes at h horizons, (k, h) each."""

    lon: Array  # degrees
    lat: Array
    radius50_m: Array  # metres that hold 50 % of the cases of the past; nan for no cases
    radius80_m: Array
    method: Array  # names


def predict_simply(
    tracks: Tracks,
    horizons_s: Sequence[float],
    progress: Progress = no_progress,
    *,
    with_areas: bool = False,
) -> Prediction:
    """Forecasts after the last fix of every track by simple methods, in place of the model's.

    The method of a horizon is the one that was nearest in the tracks' own past. There are no paths.
    reasons: the methods.

    The radii hold 50 and 80 % of the cases of that past; where there is none they are nan, and the
    method is staying. Raises InputError if no horizon has a case.
    """
    queries = Queries.ahead(tracks, horizons_s)
    last = queries.end[:: len(horizons_s)] - 1
    found = _forecast_simply(tracks, np.array(horizons_s), last, progress)
    lon = found.lon.ravel()
    lat = found.lat.ravel()
    radius50_m = found.radius50_m.ravel()
    radius80_m = found.radius80_m.ravel()
    discs = areas.discs(lon, lat, np.stack([radius50_m, radius80_m])) if with_areas else None
    no_paths = np.zeros((len(lon), 0))
    methods = found.method[-1:].ravel()  # none without tracks
    reasons = [f"{horizon_words(s)}: {in_words(name)}" for s, name in zip(horizons_s, methods)]

    return Prediction(
        track=queries.track,
        t=queries.t,
        horizon_s=np.tile(horizons_s, len(last)),
        lon=near_lon(lon, 0.0),
        lat=lat,
        radius50_m=radius50_m,
        radius80_m=radius80_m,
        in_domain=np.isfinite(radius50_m),
        reasons=reasons,
        few_users=np.zeros(len(lon), bool),
        areas=discs,
        path_lon=no_paths,
        path_lat=no_paths,
        path_probability=no_paths,
    )


def _forecast_simply(
    tracks: Tracks, horizons_s: Array, last: Array, progress: Progress
) -> _SimpleForecasts:
    """Forecasts after the rows `last` (k,), some at a time."""
    own = np.arange(tracks.n_tracks, dtype=np.int32)
    units = replace(tracks, user_ids=tracks.track_ids, track_user=own)
    none = np.zeros((0, len(horizons_s)))
    parts = [_SimpleForecasts(none, none, none, none, none.astype(object))]

    for begin in range(0, len(last), MAX_WINDOWS):
        progress(begin / len(last))
        some = last[begin : begin + MAX_WINDOWS]
        w, _, _ = cut_windows(units, horizons_s, 1, also=some)
        methods = simple_methods(w, w.user)
        parts.append(_by_nearest_method(w, methods, len(some)))

    return join_rows(parts)


def _by_nearest_method(w: Windows, methods: dict[str, Forecast], n: int) -> _SimpleForecasts:
    """The forecasts of the last n windows by the methods that were nearest in the others."""
    h = np.arange(len(w.horizon_s))
    errors = np.stack([errors_m(w, forecast) for forecast in methods.values()])
    best = np.nansum(errors, axis=1).argmin(axis=0)
    lon, lat = np.stack(list(methods.values()), axis=1)  # (methods, w, h) each
    lon = lon[best, -n:, h].T
    lat = lat[best, -n:, h].T
    radii = np.full((2, len(h)), np.nan)
    known = w.known.any(axis=0)
    of_best = errors[best, :, h][known]  # (h, w)
    radii[:, known] = np.nanquantile(of_best, areas.NOMINAL_LEVELS, axis=1)
    radius50_m, radius80_m = np.repeat(radii[:, None], n, axis=1)
    names = np.array(list(methods), object)
    method = np.tile(names[best], (n, 1))

    return _SimpleForecasts(lon, lat, radius50_m, radius80_m, method)


def columns_of(b: Backtest) -> Columns:
    """One row a horizon and method, the smallest error first.

    ratio, interval and coverage stand in the rows of the model.
    """
    rows = []
    for h, advice in zip(b.figures["horizons"], b.verdicts, strict=True):
        for name, errors in sorted(h["methods"].items(), key=lambda item: item[1]["mean_m"]):
            row = {"horizon_min": h["horizon_s"] / 60}
            row["method"] = "model" if name == MODEL else name
            row["n_cases"] = h["cases"]
            row["n_users"] = h["people"]
            row |= errors

            if name == MODEL:
                row |= _columns_of_model(h)
                row["verdict"] = str(advice)

            rows.append(row)

    columns = {}

    for name, value in max(rows, key=len).items():
        is_text = isinstance(value, str)
        missing = None if is_text else np.nan
        values = [row.get(name, missing) for row in rows]
        columns[name] = np.array(values, object if is_text else None)

    return columns


def _columns_of_model(h: dict) -> dict[str, float]:
    """The columns that only rows of the model have."""
    low, high = h["interval"]
    columns = {"ratio": h["ratio"], "ratio_low": low, "ratio_high": high}
    figures = {"inside50": "inside50", "inside80": "inside80", "in_domain_share": "in_domain"}

    for name, figure in figures.items():
        share = h[figure]
        columns[name] = np.nan if share is None else share

    return columns


def warning(model: Bundle) -> str:
    """A warning about a model whose network is not the one that comes with the plugin; else ''."""
    if model.has_shipped_network:
        return ""

    return translated(
        "The model {name} is not the one that comes with RAW: where it was trained on these "
        "tracks or people, they "
        "make it look better than it is. Test it on tracks that it has never seen.",
        name=model.card["name"],
    )


def make_page(b: Backtest, name: str, model: Bundle) -> Page:
    """The page. name: of the tracks."""
    page = Page(
        translated("Forecasts of {name}: what to use, and how far off", name=name),
        _lead(b, model),
    )
    page.heading(translated("What to use"))

    for sentence in [*map(str, b.verdicts), warning(model)]:
        if sentence:
            page.sentence(sentence, "key")

    page.sentence(
        translated(
            "The mean error is judged. {share:.0%} of the queries are like those that the model "
            "was trained for (time "
            "between fixes, speed, length of the record, horizon). Do not rely on the other "
            "forecasts.",
            share=b.figures["in_domain"],
        )
    )
    page.heading(translated("How far off, and how sure"))
    heads = translated(
        "horizon | answers | users | model, mean (m) | median (m) | best simple method | mean (m) "
        "| staying (m) | "
        "ratio [95 %] | in 50, 80 % area"
    )
    page.table(heads.split(" | "), [_row(h) for h in b.figures["horizons"]])
    page.sentence(
        translated(
            "Ratio: the model's mean over the best simple method's. Below 1 the model comes nearer."
        )
    )
    page.heading(translated("How this was measured"))
    page.sentence(_method_words(b))

    return page


def _lead(b: Backtest, model: Bundle) -> str:
    """How many queries, when, and of whom."""
    ends = b.w.t[:, -1]
    days = np.array([ends.min(), ends.max()], "datetime64[ms]")
    first, last = np.datetime_as_string(days, unit="D")

    return translated(
        "{n:,} queries with a known truth between {first} and {last}; users: {users:,}. The model "
        "{model} and {k} "
        "simple methods.",
        n=b.w.known.sum(),
        first=first,
        last=last,
        users=b.figures["people"],
        model=model.card["name"],
        k=len(b.figures["methods"]) - 1,
    )


def _method_words(b: Backtest) -> str:
    """How the windows and the intervals were made."""
    words = [
        translated(
            "Queries start at random fixes of every user, in equal parts of the time. The model "
            "and the simple methods use "
            "the fixes up to there. The truth is the user's fix nearest to the horizon, at most "
            "half a step from it. "
            "Nothing is trained."
        )
    ]
    if b.anonymous:
        words.append(translated(ANONYMOUS))

    if b.figures["people"] >= MIN_GROUPS:
        drawn = "Intervals: users drawn with replacement, 2,000 times."
    else:
        drawn = (
            "Intervals: parts of the time drawn with replacement, 2,000 times; so they do not "
            "hold for other users."
        )

    words.append(translated(drawn))

    return " ".join(words)


def _row(h: dict) -> list:
    """A row of the page's table, of the figures of a horizon."""
    ratio = f"{h['ratio']:.2f}"
    if h["groups"] >= MIN_GROUPS:
        low, high = h["interval"]
        ratio += f" [{low:.2f}, {high:.2f}]"

    ours = h["methods"][MODEL]
    best = h["methods"][h["best_simple"]]
    staying = h["methods"]["persistence"]

    return [
        horizon_words(h["horizon_s"]),
        h["cases"],
        h["people"],
        ours["mean_m"],
        ours["median_m"],
        in_words(h["best_simple"]),
        best["mean_m"],
        staying["mean_m"],
        ratio if best["mean_m"] >= 1 else None,
        f"{100 * h['inside50']:.0f}, {100 * h['inside80']:.0f} %",
    ]
