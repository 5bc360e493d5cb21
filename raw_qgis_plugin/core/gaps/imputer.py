# SPDX-License-Identifier: GPL-2.0-or-later
"""The gap imputer: a small network that predicts where a track was in a gap, as one mixture.

Its components are simple places (on the line, on the curve, still at one end, …), movements of the
layer that are moved and stretched onto the ends, and a few free ones. Its features are distances in
units of the gap, in the frame from end to end; there are no coordinates and no ids.
model/shipped/fill trains it.
"""

from __future__ import annotations

import json

import numpy as np

from ..bundle.devices import Session
from ..features.featurizer import into_frame, solar_hour
from ..forecasting.mixture import Mixture
from ..geodesy import offset_m
from ..paths import IMPUTER, IMPUTER_CARD
from .ends import Ends, Gaps
from .ends import Settings as EndSettings
from .movements import Found, How, Movements

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


class Settings:
    """How queries in gaps are described. The network was trained on it."""

    fade_s: float = 300.0  # constant velocity is damped over this time
    # of EndSettings.lags_s, over which movements of the layer are compared with the ends
    lag: int = 1
    # in units: movements so near to a place support it
    reaches: tuple[float, ...] = (0.03, 0.1, 0.3)
    max_feature: float = 8.0  # absolute value
    min_bump: float = 0.1  # of the middle of a gap, near its ends


def describe(
    gaps: Gaps, ends: Ends, movements: Movements, found: Found, share: np.ndarray
) -> dict[str, np.ndarray]:
    """The inputs of the graph for one query in each gap (m,), at shares (m,) of its time, in units
    in the gap's frame.

    gap: (m, F) of the gap. centre: (m, C, 2) candidates, the SIMPLE places and then movements.
    warp: (m, C, 2, 2) what moving them onto the first and the second end adds. each: (m, C, G) of
    candidates. exists: (m, C). bump: (m,) one in the middle of a gap and nearly zero at its ends.
    """
    unit = ends.unit_m[:, None]
    simple = simple_places(ends, share) / unit[..., None]
    lon, lat, known = movements.at(
        found.track, found.begin + (1000 * share[:, None] * found.seconds).astype(np.int64)
    )
    known &= found.weight > 0
    there, off_first, off_second = (
        into_frame(np.where(known[..., None], v, 0.0), ends.heading[:, None]) / unit[..., None]
        for v in (
            offset_m(lon, lat, ends.lon[:, None], ends.lat[:, None]),
            found.off_first,
            found.off_second,
        )
    )
    centre = np.concatenate([simple, there], axis=1)
    warp, n = np.zeros((*centre.shape, 2)), len(SIMPLE)
    warp[:, n:, 0], warp[:, n:, 1] = (
        (share - 1)[:, None, None] * off_first,
        -share[:, None, None] * off_second,
    )
    warped = centre + warp.sum(axis=2)

    weight = np.where(known, np.sqrt(found.weight), 0.0)
    total = weight.sum(axis=1)
    x, y = np.moveaxis(warped, -1, 0)
    # (m, C, k)
    square = np.square(x[:, :, None] - x[:, None, n:]) + np.square(y[:, :, None] - y[:, None, n:])
    near = [
        np.exp(square * np.float32(-0.5 / reach**2)) @ weight[..., None]
        for reach in Settings.reaches
    ]
    support = np.concatenate(near, axis=-1)  # how much weight of movements lies near candidates
    relative = support / (total[:, None, None] + 0.1)
    # What candidates are (m, C, …): which of SIMPLE, or how a movement was found and how near it
    # passed.
    off = [_length(v) for v in (off_first, off_second)]
    how, metres = [found.how == how for how in How], (np.log1p(a * unit / 50.0) for a in off)
    similarity = _similarity(gaps, ends, movements, found)
    rank = np.broadcast_to(np.arange(known.shape[1]) / 10, known.shape)
    of_found = np.stack(
        [*how, np.log(found.weight + 1e-6) / 5, *off, *metres, *similarity, rank], axis=-1
    )
    kinds = np.zeros((*warped.shape[:2], n + of_found.shape[-1]))
    kinds[:, :n, :n] = np.eye(n)
    kinds[:, n:, n:] = np.where(known[..., None], of_found, 0.0)
    from_first, off_line = _length(warped), _length(warped - simple[:, :1])
    from_second = _length(warped - simple[:, SIMPLE.index("second end"), None])
    columns = (
        from_first,
        from_second,
        off_line,
        *np.moveaxis(warped, -1, 0),
        np.log1p(off_line * unit / 50.0),
    )
    each = np.concatenate([kinds, np.log1p(support), relative, np.stack(columns, axis=-1)], axis=-1)

    bump = 2.0 * np.sqrt(share * (1 - share))
    distance, moved = (
        _length(ends.across),
        ends.velocity * (ends.seconds / ends.unit_m)[:, None, None, None],
    )
    of_gap = (
        np.log(ends.seconds / 600.0),
        np.log1p(distance / 100.0) / 3,
        np.log(ends.unit_m / 500.0),
        distance / ends.unit_m,
        np.log1p(distance / ends.seconds),
        share,
        bump,
        np.log1p(total),
        total / (total + 1),
        known.mean(axis=1),
    )
    movement = np.tanh(moved / 2), np.log1p(_length(ends.velocity)), ends.known
    step = np.log(np.maximum(ends.step_s, 1.0) / 60.0) / 3
    columns = *(a.reshape(len(share), -1) for a in movement), step, relative[:, :n].mean(axis=-1)
    gap = np.concatenate([np.stack(of_gap, axis=1), *columns], axis=1)
    exists = np.pad(known, ((0, 0), (n, 0)), constant_values=True)
    gap, each = (np.clip(a, -Settings.max_feature, Settings.max_feature) for a in (gap, each))
    inputs = {
        "gap": gap,
        "centre": centre,
        "warp": warp,
        "each": each,
        "bump": np.maximum(bump, Settings.min_bump),
    }
    return {name: values.astype(np.float32) for name, values in inputs.items()} | {"exists": exists}


def _length(v: np.ndarray) -> np.ndarray:
    """Lengths (…) of vectors (…, 2)."""
    return np.hypot(v[..., 0], v[..., 1])


def simple_places(ends: Ends, share: np.ndarray) -> np.ndarray:
    """SIMPLE (m, 8, 2) metres from the first end, in the frames of gaps, at shares (m,) of their
    time.
    """
    s, seconds = share[:, None], ends.seconds[:, None]
    # of the known times of the velocities
    gap, shortest = np.arange(len(share)), ends.known.argmax(axis=2)
    first, second = (ends.velocity[gap, end, shortest[:, end]] for end in (0, 1))
    curve = (
        seconds * ((s**3 - 2 * s**2 + s) * first + (s**3 - s**2) * second)
        + (3 * s**2 - 2 * s**3) * ends.across
    )
    distance = _length(ends.across)[:, None]
    along = ends.across / np.maximum(distance, 1.0)
    sides = (first, s), (second, 1 - s)
    gone, to_go = (
        np.clip(_length(v)[:, None] * part * seconds, part * distance, distance)
        for v, part in sides
    )
    on, back = (
        v * Settings.fade_s * -np.expm1(-part * seconds / Settings.fade_s) for v, part in sides
    )
    places = (
        s * ends.across,
        curve,
        0.0 * ends.across,
        ends.across,
        along * gone,
        ends.across - along * to_go,
        on,
        ends.across - back,
    )
    return np.stack(places, axis=1)


def _similarity(gaps: Gaps, ends: Ends, movements: Movements, found: Found) -> list[np.ndarray]:
    """How similar movements are to the gaps' own track: eight columns (m, k)."""
    stretch = np.log(np.maximum(np.abs(found.seconds), 1.0) / ends.seconds[:, None])
    own_t = gaps.tracks.t[gaps.before]
    hours = solar_hour(found.begin, ends.lon[:, None]) - solar_hour(own_t, ends.lon)[:, None]
    own = movements.tracks
    same = own.user[own.track_offsets[found.track]] == gaps.tracks.user[gaps.before][:, None]
    columns = [stretch, np.abs(stretch), np.abs((hours + 12) % 24 - 12) / 6, same]
    lag_ms = 1000.0 * EndSettings.lags_s[Settings.lag]
    ends_ms = found.begin, found.begin + (1000 * found.seconds).astype(np.int64)
    for end, (t, side) in enumerate(zip(ends_ms, (-1, 1))):
        outside = t + (side * lag_ms * np.sign(found.seconds)).astype(np.int64)
        (lon, lat, known), (lon_out, lat_out, known_out) = (
            movements.at(found.track, x) for x in (t, outside)
        )
        way = into_frame(side * offset_m(lon_out, lat_out, lon, lat), ends.heading[:, None])
        velocity = ends.velocity[:, end, Settings.lag][:, None]
        differs = _length(1000.0 * way / lag_ms - velocity)
        known = known & known_out & ends.known[:, end, Settings.lag][:, None]
        columns += [np.where(known, differs / (2.0 + _length(velocity)), 0.0), known]
    return columns


class Imputer:
    """The network that comes with RAW. model/shipped/fill exports it."""

    def __init__(self) -> None:
        self._session = Session(IMPUTER.read_bytes(), 1)
        card = json.loads(IMPUTER_CARD.read_text("utf-8"))
        self.calibration = card["calibration"]  # by `seconds`, the length of gaps

    def mixture(self, inputs: dict[str, np.ndarray], unit_m: np.ndarray) -> Mixture:
        """The mixtures of described queries, in metres in the frames of their gaps. unit_m: (m,)."""
        centre, log_scale, log_weight = (
            a.astype(np.float64) for a in self._session.run(None, inputs)
        )
        return Mixture(
            centre * unit_m[:, None, None], np.exp(log_scale) * unit_m[:, None], np.exp(log_weight)
        )
