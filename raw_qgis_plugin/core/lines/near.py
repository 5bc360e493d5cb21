# SPDX-License-Identifier: GPL-2.0-or-later
"""What lines say of a leg: how much of its way lies on lines of each kind, and on which one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import expand_ranges
from ..tracks import Tracks
from .tables import KINDS, Lines

CARRIERS = tuple(kind for kind in KINDS if kind not in ("road", "stop"))
MERCATOR_M = 6_378_137.0  # radius of EPSG:3857
MAX_LATITUDE = 85.0  # where Web Mercator ends


@dataclass(frozen=True)
class NearSettings:
    """Chosen on the open halves of the labelled sources (docs/evidence/lines.md)."""

    # A fix so near a line is on it: GPS in streets is off by some 30 m, and tracks are 20 m wide
    near_m: float = 60.0
    # In a tunnel there is no fix, and stations have exits: at the ends of a longer step a fix so
    # near a line is on it
    tunnel_m: float = 600.0
    near_tunnel_m: float = 250.0
    # So near the first or last fix a stop is the one where somebody got on or off
    stop_m: float = 150.0
    # A copy of the leg that is moved by so much in each direction tells how dense lines are
    moved_m: float = 400.0
    # Fixes of a leg that are looked at, spread evenly
    max_fixes: int = 100
    # Vertices of a piece of a line in the index
    piece: int = 16


@dataclass(frozen=True)
class LegLines:
    """What lines say of k legs.

    share: (k, CARRIERS) part of the way, by length, on lines of each kind that were open. chance:
    (k, CARRIERS) the same of copies of the leg that are moved: high where lines are dense. line:
    (k,) object, the name of the line with the longest part of the way, of the kind with the largest
    share above chance; '' for none. line_kind: (k,) object. line_share: (k,) its part of the way.
    first_stop, last_stop: (k,) object, names of the stops at the ends, '' for none.
    """

    share: np.ndarray
    chance: np.ndarray
    line: np.ndarray
    line_kind: np.ndarray
    line_share: np.ndarray
    first_stop: np.ndarray
    last_stop: np.ndarray


class LineIndex:
    """Lines in an index of pieces, to be asked again and again."""

    def __init__(self, lines: Lines, settings: NearSettings | None = None) -> None:
        import shapely

        self.settings = settings or NearSettings()
        kind = np.array([KINDS.index(each) for each in lines.kind], int)
        self._lines = lines.take(kind < len(CARRIERS))
        self._stops = lines.take(lines.kind == "stop")
        # One number for all pieces of a line with a name; lines without one are told apart
        names = [
            f"{kind}\t{name}" if name else f"{kind}\t\t{row}"
            for row, (kind, name) in enumerate(zip(self._lines.kind, self._lines.name))
        ]
        known, first, self._group = np.unique(
            np.array([*names, ""], object)[:-1].astype(str), return_index=True, return_inverse=True
        )
        self.name = self._lines.name[first]
        self.kind = kind[kind < len(CARRIERS)][first]
        pieces, self._of_piece = _pieces(_mercator(self._lines.shape), self.settings.piece)
        self._tree = shapely.STRtree(pieces)
        self._stop_tree = shapely.STRtree(_mercator(self._stops.shape))

    def ask(self, legs: Tracks) -> LegLines:
        """What the lines say of legs, a track each."""
        ways = _ways_of(legs, self.settings)
        n = legs.n_tracks
        share_of_line, on_kind = self._shares(ways, ways.xy, n)
        moved = [self._shares(ways, ways.moved(east, north), n)[1] for east, north in _SHIFTS]
        chance = np.mean(moved, axis=0)
        best_kind = (on_kind - chance).argmax(axis=1)
        line, line_share = self._best_line(share_of_line, best_kind, n)
        named = line >= 0
        name = np.full(n, "", object)
        name[named] = self.name[line[named]]
        kind = np.full(n, "", object)
        kind[named] = np.array(CARRIERS, object)[best_kind[named]]
        first, last = legs.track_offsets[:-1], legs.track_offsets[1:] - 1
        return LegLines(
            share=on_kind,
            chance=chance,
            line=name,
            line_kind=kind,
            line_share=line_share,
            first_stop=self._stop_at(legs, first),
            last_stop=self._stop_at(legs, last),
        )

    def _shares(
        self, ways: _Ways, xy: np.ndarray, n: int
    ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
        """The legs, lines and shares (m,) of lines that lie along legs, and shares by kind."""
        import shapely

        reach = np.where(ways.at_tunnel, self.settings.near_tunnel_m, self.settings.near_m)
        points = shapely.points(xy)
        point, piece = self._tree.query(points, "dwithin", reach * ways.scale)
        line = self._of_piece[piece]
        is_open = self._is_open(line, ways.day[point])
        group = self._group[line[is_open]]
        point = point[is_open]

        on_line = np.unique(point.astype(np.int64) * len(self.name) + group)
        point, group = np.divmod(on_line, max(len(self.name), 1))
        leg_line = ways.leg[point].astype(np.int64) * len(self.name) + group
        pairs, of_pair = np.unique(leg_line, return_inverse=True)
        length = np.bincount(of_pair, ways.weight[point], len(pairs))
        legs, groups = np.divmod(pairs, max(len(self.name), 1))

        on_kind = np.unique(point * len(CARRIERS) + self.kind[group])
        point, kind = np.divmod(on_kind, len(CARRIERS))
        cell = ways.leg[point] * len(CARRIERS) + kind
        total = np.bincount(cell, ways.weight[point], n * len(CARRIERS))
        return (legs, groups, length), total.reshape(n, len(CARRIERS))

    def _is_open(self, line: np.ndarray, day: np.ndarray) -> np.ndarray:
        """(m,) bool: whether lines carried somebody on days; of unknown dates they always did."""
        opened = self._lines.opened[line]
        closed = self._lines.closed[line]
        return ~(opened > day) & ~(closed < day)  # nothing is later than NaT

    def _best_line(
        self, found: tuple[np.ndarray, np.ndarray, np.ndarray], kind: np.ndarray, n: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The line (n,) of each leg's kind with the longest part of the way, -1 for none."""
        leg, line, share = found
        fits = (self.kind[line] == kind[leg]) & (self.name[line] != "")
        leg, line, share = leg[fits], line[fits], share[fits]
        order = np.lexsort((share, leg))
        best = np.full(n, -1)
        best[leg[order]] = line[order]  # the last one of a leg has the largest share
        best_share = np.zeros(n)
        best_share[leg[order]] = share[order]
        return best, best_share

    def _stop_at(self, legs: Tracks, row: np.ndarray) -> np.ndarray:
        """(k,) the name of the nearest stop to fixes; '' where none is near."""
        import shapely

        found = np.full(len(row), "", object)
        points = shapely.points(_to_mercator(legs.lon[row], legs.lat[row]))
        scale = 1 / np.cos(np.radians(legs.lat[row]))
        for number, stop in self._stop_tree.query_nearest(
            points,
            max_distance=float(self.settings.stop_m * scale.max(initial=1.0)),
            all_matches=False,
        ).T:
            found[number] = self._stops.name[stop]
        return found


@dataclass(frozen=True)
class _Ways:
    """Some fixes of legs. leg: (m,). xy: (m, 2) Web Mercator. scale: (m,) its metres in a metre.
    day: (m,) datetime64[D]. weight: (m,) share of the leg's way. at_tunnel: (m,) bool.
    """

    leg: np.ndarray
    xy: np.ndarray
    scale: np.ndarray
    day: np.ndarray
    weight: np.ndarray
    at_tunnel: np.ndarray

    def moved(self, east_m: float, north_m: float) -> np.ndarray:
        """The places of the fixes, if the legs lay elsewhere."""
        return self.xy + self.scale[:, None] * np.array([east_m, north_m])


_SHIFTS = ((400.0, 0.0), (-400.0, 0.0), (0.0, 400.0), (0.0, -400.0))


def _ways_of(legs: Tracks, s: NearSettings) -> _Ways:
    size = np.diff(legs.track_offsets)
    taken = np.minimum(size, s.max_fixes)
    leg = np.repeat(np.arange(legs.n_tracks), taken)
    number = expand_ranges(np.zeros(legs.n_tracks, int), taken)
    spread = number * (size - 1)[leg] // np.maximum(taken - 1, 1)[leg]
    row = legs.track_offsets[:-1][leg] + spread

    xy = _to_mercator(legs.lon[row], legs.lat[row])
    scale = 1 / np.cos(np.radians(np.clip(legs.lat[row], -MAX_LATITUDE, MAX_LATITUDE)))
    same = leg[1:] == leg[:-1]
    step_m = np.where(same, np.hypot(*np.diff(xy, axis=0).T) / scale[1:], 0.0)
    half = (np.append(step_m, 0.0) + np.append(0.0, step_m)) / 2
    way = np.bincount(leg, half, legs.n_tracks)
    long = step_m > s.tunnel_m
    return _Ways(
        leg=leg,
        xy=xy,
        scale=scale,
        day=legs.t[row].astype("datetime64[ms]").astype("datetime64[D]"),
        weight=half / np.maximum(way, 1e-9)[leg],
        at_tunnel=np.append(long, False) | np.append(False, long),
    )


def _to_mercator(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """(n, 2) Web Mercator metres of degrees (n,)."""
    north = np.radians(np.clip(lat, -MAX_LATITUDE, MAX_LATITUDE))
    return MERCATOR_M * np.column_stack([np.radians(lon), np.arctanh(np.sin(north))])


def _mercator(shapes: np.ndarray) -> np.ndarray:
    import shapely

    return np.asarray(shapely.transform(shapes, lambda xy: _to_mercator(*xy.T)), object)


def _pieces(shapes: np.ndarray, vertices: int) -> tuple[np.ndarray, np.ndarray]:
    """Lines cut into pieces of some vertices, and the line (m,) of each piece.

    A long line's own box would hold half of a city.
    """
    import shapely

    xy, line = shapely.get_coordinates(shapes, return_index=True)
    begin = np.flatnonzero(np.diff(line, prepend=-1))
    size = np.diff(np.append(begin, len(line)))
    count = np.maximum(-(-(size - 1) // (vertices - 1)), 1)
    of = np.repeat(np.arange(len(shapes)), count)
    first = begin[of] + expand_ranges(np.zeros(len(shapes), int), count) * (vertices - 1)
    length = np.minimum(vertices, (begin + size)[of] - first)
    rows = expand_ranges(first, length)
    pieces = shapely.linestrings(xy[rows], indices=np.repeat(np.arange(len(of)), length))
    return np.asarray(pieces, object), of
