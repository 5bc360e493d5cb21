# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:diary: stops and trips of people whose days are known, as styled layers that other algorithms read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from qgis.core import (
    QgsExpression,
    QgsExpressionContext,
    QgsProcessingException,
    QgsProject,
    QgsVectorLayer,
    QgsWkbTypes,
)

from .conftest import HOME, Fixes

T0 = 1_599_436_800_000  # 2020-09-07, a Monday, 0:00 UTC; the people live at 116° E
HOUR = 3_600_000
M_PER_DEGREE = 85_400.0  # of longitude, at HOME
DAY = [(0, 0), (8, 0), (8.4, 10_000), (17.8, 10_000), (18.1, 0), (24, 0)]  # hours in China and metres east of home


@pytest.fixture(scope="module")
def commuters() -> Fixes:
    """Four people who drive to work and back on five days, a fix each half minute."""
    columns = Fixes([], [], [], [])
    rng, hours = np.random.default_rng(4), np.arange(0, 120, 1 / 120)
    for user in range(4):
        east = np.interp(hours % 24, *zip(*DAY)) + rng.normal(0, 8, len(hours))
        columns.user_id += [f"u{user}"] * len(hours)
        columns.t += np.rint(T0 + (hours - 8) * HOUR + user * 1000).astype(int).tolist()
        columns.lon += (HOME[0] + east / M_PER_DEGREE).tolist()
        columns.lat += (HOME[1] + user / 100 + rng.normal(0, 8 / 111_000, len(hours))).tolist()
    return columns


@pytest.fixture
def outputs() -> dict[str, str]:
    return {"OUTPUT_STOPS": "TEMPORARY_OUTPUT", "OUTPUT_TRIPS": "TEMPORARY_OUTPUT"}


def legend(layer: QgsVectorLayer) -> list[set[str]]:
    """For every feature the words of the rules that draw it."""
    context, found = QgsExpressionContext(), []
    for feature in layer.getFeatures():
        context.setFeature(feature)
        rules = layer.renderer().rootRule().children()
        found.append({r.label() for r in rules if QgsExpression(r.filterExpression()).evaluate(context)})
    return found


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32650"])
def test_commuters_get_their_diaries(
    run: Callable, make: Callable, commuters: Fixes, bundle: str, outputs: dict[str, str], crs: str
) -> None:
    done = run("raw:diary", INPUT=make(commuters, crs), MODEL=bundle, **outputs)
    stops, trips = done.rows("OUTPUT_STOPS"), done.rows("OUTPUT_TRIPS")
    assert list(stops[0]) == [
        "user_id", "stop_id", "t_arrive", "t_leave", "duration_min", "n_visits", "kind", "in_domain", "why", "place",
        "evidence",
    ]  # fmt: skip
    assert list(trips[0]) == [
        "user_id", "trip_id", "t_start", "t_end", "mode", "mode_p", "distance_m", "duration_min", "in_domain", "why",
    ]  # fmt: skip
    assert [row["kind"] for row in stops if row["user_id"] == "u2"] == ["home", "work"] * 5 + ["home"]
    assert len(trips) == 40 and all(8_000 < row["distance_m"] < 13_000 for row in trips)
    assert stops[0]["t_leave"].toUTC().toString("HH:mm") in ("00:00", "00:01")
    assert done.values["N_USERS"] == 4
    layer = done.layer("OUTPUT_TRIPS")
    assert layer.wkbType() == QgsWkbTypes.LineStringM and layer.crs().authid() == crs
    first = next(layer.getFeatures())
    assert first.geometry().constGet().startPoint().m() == first["t_start"].toMSecsSinceEpoch() / 1000
    place = next(done.layer("OUTPUT_STOPS").getFeatures()).geometry().asPoint()
    assert place.x() == pytest.approx(HOME[0], abs=1e-3) if crs == "EPSG:4326" else place.x() > 1e5


def test_trips_are_tracks_and_their_corrected_modes_are_labels(
    run: Callable, make: Callable, commuters: Fixes, bundle: str, outputs: dict[str, str]
) -> None:
    from raw_qgis_plugin.processing.train_head import id_columns

    trips = run("raw:diary", INPUT=make(commuters), MODEL=bundle, **outputs).layer("OUTPUT_TRIPS")
    ids = [feature["trip_id"] for feature in trips.getFeatures()]
    assert len(set(ids)) == len(ids) == 40
    labels = id_columns(trips.fields().names(), "track", "")  # the trips' times, in whatever tracks they are
    assert labels == {"user_id": "user_id", "start": "t_start", "end": "t_end"}
    again = run("raw:profileusers", INPUT=trips, UNIT="track", TASKS="transport_mode", MODEL=bundle)
    assert sorted(row["track_id"] for row in again.rows()) == sorted(ids)
    modes = {feature["trip_id"]: feature["mode"] for feature in trips.getFeatures()}
    assert {row["track_id"]: row["transport_mode"] for row in again.rows()} == modes


def test_styles_cover_every_feature(
    run: Callable, make: Callable, commuters: Fixes, bundle: str, outputs: dict[str, str]
) -> None:
    from raw_qgis_plugin.core.bundle.bundle import open_bundle
    from raw_qgis_plugin.layers.styling import Stops, Trips

    done = run("raw:diary", INPUT=make(commuters), MODEL=bundle, **outputs)
    stops, trips = done.layer("OUTPUT_STOPS"), done.layer("OUTPUT_TRIPS")
    heads = [head for head in open_bundle(bundle or None).heads("track") if head["name"] == "transport_mode"]
    for layer, style, begin in ((stops, Stops(), "t_arrive"), (trips, Trips(heads), "t_start")):
        style.apply(layer)
        assert all(len(words) == 1 for words in legend(layer))
        assert layer.temporalProperties().startField() == begin and layer.temporalProperties().isActive()
    assert {"Home", "Work"} <= {rule.label() for rule in stops.renderer().rootRule().children()}


def test_a_person_of_one_day_has_stops_of_no_kind(
    run: Callable, make: Callable, commuters: Fixes, bundle: str, outputs: dict[str, str]
) -> None:
    day = Fixes(*(values[: 24 * 120] for values in (commuters.user_id, commuters.t, commuters.lon, commuters.lat)))
    done = run("raw:diary", INPUT=make(day), MODEL=bundle, **outputs)
    rows = done.rows("OUTPUT_STOPS")
    assert len(rows) == 3 and not any(row["in_domain"] for row in rows)
    assert {row["why"] for row in rows} == {"no place with two nights"}


def test_an_empty_layer_gives_empty_diaries(run: Callable, make: Callable, outputs: dict[str, str]) -> None:
    done = run("raw:diary", INPUT=make(Fixes([], [], [], [])), **outputs)
    assert done.rows("OUTPUT_STOPS") == done.rows("OUTPUT_TRIPS") == []
    assert any("no user with two usable fixes" in text for text in done.feedback.warnings)


def test_a_stop_needs_a_length(run: Callable, make: Callable, commuters: Fixes, outputs: dict[str, str]) -> None:
    with pytest.raises(QgsProcessingException, match="MIN_STOP"):
        run("raw:diary", INPUT=make(commuters), MIN_STOP=0, **outputs)
    QgsProject.instance().clear()
