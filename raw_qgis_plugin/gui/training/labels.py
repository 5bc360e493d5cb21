# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of the training page on labels: the table with examples, its fields, and how many there are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.core import QgsFeatureRequest, QgsProject, QgsVectorLayer
from qgis.gui import QgsFieldComboBox, QgsMapLayerComboBox
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QFileDialog, QFormLayout, QLineEdit, QPushButton, QWidget

from ...core.bundle.card import HEAD_NAME, HEAD_NAMES, is_head_name
from ...core.errors import Progress
from ...core.sources.schema import TRACK, USER, plain
from ...layers.reading import Snapshot
from ...layers.words import MADE
from ...processing.words import tr
from ...tasks.job import Job
from ...tasks.training import Labels, count_labels, read_labels
from ..widgets.layout import row, silent, wrapped
from ..widgets.track_fields import TrackFields

NUMBERS = {"fid", "id", "ogc_fid"}  # fields that number the rows


class LabelForm(QWidget):
    """Chooses the labels. `changed`: they are others, or were counted."""

    changed = pyqtSignal()

    def __init__(self, tracks: TrackFields) -> None:
        """tracks: the fields of the layer of tracks."""
        super().__init__()
        self.tracks = tracks
        self.labels: Labels | None = None
        self.job: Job | None = None
        self.unit = QComboBox(objectName="raw_training_unit")
        for unit, words in (("user", tr("users")), ("track", tr("tracks (trips)"))):
            self.unit.addItem(words, unit)
        self.table = QgsMapLayerComboBox(objectName="raw_training_table")
        self.table.setLayer(proposed_table())
        tip = tr("A table with the labels, such as a CSV file: it becomes a layer of the project")
        file = QPushButton(tr("File…"), toolTip=tip, autoDefault=False, clicked=lambda: self.load())
        self.key = QgsFieldComboBox(objectName="raw_training_key")
        self.label = QgsFieldComboBox(objectName="raw_training_label")
        self.name = QLineEdit(objectName="raw_training_name", textChanged=self.changed)
        self.note = wrapped(textFormat=Qt.TextFormat.PlainText)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(tr("Label of"), self.unit)
        form.addRow(tr("Labels are in"), row(self.table, file, stretch=self.table))
        form.addRow(tr("Id field"), self.key)
        form.addRow(tr("Label field"), self.label)
        form.addRow(tr("Label name"), self.name)
        form.addRow(self.note)
        self.unit.currentIndexChanged.connect(self.guess)
        self.table.layerChanged.connect(self.guess)
        for box in (self.key, self.label, tracks.boxes["user"]):
            box.fieldChanged.connect(self.count)

    def load(self, path: str = "") -> None:
        """Ask for a file with labels, and add it to the project as a layer."""
        kinds = f"{tr('Tables')} (*.csv *.tsv *.txt *.gpkg *.parquet *.xlsx *.ods *.dbf *.shp);;{tr('All files')} (*)"
        path = path or QFileDialog.getOpenFileName(self, tr("Labels are in"), "", kinds)[0]
        layer = QgsVectorLayer(path, Path(path).stem, "ogr") if path else None
        if layer is not None and layer.isValid():
            self.table.setLayer(QgsProject.instance().addMapLayer(layer))
        elif layer is not None:
            words = tr("{file} cannot be opened as a table. Save it as CSV or GeoPackage.")
            self.note.setText(words.format(file=Path(path).name))

    def guess(self, _what: Any = None) -> None:
        """Choose the id field by its usual names, else the first that differs in all rows; then the label field."""
        layer, unit = self.table.currentLayer(), self.unit.currentData()
        fields = list(layer.fields()) if layer is not None else []
        names = [field.name() for field in fields]
        same = self.tracks.boxes[unit].currentField()
        usual = USER if unit == "user" else TRACK
        key = same if same in names else next((n for n in names if plain(n) in usual), "")
        key = key or differing_field(layer, [n for n in names if n.lower() not in NUMBERS])
        taken = {key, *(box.currentField() for box in self.tracks.boxes.values()), *NUMBERS}
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
        self.note.setText("")
        if layer is not None and key and label and not self.isHidden():

            def done(labels: Labels) -> None:
                if self.job is job:
                    self.labels, self.job = labels, None
                    self.note.setText(describe_labels(labels, self.unit.currentText()))
                    self.changed.emit()

            self.note.setText(tr("Counting the labels …"))
            reading = self.reading()
            count = tr("RAW: counting labels")
            job = self.job = Job(count, lambda each: count_labels(reading(each)), done, self.note.setText)
            job.start()
        self.changed.emit()

    def reading(self) -> Callable[[Progress], dict[str, list[Any]]]:
        """How a task reads the labels as they are now."""
        layer, key, label = self.table.currentLayer(), self.key.currentField(), self.label.currentField()
        user, unit = self.tracks.boxes["user"].currentField(), self.unit.currentData()
        fields = {f"{unit}_id": key, "label": label}
        if unit == "track" and user in layer.fields().names() and user not in (key, label):
            fields["user_id"] = user  # users may number their tracks alike
        source = Snapshot(layer)
        return lambda progress: read_labels(source, fields, progress=progress)

    def problem(self) -> str:
        """Why nothing can be learned yet: a label needs enough examples, and a name."""
        if self.labels is None:
            return tr("Choose the layer or table with the labels, its id field and its label field.")
        if len(self.labels.values) < 10:
            return tr("Only {n} labels: at least ten are needed.").format(n=len(self.labels.values))
        if len(set(self.labels.values)) < 2:
            return tr("All labels are equal: there is nothing to learn.")
        name = self.name.text()
        if not re.fullmatch(HEAD_NAME, name):
            return tr("The name takes small letters, digits and _, such as: commuter.")
        return "" if is_head_name(name) else f"'{name}' is no name for a task: {HEAD_NAMES}."


def proposed_table() -> QgsVectorLayer | None:
    """The first table of the project that is no result of RAW: it may hold labels."""
    layers = QgsProject.instance().mapLayers().values()
    tables = (layer for layer in layers if isinstance(layer, QgsVectorLayer) and not layer.isSpatial())
    return next((table for table in tables if not table.customProperty(MADE)), None)


def differing_field(layer: QgsVectorLayer | None, names: list[str], rows: int = 1000) -> str:
    """The first field that is different in each of the first rows; '' where there is none."""
    features = list(layer.getFeatures(QgsFeatureRequest().setLimit(rows))) if layer is not None and names else []
    several = (name for name in names if len({str(each[name]) for each in features}) == len(features) > 1)
    return next(several, "")


def describe_labels(labels: Labels, unit: str, max_classes: int = 12) -> str:
    """Count the labels in words. unit: of what they are. max_classes: listed by name."""
    counts, n, several = Counter(labels.values), len(labels.values), labels.contradictory
    left_out = tr(" (with different labels, left out: {n:,})").format(n=several) if several else ""
    if labels.is_number:
        numbers = sorted(float(v) for v in counts.elements())
        words = tr(
            "{n:,} {unit} with numbers from {low:g} to {high:g}, median {middle:g}: the answer will be a number."
        )
        return words.format(n=n, unit=unit, low=numbers[0], high=numbers[-1], middle=numbers[n // 2]) + left_out
    shown = ", ".join(f"{value} {count:,}" for value, count in counts.most_common(max_classes))
    more = len(counts) - max_classes
    rest = tr(" and {n} more classes").format(n=more) if more > 0 else ""
    return tr("{n:,} labelled {unit}: ").format(n=n, unit=unit) + shown + rest + left_out
