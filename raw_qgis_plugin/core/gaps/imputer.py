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

from ..arrays import Array, Columns, stacked
from ..bundle.devices import Session
from ..features.sequences import into_frame, solar_hour
from ..forecasting.mixture import Mixture
from ..geodesy import length, offset_m
from ..paths import IMPUTER, IMPUTER_CARD
from .ends import Ends, Gaps
from .ends import Settings as EndSettings
from .movements import Found, How, Movements
from .simple import SIMPLE, simple_places


@dataclass(frozen=True)
class Settings:
    """How queries in gaps are described. The network was trained with these values."""

    lag: int = 1  # of EndSettings.lags_s, over which movements are compared with the ends
    reaches: tuple[float, ...] = (0.03, 0.1, 0.3)  # units, movements so near to a place support it
    max_feature: float = 8.0  # absolute value
    min_bump: float = 0.1  # of the middle of a gap, near its ends


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

    there: Array
    off_first: Array
    off_second: Array
    known: Array
    weight: Array

    @property
    def total(self) -> Array:
        """(m,) the weight of all movements."""
        return self.weight.sum(axis=1)


def describe(gaps: Gaps, ends: Ends, movements: Movements, found: Found, share: Array) -> Columns:
    """The inputs of the graph for one query in each gap (m,), at shares (m,) of its time.

    All is in units, in the gap's frame. gap: (m, F) of the gap. centre: (m, C, 2) candidates, the
    SIMPLE places and then movements. warp: (m, C, 2, 2) what moving them onto the first and the
    second end adds. each: (m, C, G) of candidates. exists: (m, C). bump: (m,) one in the middle of
    a gap and nearly zero at its ends.
    """
    moved = _moved(ends, movements, found, share)
    simple = simple_places(ends, share) / ends.unit_m[:, None, None]

    centre = np.concatenate([simple, moved.there], axis=1)
    warp = _warp(moved, share)
    warped = centre + warp.sum(axis=2)

    supports = _support(warped, moved)
    of_place = supports | _of_place(warped, simple, ends)

    of_movement = _of_movement(ends, found, moved)
    of_movement |= _similarity(gaps, ends, movements, found)

    bump = 2.0 * np.sqrt(share * (1 - share))
    of_gap = _of_gap(ends, moved) | _of_movement_at_ends(ends)
    of_gap |= _shares(supports) | {"time": share, "bump": bump}

    inputs = {"centre": centre, "warp": warp}
    inputs["gap"] = stacked(of_gap, OF_GAP, Settings.max_feature)
    inputs["each"] = _each(of_movement, moved.known, of_place)

    inputs["bump"] = np.maximum(bump, Settings.min_bump)
    inputs = {name: values.astype(np.float32, copy=False) for name, values in inputs.items()}
    is_simple = np.ones((len(share), N_SIMPLE), bool)
    inputs["exists"] = np.concatenate([is_simple, moved.known], axis=1)

    return inputs


def _warp(moved: Moved, share: Array) -> Array:
    """(m, C, 2, 2) what moving candidates onto the first and the second end adds."""
    m, k, _ = moved.there.shape
    warp = np.zeros((m, N_SIMPLE + k, 2, 2))

    share = share[:, None, None]
    warp[:, N_SIMPLE:, 0] = (share - 1) * moved.off_first
    warp[:, N_SIMPLE:, 1] = -share * moved.off_second

    return warp


def _each(of_movement: Columns, known: Array, of_place: Columns) -> Array:
    """(m, C, G) the features of candidates. known: (m, k), which movements there are."""
    places = stacked(of_place, OF_PLACE, Settings.max_feature)
    own = stacked(of_movement, OF_MOVEMENT, Settings.max_feature)
    own[~known] = 0.0

    first = N_SIMPLE + own.shape[2]
    width = first + places.shape[2]
    each = np.zeros((*places.shape[:2], width), np.float32)

    each[:, :N_SIMPLE, :N_SIMPLE] = np.eye(N_SIMPLE)
    each[:, N_SIMPLE:, N_SIMPLE:first] = own
    each[..., first:] = places

    return each


def _shares(supports: Columns) -> Columns:
    """The share of the movements' weight near each simple place, (m,) each, over all reaches."""
    shares = [supports[f"share_{reach:g}"] for reach in Settings.reaches]
    mean = np.mean(shares, axis=0)
    return {f"share at {name}": mean[:, number] for number, name in enumerate(SIMPLE)}


def _moved(ends: Ends, movements: Movements, found: Found, share: Array) -> Moved:
    since_ms = 1000 * share[:, None] * found.seconds
    t = found.begin + since_ms.astype(np.int64)
    lon, lat, known = movements.at(found.track, t)
    known &= found.weight > 0

    def in_units(v: Array) -> Array:
        seen = np.where(known[..., None], v, 0.0)
        metres = into_frame(seen, ends.heading[:, None])
        return metres / ends.unit_m[:, None, None]

    there = offset_m(lon, lat, ends.lon[:, None], ends.lat[:, None])
    weight = np.where(known, np.sqrt(found.weight), 0.0)
    off_first = in_units(found.off_first)

    return Moved(in_units(there), off_first, in_units(found.off_second), known, weight)


def _support(warped: Array, moved: Moved) -> Columns:
    """How much weight of movements lies near candidates (m, C), also as a share of all."""
    x = warped[..., 0, None]
    y = warped[..., 1, None]
    moved_x, moved_y = np.moveaxis(warped[:, None, N_SIMPLE:], -1, 0)
    square = np.square(x - moved_x)  # (m, C, k)
    square += np.square(y - moved_y)

    weight = moved.weight[..., None]
    total = moved.total[:, None]

    columns = {}
    for reach in Settings.reaches:
        scale = np.float32(-0.5 / reach**2)
        kernel = np.exp(square * scale)

        near = (kernel @ weight)[..., 0]
        columns[f"support_{reach:g}"] = np.log1p(near)
        columns[f"share_{reach:g}"] = near / (total + 0.1)

    return columns


def _of_place(warped: Array, simple: Array, ends: Ends) -> Columns:
    """Where candidates lie, (m, C) each."""
    second_end = simple[:, SIMPLE.index("second end"), None]
    line = simple[:, SIMPLE.index("line"), None]
    off_line = length(warped - line)

    off_line_m = off_line * ends.unit_m[:, None]
    columns = {}

    columns["from_first"] = length(warped)
    columns["from_second"] = length(warped - second_end)
    columns["off_line"] = off_line

    columns["off_line_m"] = np.log1p(off_line_m / 50.0)
    columns["x"] = warped[..., 0]
    columns["y"] = warped[..., 1]

    return columns


def _of_movement(ends: Ends, found: Found, moved: Moved) -> Columns:
    """How movements were found, and how near they passed, (m, k) each."""
    columns = {how.name: found.how == how for how in How}
    columns["weight"] = np.log(found.weight + 1e-6) / 5
    rank = np.arange(found.how.shape[1]) / 10
    columns["rank"] = np.broadcast_to(rank, found.how.shape)

    unit_m = ends.unit_m[:, None]

    for end, off in zip(ENDS, (moved.off_first, moved.off_second), strict=True):
        distance = length(off)
        columns[f"off_{end}"] = distance
        columns[f"metres_{end}"] = np.log1p(distance * unit_m / 50.0)

    return columns


def _similarity(gaps: Gaps, ends: Ends, movements: Movements, found: Found) -> Columns:
    """How similar movements are to the gaps' own track, (m, k) each."""
    own_t = gaps.tracks.t[gaps.before]
    own_hour = solar_hour(own_t, ends.lon)[:, None]

    hour = solar_hour(found.begin, ends.lon[:, None])
    later = hour - own_hour
    hours = np.abs((later + 12) % 24 - 12)

    took_s = np.maximum(np.abs(found.seconds), 1.0)
    stretch = np.log(took_s / ends.seconds[:, None])

    user = movements.tracks.track_user[found.track]
    own_user = gaps.tracks.user[gaps.before]

    columns = {}
    columns["stretch"] = stretch

    columns["stretched"] = np.abs(stretch)
    columns["hours"] = hours / 6
    columns["own_user"] = user == own_user[:, None]

    lasts_ms = (1000 * found.seconds).astype(np.int64)
    columns |= _differs("first", movements, found, ends, found.begin)

    return columns | _differs("second", movements, found, ends, found.begin + lasts_ms)


def _differs(end: str, movements: Movements, found: Found, ends: Ends, t: Array) -> Columns:
    """How much the velocity at an end of the gap differs from that of movements at t (m, k)."""
    number = ENDS.index(end)
    side = (-1, 1)[number]  # outside of the gap

    lag_ms = 1000.0 * EndSettings.lags_s[Settings.lag]
    away_ms = side * lag_ms * np.sign(found.seconds)
    outside = t + away_ms.astype(np.int64)

    lon, lat, known = movements.at(found.track, t)
    lon_out, lat_out, known_out = movements.at(found.track, outside)
    way = side * offset_m(lon_out, lat_out, lon, lat)
    way = into_frame(way, ends.heading[:, None])

    velocity = ends.velocity[:, number, None, Settings.lag]
    differs = length(1000.0 * way / lag_ms - velocity)
    differs /= 2.0 + length(velocity)

    seen = known & known_out
    seen &= ends.known[:, number, None, Settings.lag]

    return {f"differs_{end}": np.where(seen, differs, 0.0), f"seen_{end}": seen}


def _of_gap(ends: Ends, moved: Moved) -> Columns:
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


def _of_movement_at_ends(ends: Ends) -> Columns:
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


class Imputer:
    """The network that comes with RAW. model/shipped/fill exports it."""

    def __init__(self) -> None:
        self._session = Session(IMPUTER.read_bytes(), 1)
        card = json.loads(IMPUTER_CARD.read_text("utf-8"))
        self.calibration = card["calibration"]  # by `seconds`, the length of gaps

    def mixture(self, inputs: Columns, unit_m: Array) -> Mixture:
        """The mixtures of described queries, in metres in the frames of gaps. unit_m: (m,)."""
        outputs = self._session.run(None, inputs)
        centre, log_scale, log_weight = (output.astype(np.float64) for output in outputs)

        metres = centre * unit_m[:, None, None]
        scale = np.exp(log_scale) * unit_m[:, None]
        return Mixture(metres, scale, np.exp(log_weight))
