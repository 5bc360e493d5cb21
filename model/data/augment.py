# SPDX-License-Identifier: GPL-2.0-or-later
"""Tracks in rows, and how they are varied before a network learns from them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from model.data.corpus import COARSE_S
from raw_qgis_plugin.core.arrays import Array
from raw_qgis_plugin.core.geodesy import metres_per_degree


class Settings:
    """How tracks are varied."""

    fastest_m_s: float = 70.0  # of simulated movement that is enlarged
    min_step_s: float = 0.5  # between fixes, so that nothing is divided by zero


@dataclass(frozen=True)
class Rows:
    """Tracks in rows: t ms, lon, lat (B, L), and the track in the row, piece (B, L) int.

    piece is -1 for padding.
    """

    t: Array
    lon: Array
    lat: Array
    piece: Array


def first_fixes(piece: Array) -> Array:
    """The place in the row (B, L) of the first fix of each fix's own track.

    piece: (B, L), equal along a track.
    """
    begins = np.diff(piece, axis=1, prepend=-2) != 0
    place = np.arange(piece.shape[1])
    return np.maximum.accumulate(np.where(begins, place, 0), axis=1)


def vary(rng: Generator, rows: Rows, exact: bool, cadence: int) -> Rows:
    """Rows with varied durations; exact positions also get another scale and recording errors."""
    if cadence < COARSE_S:
        rows = replace(rows, t=_stretch(rng, rows.t, exact))
    if not exact:
        return rows

    rows = _enlarge(rng, rows)
    kx, ky = metres_per_degree(rows.lat)
    error = noise(rng, rows.t)
    return replace(rows, lon=rows.lon + error[..., 0] / kx, lat=rows.lat + error[..., 1] / ky)


def _stretch(rng: Generator, t: Array, exact: bool) -> Array:
    """Times (B, L) ms of rows that go faster or slower; a quarter of the exact ones unevenly."""
    low, high = (0.75, 1.35) if exact else (0.92, 1.08)
    factor = rng.uniform(low, high, (len(t), 1))
    if exact:
        uneven = rng.random((len(t), 1)) < 0.25
        factor = factor * np.where(uneven, pace(rng, t), 1.0)

    steps = np.diff(t, axis=1, prepend=t[:, :1]) * factor
    return t[:, :1] + np.cumsum(steps, axis=1).astype(np.int64)


def pace(rng: Generator, t: Array) -> Array:
    """Factors (B, L) on the durations of the steps of simulated rows t (B, L) ms.

    They vary along the track.
    """
    tau = log_uniform(rng, 30, 200, len(t))
    return np.exp(0.3 * _wander(rng, _kept(t, tau))[..., 0])


def _enlarge(rng: Generator, rows: Rows) -> Rows:
    """Half of the simulated rows, scaled about the first fix of each track.

    Streets become motorways and railways, which are rare in simulations. No track gets faster than
    Settings.fastest_m_s.
    """
    first = first_fixes(rows.piece)
    lon0 = np.take_along_axis(rows.lon, first, 1)
    lat0 = np.take_along_axis(rows.lat, first, 1)
    kx, ky = metres_per_degree(lat0)
    x = (rows.lon - lon0) * kx
    y = (rows.lat - lat0) * ky

    seconds = np.maximum(np.diff(rows.t, axis=1) / 1000.0, Settings.min_step_s)
    speed = np.hypot(np.diff(x, axis=1), np.diff(y, axis=1)) / seconds
    inside = np.diff(rows.piece, axis=1) == 0
    fastest = np.where(inside, speed, 0.0).max(axis=1, keepdims=True)
    factor = log_uniform(rng, 0.7, 4.0, len(x))
    allowed = Settings.fastest_m_s / np.maximum(fastest, 1.0)
    enlarged = rng.random((len(x), 1)) < 0.5
    factor = np.where(enlarged, np.minimum(factor, allowed), 1.0)

    return replace(rows, lon=lon0 + x * factor / kx, lat=lat0 + y * factor / ky)


def noise(rng: Generator, t: Array) -> Array:
    """Recording errors (B, L, 2) in metres for rows t (B, L) ms: autocorrelated and white noise."""
    b, length = t.shape
    sigma_m = log_uniform(rng, 0.7, 9, b)
    tau_s = log_uniform(rng, 10, 200, b)
    white_m = log_uniform(rng, 0.3, 3, b)
    error = sigma_m[..., None] * _wander(rng, _kept(t, tau_s))

    return error + rng.normal(size=(b, length, 2)) * white_m[..., None]


def _wander(rng: Generator, keep: Array) -> Array:
    """Standard normal pairs (B, L, 2), correlated with the pairs before them by keep (B, L - 1)."""
    walk = rng.normal(size=(len(keep), keep.shape[1] + 1, 2))
    fresh = np.sqrt(1 - keep**2)

    for i in range(1, walk.shape[1]):
        old = keep[:, i - 1, None] * walk[:, i - 1]
        walk[:, i] = old + fresh[:, i - 1, None] * walk[:, i]

    return walk


def _kept(t: Array, tau: Array) -> Array:
    """Correlations (B, L - 1) of neighbours at times t (B, L) ms that fade within tau (B, 1) s."""
    return np.exp(-np.abs(np.diff(t, axis=1)) / 1000.0 / tau)


def log_uniform(rng: Generator, low: float, high: float, count: int) -> Array:
    """Numbers (count, 1) whose logarithms are uniform."""
    return np.exp(rng.uniform(np.log(low), np.log(high), (count, 1)))
