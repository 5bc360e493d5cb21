# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:diary: stops and trips of people whose days are known, as styled layers that other algorithms
read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qgis.core import (
    QgsApplication,
    QgsExpression,
    QgsExpressionContext,
    QgsProcessingException,
    QgsProject,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.gui import QgsMapCanvas

from .conftest import HOME, Fixes, rows_of

T0 = 1_599_436_800_000  # 2020-09-07, a Monday, 0:00 UTC; the people live at 116° E
HOUR = 3_600_000
M_PER_DEGREE = 85_400.0  # of longitude, at HOME
# hours in China and metres east of home
DAY = [(0, 0), (8, 0), (8.4, 10_000), (17.8, 10_000), (18.1, 0), (24, 0)]


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


@pytest.fixture
def kept(staged: None) -> Iterator[Any]:
    """What the plugin has while it is loaded. Its warnings are in `said`."""
    from raw_qgis_plugin.gui.results import KeptResults

    QgsProject.instance().clear()
    said: list[str] = []
    bar = SimpleNamespace(pushMessage=lambda title, words, level: said.append(words))
    kept = KeptResults(SimpleNamespace(mapCanvas=QgsMapCanvas, messageBar=lambda: bar))
    kept.said = said
    yield kept
    kept.close()
    QgsProject.instance().clear()


@pytest.fixture
def loaded(
    processing: Any, make: Callable, commuters: Fixes, bundle: str, outputs: dict[str, str]
) -> Callable:
    """Runs raw:diary as the toolbox does. Returns the project's layers by name."""

    def load() -> dict[str, QgsVectorLayer]:
        processing.runAndLoadResults(
            "raw:diary", {"INPUT": make(commuters), "MODEL": bundle, **outputs}
        )
        return by_name()

    return load


def by_name() -> dict[str, QgsVectorLayer]:
    return {layer.name(): layer for layer in QgsProject.instance().mapLayers().values()}


def correct(layer: QgsVectorLayer, feature: int, mode: str) -> None:
    """Give a trip another mode, as the attribute table does."""
    assert layer.changeAttributeValue(feature, layer.fields().lookupField("mode"), mode)


def test_a_diary_of_the_toolbox_is_kept_with_the_project(
    loaded: Callable, kept: Any, tmp_path: Path
) -> None:
    project, layers = QgsProject.instance(), loaded()
    assert set(layers) == {"Stops", "Trips"} and all(
        x.providerType() == "memory" for x in layers.values()
    )
    trips = layers["Trips"]
    trips.startEditing()
    correct(trips, 1, "walk")
    assert trips.commitChanges()
    before = {name: rows_of(layer) for name, layer in layers.items()}
    assert project.write(str(tmp_path / "week.qgz")) and not kept.said
    assert trips.providerType() == "ogr"
    elsewhere = QgsVectorLayer(trips.source(), "", "ogr")
    assert elsewhere.loadDefaultStyle()[1] and elsewhere.renderer().type() == "RuleRenderer"
    assert trips.startEditing()
    correct(trips, 2, "rail")
    assert trips.commitChanges()
    before["Trips"] = rows_of(trips)
    project.clear()
    project.read(str(tmp_path / "week.qgz"))
    assert {name: rows_of(layer) for name, layer in by_name().items()} == before and not kept.said
    modes = [row[4:6] for row in before["Trips"]]
    assert [mode for mode, _ in modes[:2]] == ["walk", "rail"] and len(modes) == 40


def test_two_runs_and_a_copy_have_tables_of_their_own(
    loaded: Callable, kept: Any, tmp_path: Path
) -> None:
    project = QgsProject.instance()
    loaded()
    layers = loaded()
    assert len(project.mapLayers()) == 4
    copy = project.addMapLayer(layers["Trips"].clone())
    assert copy.dataProvider().truncate() and copy.name() == "Trips"
    assert project.write(str(tmp_path / "week.qgz")) and not kept.said
    assert copy.featureCount() == 0 and layers["Trips"].featureCount() == 40
    sources = {layer.source() for layer in project.mapLayers().values()}
    assert len(sources) == 5 and all(".gpkg" in source for source in sources)


def legend(layer: QgsVectorLayer) -> list[set[str]]:
    """For every feature the words of the rules that draw it."""
    context, found = QgsExpressionContext(), []
    for feature in layer.getFeatures():
        context.setFeature(feature)
        rules = layer.renderer().rootRule().children()
        found.append(
            {r.label() for r in rules if QgsExpression(r.filterExpression()).evaluate(context)}
        )
    return found


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32650"])
def test_commuters_get_their_diaries(
    run: Callable, make: Callable, commuters: Fixes, bundle: str, outputs: dict[str, str], crs: str
) -> None:
    done = run("raw:diary", INPUT=make(commuters, crs), MODEL=bundle, **outputs)
    stops, trips = done.rows("OUTPUT_STOPS"), done.rows("OUTPUT_TRIPS")
    assert list(stops[0]) == [
        "user_id", "stop_id", "t_arrive", "t_leave", "duration_min", "n_visits", "kind", "kind_guess", "kind_p",
        "in_domain", "why", "place", "evidence",
    ]  # fmt: skip
    assert list(trips[0]) == [
        "user_id", "trip_id", "t_start", "t_end", "mode", "mode_p", "distance_m", "duration_min", "observed",
        "in_domain", "why", "journey_id", "from_place", "from_kind", "to_place", "to_kind",
    ]  # fmt: skip
    assert [row["kind"] for row in stops if row["user_id"] == "u2"] == ["home", "work"] * 5 + [
        "home"
    ]
    assert len(trips) == 40 and all(8_000 < row["distance_m"] < 13_000 for row in trips)
    assert stops[0]["t_leave"].toUTC().toString("HH:mm") in ("00:00", "00:01")
    assert done.values["N_USERS"] == 4
    layer = done.layer("OUTPUT_TRIPS")
    assert layer.wkbType() == QgsWkbTypes.LineStringM and layer.crs().authid() == crs
    first = next(layer.getFeatures())
    assert (
        first.geometry().constGet().startPoint().m() == first["t_start"].toMSecsSinceEpoch() / 1000
    )
    place = next(done.layer("OUTPUT_STOPS").getFeatures()).geometry().asPoint()
    assert place.x() == pytest.approx(HOME[0], abs=1e-3) if crs == "EPSG:4326" else place.x() > 1e5


def test_trips_are_tracks_and_their_corrected_modes_are_labels(
    run: Callable, make: Callable, commuters: Fixes, bundle: str, outputs: dict[str, str]
) -> None:
    from raw_qgis_plugin.processing.models import id_columns

    trips = run("raw:diary", INPUT=make(commuters), MODEL=bundle, **outputs).layer("OUTPUT_TRIPS")
    ids = [feature["trip_id"] for feature in trips.getFeatures()]
    assert len(set(ids)) == len(ids) == 40
    # the trips' times, in whatever tracks they are
    labels = id_columns(trips.fields().names(), "track", "", "mode")
    assert labels == {"user_id": "user_id", "start": "t_start", "end": "t_end"}
    # a label is never its own id
    assert id_columns(["pid", "vehicle"], "user", "", "vehicle") == {"user_id": "pid"}
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
    heads = [
        head
        for head in open_bundle(bundle or None).heads("track")
        if head["name"] == "transport_mode"
    ]
    for layer, style, begin in ((stops, Stops(), "t_arrive"), (trips, Trips(heads), "t_start")):
        style.apply(layer)
        assert all(len(words) == 1 for words in legend(layer))
        assert (
            layer.temporalProperties().startField() == begin
            and layer.temporalProperties().isActive()
        )
    assert {"Home", "Work"} <= {rule.label() for rule in stops.renderer().rootRule().children()}
    colours = [
        {
            r.symbol().symbolLayer(r.symbol().symbolLayerCount() - 1).color().name()
            for r in rules
            if r.label() in words
        }
        for rules, words in (
            (stops.renderer().rootRule().children(), {"Home", "Work", "Other stop"}),
            (trips.renderer().rootRule().children(), {"Bike", "Motor vehicle", "Rail", "Walk"}),
        )
    ]
    assert all(colours) and not colours[0] & colours[1], "both layers are on one map"
    names = trips.fields().names()
    share = trips.editorWidgetSetup(names.index("mode_p"))
    shown = QgsApplication.fieldFormatterRegistry().fieldFormatter(share.type())
    assert (
        shown.representValue(trips, names.index("mode_p"), share.config(), None, 0.8712345)
        == "0.871"
    )


def test_a_person_of_one_day_has_stops_of_no_kind(
    run: Callable, make: Callable, commuters: Fixes, bundle: str, outputs: dict[str, str]
) -> None:
    day = Fixes(
        *(
            values[: 24 * 120]
            for values in (commuters.user_id, commuters.t, commuters.lon, commuters.lat)
        )
    )
    done = run("raw:diary", INPUT=make(day), MODEL=bundle, **outputs)
    rows = done.rows("OUTPUT_STOPS")
    assert len(rows) == 3 and not any(row["in_domain"] for row in rows)
    assert {row["why"] for row in rows} == {"fixes on fewer than 3 days"}


def test_an_empty_layer_gives_empty_diaries(
    run: Callable, make: Callable, outputs: dict[str, str]
) -> None:
    done = run("raw:diary", INPUT=make(Fixes([], [], [], [])), **outputs)
    assert done.rows("OUTPUT_STOPS") == done.rows("OUTPUT_TRIPS") == []
    assert any("no user with two usable fixes" in text for text in done.feedback.warnings)


def test_a_stop_needs_a_length(
    run: Callable, make: Callable, commuters: Fixes, outputs: dict[str, str]
) -> None:
    with pytest.raises(QgsProcessingException, match="MIN_STOP"):
        run("raw:diary", INPUT=make(commuters), MIN_STOP=0, **outputs)
    QgsProject.instance().clear()
