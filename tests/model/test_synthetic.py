# SPDX-License-Identifier: GPL-2.0-or-later
"""The synthetic city: same seed same tables, labels from plans, movement that could have happened."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from model.cli import run
from model.shipped.synthetic import corpus as corpora
from model.shipped.synthetic.city.movement import pace_walker
from model.shipped.synthetic.population.people import EMPLOYED
from model.shipped.synthetic.sumo import Trajectory
from model.synthetic import main
from raw_qgis_plugin.core.arrays import run_starts
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.flows.zones import hexagons
from raw_qgis_plugin.core.mobility.diary import find_diary
from raw_qgis_plugin.core.mobility.journeys import find_journeys

CITY = ["--people", "60", "--observed", "0.2", "--weeks", "1", "--across", "2", "--processes", "1"]
DAYS = ["--days-only", "--people", "80", "--weeks", "1", "--across", "3", "--seed", "5"]
# m/s
FASTEST = {
    "walk": 6.5,
    "bike": 17.0,
    "car": 80.0,
    "bus": 35.0,
    "rail": 90.0,
    "tram": 25.0,
    "ferry": 15.0,
}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def made_twice(folder: Path, arguments: list[str]) -> tuple[Path, Path]:
    """The same command in two folders."""
    for name in ("one", "again"):
        assert run(main, [*arguments, "--output", str(folder / name)]) == 0
    return folder / "one", folder / "again"


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return made_twice(tmp_path_factory.mktemp("city"), CITY)


@pytest.fixture(scope="module")
def city(cities: tuple[Path, Path]) -> Path:
    return cities[0]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return made_twice(tmp_path_factory.mktemp("days"), DAYS)


def test_same_seed_same_tables(cities: tuple[Path, Path], days: tuple[Path, Path]) -> None:
    for (one, again), expected in (
        (cities, {"tracks.parquet", "truth_users.csv", "truth_tracks.csv", "truth_segments.csv", "regions.geojson",
                  "stations.geojson", "streets.geojson"}),
        (days, {"days.parquet", "truth_users.csv"}),
    ):  # fmt: skip
        assert (
            {path.name for path in one.iterdir()}
            == {path.name for path in again.iterdir()}
            == expected
        )
        for name in expected:
            assert (one / name).read_bytes() == (again / name).read_bytes(), name


def test_labels_come_from_the_plan(city: Path) -> None:
    users = rows(city / "truth_users.csv")
    assert len(users) == 12
    trips = rows(city / "truth_tracks.csv")
    for user in users:
        assert (user["employed"] == "true") == (user["kind"] in EMPLOYED)
        if user["commuter"] == "true":
            assert user["kind"] == "student" or user["employed"] == "true"
        assert (user["metro_user"] == "true") == (float(user["metro_trips_a_week"]) >= 1)
        own = [trip for trip in trips if trip["user_id"] == user["user_id"]]
        # a trip that no street allows is left out
        assert abs(len(own) / 7 - float(user["trips_a_day"])) < 0.5
        assert "work" not in {trip["purpose"] for trip in own} or user["kind"] in EMPLOYED - {
            "home"
        }


def test_tracks_are_sorted_and_plausible(city: Path) -> None:
    table = pq.read_table(city / "tracks.parquet")
    assert table.column_names == ["user_id", "track_id", "t", "lon", "lat"]
    user, t = np.array(table["user_id"].to_pylist()), table["t"].to_numpy()
    same = user[1:] == user[:-1]
    assert (np.diff(t)[same] > 0).all() and (user[1:] >= user[:-1]).all()
    lat = np.radians(table["lat"].to_numpy())
    north, east = lat * 6_371_000, np.radians(table["lon"].to_numpy()) * 6_371_000 * np.cos(lat[0])
    assert 1000 < max(np.ptp(north), np.ptp(east)) < 10_000
    speed = np.hypot(np.diff(north), np.diff(east)) / (np.diff(t) / 1000)
    assert np.quantile(speed[same], 0.999) < 80


def test_trips_follow_each_other_and_hold_their_segments(city: Path) -> None:
    ends: dict[str, int] = {}
    spans = {}
    for trip in rows(city / "truth_tracks.csv"):
        start, end = int(trip["t_start"]), int(trip["t_end"])
        assert ends.get(trip["user_id"], 0) < start < end
        ends[trip["user_id"]] = end
        spans[trip["trip_id"]] = (start, end, trip["mode"])
    for leg in rows(city / "truth_segments.csv"):
        start, end, mode = spans[leg["trip_id"]]
        assert start <= int(leg["t_start"]) < int(leg["t_end"]) <= end
        assert leg["mode"] in (mode, "walk")


def test_people_of_days_come_home(days: tuple[Path, Path]) -> None:
    table = pq.read_table(days[0] / "days.parquet")
    assert table.column_names == ["user_id", "t", "lon", "lat"]
    user, t = np.array(table["user_id"].to_pylist()), table["t"].to_numpy()
    same = user[1:] == user[:-1]
    assert (
        (np.diff(t)[same] > 0).all()
        and (user[1:] >= user[:-1]).all()
        and np.ptp(t) <= 7 * 86_400_000
    )
    assert 100 <= np.median(np.diff(t)[same]) / 1000 <= 1000
    known = [row["user_id"] for row in rows(days[0] / "truth_users.csv")]
    assert len(known) == 80 and set(user) <= set(known) and len(set(user)) > 70
    xy, shares = np.column_stack([table["lon"].to_numpy(), table["lat"].to_numpy()]), []
    for name in np.unique(user):
        own = xy[user == name]
        if len(own) > 200:
            cell = np.unique(np.round(own / 0.004), axis=0, return_counts=True)[1]
            shares.append(cell.max() / len(own))
    # the commonest 400 metres hold much of a life
    assert len(shares) > 30 and np.median(shares) > 0.3


def test_movement_alone_is_exact_and_plausible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two short runs, one over streets and one on rails."""
    monkeypatch.setattr(corpora, "PLANS", (("random", 1800), ("motorway", 30000)))
    corpora.write_corpus(tmp_path, seed=3, fixes=60_000, osm=[], processes=1)
    for path in (tmp_path / "movement").iterdir():
        table = pq.read_table(path)
        assert table.column_names == ["user_id", "track_id", "mode", "t", "lon", "lat"]
        track, mode = np.array(table["track_id"].to_pylist()), np.array(table["mode"].to_pylist())
        t, lon, lat = (table[name].to_numpy() for name in ("t", "lon", "lat"))
        same = track[1:] == track[:-1]
        assert set(np.diff(t)[same].tolist()) == {1000}
        north = np.radians(np.diff(lat)) * 6_371_000
        east = np.radians(np.diff(lon)) * 6_371_000 * np.cos(np.radians(lat[0]))
        for name in np.unique(mode):
            assert np.hypot(north, east)[same & (mode[1:] == name)].max() < FASTEST[name], (
                path.name,
                name,
            )


def test_a_corpus_has_every_plan_and_rails() -> None:
    runs = corpora.plan_runs(1, 30e6, [Path("town.osm.gz")])
    assert {"random", "grid", "motorway", "rail", "town.osm.gz"} <= {one.plan for one in runs}
    assert sum(one.fixes for one in runs) == pytest.approx(30e6)
    local = (corpora.draw_starts(4000, 90.0, np.random.default_rng(0)) / 3_600_000 + 6) % 24
    assert np.mean(local < 5) < 0.05 < np.mean((local > 7) & (local < 9))


def test_a_walker_walks_over_the_leap_at_a_junction() -> None:
    x = np.concatenate([np.arange(10) * 1.3, 11.7 + 13 + np.arange(10) * 1.3])
    second, east, north = pace_walker(Trajectory(np.arange(20), x, np.zeros(20)))
    assert np.diff(east).max() < 1.8 and east[-1] == pytest.approx(x[-1], abs=1.7)
    assert (np.diff(second) == 1).all() and len(north) == len(second)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (["--people", "2"], "PEOPLE"), (["--weeks", "0"], "WEEKS"), (["--observed", "3"], "OBSERVED"),
        (["--across", "900"], "ACROSS"), (["--osm", "nowhere.osm"], "nowhere.osm"),
        (["--movement-only", "--fixes", "5"], "--fixes"), (["--movement-only", "--days-only"], "--days-only"),
    ],
)  # fmt: skip
def test_a_wrong_argument_gives_one_clear_line(
    wrong: list[str], word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(main, [*wrong, "--output", str(tmp_path)]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1 and word in lines[0]


@pytest.mark.parametrize("name", ["tracks.parquet", "days.parquet", "movement/00-random.parquet"])
def test_an_earlier_run_is_not_written_over(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("an hour's work")
    assert run(main, [*CITY, "--days-only", "--output", str(tmp_path)]) == 2
    assert (
        "of an earlier run" in capsys.readouterr().err
        and (tmp_path / name).read_text() == "an hour's work"
    )


def test_trips_found_in_complete_records_are_the_true_ones(tmp_path: Path) -> None:
    """Common part of commuters between hexagons of 700 m, with all fixes and with one in ten
    minutes.
    """
    assert run(main, [*CITY, "--complete", "--output", str(tmp_path / "city")]) == 0
    truth = rows(tmp_path / "city" / "truth_tracks.csv")
    true = np.array(
        [
            [float(row[f"{x}_{end}"]) for end in ("start", "end") for x in ("lon", "lat")]
            for row in truth
        ]
    )
    assert np.mean([row["recorded"] == "true" for row in truth]) > 0.97 and len(truth) > 100
    table = pq.read_table(tmp_path / "city" / "tracks.parquet")
    user = np.array(table["user_id"].to_pylist(), object)
    t, lon, lat = (table[name].to_numpy() for name in ("t", "lon", "lat"))
    for step, least in ((1, 0.89), (600_000, 0.88)):
        some = np.flatnonzero(run_starts(user, t // step))
        tracks, _ = build_tracks(user[some], None, t[some], lon[some], lat[some])
        found = find_journeys(find_diary(tracks, None))
        ends = np.concatenate(
            [true[:, :2], found.begin[found.complete], true[:, 2:], found.end[found.complete]]
        )
        begin, end = np.split(hexagons(*ends.T, 700.0)[1], 2)
        pair = np.unique(np.column_stack([begin, end]), axis=0, return_inverse=True)[1].ravel()
        counts = [
            np.bincount(some, minlength=pair.max() + 1) for some in np.split(pair, [len(true)])
        ]
        assert 2 * np.minimum(*counts).sum() / len(pair) > least
