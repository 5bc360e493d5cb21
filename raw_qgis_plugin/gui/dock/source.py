# SPDX-License-Identifier: GPL-2.0-or-later
"""The top of the dock: the layer of tracks with its fields and time zone, the model, and a summary
of both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsMapLayer, QgsProject
from qgis.gui import QgsCollapsibleGroupBox, QgsFieldComboBox, QgsMapLayerComboBox
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QComboBox, QFormLayout, QLabel, QPushButton, QToolButton, QWidget

from ...core.paths import shipped_bundle
from ...environment.folders import models_folder
from ...layers.reading import ROLES, with_guesses
from ...layers.words import count_users
from ...processing.words import tr
from ..desktop import Desktop
from ..layer_kinds import has_fixes
from ..session import Session
from ..settings import settings
from ..widgets.layout import column, row, silent, wrapped
from ..widgets.track_fields import ZoneBox


class SourcePanel(QWidget):
    """Chooses the layer and the model of the session, and shows the session's state."""

    def __init__(self, session: Session, desktop: Desktop) -> None:
        super().__init__()
        self.session = session
        self.desktop = desktop
        self.layer = QgsMapLayerComboBox(objectName="raw_layer")
        self.layer.setAllowEmptyLayer(True, tr("Choose a layer of tracks"))
        self.layer.setLayer(None)
        again = QToolButton(toolTip=tr("Read the layer again"), clicked=session.read)
        again.setIcon(desktop.iface.actionDraw().icon())
        self.box = QgsCollapsibleGroupBox(tr("Fields"), objectName="raw_fields")
        self.box.setCollapsed(True)
        form = QFormLayout(self.box)
        form.setContentsMargins(8, 2, 8, 4)
        self.fields = {role: QgsFieldComboBox(objectName=f"raw_{role}_field") for role in ROLES}
        for box, title in zip(self.fields.values(), (tr("User"), tr("Track"), tr("Time"))):
            box.setAllowEmptyFieldName(True)
            form.addRow(title, box)
        self.zone = ZoneBox("raw_timezone")
        form.addRow(tr("Time zone"), self.zone)
        self.summary = wrapped(objectName="raw_summary")
        self.prepare = QPushButton(objectName="raw_prepare", clicked=session.prepare)
        narrow = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.model = QComboBox(objectName="raw_model", sizeAdjustPolicy=narrow)
        tip = tr("What the model was trained on, how good it is, and your own models")
        card = QToolButton(objectName="raw_card", text=tr("Models…"), toolTip=tip)
        card.clicked.connect(lambda: desktop.open_window("models"))
        self.device = QLabel(objectName="raw_device")
        above = row(self.layer, again, stretch=self.layer)
        below = row(QLabel(tr("Model")), self.model, card, self.device, stretch=self.model)
        parts = above, self.box, self.summary, self.prepare, below
        self.setLayout(column(*parts, spacing_px=4, margins_px=0))

    def start(self) -> None:
        """List the models, and take the layer of the project, or the current one."""
        project = QgsProject.instance()
        self.take_model()
        self.session.changed.connect(self.show_session)
        self.session.worked.connect(self.show_session)
        self.layer.layerChanged.connect(self.session.set_layer)
        self.layer.activated.connect(self._remember_layer)
        self.model.activated.connect(
            lambda: project.writeEntry("raw", "model", self.session.model_path)
        )
        self.model.currentIndexChanged.connect(
            lambda: self.session.set_model(self.model.currentData() or "")
        )
        for signal in (
            *(box.fieldChanged for box in self.fields.values()),
            self.zone.currentIndexChanged,
        ):
            signal.connect(self._choose_fields)
        # A joined or deleted field makes QGIS's box choose none, or another one, without a signal
        soon = QTimer(self, singleShot=True, interval=0, timeout=self.show_session)
        for model in (box.model() for box in self.fields.values()):
            for change in (model.modelReset, model.rowsInserted, model.rowsRemoved):
                change.connect(lambda *_: soon.start())
        project.layersAdded.connect(self._exclude_others)
        project.readProject.connect(self._take_project)
        project.cleared.connect(self.take_model)
        project.writeProject.connect(self._remember_layer)
        self._take_project()
        self.show_session()

    # ---- the project

    def _remember_layer(self, _: Any = None) -> None:
        """Store the layer in the project, when it was picked or the project is saved. Looking alone
        changes nothing.
        """
        if self.session.layer is not None:
            QgsProject.instance().writeEntry("raw", "layer", self.session.layer.id())

    def _take_project(self) -> None:
        """Take the layer and the model stored in the project, else the current layer where it has
        fixes.
        """
        project = QgsProject.instance()
        self._exclude_others()
        self.take_model()
        layer = project.mapLayer(project.readEntry("raw", "layer", "")[0])
        current = self.desktop.iface.activeLayer()
        fitting = [
            each for each in (layer, current, *project.mapLayers().values()) if has_fixes(each)
        ]
        if fitting:
            self.choose_layer(fitting[0])

    def choose_layer(self, layer: QgsMapLayer) -> None:
        """Use a layer of tracks from now on."""
        self.layer.setLayer(layer)
        self.session.set_layer(layer)

    def take_model(self) -> None:
        """List the shipped model and the user's own, and take that of the project, else the
        default.
        """
        path, of_project = QgsProject.instance().readEntry("raw", "model", "")
        path = path if of_project else settings().model.value()
        models = [
            x
            for x in sorted(models_folder().glob("*"))
            if (x / "card.json").is_file() or x.suffix == ".zip"
        ]
        if path and Path(path) not in models and Path(path).exists():
            models.append(Path(path))
        with silent(self.model):
            self.model.clear()
            self.model.addItem(shipped_bundle().name, "")
            for each in models:
                self.model.addItem(Path(str(each).removesuffix("card.json")).stem, str(each))
            self.model.setCurrentIndex(max(0, self.model.findData(path)))
        self.session.set_model(self.model.currentData())

    def _exclude_others(self, _layers: list[QgsMapLayer] | None = None) -> None:
        layers = QgsProject.instance().mapLayers().values()
        self.layer.setExceptedLayerList([layer for layer in layers if not has_fixes(layer)])

    # ---- the session

    def _choose_fields(self, _: Any = None) -> None:
        if self.session.layer is not None:
            fields = (box.currentField() or None for box in self.fields.values())
            self.session.set_fields(with_guesses(self.session.layer, *fields), self.zone.zone())

    def show_session(self) -> None:
        """Show the fields, the summary and the device."""
        session = self.session
        if session.layer is None:  # QGIS's box goes on to the next layer when one is removed
            with silent(self.layer):
                self.layer.setLayer(None)
        with silent(*self.fields.values(), self.zone):
            for role, box in self.fields.items():
                if box.layer() is not session.layer:
                    box.setLayer(session.layer)
                box.setField(getattr(session.fields, role) or "")  # none where the layer lacks it
            self.zone.choose(session.timezone)
        self.box.setVisible(session.layer is not None)
        names = [
            name
            for name in (session.fields.user, session.fields.track, session.fields.time)
            if name
        ]
        self.box.setTitle(tr("Fields: {names}").format(names=", ".join(names) or tr("none")))
        self.summary.setText(self._summary())
        model = session.model
        users = session.users
        readable = model is not None and users is not None and users.n_users > 0
        self.prepare.setVisible(readable and session.city is None and session.job is None)
        if model is not None and users is not None:
            words = tr("Let the model read {users} on the {device}")
            self.prepare.setText(
                words.format(users=count_users(users.n_users), device=model.provider)
            )
        self.device.setText(f"<b>{model.provider}</b>" if model is not None else "")
        self.device.setToolTip(
            tr("The device that does the work. ") + getattr(model, "warning", "")
        )

    def _summary(self) -> str:
        session = self.session
        if session.layer is None:
            return tr("Choose a layer of fixes (points with a time) or of lines with M values.")
        if session.problem:
            return f"{session.problem} {session.summary}".rstrip()
        if session.tracks is None:
            return (
                tr("Reading …")
                if session.job is not None
                else tr("Not read yet: press the arrow to read it.")
            )
        if session.fields.user is None and len(session.tracks):
            words = tr(
                "No field names the users: all fixes are one user's. If one does, choose it under "
                "Fields."
            )
            return f"{session.summary} {words}"
        return session.summary
