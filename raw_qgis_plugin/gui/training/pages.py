# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages of the training window that describe a training. The method `problem` of each names what is missing."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from qgis.core import Qgis, QgsFeatureRequest, QgsProject, QgsVectorLayer
from qgis.gui import QgsFieldComboBox, QgsMapLayerComboBox
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QWidget,
)

from ...core.bundle.card import HEAD_NAME, HEAD_NAMES, is_head_name
from ...core.errors import Progress
from ...core.paths import shipped_bundle
from ...core.sources.schema import TRACK, USER, plain
from ...environment import packages
from ...environment.folders import models_folder
from ...layers.reading import ReadPlan, Schema, Snapshot, snapshot
from ...processing.words import tr
from ...tasks.job import Job
from ...tasks.training import PRESETS, Labels, read_labels
from ..layer_kinds import has_fixes
from ..results import made_at, run_of
from ..widgets.layout import column, escaped, row, silent, wrapped
from ..widgets.track_fields import TrackFields, layer_box, remembered


class Page(QWidget):
    """A page: a heading, words on its subject, a form, and a note."""

    changed = pyqtSignal()
    title = ""
    about = ""

    def __init__(self) -> None:
        super().__init__()
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.note = wrapped()
        heading = QLabel(f"<h3 style='margin:0'>{tr(self.title)}</h3>")
        about = wrapped(tr(self.about))
        self.column = column(heading, about, self.form, self.note, None, margins_px=(12, 4, 4, 4))
        self.setLayout(self.column)

    def problem(self) -> str:
        """Why the training cannot start with the choices on this page; '' where it can."""
        return ""


class DataPage(Page):
    """The tracks to learn from."""

    title = "Data"
    about = "The tracks to learn from. They stay on this machine; a copy lies in the run's folder until it is done."

    def __init__(self, current: Any, open_packages: Callable[[], Any]) -> None:
        """current: the layer to start with, if it has fixes. open_packages: opens the window that installs some."""
        super().__init__()
        self.packages = wrapped(objectName="raw_training_packages")
        self.install = QPushButton(
            tr("Packages…"), objectName="raw_training_install", autoDefault=False, clicked=lambda: open_packages()
        )
        self.column.insertLayout(2, row(self.packages, self.install, stretch=self.packages))
        self.lacking: list[packages.Package] = []
        self.layer = layer_box("raw_training_layer")
        self.form.addRow(tr("Tracks"), self.layer)
        self.track_fields = TrackFields(self.form, (tr("User field"), tr("Track field"), tr("Time field")))
        self.fields, self.zone = self.track_fields.boxes, self.track_fields.zone
        for box in self.fields.values():
            box.fieldChanged.connect(self.changed)
        self.alone = wrapped(tr("⚠ Without a user field all fixes count as one person's: nobody can be held out."))
        self.column.insertWidget(self.column.indexOf(self.note), self.alone)
        self.changed.connect(lambda: self.alone.setVisible(not self.fields["user"].currentField()))
        self.layer.layerChanged.connect(self.take)
        if has_fixes(current):
            self.layer.setLayer(current)
        self.take(self.layer.currentLayer())
        self.check_packages()

    def check_packages(self) -> None:
        """Show which packages training lacks."""
        self.lacking = [package for package in packages.check("train") if package.problem]
        words = tr("All packages that training needs are installed.")
        if self.lacking:
            words = tr(
                "⚠ Training needs packages that are missing or old: {names}, about {megabytes:,} MB to download."
            )
        names, megabytes = ", ".join(p.name for p in self.lacking), packages.download_megabytes(self.lacking)
        self.packages.setText(words.format(names=names, megabytes=megabytes))
        self.changed.emit()

    def take(self, layer: QgsVectorLayer | None) -> None:
        """Choose the fields of a layer: those stored with it, else a guess."""
        fields, zone = remembered(layer) if layer is not None else (Schema(), "UTC")
        self.track_fields.show(layer, fields, zone)
        if layer is not None:
            self.note.setText(tr("Features: {n:,}").format(n=layer.featureCount()))
        self.changed.emit()

    def reading(self) -> ReadPlan:
        """The plan by which a task reads the tracks."""
        return snapshot(self.layer.currentLayer(), self.track_fields.choice(), self.zone.zone())

    def problem(self) -> str:
        """The packages must be there, and the layer must have fixes, with times."""
        layer = self.layer.currentLayer()
        if self.lacking:
            return tr("Install the packages that training needs first.")
        if not has_fixes(layer):
            return tr("Choose a layer of points with a time, or of lines with M values.")
        if layer.geometryType() == Qgis.GeometryType.Point and not self.fields["time"].currentField():
            return tr("Choose the field with the time.")
        return ""


class QuestionPage(Page):
    """The choice between more training on movement (model.adapt) and a new label (model.finetune)."""

    title = "Question"
    about = "What the model shall learn."

    def __init__(self, data: DataPage, current: Any = None) -> None:
        """current: the layer to take the labels from, if it is a table."""
        super().__init__()
        self.data = data
        self.adapt = QRadioButton(
            tr("Continue training on my tracks: how people move here. No labels needed."),
            objectName="raw_training_adapt", checked=True,
        )  # fmt: skip
        self.finetune = QRadioButton(
            tr("Teach a new label: a question about users or tracks, from examples."),
            objectName="raw_training_finetune",
        )  # fmt: skip
        self.column.insertWidget(2, self.adapt)
        self.column.insertWidget(3, self.finetune)
        self.unit = QComboBox()
        self.unit.addItem(tr("users"), "user")
        self.unit.addItem(tr("tracks (trips)"), "track")
        self.table = QgsMapLayerComboBox(objectName="raw_training_table")
        self.table.setFilters(Qgis.LayerFilter.VectorLayer)
        self.table.setLayer(proposed_table(current) or data.layer.currentLayer())
        tip = tr("A table with the labels, such as a CSV file: it becomes a layer of the project")
        self.file = QPushButton(
            tr("File…"), objectName="raw_training_file", toolTip=tip, autoDefault=False, clicked=lambda: self.load()
        )
        self.tables = QWidget()
        self.tables.setLayout(row(self.table, self.file, stretch=self.table, margins_px=0))
        self.key = QgsFieldComboBox(objectName="raw_training_key")
        self.label = QgsFieldComboBox(objectName="raw_training_label")
        self.name = QLineEdit(objectName="raw_training_name")
        self.rows = (
            (tr("Label of"), self.unit), (tr("Labels are in"), self.tables), (tr("Id field"), self.key),
            (tr("Label field"), self.label), (tr("Name of the question"), self.name),
        )  # fmt: skip
        for words, widget in self.rows:
            self.form.addRow(words, widget)
        self.labels: Labels | None = None
        self.job: Job | None = None
        self.finetune.toggled.connect(self.show_labels)
        self.unit.currentIndexChanged.connect(self.guess)
        self.table.layerChanged.connect(self.guess)
        for box in (self.key, self.label, data.fields["user"]):
            box.fieldChanged.connect(self.count)
        self.name.textChanged.connect(self.changed)
        self.show_labels(False)

    def show_labels(self, on: bool) -> None:
        """Show or hide what a label needs."""
        for _, widget in self.rows:
            widget.setVisible(on)
            self.form.labelForField(widget).setVisible(on)
        self.note.setVisible(on)
        if on:
            self.guess()
        self.changed.emit()

    def load(self, path: str = "") -> None:
        """Ask for a file with labels, and add it to the project as a layer."""
        kinds = f"{tr('Tables')} (*.csv *.tsv *.txt *.gpkg *.parquet *.xlsx *.ods *.dbf *.shp);;{tr('All files')} (*)"
        path = path or QFileDialog.getOpenFileName(self, tr("Labels are in"), "", kinds)[0]
        if not path:
            return
        layer = QgsVectorLayer(path, Path(path).stem, "ogr")
        if layer.isValid():
            self.table.setLayer(QgsProject.instance().addMapLayer(layer))
        else:
            words = tr("{file} cannot be opened as a table. Save it as CSV or GeoPackage.")
            self.note.setText(words.format(file=Path(path).name))

    def guess(self, _what: Any = None) -> None:
        """Choose the id field by its usual names, else the first that tells all rows apart; then the label field."""
        layer, unit = self.table.currentLayer(), self.unit.currentData()
        fields = list(layer.fields()) if layer is not None else []
        names = [field.name() for field in fields]
        same = self.data.fields[unit].currentField()
        usual = USER if unit == "user" else TRACK
        key = same if same in names else next((n for n in names if plain(n) in usual), "")
        numbers = {"fid", "id", "ogc_fid"}
        key = key or telling_field(layer, [n for n in names if n.lower() not in numbers])
        taken = {key, *(box.currentField() for box in self.data.fields.values()), *numbers}
        free = [field for field in fields if field.name() not in taken]
        texts = [field for field in free if not field.isNumeric() and not field.isDateOrTime()]
        label = next((field.name() for field in texts + free), "")
        with silent(self.key, self.label):
            for box, name in ((self.key, key), (self.label, label)):
                box.setLayer(layer)
                box.setField(name)
        self.count()

    def count(self, _name: str = "") -> None:
        """Count the labels, in a task."""
        if self.job is not None:
            self.job.cancel()
        self.labels, self.job = None, None
        layer, key, label = self.table.currentLayer(), self.key.currentField(), self.label.currentField()
        self.name.setText(re.sub(r"\W+", "_", label.lower(), flags=re.ASCII).strip("_"))
        if layer is None or not key or not label or not self.finetune.isChecked():
            self.note.setText("")
            self.changed.emit()
            return

        def done(labels: Labels) -> None:
            if self.job is job:
                self.labels, self.job = labels, None
                self.note.setText(describe_labels(labels, self.unit.currentText()))
                self.changed.emit()

        def failed(words: str) -> None:
            if self.job is job:
                self.job = None
                self.note.setText(words)

        self.note.setText(tr("Counting the labels …"))
        job = self.job = Job(tr("RAW: counting labels"), self.reading(), done, failed)
        job.start()

    def reading(self) -> Callable[[Progress], Labels]:
        """How a task reads the labels as they are now."""
        layer, key, label = self.table.currentLayer(), self.key.currentField(), self.label.currentField()
        user = self.data.fields["user"].currentField()  # users may number their tracks alike
        known = user in layer.fields().names() and user not in (key, label) and self.unit.currentData() == "track"
        return partial(read_labels, Snapshot(layer), key, label, user=user if known else "")

    def problem(self) -> str:
        """A label needs enough examples, and a name."""
        if self.adapt.isChecked():
            return ""
        if self.labels is None:
            return tr("Choose the layer or table with the labels, its id field and its label field.")
        if len(self.labels.values) < 10:
            return tr("Only {n} labels: at least ten are needed.").format(n=len(self.labels.values))
        if len(set(self.labels.values.values())) < 2:
            return tr("All labels are equal: there is nothing to learn.")
        name = self.name.text()
        if not re.fullmatch(HEAD_NAME, name):
            return tr("The name takes small letters, digits and _, such as: commuter.")
        return "" if is_head_name(name) else f"'{name}' is no name for a task: {HEAD_NAMES}."


class ModelPage(Page):
    """The model to start from, and the time to train."""

    title = "Model"
    about = "The model to start from. It stays as it is: the training makes a new one."

    def __init__(self, question: QuestionPage) -> None:
        super().__init__()
        self.question = question
        self.init = QComboBox(objectName="raw_training_init")
        self.preset = QComboBox(objectName="raw_training_preset")
        self.preset.addItems(PRESETS)
        self.preset.setCurrentText("raw-small")
        self.minutes = QDoubleSpinBox(
            objectName="raw_training_minutes", minimum=0.1, maximum=10_000, decimals=1, value=30, suffix=tr(" min")
        )
        self.name = QLineEdit(tr("my model"), objectName="raw_training_model_name")
        self.form.addRow(tr("Begin with"), self.init)
        self.form.addRow(tr("Size"), self.preset)
        self.budget = QLabel()
        self.form.addRow(self.budget, self.minutes)
        self.form.addRow(tr("Name of the new model"), self.name)
        self.init.currentIndexChanged.connect(self.show_choice)
        self.preset.currentIndexChanged.connect(self.changed)
        self.minutes.valueChanged.connect(self.changed)
        question.changed.connect(self.list_models)
        self.list_models()

    def list_models(self) -> None:
        """List the shipped model, the user's own, and, without a label to learn, none at all."""
        chosen = self.init.currentData()
        with silent(self.init):
            self.init.clear()
            self.init.addItem(tr("{name}, which comes with RAW").format(name=shipped_bundle().name), "shipped")
            for folder in sorted(models_folder().iterdir()):
                if (folder / "card.json").is_file():
                    self.init.addItem(folder.name, str(folder))
            if self.question.adapt.isChecked():
                self.init.addItem(tr("nothing: random weights"), "none")
            self.init.setCurrentIndex(max(0, self.init.findData(chosen)))
        self.show_choice()

    def preset_name(self) -> str:
        """The size that will be trained: the chosen one for a new model, else that of the bundle's card."""
        init = self.init.currentData()
        if init == "none":
            return self.preset.currentText()
        folder = shipped_bundle() if init == "shipped" else Path(init)
        try:
            return str(json.loads((folder / "card.json").read_text("utf-8"))["config"]["preset"])
        except (OSError, ValueError, KeyError, TypeError):
            return "raw-small"  # the training itself checks the bundle

    def show_choice(self, _index: int = 0) -> None:
        """Explain the choice. The size is free only for a new model."""
        anew, adapt = self.init.currentData() == "none", self.question.adapt.isChecked()
        self.preset.setEnabled(anew)
        self.budget.setText(tr("Train for") if adapt else tr("Train for at most"))
        if anew:
            words = tr("A model from nothing needs many tracks and hours. raw-nano is for trying things out.")
        elif adapt:
            words = tr(
                "Its heads are taught again afterwards, and those that no longer hold are dropped. The page Hardware "
                "estimates the time of all."
            )
        else:
            words = tr(
                "The model learns one more answer, tested on held-out examples. The training ends by itself, after "
                "this time at the latest."
            )
        self.note.setText(words)
        self.changed.emit()

    def problem(self) -> str:
        """The new model needs a name."""
        return "" if self.name.text().strip() else tr("Give the new model a name.")


def proposed_table(current: Any) -> QgsVectorLayer | None:
    """The table that may hold labels: the current layer, else the first of the project; no result of RAW."""
    layers = [current, *QgsProject.instance().mapLayers().values()]
    tables = (layer for layer in layers if isinstance(layer, QgsVectorLayer) and not layer.isSpatial())
    return next((table for table in tables if not run_of(table) and not made_at(table)), None)


def telling_field(layer: QgsVectorLayer | None, names: list[str], rows: int = 1000) -> str:
    """The first field that is different in each of the first rows; '' where there is none."""
    features = list(layer.getFeatures(QgsFeatureRequest().setLimit(rows))) if layer is not None and names else []
    several = (name for name in names if len({str(each[name]) for each in features}) == len(features) > 1)
    return next(several, "")


def describe_labels(labels: Labels, unit: str, max_classes: int = 12) -> str:
    """Count the labels in words. unit: of what they are. max_classes: listed by name."""
    counts, n, several = Counter(labels.values.values()), len(labels.values), len(labels.contradictory)
    left_out = tr(" (with different labels, left out: {n:,})").format(n=several) if several else ""
    if labels.is_number:
        numbers = sorted(float(v) for v in counts.elements())
        words = tr(
            "{n:,} {unit} with numbers from {low:g} to {high:g}, median {middle:g}: the answer will be a number."
        )
        return words.format(n=n, unit=unit, low=numbers[0], high=numbers[-1], middle=numbers[n // 2]) + left_out
    shown = ", ".join(f"<b>{escaped(value)}</b> {count:,}" for value, count in counts.most_common(max_classes))
    more = len(counts) - max_classes
    rest = tr(" and {n} more classes").format(n=more) if more > 0 else ""
    return tr("{n:,} labelled {unit}: ").format(n=n, unit=unit) + shown + rest + left_out
