# SPDX-License-Identifier: GPL-2.0-or-later
"""People of a source as layers, recorded in several ways; which of their fixes have queries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from model.data.corpus import Source, View
from model.shipped.retrieval.averaged import layers_of
from raw_qgis_plugin.core.arrays import Array, expand_ranges
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.forecasting.context import ContextKind, kinds_from_shares
from raw_qgis_plugin.core.forecasting.context import Settings as Context
from raw_qgis_plugin.core.tracks import Tracks


class Recording(NamedTuple):
    """How people are recorded: one fix in each `cadence_s`. share: of the examples, relative to
    other recordings of trips or of days. filled: the last fix is held round the clock. under_way:
    fixes at rest are left out.
    """

    cadence_s: int
    share: float = 1.0
    filled: bool = False
    under_way: bool = False


TRIPS = (Recording(5, 2.0), Recording(15, 2.0), Recording(30), Recording(60, 3.0))
DAYS = (Recording(900), Recording(900, filled=True), Recording(900, under_way=True))
# of the cadence, of trips and of days
STEPS_AHEAD = {True: (1, 2, 3, 4, 5, 8, 16, 32), False: (1, 2, 4, 6, 8, 10, 16)}


class Settings:
    """How examples are drawn."""

    layer: tuple[int, int] = (15, 120)  # people in one, from … to
    min_kept: float = 0.03  # of the runs of a layer of trips: sparse layers count too
    warm_up: int = 8  # fixes before the first query
    contexts: int = 1024  # most of a layer
    passes: int = 6  # most over the people of a source, each in other layers
    horizons: int = 4  # of a context
    under_way_m: float = 150.0  # between quarter hours: less is at rest


def layers_with_queries(
    s: Source, r: Recording, rng: np.random.Generator
) -> Iterator[tuple[Tracks, Array]]:
    """Layers of some people of a source as recorded, and rows of the fixes that have queries: with
    a past and a future, and of days those of fleets.
    """
    everybody = s
    if s.validation:
        everybody = Source(s.name, s.weight, s.exact, s.shards.folder, None)

    view = everybody.view(r.cadence_s, r.filled)

    if view is None:
        return

    user = s.shards.user[view.rows[view.start]]

    for some in layers_of(np.unique(user), Settings.layer, rng):
        kept = np.exp(rng.uniform(np.log(Settings.min_kept), 0)) if r in TRIPS else 1.0
        drawn = rng.random(len(user)) < kept
        runs = np.flatnonzero(np.isin(user, some) & drawn)
        layer = _layer(s, view, runs, r)

        if not len(layer):
            continue

        able = _have_queries(layer, r)

        if s.validation:
            asked = s.shards.unseen[layer.user_ids.astype(int)]
            able &= asked[layer.user]

        yield layer, np.flatnonzero(able)


def _layer(s: Source, view: View, runs: Array, r: Recording) -> Tracks:
    """The runs (k,) of a view of a source as a layer."""
    at = expand_ranges(view.start[runs], view.length[runs])
    run = np.repeat(runs, view.length[runs])
    rows = view.rows[at]
    t = s.t[rows]

    if view.slot is not None:
        t = view.slot[at].astype(np.int64) * 1000 * r.cadence_s

    layer = build_tracks(s.shards.user[rows], run, t, s.lon[rows], s.lat[rows])[0]

    if not r.under_way:
        return layer

    moved = _steps_m(layer) > Settings.under_way_m
    then = np.append(moved[1:], False)[: len(moved)]

    return layer.take(moved | then)


def _have_queries(layer: Tracks, r: Recording) -> Array:
    """(n,) bool: the fixes with a past and a future, and of days those of fleets."""
    row = np.arange(len(layer))
    begin = layer.track_offsets[layer.track]
    end = layer.track_offsets[layer.track + 1]
    able = (row - begin >= Settings.warm_up) & (row < end - 1)

    if r in TRIPS:
        return able

    metres = _steps_m(layer)
    first = np.maximum(begin, row - Context.day_fixes + 1)
    steps = np.maximum(row - first, 1)
    roams = np.cumsum(metres > Context.roam_m)
    rests = np.cumsum(metres == 0)
    roaming = (roams[row] - roams[first]) / steps
    resting = (rests[row] - rests[first]) / steps

    return able & ContextKind.is_fleet(kinds_from_shares(roaming, resting))


def _steps_m(layer: Tracks) -> Array:
    """(n,) metres from the fix before, zero where a track begins."""
    metres = np.zeros(len(layer))
    step = layer.steps()
    metres[step + 1] = layer.metres_to_next(step)
    return metres
