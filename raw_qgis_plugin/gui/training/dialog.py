# SPDX-License-Identifier: GPL-2.0-or-later
"""The training window: Data, Question, Model, Hardware, Run. A training is a process that outlives the window."""

from __future__ import annotations

from pathlib import Path
from shutil import rmtree
from typing import Any

from qgis.core import Qgis
from qgis.PyQt.QtCore import QEvent, QSize
from qgis.PyQt.QtWidgets import QListWidget, QPushButton, QStackedWidget

from ...core.errors import InputError, Progress, RawError, part_of
from ...layers.reading import read_tracks
from ...processing.words import tr
from ...tasks import child as runs
from ...tasks import training
from ...tasks.job import Job
from ..desktop import Desktop
from ..widgets.dialog import RawDialog
from ..widgets.layout import column, escaped, row, scrolling, wrapped
from ..windows.help import open_help
from .hardware import HardwarePage
from .pages import DataPage, ModelPage, QuestionPage
from .run import RunPage

RUN_PAGE = 4  # after the pages that describe the training


def open_training(desktop: Desktop) -> TrainingDialog:
    """Make the window, or return the one that is open."""
    for window in desktop.windows:
        if isinstance(window, TrainingDialog) and window.isVisible():
            window.raise_()
            return window
    return TrainingDialog(desktop)


class TrainingDialog(RawDialog):
    """Five pages. It opens on the last run, if there is one."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop.iface.mainWindow(), "raw_training", tr("RAW: train a model"))
        self.job: Job | None = None
        self.desktop = desktop
        self.data = DataPage(desktop.tracks_layer(), self._open_packages)
        self.question = QuestionPage(self.data, desktop.iface.activeLayer())
        self.model = ModelPage(self.question)
        self.hardware = HardwarePage(self.question, self.model, self._fixes)
        self.run = RunPage(desktop)
        self.pages: tuple[Any, ...] = (self.data, self.question, self.model, self.hardware)
        self._lay_out()
        for page in self.pages:
            page.changed.connect(self.show_state)
        self.run.ended.connect(self.show_state)
        self.run.started.connect(desktop.watch_training)
        self.run.started.connect(self.show_state)
        self.run.choice.activated.connect(self.show_state)  # after the page has taken the run
        self.steps.currentRowChanged.connect(self.show_page)
        last = next(iter(self.run.list_runs()), None)
        self.run.attach(last)
        self.steps.setCurrentRow(RUN_PAGE if last else 0)

    def _lay_out(self) -> None:
        self.steps = QListWidget(objectName="raw_training_steps")
        self.steps.addItems([tr(word) for word in ("Data", "Question", "Model", "Hardware", "Run")])
        self.steps.setFixedWidth(120)
        for at in range(self.steps.count()):
            self.steps.item(at).setSizeHint(QSize(100, 32))
        self.stack = QStackedWidget()
        for page in self.pages:
            self.stack.addWidget(scrolling(page))
        self.stack.addWidget(self.run)
        self.hint = wrapped(objectName="raw_training_hint")
        self.back, self.next, self.start, self.new = (
            QPushButton(words, objectName=f"raw_training_{name}", autoDefault=False, clicked=slot)
            for name, words, slot in (
                ("back", tr("Back"), lambda: self.steps.setCurrentRow(self.steps.currentRow() - 1)),
                ("next", tr("Next"), lambda: self.steps.setCurrentRow(self.steps.currentRow() + 1)),
                ("start", tr("Start training"), self.start_training),
                ("new", tr("New training"), lambda: self.steps.setCurrentRow(0)),
            )
        )
        tip = tr("A running training continues, also when QGIS is closed.")
        close = QPushButton(tr("Close"), toolTip=tip, clicked=self.close)
        about = QPushButton(tr("Help"), autoDefault=False, clicked=lambda: open_help("train", self))
        middle = row(self.steps, self.stack, stretch=self.stack)
        below = row(self.hint, self.back, self.next, self.start, self.new, close, about, stretch=self.hint)
        self.setLayout(column(middle, below, stretch=middle))
        self.resize(860, 560)

    def _fixes(self) -> int:
        layer = self.data.layer.currentLayer()
        return layer.featureCount() if layer is not None and layer.geometryType() == Qgis.GeometryType.Point else -1

    def show_page(self, row: int) -> None:
        """Turn to a page."""
        self.stack.setCurrentIndex(row)
        self.show_state()

    def show_state(self, _which: int = 0) -> None:
        """Show the first problem up to this page, and the buttons that make sense."""
        at = self.steps.currentRow()
        problems = [page.problem() for page in self.pages]
        first = next((n for n, words in enumerate(problems) if words), None)
        busy = self.job is not None
        self.back.setVisible(at > 0)
        self.next.setVisible(at < RUN_PAGE - 1)
        self.start.setVisible(at == RUN_PAGE - 1 or (at == RUN_PAGE and busy))
        self.start.setEnabled(first is None and not busy)
        self.new.setVisible(at == RUN_PAGE and not busy)
        if at < RUN_PAGE:
            words = problems[first] if first is not None and first <= at else ""
            elsewhere = words and first is not None and first != at
            self.hint.setText(f"{self.steps.item(first).text()}: {words}" if elsewhere else words)
        elif not busy:
            running = self.run.child is not None and self.run.child.status == "running"
            words = tr("A running training continues when this window or QGIS is closed.")
            self.hint.setText(words if running else "")

    def start_training(self) -> None:
        """Write the tracks in a task, then start the process."""
        finetune, model = self.question.finetune.isChecked(), self.model
        unit, field = self.question.unit.currentData(), self.question.label.currentField()
        task, name = self.question.name.text(), model.name.text().strip()
        minutes, init = model.minutes.value(), model.init.currentData()
        device, preset = self.hardware.device.currentData(), model.preset_name()
        layer = self.data.layer.currentText()
        try:
            reading, labelled = self.data.reading(), self.question.reading() if finetune else None
            folder = runs.new_folder("teach" if finetune else "pretrain")
        except (RawError, OSError) as error:
            self.hint.setText(str(error))
            return

        def work(progress: Progress) -> None:
            tracks, _ = read_tracks(reading, part_of(progress, 0, 0.8))
            if not len(tracks):
                raise InputError("No fix could be read from these tracks: check the fields on the page Data.")
            training.write_tracks(tracks, folder / "tracks.parquet")
            if labelled is not None:
                training.write_labels(labelled(part_of(progress, 0.8, 1)), unit, field, folder / "labels.csv")
                (folder / training.RESULT_FOLDER).mkdir()

        def done(_result: Any) -> None:
            self.job = None
            about = {"minutes": minutes, "name": name, "layer": layer}
            if finetune:
                arguments = training.finetuning_arguments(folder, init, unit, field, task, minutes, device)
                about["title"] = tr("Teach '{task}'").format(task=task)
                self._launch(training.FINETUNE, arguments, folder, about)
            else:
                arguments = training.pretraining_arguments(folder, init, preset, minutes, device, name)
                about["title"] = tr("Continue training: '{name}'").format(name=name)
                self._launch(training.ADAPT, arguments, folder, about)

        def failed(words: str) -> None:
            self.job = None
            rmtree(folder, ignore_errors=True)
            self.steps.setCurrentRow(RUN_PAGE - 1)
            self.hint.setText(words or tr("Cancelled."))

        self.run.attach(None)
        self.run.head.setText(tr("Reading the tracks …"))
        self.job = Job(tr("RAW: preparing a training"), work, done, failed)
        self.job.start()
        self.steps.setCurrentRow(RUN_PAGE)

    def _launch(self, module: str, arguments: list[str], folder: Path, about: dict[str, Any]) -> None:
        try:
            child = runs.Child.start(module, arguments, folder, **about)
        except (RawError, OSError) as error:
            rmtree(folder, ignore_errors=True)
            self.run.head.setText(escaped(str(error)))
            return
        self.run.list_runs(child)
        self.run.attach(child)
        self.run.started.emit()
        self.show_state()

    def _open_packages(self) -> None:
        self.desktop.open_window("environment").with_training.setChecked(True)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Look for packages again when the user comes back from their window."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.data.check_packages()

    def closing(self) -> None:
        """Stop what the pages do. A training continues."""
        self.run.timer.stop()
        self.hardware.stop()
        for job in (self.job, self.question.job):
            if job is not None:
                job.cancel()
