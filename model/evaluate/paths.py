# SPDX-License-Identifier: GPL-2.0-or-later
"""Likely paths against truths and points on the same windows: python -m model.evaluate forecast --paths

Positions are metres east and north of a window's last fix, (w, h, 2) or (w, k, h, 2). A path that a window lacks counts
as its most likely one. All intervals are 95 % bootstrap intervals by person.
"""

from __future__ import annotations

import numpy as np

from model.evaluate import ratio_words, reliability
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.evaluation.metrics import interval_by_person
from raw_qgis_plugin.core.evaluation.windows import Windows
from raw_qgis_plugin.core.features.featurizer import into_frame
from raw_qgis_plugin.core.forecasting.predict import Queries, predict
from raw_qgis_plugin.core.geodesy import offset_m

N_PATHS, FADE_S, TURN = 3, 900.0, np.pi / 6


def measure_paths(w: Windows, model: Model, seed: int = 0) -> dict:
    """All figures of the likely paths of windows of trips, each of whose truths is known."""
    tracks, (window, step) = w.contexts(), np.nonzero(w.known)
    p = predict(tracks, model, Queries.at(tracks, window, w.query_t[w.known]), n_paths=N_PATHS)
    truth = offset_m(w.true_lon, w.true_lat, w.lon[:, -1:], w.lat[:, -1:])
    point, paths = np.empty_like(truth), np.empty((len(w), N_PATHS, *truth.shape[1:]))
    point[window, step] = offset_m(p.lon, p.lat, w.lon[window, -1], w.lat[window, -1])
    paths[window, :, step] = offset_m(p.path_lon, p.path_lat, w.lon[window, -1:], w.lat[window, -1:])
    share = np.zeros((len(w), N_PATHS))
    share[window] = np.nan_to_num(p.path_probability)
    paths = np.where(np.isnan(paths), paths[:, :1], paths)
    error, point_error = away(paths, truth[:, None]), away(point, truth)  # (w, k, h), (w, h)
    best = error[:, :, -1].min(axis=1)
    nearest = error.mean(axis=2).argmin(axis=1)[:, None]

    def ratio(ours: np.ndarray, theirs: np.ndarray) -> dict[str, float | list[float]]:
        ours, theirs = (a.reshape(len(w), -1) for a in (ours, theirs))
        return {"ratio": float(ours.mean() / theirs.mean()), "interval": interval_by_person(ours, theirs, w.user, seed)}

    return {
        "windows": len(w),
        "people": len(np.unique(w.user)),
        "first_over_point": [
            {"horizon_s": float(s), **ratio(error[:, 0, h], point_error[:, h])} for h, s in enumerate(w.horizon_s)
        ],
        "best_of_three_over_point": ratio(best, point_error[:, -1]),
        "best_of_three_over_fan": ratio(best, away(fan(w), truth[:, None, -1]).min(axis=1)),
        "reliability": reliability(
            share.ravel(), (nearest == np.arange(N_PATHS)).ravel(), ("probability", "true", "paths")
        ),
    }


def table(family: str, r: dict) -> str:
    """The figures as text."""
    by_horizon = ", ".join(f"{h['ratio']:.3f}" for h in r["first_over_point"])
    bins = (f"{b['probability']:.2f}: {b['true']:.2f} ({b['paths']})" for b in r["reliability"])
    return "\n".join([
        f"{family}: paths of {r['windows']} windows of {r['people']} units",
        f"    most likely path / point, by horizon: {by_horizon}",
        f"    best of three, final error / the point's: {ratio_words(r['best_of_three_over_point'])}",
        f"    / the best of damped velocity, also turned by 30°: {ratio_words(r['best_of_three_over_fan'])}",
        f"    probability: share that was nearest (paths): {', '.join(bins)}",
    ])  # fmt: skip


def away(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Distances (…) of positions (…, 2)."""
    return np.hypot(*np.moveaxis(a - b, -1, 0))


def fan(w: Windows) -> np.ndarray:
    """Ends (w, 3, 2) of three simple paths: damped constant velocity, and the same turned by 30° to both sides."""
    last_s, ahead_s = (w.t[:, -1] - w.t[:, -2]) / 1000.0, (w.query_t[:, -1] - w.t[:, -1]) / 1000.0
    step = offset_m(w.lon[:, -1], w.lat[:, -1], w.lon[:, -2], w.lat[:, -2])
    end = step / np.maximum(last_s, 0.5)[:, None] * (FADE_S * -np.expm1(-ahead_s / FADE_S))[:, None]
    return np.stack([into_frame(end, np.array([np.cos(a), np.sin(a)])) for a in (0.0, TURN, -TURN)], axis=1)
