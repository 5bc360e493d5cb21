# SPDX-License-Identifier: GPL-2.0-or-later
"""The training page: tracks, what to learn, for how long and on which device; beside it the run."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import rmtree
from typing import Any

from qgis.core import Qgis
from qgis.PyQt.QtCore import QEvent
from qgis.PyQt.QtWidgets import QComboBox, QFormLayout, QGroupBox, QLineEdit, QPushButton, QRadioButton, QWidget

from ...core.errors import InputError, Progress, RawError, part_of
from ...core.paths import shipped_bundle
from ...core.specs import DEVICES, PretrainSpec
from ...environment import packages
from ...environment.folders import models_folder
from ...layers.reading import Schema, read_tracks, snapshot
from ...processing.words import tr
from ...tasks import child as runs
from ...tasks import training
from ...tasks.job import Job
from ..desktop import Desktop
from ..layer_kinds import has_fixes
from ..widgets.dialog import RawDialog
from ..widgets.layout import column, escaped, row, scrolling, silent, wrapped
from ..widgets.option_form import OptionForm
from ..widgets.track_fields import TrackFields, layer_box, remembered
from .labels import LabelForm
from .run import RunPanel

SHIPPED, NONE = "shipped", "none"


def open_training(desktop: Desktop) -> TrainingDialog:
    """Make the window, or return the one that is open."""
    return desktop.opened("raw_training") or TrainingDialog(desktop)


class TrainingDialog(RawDialog):
    """One page. A training is a process that outlives the window: the latest run is shown when it opens."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop.iface.mainWindow(), "raw_training", tr("Train a model"))
        self.desktop = desktop
        self.job: Job | None = None
        self.lacking: list[packages.Package] = []
        self.run = RunPanel(desktop)
        self._make_form()
        self.hint = wrapped(objectName="raw_training_hint")
        self.install = QPushButton(tr("Packages…"), autoDefault=False, clicked=self._open_packages)
        self.start = QPushButton(
            tr("Start training"), objectName="raw_training_start", autoDefault=False, clicked=self.start_training
        )
        form = QWidget()
        form.setLayout(column(*self.boxes, None, margins_px=(0, 0, 8, 0)))
        area = scrolling(form)
        area.setMinimumWidth(form.minimumSizeHint().width() + 24)
        left = column(area, self.hint, row(self.start, self.install, None), stretch=area)
        middle = row(left, self.run, stretch=self.run)
        self.setLayout(column(middle, self.buttons(page="train"), stretch=middle))
        self.resize(1080, 680)
        self._connect()
        self.list_models()
        self.run.attach(next(iter(self.run.list_runs()), None))
        self.check_packages()

    def _make_form(self) -> None:
        self.layer = layer_box("raw_training_layer")
        data = QFormLayout()
        data.addRow(tr("Tracks"), self.layer)
        self.track_fields = TrackFields(data, (tr("User field"), tr("Track field"), tr("Time field")))
        self.alone = wrapped(tr("⚠ Without a user field all fixes count as one person's: nobody can be held out."))
        data.addRow(self.alone)
        self.adapt = QRadioButton(
            tr("How people move here: continue training, no labels needed"),
            objectName="raw_training_adapt",
            checked=True,
        )
        self.teach = QRadioButton(tr("A label of my own, from examples"), objectName="raw_training_finetune")
        self.labels = LabelForm(self.track_fields)
        self.labels.hide()
        self.init = QComboBox(objectName="raw_training_init")
        self.device = QComboBox(objectName="raw_training_device")
        for device in DEVICES:
            self.device.addItem(tr("Automatic") if device == "auto" else device, device)
        self.name = QLineEdit(tr("my model"), objectName="raw_training_model_name")
        model = OptionForm(PretrainSpec)
        self.preset, self.minutes = model.boxes["PRESET"], model.boxes["MINUTES"]
        model.insertRow(0, tr("Begin with"), self.init)
        model.addRow(tr("Device"), self.device)
        model.addRow(tr("Name of the new model"), self.name)
        self.note = wrapped()
        model.addRow(self.note)
        what = column(self.adapt, self.teach, self.labels)
        parts = (tr("Data"), data), (tr("Learn"), what), (tr("Model"), model)
        self.boxes = [QGroupBox(title) for title, _ in parts]
        for box, (_, layout) in zip(self.boxes, parts):
            box.setLayout(layout)

    def _connect(self) -> None:
        self.layer.layerChanged.connect(self.take_layer)
        current = self.desktop.tracks_layer()
        if has_fixes(current):
            self.layer.setLayer(current)
        self.take_layer(self.layer.currentLayer())
        self.adapt.toggled.connect(self._choose_question)
        for signal in (
            *(box.fieldChanged for box in self.track_fields.boxes.values()), self.labels.changed, self.name.textChanged,
            self.run.ended, self.run.started,
        ):  # fmt: skip
            signal.connect(self.show_state)
        self.init.currentIndexChanged.connect(self.show_state)
        self.run.started.connect(self.desktop.watch_training)

    def take_layer(self, layer: Any) -> None:
        """Choose the fields of a layer: those stored with it, else a guess."""
        fields, zone = remembered(layer) if layer is not None else (Schema(None, None, None), "UTC")
        self.track_fields.show(layer, fields, zone)
        self.show_state()

    def _choose_question(self) -> None:
        self.labels.setVisible(self.teach.isChecked())
        if self.teach.isChecked():
            self.labels.guess()
        self.list_models()

    def list_models(self) -> None:
        """List the shipped model, the user's own, and, without a label to learn, none at all."""
        chosen = self.init.currentData()
        with silent(self.init):
            self.init.clear()
            self.init.addItem(tr("{name}, which comes with RAW").format(name=shipped_bundle().name), SHIPPED)
            for folder in sorted(models_folder().glob("*")):
                if (folder / "card.json").is_file():
                    self.init.addItem(folder.name, str(folder))
            if self.adapt.isChecked():
                self.init.addItem(tr("nothing: random weights"), NONE)
            self.init.setCurrentIndex(max(0, self.init.findData(chosen)))
        self.show_state()

    def check_packages(self) -> None:
        """Look which packages training lacks."""
        self.lacking = [package for package in packages.check("train") if package.problem]
        self.show_state()

    # ---- state --------------------------------------------------------------------------------------------------

    def problem(self) -> str:
        """Why the training cannot start; '' where it can."""
        layer, time = self.layer.currentLayer(), self.track_fields.boxes["time"].currentField()
        if self.lacking:
            names, mb = ", ".join(p.name for p in self.lacking), packages.download_megabytes(self.lacking)
            words = tr(
                "⚠ Training needs packages that are missing or old: {names}, about {megabytes:,} MB to download."
            )
            return words.format(names=names, megabytes=mb)
        if not has_fixes(layer):
            return tr("Choose a layer of points with a time, or of lines with M values.")
        if layer.geometryType() == Qgis.GeometryType.Point and not time:
            return tr("Choose the field with the time.")
        if self.teach.isChecked() and (words := self.labels.problem()):
            return words
        return "" if self.name.text().strip() else tr("Give the new model a name.")

    def show_state(self, _what: Any = None) -> None:
        """Show what is missing, and what the choices mean."""
        if not hasattr(self, "start"):
            return
        words, anew = self.problem(), self.init.currentData() == NONE
        self.start.setEnabled(not words and self.job is None)
        self.install.setVisible(bool(self.lacking))
        self.alone.setVisible(not self.track_fields.boxes["user"].currentField())
        self.preset.setEnabled(anew)
        if not anew:
            self.preset.setCurrentIndex(max(0, self.preset.findData(self._size())))
        if anew:
            note = tr("A model from random weights needs many tracks and hours. raw-nano is for trials.")
        elif self.adapt.isChecked():
            note = tr(
                "A new model without heads, compared with the one before on people held out. The comparison takes some "
                "minutes after the training."
            )
        else:
            note = tr("The model learns one more label, tested on held-out examples, in this time at most.")
        self.note.setText(note)
        running = tr("A running training continues when this window or QGIS is closed.")
        self.hint.setText(words or (running if self.run.status == "running" else ""))

    def _size(self) -> str:
        """The size of the model to begin with, by its card."""
        folder = shipped_bundle() if self.init.currentData() == SHIPPED else Path(self.init.currentData() or "")
        try:
            return str(json.loads((folder / "card.json").read_text("utf-8"))["config"]["preset"])
        except (OSError, ValueError, KeyError, TypeError):
            return "raw-small"  # the training itself checks the bundle

    # ---- the start ----------------------------------------------------------------------------------------------

    def start_training(self) -> None:
        """Write the tracks in a task, then start the process."""
        teach, unit, field = self.teach.isChecked(), self.labels.unit.currentData(), self.labels.label.currentField()
        name, task, minutes = self.name.text().strip(), self.labels.name.text(), self.minutes.value()
        init, device, preset = self.init.currentData(), self.device.currentData(), self.preset.currentData()
        about = {"minutes": minutes, "name": name, "layer": self.layer.currentText()}
        try:
            reading = snapshot(self.layer.currentLayer(), self.track_fields.choice(), self.track_fields.zone.zone())
            labelled = self.labels.reading() if teach else None
            folder = runs.new_folder("teach" if teach else "pretrain")
        except (RawError, OSError) as error:
            self.hint.setText(str(error))
            return

        def work(progress: Progress) -> None:
            tracks, _ = read_tracks(reading, part_of(progress, 0, 0.8))
            if not len(tracks):
                raise InputError("No fix could be read from these tracks: check the fields.")
            training.write_tracks(tracks, folder / "tracks.parquet")
            if labelled is not None:
                training.write_labels(labelled(part_of(progress, 0.8, 1)), folder / "labels.parquet")
                (folder / training.RESULT_FOLDER).mkdir()

        def done(_result: Any) -> None:
            self.job = None
            if teach:
                arguments = training.finetuning_arguments(folder, init, unit, field, task, minutes, device)
                module, about["title"] = training.FINETUNE, tr("Teach '{task}'").format(task=task)
            else:
                arguments = training.pretraining_arguments(folder, init, preset, minutes, device, name)
                module, about["title"] = training.ADAPT, tr("Continue training: '{name}'").format(name=name)
            try:
                child = runs.Child.start(module, arguments, folder, **about)
            except (RawError, OSError) as error:
                failed(str(error))
                return
            self.run.list_runs(child)
            self.run.attach(child)
            self.run.started.emit()

        def failed(words: str) -> None:
            self.job = None
            rmtree(folder, ignore_errors=True)
            self.run.attach(None)
            self.show_state()
            self.hint.setText(escaped(words) or tr("Cancelled."))

        self.run.attach(None, tr("Reading the tracks …"))
        self.job = Job(tr("RAW: preparing a training"), work, done, failed).start()
        self.show_state()

    def _open_packages(self) -> None:
        self.desktop.open_window("environment").with_training.setChecked(True)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Look for packages again when the user comes back from their window."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.check_packages()

    def closing(self) -> None:
        """Stop what the page does. A training continues."""
        self.run.timer.stop()
        for job in (self.job, self.labels.job):
            if job is not None:
                job.cancel()
