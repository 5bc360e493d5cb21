# SPDX-License-Identifier: GPL-2.0-or-later
"""What pretraining reads: sources of tracks in columns, and their runs at any cadence."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from model.heldout import HELD_OUT_DEVICES, held_out_cab
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.sources import find_source, read

COARSE_S = 300  # from here on a sequence runs over silences: it is a person's days, not a trip
SHORTEST = 8  # fixes: shorter runs teach nothing
HELD_MS = 12 * 3_600_000  # a fix stands for where its user is for so long, where days are filled round the clock


@dataclass
class Source:
    """One part of a corpus in columns. track: (n,) int. exact: simulated positions without recording error."""

    name: str
    weight: float
    exact: bool
    track: np.ndarray
    t: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    typical_s: float
    views: dict[tuple[int, bool], View | None] = field(default_factory=dict)

    def view(self, cadence: int, filled: bool = False) -> View | None:
        """The runs of this source at `cadence` seconds, or None where it has none.

        Under COARSE_S: trips, the first fix of each bin. From there on days, the last fix of each bin; filled: a
        position at every multiple of the cadence, which is the last fix before it.
        """
        key = cadence, filled
        if key not in self.views:
            self.views[key] = (_filled if filled else _view)(self, cadence)
        return self.views[key]


@dataclass(frozen=True)
class View:
    """Runs of fixes at one cadence. rows: (m,) rows of the source. slot: (m,) multiples of the cadence at which the
    rows are taken, or None for the fixes' own times. start, length: (r,) runs in `rows`. share: (r,) cumulative share
    of all fixes.
    """

    rows: np.ndarray
    slot: np.ndarray | None
    start: np.ndarray
    length: np.ndarray
    share: np.ndarray


def _view(s: Source, cadence: int) -> View | None:
    coarse = cadence >= COARSE_S
    if not coarse and s.typical_s > 1.5 * cadence:
        return None
    bins = s.t // (1000 * cadence)
    apart = np.ones(len(s.t) + 1, bool)
    apart[1:-1] = (bins[1:] != bins[:-1]) | (s.track[1:] != s.track[:-1])
    rows = np.flatnonzero(apart[1:] if coarse else apart[:-1]).astype(np.int32)
    gap = 3 * 86_400 if coarse else 6 * cadence
    new = np.ones(len(rows), bool)
    new[1:] = (s.track[rows[1:]] != s.track[rows[:-1]]) | (np.diff(s.t[rows]) > 1000 * gap)
    return _runs(rows, None, new, s.t[rows] if coarse else None)


def _filled(s: Source, cadence: int) -> View | None:
    step = 1000 * cadence
    first = np.ones(len(s.t), bool)
    first[1:] = s.track[1:] != s.track[:-1]
    slot = -(-s.t // step)  # the first slot at or after each fix
    until = np.append(slot[1:], 0)
    until[np.append(first[1:], True)] = slot[np.append(first[1:], True)] + 1
    until = np.minimum(until, (s.t + HELD_MS) // step + 1)
    count = np.maximum(until - slot, 0)
    rows = np.repeat(np.arange(len(s.t), dtype=np.int32), count)
    slots = np.repeat(slot, count) + np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    new = np.ones(len(rows), bool)
    new[1:] = (s.track[rows[1:]] != s.track[rows[:-1]]) | (np.diff(slots) > 1)
    return _runs(rows, slots.astype(np.int32), new, slots * step)


def _runs(rows: np.ndarray, slot: np.ndarray | None, new: np.ndarray, t: np.ndarray | None) -> View | None:
    """The runs that begin where `new`, of SHORTEST fixes at least and, where their times t (m,) are given, hours."""
    start = np.flatnonzero(new)
    length = np.diff(np.append(start, len(rows)))
    enough = length >= SHORTEST
    if t is not None:
        enough &= t[start + length - 1] - t[start] >= 6 * 3_600_000
    start, length = start[enough], length[enough]
    if not len(start):
        return None
    return View(rows, slot, start, length, np.cumsum(length) / length.sum())


def load(spec: str, *, validation: bool | None = False) -> Source:
    """Read one source. spec: [WEIGHT*][exact:|kind:]PATH. validation: the people held out for validation (True), the
    others (False), or all (None).

    Cabs and devices that are held apart for demonstrations and reports are never read (model/heldout.py).
    Raises InputError where nothing is left.
    """
    weight, _, rest = spec.rpartition("*")
    exact = rest.startswith("exact:")
    path = rest.removeprefix("exact:")
    tracks, _, guess = read(path)
    gotrack = find_source(path, "auto")[1] == "gotrack"
    users = tracks.user_ids
    keep = np.array([not _held_apart(u, guess.user, gotrack) for u in users], bool)
    if validation is not None:
        keep &= for_validation(users) == validation
    tracks = tracks.take(keep[tracks.user])
    if not len(tracks):
        raise InputError(f"{path} holds no tracks to train on.")
    tracks = tracks.by_user()  # a person's days belong together; silences break the fine runs
    typical = np.median(np.diff(tracks.t)[np.diff(tracks.track) == 0][:1_000_000]) / 1000
    columns = tracks.track, tracks.t, tracks.lon, tracks.lat
    return Source(Path(path).stem, float(weight or 1), exact, *columns, typical_s=float(typical))


def _held_apart(user: str, user_field: str | None, gotrack: bool) -> bool:
    return (user_field == "cab_id" and held_out_cab(user)) or (gotrack and user in HELD_OUT_DEVICES)


def for_validation(users: np.ndarray) -> np.ndarray:
    """Which of a source's users (n,) are held out for validation: (n,) bool, a fiftieth by their ids' hash.

    Where that is hardly anybody, up to five people, though never more than a fifth.
    """
    draw = np.array([zlib.crc32(b"validation" + str(user).encode()) for user in users], np.int64)
    chosen = draw % 50 == 0
    wanted = min(5, len(users) // 5)
    if chosen.sum() < wanted:
        chosen[np.argsort(draw, kind="stable")[:wanted]] = True
    return chosen
