# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands that answer: tables in, tables out, and one clear line when something is wrong."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")
shapely = pytest.importorskip("shapely")
from pyarrow import csv, parquet  # noqa: E402

from model import (  # noqa: E402
    cli,
    embed,
    forecast,
    profiles,
    regions,
)
from raw_qgis_plugin.core.cleaning import build_tracks, spikes  # noqa: E402
from raw_qgis_plugin.core.errors import no_progress  # noqa: E402
from raw_qgis_plugin.core.forecasting.predict import Prediction  # noqa: E402

HEADS = (
    {"name": "commuter", "unit": "user", "kind": "binary", "classes": ["no", "yes"]},
    {"name": "mode", "unit": "track", "kind": "classes", "classes": ["walk", "car"]},
    {"name": "poi", "unit": "region", "kind": "number", "halfwidth": {"low": -1, "high": 1}},
)
COMMANDS = {"forecast": forecast, "profiles": profiles, "regions": regions, "embed": embed}


@pytest.fixture(autouse=True)
def model(monkeypatch, invented_model):
    """Every command opens the invented model, and forecasts that all stay where their last fix
    before t is.
    """
    made = invented_model(*HEADS)
    for command in COMMANDS.values():
        monkeypatch.setattr(command, "open_model", lambda args: made)

    def stay(tracks, model, queries, progress=None, n_paths=0):
        track, t = queries.track, queries.t
        past = [
            np.flatnonzero((tracks.track == k) & (tracks.t < when)) for k, when in zip(track, t)
        ]
        last = np.array([rows[-1] if len(rows) else -1 for rows in past], np.int64)
        n = np.array([len(rows) for rows in past], float)
        lon, lat = (
            np.where(last < 0, np.nan, tracks.lon[last]),
            np.where(last < 0, np.nan, tracks.lat[last]),
        )
        paths = [
            np.repeat(a[:, None], n_paths, axis=1)
            for a in (lon, lat, np.where(last < 0, np.nan, 0.3))
        ]
        return Prediction(
            track, t, n, lon, lat, n, n, last >= 0, ["a reason"], last < 0, None, *paths
        )

    monkeypatch.setattr("raw_qgis_plugin.core.forecasting.predict.predict", stay)


def run(command, tmp_path, *args):
    output = tmp_path / "out.parquet"
    code = cli.run(COMMANDS[command].main, [*args, "--output", str(output)])
    return code, parquet.read_table(output) if output.exists() else None


def points(path, tracks, **extra):
    columns = {
        "user_id": tracks.user.astype(np.int16),
        "t": cli.utc_times(tracks.t),
        "lon": tracks.lon,
        "lat": tracks.lat,
    }
    parquet.write_table(pa.table({**columns, **extra}), path)
    return str(path)


def test_forecast_writes_likely_paths(tmp_path, people):
    tracks = points(tmp_path / "t.parquet", people, trip_id=np.arange(len(people)) // 60)
    t = int(people.t[59])
    times = pa.array([t, t + 1000, t - 10**9], pa.timestamp("ms", tz="UTC"))
    parquet.write_table(pa.table({"track_id": ["0", "0", "0"], "t": times}), tmp_path / "q.parquet")
    asked = (
        "--tracks",
        tracks,
        "--at",
        str(tmp_path / "q.parquet"),
        "--paths",
        str(tmp_path / "p.csv"),
    )
    assert run("forecast", tmp_path, *asked)[0] == 0
    paths = csv.read_csv(tmp_path / "p.csv")
    assert paths.column_names == ["track_id", "t", "path", "probability", "lon", "lat"]
    assert (
        paths["path"].to_pylist() == [1, 2, 3] * 2 and paths["probability"].to_pylist() == [0.3] * 6
    )


def test_forecast_answers_every_query_in_order(tmp_path, people, capsys):
    tracks = points(tmp_path / "t.parquet", people, trip_id=np.arange(len(people)) // 60)
    t = int(people.t[59])
    times = pa.array([t, t + 1000, t, t - 10**9, None], pa.timestamp("ms", tz="UTC"))
    queries = pa.table({"track_id": [5, 0, 99, 0, 0], "t": times})
    parquet.write_table(queries, tmp_path / "q.parquet")
    code, answer = run(
        "forecast", tmp_path, "--tracks", tracks, "--at", str(tmp_path / "q.parquet")
    )
    assert code == 0
    assert answer.column_names == [
        "track_id",
        "t",
        "lon",
        "lat",
        "radius50_m",
        "radius80_m",
        "in_domain",
    ]
    assert answer.select(["track_id", "t"]).equals(queries)
    # track 5 begins at t + 1 min
    assert np.isnan(answer["lon"].to_numpy()).tolist() == [True, False, True, True, True]
    assert answer["lon"][1].as_py() == people.lon[59]
    said = capsys.readouterr().err
    assert (
        "4 of 5 queries have no answer: no such track, no readable time, or no fix before it"
        in said
    )
    assert "a reason" in said


def test_forecast_of_ids_that_two_users_share(tmp_path, people, capsys):
    tracks = points(tmp_path / "t.parquet", people, track_id=np.zeros(len(people), int))
    (tmp_path / "q.csv").write_text("track_id,t\n0,2030-01-01\n")
    assert run("forecast", tmp_path, "--tracks", tracks, "--at", str(tmp_path / "q.csv"))[0] == 2
    assert "needs a column user_id" in capsys.readouterr().err
    (tmp_path / "q.csv").write_text("user_id,track_id,t\n3,0,2030-01-01\n99,0,2030-01-01\n")
    code, answer = run("forecast", tmp_path, "--tracks", tracks, "--at", str(tmp_path / "q.csv"))
    assert code == 0 and answer["lon"][0].as_py() == people.lon[people.user_offsets[4] - 1]
    assert answer["lon"][1].as_py() is None and answer["user_id"].to_pylist() == ["3", "99"]


def test_no_fix_at_or_after_t_is_used(invented_model):
    rng = np.random.default_rng(0)
    # every fifth fix jumps
    t, lon = np.arange(300) * 1000, np.where(rng.random(300) < 0.2, 0.1, 0.0)
    tracks, _ = build_tracks(None, None, t, lon, np.zeros(300), drop_spikes=False)
    assert spikes(tracks).sum() > 20
    asked = np.arange(1000, 300_000, 500)
    answer, _ = forecast.predict_causally(
        tracks, invented_model(), np.zeros(len(asked), int), asked, no_progress
    )
    for k in range(0, len(asked), 7):
        past = tracks.take(tracks.t < asked[k])
        alone, _ = forecast.predict_causally(
            past, invented_model(), np.zeros(1, int), asked[k : k + 1], no_progress
        )
        assert (
            alone["lon"][0] == answer["lon"][k]
            and alone["radius50_m"][0] == answer["radius50_m"][k]
        )


def test_profiles_use_the_unit_of_the_head_and_the_ids_of_the_source(tmp_path, people):
    tracks = points(
        tmp_path / "t.parquet", people, trip_id=(np.arange(len(people)) // 60).astype(str)
    )
    code, answer = run("profiles", tmp_path, "--tracks", tracks, "--task", "commuter")
    assert code == 0 and answer.column_names == [
        "user_id",
        "commuter",
        "commuter_p",
        "commuter_guess",
        "in_domain",
        "why",
        "evidence",
    ]
    assert answer["user_id"].to_pylist() == list(range(12))
    code, answer = run("profiles", tmp_path, "--tracks", tracks, "--task", "mode")
    assert answer.column_names == [
        "user_id",
        "track_id",
        "mode",
        "mode_p",
        "mode_guess",
        "in_domain",
        "why",
        "evidence",
    ]
    assert answer["track_id"].to_pylist()[:2] == ["0", "1"]


def test_profiles_of_a_wrong_unit(tmp_path, people, capsys):
    tracks = points(tmp_path / "t.parquet", people)
    assert run("profiles", tmp_path, "--tracks", tracks, "--task", "mode", "--unit", "user")[0] == 2
    assert "no label 'mode' for a user" in capsys.readouterr().err


def test_regions(tmp_path, people):
    tracks = points(tmp_path / "t.parquet", people)
    shapes = {"all": shapely.box(0, 0, 90, 90), "none": shapely.box(-1, -1, 0, 0)}
    features = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for name, shape in shapes.items()
    ]
    (tmp_path / "r.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features})
    )
    code, answer = run(
        "regions",
        tmp_path,
        "--tracks",
        tracks,
        "--regions",
        str(tmp_path / "r.geojson"),
        "--id",
        "name",
        "--task",
        "poi",
    )
    assert code == 0
    first, second = answer.to_pylist()
    assert (
        list(first)[:5] == ["name", "n_users", "n_points", "n_visits", "dwell_min"]
        and first["poi"] is not None
    )
    assert (first["name"], first["n_users"], first["suppressed"]) == ("all", 12, False)
    assert second["n_users"] is None and second["n_points"] is None and second["suppressed"]


def test_the_ids_of_regions_are_guessed_and_beside_them_are_numbers(tmp_path, people):
    tracks = points(tmp_path / "t.parquet", people)
    whole = json.loads(shapely.to_geojson(shapely.box(0, 0, 90, 90)))
    names = [{"kind": "park", "Code": "b7"}, {"kind": "park", "Code": "b9"}]
    features = [{"type": "Feature", "properties": each, "geometry": whole} for each in names]
    (tmp_path / "r.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features})
    )
    asked = ["--tracks", tracks, "--regions", str(tmp_path / "r.geojson"), "--task", "poi"]
    code, answer = run("regions", tmp_path, *asked)
    assert code == 0 and answer.column_names[:3] == ["region", "Code", "n_users"]
    assert answer["region"].to_pylist() == [1, 2] and answer["Code"].to_pylist() == ["b7", "b9"]


def test_reasons_are_in_plain_words(tmp_path, people, capsys, monkeypatch, invented_model):
    """As in the plugin. The column `why` has the figures."""
    limited = invented_model(*({**head, "domain": {"cadence_s": [900, 3600]}} for head in HEADS))
    tracks = points(tmp_path / "t.parquet", people)
    (tmp_path / "r.geojson").write_text(shapely.to_geojson(shapely.box(0, 0, 90, 90)).join(
        ['{"type": "Feature", "properties": {}, "geometry": ', "}"]
    ))  # fmt: skip
    for command, task, more in (
        ("profiles", "commuter", ()),
        ("regions", "poi", ("--regions", tmp_path / "r.geojson")),
    ):
        monkeypatch.setattr(COMMANDS[command], "open_model", lambda args: limited)
        code, answer = run(command, tmp_path, "--tracks", tracks, "--task", task, *map(str, more))
        said = capsys.readouterr().err
        assert (
            code == 0
            and "fixes too close or too far apart in time" in said
            and "outside" not in said
        )
        assert command == "regions" or answer["why"][0].as_py().endswith(
            "far apart in time (900 – 3,600 s)"
        )


def test_ids_of_regions_are_kept_whatever_they_are_called_and_whatever_kinds_they_are(
    tmp_path, people
):
    tracks = points(tmp_path / "t.parquet", people)
    whole = json.loads(shapely.to_geojson(shapely.box(0, 0, 90, 90)))
    features = [
        {"type": "Feature", "properties": {"n_users": i}, "geometry": whole} for i in (101, "101A")
    ]
    (tmp_path / "r.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features})
    )
    asked = [
        "--tracks",
        tracks,
        "--regions",
        str(tmp_path / "r.geojson"),
        "--id",
        "n_users",
        "--task",
        "poi",
    ]
    code, answer = run("regions", tmp_path, *asked)
    assert code == 0 and answer["n_users_2"].to_pylist() == ["101", "101A"]
    assert answer["n_users"].to_pylist() == [12, 12]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--tracks", "nowhere.csv", "--output", "e.csv"], "no file or folder 'nowhere.csv'"),
        (["--tracks", "nowhere.csv", "--output", "e.txt"], "must end in .parquet or .csv"),
        (["--tracks", "nowhere.csv", "--output", "no/e.csv"], "no folder 'no'"),
        (["--tracks", "x.csv", "--output", "e.csv", "--tz", "Mars"], "Unknown time zone"),
    ],
)
def test_one_clear_line(tmp_path, monkeypatch, capsys, args, words):
    monkeypatch.chdir(tmp_path)
    assert cli.run(embed.main, args) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_help_and_wrong_arguments(command, capsys):
    with pytest.raises(SystemExit) as left:
        COMMANDS[command].main(["--help"])
    assert left.value.code == 0 and "--tracks" in capsys.readouterr().out
    with pytest.raises(SystemExit) as left:
        COMMANDS[command].main(["--nonsense"])
    said = capsys.readouterr().err
    assert left.value.code == 2 and said.count("\n") == 1 and "--help" in said


def test_no_command_needs_torch():
    code = "import sys\nfrom model import embed, forecast, profiles, regions\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=cli.__file__.rsplit("/", 2)[0])
