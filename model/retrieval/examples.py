# SPDX-License-Identifier: GPL-2.0-or-later
"""Questions about days with the likest fixes of a layer's past beside them: what model/neighbours.py learns from.

The people of a source are parted into layers of some size, as analysts bring them; each is asked where it was a quarter
of an hour to hours later, and only of its own layer's past. They are seen as different loggers record: a fix in each
quarter of an hour that has one, the last one held round the clock, or on the way alone. In some layers others drive the
same rounds day after day, as buses and deliveries do: so that it is learned whom to believe. People held out for
validation are asked among all the others, not in layers of themselves: how sure to be depends on how many there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from model.data.corpus import Source
from model.raw import Raw
from model.training.loss import bf16
from raw_qgis_plugin.core.bundle.runtime import featurize_padded
from raw_qgis_plugin.core.features import featurizer as feat
from raw_qgis_plugin.core.forecasting.candidates import KINDS, candidates
from raw_qgis_plugin.core.forecasting.context import CONTEXT, DAYS_S, ROAMS_M, kind_of_days
from raw_qgis_plugin.core.forecasting.neighbours import ALIKE, VECTORS, Retrieval, in_frame
from raw_qgis_plugin.core.geodesy import metres_between, metres_per_degree
from raw_qgis_plugin.core.times import DAY_MS
from raw_qgis_plugin.core.tracks import Tracks

RECORDED = ("quarter hours", "filled", "on the way")
UNDER_WAY_M = 150.0  # between quarter hours, where who is at a place is not recorded
AHEAD = (1, 2, 4, 6, 8, 10)  # quarters of an hour, up to WEIGHED_S of core/forecasting/neighbours.py
WARM = 8  # fixes before a track is asked
LAYERS = (15, 120)  # people in one, from … to
ROUNDS = 0.15  # of the layers are of rounds,
AGAIN = (3, 12)  # which are driven so often, from … to,
BESIDE_M = (10.0, 400.0)  # and so far beside each other
STEP = 360  # a sequence asks so many of its fixes and looks back on as many as a forecast does, and fewer
LEAST_SHARE = 0.2  # of the fixes of a layer that can be asked: the network reads all of it for a few questions too
AT_ONCE = 8  # sequences
FARTHEST_M = 60_000.0  # half precision, in which most is kept, ends soon after
REACHES_M = (300.0, 1000.0, 3000.0)  # within which neighbours speak for each other and for places
OWN_M = 500.0  # within which one's own time is near a neighbour
DENSITIES = len(REACHES_M) + 2


class Lessons(NamedTuple):
    """m questions of fixes, and where these tracks were then. states: (m, D) of the network. query: (m, query). scale:
    (m,) metres. horizon: (m,) seconds. candidates: (m, K, candidate). places: (m, K, 2), base, target: (m, 2) metres
    in the fixes' frames. neighbours: (m, N, len(NEIGHBOUR)) of neighbours.py. density, own_time: as `densities` has
    them. kind: (m,) kinds of days. typical: (m,) metres that tracks of the same source move. What is large is kept in
    half precision.
    """

    states: np.ndarray
    query: np.ndarray
    scale: np.ndarray
    horizon: np.ndarray
    candidates: np.ndarray
    places: np.ndarray
    base: np.ndarray
    target: np.ndarray
    neighbours: np.ndarray
    density: np.ndarray
    own_time: np.ndarray
    kind: np.ndarray
    typical: np.ndarray

    def take(self, rows: np.ndarray) -> Lessons:
        """Some of them."""
        return Lessons(*(column[rows] for column in self))


def lessons(s: Source, network: Raw, recorded: str, most: int, seed: int = 0) -> Lessons | None:
    """Some `most` lessons of the days of who roams in a source, as RECORDED; fewer of few people, None of none. People
    held out for validation are asked about what was recorded, without rounds.
    """
    seeds = [seed, RECORDED.index(recorded)]
    able = sum(len(asker) for _, asker in _layers(s, recorded, np.random.default_rng(seeds)))
    share = min(max(most / max(able, 1), LEAST_SHARE), 1.0)
    found: list[Lessons] = []
    rng = np.random.default_rng([*seeds, 1])
    for layer, asker in _layers(s, recorded, np.random.default_rng(seeds)):
        if sum(len(part.kind) for part in found) >= most:
            break
        found += _of_layer(layer, asker, network, rng, share)
    if not found:
        return None
    joined = Lessons(*(np.concatenate(column) for column in zip(*found, strict=True)))
    moved = np.hypot(*joined.target.T).mean()
    return joined._replace(typical=np.full(len(joined.kind), max(moved, 1.0), np.float32))


def _layers(s: Source, recorded: str, rng: np.random.Generator) -> Iterator[tuple[Tracks, np.ndarray]]:
    """The runs of some people of a source at quarter hours, each a track, people after people, and rows of the fixes
    that can be asked.
    """
    everybody = Source(s.name, s.weight, s.exact, s.shards, None) if s.validation else s
    view = everybody.view(int(DAYS_S), recorded == "filled")
    if view is None:
        return
    user = s.shards.user[view.rows[view.start]]
    people = rng.permutation(np.unique(user))
    while len(people):
        n = int(np.exp(rng.uniform(*np.log(LAYERS))))
        some, people = people[:n], people[n:]
        runs = np.flatnonzero(np.isin(user, some))
        length = view.length[runs]
        at = np.repeat(view.start[runs] - np.cumsum(length) + length, length) + np.arange(length.sum())
        rows = view.rows[at]
        t = s.t[rows] if view.slot is None else view.slot[at].astype(np.int64) * int(1000 * DAYS_S)
        layer = _tracks(user[runs], np.repeat(np.arange(len(runs)), length), t, s.lon[rows], s.lat[rows])
        if recorded == "on the way":
            away = _steps(layer) > UNDER_WAY_M
            layer = layer.take(away | np.append(away[1:], False))
        if not len(layer):
            continue
        if s.validation:
            asker = _able(layer)
            yield layer, asker[s.shards.unseen[layer.user_ids.astype(int)][layer.user[asker]]]
        else:
            layer = _rounds(layer, rng) if rng.random() < ROUNDS else layer
            yield layer, _able(layer)


def _tracks(user: np.ndarray, track: np.ndarray, t: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> Tracks:
    """Fixes (n,) of tracks, ascending numbers from zero on, of users (n_tracks,), ascending."""
    users, code = np.unique(user, return_inverse=True)
    names, ids = (a.astype(str).astype(object) for a in (users, np.arange(len(user))))
    return Tracks(names, ids, code.astype(np.int32), track.astype(np.int32), t, lon, lat)


def _rounds(layer: Tracks, rng: np.random.Generator) -> Tracks:
    """About as many users as roam in the layer, but the first of them again and again, each time as others, a day or a
    week later and beside the same places. A layer where nobody roams stays as it is.
    """
    again = int(rng.integers(AGAIN[0], AGAIN[1] + 1))
    roams = np.unique(layer.user[_able(layer)])
    if not len(roams):
        return layer
    first = layer.take(np.isin(layer.user, roams[: -(-len(roams) // again)]))
    spot = np.cumsum(_steps(first) > 0)  # a position that is held stays the same
    beside = np.exp(rng.uniform(*np.log(BESIDE_M))) * rng.normal(size=(again, spot[-1] + 1, 2))[:, spot]
    east, north = np.moveaxis(beside, -1, 0) / np.stack(metres_per_degree(first.lat))[:, None]
    later = np.arange(again)[:, None]
    user, track = (a + later * (a[-1] + 1) for a in (first.track_user, first.track))
    t = first.t + later * int(rng.choice([1, 7])) * DAY_MS
    return _tracks(*(a.ravel() for a in (user, track, t, first.lon + east, first.lat + north)))


def _able(tracks: Tracks) -> np.ndarray:
    """Rows of the fixes that can be asked: of who roams, with a past and a future."""
    row = np.arange(len(tracks))
    past = row - tracks.track_offsets[tracks.track] >= WARM
    future = row < tracks.track_offsets[tracks.track + 1] - 1
    return np.flatnonzero(past & future & np.char.startswith(_kinds(tracks), "roaming"))


def _of_layer(
    tracks: Tracks, asker: np.ndarray, network: Raw, rng: np.random.Generator, share: float
) -> Iterator[Lessons]:
    """Lessons of a share of a layer's rows `asker` (m,), where there is a truth, sequence by sequence."""
    slot = tracks.t // int(1000 * DAYS_S)
    key = tracks.track * (np.ptp(slot) + max(AHEAD) + 1) + slot - slot.min()  # ascending
    wanted = key + rng.choice(AHEAD, len(key))
    goal = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    asker = asker[(key[goal[asker]] == wanted[asker]) & (rng.random(len(asker)) < share)]
    if not len(asker):
        return
    kind, retrieval = _kinds(tracks), Retrieval(tracks)
    sequences = [
        (max(begin + STEP - CONTEXT["coarse"], start), min(begin + STEP, end), begin)
        for start, end in zip(tracks.track_offsets[:-1], tracks.track_offsets[1:], strict=True)
        for begin in range(start, end, STEP)
    ]
    for first in range(0, len(sequences), AT_ONCE):
        some = sequences[first : first + AT_ONCE]
        begin, end, asks = (np.array(column) for column in zip(*some, strict=True))
        rows = begin[:, None] + np.arange((end - begin).max())
        valid = rows < end[:, None]  # padded on the right, where nobody looks back on it
        rows = np.where(valid, rows, begin[:, None])
        flat, sequence = rows[valid], np.nonzero(valid)[0]
        at = np.minimum(np.searchsorted(asker, flat), len(asker) - 1)
        local = np.flatnonzero((asker[at] == flat) & (flat >= asks[sequence]))
        if len(local):
            yield _asked(tracks, kind, retrieval, network, rows, valid, local, goal[flat[local]])


def _asked(
    tracks: Tracks, kind: np.ndarray, retrieval: Retrieval, network: Raw, rows: np.ndarray, valid: np.ndarray,
    local: np.ndarray, goal: np.ndarray,
) -> Lessons:  # fmt: skip
    """Lessons of sequences (B, L). kind: (n,). local: (m,) fixes that ask, of those that are valid. goal: (m,) rows."""
    f, x, clock = featurize_padded(tracks, rows, valid)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bf16(torch.device("cpu"))):
        states = network.encode(torch.from_numpy(x), torch.from_numpy(clock))[0].float().numpy()[valid][local]
    last = rows[valid][local]
    horizon = (tracks.t[goal] - tracks.t[last]) / 1000.0
    q = feat.ask(f, local, horizon)
    found = candidates(f, local, horizon, q)
    pair = np.stack([last - 1, last], axis=1)  # WARM says that there is one before
    near = retrieval.neighbours(pair, np.ones(pair.shape, bool), horizon[:, None])[:, 0]
    target = feat.displacement(f, local, tracks.lon[goal], tracks.lat[goal])
    near = in_frame(near, f.heading[local]).clip(-FARTHEST_M, FARTHEST_M)
    told = densities(*(torch.from_numpy(column).float() for column in (found.x, found.xy, near)))
    states, candidate, near, density, own_time = (
        np.asarray(column).astype(np.float16) for column in (states, found.x, near, *told)
    )
    query, scale, horizon, xy, base, target = (
        column.astype(np.float32) for column in (q.x, q.scale, horizon, found.xy, q.base, target)
    )
    known = states, query, scale, horizon, candidate, xy, base, target, near, density, own_time, kind[last]
    return Lessons(*known, np.zeros(len(last), np.float32))


def densities(candidates: Tensor, places: Tensor, neighbours: Tensor) -> tuple[Tensor, Tensor]:
    """What nothing learned changes: how much of what the neighbours say lies near each place and each neighbour, by
    REACHES_M, and how much that is in all, (m, K + N, DENSITIES); and how much of one's own time, in all and at this
    hour, lies near where each neighbour leads, (m, N, 2).
    """
    way, off, _ = vectors_of(neighbours)
    leads, alike = way + off, neighbours[..., ALIKE]
    every, k = torch.cat([places, leads], dim=1), places.shape[1]
    square = every.square().sum(-1)[:, :, None] + leads.square().sum(-1)[:, None]
    square = (square - 2 * every @ leads.transpose(1, 2)).clamp(min=0.0)
    total = alike.sum(-1, keepdim=True)
    near = [(torch.exp(-0.5 / r**2 * square) @ alike[..., None])[..., 0] / (total + 1e-3) for r in REACHES_M]
    density = torch.stack([*near, *((a + 0 * near[0]) for a in (torch.log1p(total), total / (total + 5.0)))], dim=-1)
    known = candidates[..., : len(KINDS)].amax(-1, keepdim=True)
    close = torch.exp(-0.5 / OWN_M**2 * square[:, :k]) * known
    first = len(KINDS) + 4
    own_time = [(close * candidates[..., first + c, None]).amax(1) for c in (0, 1)]
    return density, torch.stack(own_time, dim=-1)


def vectors_of(neighbours: Tensor) -> tuple[Tensor, ...]:
    """The vectors (m, N, 2) that columns of NEIGHBOUR begin with."""
    return neighbours[..., : 2 * VECTORS].clamp(-FARTHEST_M, FARTHEST_M).unflatten(-1, (-1, 2)).unbind(-2)


def _kinds(tracks: Tracks) -> np.ndarray:
    """The kind of days (n,) of what each fix looks back on."""
    metres, row = _steps(tracks), np.arange(len(tracks))
    first = np.maximum(tracks.track_offsets[tracks.track], row - CONTEXT["coarse"] + 1)
    roams, same = (np.cumsum(steps) for steps in (metres > ROAMS_M, metres == 0))
    count = np.maximum(row - first, 1)
    return kind_of_days((roams[row] - roams[first]) / count, (same[row] - same[first]) / count)


def _steps(tracks: Tracks) -> np.ndarray:
    """(n,) metres from the fix before, zero where a track begins."""
    metres = np.zeros(len(tracks))
    metres[1:] = metres_between(tracks.lon[:-1], tracks.lat[:-1], tracks.lon[1:], tracks.lat[1:])
    metres[tracks.track_offsets[:-1]] = 0.0
    return metres
