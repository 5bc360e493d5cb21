# SPDX-License-Identifier: GPL-2.0-or-later
"""A project that was saved with the dock of 0.2.0 opens with its layer, its fields and its regions, and the folder of a
run that it started is read (tests/compat).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtWidgets import QAction

from .waiting import until

FOLDER = Path(__file__).parents[1] / "compat" / "020"
NAMES = ["Region 1", "Region 2", "Harbour & <docks>"]


@pytest.fixture
def opened(session: Any, tmp_path: Path) -> Iterator[QgsProject]:
    """The project, opened while the plugin is loaded."""
    from raw_qgis_plugin.gui.regions.saved import SavedRegions

    for name in ("project.qgz", "fixes.geojson"):
        shutil.copy(FOLDER / name, tmp_path)
    project, saved = QgsProject.instance(), SavedRegions()
    assert project.read(str(tmp_path / "project.qgz"))
    yield project
    saved.close()


@pytest.fixture
def tracks(opened: QgsProject) -> QgsVectorLayer:
    (layer,) = opened.mapLayersByName("fixes")
    return layer


def regions_layer() -> QgsVectorLayer:
    from raw_qgis_plugin.gui.regions.saved import layers_of_regions

    (layer,) = layers_of_regions()
    return layer


def test_regions_are_there_with_what_they_said(opened: QgsProject, tracks: QgsVectorLayer) -> None:
    from compat.make_020 import DRAWN

    layer = regions_layer()
    features = list(layer.getFeatures())
    assert [feature["name"] for feature in features] == NAMES
    assert [feature["suppressed"] for feature in features] == [False, True, False]
    assert features[0]["n_users"] == 14
    assert 0 <= features[0]["poi_density_low"] <= features[0]["poi_density"] <= features[0]["poi_density_high"]
    for feature, (west, south, east, north) in zip(features, DRAWN, strict=True):
        box = feature.geometry().boundingBox()
        assert (box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()) == (west, south, east, north)
    assert not opened.isDirty() and opened.layerTreeRoot().findGroup("RAW: fixes").findLayer(layer.id())


@pytest.mark.parametrize("least", [2, 10])
def test_the_dock_goes_on_with_layer_fields_and_regions(
    least: int,
    session: Any,
    opened: QgsProject,
    tracks: QgsVectorLayer,
    qgis_iface: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from raw_qgis_plugin.gui.dock.source import SourcePanel
    from raw_qgis_plugin.gui.menu import RawMenu
    from raw_qgis_plugin.gui.regions.tab import RegionsTab
    from raw_qgis_plugin.gui.settings import settings

    monkeypatch.setattr(qgis_iface, "actionDraw", QAction, raising=False)
    monkeypatch.setattr(settings().min_users, "value", lambda: least)  # the user's own; the project has 3
    before = [feature["n_users"] for feature in regions_layer().getFeatures()]
    menu = RawMenu(qgis_iface)
    panel, tab = SourcePanel(session, menu), RegionsTab(session, menu)
    panel.start()
    assert session.layer is tracks and session.model_path == "" and session.timezone == "Asia/Shanghai"
    assert (session.fields.user, session.fields.track, session.fields.time) == ("who", None, "seen")
    until(lambda: session.problem or (tab.book is not None and len(tab.book.regions) == 3 and session.job is None))
    assert not session.problem and session.users.n_users == 14
    assert [region.name for region in tab.book.regions] == NAMES
    assert [region.view.n_users for region in tab.book.regions if not region.view.suppressed] == [
        n for n in before if n and n >= least
    ]
    assert tab.book.min_users == tab.least.value() == max(least, 3) and tab.book.next_name() == "Region 4"
    for part in (tab, panel, menu):
        part.remove()


def test_a_run_that_was_started_is_known(staged: None, tmp_path: Path) -> None:
    from raw_qgis_plugin.tasks.child import Child

    child = Child(Path(shutil.copytree(FOLDER / "started", tmp_path / "started")))
    assert child.status == "finished" and not child.running
    assert (child.about["title"], child.about["minutes"]) == ("Go on pretraining 'mine'", 30.0)
    assert child.about["started"].startswith("20")
    lines = child.lines()
    assert len(lines) == 20 and lines[0] == {"text": "The Zen of Python, by Tim Peters"}
