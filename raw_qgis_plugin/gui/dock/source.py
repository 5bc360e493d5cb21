# SPDX-License-Identifier: GPL-2.0-or-later
"""The top of the dock: which layer, fields and time zone, which model, and what was read with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsMapLayer, QgsProject, QgsWkbTypes
from qgis.gui import QgsCollapsibleGroupBox, QgsFieldComboBox, QgsMapLayerComboBox
from qgis.PyQt.QtCore import QTimeZone
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QTextBrowser,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...core.paths import shipped_bundle
from ...environment.folders import models_folder
from ...layers.reading import ROLES, FieldChoice
from ...processing.base import icon
from ...processing.progress import time_left
from ...processing.words import tr
from ..menu import WINDOWS, has_fixes
from ..settings import settings

if TYPE_CHECKING:
    from ..menu import RawMenu
    from .session import Session


class SourcePanel(QWidget):
    """Chooses for the session, and says what it has."""

    def __init__(self, session: Session, menu: RawMenu) -> None:
        super().__init__()
        self.session, self.menu = session, menu
        self.layer = QgsMapLayerComboBox()
        self.layer.setObjectName("raw_layer")
        self.layer.setFilters(Qgis.LayerFilters(Qgis.LayerFilter.PointLayer | Qgis.LayerFilter.LineLayer))
        self.layer.setAllowEmptyLayer(True, tr("Choose a layer of tracks"))
        self.layer.setLayer(None)
        self.fields = {role: QgsFieldComboBox() for role in ROLES}
        self.zone = QComboBox()
        self.summary = QLabel()
        self.summary.setObjectName("raw_summary")
        self.summary.setWordWrap(True)
        self.prepare = QPushButton()
        self.prepare.setObjectName("raw_prepare")
        self.model = QComboBox()
        self.model.setObjectName("raw_model")
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.device = QLabel()
        self.device.setObjectName("raw_device")
        self._lay_out()
        self._exclude_lines_without_m()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.layer, 1)
        again = QToolButton()
        again.setIcon(self.menu.iface.actionDraw().icon())
        again.setToolTip(tr("Read the layer again"))
        again.clicked.connect(self.session.read)
        top.addWidget(again)
        more = QToolButton()
        more.setObjectName("raw_more")
        more.setText(tr("More"))
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        more.setMenu(self._more(more))
        top.addWidget(more)
        self.box = QgsCollapsibleGroupBox(tr("Fields"))
        self.box.setObjectName("raw_fields")
        self.box.setCollapsed(True)
        form = QFormLayout(self.box)
        form.setContentsMargins(8, 2, 8, 4)
        for role, title in zip(ROLES, (tr("User"), tr("Track"), tr("Time"))):
            self.fields[role].setAllowEmptyFieldName(True)
            self.fields[role].setObjectName(f"raw_{role}_field")
            form.addRow(title, self.fields[role])
        self.zone.setObjectName("raw_timezone")
        self.zone.addItems(["UTC", *sorted(bytes(name).decode() for name in QTimeZone.availableTimeZoneIds())])
        self.zone.setToolTip(tr("Of times that are written without a zone; others ignore it."))
        form.addRow(tr("Time zone"), self.zone)
        below = QHBoxLayout()
        below.addWidget(QLabel(tr("Model")))
        below.addWidget(self.model, 1)
        card = QToolButton()
        card.setObjectName("raw_card")
        card.setText(tr("Card"))
        card.setToolTip(tr("What the model was trained on, and how good it is"))
        card.clicked.connect(self.show_card)
        below.addWidget(card)
        below.addWidget(self.device)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.box)
        layout.addWidget(self.summary)
        layout.addWidget(self.prepare)
        layout.addLayout(below)

    def _more(self, parent: QWidget) -> QMenu:
        """The windows of the RAW menu, and the algorithms' dialogs."""
        popup = QMenu(parent)
        windows = {f"raw_{window.name}" for window in WINDOWS}
        own = [action for action in self.menu.actions if action.objectName() in windows]
        popup.addActions(own)
        if own:
            popup.addSeparator()
        popup.addActions([a for a in self.menu.actions if a not in own and a is not self.menu.dock_action])
        return popup

    def start(self) -> None:
        """Fill in the models, and take the layer of the project, or the current one."""
        self.list_models()
        self.session.changed.connect(self.show_session)
        self.session.worked.connect(self.show_session)
        self.layer.layerChanged.connect(self.session.set_layer)
        self.layer.activated.connect(self._remember_layer)
        self.model.activated.connect(self._remember_model)
        self.model.currentIndexChanged.connect(lambda: self.session.set_model(self.model.currentData() or ""))
        for box in self.fields.values():
            box.fieldChanged.connect(self._choose_fields)
        self.zone.currentTextChanged.connect(self._choose_fields)
        self.prepare.clicked.connect(self.session.prepare)
        project = QgsProject.instance()
        project.layersAdded.connect(self._exclude_lines_without_m)
        project.readProject.connect(self._take_project)
        project.writeProject.connect(self._remember_layer)
        self._take_project()
        self.show_session()

    def remove(self) -> None:
        """Listen to the project no longer."""
        QgsProject.instance().layersAdded.disconnect(self._exclude_lines_without_m)
        QgsProject.instance().readProject.disconnect(self._take_project)
        QgsProject.instance().writeProject.disconnect(self._remember_layer)

    def _remember_layer(self, _: Any = None) -> None:
        """In the project, when the layer was picked or the project is saved: merely looking is no change to save."""
        if self.session.layer is not None:
            QgsProject.instance().writeEntry("raw", "layer", self.session.layer.id())

    def _remember_model(self, _: Any = None) -> None:
        QgsProject.instance().writeEntry("raw", "model", self.session.model_path)

    def _take_project(self) -> None:
        """The layer and the model that the project remembers, else the current layer where it has fixes."""
        project = QgsProject.instance()
        self._exclude_lines_without_m()
        path, remembered = project.readEntry("raw", "model", "")
        self._show_model(path if remembered else settings().model.value())
        layer = project.mapLayer(project.readEntry("raw", "layer", "")[0])
        current = self.menu.iface.activeLayer()
        fitting = [each for each in (layer, current, *project.mapLayers().values()) if has_fixes(each)]
        if fitting:
            self.layer.setLayer(fitting[0])
            self.session.set_layer(fitting[0])

    def _exclude_lines_without_m(self, _layers: list[QgsMapLayer] | None = None) -> None:
        def no_time(layer: QgsMapLayer) -> bool:
            is_line = getattr(layer, "geometryType", lambda: None)() == QgsWkbTypes.LineGeometry
            return is_line and not QgsWkbTypes.hasM(layer.wkbType())

        self.layer.setExceptedLayerList([each for each in QgsProject.instance().mapLayers().values() if no_time(each)])

    def list_models(self) -> None:
        """The shipped model and the user's own, by their folders, and the one in use where it lies elsewhere."""
        chosen = self.model.currentData()
        self.model.blockSignals(True)
        self.model.clear()
        self.model.addItem(shipped_bundle().name, "")
        for folder in sorted(models_folder().iterdir()):
            if (folder / "card.json").is_file() or folder.suffix == ".zip":
                self.model.addItem(folder.stem, str(folder))
        self.model.setCurrentIndex(self._place(chosen) if chosen and Path(chosen).exists() else 0)
        self.model.blockSignals(False)
        if self.model.currentData() != (chosen or ""):
            self.session.set_model(self.model.currentData())

    def choose_model(self, path: str) -> None:
        """Use a bundle: for windows that make or manage them."""
        self._show_model(path)
        self._remember_model()

    def _show_model(self, path: str) -> None:
        self.list_models()
        self.model.setCurrentIndex(self._place(path))

    def _place(self, path: str) -> int:
        """Where a bundle stands in the list; at its end where it was not."""
        at = self.model.findData(path)
        if at < 0:
            self.model.addItem(Path(path.removesuffix("card.json")).stem, path)
            at = self.model.count() - 1
        return at

    def _choose_fields(self, _name: str = "") -> None:
        user, track, time = (self.fields[role].currentField() or None for role in ROLES)
        self.session.set_fields(FieldChoice(user, track, time), self.zone.currentText())

    def show_session(self) -> None:
        """Fields, what was read, the estimate, the device."""
        session = self.session
        for role, box in self.fields.items():
            box.blockSignals(True)
            if box.layer() is not session.layer:
                box.setLayer(session.layer)
            box.setField(getattr(session.fields, role) or "")
            box.blockSignals(False)
        self.zone.blockSignals(True)
        self.zone.setCurrentText(session.timezone)
        self.zone.blockSignals(False)
        self.box.setVisible(session.layer is not None)
        names = [name for role in ROLES if (name := getattr(session.fields, role))]
        self.box.setTitle(tr("Fields: {names}").format(names=", ".join(names) or tr("none")))
        self.summary.setText(self._words())
        self.prepare.setVisible(False)
        if session.users is not None and session.model is not None and session.users.n_users:
            self.prepare.setVisible(session.city is None and session.job is None)
            words = tr("Let the model read {n:,} users: {time} on the {device}")
            left = time_left(session.estimate_s or 0.0)
            self.prepare.setText(words.format(n=session.users.n_users, time=left, device=session.model.provider))
        self.device.setText(f"<b>{session.model.provider}</b>" if session.model is not None else "")
        self.device.setToolTip(tr("The device that really does the work. ") + getattr(session.model, "warning", ""))

    def _words(self) -> str:
        session = self.session
        if session.layer is None:
            return tr("Choose a layer of fixes (points with a time) or of lines with M values.")
        if session.problem:
            return session.problem
        if session.tracks is None:
            return tr("Reading …") if session.job is not None else tr("Not read yet: press the arrow to read it.")
        return session.summary

    def show_card(self) -> QDialog:
        """The model's card, as its makers wrote it for people."""
        folder = Path(self.session.model_path) if self.session.model_path else shipped_bundle()
        if self.session.model is not None:
            folder = self.session.model.bundle.path
        return self.menu.keep(CardDialog(folder, self))


class CardDialog(QDialog):
    """A model's README.md."""

    def __init__(self, folder: Path, parent: QWidget) -> None:
        super().__init__(parent.window())
        self.setObjectName("raw_card_dialog")
        self.setWindowTitle(tr("Model {name}").format(name=folder.name))
        self.setWindowIcon(icon("raw"))
        text = QTextBrowser()
        text.setOpenExternalLinks(True)
        readme = folder / "README.md"
        if readme.is_file():
            text.setMarkdown(readme.read_text(encoding="utf-8"))
        else:
            text.setPlainText(json.dumps(_card(folder), indent=1))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(text)
        layout.addWidget(buttons)
        self.resize(760, 600)
        self.show()


def _card(folder: Path) -> Any:
    file = folder / "card.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
