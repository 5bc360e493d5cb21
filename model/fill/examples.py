# SPDX-License-Identifier: GPL-2.0-or-later
"""Hidden gaps, whose truth is known: to train the imputer (core/gaps/imputer.py), and to measure it.

Training hides gaps of several lengths in layers of some people of a source, as they were recorded and thinned. The
core itself finds movements and describes the queries, so that the imputer is trained on what it will be given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from model.cli import Report
from model.data.corpus import Source
from model.retrieval.averaged import Examples, layers_of
from raw_qgis_plugin.core.arrays import join_rows, run_starts, take_rows
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.windows import draw
from raw_qgis_plugin.core.features.featurizer import into_frame
from raw_qgis_plugin.core.gaps.ends import Ends, Gaps, ends_of
from raw_qgis_plugin.core.gaps.imputer import SIMPLE, describe
from raw_qgis_plugin.core.gaps.movements import Movements
from raw_qgis_plugin.core.geodesy import metres_between, offset_m
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

BASELINES = {
    name: SIMPLE.index(of) for name, of in (("line", "line"), ("Hermite curve", "curve"), ("staying", "first end"))
}


@dataclass(frozen=True)
class ExampleSettings:
    """How gaps are hidden, and examples drawn."""

    longer: float = 1.1  # the most of the wanted length that a gap may have
    fastest_m_s: float = 70.0  # a hidden step that seems faster is a fault of the device, or a flight
    middle: float = 0.05  # of the length, within which a fix shows where the middle was
    apart: float = 3.0  # times the length: of one user one gap begins in each such time
    lengths_s: tuple[float, ...] = (150.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0)  # of training, varied
    vary: float = 0.25  # of the logarithm, to both sides
    cadences_s: tuple[int, ...] = (1, 1, 1, 1, 1, 120, 300)  # to which a layer is thinned
    layer: tuple[int, int] = (15, 80)  # people in one, from … to
    per_user: int = 40  # gaps of one length
    anywhere: float = 0.4  # share of the examples whose query is not the middle
    passes: int = 6  # most over the people of a source, each in other layers


SETTINGS = ExampleSettings()


@dataclass(frozen=True)
class Hidden:
    """Gaps that were hidden in tracks, and a fix (g,) of each, with t in epoch ms and degrees."""

    gaps: Gaps
    t: np.ndarray
    lon: np.ndarray
    lat: np.ndarray

    @property
    def share(self) -> np.ndarray:
        """(g,) of the gaps' time, when the fixes were."""
        return (self.t - self.gaps.tracks.t[self.gaps.before]) / 1000.0 / self.gaps.seconds

    def truth(self, ends: Ends) -> np.ndarray:
        """(g, 2) metres in the frames of the gaps."""
        return into_frame(offset_m(self.lon, self.lat, ends.lon, ends.lat), ends.heading)


def hide(users: Tracks, seconds: float, per_user: int, limit: int, seed: int, anywhere: float = 0.0) -> Hidden:
    """Hide gaps of about `seconds` in tracks, at most `per_user` of each and `limit` in all, drawn at random.

    A gap has no step that is too fast, and a fix near its middle, the query; of the share `anywhere` any hidden fix.
    users: one track a user.
    """
    s, t, user, rng = SETTINGS, users.t, users.user, np.random.default_rng(seed)
    begin: np.ndarray = np.arange(len(users))
    end = np.minimum(users.time_index.before(user, t + int(1000 * seconds)), len(users) - 1)
    half = (t[begin] + t[end]) // 2
    middle = users.time_index.before(user, half)
    middle -= half - t[middle - 1] < t[np.minimum(middle, len(t) - 1)] - half
    step_m = metres_between(users.lon[:-1], users.lat[:-1], users.lon[1:], users.lat[1:])
    fast = np.concatenate([[0], np.cumsum(step_m > s.fastest_m_s * np.maximum(np.diff(t) / 1000.0, 0.5))])
    possible = (user[end] == user) & (t[end] - t >= 1000 * seconds) & (t[end] - t <= 1000 * s.longer * seconds)
    possible &= (fast[begin] == fast[end]) & (middle > begin) & (middle < end)
    possible &= np.abs(t[np.minimum(middle, len(t) - 1)] - half) <= 1000 * s.middle * seconds
    begin = rng.permutation(np.flatnonzero(possible))
    spell = (t[begin] / (1000 * s.apart * seconds)).astype(np.int64)
    order = np.lexsort((spell, user[begin]))
    begin = begin[order][run_starts(user[begin[order]], spell[order])]  # the first of each spell, at random
    begin = begin[np.append(True, begin[1:] >= end[begin[:-1]])[: len(begin)]]
    begin = begin[draw(user[begin], limit, per_user, seed)]
    end, query = end[begin], middle[begin]
    if len(begin):
        query = np.where(rng.random(len(begin)) < anywhere, rng.integers(begin + 1, end), query)
    edges = np.zeros(len(users) + 1, np.int64)
    np.add.at(edges, begin + 1, 1)
    np.add.at(edges, end, -1)
    shown = np.cumsum(edges[:-1]) == 0
    before = (np.cumsum(shown) - 1)[begin]
    return Hidden(Gaps(users.take(shown), before, before + 1), t[query], users.lon[query], users.lat[query])


def examples_of(hidden: Hidden) -> Examples:
    """Examples whose errors count so that those of the best simple method average one."""
    ends, movements = ends_of(hidden.gaps), Movements(hidden.gaps.tracks)
    inputs = describe(hidden.gaps, ends, movements, movements.between(hidden.gaps), hidden.share)
    target, n = hidden.truth(ends), len(hidden.t)
    simple = np.linalg.norm(
        inputs["centre"][:, list(BASELINES.values())] * ends.unit_m[:, None, None] - target[:, None], axis=-1
    )
    typical = np.full(n, max(simple.mean(axis=0).min(), 1.0))
    return Examples(inputs, target, ends.unit_m.astype(np.float32), typical, ends.seconds, np.zeros(n, int))


def collect(sources: list[Source], most: int, seed: int, report: Report) -> Examples:
    """About `most` examples of sources, by the sources' weights. Raises InputError if there are none."""
    found: list[Examples] = []
    total = sum(s.weight for s in sources)
    for number, s in enumerate(sources):
        rng = np.random.default_rng([seed, number])
        wanted, own = int(most * s.weight / total), []
        for layer in _layers(s, rng):
            for seconds in SETTINGS.lengths_s:
                seconds *= np.exp(rng.uniform(-SETTINGS.vary, SETTINGS.vary))
                hidden = hide(layer, seconds, SETTINGS.per_user, wanted, int(rng.integers(2**31)), SETTINGS.anywhere)
                own += [examples_of(hidden)] if len(hidden.t) else []
            if sum(map(len, own)) >= wanted:
                break
        count = sum(map(len, own))
        if own:  # the last layer may have brought too many; some of each length are dropped
            found.append(take_rows(join_rows(own), np.sort(rng.permutation(count)[:wanted])))
        report({"source": s.name, "examples": min(count, wanted)})
    if not found:
        people = "to learn from" if any(not s.validation for s in sources) else "held apart"
        lengths = f"{min(SETTINGS.lengths_s) / 60:g} to {max(SETTINGS.lengths_s) / 60:g} minutes"
        raise InputError(f"The corpus has no fixes of people {people} in which gaps of {lengths} could be hidden.")
    return join_rows(found)


def _layers(s: Source, rng: np.random.Generator) -> Iterator[Tracks]:
    """Layers of some people of a source, one track each, as recorded or thinned."""
    wanted = np.flatnonzero(s.shards.unseen == s.validation)
    for some in chain.from_iterable(layers_of(wanted, SETTINGS.layer, rng) for _ in range(SETTINGS.passes)):
        rows = np.flatnonzero(np.isin(s.shards.user, some))
        layer = build_tracks(s.shards.user[rows], None, s.t[rows], s.lon[rows], s.lat[rows])[0]
        cadence_s = int(rng.choice(SETTINGS.cadences_s))
        layer = layer.take(run_starts(layer.track, layer.t // (1000 * cadence_s)))
        if len(layer) > 1:
            yield layer
