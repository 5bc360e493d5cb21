# SPDX-License-Identifier: GPL-2.0-or-later
"""Errors and coverage of the model and of every simple method on the same windows.

Errors are metres on the sphere. ratio is the mean error of the model over that of the best simple method (the lowest
mean), with its 95 % bootstrap interval over groups, such as people. inside50 and inside80 are shares of truths in the
areas of the model, circle50 and circle80 in the circles of its radii; in the family 'filled' only truths that differ
from the last fix count.
"""

from __future__ import annotations

import numpy as np

from ..errors import Progress, no_progress
from ..forecasting.predict import Prediction
from ..geodesy import metres_between, near_lon
from .baselines import Forecast
from .windows import Windows, errors_m, spread

MODEL, ZEROED = "RAW", "RAW with its output at zero"
PAST = "the layer's past alone"  # the same, with retrieved continuations as in the model
LEVELS = (50, 80)


def measure(
    w: Windows, simple: dict[str, Forecast], answer: Prediction, others: dict[str, Forecast], group: np.ndarray,
    seed: int = 0, progress: Progress = no_progress,
) -> dict:  # fmt: skip
    """All figures of windows.

    simple: forecasts (w, h) of the simple methods by name. answer: forecasts of the model, in the order of `w.known`.
    others: more forecasts to report, not to compare with. group: (w,) of the bootstrap.
    """
    errors = {name: errors_m(w, f) for name, f in simple.items()}
    best = min(errors, key=lambda name: np.nanmean(errors[name]))
    errors[MODEL] = errors_m(w, (spread(w, answer.lon), spread(w, answer.lat)))
    circles = inside_circles(w, errors[MODEL], answer)
    areas = inside_areas(w, answer)
    inside = circles if areas is None else areas
    counted = w.moved if w.family == "filled" else w.known
    in_domain = spread(w, answer.in_domain)

    def coverage(h: slice) -> dict[str, float | None]:
        return {
            f"{name}{level}": float(held[..., h][counted[:, h]].mean()) if counted[:, h].any() else None
            for name, both in (("inside", inside), ("circle", circles))
            for level, held in zip(LEVELS, both, strict=True)
        }

    result = {
        "windows": len(w),
        "people": len(np.unique(w.user)),
        "best_simple": best,
        **_compared(errors, best, w.known, group, seed),
        **coverage(slice(None)),
        "in_domain": float(answer.in_domain.mean()),
        "methods": {name: summary(e) for name, e in (errors | {k: errors_m(w, f) for k, f in others.items()}).items()},
        "moving": _compared(errors, best, moving(w), group, seed),
        "unvisited": _compared(errors, best, unvisited(w), group, seed),
        "horizons": [],
    }
    for h, horizon in enumerate(w.horizon_s):
        progress(h / len(w.horizon_s))
        here, known = {name: e[:, h : h + 1] for name, e in errors.items()}, w.known[:, h]
        if not known.any():
            continue
        best = min(simple, key=lambda name: np.nanmean(here[name]))
        staying = here["persistence"]
        result["horizons"].append({
            "horizon_s": float(horizon),
            "people": len(np.unique(w.user[known])),
            "groups": len(np.unique(group[known])),
            "best_simple": best,
            **_compared(here, best, known[:, None], group, seed),
            "best_over_staying": interval_by_person(here[best], staying, group, seed),
            "over_staying": interval_by_person(here[MODEL], staying, group, seed),
            **coverage(slice(h, h + 1)),
            "in_domain": float(in_domain[known, h].mean()),
            "methods": {
                name: summary(e) | {"mean_interval_m": interval_of_mean(e, group, seed)} for name, e in here.items()
            },
        })  # fmt: skip
    return result


def summary(errors: np.ndarray) -> dict[str, float]:
    """Mean, median and 90th percentile of errors, nan left out."""
    known = errors[~np.isnan(errors)]
    middle, high = np.percentile(known, [50, 90])
    return {"mean_m": float(known.mean()), "median_m": float(middle), "p90_m": float(high)}


def inside_circles(w: Windows, errors: np.ndarray, answer: Prediction) -> np.ndarray:
    """Whether the truth lies within the radii of 50 and 80 %: (2, w, h) floats 0 or 1, nan without a truth."""
    radii = (spread(w, r) for r in (answer.radius50_m, answer.radius80_m))
    return np.stack([np.where(np.isnan(errors), np.nan, errors <= r) for r in radii])


def inside_areas(w: Windows, answer: Prediction) -> np.ndarray | None:
    """The same for the areas of the model; None if it has none."""
    if answer.areas is None:
        return None
    import shapely

    shapely.prepare(answer.areas)
    last = np.broadcast_to(w.lon[:, -1:], w.known.shape)[w.known]
    lon = near_lon(w.true_lon[w.known], last)  # areas continue across the antimeridian
    return np.stack([spread(w, shapely.contains_xy(areas, lon, w.true_lat[w.known])) for areas in answer.areas.T])


def moving(w: Windows, speed_m_s: float = 0.5, far_m: float = 50.0) -> np.ndarray:
    """(w, h) bool: truths that lie far_m from the last fix, or as far as the speed reaches."""
    way = metres_between(w.lon[:, -1:], w.lat[:, -1:], w.true_lon, w.true_lat)
    dt = (w.query_t - w.t[:, -1:]) / 1000.0
    return w.known & (way > np.minimum(speed_m_s * dt, far_m))


def unvisited(w: Windows, near_m: float = 250.0) -> np.ndarray:
    """(w, h) bool: truths without a fix of the context within near_m."""
    result = np.zeros(w.known.shape, bool)
    for h in range(w.known.shape[1]):
        way = metres_between(w.lon, w.lat, w.true_lon[:, h : h + 1], w.true_lat[:, h : h + 1])
        result[:, h] = w.known[:, h] & (np.where(np.isnan(way), np.inf, way).min(axis=1) > near_m)
    return result


def _compared(errors: dict[str, np.ndarray], best: str, mask: np.ndarray, group: np.ndarray, seed: int) -> dict:
    """Count, mean errors of the model and the best simple method, their ratio and its interval over a mask of cases."""
    if not mask.any():
        return {"cases": 0, "ratio": None, "interval": None}
    ours, theirs = (np.where(mask, errors[name], np.nan) for name in (MODEL, best))
    return {
        "cases": int(mask.sum()),
        "mean_m": float(np.nanmean(ours)),
        "best_simple_mean_m": float(np.nanmean(theirs)),
        "ratio": float(np.nansum(ours) / max(np.nansum(theirs), 1e-9)),
        "interval": interval_by_person(ours, theirs, group, seed),
    }


def interval_by_person(
    ours: np.ndarray, theirs: np.ndarray, group: np.ndarray, seed: int = 0, level: float = 0.95
) -> list[float]:
    """Bootstrap interval of the ratio of mean errors (w, h) over groups (w,)."""
    drawn = _drawn_sums([np.nansum(a, axis=1) for a in (ours, theirs)], group, seed)
    return [float(q) for q in np.quantile(drawn[0] / np.maximum(drawn[1], 1e-9), [(1 - level) / 2, (1 + level) / 2])]


def interval_of_mean(errors: np.ndarray, group: np.ndarray, seed: int = 0) -> list[float]:
    """95 % bootstrap interval of a mean error (w, h) over groups (w,)."""
    total, count = _drawn_sums([np.nansum(errors, axis=1), (~np.isnan(errors)).sum(axis=1)], group, seed)
    return [float(q) for q in np.percentile(total[count > 0] / count[count > 0], [2.5, 97.5])]


def _drawn_sums(values: list[np.ndarray], group: np.ndarray, seed: int, draws: int = 2000) -> list[np.ndarray]:
    """Sums (draws,) of values (w,) each over groups drawn with replacement."""
    _, code = np.unique(group, return_inverse=True)
    sums = [np.bincount(code, v) for v in values]
    drawn = np.random.default_rng(seed).integers(0, len(sums[0]), (draws, len(sums[0])))
    return [s[drawn].sum(axis=1) for s in sums]
