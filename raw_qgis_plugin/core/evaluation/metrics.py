# SPDX-License-Identifier: GPL-2.0-or-later
"""Errors and coverage of the model and of every simple method on the same windows.

Errors are metres on the sphere. ratio is the mean error of the model over that of the best simple
method (the lowest mean), with its 95 % bootstrap interval over groups, such as people. inside50 and
inside80 are shares of truths in the areas of the model; in the family 'filled' only truths that
differ from the last fix count.
"""

from __future__ import annotations

import numpy as np

from ..errors import Progress, no_progress
from ..forecasting.predict import Prediction
from ..geodesy import near_lon
from .baselines import Forecast
from .verdicts import MODEL
from .windows import Windows, errors_m, spread


def measure(
    w: Windows,
    simple: dict[str, Forecast],
    answer: Prediction,
    group: np.ndarray,
    seed: int = 0,
    progress: Progress = no_progress,
) -> dict:
    """All figures of windows, in all and by horizon.

    simple: forecasts (w, h) of the simple methods by name. answer: forecasts of the model with
    areas, in the order of `w.known`. group: (w,) of the bootstrap.
    """
    errors = {name: errors_m(w, f) for name, f in simple.items()}
    errors[MODEL] = errors_m(w, (spread(w, answer.lon), spread(w, answer.lat)))
    inside, in_domain = inside_areas(w, answer), spread(w, answer.in_domain)
    counted = w.known
    if w.family == "filled":
        counted = counted & ((w.true_lon != w.lon[:, -1:]) | (w.true_lat != w.lat[:, -1:]))

    def figures(h: slice) -> dict:
        known = w.known[:, h]
        here = {name: e[:, h] for name, e in errors.items()}
        best = min(simple, key=lambda name: np.nanmean(here[name]))
        ours, theirs, staying = here[MODEL], here[best], here["persistence"]
        held = {
            f"inside{level}": float(each[:, h][counted[:, h]].mean())
            if counted[:, h].any()
            else None
            for level, each in zip((50, 80), inside, strict=True)
        }
        return {
            "people": len(np.unique(w.user[known.any(axis=1)])),
            "best_simple": best,
            "cases": int(known.sum()),
            "groups": len(np.unique(group[known.any(axis=1)])),
            "mean_m": float(np.nanmean(ours)),
            "best_simple_mean_m": float(np.nanmean(theirs)),
            "ratio": float(np.nansum(ours) / max(np.nansum(theirs), 1e-9)),
            "interval": interval_by_person(ours, theirs, group, seed),
            **held,
            "best_over_staying": interval_by_person(theirs, staying, group, seed),
            "over_staying": interval_by_person(ours, staying, group, seed),
            "in_domain": float(in_domain[:, h][known].mean()),
            "methods": {name: summary(e) for name, e in here.items()},
        }

    horizons = []
    for h in np.flatnonzero(w.known.any(axis=0)):
        progress(h / len(w.horizon_s))
        horizons.append({"horizon_s": float(w.horizon_s[h]), **figures(slice(h, h + 1))})
    return {"windows": len(w), **figures(slice(None)), "horizons": horizons}


def summary(errors: np.ndarray) -> dict[str, float]:
    """Mean, median and 90th percentile of errors, nan left out."""
    known = errors[~np.isnan(errors)]
    middle, high = np.percentile(known, [50, 90])
    return {"mean_m": float(known.mean()), "median_m": float(middle), "p90_m": float(high)}


def inside_areas(w: Windows, answer: Prediction) -> np.ndarray:
    """Whether the truth lies within the areas of 50 and 80 %: (2, w, h) floats 0 or 1, nan without
    a truth.
    """
    import shapely

    shapely.prepare(answer.areas)
    last = np.broadcast_to(w.lon[:, -1:], w.known.shape)[w.known]
    lon = near_lon(w.true_lon[w.known], last)  # areas continue across the antimeridian
    areas = np.asarray(answer.areas).T
    return np.stack(
        [spread(w, shapely.contains_xy(some, lon, w.true_lat[w.known])) for some in areas]
    )


def interval_by_person(
    ours: np.ndarray, theirs: np.ndarray, group: np.ndarray, seed: int = 0, level: float = 0.95
) -> list[float]:
    """Bootstrap interval of the ratio of mean errors (w, h) over groups (w,), drawn with
    replacement.
    """
    drawn = by_group(np.stack([np.nansum(a, axis=1) for a in (ours, theirs)], axis=1), group, seed)
    return limits(drawn[:, 0] / np.maximum(drawn[:, 1], 1e-9), level)


def by_group(values: np.ndarray, group: np.ndarray, seed: int = 0, draws: int = 2000) -> np.ndarray:
    """Means (draws, k) of values (n, k) over bootstrap samples of the groups."""
    _, code = np.unique(group, return_inverse=True)
    values = np.reshape(values, (len(group), -1))
    # (groups, k + 1)
    sums = np.stack(
        [np.bincount(code, column) for column in values.T] + [np.bincount(code)], axis=1
    )
    # How often each group is drawn is multinomial; 200 draws at a time
    rng, groups = np.random.default_rng(seed), len(sums)
    drawn = np.concatenate(
        [
            rng.multinomial(groups, np.full(groups, 1 / groups), size=200) @ sums
            for _ in range(draws // 200)
        ]
    )
    return drawn[:, :-1] / np.maximum(drawn[:, -1:], 1e-9)


def limits(draws: np.ndarray, level: float = 0.95) -> list[float]:
    """The middle 95 % of draws."""
    return [float(q) for q in np.nanquantile(draws, [(1 - level) / 2, (1 + level) / 2])]
