# SPDX-License-Identifier: GPL-2.0-or-later
"""Errors and coverage of the model and of every simple method on the same windows.

Errors are metres on the sphere. ratio is the mean error of the model over that of the best simple method (the lowest
mean), with its 95 % bootstrap interval over groups, such as people. inside50 and inside80 are shares of truths in the
areas of the model; in the family 'filled' only truths that differ from the last fix count.
"""

from __future__ import annotations

import numpy as np

from ..errors import Progress, no_progress
from ..forecasting.predict import Prediction
from ..geodesy import near_lon
from .baselines import Forecast
from .plots import LEVELS, MODEL
from .windows import Windows, errors_m, spread

ZEROED = "RAW with its output at zero"
PAST = "the layer's past alone"  # the same, with retrieved continuations as in the model


def measure(
    w: Windows, simple: dict[str, Forecast], answer: Prediction, others: dict[str, Forecast], group: np.ndarray,
    seed: int = 0, progress: Progress = no_progress,
) -> dict:  # fmt: skip
    """All figures of windows, in all and by horizon.

    simple: forecasts (w, h) of the simple methods by name. answer: forecasts of the model with areas, in the order of
    `w.known`. others: more forecasts to report, not to compare with. group: (w,) of the bootstrap.
    """
    errors = {name: errors_m(w, f) for name, f in simple.items()}
    errors[MODEL] = errors_m(w, (spread(w, answer.lon), spread(w, answer.lat)))
    inside, in_domain = inside_areas(w, answer), spread(w, answer.in_domain)
    counted = w.moved if w.family == "filled" else w.known

    def figures(h: slice) -> dict:
        known = w.known[:, h]
        here = {name: e[:, h] for name, e in errors.items()}
        best = min(simple, key=lambda name: np.nanmean(here[name]))
        ours, theirs = here[MODEL], here[best]
        held = {
            f"inside{level}": float(each[:, h][counted[:, h]].mean()) if counted[:, h].any() else None
            for level, each in zip(LEVELS, inside, strict=True)
        }
        return {
            "people": len(np.unique(w.user[known.any(axis=1)])), "best_simple": best, "cases": int(known.sum()),
            "mean_m": float(np.nanmean(ours)), "best_simple_mean_m": float(np.nanmean(theirs)),
            "ratio": float(np.nansum(ours) / max(np.nansum(theirs), 1e-9)),
            "interval": interval_by_person(ours, theirs, group, seed), **held,
            "in_domain": float(in_domain[:, h][known].mean()),
        }  # fmt: skip

    horizons = []
    for h, horizon_s in enumerate(w.horizon_s):
        progress(h / len(w.horizon_s))
        if not w.known[:, h].any():
            continue
        some = slice(h, h + 1)
        row, here = figures(some), {name: e[:, some] for name, e in errors.items()}
        staying = here["persistence"]
        horizons.append({
            "horizon_s": float(horizon_s), **row, "groups": len(np.unique(group[w.known[:, h]])),
            "best_over_staying": interval_by_person(here[row["best_simple"]], staying, group, seed),
            "over_staying": interval_by_person(here[MODEL], staying, group, seed),
            "methods": {
                name: summary(e) | {"mean_interval_m": interval_of_mean(e, group, seed)} for name, e in here.items()
            },
        })  # fmt: skip
    every = errors | {name: errors_m(w, f) for name, f in others.items()}
    return {
        "windows": len(w), **figures(slice(None)), "methods": {name: summary(e) for name, e in every.items()},
        "horizons": horizons,
    }  # fmt: skip


def summary(errors: np.ndarray) -> dict[str, float]:
    """Mean, median and 90th percentile of errors, nan left out."""
    known = errors[~np.isnan(errors)]
    middle, high = np.percentile(known, [50, 90])
    return {"mean_m": float(known.mean()), "median_m": float(middle), "p90_m": float(high)}


def inside_areas(w: Windows, answer: Prediction) -> np.ndarray:
    """Whether the truth lies within the areas of 50 and 80 %: (2, w, h) floats 0 or 1, nan without a truth."""
    import shapely

    shapely.prepare(answer.areas)
    last = np.broadcast_to(w.lon[:, -1:], w.known.shape)[w.known]
    lon = near_lon(w.true_lon[w.known], last)  # areas continue across the antimeridian
    areas = np.asarray(answer.areas).T
    return np.stack([spread(w, shapely.contains_xy(some, lon, w.true_lat[w.known])) for some in areas])


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
