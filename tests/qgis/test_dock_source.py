# SPDX-License-Identifier: GPL-2.0-or-later
"""The top of the dock: the layer, its fields, the model, and the work on them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsProject, edit
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QAction

from .conftest import utc
from .waiting import until


@pytest.fixture
def panel(session: Any, qgis_iface: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The panel of the session, not yet started."""
    from raw_qgis_plugin.gui.dock.source import SourcePanel
    from raw_qgis_plugin.gui.menu import RawMenu

    monkeypatch.setattr(qgis_iface, "actionDraw", QAction, raising=False)
    menu = RawMenu(qgis_iface)
    made = SourcePanel(session, menu)
    yield made
    sip.delete(made)
    menu.remove()


def test_opening_the_dock_does_not_change_the_project(
    session: Any, panel: Any, make: Callable[..., Any], fixes: Any, tmp_path: Path
) -> None:
    """The layer is stored in the project when it is picked, and when the project is saved."""
    project = QgsProject.instance()
    first, second = (
        project.addMapLayer(make(fixes, path=tmp_path / f"{name}.gpkg")) for name in "ab"
    )
    assert project.write(str(tmp_path / "project.qgz"))
    panel.start()
    until(lambda: session.city is not None)
    looked_at = session.layer
    assert looked_at in (first, second) and not project.isDirty()
    assert (
        project.write()
        and project.readEntry("raw", "layer") == (looked_at.id(), True)
        and not project.isDirty()
    )
    other = second if looked_at is first else first
    panel.layer.setLayer(other)
    panel.layer.activated.emit(panel.layer.currentIndex())  # as by the mouse
    assert project.readEntry("raw", "layer") == (other.id(), True) and project.isDirty()


def test_a_field_that_was_cleared_is_not_guessed_again(
    session: Any, panel: Any, make: Any, fixes: Any
) -> None:
    layer = QgsProject.instance().addMapLayer(make(fixes))
    panel.start()
    until(lambda: session.city is not None)
    assert session.fields.user == "user_id" and session.users.n_users == 12
    panel.fields["user"].setField("")
    until(lambda: session.city is not None)
    assert session.layer is layer and session.users.n_users == 1
    assert panel.summary.text().startswith("1 user, ")
    found: list[Any] = []
    session.run_algorithm(
        "profileusers", {"UNIT": "user"}, ["OUTPUT"], "", lambda *result: found.append(result), ""
    )
    until(lambda: found or session.problem)
    assert found and found[0][1]["OUTPUT"].featureCount() == 1


def test_the_zone_of_a_layer_is_not_taken_for_another(
    session: Any, panel: Any, make: Any, fixes: Any
) -> None:
    """Also where QGIS does not list it, or it is no zone."""
    from raw_qgis_plugin.core.sources.schema import Schema
    from raw_qgis_plugin.gui.widgets.track_fields import remember

    panel.start()
    for zone, shown in (
        ("Asia/Kolkata", "Asia/Kolkata"),
        ("UTC+01:30", "UTC+01:30"),
        ("Atlantis", "UTC"),
    ):
        layer = QgsProject.instance().addMapLayer(make(fixes))
        remember(layer, Schema("user_id", None, "t"), zone)
        session.set_layer(layer)
        assert panel.zone.zone() == shown
        panel.fields["user"].setField("")
        assert session.timezone == layer.customProperty("raw/timezone") == shown
    for typed, taken in (
        ("kolk", "Asia/Kolkata"),
        ("america", "Asia/Kolkata"),
        ("", "Asia/Kolkata"),
        ("utc", "UTC"),
    ):
        panel.zone.lineEdit().setText(typed)  # what one zone alone has is that zone
        panel.zone.lineEdit().editingFinished.emit()
        assert panel.zone.zone() == panel.zone.currentText() == taken


def test_a_renamed_field_is_reported(session: Any, panel: Any, make: Any, fixes: Any) -> None:
    layer = QgsProject.instance().addMapLayer(make(fixes))
    panel.start()
    until(lambda: session.city is not None)
    with edit(layer):
        assert layer.renameAttribute(layer.fields().lookupField("user_id"), "who")
    assert "no user column 'user_id'" in panel.summary.text() and session.tracks is None
    panel.fields["user"].setField("who")
    until(lambda: session.city is not None)
    assert session.users.n_users == 12


def test_where_no_fix_can_be_used_the_dock_says_what_to_do(
    session: Any, panel: Any, make: Any, fixes: Any
) -> None:
    """Times of day whose date is in another field; metres in a layer without a coordinate system."""
    panel.start()
    session.set_layer(make(fixes, times=lambda ms: utc(ms).time().toString("HH:mm:ss")))
    until(lambda: session.tracks is not None)
    assert "date is in another field" in panel.summary.text()
    metres = make(fixes, "EPSG:32650")
    metres.setCrs(QgsCoordinateReferenceSystem())
    session.set_layer(metres)
    until(lambda: session.tracks is not None)
    assert "coordinate system" in panel.summary.text()
    session.set_layer(None)


def test_a_model_of_ones_own_is_of_the_project(
    session: Any, panel: Any, make: Any, fixes: Any, bundle: str, tmp_path: Path
) -> None:
    """Where it has learned. Another project begins with the default, and so do the dialogs of the
    toolbox.
    """
    from qgis.core import QgsApplication

    from raw_qgis_plugin.core.bundle.bundle import open_bundle
    from raw_qgis_plugin.gui.settings import settings, start_values

    own = Path(shutil.copytree(open_bundle(bundle).path, tmp_path / "my model"))
    session.model_path = ""
    panel.start()
    panel.desktop.dock = SimpleNamespace(source=panel, session=session)
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("raw:profileusers")
    panel.desktop.use_model(own, everywhere=False)
    assert session.model_path == str(own) and panel.model.currentText() == "my model"
    assert start_values(algorithm, None)["MODEL"] == str(own) and settings().model.value() == ""
    QgsProject.instance().clear()
    assert session.model_path == "" and panel.model.currentIndex() == 0
    assert "MODEL" not in start_values(algorithm, None)
    panel.desktop.use_model(own)
    assert (
        session.model_path == str(own)
        and not QgsProject.instance().readEntry("raw", "model", "")[1]
    )
    QgsProject.instance().clear()
    assert session.model_path == str(own), "the default of all projects"
    panel.desktop.use_model(own, everywhere=False)
    panel.desktop.use_model(None)
    assert session.model_path == str(own) and settings().model.value() == "", (
        "the project has chosen its own"
    )
    settings().model.remove()
    panel.desktop.dock = None
