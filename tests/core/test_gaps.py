# SPDX-License-Identifier: GPL-2.0-or-later
"""Filled gaps: along the streets of others, from both ends, whatever else is asked, and nothing
from inside.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.gaps.ends import Gaps, ends_of
from raw_qgis_plugin.core.gaps.fill import Filled, GapQueries, Settings, calibrated, fill
from raw_qgis_plugin.core.gaps.imputer import Imputer
from raw_qgis_plugin.core.gaps.movements import Movements
from raw_qgis_plugin.core.gaps.simple import SIMPLE, simple_places
from raw_qgis_plugin.core.geodesy import metres_per_degree, offset_m
from raw_qgis_plugin.core.tracks import Tracks

START, CADENCE_S, STEP_M = 1_700_000_000_000, 15, 150.0
HIDDEN = slice(10, 50)  # of the last vehicle's fixes: ten minutes
CORNER = np.array([30 * STEP_M, 0.0])


def corner(
    vehicles: int = 8, lon0: float = 10.0, hide: slice | None = HIDDEN, back: bool = False
) -> Tracks:
    """Vehicles that drive east to a corner and then north, an hour after each other; the last one
    has a gap there.

    back: the others come from the north.
    """
    rng = np.random.default_rng(3)
    k = np.arange(60)
    x, y = np.minimum(k, 30) * STEP_M, np.maximum(k - 30, 0) * STEP_M
    x, y = (a + rng.normal(0, 4, (vehicles, 60)) for a in (x, y))
    shown = np.ones(x.shape, bool)
    if hide is not None:
        shown[-1, hide] = False
    if back:
        x[:-1], y[:-1] = x[:-1, ::-1], y[:-1, ::-1]
    user = np.broadcast_to([[f"v{i:02d}"] for i in range(vehicles)], x.shape)
    t = START + 3_600_000 * np.arange(vehicles)[:, None] + 1000 * CADENCE_S * k
    kx, ky = metres_per_degree(np.array(50.0))
    lon = (lon0 + x / kx + 180) % 360 - 180
    return build_tracks(user[shown], None, t[shown], lon[shown], (50 + y / ky)[shown])[0]


def filled(tracks: Tracks, queries: GapQueries, **options: bool) -> Filled:
    """All answers as one."""
    parts = list(fill(tracks, queries, **options))
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("number", "lon", "lat", "radius50_m", "radius80_m")
    }
    areas = np.concatenate([part.areas for part in parts]) if options.get("with_areas") else None
    return replace(parts[0], **columns, areas=areas)


def of_last(tracks: Tracks, step_s: float = 60.0, **options: bool) -> tuple[Filled, np.ndarray]:
    """The filled gap of the last vehicle, and its positions in metres from the corner's first
    street's begin.
    """
    queries = GapQueries.every(tracks, step_s, 3600.0)
    f = filled(tracks, queries, **options)
    first = tracks.track_offsets[-2]
    assert (tracks.track[queries.before] == tracks.n_tracks - 1).all()
    return f, offset_m(
        f.lon, f.lat, np.full(len(f.lon), tracks.lon[first]), np.full(len(f.lat), tracks.lat[first])
    )


@pytest.mark.parametrize("lon0", [10.0, 179.97])
@pytest.mark.parametrize("back", [False, True])
def test_a_gap_follows_the_street_that_others_took(lon0: float, back: bool) -> None:
    _, xy = of_last(corner(lon0=lon0, back=back))
    off = np.minimum(np.abs(xy[:, 1]), np.abs(xy[:, 0] - CORNER[0]))
    assert len(xy) == 10 and off.max() < 150, (
        "along the streets; the straight line is some 1.7 km off at the corner"
    )
    assert (np.diff(xy.sum(axis=1)) > 0).all(), "always on"


def test_the_shipped_imputer_says_what_it_said() -> None:
    """As recorded on 2026-11-30, to two metres: with two others to follow, and alone."""
    f, xy = of_last(corner(vehicles=3))
    along = [1951, 2554, 3157, 3750, 4348, 4948, 5549, 6145, 6738, 7361]
    assert xy.sum(axis=1) == pytest.approx(along, abs=3) and f.radius50_m[::4] == pytest.approx(
        [8.8, 23.3, 10.5], abs=1
    )
    assert f.radius80_m == pytest.approx([17, 25, 31, 37, 43, 41, 34, 27, 20, 10], abs=2)
    others = corner(vehicles=5)
    xy = of_last(replace(others, lat=others.lat + 0.0036 * (others.track == 4)))[1]
    beside = np.array([[1933, -32], [3930, -377], [4483, 1007], [4488, 2841]])
    assert np.abs(xy[::3] - beside).max() < 3, "400 m north of the others' street"
    f, xy = of_last(corner(vehicles=1))
    alone = np.array([[1840, 121], [2914, 837], [3850, 1715], [4461, 2871]])
    assert np.abs(xy[::3] - alone).max() < 2 and f.radius80_m[::3] == pytest.approx(
        [541, 1043, 1043, 255], abs=5
    )


def test_movements_of_the_time_of_the_gap_do_not_count() -> None:
    """A copy of the track under another id would give away what the gap hides."""
    whole = corner(vehicles=1, hide=None)
    gap = corner(vehicles=1)
    both = build_tracks(
        np.repeat(["a copy", "v00"], [len(whole), len(gap)]), None, *(
            np.concatenate([getattr(whole, name), getattr(gap, name)]) for name in ("t", "lon", "lat")
        ),
    )[0]  # fmt: skip
    alone, beside = of_last(gap)[1], of_last(both)[1]
    assert np.abs(alone - beside).max() < 1e-6


def test_an_answer_depends_on_nothing_but_the_tracks() -> None:
    tracks = corner()
    queries = GapQueries.every(tracks, 60.0, 3600.0)
    whole = filled(tracks, queries)
    one = filled(tracks, GapQueries(queries.before[4:5], queries.t[4:5]))
    told: list[float] = []
    few = Settings(queries_at_once=3)
    parts = [part.lon for part in fill(tracks, queries, told.append, settings=few)]
    assert (
        told == pytest.approx([0, 0.3, 0.6, 0.8, 1])
        and np.abs(np.concatenate(parts) - whole.lon).max() < 1e-9
    )
    assert one.lon[0] == pytest.approx(whole.lon[4], abs=1e-9) and one.lat[0] == pytest.approx(
        whole.lat[4], abs=1e-9
    )
    names = np.array([f"{7 * number % 8}" for number in range(8)], object)[tracks.user]
    turned = build_tracks(names[::-1], None, tracks.t[::-1], tracks.lon[::-1], tracks.lat[::-1])[0]
    again = filled(turned, GapQueries.every(turned, 60.0, 3600.0))
    assert np.abs(again.lon - whole.lon).max() < 1e-5 and np.abs(again.lat - whole.lat).max() < 1e-5


def test_areas_nest_and_hold_the_point() -> None:
    f, _ = of_last(corner(vehicles=3), with_areas=True)
    assert f.areas is not None and shapely.is_valid(f.areas).all()
    assert (shapely.area(f.areas[:, 0]) <= shapely.area(f.areas[:, 1])).all()
    assert shapely.contains(f.areas, shapely.points(f.lon, f.lat)[:, None]).all()
    assert (f.radius50_m <= f.radius80_m).all()


def test_queries_are_inside_of_gaps_and_long_gaps_stay_open() -> None:
    tracks = corner()
    queries = GapQueries.every(tracks, 60.0, 3600.0)
    assert (queries.t > tracks.t[queries.before]).all() and (
        queries.t < tracks.t[queries.before + 1]
    ).all()
    assert (np.diff(queries.t) == 60_000).all() and queries.n_open == 0
    assert GapQueries.every(tracks, 615.0, 300.0).n_open == 0, "as long as a step: no gap"
    assert len(GapQueries.every(tracks, 60.0, 615.0).t) == 10, "as long as a gap may be"
    assert len(GapQueries.every(tracks, 205.0, 615.0).t) == 2, "none at the end of the gap"
    short = GapQueries.every(tracks, 60.0, 300.0)
    assert len(short.t) == 0 and short.n_open == 1 and list(fill(tracks, short)) == []
    with pytest.raises(InputError, match="longer step"):
        GapQueries.every(replace(tracks, t=tracks.t * 1000), 0.001, 1e12)


def test_areas_are_as_wide_as_the_layer_needs() -> None:
    """On streets that everybody drives alike, stretches of the layer narrow the areas; a short
    layer leaves them.
    """
    imputer, lengths = Imputer(), np.array([300.0, 600.0])
    shipped, layers = imputer.calibration, (corner(vehicles=n, hide=None) for n in (40, 1))
    narrowed, kept = (calibrated(imputer, Movements(tracks), lengths) for tracks in layers)
    factor, share = np.array(shipped["factor80"][:2]), np.array(shipped["share80"][:2])
    assert (narrowed[1] < factor).all() and (narrowed[3] < share).all()
    assert narrowed[1] == pytest.approx([0.28, 0.07], abs=0.02) and narrowed[3] == pytest.approx(
        [0.27, 0.16], abs=0.02
    )
    assert kept[1, 1] == pytest.approx(factor[1]) and kept[3, 1] == pytest.approx(share[1])


def test_where_a_track_was_between_two_fixes_and_not_in_silence() -> None:
    t = START + 1000 * np.array([0, 10, 20, 620, 630])
    tracks = build_tracks(
        ["a"] * 5,
        None,
        t,
        [10.0, 10.0001, 10.0002, 10.01, 10.0101],
        [50.0, 50.0002, 50.0004, 50.1, 50.1],
    )[0]
    asked = START + 1000 * np.array([-1, 0, 5, 20, 300, 620, 625, 631])
    lon, lat, known = Movements(tracks).at(np.zeros(8, int), asked)
    assert known.tolist() == [False, True, True, True, False, True, True, False]
    assert lon[known] == pytest.approx([10.0, 10.00005, 10.0002, 10.01, 10.01005])
    assert lat[known] == pytest.approx([50.0, 50.0001, 50.0004, 50.1, 50.1])


def test_the_ends_of_a_gap_and_simple_ways_between_them() -> None:
    """East at 10 m/s, and on at the same speed after the gap: by any simple way it was where the
    clock says.
    """
    k = np.array([*range(8), *range(20, 28)])
    kx, _ = metres_per_degree(np.array(50.0))
    tracks = build_tracks(
        ["a"] * 16, None, START + 15_000 * k, 10 + 150 * k / kx, np.full(16, 50.0)
    )[0]
    ends = ends_of(Gaps(tracks, np.full(3, 7), np.full(3, 8)))
    assert (ends.seconds == 195.0).all() and (ends.step_s == 15.0).all()
    assert np.hypot(*ends.velocity[ends.known].T) == pytest.approx(10.0, rel=1e-3)
    share = np.array([0.25, 0.5, 0.75])
    places = simple_places(ends, share)
    assert np.abs(places[..., 1]).max() < 1
    for name in ("line", "curve", "leaves at once", "arrives at last"):
        assert places[:, SIMPLE.index(name), 0] == pytest.approx(1950 * share, rel=1e-3), name
