# SPDX-License-Identifier: GPL-2.0-or-later
"""The top of the dock: the layer of tracks with its fields and time zone, the model, and a summary of both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsMapLayer, QgsProject
from qgis.gui import QgsCollapsibleGroupBox
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QFrame,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)

from ...core.paths import shipped_bundle
from ...environment.folders import models_folder
from ...layers.words import count_users
from ...processing.progress import time_left
from ...processing.words import tr
from ..desktop import Desktop
from ..layer_kinds import has_fixes
from ..session import Session
from ..settings import settings
from ..widgets.dialog import CardView, RawDialog
from ..widgets.layout import buttons, column, row, silent, wrapped
from ..widgets.track_fields import TrackFields, layer_box


class SourcePanel(QWidget):
    """Chooses the layer and the model of the session, and shows the session's state."""

    def __init__(self, session: Session, desktop: Desktop) -> None:
        super().__init__()
        self.session, self.desktop = session, desktop
        self.layer = layer_box("raw_layer")
        self.layer.setAllowEmptyLayer(True, tr("Choose a layer of tracks"))
        self.layer.setLayer(None)
        self.summary = wrapped(objectName="raw_summary")
        self.question = QFrame(objectName="raw_user_question")
        self.question.setStyleSheet("#raw_user_question { border: 2px solid #d6604d; border-radius: 4px; }")
        narrow = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.candidates = QComboBox(objectName="raw_user_candidates", sizeAdjustPolicy=narrow)
        self.answers = buttons(
            "raw_user_",
            ("take", tr("Use this field"), tr("Each of its values is a user"), self._take_users),
            ("one", tr("All are one user's"), tr("One person or vehicle made all of these fixes"), self._take_one_user),
        )
        words = tr("Show the skipped fixes on the map")
        self.skipped = QPushButton(words, objectName="raw_skipped", clicked=self.session.show_skipped)
        self.prepare = QPushButton(objectName="raw_prepare")
        self.model = QComboBox(objectName="raw_model", sizeAdjustPolicy=narrow)
        self.device = QLabel(objectName="raw_device")
        self.box = QgsCollapsibleGroupBox(tr("Fields"), objectName="raw_fields")
        self.box.setCollapsed(True)
        form = QFormLayout(self.box)
        form.setContentsMargins(8, 2, 8, 4)
        self.track_fields = TrackFields(form, (tr("User"), tr("Track"), tr("Time")))
        self.fields, self.zone = self.track_fields.boxes, self.track_fields.zone
        self._lay_out()
        self._exclude_others()

    def _lay_out(self) -> None:
        again = QToolButton(toolTip=tr("Read the layer again"), clicked=self.session.read)
        again.setIcon(self.desktop.iface.actionDraw().icon())
        at_once = QToolButton.ToolButtonPopupMode.InstantPopup
        more = QToolButton(objectName="raw_more", text=tr("More"), popupMode=at_once)
        popup = QMenu(more)
        popup.addActions(self.desktop.entries)
        more.setMenu(popup)
        tip = tr("What the model was trained on, and how good it is")
        card = QToolButton(objectName="raw_card", text=tr("Card"), toolTip=tip, clicked=self.show_card)
        words = wrapped(tr("<b>Which field names the users?</b> None is known by its name, and RAW compares users."))
        self.question.setLayout(
            column(words, row(self.candidates, stretch=self.candidates), row(*self.answers.values()))
        )
        above = row(self.layer, again, more, stretch=self.layer)
        below = row(QLabel(tr("Model")), self.model, card, self.device, stretch=self.model)
        parts = above, self.box, self.question, self.summary, self.skipped, self.prepare, below
        self.setLayout(column(*parts, spacing_px=4, margins_px=0))

    def start(self) -> None:
        """List the models, and take the layer of the project, or the current one."""
        self.list_models()
        self.session.changed.connect(self.show_session)
        self.session.worked.connect(self.show_session)
        self.layer.layerChanged.connect(self.session.set_layer)
        self.layer.activated.connect(self._remember_layer)
        self.model.activated.connect(self._remember_model)
        self.model.currentIndexChanged.connect(lambda: self.session.set_model(self.model.currentData() or ""))
        for signal in (*(box.fieldChanged for box in self.fields.values()), self.zone.currentIndexChanged):
            signal.connect(self._choose_fields)
        self.prepare.clicked.connect(self.session.prepare)
        project = QgsProject.instance()
        project.layersAdded.connect(self._exclude_others)
        project.readProject.connect(self._take_project)
        project.cleared.connect(self.take_model)
        project.writeProject.connect(self._remember_layer)
        self._take_project()
        self.show_session()

    def remove(self) -> None:
        """Disconnect from the project."""
        QgsProject.instance().layersAdded.disconnect(self._exclude_others)
        QgsProject.instance().readProject.disconnect(self._take_project)
        QgsProject.instance().cleared.disconnect(self.take_model)
        QgsProject.instance().writeProject.disconnect(self._remember_layer)

    # ---- the project --------------------------------------------------------------------------------------------

    def _remember_layer(self, _: Any = None) -> None:
        """Store the layer in the project, when it was picked or the project is saved. Looking alone changes nothing."""
        if self.session.layer is not None:
            QgsProject.instance().writeEntry("raw", "layer", self.session.layer.id())

    def _remember_model(self, _: Any = None) -> None:
        QgsProject.instance().writeEntry("raw", "model", self.session.model_path)

    def _take_project(self) -> None:
        """Take the layer and the model stored in the project, else the current layer where it has fixes."""
        project = QgsProject.instance()
        self._exclude_others()
        self.take_model()
        layer = project.mapLayer(project.readEntry("raw", "layer", "")[0])
        current = self.desktop.iface.activeLayer()
        fitting = [each for each in (layer, current, *project.mapLayers().values()) if has_fixes(each)]
        if fitting:
            self.layer.setLayer(fitting[0])
            self.session.set_layer(fitting[0])

    def take_model(self) -> None:
        """Take the model stored in the project, else the default. A new project does not keep that of the last."""
        path, remembered = QgsProject.instance().readEntry("raw", "model", "")
        self.list_models()
        self.model.setCurrentIndex(self._place(path if remembered else settings().model.value()))

    def _exclude_others(self, _layers: list[QgsMapLayer] | None = None) -> None:
        layers = QgsProject.instance().mapLayers().values()
        self.layer.setExceptedLayerList([layer for layer in layers if not has_fixes(layer)])

    # ---- models -------------------------------------------------------------------------------------------------

    def list_models(self) -> None:
        """List the shipped model, the user's own models, and the chosen one where it lies elsewhere."""
        chosen = self.model.currentData()
        with silent(self.model):
            self.model.clear()
            self.model.addItem(shipped_bundle().name, "")
            for folder in sorted(models_folder().glob("*")):
                if (folder / "card.json").is_file() or folder.suffix == ".zip":
                    self.model.addItem(folder.stem, str(folder))
            self.model.setCurrentIndex(self._place(chosen) if chosen and Path(chosen).exists() else 0)
        if self.model.currentData() != (chosen or ""):
            self.session.set_model(self.model.currentData())

    def _place(self, path: str) -> int:
        """The index of a bundle in the list, to which it is added where it is not there."""
        if self.model.findData(path) < 0:
            self.model.addItem(Path(path.removesuffix("card.json")).stem, path)
        return self.model.findData(path)

    def show_card(self) -> QDialog:
        """Open the model's card."""
        folder = Path(self.session.model_path) if self.session.model_path else shipped_bundle()
        if self.session.model is not None:
            folder = self.session.model.bundle.path
        return self.desktop.keep(CardDialog(folder, self.window()))

    # ---- the session --------------------------------------------------------------------------------------------

    def _choose_fields(self, _: Any = None) -> None:
        self.session.set_fields(self.track_fields.choice(), self.zone.zone())

    def _take_users(self) -> None:
        self.session.answer_users(self.candidates.currentData())

    def _take_one_user(self) -> None:
        self.session.answer_users(None)

    def show_session(self) -> None:
        """Show the fields, the summary, the estimate and the device."""
        session = self.session
        if session.layer is None:  # QGIS's box goes on to the next layer when one is removed
            with silent(self.layer):
                self.layer.setLayer(None)
        with silent(*self.fields.values(), self.zone):
            self.track_fields.show(session.layer, session.fields, session.timezone)
        self.box.setVisible(session.layer is not None)
        names = [name for name in (session.fields.user, session.fields.track, session.fields.time) if name]
        self.box.setTitle(tr("Fields: {names}").format(names=", ".join(names) or tr("none")))
        self.question.setVisible(bool(session.candidates))
        self.candidates.clear()
        for name, n in session.candidates.items():
            self.candidates.addItem(tr("{name}: {n:,} different values").format(name=name, n=n), name)
        self.summary.setText(self._summary())
        self.skipped.setVisible(session.n_skipped > 0)
        self.prepare.setVisible(False)
        if session.users is not None and session.model is not None and session.users.n_users:
            self.prepare.setVisible(session.city is None and session.job is None)
            words = tr("Let the model read {users}: {time} on the {device}")
            left = time_left(session.estimate_s or 0.0)
            self.prepare.setText(
                words.format(users=count_users(session.users.n_users), time=left, device=session.model.provider)
            )
        self.device.setText(f"<b>{session.model.provider}</b>" if session.model is not None else "")
        self.device.setToolTip(tr("The device that does the work. ") + getattr(session.model, "warning", ""))

    def _summary(self) -> str:
        session = self.session
        if session.layer is None:
            return tr("Choose a layer of fixes (points with a time) or of lines with M values, or drop a file here.")
        if session.problem:
            return f"{session.problem} {session.summary}".rstrip()
        if session.candidates:
            return tr("Nothing was read yet.")
        if session.tracks is None:
            return tr("Reading …") if session.job is not None else tr("Not read yet: press the arrow to read it.")
        return session.summary


class CardDialog(RawDialog):
    """A model's README.md, else its card.json."""

    def __init__(self, folder: Path, parent: QWidget) -> None:
        super().__init__(parent, "raw_card_dialog", tr("Model {name}").format(name=folder.name))
        browser = CardView()
        browser.show_card(folder)
        self.setLayout(column(browser, self.buttons()))
        self.resize(760, 600)
        self.show()
