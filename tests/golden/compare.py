# SPDX-License-Identifier: GPL-2.0-or-later
"""How far answers may lie from those recorded: of embeddings, other answers, and forecasts."""

from __future__ import annotations

import numpy as np

TOLERANCE = 1e-5
TOLERANCE_SQUARE = 5e-7  # of a spread
DEGREE_M = 111_320.0
SCALE_M = 1.0  # of a forecast, at least


def wrong_numbers(before: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Where numbers are off by more than TOLERANCE: of themselves where they are greater than one, else as they are."""
    return ~np.isclose(now.astype(float), before.astype(float), rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)


def wrong_embeddings(before: np.ndarray, now: np.ndarray, width: int) -> np.ndarray:
    """The same of embeddings (n, e) by a network of this width. Their spreads, which are roots of small differences,
    may be off by more where their squares are not.
    """
    columns = np.arange(before.shape[1])
    spread = (columns // width % 2 == 1) & (columns < 4 * width)  # of two scales means and spreads, then the facts
    near = np.isclose(np.square(now.astype(float)), np.square(before.astype(float)), rtol=0, atol=TOLERANCE_SQUARE)
    return wrong_numbers(before, now) & ~(near & spread)


def forecast_off(name: str, before: dict[str, np.ndarray], now: dict[str, np.ndarray]) -> np.ndarray:
    """By what share of the forecasts' scale, their 80 % radius or a metre, a column of forecasts is off."""
    old, new = before[name].astype(float), now[name].astype(float)
    scale = np.maximum(before["radius80_m"], SCALE_M)
    if name in ("lon", "lat"):
        return metres(old, new, name == "lon", before["lat"]) / scale
    if name.endswith("_bounds"):  # west, south, east, north
        lat = np.minimum(np.abs(old[:, [1, 3]]).max(axis=1), 90)
        return np.stack([metres(old[:, i], new[:, i], i % 2 == 0, lat) for i in range(4)], axis=1) / scale[:, None]
    if name.endswith("_m2"):
        return np.abs(new - old) / (2 * np.maximum(before["area80_m2"], np.pi * SCALE_M**2))
    return np.abs(new - old) / scale


def metres(before: np.ndarray, now: np.ndarray, is_lon: bool, lat: np.ndarray) -> np.ndarray:
    """How far degrees are apart; longitudes at a latitude, the short way round."""
    away = np.abs(now - before)
    return np.minimum(away, 360 - away) * np.cos(np.radians(lat)) * DEGREE_M if is_lon else away * DEGREE_M


def forecasts_differ(
    before: dict[str, np.ndarray], now: dict[str, np.ndarray], tolerance: float, where: str
) -> list[str]:
    """Which columns of forecasts differ, a line each: numbers by more than this share of the forecasts' scale."""
    wrong = [f"{where}/{name}: gone" for name in before.keys() - now.keys()]
    for name in [name for name in before if name in now]:
        a, b = before[name], now[name]
        if a.shape != b.shape or a.dtype.kind != b.dtype.kind or a.dtype.kind != "f":
            if not np.array_equal(a, b):
                wrong.append(difference(f"{where}/{name}", a, b))
            continue
        most = np.nanmax(forecast_off(name, before, now), initial=0)
        if most > tolerance or (np.isnan(a) != np.isnan(b)).any():
            wrong.append(f"{difference(f'{where}/{name}', a, b)}; {most:.3g} of the scale")
    return wrong


def difference(name: str, before: np.ndarray, now: np.ndarray) -> str:
    """What differs in a column, in a line."""
    if before.shape != now.shape or before.dtype.kind != now.dtype.kind:
        return f"{name}: {before.dtype}{before.shape} became {now.dtype}{now.shape}"
    if before.dtype.kind not in "fi":
        at = np.flatnonzero((before != now).ravel())
        some = "; ".join(f"{before.ravel()[i]!s} became {now.ravel()[i]!s}" for i in at[:3])
        return f"{name}: {len(at)} of {before.size} differ: {some}"
    far = np.abs(before.astype(float) - now)
    lost = np.count_nonzero(np.isnan(before.astype(float)) != np.isnan(now.astype(float)))
    most = f"{np.nanmax(far):.3g}" if np.isfinite(far).any() else "nothing"
    return f"{name}: {np.count_nonzero(far > 0)} of {before.size} differ, by {most} at most, and {lost} are nan in one"
