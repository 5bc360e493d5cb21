# SPDX-License-Identifier: GPL-2.0-or-later
"""How far answers may lie from those recorded: numbers, embeddings, and forecasts."""

from __future__ import annotations

import numpy as np

TOLERANCE = 1e-5  # of numbers, or of themselves where they are greater than one
TOLERANCE_LATER = 1e-4  # of diaries, gaps, encounters and paths, and of forecasts' scale
TOLERANCE_SQUARE = 5e-7  # of a spread
DEGREE_M = 111_320.0
SCALE_M = 1.0  # of a forecast, at least
LATER = ("diary", "people", "gaps", "encounters", "paths")
Answers = dict[str, np.ndarray]


def differences(before: Answers, now: Answers, width: int) -> list[str]:
    """Which of the columns in both differ, a line each. width: of the network that embeds."""
    wrong = []
    for name in sorted(before.keys() & now.keys()):
        old, new, kind = before[name], now[name], name.split("/")[1]
        if old.shape != new.shape or old.dtype.kind != new.dtype.kind or old.dtype.kind != "f":
            off = not np.array_equal(old, new)
        elif kind == "embedding":
            off = wrong_embeddings(old, new, width).any()
        elif kind == "forecast":
            off = wrong_forecasts(name, before, new).any()
        else:
            tolerance = TOLERANCE_LATER if kind in LATER else TOLERANCE
            degrees = kind in LATER and name.endswith(("lon", "lat"))
            off = not np.allclose(
                new, old, tolerance, TOLERANCE if degrees else tolerance, equal_nan=True
            )
        if off:
            wrong.append(difference(name, old, new))
    return wrong


def wrong_embeddings(before: np.ndarray, now: np.ndarray, width: int) -> np.ndarray:
    """Where embeddings (n, e) are off. Their spreads, which are roots of small differences, may be
    off by more where their squares are not.
    """
    columns = np.arange(before.shape[1])
    # of two scales means and spreads, then the facts
    spread = (columns // width % 2 == 1) & (columns < 4 * width)
    near = np.isclose(
        np.square(now.astype(float)), np.square(before.astype(float)), rtol=0, atol=TOLERANCE_SQUARE
    )
    return ~np.isclose(now, before, TOLERANCE, TOLERANCE, equal_nan=True) & ~(near & spread)


def wrong_forecasts(name: str, before: Answers, new: np.ndarray) -> np.ndarray:
    """Where a column of forecasts is off by more than a share of their scale, which is the 80 %
    radius or a metre.
    """
    table, _, column = name.rpartition("/")
    old, lat = before[name].astype(float), before[f"{table}/lat"]
    scale = np.maximum(before[f"{table}/radius80_m"], SCALE_M)
    off = np.abs(new - old)
    if column in ("lon", "lat"):
        off = metres(off, column == "lon", lat)
    elif column.endswith("_bounds"):  # west, south, east, north
        north = np.minimum(np.abs(old[:, [1, 3]]).max(axis=1), 90)
        off, scale = (
            np.stack([metres(off[:, i], i % 2 == 0, north) for i in range(4)], axis=1),
            scale[:, None],
        )
    elif column.endswith("_m2"):
        scale = 2 * np.maximum(before[f"{table}/area80_m2"], np.pi * SCALE_M**2)
    return (off > TOLERANCE_LATER * scale) | (np.isnan(old) != np.isnan(new))


def metres(off: np.ndarray, is_lon: bool, lat: np.ndarray) -> np.ndarray:
    """How far degrees are apart; longitudes at a latitude, the short way round."""
    return (
        np.minimum(off, 360 - off) * np.cos(np.radians(lat)) * DEGREE_M
        if is_lon
        else off * DEGREE_M
    )


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
