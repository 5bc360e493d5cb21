# SPDX-License-Identifier: GPL-2.0-or-later
"""Errors and coverage of the model and of every simple method on the same windows.

Errors are metres on the sphere. ratio is the mean error of the model over that of the best simple
method (the lowest mean), with its 95 % bootstrap interval over groups, such as people. inside50 and
inside80 are shares of truths in the areas of the model; in the family 'filled' only truths that
differ from the last fix count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Array, Columns, take_rows
from ..errors import Progress, no_progress
from ..forecasting.predict import Prediction
from ..geodesy import near_lon
from .baselines import Forecast
from .verdicts import MODEL
from .windows import Windows, errors_m, spread


@dataclass(frozen=True)
class _Outcomes:
    """What came of windows (w,) at horizons (h,), arrays (h, w), nan where nothing counts."""

    error_m: Columns  # by method
    inside50: Array  # 0 or 1
    inside80: Array
    in_domain: Array  # 0 or 1


def measure(
    w: Windows,
    simple: dict[str, Forecast],
    answer: Prediction,
    group: Array,
    seed: int = 0,
    progress: Progress = no_progress,
) -> dict:
    """All figures of windows, in all and by horizon.

    simple: forecasts (w, h) of the simple methods by name. answer: forecasts of the model with
    areas, in the order of `w.known`. group: (w,) of the bootstrap.
    """
    outcomes = _outcomes(w, simple, answer)
    horizons = []

    for h in np.flatnonzero(w.known.any(axis=0)):
        progress(h / len(w.horizon_s))
        here = take_rows(outcomes, np.array([h]))
        figures = _figures(here, w.user, group, seed)
        horizons.append({"horizon_s": float(w.horizon_s[h]), **figures})

    figures = _figures(outcomes, w.user, group, seed)

    return {"windows": len(w), **figures, "horizons": horizons}


def _outcomes(w: Windows, simple: dict[str, Forecast], answer: Prediction) -> _Outcomes:
    """Compare forecasts with the truth."""
    inside50, inside80 = inside_areas(w, answer)
    if w.family == "filled":
        still = w.true_lon == w.lon[:, -1:]
        still &= w.true_lat == w.lat[:, -1:]
        inside50[still] = np.nan
        inside80[still] = np.nan

    model = spread(w, answer.lon), spread(w, answer.lat)
    error_m = {name: errors_m(w, forecast).T for name, forecast in simple.items()}
    error_m[MODEL] = errors_m(w, model).T
    in_domain = spread(w, answer.in_domain)

    return _Outcomes(error_m, inside50.T, inside80.T, in_domain.T)


def _figures(o: _Outcomes, user: Array, group: Array, seed: int) -> dict:
    """The figures of some horizons."""
    methods = {name: summary(error_m) for name, error_m in o.error_m.items()}
    mean_m = {name: figures["mean_m"] for name, figures in methods.items()}
    ours_m = mean_m.pop(MODEL)
    best = min(mean_m, key=lambda name: mean_m[name])
    ours = o.error_m[MODEL].T
    theirs = o.error_m[best].T
    staying = o.error_m["persistence"].T
    known = ~np.isnan(ours)
    seen = known.any(axis=1)
    figures: dict[str, Any] = {"people": len(np.unique(user[seen]))}
    figures["best_simple"] = best
    figures["cases"] = int(known.sum())
    figures["groups"] = len(np.unique(group[seen]))
    figures["mean_m"] = ours_m
    figures["best_simple_mean_m"] = mean_m[best]
    figures["ratio"] = ours_m / max(mean_m[best], 1e-9)
    figures["interval"] = interval_by_person(ours, theirs, group, seed)
    figures["inside50"] = _share(o.inside50)
    figures["inside80"] = _share(o.inside80)
    figures["best_over_staying"] = interval_by_person(theirs, staying, group, seed)
    figures["over_staying"] = interval_by_person(ours, staying, group, seed)
    figures["in_domain"] = _share(o.in_domain)
    figures["methods"] = methods

    return figures


def _share(values: Array) -> float | None:
    """The share of ones; None if nothing counts."""
    known = values[~np.isnan(values)]
    if not len(known):
        return None

    return float(known.mean())


def summary(errors: Array) -> dict[str, float]:
    """Mean, median and 90th percentile of errors, nan left out."""
    known = errors[~np.isnan(errors)]
    middle, high = np.percentile(known, [50, 90])
    return {"mean_m": float(known.mean()), "median_m": float(middle), "p90_m": float(high)}


def inside_areas(w: Windows, answer: Prediction) -> Array:
    """Whether truths lie within areas of 50 and 80 %: (2, w, h), 0 or 1, nan without a truth."""
    import shapely

    shapely.prepare(answer.areas)
    last = np.broadcast_to(w.lon[:, -1:], w.known.shape)[w.known]
    lon = near_lon(w.true_lon[w.known], last)  # areas continue across the antimeridian
    lat = w.true_lat[w.known]
    columns = np.asarray(answer.areas).T

    return np.stack([spread(w, shapely.contains_xy(areas, lon, lat)) for areas in columns])


def interval_by_person(
    ours: Array, theirs: Array, group: Array, seed: int = 0, level: float = 0.95
) -> list[float]:
    """Bootstrap interval of the ratio of mean errors (w, h) over groups (w,), with replacement."""
    sums = np.column_stack([np.nansum(ours, axis=1), np.nansum(theirs, axis=1)])
    mean, other = by_group(sums, group, seed).T
    return limits(mean / np.maximum(other, 1e-9), level)


def by_group(values: Array, group: Array, seed: int = 0, draws: int = 2000) -> Array:
    """Means (draws, k) of values (n, k) over bootstrap samples of the groups."""
    _, code = np.unique(group, return_inverse=True)
    counted = np.column_stack([values, np.ones(len(group))])
    sums = np.column_stack([np.bincount(code, column) for column in counted.T])
    n = len(sums)
    rng = np.random.default_rng(seed)
    parts = []

    for _ in range(draws // 200):  # 200 draws at a time
        times_drawn = rng.multinomial(n, np.full(n, 1 / n), 200)
        parts.append(times_drawn @ sums)

    drawn = np.vstack(parts)
    count = drawn[:, -1:]

    return drawn[:, :-1] / np.maximum(count, 1e-9)


def limits(draws: Array, level: float = 0.95) -> list[float]:
    """The middle 95 % of draws."""
    return [float(q) for q in np.nanquantile(draws, [(1 - level) / 2, (1 + level) / 2])]
