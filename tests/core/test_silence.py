# SPDX-License-Identifier: GPL-2.0-or-later
"""Who answers unasked: heads that real people support. What is about rail is silent where no trips go by rail."""

from __future__ import annotations

import numpy as np
import pytest
from golden.layers import SAMPLE, aracaju

from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.profiles import layer_stats, profile
from raw_qgis_plugin.core.regions.scores import score_regions
from raw_qgis_plugin.core.regions.view import look, prepare
from raw_qgis_plugin.core.sources.polygons import read_polygons
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

TAUGHT = {"name": "owns_car", "unit": "user", "kind": "binary", "classes": ["no", "yes"], "experimental": False}
SIMULATED = {"name": "commuter", "unit": "user", "kind": "binary", "classes": ["no", "yes"], "experimental": True}
OF_RAIL = ("metro_user", "metro_trips", "boardings")


@pytest.fixture(scope="module", params=[False, True], ids=["as it comes", "experimental heads on"])
def model(request):
    return Model(open_bundle(experimental=request.param), "cpu", threads=1)


@pytest.fixture(scope="module")
def people_of_the_city():
    return read(SAMPLE / "city_tracks.parquet")[0].by_user()


def has_rail(tracks: Tracks, model: Model) -> float:
    (percent,) = layer_stats(tracks, model, [model.bundle.head("metro_user")], 1)["rail_percent"]
    return float(percent)


def test_a_taught_label_answers_and_a_simulated_one_where_it_is_named(people, invented_model):
    model = invented_model(TAUGHT, SIMULATED)
    unasked = profile(people, model)
    assert "owns_car" in unasked.columns and "commuter" not in unasked.columns and not unasked.reasons
    assert "commuter" in profile(people, model, tasks=["commuter"]).columns
    (words,) = profile(people, invented_model(SIMULATED)).reasons
    assert words.startswith("There are counts and places alone") and "(commuter)" in words and "switch" in words


def test_the_shipped_heads_of_people_and_regions_wait_until_they_are_switched_on(model):
    on, tracks, users = model.bundle.experimental, aracaju(), aracaju().by_user()
    assert ("commuter" in profile(users, model).columns) == on
    assert "transport_mode" in profile(tracks, model, "track").columns
    shapes = read_polygons(SAMPLE / "aracaju_regions.gpkg").shapes
    scores = score_regions(tracks, shapes, model, min_users=3)
    assert ("poi_density" in scores.columns) == on and np.isfinite(scores.columns["dwell_min"]).any()
    assert on or "poi_density, boardings" in scores.reasons[0]
    seen = prepare(users, np.zeros((users.n_users, 898), np.float32), model)
    busiest = shapes[np.nanargmax(scores.columns["n_users"])]
    view = look(seen, model, busiest, 3)
    assert view.n_users and (view.columns.keys() >= {"poi_density"}) == on and bool(view.mix) == on
    assert on or view.in_domain


@pytest.mark.parametrize("on", [False, True])
def test_commands_answer_without_a_task(on, tmp_path, capsys):
    parquet = pytest.importorskip("pyarrow.parquet")
    from model import cli, profiles, regions

    common = ["--tracks", str(SAMPLE / "city_tracks.parquet"), "--device", "cpu", *["--experimental"] * on, "--output"]
    asked = {"p": (profiles.main, []), "r": (regions.main, ["--regions", str(SAMPLE / "city_regions.gpkg")])}
    for name, (command, more) in asked.items():
        assert cli.run(command, [*more, *common, str(tmp_path / f"{name}.parquet")]) == 0
        assert ("counts" in capsys.readouterr().err) != on
    people, places = (parquet.read_table(tmp_path / f"{name}.parquet") for name in asked)
    assert people.num_rows == 40 and ("metro_user" in people.column_names) == on
    assert ("boardings" in places.column_names) == on and "dwell_min" in places.column_names


def test_rail_is_found_in_the_synthetic_city_and_not_among_cars_and_buses(people_of_the_city, model):
    assert has_rail(people_of_the_city, model) > 2.5 and has_rail(aracaju().by_user(), model) < 1.5
    limits = {name: model.bundle.head(name)["domain"].get("rail_percent") for name in OF_RAIL}
    assert limits == dict.fromkeys(OF_RAIL, [2.0, 1e9])
    assert not any("rail_percent" in head["domain"] for head in model.card["heads"] if head["name"] not in OF_RAIL)


def test_rail_is_estimated_from_some_trips_whatever_the_order_of_users(people_of_the_city, model):
    """A fleet has ten thousands of trips, each of which would be embedded."""
    users, heads = people_of_the_city, [model.bundle.head("metro_user")]
    turned = build_tracks(
        np.array([f"{99 - k:02d}" for k in range(users.n_users)])[users.user], None, users.t, users.lon, users.lat
    )[0]
    some = [layer_stats(each, model, heads, 2, 200)["rail_percent"] for each in (users, turned.by_user())]
    np.testing.assert_allclose(some[0], some[1])
    assert abs(some[0][0] - has_rail(users, model)) < 2 and (200 * some[0] / 100 % 1 < 1e-9).all()
    assert layer_stats(users, model, [model.bundle.head("commuter")], 2) == {}


def test_the_metro_is_a_question_where_others_go_by_rail(people_of_the_city, model):
    """The one condition that is of the layer: who is seen alone may not take the metro where everybody else does."""
    users, tasks = people_of_the_city, ["metro_user", "commuter"]
    together = profile(users, model, tasks=tasks).columns
    answered = together["metro_user"] == "no"
    alone = users.take(users.track == np.flatnonzero(answered)[0])
    found = profile(alone, model, tasks=tasks).columns
    assert found["metro_user"] == ["unknown"] and not found["in_domain"][0]
    assert found["why"] == ["trips by rail in this layer under 2 %"]
    assert answered.sum() > 10 and found["commuter"] == together["commuter"][answered][:1]
    nobody = users.take(np.zeros(len(users), bool))
    assert np.isnan(has_rail(nobody, model)) and len(profile(nobody, model, tasks=tasks).columns["why"]) == 0


def test_the_phones_of_gotrack_go_by_no_rail_and_bear_no_label_of_people(model, data):
    users = read(f"gotrack:{data / 'gotrack'}")[0].by_user()
    assert has_rail(users, model) < 2
    found = profile(users, model, tasks=["commuter", "metro_user"]).columns
    assert users.n_users == 28 and set(found["commuter"]) == set(found["metro_user"]) == {"unknown"}
