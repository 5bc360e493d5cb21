# SPDX-License-Identifier: GPL-2.0-or-later
"""The shipped model's forecasts are those that were recorded when the forecasting engine was last changed on purpose.

They are apart from test_answers.py, whose answers are those of 0.2.0: forecasting changes on purpose more often. A
change that is meant to move forecasts records them anew (record.py), with the reason in the commit.

Points, the borders of areas and radii are held to TOLERANCE of the forecast's scale, which is its 80 % radius or a
metre; the size of areas to twice that of the 80 % area or of a circle of a metre. Times, which forecasts there are, and
whether they lie in the domain are held exactly.
"""

from __future__ import annotations

import numpy as np
import pytest
from golden import record

TOLERANCE = 1e-4
DEGREE_M = 111_320.0
SCALE_M = 1.0  # at least


@pytest.fixture(scope="module")
def recorded() -> record.Answers:
    return {name: values for name, values in record.load().items() if record.is_forecast(name)}


@pytest.fixture(scope="module")
def forecasts() -> record.Answers:
    said: record.Answers = {}
    record.forecasts(said)
    return said


def metres(before: np.ndarray, now: np.ndarray, is_lon: bool, lat: np.ndarray) -> np.ndarray:
    """How far degrees are apart; longitudes at a latitude, the short way round."""
    away = np.abs(now - before)
    return np.minimum(away, 360 - away) * np.cos(np.radians(lat)) * DEGREE_M if is_lon else away * DEGREE_M


def off(name: str, before: dict[str, np.ndarray], now: dict[str, np.ndarray]) -> np.ndarray:
    """By what share of the forecasts' scale a column of numbers differs."""
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


def of_layer(said: record.Answers, layer: str) -> dict[str, np.ndarray]:
    """The columns of a layer's forecasts."""
    return {name.removeprefix(layer + "/"): values for name, values in said.items() if name.startswith(layer + "/")}


def test_forecasts_are_those_recorded(recorded: record.Answers, forecasts: record.Answers) -> None:
    assert forecasts.keys() == recorded.keys()
    wrong = []
    for layer in dict.fromkeys(name.rpartition("/")[0] for name in recorded if "/forecast/" in name):
        before, now = of_layer(recorded, layer), of_layer(forecasts, layer)
        for name in before:
            a, b = before[name], now[name]
            if a.shape != b.shape or a.dtype.kind != b.dtype.kind or a.dtype.kind != "f":
                if not np.array_equal(a, b):
                    wrong.append(record.difference(f"{layer}/{name}", a, b))
                continue
            share = off(name, before, now)
            lost = np.isnan(a) != np.isnan(b)
            if lost.any() or np.nanmax(share, initial=0) > TOLERANCE:
                most = f"{np.nanmax(share, initial=0):.3g} of the scale"
                wrong.append(f"{record.difference(f'{layer}/{name}', a, b)}; {most}")
    assert not wrong, "\n".join(wrong)


def test_rolling_forward_leads_where_it_led(recorded: record.Answers, forecasts: record.Answers) -> None:
    before, now = (of_layer(said, "every minute/rollout") for said in (recorded, forecasts))
    for name in ("lon", "lat"):
        far = metres(before[name], now[name], name == "lon", before["lat"])
        assert far.max() < TOLERANCE * 1000  # metres of a way of some kilometres
