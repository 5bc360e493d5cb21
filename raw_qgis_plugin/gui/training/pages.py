# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages of the training dialog on which a training is described. Each says in `problem` what is still missing."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from qgis.core import Qgis, QgsVectorLayer, QgsWkbTypes
from qgis.gui import QgsFieldComboBox, QgsMapLayerComboBox
from qgis.PyQt.QtCore import QTimeZone, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from ...core.errors import Progress
from ...core.paths import shipped_bundle
from ...core.sources.fields import TRACK, USER, plain
from ...environment.folders import models_folder
from ...layers.reading import ROLES, FieldChoice, ReadPlan, choose_fields
from ...layers.snapshot import Snapshot, snapshot
from ...processing.words import tr
from ...tasks.job import Job
from ...tasks.training import PRESETS, Labels, read_labels
from ..menu import has_fixes

CLASSES_SHOWN = 12


class Page(QWidget):
    """A page: a heading, words on what it is about, a form."""

    changed = pyqtSignal()
    title = ""
    about = ""

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(12, 4, 4, 4)
        head = QLabel(f"<h3 style='margin:0'>{tr(self.title)}</h3>")
        words = QLabel(tr(self.about))
        words.setWordWrap(True)
        self.column.addWidget(head)
        self.column.addWidget(words)
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.column.addLayout(self.form)
        self.note = QLabel()
        self.note.setWordWrap(True)

    def finish(self) -> None:
        """Below the form the note, and nothing under it."""
        self.column.addWidget(self.note)
        self.column.addStretch(1)

    def problem(self) -> str:
        """Why the training can't start with what is chosen here; '' where it can."""
        return ""


class DataPage(Page):
    """Which tracks."""

    title = "Data"
    about = "The tracks to learn from. They stay on this machine; a copy lies in the run's folder until it is done."

    def __init__(self, current: Any) -> None:
        super().__init__()
        self.layer = QgsMapLayerComboBox()
        self.layer.setObjectName("raw_training_layer")
        self.layer.setFilters(Qgis.LayerFilters(Qgis.LayerFilter.PointLayer | Qgis.LayerFilter.LineLayer))
        self.form.addRow(tr("Tracks"), self.layer)
        self.fields = {role: QgsFieldComboBox() for role in ROLES}
        for role, words in zip(ROLES, (tr("User field"), tr("Track field"), tr("Time field"))):
            self.fields[role].setAllowEmptyFieldName(True)
            self.fields[role].fieldChanged.connect(self.changed)
            self.form.addRow(words, self.fields[role])
        self.zone = QComboBox()
        self.zone.addItems(["UTC", *sorted(bytes(name).decode() for name in QTimeZone.availableTimeZoneIds())])
        self.form.addRow(tr("Time zone"), self.zone)
        self.zone.setToolTip(tr("Of times that are written without a zone; others ignore it."))
        self.layer.layerChanged.connect(self.take)
        self.finish()
        if has_fixes(current):
            self.layer.setLayer(current)
        self.take(self.layer.currentLayer())

    def take(self, layer: QgsVectorLayer | None) -> None:
        """Guess the fields, or take those that the dock remembers with the layer."""
        guess = FieldChoice(None, None, None) if layer is None else choose_fields(layer.fields(), None, None, None)
        for role, box in self.fields.items():
            known = layer.customProperty(f"raw/{role}_field") if layer is not None else None
            box.setLayer(layer)
            box.setField(getattr(guess, role) or "" if known is None else known)
        if layer is not None:
            self.zone.setCurrentText(layer.customProperty("raw/timezone") or "UTC")
            self.note.setText(tr("{n:,} features. {fields}").format(n=layer.featureCount(), fields=guess))
        self.changed.emit()

    def choice(self) -> FieldChoice:
        """The fields that are chosen."""
        user, track, time = (self.fields[role].currentField() or None for role in ROLES)
        return FieldChoice(user, track, time)

    def reading(self) -> ReadPlan:
        """All it takes to read the tracks in a task."""
        return snapshot(self.layer.currentLayer(), self.choice(), self.zone.currentText())

    def problem(self) -> str:
        """A layer that has fixes, with times."""
        layer = self.layer.currentLayer()
        if not has_fixes(layer):
            return tr("Choose a layer of points with a time, or of lines with M values.")
        if layer.geometryType() == QgsWkbTypes.PointGeometry and not self.fields["time"].currentField():
            return tr("Choose the field with the time.")
        return ""


class QuestionPage(Page):
    """Go on pretraining, or teach a label."""

    title = "Question"
    about = "What the model shall learn."

    def __init__(self, data: DataPage) -> None:
        super().__init__()
        self.data = data
        self.go_on = QRadioButton(tr("Go on pretraining on my tracks: how people move here. No labels needed."))
        self.teach = QRadioButton(tr("Teach a new label: a question about users or tracks, from examples."))
        self.go_on.setObjectName("raw_training_go_on")
        self.teach.setObjectName("raw_training_teach")
        self.go_on.setChecked(True)
        self.column.insertWidget(2, self.go_on)
        self.column.insertWidget(3, self.teach)
        self.unit = QComboBox()
        self.unit.addItem(tr("users"), "user")
        self.unit.addItem(tr("tracks (trips)"), "track")
        self.table = QgsMapLayerComboBox()
        self.table.setObjectName("raw_training_table")
        self.table.setFilters(Qgis.LayerFilter.VectorLayer)
        self.key, self.label = QgsFieldComboBox(), QgsFieldComboBox()
        self.key.setObjectName("raw_training_key")
        self.label.setObjectName("raw_training_label")
        self.name = QLineEdit()
        self.name.setObjectName("raw_training_name")
        self.rows = (
            (tr("Label of"), self.unit), (tr("Labels are in"), self.table), (tr("Id field"), self.key),
            (tr("Label field"), self.label), (tr("Name of the question"), self.name),
        )  # fmt: skip
        for words, widget in self.rows:
            self.form.addRow(words, widget)
        self.finish()
        self.labels: Labels | None = None
        self.job: Job | None = None
        self.teach.toggled.connect(self.show_teaching)
        self.unit.currentIndexChanged.connect(self.guess)
        self.table.layerChanged.connect(self.guess)
        for box in (self.key, self.label, data.fields["user"]):
            box.fieldChanged.connect(self.count)
        self.name.textChanged.connect(self.changed)
        self.show_teaching(False)

    def show_teaching(self, on: bool) -> None:
        """Show what a label takes, or not."""
        for _, widget in self.rows:
            widget.setVisible(on)
            self.form.labelForField(widget).setVisible(on)
        self.note.setVisible(on)
        if on:
            self.table.setLayer(self.table.currentLayer() or self.data.layer.currentLayer())
            self.guess()
        self.changed.emit()

    def guess(self, _what: Any = None) -> None:
        """The id field by the names people use, the label field by what is left."""
        layer = self.table.currentLayer()
        names = [field.name() for field in layer.fields()] if layer is not None else []
        same = self.data.fields[self.unit.currentData()].currentField()
        usual = USER if self.unit.currentData() == "user" else TRACK
        key = same if same in names else next((n for n in names if plain(n) in usual), "")
        taken = {key, *(box.currentField() for box in self.data.fields.values()), "fid", "id", "ogc_fid"}
        free = [f for f in (layer.fields() if layer is not None else []) if f.name() not in taken]
        label = next(
            (f.name() for f in free if not f.isNumeric() and not f.isDateOrTime()), free[0].name() if free else ""
        )
        for box, name in ((self.key, key), (self.label, label)):
            box.blockSignals(True)
            box.setLayer(layer)
            box.setField(name)
            box.blockSignals(False)
        self.count()

    def count(self, _name: str = "") -> None:
        """Count the labels, in a task."""
        if self.job is not None:
            self.job.cancel()
        self.labels, self.job = None, None
        layer, key, label = self.table.currentLayer(), self.key.currentField(), self.label.currentField()
        self.name.setText(re.sub(r"\W+", "_", label.lower(), flags=re.ASCII).strip("_"))
        if layer is None or not key or not label or not self.teach.isChecked():
            self.note.setText("")
            self.changed.emit()
            return
        source, user = Snapshot(layer), self._user_field(layer)

        def done(labels: Labels) -> None:
            if self.job is job:
                self.labels, self.job = labels, None
                self.note.setText(describe_labels(labels, self.unit.currentText()))
                self.changed.emit()

        def failed(words: str) -> None:
            if self.job is job:
                self.job = None
                self.note.setText(words)

        def work(progress: Progress) -> Labels:
            return read_labels(source, key, label, progress, user)

        self.note.setText(tr("Counting the labels …"))
        job = self.job = Job(tr("RAW: counting labels"), work, done, failed)
        job.start()

    def _user_field(self, layer: QgsVectorLayer) -> str:
        """The field that says whose a labelled track is, '' where the labels have none: users may number their own."""
        user = self.data.fields["user"].currentField()
        known = user in layer.fields().names() and user not in (self.key.currentField(), self.label.currentField())
        return user if known and self.unit.currentData() == "track" else ""

    def problem(self) -> str:
        """Labels, enough of them, and a name."""
        if self.go_on.isChecked():
            return ""
        if self.labels is None:
            return tr("Choose the layer or table with the labels, its id field and its label field.")
        if len(self.labels.values) < 10:
            return tr("Only {n} labels: teaching takes at least ten.").format(n=len(self.labels.values))
        if len(set(self.labels.values.values())) < 2:
            return tr("All labels are equal: there is nothing to learn.")
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", self.name.text()):
            return tr("The name takes small letters, digits and _, such as: commuter.")
        return ""


class ModelPage(Page):
    """Which model to begin with, and how long."""

    title = "Model"
    about = "The model to go on from. It stays as it is: what comes out is a new one."

    def __init__(self, question: QuestionPage) -> None:
        super().__init__()
        self.question = question
        self.init = QComboBox()
        self.init.setObjectName("raw_training_init")
        self.preset = QComboBox()
        self.preset.setObjectName("raw_training_preset")
        self.preset.addItems(PRESETS)
        self.preset.setCurrentText("raw-small")
        self.minutes = QDoubleSpinBox()
        self.minutes.setObjectName("raw_training_minutes")
        self.minutes.setRange(0.1, 10_000)
        self.minutes.setDecimals(1)
        self.minutes.setValue(30)
        self.minutes.setSuffix(tr(" min"))
        self.name = QLineEdit(tr("my model"))
        self.name.setObjectName("raw_training_model_name")
        self.form.addRow(tr("Begin with"), self.init)
        self.form.addRow(tr("Size"), self.preset)
        self.form.addRow(tr("Train for"), self.minutes)
        self.form.addRow(tr("Name of the new model"), self.name)
        self.ways = QCheckBox(tr("Keep typical ways of these places in it"))
        self.ways.setObjectName("raw_training_ways")
        self.ways.setChecked(True)
        self.ways.setToolTip(
            tr(
                "Each is the mean of three or more people; forecasts there lean toward them. They tell where people "
                "went: leave them out of a model that you pass on."
            )
        )
        self.form.addRow("", self.ways)
        self.finish()
        self.init.currentIndexChanged.connect(self.show_choice)
        self.preset.currentIndexChanged.connect(self.changed)
        self.minutes.valueChanged.connect(self.changed)
        question.changed.connect(self.list_models)
        self.list_models()

    def list_models(self) -> None:
        """The shipped model, the user's own, and none where the question allows it."""
        chosen = self.init.currentData()
        self.init.blockSignals(True)
        self.init.clear()
        self.init.addItem(tr("{name}, which comes with RAW").format(name=shipped_bundle().name), "shipped")
        for folder in sorted(models_folder().iterdir()):
            if (folder / "card.json").is_file():
                self.init.addItem(folder.name, str(folder))
        if self.question.go_on.isChecked():
            self.init.addItem(tr("nothing: random weights"), "none")
        self.init.setCurrentIndex(max(0, self.init.findData(chosen)))
        self.init.blockSignals(False)
        self.show_choice()

    def config(self, init: str) -> dict[str, Any]:
        """The sizes in a bundle's card; the bundle is checked when it is trained on, not here."""
        folder = shipped_bundle() if init == "shipped" else Path(init)
        try:
            return dict(json.loads((folder / "card.json").read_text("utf-8"))["config"])
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def show_choice(self, _index: int = 0) -> None:
        """The size is free only where training begins anew."""
        anew = self.init.currentData() == "none"
        self.preset.setEnabled(anew)
        self.ways.setVisible(self.question.go_on.isChecked() and not anew)
        if anew:
            words = tr("A model from nothing needs many tracks and hours. raw-nano is for trying things out.")
        elif self.question.go_on.isChecked():
            words = tr("Its heads are taught again afterwards, and those that no longer hold are dropped.")
        else:
            words = tr("The model learns one more answer, tried on examples left out, for at most this long.")
        self.note.setText(words)
        self.changed.emit()

    def problem(self) -> str:
        """A name."""
        return "" if self.name.text().strip() else tr("Give the new model a name.")


def describe_labels(labels: Labels, unit: str) -> str:
    """How many of what."""
    counts = Counter(labels.values.values())
    n = len(labels.values)
    if labels.is_number:
        numbers = sorted(float(v) for v in counts.elements())
        words = tr(
            "{n:,} {unit} with numbers from {low:g} to {high:g}, median {middle:g}: the answer will be a number."
        )
        return words.format(n=n, unit=unit, low=numbers[0], high=numbers[-1], middle=numbers[n // 2])
    shown = ", ".join(f"<b>{value}</b> {count:,}" for value, count in counts.most_common(CLASSES_SHOWN))
    more = len(counts) - CLASSES_SHOWN
    rest = tr(" and {n} more classes").format(n=more) if more > 0 else ""
    return tr("{n:,} labelled {unit}: ").format(n=n, unit=unit) + shown + rest
