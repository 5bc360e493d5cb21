# SPDX-License-Identifier: GPL-2.0-or-later
"""Flows in QGIS: lines, zones and matrix of the synthetic city, with zones of an analyst, and
awkward ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest
import shapely
from pyarrow import parquet
from qgis.core import (
    NULL,
    QgsDateTimeRange,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextScope,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsSymbolLayer,
    QgsVectorLayer,
    QgsVectorLayerTemporalContext,
)
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

SAMPLE = Path(__file__).parents[2] / "resources" / "sample"
OUTPUTS = {"OUTPUT_ZONES": "TEMPORARY_OUTPUT", "OUTPUT_MATRIX": "TEMPORARY_OUTPUT"}


@pytest.fixture(scope="module")
def city(processing: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Fifteen users of the sample city."""
    folder = tmp_path_factory.mktemp("city")
    table = parquet.read_table(SAMPLE / "city_tracks.parquet")
    users = table["user_id"].cast("string")
    parquet.write_table(
        table.filter(pc.is_in(users, pc.unique(users)[:15])), folder / "city.parquet"
    )
    path = str(folder / "city.gpkg")
    processing.run("raw:importtracks", {"SOURCE": str(folder / "city.parquet"), "OUTPUT": path})
    return path


def test_flows_of_the_sample_city_in_its_regions(run: Callable, city: str) -> None:
    from raw_qgis_plugin.layers.flows import FlowLines, FlowZones

    regions = str(SAMPLE / "city_regions.gpkg")
    done = run("raw:flows", INPUT=city, ZONES=regions, MIN_USERS=2, **OUTPUTS)
    lines, matrix, zones = done.rows(), done.rows("OUTPUT_MATRIX"), done.rows("OUTPUT_ZONES")
    assert lines and len(zones) == QgsVectorLayer(regions, "", "ogr").featureCount()
    names = {row["zone"] for row in zones}
    assert all(
        {row["from_zone"], row["to_zone"]} <= names and row["from_zone"] != row["to_zone"]
        for row in lines
    )
    assert min(row["n_users"] for row in lines) >= 2 and lines[-1]["rank"] == 1, (
        "the strongest is drawn last"
    )
    [other] = [row for row in matrix if row["from_zone"] == NULL]
    by_mode = [
        sum(row[f"trips_{m}"] for m in ("walk", "bike", "motor", "rail", "unknown"))
        for row in matrix
    ]
    assert by_mode == pytest.approx([row["n_trips"] for row in matrix])
    total = sum(row["n_trips"] for row in matrix)
    slices = run(
        "raw:flows", INPUT=city, ZONES=regions, MIN_USERS=2, SLICE="weekend", **OUTPUTS
    ).rows("OUTPUT_MATRIX")
    assert (
        sum(row["n_trips"] for row in slices if row["n_trips"] != NULL) == total
        and other["n_trips"]
    )
    layer = done.layer()
    FlowLines().apply(layer)
    FlowZones().apply(done.layer("OUTPUT_ZONES"))
    rules, within = (
        of.renderer().rootRule().children() for of in (layer, done.layer("OUTPUT_ZONES"))
    )
    arrows = [rule for rule in rules if rule.label().startswith("Trips: ")]
    for of, some in (
        (layer, arrows),
        (layer, rules[len(arrows) :]),
        (done.layer("OUTPUT_ZONES"), within[:-1]),
    ):
        parts = [rule.filterExpression().split(' AND "rank')[0] for rule in some]
        rows = [[row.id() for row in of.getFeatures(part)] for part in parts]
        counted = [row.id() for row in of.getFeatures("TRUE" if of is layer else '"n_within" > 0')]
        assert sorted(sum(rows, [])) == sorted(counted), "each is in one class of the legend"


def test_few_people_have_no_line(run: Callable, city: str) -> None:
    done = run("raw:flows", INPUT=city, SIZE=500, MIN_USERS=41, **OUTPUTS)
    assert not done.rows() and any("No pair of zones" in words for words in done.feedback.warnings)
    assert [row["n_trips"] for row in done.rows("OUTPUT_MATRIX")] == [NULL]


def test_awkward_zones(run: Callable, city: str) -> None:
    """Nothing, a zone that crosses itself, and one that holds all, in another CRS; then no zone at
    all.
    """
    layer = QgsVectorLayer(
        "Polygon?crs=EPSG:3857&field=name:string&field=id:int", "zones", "memory"
    )
    bow = "Polygon ((-9000000 -9000000, 9000000 9000000, 9000000 -9000000, -9000000 9000000, -9000000 -9000000))"
    whole = "Polygon ((-9900000 -9000000, 9900000 -9000000, 9900000 9000000, -9900000 9000000, -9900000 -9000000))"
    for number, (name, wkt) in enumerate(
        (("same", ""), ("same", bow), ("same", whole), (None, "")), 5
    ):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([name, number])
        feature.setGeometry(QgsGeometry.fromWkt(wkt))
        layer.dataProvider().addFeature(feature)
    for field, names in (
        ("name", ["same", "same (2)", "same (3)", "4"]),
        (None, ["5", "6", "7", "8"]),
    ):
        done = run("raw:flows", INPUT=city, ZONES=layer, ZONE_FIELD=field, MIN_USERS=1, **OUTPUTS)
        assert [row["zone"] for row in done.rows("OUTPUT_ZONES")] == names
    assert sum(row["n_trips"] for row in done.rows("OUTPUT_MATRIX")) > 100
    nothing = QgsVectorLayer("Polygon?crs=EPSG:4326", "none", "memory")
    assert not run("raw:flows", INPUT=city, ZONES=nothing, **OUTPUTS).rows("OUTPUT_MATRIX")


@pytest.fixture
def commuters(make: Callable[..., Any], fixes: Any) -> QgsVectorLayer:
    """Tracks of 40 people who each go east on a Monday and back on a Saturday."""
    monday = 1_600_041_600_000 + 9 * 3_600_000
    user, track, t, lon = [], [], [], []
    for person in range(40):
        for name, start, way in (
            ("out", monday, [10.0, 10.3]),
            ("back", monday + 5 * 86_400_000, [10.3, 10.0]),
        ):
            user += [f"p{person:02d}"] * 2
            track += [f"p{person:02d} {name}"] * 2
            t += [start + person * 1000, start + 1_800_000 + person * 1000]
            lon += way
    lat = [50.0] * len(lon)
    return make(type(fixes)(user, t, lon, lat, {"track_id": track}))


def test_flows_are_published_with_noise(
    run: Callable,
    city: str,
    commuters: QgsVectorLayer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a ρ of 10 and few rows the noise of a number of people has a standard deviation of 1. So
    a flow of 40 is shown from 7 on in all but 1e-200 of draws.
    """
    from raw_qgis_plugin.layers.publishing import Published, describe

    monkeypatch.setattr("raw_qgis_plugin.environment.folders.ledger_folder", lambda: tmp_path / "l")
    done = run("raw:flows", INPUT=city, SIZE=4000, MIN_USERS=2, SLICE="weekend", **OUTPUTS)
    assert all(
        describe(done.layer(name)).startswith("Figures as on")
        for name in ("OUTPUT", "OUTPUT_ZONES")
    )
    by_track = {"KIND": "flows", "TRIPS": "tracks", "SIZE": 9000, "MAX_RHO": 1000}
    common = {"INPUT": commuters, **by_track}
    lines = run("raw:publish", **common, RHO=10, ROWS=6, SLICE="weekend")
    rows = lines.rows()
    figures = "n_users", "n_trips", "trips_walk", "trips_bike", "trips_motor", "trips_rail"
    more = "from_zone to_zone slice rank suppressed rho epsilon within_95"
    assert len(rows) == 2 and set(rows[0]) == {*figures, *more.split()}
    keys = [(row["from_zone"], row["to_zone"], row["slice"]) for row in rows]
    assert keys == sorted(keys) and not any(row["suppressed"] for row in rows), (
        "no row tells of a pair without figures"
    )
    by_zone = {"REGIONS": str(SAMPLE / "city_regions.gpkg"), "KIND": "zones", "MAX_RHO": 1000}
    zones = run("raw:publish", INPUT=city, **by_zone)
    assert {*zones.rows()[0]} == {
        "zone",
        "n_users",
        "n_trips",
        "suppressed",
        "rho",
        "epsilon",
        "within_95",
    }
    # at this price the noise of a number of people is 50, a 19th of the minimum
    none = run("raw:publish", **common, RHO=0.01, MIN_USERS=1000).layer()
    for layer in (none, lines.layer()):
        Published([]).apply(layer)
    assert not none.featureCount() and not none.renderer().rootRule().children()
    assert all(
        rule.label().startswith(("Users: ", "Departures"))
        for rule in lines.layer().renderer().rootRule().children()
    )


@pytest.mark.parametrize("part", ["hour", "daypart"])
def test_the_clock_plays_the_day(part: str, run: Callable, city: str) -> None:
    """Each slice's flows are on the map in that part of a day that stands for all, and its notes
    say so.
    """
    from raw_qgis_plugin.gui.maps.notes import notes
    from raw_qgis_plugin.layers.flows import FlowLines

    layer = run("raw:flows", INPUT=city, SIZE=4000, MIN_USERS=1, SLICE=part).layer()
    FlowLines().apply(layer)
    day, canvas = QDate(2000, 1, 1), QgsMapCanvas()
    context = layer.createExpressionContext()
    every = layer.uniqueValues(layer.fields().lookupField("slice"))
    assert layer.styleManager().setCurrentStyle(max(every))
    for hour in range(24):
        hours = QgsDateTimeRange(QDateTime(day, QTime(hour, 10)), QDateTime(day, QTime(hour, 50)))
        where = QgsVectorLayerTemporalContext()
        where.setLayer(layer)
        words = layer.temporalProperties().createFilterString(where, hours)
        rows = layer.getFeatures(
            QgsFeatureRequest().setFilterExpression(words).setExpressionContext(context)
        )
        now = {name for name in every if int(name[:2]) <= hour <= int(name[-5:-3])}
        assert {row["slice"] for row in rows} == now
    canvas.setTemporalRange(hours)
    when, *others = notes(canvas, [layer], None)
    assert (
        len(every) > 3
        and "23:10 to 23:50, solar time" in when
        and "could reveal" in " ".join(others)
    )


def test_trips_move_with_the_clock_and_as_geojson(run: Callable, city: str, tmp_path: Path) -> None:
    from raw_qgis_plugin.layers.flows import MOVING
    from raw_qgis_plugin.layers.styling import Trips

    path = tmp_path / "trips.geojson"
    done = run("raw:diary", INPUT=city, OUTPUT_STOPS="TEMPORARY_OUTPUT", OUTPUT_TRIPS="TEMPORARY_OUTPUT",
               OUTPUT_GEOJSON=str(path))  # fmt: skip
    layer = done.layer("OUTPUT_TRIPS")
    played = json.loads(path.read_text())["features"]
    assert len(played) == layer.featureCount() > 50
    Trips([]).apply(layer)
    assert (
        layer.styleManager().setCurrentStyle("Trips that move")
        and layer.temporalProperties().isActive()
    )
    assert (
        "@map_end_time"
        in layer.renderer().rootRule().children()[0].symbol().symbolLayer(0).geometryExpression()
    )
    trip = next(each for each in layer.getFeatures() if each.geometry().constGet().numPoints() > 5)
    way, times = trip.geometry().constGet(), [v.m() for v in trip.geometry().vertices()]
    same = next(each for each in played if each["properties"]["trip_id"] == trip["trip_id"])
    assert [x[3] for x in same["geometry"]["coordinates"]] == times
    middle = (times[2] + times[3]) / 2
    scope = QgsExpressionContextScope()
    for name, seconds in (("map_start_time", times[0] - 1), ("map_end_time", middle)):
        scope.setVariable(
            name, QDateTime.fromMSecsSinceEpoch(round(1000 * seconds), Qt.TimeSpec.UTC)
        )
    context = QgsExpressionContext([scope])
    context.setFeature(trip)
    expression = QgsExpression(MOVING.format(tail=3))
    moved = expression.evaluate(context)
    assert not expression.hasEvalError(), expression.evalErrorString()
    assert moved.constGet().numPoints() == 4
    head = moved.constGet().endPoint()
    halfway = [
        (a + b) / 2 for a, b in zip(*((p.x(), p.y()) for p in (way.pointN(2), way.pointN(3))))
    ]
    assert [head.x(), head.y()] == pytest.approx(halfway)


def test_the_window_of_flows_has_the_trips_of_the_regions(regions: Any) -> None:
    """What the toolbox finds, the dock shows: a matrix, and the hours of the chosen pair."""
    from raw_qgis_plugin.core.flows.flows import flows
    from raw_qgis_plugin.core.flows.zones import read_zones
    from raw_qgis_plugin.core.mobility.journeys import find_journeys
    from raw_qgis_plugin.core.specs import FlowSpec
    from raw_qgis_plugin.gui.windows.flows import FlowsWindow

    trips = find_journeys(regions.session.city.labels.diary)
    lon, lat = np.concatenate([trips.begin, trips.end]).T
    assert len(trips.user) > 10
    west, east = shapely.box(
        [lon.min() - 1, np.median(lon)], -80, [np.median(lon), lon.max() + 1], 80
    )
    window = FlowsWindow(trips, ["West", "East"], [west, east], 1, regions, list)
    shown = [[window.table.item(a, b).text() for b in range(2)] for a in range(2)]
    found = flows(trips, read_zones([west, east], ["West", "East"]), FlowSpec(min_users=1)).matrix
    pairs = list(
        zip(*(map(["West", "East"].index, found[end]) for end in ("from_zone", "to_zone")))
    )
    for (a, b), n in zip(pairs, found["n_trips"]):
        assert shown[a][b] == f"{n:,.0f}"
    assert (
        sum(int(word.replace(",", "")) for row in shown for word in row if word != "–")
        == found["n_trips"].sum()
    )
    window.table.setCurrentCell(*pairs[0])
    counted = re.findall(r'00: ([0-9]+) trips"', window.hours.text())
    # each cell is rounded
    assert sum(map(int, counted)) == pytest.approx(found["n_trips"][0], abs=5)
    user = np.where(np.arange(len(trips.user)) % 20, 0, trips.user)  # one makes most trips
    window = FlowsWindow(
        replace(trips, user=user), ["West", "East"], [west, east], 2, regions, list
    )
    assert {window.table.item(a, b).text() for a, b in np.ndindex(2, 2)} == {"–"}
    assert window.hours.text().count("no trips, or of few people") == 121


def test_flows_are_drawn_as_wide_as_they_are_strong_in_the_colour_of_their_mode(
    run: Callable, city: str
) -> None:
    from raw_qgis_plugin.layers.flows import FlowLines
    from raw_qgis_plugin.layers.legends import mode_looks

    layer = run("raw:flows", INPUT=city, SIZE=1500, MIN_USERS=1).layer()
    FlowLines().apply(layer)
    looks, widths = mode_looks(), []
    for rule in (
        rule for rule in layer.renderer().rootRule().children() if rule.label().startswith("Trips")
    ):
        assert "min(@raw_flows, " in rule.filterExpression()
        curve = rule.symbol().symbolLayer(0).subSymbol()
        assert not rule.symbol().clipFeaturesToExtent() and not curve.clipFeaturesToExtent(), (
            "else they are bent anew"
        )
        halo, arrow = curve.symbolLayers()
        assert halo.arrowWidth() > arrow.arrowWidth()
        kind, context = QgsSymbolLayer.Property.PropertyFillColor, layer.createExpressionContext()
        colour = arrow.subSymbol().symbolLayer(0).dataDefinedProperties().property(kind)
        part = rule.filterExpression().split(' AND "rank')[0]
        for row in layer.getFeatures(part):
            widths.append((row["n_trips"], arrow.arrowWidth()))
            context.setFeature(row)
            assert colour.value(context, None)[0] == looks[row["main_mode"]][1]
    assert len(widths) == layer.featureCount() and max(widths)[1] >= 1.4 > min(widths)[1]
    assert [mm for _, mm in sorted(widths)] == sorted(mm for _, mm in widths)


def drawn(layer: QgsVectorLayer, **variables: Any) -> list[QgsFeature]:
    """The flows on a map that has some variables."""
    scope, context = QgsExpressionContextScope(), layer.createExpressionContext()
    for name, value in variables.items():
        scope.setVariable(name, value)
    context.appendScope(scope)
    condition = " OR ".join(
        f"({rule.filterExpression()})" for rule in layer.renderer().rootRule().children()
    )
    return list(
        layer.getFeatures(
            QgsFeatureRequest().setFilterExpression(condition).setExpressionContext(context)
        )
    )


def test_a_map_has_one_slice_and_a_small_one_has_fewer_lines(run: Callable, city: str) -> None:
    from raw_qgis_plugin.layers.flows import FlowLines

    layer = run("raw:flows", INPUT=city, SIZE=1500, MIN_USERS=1, SLICE="weekend").layer()
    FlowLines().apply(layer)
    many, few = (
        sorted(row["rank"] for row in drawn(layer, map_scale=scale)) for scale in (30_000, 300_000)
    )
    assert len(many) > 2 * len(few) > 0 and few == many[: len(few)], "the strongest stay"
    assert {row["slice"] for row in drawn(layer, map_scale=30_000)} == {"weekday"}
    for part in ("weekend", "weekday"):
        assert layer.styleManager().setCurrentStyle(part)
        assert layer.renderer().rootRule().children()[0].label() == f"Departures {part}, solar time"
        assert {row["slice"] for row in drawn(layer, map_scale=30_000)} == {part}
        assert len({row["slice"] for row in drawn(layer, map_scale=30_000, map_start_time=1)}) == 2


def test_slices_and_their_legend_are_of_the_layers_zone(run: Callable, city: str) -> None:
    from raw_qgis_plugin.gui.maps.notes import notes
    from raw_qgis_plugin.layers.flows import FlowLines

    zone, day, canvas = "America/Toronto", QDate(2000, 1, 1), QgsMapCanvas()
    options = {"INPUT": city, "SIZE": 4000, "MIN_USERS": 1, "SLICE": "daypart"}
    solar = run("raw:flows", **options).rows()
    done = run("raw:flows", **options, TIMEZONE=zone)
    local, layer = done.rows(), done.layer()
    assert [row["n_trips"] for row in local] != [row["n_trips"] for row in solar]
    FlowLines(zone).apply(layer)
    assert layer.styleManager().setCurrentStyle("06:00-09:59")
    [first, *_] = layer.renderer().rootRule().children()
    assert first.label() == f"Departures 06:00-09:59, {zone}"
    canvas.setTemporalRange(
        QgsDateTimeRange(QDateTime(day, QTime(6, 0)), QDateTime(day, QTime(9, 59)))
    )
    assert f"06:00 to 09:59, {zone}." in notes(canvas, [layer], None)[0]
