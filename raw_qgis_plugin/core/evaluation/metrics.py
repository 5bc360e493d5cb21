# SPDX-License-Identifier: GPL-2.0-or-later
"""How near forecasts come: the model and every simple method on the same windows, in figures.

Errors are metres on the sphere. ratio is the model's mean error over that of the best simple method, which is the one
of the lowest mean, with its 95 % bootstrap interval: groups, such as people, drawn with replacement. inside50 and
inside80 are shares of truths in the model's areas, circle50 and circle80 in the circles of its radii; in the family
'filled' only where the truth is not just the last fix again.
"""

from __future__ import annotations

import numpy as np

from ..errors import Progress, no_progress
from ..forecasting.predict import Forecasts
from ..geodesy import metres_between, near_lon
from .baselines import Forecast
from .windows import Windows, errors_m, spread

MODEL, ZEROED = "RAW", "RAW with its output at zero"
PAST = "the layer's past alone"  # the same, leaning toward retrieved ways as the model does
MOVING_MS, MOVING_M = 0.5, 50.0  # moved: at this speed, or this far
VISITED_M = 250.0  # the truth is a visited place where a fix of the context lies within this
LEVELS = (50, 80)
DRAWS = 2000


def measure(
    w: Windows, simple: dict[str, Forecast], answer: Forecasts, others: dict[str, Forecast], group: np.ndarray,
    seed: int = 0, progress: Progress = no_progress,
) -> dict:  # fmt: skip
    """All figures of windows.

    simple: the simple methods' forecasts (w, h) by name. answer: the model's, in the order of `w.known`. others: more
    forecasts to report, not to compare with. group: (w,) what the interval draws.
    """
    errors = {name: errors_m(w, f) for name, f in simple.items()}
    best = min(errors, key=lambda name: np.nanmean(errors[name]))
    errors[MODEL] = errors_m(w, (spread(w, answer.lon), spread(w, answer.lat)))
    circles = inside_circles(w, errors[MODEL], answer)
    own = inside_areas(w, answer)
    inside = circles if own is None else own
    counted = w.moved if w.family == "filled" else w.known
    result = {
        "windows": len(w),
        "people": len(np.unique(w.user)),
        "best_simple": best,
        **_compared(errors, best, w.known, group, seed),
        **_coverage("inside", inside, counted),
        **_coverage("circle", circles, counted),
        "in_domain": float(answer.in_domain.mean()),
        "methods": {name: summary(e) for name, e in (errors | {k: errors_m(w, f) for k, f in others.items()}).items()},
        "moving": _compared(errors, best, moving(w), group, seed),
        "unvisited": _compared(errors, best, unvisited(w), group, seed),
        "horizons": [],
    }
    for h, horizon in enumerate(w.horizon_s):
        progress(h / len(w.horizon_s))
        some = {name: e[:, h : h + 1] for name, e in errors.items()}
        if not w.known[:, h].any():
            continue
        best_here = min(simple, key=lambda name: np.nanmean(some[name]))
        result["horizons"].append(
            {
                "horizon_s": float(horizon),
                "people": len(np.unique(w.user[w.known[:, h]])),
                "groups": len(np.unique(group[w.known[:, h]])),
                "best_simple": best_here,
                **_compared(some, best_here, w.known[:, h : h + 1], group, seed),
                "best_over_staying": interval_by_person(some[best_here], some["persistence"], group, seed),
                "over_staying": interval_by_person(some[MODEL], some["persistence"], group, seed),
                **_coverage("inside", inside[:, :, h], counted[:, h]),
                **_coverage("circle", circles[:, :, h], counted[:, h]),
                "in_domain": float(spread(w, answer.in_domain)[w.known[:, h], h].mean()),
                "methods": {
                    name: summary(e) | {"mean_interval_m": interval_of_mean(e, group, seed)} for name, e in some.items()
                },
            }
        )
    return result


def summary(errors: np.ndarray) -> dict[str, float]:
    """Mean, median and 90th percentile of errors, nan left out."""
    known = errors[~np.isnan(errors)]
    middle, high = np.percentile(known, [50, 90])
    return {"mean_m": float(known.mean()), "median_m": float(middle), "p90_m": float(high)}


def inside_circles(w: Windows, errors: np.ndarray, answer: Forecasts) -> np.ndarray:
    """Whether the truth lies within the radii of 50 and 80 %: (2, w, h) floats 0 or 1, nan where there is none."""
    radii = (spread(w, r) for r in (answer.radius50_m, answer.radius80_m))
    return np.stack([np.where(np.isnan(errors), np.nan, errors <= r) for r in radii])


def inside_areas(w: Windows, answer: Forecasts) -> np.ndarray | None:
    """The same for the model's own areas, None where they were not asked for."""
    if answer.areas is None:
        return None
    import shapely

    shapely.prepare(answer.areas)
    last = np.broadcast_to(w.lon[:, -1:], w.known.shape)[w.known]
    lon = near_lon(w.true_lon[w.known], last)  # areas reach on across the antimeridian
    return np.stack([spread(w, shapely.contains_xy(areas, lon, w.true_lat[w.known])) for areas in answer.areas.T])


def moving(w: Windows) -> np.ndarray:
    """(w, h) bool: truths that lie 50 m from the last fix, or as far as half a metre a second goes."""
    way = metres_between(w.lon[:, -1:], w.lat[:, -1:], w.true_lon, w.true_lat)
    dt = (w.asked - w.t[:, -1:]) / 1000.0
    return w.known & (way > np.minimum(MOVING_MS * dt, MOVING_M))


def unvisited(w: Windows) -> np.ndarray:
    """(w, h) bool: truths with no fix of the context within 250 m."""
    result = np.zeros(w.known.shape, bool)
    for h in range(w.known.shape[1]):
        way = metres_between(w.lon, w.lat, w.true_lon[:, h : h + 1], w.true_lat[:, h : h + 1])
        result[:, h] = w.known[:, h] & (np.where(np.isnan(way), np.inf, way).min(axis=1) > VISITED_M)
    return result


def _compared(errors: dict[str, np.ndarray], best: str, chosen: np.ndarray, group: np.ndarray, seed: int) -> dict:
    """Cases, the model's and the best simple method's mean, their ratio and its interval over chosen cases."""
    if not chosen.any():
        return {"cases": 0, "ratio": None, "interval": None}
    ours, theirs = (np.where(chosen, errors[name], np.nan) for name in (MODEL, best))
    return {
        "cases": int(chosen.sum()),
        "mean_m": float(np.nanmean(ours)),
        "best_simple_mean_m": float(np.nanmean(theirs)),
        "ratio": float(np.nansum(ours) / max(np.nansum(theirs), 1e-9)),
        "interval": interval_by_person(ours, theirs, group, seed),
    }


def _coverage(name: str, inside: np.ndarray, chosen: np.ndarray) -> dict[str, float | None]:
    """Share of the chosen truths inside each area: (2, …) and (…)."""
    return {
        f"{name}{level}": float(i[chosen].mean()) if chosen.any() else None
        for level, i in zip(LEVELS, inside, strict=True)
    }


def interval_by_person(ours: np.ndarray, theirs: np.ndarray, group: np.ndarray, seed: int = 0) -> list[float]:
    """95 % bootstrap interval of the ratio of mean errors (w, h), groups (w,) drawn with replacement."""
    drawn = _drawn_sums([np.nansum(a, axis=1) for a in (ours, theirs)], group, seed)
    return [float(q) for q in np.percentile(drawn[0] / np.maximum(drawn[1], 1e-9), [2.5, 97.5])]


def interval_of_mean(errors: np.ndarray, group: np.ndarray, seed: int = 0) -> list[float]:
    """95 % bootstrap interval of a mean error (w, h), groups (w,) drawn with replacement."""
    sums = [np.nansum(errors, axis=1), (~np.isnan(errors)).sum(axis=1)]
    total, count = _drawn_sums(sums, group, seed)
    return [float(q) for q in np.percentile(total[count > 0] / count[count > 0], [2.5, 97.5])]


def _drawn_sums(values: list[np.ndarray], group: np.ndarray, seed: int) -> list[np.ndarray]:
    """Sums of values (w,) each over groups drawn with replacement, DRAWS times."""
    _, code = np.unique(group, return_inverse=True)
    sums = [np.bincount(code, v) for v in values]
    drawn = np.random.default_rng(seed).integers(0, len(sums[0]), (DRAWS, len(sums[0])))
    return [s[drawn].sum(axis=1) for s in sums]
