# SPDX-License-Identifier: GPL-2.0-or-later
"""Results of the dock in a project that is saved and opened, and in GeoPackages that cannot be
written.
"""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from qgis.core import (
    QgsExpressionContextUtils,
    QgsProject,
    QgsRenderContext,
    QgsTemporalNavigationObject,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas

from .conftest import rows_of
from .waiting import until

OUTPUTS = ["OUTPUT", "OUTPUT_TRACKS", "OUTPUT_AREAS"]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def kept(staged: None, said: list[str]) -> Iterator[Any]:
    """What the plugin has while it is loaded. Its warnings are in `said`."""
    from raw_qgis_plugin.gui.results import KeptResults

    bar = SimpleNamespace(pushMessage=lambda title, words, level: said.append(words))
    kept = KeptResults(SimpleNamespace(mapCanvas=QgsMapCanvas, messageBar=lambda: bar))
    yield kept
    kept.close()


@pytest.fixture
def forecast(
    session: Any, menu: Any, kept: Any, make: Callable[..., Any], fixes: Any, tmp_path: Path
) -> Iterator[Any]:
    """The tab after a forecast of a layer in a file, ten minutes ahead every five."""
    from raw_qgis_plugin.gui.dock.forecast_tab import ForecastTab

    canvas = menu.iface.mapCanvas()
    canvas.setTemporalController(QgsTemporalNavigationObject(canvas))
    tab = ForecastTab(session, menu)
    session.set_layer(QgsProject.instance().addMapLayer(make(fixes, path=tmp_path / "fixes.gpkg")))
    until(lambda: session.city is not None or session.problem)
    tab.form.boxes["HORIZON"].setValue(10)
    run(tab)
    yield tab
    tab.remove()


@pytest.fixture
def made(
    kept: Any, make: Callable[..., Any], fixes: Any
) -> Iterator[Callable[[], dict[str, QgsVectorLayer]]]:
    """Adds four results to an empty project, by output, without a run."""
    from raw_qgis_plugin.gui.results import MADE, DockRun

    QgsProject.instance().clear()
    times: list[str] = []

    def add() -> dict[str, QgsVectorLayer]:
        times.append(f"2026-11-28 10:00:0{len(times)}")
        found = {}
        for name in OUTPUTS:
            found[name] = QgsProject.instance().addMapLayer(make(fixes))
            found[name].setName(f"Forecast: {name}")
            found[name].setCustomProperty(MADE, times[-1])
            DockRun("forecasttracks", "tracks", times[-1], {}, output=name).mark(found[name])
        return found

    yield add
    QgsProject.instance().clear()


def run(tab: Any) -> None:
    tab.go.click()
    until(lambda: tab.session.job is None)
    assert not tab.session.problem and tab.track.count() > 1


def results() -> dict[str, QgsVectorLayer]:
    from raw_qgis_plugin.gui.results import results, run_of

    return {run.output: layer for layer in results() if (run := run_of(layer))}


def look_of(layer: QgsVectorLayer) -> list[Any]:
    time = layer.temporalProperties()
    return [
        [i.label() for i in layer.renderer().legendSymbolItems()],
        layer.name(),
        time.isActive(),
        time.startField(),
    ]


@pytest.fixture
def tab_again(session: Any, menu: Any) -> Iterator[Callable[[], Any]]:
    """Opens the dock's tab anew, as after QGIS was started again."""
    from raw_qgis_plugin.gui.dock.forecast_tab import ForecastTab

    made: list[Any] = []

    def open_tab() -> Any:
        session.set_layer(
            next(x for x in QgsProject.instance().mapLayers().values() if x.name() == "fixes")
        )
        made.append(ForecastTab(session, menu))
        return made[-1]

    yield open_tab
    for tab in made:
        tab.remove()


def save_and_open(path: Path) -> None:
    project = QgsProject.instance()
    assert project.write(str(path)) and not project.isDirty()
    project.clear()
    project.read(str(path))


def test_a_project_that_is_opened_has_its_results(
    forecast: Any, tab_again: Callable[[], Any], said: list[str], tmp_path: Path
) -> None:
    forecast.show_track(4)
    before = {name: (rows_of(layer), look_of(layer)) for name, layer in results().items()}
    words, chosen = forecast.words.text(), forecast.track.itemText(4)
    assert set(before) == set(OUTPUTS) and all(
        layer.providerType() == "memory" for layer in results().values()
    )
    save_and_open(tmp_path / "week.qgz")
    assert (tmp_path / "week_raw.gpkg").exists() and not said
    assert {name: (rows_of(layer), look_of(layer)) for name, layer in results().items()} == before
    again = tab_again()
    assert (
        again.words.text() == words
        and again.track.currentText() == chosen
        and again.track.count() == 13
    )
    assert again.form.values()["HORIZON"] == 10
    (group,) = QgsProject.instance().layerTreeRoot().findGroups()
    assert group.name() == "RAW: fixes"
    assert [each.name() for each in group.findGroups()] == ["Forecast, 10 min every 5"], (
        "no clock time"
    )
    again.session.group.add(
        QgsVectorLayer("None", "more", "memory"), run=again.session.group.free_name("Forecast")
    )
    assert again.session.group.free_name("Forecast") == "Forecast (2)"


@contextmanager
def full_disk(file: Path) -> Iterator[None]:
    """No file of this process may grow beyond a little more than the GeoPackage."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 8192, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_cannot_be_written_stays_in_memory_and_nothing_is_lost(
    made: Any, kept: Any, said: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "week_raw.gpkg"
    earlier = {layer: rows_of(layer) for layer in made().values()}
    assert QgsProject.instance().write(str(tmp_path / "week.qgz"))
    later = {layer: rows_of(layer) for layer in made().values()}
    assert {layer.providerType() for layer in earlier} == {"ogr"}
    with full_disk(file):
        kept.write()
    assert (
        len(said) == 1
        and "stay temporary" in said[0]
        and "week_raw.gpkg could not be written: " in said[0]
    )
    assert {layer: rows_of(layer) for layer in earlier} == earlier
    assert {layer: rows_of(layer) for layer in later} == later
    left = [layer for layer in later if layer.providerType() == "memory"]
    assert left
    kept.write()  # afterwards it works
    assert len(said) == 1 and all(
        layer.providerType() == "ogr" and rows_of(layer) == later[layer] for layer in later
    )


def test_a_file_that_is_no_geopackage_is_not_lost(
    made: Any, kept: Any, said: list[str], tmp_path: Path
) -> None:
    made()
    kept.write()
    assert "not in a folder" in said[-1]
    text = tmp_path / "week_raw.gpkg"
    text.write_text("not to be lost")
    assert QgsProject.instance().write(str(tmp_path / "week.qgz"))
    assert "week_raw.gpkg could not be written" in said[-1] and text.read_text() == "not to be lost"
    assert all(
        layer.providerType() == "memory" and layer.featureCount() for layer in results().values()
    )


def test_a_geopackage_deleted_between_sessions_ends_in_a_sentence(
    forecast: Any, tab_again: Callable[[], Any], said: list[str], tmp_path: Path
) -> None:
    project = QgsProject.instance()
    assert project.write(str(tmp_path / "week.qgz"))
    project.clear()
    for file in tmp_path.glob("week_raw.gpkg*"):
        file.unlink()
    project.read(str(tmp_path / "week.qgz"))
    assert len(said) == 1 and "GeoPackage is missing" in said[0]
    again = tab_again()
    until(lambda: again.session.tracks is not None and again.session.job is None)
    again.go.click()
    until(lambda: again.session.job is None)
    assert "Forecasts of 12 users" in again.words.text()
    save_and_open(tmp_path / "week.qgz")
    assert sum(layer.isValid() for layer in project.mapLayers().values()) == 4


def test_edits_and_filters_lose_nothing(
    made: Any, kept: Any, said: list[str], tmp_path: Path
) -> None:
    from raw_qgis_plugin.gui.results import move

    file, (layer, other, *_) = tmp_path / "own.gpkg", made().values()
    before = rows_of(layer)
    assert layer.setSubsetString("\"user_id\" = 'u03'")
    move(layer, file)
    assert layer.providerType() == "ogr" and layer.featureCount() == 120 and layer.subsetString()
    layer.setSubsetString("")
    assert rows_of(layer) == before
    other.startEditing()
    assert QgsProject.instance().write(str(tmp_path / "week.qgz"))
    assert len(said) == 1 and "is being edited" in said[0] and other.providerType() == "memory"
    assert [each.providerType() for each in results().values()].count("memory") == 1, (
        "it keeps back no other"
    )
    other.rollBack()
    assert QgsProject.instance().isDirty(), "QGIS asks before it quits"


def test_a_project_of_somebody_else_does_no_harm(
    forecast: Any, tab_again: Callable[[], Any], said: list[str], tmp_path: Path
) -> None:
    """Properties of another form are no run; values that are none of the form's are not taken."""
    from raw_qgis_plugin.gui.results import RUN, run_of
    from raw_qgis_plugin.gui.settings import settings

    layer = results()["OUTPUT"]
    own = json.loads(layer.customProperty(RUN))
    for text in (
        "no JSON",
        "[1]",
        "7",
        json.dumps({**own, "values": 3}),
        json.dumps({**own, "more": 1}),
        "{}",
        "",
    ):
        layer.setCustomProperty(RUN, text)
        assert run_of(layer) is None
    evil = {
        "HORIZON": "x",
        "STEP": 10**400,
        "UNIT": "all",
        "REPORT": str(tmp_path / "report"),
        "MIN_USERS": 1,
    }
    for each in results().values():
        each.setCustomProperty(
            RUN, json.dumps({**own, "values": {**own["values"], **evil}, "output": "OUTPUT_TRACKS"})
        )
    layer.setCustomProperty(RUN, json.dumps({**own, "values": {**own["values"], **evil}}))
    save_and_open(tmp_path / "week.qgz")
    again = tab_again()
    assert again.form.values() == {"HORIZON": 30, "STEP": 1e5, "UNIT": "", "METHOD": "model"}
    again.form.boxes["STEP"].setValue(5)
    until(lambda: again.session.tracks is not None and again.session.job is None)
    assert settings().min_users.value() == 10 and not (tmp_path / "report").exists()


def test_a_chosen_track_stands_out_and_the_clock_is_watched(forecast: Any, menu: Any) -> None:
    canvas = menu.iface.mapCanvas()
    layers = results().values()
    chosen = forecast.track.itemText(1)
    forecast.track.setCurrentIndex(1)
    assert (
        "labels of other times are hidden" in forecast.clock_words.text()
        and not forecast.clock.isHidden()
    )
    for layer in layers:
        context = layer.createExpressionContext()
        symbol = next(iter(layer.renderer().symbols(QgsRenderContext())))
        opacity = symbol.dataDefinedProperties().property(symbol.PropertyOpacity)
        shown = {}
        for feature in layer.getFeatures():
            context.setFeature(feature)
            shown.setdefault(feature["user_id"], opacity.valueAsDouble(context)[0])
        assert shown.pop(chosen) == 100 and set(shown.values()) == {12}
    forecast.show_track(0)
    assert {
        QgsExpressionContextUtils.layerScope(layer).variable("raw_track") for layer in layers
    } == {""}
    forecast.show_track(1)
    forecast.clock_off.click()
    assert canvas.temporalRange().isInfinite() and "is off" in forecast.clock_words.text()
    assert forecast.clock_off.isHidden()
