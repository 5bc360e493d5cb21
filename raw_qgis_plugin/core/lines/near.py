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
    max_fixes: int = 60


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
    """Lines in an index of segments, to be asked again and again.

    Lines that share a street share its segments, so a street with twenty buses is looked at once.
    """

    def __init__(self, lines: Lines, settings: NearSettings | None = None) -> None:
        import shapely

        self.settings = settings or NearSettings()
        kind = np.array([KINDS.index(each) for each in lines.kind], int)
        self._stops = lines.take(lines.kind == "stop")
        self._stop_tree = shapely.STRtree(_mercator(self._stops.shape))
        carriers = lines.take(kind < len(CARRIERS))

        # Pieces of one name and kind are one line; those without a name never need to be told apart
        first, of_piece = _groups(carriers)
        self._lines = carriers.take(first)
        self._kind = kind[kind < len(CARRIERS)][first]

        ends, piece = _segments(_mercator(carriers.shape))
        keys, row, segment = np.unique(_keys(ends), axis=0, return_index=True, return_inverse=True)
        of_line = np.unique(np.column_stack([segment.ravel(), of_piece[piece]]), axis=0)
        self._line_of = of_line[:, 1]  # the lines of each segment, in a row
        self._begin = np.searchsorted(of_line[:, 0], np.arange(len(keys) + 1))
        self._tree = shapely.STRtree(shapely.linestrings(ends[row]))

    def ask(self, legs: Tracks) -> LegLines:
        """What the lines say of legs, a track each."""
        ways = _ways_of(legs, self.settings)
        n = legs.n_tracks
        near = self._near(ways, ways.xy)
        share = self._share_of_kinds(ways, near, n)
        copies = [ways.moved(self.settings.moved_m * direction) for direction in DIRECTIONS]
        of_copies = [self._share_of_kinds(ways, self._near(ways, xy), n) for xy in copies]
        chance = np.mean(of_copies, axis=0)

        kind = (share - chance).argmax(axis=1)
        line, line_share = self._best_line(ways, near, kind, n)

        return LegLines(
            share=share,
            chance=chance,
            line=_named(self._lines.name, line),
            line_kind=_named(self._lines.kind, line),
            line_share=line_share,
            first_stop=self._stop_at(legs, legs.track_offsets[:-1]),
            last_stop=self._stop_at(legs, legs.track_offsets[1:] - 1),
        )

    def _near(self, ways: _Ways, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pairs (m,) of a fix and an open line that it is near to, each once."""
        import shapely

        reach = np.where(ways.at_tunnel, self.settings.near_tunnel_m, self.settings.near_m)
        points = shapely.points(xy)
        point, segment = self._tree.query(points, "dwithin", reach * ways.scale)
        begin = self._begin[segment]
        size = self._begin[segment + 1] - begin
        line = self._line_of[expand_ranges(begin, size)]
        point = np.repeat(point, size)

        opened = self._lines.opened[line]
        closed = self._lines.closed[line]
        day = ways.day[point]
        is_open = ~(opened > day) & ~(closed < day)  # nothing is later than NaT

        pairs = np.unique(point[is_open] * len(self._lines) + line[is_open])
        return pairs // len(self._lines), pairs % len(self._lines)

    def _share_of_kinds(
        self, ways: _Ways, near: tuple[np.ndarray, np.ndarray], n: int
    ) -> np.ndarray:
        """(n, CARRIERS) part of the way of each leg near lines of each kind."""
        point, line = near
        pairs = np.unique(point * len(CARRIERS) + self._kind[line])
        point = pairs // len(CARRIERS)
        cell = ways.leg[point] * len(CARRIERS) + pairs % len(CARRIERS)
        total = np.bincount(cell, ways.weight[point], n * len(CARRIERS))
        return total.reshape(n, len(CARRIERS))

    def _best_line(
        self, ways: _Ways, near: tuple[np.ndarray, np.ndarray], kind: np.ndarray, n: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The line (n,) of each leg's kind with the longest part of the way, -1 for none, and that
        part.
        """
        point, line = near
        leg = ways.leg[point]
        has_name = self._lines.name[line] != ""
        fits = (self._kind[line] == kind[leg]) & has_name
        n_lines = max(len(self._lines), 1)
        key = leg[fits] * n_lines + line[fits]
        pairs, of_pair = np.unique(key, return_inverse=True)
        length = np.bincount(of_pair, ways.weight[point[fits]], len(pairs))

        order = np.lexsort((length, pairs // n_lines))
        leg = pairs[order] // n_lines
        best = np.full(n, -1)
        best[leg] = pairs[order] % n_lines  # the last one of a leg is the longest
        share = np.zeros(n)
        share[leg] = length[order]
        return best, share

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

    def moved(self, metres: np.ndarray) -> np.ndarray:
        """The places of the fixes, if the legs lay so many metres (2,) east and north."""
        return self.xy + self.scale[:, None] * metres


DIRECTIONS = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])  # east and north


def _ways_of(legs: Tracks, s: NearSettings) -> _Ways:
    size = np.diff(legs.track_offsets)
    taken = np.minimum(size, s.max_fixes)
    leg = np.repeat(np.arange(legs.n_tracks), taken)
    number = expand_ranges(np.zeros(legs.n_tracks, int), taken)
    spread = number * (size - 1)[leg] // np.maximum(taken - 1, 1)[leg]
    row = legs.track_offsets[:-1][leg] + spread

    xy = _to_mercator(legs.lon[row], legs.lat[row])
    north = np.clip(legs.lat[row], -MAX_LATITUDE, MAX_LATITUDE)
    scale = 1 / np.cos(np.radians(north))
    same_leg = leg[1:] == leg[:-1]
    step_m = np.hypot(*np.diff(xy, axis=0).T) / scale[1:]
    step_m = np.where(same_leg, step_m, 0.0)

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


def _named(words: np.ndarray, row: np.ndarray) -> np.ndarray:
    """(n,) object: the words of rows, '' for -1."""
    return np.append(words, np.array([""], object))[row]


def _groups(lines: Lines) -> tuple[np.ndarray, np.ndarray]:
    """The first piece (g,) of each line, and the line (n,) of each piece."""
    days = [column.astype(str) for column in (lines.opened, lines.closed)]
    words = np.array(["\t".join(row) for row in zip(lines.kind, lines.name, *days)], "U")
    return np.unique(words, return_index=True, return_inverse=True)[1:]


def _segments(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ends (m, 2, 2) of the segments of lines, and the line (m,) of each."""
    import shapely

    xy, line = shapely.get_coordinates(shapes, return_index=True)
    inside = line[1:] == line[:-1]
    return np.stack([xy[:-1][inside], xy[1:][inside]], axis=1), line[:-1][inside]


def _keys(ends: np.ndarray) -> np.ndarray:
    """(m, 4) whole metres of segments, the same there and back."""
    whole = np.rint(ends).astype(np.int64)
    turned = (whole[:, 0] > whole[:, 1]).any(axis=1) & (whole[:, 0, 0] >= whole[:, 1, 0])
    whole[turned] = whole[turned, ::-1]
    return whole.reshape(-1, 4)
