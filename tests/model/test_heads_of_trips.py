# SPDX-License-Identifier: GPL-2.0-or-later
"""A head of trips, and heads of users that use its numbers of trips."""

import csv
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.evaluate import main as evaluate
from model.finetune import main as finetune
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.embed import embed, width_of
from raw_qgis_plugin.core.embedding.profiles import profile, with_trips
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import build_tracks

from .conftest import write_csv

USERS, HOURS, BEGAN = 60, 12, 1_700_000_000_000


@pytest.fixture(scope="module")
def rides(tmp_path_factory):
    """People who go somewhere every second hour for twelve minutes: user k in the tram k % 4 times, else on foot.

    Returns the tracks, the labels of the trips and those of the users.
    """
    folder, rng = tmp_path_factory.mktemp("rides"), np.random.default_rng(0)
    minute, rows = np.arange(60 * HOURS), []
    columns = {name: [] for name in ("user_id", "t", "lon", "lat")}
    for k in range(USERS):
        trams = rng.permutation(HOURS // 2) < k % 4
        speed = np.zeros(len(minute))  # km a minute
        for n, tram in enumerate(trams):
            at = 120 * n + 60
            speed[at : at + 12] = (0.6 if tram else 0.08) * (-1) ** n * rng.uniform(0.8, 1.2)
            ends = {"t_start": BEGAN + 60_000 * (at - 1), "t_end": BEGAN + 60_000 * (at + 13)}
            rows.append({"user_id": f"u{k}", **ends, "mode": "tram" if tram else "walk"})
        columns["user_id"] += [f"u{k}"] * len(minute)
        columns["t"] += (BEGAN + 60_000 * minute).tolist()
        columns["lon"] += (10 + k / 10 + rng.normal(0, 2e-5, len(minute))).tolist()
        columns["lat"] += (50 + np.cumsum(speed) / 111.2).tolist()
    pq.write_table(pa.table(columns), folder / "tracks.parquet")
    trams = [{"user_id": f"u{k}", "trams": k % 4} for k in range(USERS)]
    return folder / "tracks.parquet", write_csv(folder / "trips.csv", rows), write_csv(folder / "users.csv", trams)


def test_heads_of_users_use_the_head_of_trips(nano_run, rides, tmp_path, lines):
    tracks, trips, users = map(str, rides)
    bundle, arguments = str(tmp_path / "bundle"), ["--tracks", tracks, "--output", str(tmp_path / "bundle")]
    of_trips = [*arguments, "--labels", trips, "--field", "mode", "--unit", "trip", "--task-name", "trip_mode"]
    of_users = [*arguments, "--labels", users, "--field", "trams", "--unit", "user", "--task-name", "trams"]
    finetune([*of_trips, "--bundle", str(nano_run / "bundle")])
    finetune([*of_users, "--bundle", bundle])
    model = Model(open_bundle(bundle), "cpu")
    heads = {h["name"]: h for h in model.card["heads"]}
    assert heads["trip_mode"]["metrics"]["head"]["accuracy"] > 0.98 and "asks" not in heads["trip_mode"]
    assert heads["trams"]["inputs"] == width_of(model) + 2 * 2

    asked = ["profiles", "--tracks", tracks, "--labels", trips, "--field", "mode", "--task", "trip_mode"]
    evaluate([*asked, "--bundle", bundle, "--output", str(tmp_path / "r")])
    assert json.loads((tmp_path / "r.json").read_text())["all"]["accuracy"] > 0.98
    fixes = read(tracks)[0]
    said = profile(fixes.by_user(), model, "user", ["trams"]).columns
    truth = np.array([int(user[1:]) % 4 for user in said["user_id"]])
    assert np.corrcoef(said["trams"], truth)[0, 1] > 0.9
    one = build_tracks(["a", "a"], None, [0, 1000], [10.0, 10.0], [50.0, 50.0])[0]
    assert np.isnan(profile(one, model, "user", ["trams"]).columns["trams"]).all(), "two fixes are too few to know"
    x = with_trips(embed(one, model), one, "user", model)
    assert np.isfinite(model.run_head("trams", x)).all(), "who makes no trip"
    with pytest.raises(InputError, match="no head 'trip_mode'"):
        profile(fixes, model, "track", ["trip_mode"])  # other heads use it

    lines()
    finetune([*of_trips, "--bundle", bundle])
    assert [h["name"] for h in open_bundle(bundle).card["heads"]] == ["trip_mode"]
    assert any("trams do not use this head" in line.get("warning", "") for line in lines())


def test_labels_of_trips_are_of_stretches_of_time(nano_run, rides, tmp_path):
    arguments = ["--tracks", str(rides[0]), "--labels", str(rides[2]), "--field", "trams", "--unit", "trip"]
    arguments += ["--task-name", "x", "--bundle", str(nano_run / "bundle"), "--output", str(tmp_path / "bundle")]
    with pytest.raises(InputError, match="t_start and t_end"):
        finetune(arguments)
    with rides[1].open() as f:
        numbers = write_csv(tmp_path / "n.csv", [row | {"mode": n % 3} for n, row in enumerate(csv.DictReader(f))])
    with pytest.raises(InputError, match="words, such as walk"):
        finetune([*arguments[:3], str(numbers), "--field", "mode", *arguments[6:]])
    with pytest.raises(InputError, match="cannot be tuned on trips"):
        finetune([*arguments, "--backbone", "tuned"])
