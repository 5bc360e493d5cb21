# SPDX-License-Identifier: GPL-2.0-or-later
"""The synthetic city: same seed same tables, labels from plans, movement that could have happened."""

from __future__ import annotations

import csv
import json
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from model.cli import run
from model.synthetic import generate
from model.synthetic.__main__ import main
from model.synthetic.city.movement import pace_walker
from model.synthetic.corpus import draw_starts, plan_runs, write_corpus
from model.synthetic.population.people import EMPLOYED
from model.synthetic.sumo import Trajectory

CITY = ["--people", "60", "--observed", "0.2", "--weeks", "1", "--across", "2", "--processes", "1"]
FASTEST = {
    "walk": 6.5,
    "bike": 17.0,
    "car": 80.0,
    "bus": 35.0,
    "rail": 90.0,
    "tram": 25.0,
    "ferry": 15.0,
}  # m/s between exact fixes


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Seed 1 twice, seed 2 once."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate, "find_local", partial(generate.find_local, trial_people=40))
        for name, seed in (("one", "1"), ("again", "1"), ("other", "2")):
            found[name] = tmp_path_factory.mktemp(name)
            assert run(main, [*CITY, "--seed", seed, "--output", str(found[name])]) == 0
    return found


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two short runs of movement alone: one over streets, one on rails."""
    from model.synthetic import corpus as module

    folder = tmp_path_factory.mktemp("corpus")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PLANS", (("random", 1800), ("motorway", 30000)))
        write_corpus(folder, seed=3, fixes=60_000, osm=[], processes=1)
    return folder / "movement"


def test_same_seed_same_tables(cities: dict[str, Path]) -> None:
    names = sorted(path.name for path in cities["one"].iterdir())
    assert names == sorted(path.name for path in cities["again"].iterdir())
    assert {"tracks.parquet", "report.html", "laws.json"} <= set(names) and not any(
        name.startswith(".") for name in names
    )
    for name in names:
        assert (cities["one"] / name).read_bytes() == (cities["again"] / name).read_bytes(), name


def test_another_seed_another_street_plan(cities: dict[str, Path]) -> None:
    one, other = (json.loads((cities[name] / "streets.geojson").read_text()) for name in ("one", "other"))
    assert one["features"][0]["geometry"] != other["features"][0]["geometry"]


def test_labels_come_from_the_plan(cities: dict[str, Path]) -> None:
    users = rows(cities["one"] / "truth_users.csv")
    assert len(users) == 12
    for user in users:
        assert (user["employed"] == "true") == (user["kind"] in EMPLOYED)
        assert user["commuter"] == "false" or user["employed"] == "true"
        assert (user["metro_user"] == "true") == (float(user["metro_trips_a_week"]) >= 1)
    trips = rows(cities["one"] / "truth_tracks.csv")
    for user in users:
        own = [trip for trip in trips if trip["user_id"] == user["user_id"]]
        assert abs(len(own) / 7 - float(user["trips_a_day"])) < 0.5  # a trip that no street allows is left out
        purposes = {trip["purpose"] for trip in own}
        assert "work" not in purposes or user["kind"] in EMPLOYED - {"home"}


def test_tracks_are_sorted_and_plausible(cities: dict[str, Path]) -> None:
    table = pq.read_table(cities["one"] / "tracks.parquet")
    assert table.column_names == ["user_id", "track_id", "t", "lon", "lat"]
    user, t = np.array(table["user_id"].to_pylist()), table["t"].to_numpy()
    same = user[1:] == user[:-1]
    assert (np.diff(t)[same] > 0).all() and (user[1:] >= user[:-1]).all()
    lat = table["lat"].to_numpy()
    north, east = (
        np.radians(lat) * 6_371_000,
        np.radians(table["lon"].to_numpy()) * 6_371_000 * np.cos(np.radians(lat[0])),
    )
    for metres in (north, east):  # out of town now and then, at home in the city
        assert np.ptp(np.quantile(metres, [0.2, 0.8])) < 6000 and np.ptp(metres) < 600_000
    speed = np.hypot(np.diff(north), np.diff(east)) / (np.diff(t) / 1000)
    assert np.quantile(speed[same], 0.999) < 80


def test_trips_follow_each_other_and_hold_their_segments(cities: dict[str, Path]) -> None:
    trips = rows(cities["one"] / "truth_tracks.csv")
    ends: dict[str, int] = {}
    spans = {}
    for trip in trips:
        start, end = int(trip["t_start"]), int(trip["t_end"])
        assert ends.get(trip["user_id"], 0) < start < end
        ends[trip["user_id"]] = end
        spans[trip["trip_id"]] = (start, end, trip["mode"])
    for leg in rows(cities["one"] / "truth_segments.csv"):
        start, end, mode = spans[leg["trip_id"]]
        assert start <= int(leg["t_start"]) < int(leg["t_end"]) <= end
        assert leg["mode"] in (mode, "walk")


def test_regions_are_the_layers_regions(cities: dict[str, Path]) -> None:
    layer = json.loads((cities["one"] / "regions.geojson").read_text())
    truth = rows(cities["one"] / "truth_regions.csv")
    assert [f["properties"]["region_id"] for f in layer["features"]] == [row["region_id"] for row in truth]
    pois = json.loads((cities["one"] / "pois.geojson").read_text())["features"]
    assert sum(int(row["pois"]) for row in truth) == len(pois)
    assert sum(float(row["visits"]) for row in truth) > 0


def test_movement_alone_is_exact_and_plausible(corpus: Path) -> None:
    for path in corpus.iterdir():
        table = pq.read_table(path)
        assert table.column_names == ["user_id", "track_id", "mode", "t", "lon", "lat"]
        track, mode = np.array(table["track_id"].to_pylist()), np.array(table["mode"].to_pylist())
        t, lon, lat = (table[name].to_numpy() for name in ("t", "lon", "lat"))
        same = track[1:] == track[:-1]
        assert set(np.diff(t)[same].tolist()) == {1000}
        north = np.radians(np.diff(lat)) * 6_371_000
        east = np.radians(np.diff(lon)) * 6_371_000 * np.cos(np.radians(lat[0]))
        for name in np.unique(mode):
            assert np.hypot(north, east)[same & (mode[1:] == name)].max() < FASTEST[name], (path.name, name)


def test_a_corpus_has_every_plan_and_rails() -> None:
    runs = plan_runs(1, 30e6, [Path("town.osm.gz")])
    assert {"random", "grid", "spider", "rail", "town.osm.gz"} <= {one.plan for one in runs}
    assert sum(one.fixes for one in runs) == pytest.approx(30e6)
    hour = draw_starts(4000, 90.0, np.random.default_rng(0)) / 3_600_000 % 24
    local = (hour + 6) % 24
    assert np.mean(local < 5) < 0.05 < np.mean((local > 7) & (local < 9))


def test_a_walker_walks_over_the_leap_at_a_junction() -> None:
    x = np.concatenate([np.arange(10) * 1.3, 11.7 + 13 + np.arange(10) * 1.3])
    second, east, north = pace_walker(Trajectory(np.arange(20), x, np.zeros(20)))
    assert np.diff(east).max() < 1.8
    assert east[-1] == pytest.approx(x[-1], abs=1.7)
    assert (np.diff(second) == 1).all() and len(north) == len(second)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (["--people", "2"], "--people"), (["--weeks", "0"], "--weeks"), (["--observed", "3"], "--observed"),
        (["--across", "900"], "--across"), (["--osm", "nowhere.osm"], "nowhere.osm"),
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
def test_an_earlier_run_is_not_written_over(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("an hour's work")
    assert run(main, [*CITY, "--days-only", "--output", str(tmp_path)]) == 2
    assert "of an earlier run" in capsys.readouterr().err and (tmp_path / name).read_text() == "an hour's work"


def test_a_folder_that_cannot_be_made_gives_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert run(main, [*CITY, "--output", str(tmp_path / "file" / "city")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
