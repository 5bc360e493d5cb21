# SPDX-License-Identifier: GPL-2.0-or-later
"""Find ids of one person: users whose tracks share runs of equal fixes, such as copies and renamed accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from raw_qgis_plugin.core.arrays import connected

if TYPE_CHECKING:
    from raw_qgis_plugin.core.tracks import Tracks


@dataclass(frozen=True)
class PersonSettings:
    """When two ids are one person."""

    run: int = 8  # fixes in a row that another id has too
    moves: int = 3  # so many of which move: two people who sleep in one grid cell are two


SETTINGS = PersonSettings()
BLOCK = 2_000_000  # fixes hashed at once
MOST_HASHES = 8_000_000  # kept in memory; of more, an even share is kept
_FACTORS = tuple(np.uint64(f) for f in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93))


def hash_runs(
    user: np.ndarray, t: np.ndarray, lon: np.ndarray, lat: np.ndarray, every: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of all runs of `run` fixes of one user that move `moves` times (SETTINGS), and their users.

    user: (n,) int, sorted. t: (n,) epoch ms. lon, lat: (n,) degrees, compared to a millionth. every: keep only hashes
    that it divides, the same ones for everybody. Returns (m,) uint64 and (m,) like `user`.
    """
    run = SETTINGS.run
    m = len(t) - run + 1
    if m <= 0:
        return np.zeros(0, np.uint64), user[:0]
    time, east, north, mix = _FACTORS
    token = t.astype(np.uint64) * time
    token ^= np.round(lon * 1e6).astype(np.int64).astype(np.uint64) * east
    token ^= np.round(lat * 1e6).astype(np.int64).astype(np.uint64) * north
    token ^= token >> np.uint64(29)
    hashed = np.zeros(m, np.uint64)
    for i in range(run):
        hashed = hashed * mix + token[i : i + m]
    hashed ^= hashed >> np.uint64(32)
    moved = np.cumsum(np.append(0, (np.diff(lon) != 0) | (np.diff(lat) != 0)))
    keep = (user[:m] == user[run - 1 :]) & (moved[run - 1 :] - moved[:m] >= SETTINGS.moves)
    if every > 1:
        keep &= hashed % np.uint64(every) == 0
    return hashed[keep], user[:m][keep]


def link(hashed: np.ndarray, user: np.ndarray, n_users: int) -> np.ndarray:
    """The person of each user, (n_users,) int, from hashes of runs (m,) and their users (m,)."""
    order = np.argsort(hashed, kind="stable")
    hashed, user = hashed[order], user[order]
    same = np.flatnonzero((hashed[1:] == hashed[:-1]) & (user[1:] != user[:-1]))
    return connected(user[same], user[same + 1], n_users)


def runs_of(tracks: Tracks) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of the runs of all users (m,), and their users (m,), for `link`."""
    users = tracks.by_user()
    every = 1 << (len(users) // MOST_HASHES).bit_length()  # a power of two: sources share the hashes that they keep
    begins = range(0, max(len(users), 1), BLOCK)
    longest = BLOCK + SETTINGS.run - 1  # a run that begins in one block may end in the next
    blocks = [slice(begin, begin + longest) for begin in begins]
    parts = [hash_runs(users.user[b], users.t[b], users.lon[b], users.lat[b], every) for b in blocks]
    hashed, user = (np.concatenate(part) for part in zip(*parts, strict=True))
    return hashed, user
