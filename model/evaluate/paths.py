# SPDX-License-Identifier: GPL-2.0-or-later
"""Likely paths against truths, points and simple paths on the same windows: python -m model.evaluate forecast --paths

Positions are metres east and north of a window's last fix, (w, h, 2) or (w, k, h, 2). A path that a window lacks counts
as its most likely one. All intervals are 95 % bootstrap intervals by person.
"""

from __future__ import annotations

import numpy as np

from model.evaluate import ratio_words, reliability
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import no_progress
from raw_qgis_plugin.core.evaluation.metrics import interval_by_person
from raw_qgis_plugin.core.evaluation.windows import Windows
from raw_qgis_plugin.core.features.featurizer import into_frame
from raw_qgis_plugin.core.forecasting.answer import answer
from raw_qgis_plugin.core.forecasting.context import ContextQueries
from raw_qgis_plugin.core.forecasting.mixture import TAIL
from raw_qgis_plugin.core.forecasting.neighbours import WEIGHT, Neighbours
from raw_qgis_plugin.core.forecasting.paths import turns_back
from raw_qgis_plugin.core.forecasting.predict import Prediction, Queries, predict
from raw_qgis_plugin.core.geodesy import metres_per_degree, offset_m

N_PATHS, N_DRAWS, FADE_S, TURN = 3, 32, 900.0, np.pi / 6
LONGEST_M, STEP_M = 1000.0, 25.0  # of distances to other tracks, and between the points of lines
MOVES_M = 50.0  # from the last fix


def measure_paths(w: Windows, model: Model, seed: int = 0) -> dict:
    """All figures of the likely paths of windows of trips, each of whose truths is known."""
    tracks, (window, step) = w.contexts(), np.nonzero(w.known)
    p = predict(tracks, model, Queries.at(tracks, window, w.query_t[w.known]), n_paths=N_PATHS)
    truth, point = (_from_last(w, lon, lat) for lon, lat in ((w.true_lon, w.true_lat), _spread(w, p)))
    paths = np.empty((len(w), N_PATHS, *truth.shape[1:]))
    paths[window, :, step] = offset_m(p.path_lon, p.path_lat, w.lon[window, -1:], w.lat[window, -1:])
    share = np.zeros((len(w), N_PATHS))
    share[window] = np.nan_to_num(p.path_probability)
    paths = np.where(np.isnan(paths), paths[:, :1], paths)
    rng = np.random.default_rng(seed)
    error, point_error = away(paths, truth[:, None]), away(point, truth)  # (w, k, h), (w, h)
    final, best = point_error[:, -1], error[:, :, -1].min(axis=1)
    simple = {"fading velocity, 30° to both sides": fan(w), "retrieved at random": retrieved(w, rng)}
    simple_best = {name: away(ends, truth[:, None, -1]).min(axis=1) for name, ends in simple.items()}
    lowest = min(simple_best, key=lambda name: simple_best[name].mean())

    nearest = error.mean(axis=2).argmin(axis=1)[:, None]
    energy, energy_many, energy_three = energy_scores(w, model, truth, paths, share, rng)

    def ratio(ours: np.ndarray, theirs: np.ndarray) -> dict[str, float | list[float]]:
        ours, theirs = (a.reshape(len(w), -1) for a in (ours, theirs))
        return {"ratio": float(ours.mean() / theirs.mean()), "interval": interval_by_person(ours, theirs, w.user, seed)}

    return {
        "windows": len(w),
        "people": len(np.unique(w.user)),
        "first_over_point": [
            {"horizon_s": float(s), **ratio(error[:, 0, h], point_error[:, h])} for h, s in enumerate(w.horizon_s)
        ],
        "best_of_three_over_point": ratio(best, final),
        "best_of_three_over_simple": {"simple": lowest, **ratio(best, simple_best[lowest])},
        "energy_over_independent": ratio(energy, energy_many),
        "energy_over_three_independent": ratio(energy, energy_three),
        "reliability": reliability(share.ravel(), (nearest == np.arange(N_PATHS)).ravel(), ("said", "true", "paths")),
        "turning_back": {
            name: float(turns_back(a).mean()) for name, a in (("truth", truth), ("points", point))
        } | {"first path": float(turns_back(paths[:, 0]).mean()),
             "all paths": float(turns_back(paths.reshape(-1, *truth.shape[1:])).mean())},
        "fastest_1_percent_m_s": {
            name: float(np.quantile(speeds(w, a), 0.99)) for name, a in (("truth", truth), ("first path", paths[:, 0]))
        },
        "to_other_tracks_m": to_other_tracks(w, {"truth": truth, "points": point, "first path": paths[:, 0]}),
    }  # fmt: skip


def table(family: str, r: dict) -> str:
    """The figures as text."""
    by_horizon = ", ".join(f"{h['ratio']:.3f}" for h in r["first_over_point"])
    named = (f"{k} {v:.3g}" for k, v in r["to_other_tracks_m"].items())
    bins = (f"{b['said']:.2f}: {b['true']:.2f} ({b['paths']})" for b in r["reliability"])
    return "\n".join([
        f"{family}: paths of {r['windows']} windows of {r['people']} units",
        f"    most likely path / point, by horizon: {by_horizon}",
        f"    best of three, final error / the point's: {ratio_words(r['best_of_three_over_point'])}",
        f"    / the best of three simple ones ({r['best_of_three_over_simple']['simple']}): "
        f"{ratio_words(r['best_of_three_over_simple'])}",
        f"    energy score / that of independent mixtures: {ratio_words(r['energy_over_independent'])}, "
        f"/ that of three independent draws: {ratio_words(r['energy_over_three_independent'])}",
        f"    probability: share that was nearest (paths): {', '.join(bins)}",
        "    turning back: " + ", ".join(f"{k} {v:.2%}" for k, v in r["turning_back"].items()),
        "    fastest hundredth of legs, m/s: "
        + ", ".join(f"{k} {v:.1f}" for k, v in r["fastest_1_percent_m_s"].items()),
        "    to the layer's other tracks, m: " + ", ".join(named),
    ])  # fmt: skip


def _spread(w: Windows, p: Prediction) -> tuple[np.ndarray, np.ndarray]:
    return p.lon.reshape(w.known.shape), p.lat.reshape(w.known.shape)


def _from_last(w: Windows, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    return offset_m(lon, lat, w.lon[:, -1:], w.lat[:, -1:])


def away(a: np.ndarray, b: np.ndarray | float) -> np.ndarray:
    """Distances (…) of positions (…, 2)."""
    return np.hypot(*np.moveaxis(a - b, -1, 0))


def fan(w: Windows) -> np.ndarray:
    """Ends (w, 3, 2) of three simple paths: fading velocity, and the same turned to both sides."""
    last_s, ahead_s = (w.t[:, -1] - w.t[:, -2]) / 1000.0, (w.query_t[:, -1] - w.t[:, -1]) / 1000.0
    velocity = -_from_last(w, w.lon[:, -2:-1], w.lat[:, -2:-1])[:, 0] / np.maximum(last_s, 0.5)[:, None]
    end = velocity * (FADE_S * -np.expm1(-ahead_s / FADE_S))[:, None]
    return np.stack([into_frame(end, np.array([np.cos(a), np.sin(a)])) for a in (0.0, TURN, -TURN)], axis=1)


def retrieved(w: Windows, rng: np.random.Generator) -> np.ndarray:
    """Ends (w, 3, 2) of three of the layer's continuations at random; of the fan where there are fewer."""
    tracks = w.contexts()
    last = tracks.track_offsets[1:] - 1
    ahead_s = (w.query_t[:, -1:] - w.t[:, -1:]) / 1000.0
    found = Neighbours(tracks).of_trips(last, last - 1, ahead_s)[0][:, 0]
    order = np.argsort(rng.random(found.shape[:2]) - (found[..., WEIGHT] > 0), axis=1)[:, :3]
    found = np.take_along_axis(found, order[..., None], 1)
    return np.where(found[..., WEIGHT, None] > 0, found[..., :2], fan(w))


def energy_scores(
    w: Windows, model: Model, truth: np.ndarray, paths: np.ndarray, share: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Energy scores (w,) of the paths by their probabilities, of the mixtures that areas are made of, independent at
    each horizon, by N_DRAWS draws from them, and of as many of these draws as there are paths.

    The distance of two paths is the Euclidean one over all horizons together.
    """
    tracks, (window, step) = w.contexts(), np.nonzero(w.known)
    ahead_s = (w.query_t - w.t[:, -1:])[w.known] / 1000.0
    asked = ContextQueries(tracks.track_offsets[:-1], tracks.track_offsets[1:], window, ahead_s)
    draws = np.empty((len(w), N_DRAWS, *truth.shape[1:]))
    for number, d, m in answer(tracks, model, asked, Neighbours(tracks), no_progress):
        chosen = (m.weight.cumsum(axis=1)[:, None] < rng.random((len(number), N_DRAWS, 1))).sum(axis=2)
        chosen = np.minimum(chosen, m.weight.shape[1] - 1)
        noise = rng.normal(size=(*chosen.shape, 2)) / np.sqrt(rng.chisquare(TAIL, chosen.shape) / TAIL)[..., None]
        scale = np.take_along_axis(m.scale, chosen, 1)[..., None]
        xy = np.take_along_axis(m.centre, chosen[..., None], 1) + noise * scale
        draws[window[number], :, step[number]] = into_frame(xy, d.f.heading[d.last][:, None] * [1.0, -1.0])
    share = share / share.sum(axis=1, keepdims=True)
    even = np.full(share.shape, 1.0 / N_PATHS)
    many = _energy(draws, np.full(draws.shape[:2], 1.0 / N_DRAWS), truth)
    return _energy(paths, share, truth), many, _energy(draws[:, :N_PATHS], even, truth)


def _energy(paths: np.ndarray, share: np.ndarray, truth: np.ndarray) -> np.ndarray:
    among = np.linalg.norm(away(paths[:, :, None], paths[:, None]), axis=-1)
    off = np.linalg.norm(away(paths, truth[:, None]), axis=-1)
    n = paths.shape[1]
    unbiased = n / (n - 1) if n == N_DRAWS else 1.0  # of draws; the paths are the whole distribution
    return (share * off).sum(axis=1) - 0.5 * unbiased * (share[:, :, None] * share[:, None] * among).sum(axis=(1, 2))


def speeds(w: Windows, path: np.ndarray) -> np.ndarray:
    """Speeds (w, h) in m/s along the legs of paths (w, h, 2)."""
    seconds = np.diff(w.query_t, axis=1, prepend=w.t[:, -1:]) / 1000.0
    return np.hypot(*np.moveaxis(np.diff(path, axis=1, prepend=0.0), -1, 0)) / np.maximum(seconds, 0.5)


def to_other_tracks(w: Windows, shown: dict[str, np.ndarray]) -> dict[str, float]:
    """Mean distance of paths (w, h, 2) to the contexts of other people in metres, along each path and then over the
    windows that move. Distances count up to LONGEST_M.
    """
    from scipy.spatial import cKDTree

    kx, ky = metres_per_degree(np.nanmedian(w.lat))
    fixes = np.stack([w.lon * kx, w.lat * ky], axis=-1)
    others, owner = _laid_out(fixes)
    trees = {
        user: cKDTree(others[w.user[owner] != user], balanced_tree=False, compact_nodes=False)
        for user in np.unique(w.user)
    }
    moves = away(shown["truth"], 0.0).max(axis=1) > MOVES_M
    result = {}
    for name, path in shown.items():
        points, of = _laid_out(np.insert(path, 0, 0.0, axis=1) + fixes[:, -1:])
        distance = np.empty(len(points))
        for user, tree in trees.items():
            own = w.user[of] == user
            distance[own] = tree.query(points[own], distance_upper_bound=LONGEST_M)[0]
        total = np.bincount(of, np.minimum(distance, LONGEST_M), len(w))
        result[name] = float((total / np.bincount(of, minlength=len(w)))[moves].mean())
    return result


def _laid_out(lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (p, 2) about STEP_M apart along lines (n, l, 2), and the line of each (p,). Long legs get 200 points."""
    begin, leg = lines[:, :-1].reshape(-1, 2), np.diff(lines, axis=1).reshape(-1, 2)
    known = np.flatnonzero(~np.isnan(leg).any(axis=1))
    count = np.clip(np.ceil(np.hypot(*leg[known].T) / STEP_M), 1, 200).astype(int)
    of = np.repeat(known, count)
    part = (np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count) + 0.5) / np.repeat(count, count)
    return begin[of] + part[:, None] * leg[of], of // (lines.shape[1] - 1)
