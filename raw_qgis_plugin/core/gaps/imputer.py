# SPDX-License-Identifier: GPL-2.0-or-later
"""The gap imputer: a small network that predicts where a track was in a gap, as one mixture.

Its components are simple places (on the line, on the curve, still at one end, …), movements of the
layer that are moved and stretched onto the ends, and a few free ones. Its features are distances in
units of the gap, in the frame from end to end; there are no coordinates and no ids.
model/shipped/fill trains it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from ..arrays import stacked
from ..bundle.devices import Session
from ..features.sequences import into_frame, length, solar_hour
from ..forecasting.mixture import Mixture
from ..geodesy import offset_m
from ..paths import IMPUTER, IMPUTER_CARD
from .ends import Ends, Gaps
from .ends import Settings as EndSettings
from .movements import Found, How, Movements


@dataclass(frozen=True)
class Settings:
    """How queries in gaps are described. The network was trained with these values."""

    fade_s: float = 300.0  # s, constant velocity is damped over this time
    lag: int = 1  # of EndSettings.lags_s, over which movements are compared with the ends
    reaches: tuple[float, ...] = (0.03, 0.1, 0.3)  # units, movements so near to a place support it
    max_feature: float = 8.0  # absolute value
    min_bump: float = 0.1  # of the middle of a gap, near its ends


SIMPLE = (
    "line",
    "curve",
    "first end",
    "second end",
    "leaves at once",
    "arrives at last",
    "on from first",
    "back from second",
)
N_SIMPLE = len(SIMPLE)
ENDS = ("first", "second")
LAGS = tuple(f"{lag:g}s" for lag in EndSettings.lags_s)

# The features in the order in which the network takes them. Of a movement:
OF_MOVEMENT = (
    *(how.name for how in How),
    "weight",
    *("off_first", "off_second", "metres_first", "metres_second"),
    *("stretch", "stretched", "hours", "own_user"),
    *("differs_first", "seen_first", "differs_second", "seen_second"),
    "rank",
)
# of a candidate, which has those of SIMPLE and OF_MOVEMENT before these:
OF_PLACE = (
    *(f"{name}_{reach:g}" for name in ("support", "share") for reach in Settings.reaches),
    *("from_first", "from_second", "off_line", "x", "y", "off_line_m"),
)
# and of a gap:
OF_GAP = (
    *("duration", "distance", "unit", "distance_share", "speed", "time", "bump"),
    *("weight", "weight_share", "known"),
    *(f"{axis}_{end}_{lag}" for end in ENDS for lag in LAGS for axis in ("x", "y")),
    *(f"{name}_{end}_{lag}" for name in ("speed", "known") for end in ENDS for lag in LAGS),
    *(f"step_{end}" for end in ENDS),
    *(f"share at {name}" for name in SIMPLE),
)


@dataclass(frozen=True)
class Moved:
    """Movements of the layer at the time of a query, in units, in the frame of the gap.

    there: (m, k, 2). off_first, off_second: (m, k, 2) from the ends of the gap to the movement.
    known: (m, k). weight: (m, k) square root of the kernel.
    """

    there: np.ndarray
    off_first: np.ndarray
    off_second: np.ndarray
    known: np.ndarray
    weight: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """(m,) the weight of all movements."""
        return self.weight.sum(axis=1)


def describe(
    gaps: Gaps, ends: Ends, movements: Movements, found: Found, share: np.ndarray
) -> dict[str, np.ndarray]:
    """The inputs of the graph for one query in each gap (m,), at shares (m,) of its time.

    All is in units, in the gap's frame. gap: (m, F) of the gap. centre: (m, C, 2) candidates, the
    SIMPLE places and then movements. warp: (m, C, 2, 2) what moving them onto the first and the
    second end adds. each: (m, C, G) of candidates. exists: (m, C). bump: (m,) one in the middle of
    a gap and nearly zero at its ends.
    """
    moved = _moved(ends, movements, found, share)
    simple = simple_places(ends, share) / ends.unit_m[:, None, None]
    centre = np.concatenate([simple, moved.there], axis=1)
    warp = np.zeros((*centre.shape, 2))
    warp[:, N_SIMPLE:, 0] = (share - 1)[:, None, None] * moved.off_first
    warp[:, N_SIMPLE:, 1] = -share[:, None, None] * moved.off_second
    warped = centre + warp.sum(axis=2)

    supports = _support(warped, moved)
    of_place = supports | _of_place(warped, simple, ends)
    of_movement = _of_movement(ends, found, moved) | _similarity(gaps, ends, movements, found)
    each = np.zeros((*warped.shape[:2], N_SIMPLE + len(OF_MOVEMENT) + len(OF_PLACE)), np.float32)
    each[:, :N_SIMPLE, :N_SIMPLE] = np.eye(N_SIMPLE)
    own = stacked(of_movement, OF_MOVEMENT, Settings.max_feature)
    own[~moved.known] = 0.0
    each[:, N_SIMPLE:, N_SIMPLE : -len(OF_PLACE)] = own
    each[..., -len(OF_PLACE) :] = stacked(of_place, OF_PLACE, Settings.max_feature)

    bump = 2.0 * np.sqrt(share * (1 - share))
    of_gap = _of_gap(ends, moved) | _of_movement_at_ends(ends)
    of_gap |= {"time": share, "bump": bump}
    shares = np.mean([supports[f"share_{reach:g}"] for reach in Settings.reaches], axis=0)
    of_gap |= {f"share at {name}": shares[:, number] for number, name in enumerate(SIMPLE)}
    exists = np.pad(moved.known, ((0, 0), (N_SIMPLE, 0)), constant_values=True)
    return {
        "gap": stacked(of_gap, OF_GAP, Settings.max_feature),
        "centre": centre.astype(np.float32),
        "warp": warp.astype(np.float32),
        "each": each,
        "bump": np.maximum(bump, Settings.min_bump).astype(np.float32),
        "exists": exists,
    }


def _moved(ends: Ends, movements: Movements, found: Found, share: np.ndarray) -> Moved:
    since_ms = (1000 * share[:, None] * found.seconds).astype(np.int64)
    lon, lat, known = movements.at(found.track, found.begin + since_ms)
    known &= found.weight > 0

    def in_units(v: np.ndarray) -> np.ndarray:
        seen = np.where(known[..., None], v, 0.0)
        return into_frame(seen, ends.heading[:, None]) / ends.unit_m[:, None, None]

    there = offset_m(lon, lat, ends.lon[:, None], ends.lat[:, None])
    weight = np.where(known, np.sqrt(found.weight), 0.0)
    off_first = in_units(found.off_first)
    return Moved(in_units(there), off_first, in_units(found.off_second), known, weight)


def _support(warped: np.ndarray, moved: Moved) -> dict[str, np.ndarray]:
    """How much weight of movements lies near candidates (m, C), also as a share of all."""
    x = warped[..., 0]
    y = warped[..., 1]
    square = np.square(x[:, :, None] - x[:, None, N_SIMPLE:])  # (m, C, k)
    square += np.square(y[:, :, None] - y[:, None, N_SIMPLE:])
    columns = {}
    for reach in Settings.reaches:
        kernel = np.exp(square * np.float32(-0.5 / reach**2))
        near = (kernel @ moved.weight[..., None])[..., 0]
        columns[f"support_{reach:g}"] = np.log1p(near)
        columns[f"share_{reach:g}"] = near / (moved.total[:, None] + 0.1)
    return columns


def _of_place(warped: np.ndarray, simple: np.ndarray, ends: Ends) -> dict[str, np.ndarray]:
    """Where candidates lie, (m, C) each."""
    second_end = simple[:, SIMPLE.index("second end"), None]
    line = simple[:, SIMPLE.index("line"), None]
    off_line = length(warped - line)
    columns = {}
    columns["from_first"] = length(warped)
    columns["from_second"] = length(warped - second_end)
    columns["off_line"] = off_line
    columns["off_line_m"] = np.log1p(off_line * ends.unit_m[:, None] / 50.0)
    columns["x"] = warped[..., 0]
    columns["y"] = warped[..., 1]
    return columns


def _of_movement(ends: Ends, found: Found, moved: Moved) -> dict[str, np.ndarray]:
    """How movements were found, and how near they passed, (m, k) each."""
    columns = {how.name: found.how == how for how in How}
    columns["weight"] = np.log(found.weight + 1e-6) / 5
    columns["rank"] = np.broadcast_to(np.arange(found.how.shape[1]) / 10, found.how.shape)
    for end, off in zip(ENDS, (moved.off_first, moved.off_second), strict=True):
        distance = length(off)
        columns[f"off_{end}"] = distance
        columns[f"metres_{end}"] = np.log1p(distance * ends.unit_m[:, None] / 50.0)
    return columns


def _similarity(
    gaps: Gaps, ends: Ends, movements: Movements, found: Found
) -> dict[str, np.ndarray]:
    """How similar movements are to the gaps' own track, (m, k) each."""
    own_t = gaps.tracks.t[gaps.before]
    own_hour = solar_hour(own_t, ends.lon)
    hours = solar_hour(found.begin, ends.lon[:, None]) - own_hour[:, None]
    took_s = np.maximum(np.abs(found.seconds), 1.0)
    stretch = np.log(took_s / ends.seconds[:, None])
    user = movements.tracks.track_user[found.track]
    own_user = gaps.tracks.user[gaps.before]
    columns = {}
    columns["stretch"] = stretch
    columns["stretched"] = np.abs(stretch)
    columns["hours"] = np.abs((hours + 12) % 24 - 12) / 6
    columns["own_user"] = user == own_user[:, None]
    lasts_ms = (1000 * found.seconds).astype(np.int64)
    columns |= _differs("first", movements, found, ends, found.begin)
    return columns | _differs("second", movements, found, ends, found.begin + lasts_ms)


def _differs(
    end: str, movements: Movements, found: Found, ends: Ends, t: np.ndarray
) -> dict[str, np.ndarray]:
    """How much the velocity at an end of the gap differs from that of movements at t (m, k)."""
    number = ENDS.index(end)
    side = (-1, 1)[number]  # outside of the gap
    lag_ms = 1000.0 * EndSettings.lags_s[Settings.lag]
    away_ms = (side * lag_ms * np.sign(found.seconds)).astype(np.int64)
    lon, lat, known = movements.at(found.track, t)
    lon_out, lat_out, known_out = movements.at(found.track, t + away_ms)
    way = into_frame(side * offset_m(lon_out, lat_out, lon, lat), ends.heading[:, None])
    velocity = ends.velocity[:, number, Settings.lag][:, None]
    differs = length(1000.0 * way / lag_ms - velocity) / (2.0 + length(velocity))
    seen = known & known_out & ends.known[:, number, Settings.lag][:, None]
    return {f"differs_{end}": np.where(seen, differs, 0.0), f"seen_{end}": seen}


def _of_gap(ends: Ends, moved: Moved) -> dict[str, np.ndarray]:
    """How long and wide gaps are, and how many movements there are, (m,) each."""
    distance = length(ends.across)
    total = moved.total
    columns = {}
    columns["duration"] = np.log(ends.seconds / 600.0)
    columns["distance"] = np.log1p(distance / 100.0) / 3
    columns["unit"] = np.log(ends.unit_m / 500.0)
    columns["distance_share"] = distance / ends.unit_m
    columns["speed"] = np.log1p(distance / ends.seconds)
    columns["weight"] = np.log1p(total)
    columns["weight_share"] = total / (total + 1)
    columns["known"] = moved.known.mean(axis=1)
    return columns


def _of_movement_at_ends(ends: Ends) -> dict[str, np.ndarray]:
    """How tracks moved at the ends of gaps, (m,) each."""
    units = (ends.seconds / ends.unit_m)[:, None, None, None]
    moved = np.tanh(ends.velocity * units / 2)  # (m, 2, lags, 2)
    speed = np.log1p(length(ends.velocity))
    step = np.log(np.maximum(ends.step_s, 1.0) / 60.0) / 3
    columns = {}
    for e, end in enumerate(ENDS):
        columns[f"step_{end}"] = step[:, e]
        for k, lag in enumerate(LAGS):
            columns[f"x_{end}_{lag}"] = moved[:, e, k, 0]
            columns[f"y_{end}_{lag}"] = moved[:, e, k, 1]
            columns[f"speed_{end}_{lag}"] = speed[:, e, k]
            columns[f"known_{end}_{lag}"] = ends.known[:, e, k]
    return columns


def simple_places(ends: Ends, share: np.ndarray) -> np.ndarray:
    """SIMPLE (m, 8, 2) metres from the first end, in the frames of gaps, at shares (m,) of time."""
    s = share[:, None]
    across = ends.across
    first = _shortest_velocity(ends, 0)
    second = _shortest_velocity(ends, 1)
    distance = length(across)[:, None]
    along = across / np.maximum(distance, 1.0)
    gone = _steady(first, s, ends, distance)
    to_go = _steady(second, 1 - s, ends, distance)
    places = {
        "line": s * across,
        "curve": _curve(first, second, s, ends),
        "first end": 0.0 * across,
        "second end": across,
        "leaves at once": along * gone,
        "arrives at last": across - along * to_go,
        "on from first": _fading(first, s, ends),
        "back from second": across - _fading(second, 1 - s, ends),
    }
    return np.stack([places[name] for name in SIMPLE], axis=1)


def _shortest_velocity(ends: Ends, end: int) -> np.ndarray:
    """(m, 2) m/s at an end, over the shortest time for which it is known."""
    lag = ends.known[:, end].argmax(axis=1)
    return ends.velocity[np.arange(len(lag)), end, lag]


def _curve(first: np.ndarray, second: np.ndarray, s: np.ndarray, ends: Ends) -> np.ndarray:
    """(m, 2) on the cubic that leaves and arrives with the velocities of the ends (Hermite)."""
    leave = (s**3 - 2 * s**2 + s) * first
    arrive = (s**3 - s**2) * second
    return ends.seconds[:, None] * (leave + arrive) + (3 * s**2 - 2 * s**3) * ends.across


def _steady(v: np.ndarray, part: np.ndarray, ends: Ends, distance: np.ndarray) -> np.ndarray:
    """(m, 1) metres at the speed of an end for a part of the time, no less than the line has."""
    metres = length(v)[:, None] * part * ends.seconds[:, None]
    return np.clip(metres, part * distance, distance)


def _fading(v: np.ndarray, part: np.ndarray, ends: Ends) -> np.ndarray:
    """(m, 2) metres by the velocity of an end, which fades, for a part of the time."""
    fade = -np.expm1(-part * ends.seconds[:, None] / Settings.fade_s)
    return v * Settings.fade_s * fade


class Imputer:
    """The network that comes with RAW. model/shipped/fill exports it."""

    def __init__(self) -> None:
        self._session = Session(IMPUTER.read_bytes(), 1)
        card = json.loads(IMPUTER_CARD.read_text("utf-8"))
        self.calibration = card["calibration"]  # by `seconds`, the length of gaps

    def mixture(self, inputs: dict[str, np.ndarray], unit_m: np.ndarray) -> Mixture:
        """The mixtures of described queries, in metres in the frames of gaps. unit_m: (m,)."""
        outputs = self._session.run(None, inputs)
        centre, log_scale, log_weight = (output.astype(np.float64) for output in outputs)
        metres = centre * unit_m[:, None, None]
        return Mixture(metres, np.exp(log_scale) * unit_m[:, None], np.exp(log_weight))
