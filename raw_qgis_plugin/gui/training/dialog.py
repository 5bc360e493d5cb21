# SPDX-License-Identifier: GPL-2.0-or-later
"""The training dialog: Data, Question, Model, Hardware, Run. The work is a child process that outlives the dialog."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import QgsWkbTypes
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ...core.errors import InputError, Progress, RawError, part_of
from ...layers.reading import read_tracks
from ...processing.base import icon
from ...processing.words import tr
from ...tasks import child as runs
from ...tasks import training
from ...tasks.job import Job
from ..windows.help import open_help
from .hardware import HardwarePage
from .pages import DataPage, ModelPage, QuestionPage
from .run import RunPage

if TYPE_CHECKING:
    from ..menu import RawMenu

OPEN = ("running", "stopped", "interrupted")  # runs that wait for something


def open_training(menu: RawMenu) -> TrainingDialog:
    """Show the dialog; with a run that goes on or waits, its last page."""
    for window in menu.windows:
        if isinstance(window, TrainingDialog) and window.isVisible():
            window.raise_()
            return window
    dialog = TrainingDialog(menu)
    dialog.show()
    return dialog


class TrainingDialog(QDialog):
    """Five pages, and the steps from one to the next."""

    def __init__(self, menu: RawMenu) -> None:
        super().__init__(menu.iface.mainWindow())
        self.setObjectName("raw_training")
        self.setWindowTitle(tr("RAW: train a model"))
        self.setWindowIcon(icon("raw"))
        self.menu = menu
        self.job: Job | None = None
        layer = menu.iface.activeLayer()
        session = getattr(menu.dock, "session", None)
        self.data = DataPage(getattr(session, "layer", None) or layer)
        self.question = QuestionPage(self.data)
        self.model = ModelPage(self.question)
        self.hardware = HardwarePage(self.question, self.model, self._fixes)
        self.run = RunPage(menu)
        self.pages: tuple[Any, ...] = (self.data, self.question, self.model, self.hardware)
        self._lay_out()
        for page in self.pages:
            page.changed.connect(self.show_state)
        self.run.ended.connect(self.show_state)
        self.steps.currentRowChanged.connect(self.show_page)
        waiting = [child for child in self.run.list_runs() if child.status in OPEN]
        self.run.attach(waiting[0] if waiting else None)
        if waiting:
            self.run.list_runs(waiting[0])
        self.steps.setCurrentRow(4 if waiting else 0)

    def _lay_out(self) -> None:
        self.steps = QListWidget()
        self.steps.setObjectName("raw_training_steps")
        self.steps.addItems([tr(word) for word in ("Data", "Question", "Model", "Hardware", "Run")])
        self.steps.setFixedWidth(120)
        for row in range(self.steps.count()):
            self.steps.item(row).setSizeHint(QSize(100, 32))
        self.stack = QStackedWidget()
        for page in self.pages:
            self.stack.addWidget(scrolled(page))
        self.stack.addWidget(self.run)
        self.hint = QLabel()
        self.hint.setObjectName("raw_training_hint")
        self.hint.setWordWrap(True)
        self.back, self.next, self.start, close = (
            QPushButton(words) for words in (tr("Back"), tr("Next"), tr("Start training"), tr("Close"))
        )
        for name, button in (("back", self.back), ("next", self.next), ("start", self.start)):
            button.setObjectName(f"raw_training_{name}")
            button.setAutoDefault(False)
        self.back.clicked.connect(lambda: self.steps.setCurrentRow(self.steps.currentRow() - 1))
        self.next.clicked.connect(lambda: self.steps.setCurrentRow(self.steps.currentRow() + 1))
        self.start.clicked.connect(self.start_training)
        close.clicked.connect(self.close)
        close.setToolTip(tr("A running training goes on, also when QGIS is closed."))
        about = QPushButton(tr("Help"))
        about.setAutoDefault(False)
        about.clicked.connect(lambda: open_help("train", self))
        middle, row = QHBoxLayout(), QHBoxLayout()
        middle.addWidget(self.steps)
        middle.addWidget(self.stack, 1)
        row.addWidget(self.hint, 1)
        for button in (self.back, self.next, self.start, close, about):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.addLayout(middle, 1)
        layout.addLayout(row)
        self.resize(860, 560)

    def _fixes(self) -> int:
        layer = self.data.layer.currentLayer()
        return layer.featureCount() if layer is not None and layer.geometryType() == QgsWkbTypes.PointGeometry else -1

    def show_page(self, row: int) -> None:
        """Turn to a page."""
        self.stack.setCurrentIndex(row)
        self.show_state()

    def show_state(self) -> None:
        """What is still missing, and which buttons there are."""
        row = self.steps.currentRow()
        problems = [page.problem() for page in self.pages]
        first = next((n for n, words in enumerate(problems) if words), None)
        busy = self.job is not None
        self.back.setVisible(row > 0)
        self.next.setVisible(row < 3)
        self.start.setVisible(row == 3 or (row == 4 and busy))
        self.start.setEnabled(first is None and not busy)
        if row < 4:
            name = self.steps.item(first).text() if first is not None else ""
            elsewhere = f"{name}: " if first is not None and first != row else ""
            self.hint.setText(f"{elsewhere}{problems[first]}" if first is not None and first <= row else "")
        elif not busy:
            self.hint.setText(tr("A running training goes on when this window or QGIS is closed."))

    def start_training(self) -> None:
        """Write the tracks in a task, then start the child process."""
        teach, model = self.question.teach.isChecked(), self.model
        reading, labels, unit = self.data.reading(), self.question.labels, self.question.unit.currentData()
        field, task = self.question.label.currentField(), self.question.name.text()
        name, minutes, init = model.name.text().strip(), model.minutes.value(), model.init.currentData()
        device, preset, ways = self.hardware.device.currentData(), self.hardware.preset(), model.ways.isChecked()
        try:
            folder = runs.new_folder("teach" if teach else "pretrain")
        except (RawError, OSError) as error:
            self.hint.setText(str(error))
            return

        def work(progress: Progress) -> None:
            tracks, _ = read_tracks(reading, part_of(progress, 0, 0.8))
            if not len(tracks):
                raise InputError("No fix could be read from these tracks: look at the fields on the page Data.")
            training.write_tracks(tracks, folder / "tracks.parquet")
            if teach and labels is not None:
                training.write_labels(labels, unit, field, folder / "labels.csv")
                (folder / training.RESULT_FOLDER).mkdir()

        def done(_result: Any) -> None:
            self.job = None
            about = {"minutes": minutes, "name": name, "layer": self.data.layer.currentText()}
            if teach:
                arguments = training.finetuning_arguments(folder, init, unit, field, task, minutes, device)
                about["title"] = tr("Teach '{task}'").format(task=task)
                self._launch(training.FINETUNE, arguments, folder, about)
            else:
                arguments = training.pretraining_arguments(folder, init, preset, minutes, device, name, ways)
                about["title"] = tr("Go on pretraining '{name}'").format(name=name)
                self._launch(training.ADAPT, arguments, folder, about)

        def failed(words: str) -> None:
            self.job = None
            discard(folder)
            self.steps.setCurrentRow(3)
            self.hint.setText(words or tr("Cancelled."))

        self.run.attach(None)
        self.run.head.setText(tr("Reading the tracks …"))
        self.job = Job(tr("RAW: preparing a training"), work, done, failed)
        self.job.start()
        self.steps.setCurrentRow(4)

    def _launch(self, module: str, arguments: list[str], folder: Path, about: dict[str, Any]) -> None:
        try:
            child = runs.Child.start(module, arguments, folder, **about)
        except (RawError, OSError) as error:
            discard(folder)
            self.run.head.setText(str(error))
            return
        self.run.list_runs(child)
        self.run.attach(child)
        self.show_state()

    def done(self, result: int) -> None:
        """Esc and the like: as closing."""
        self._stop()
        super().done(result)

    def closeEvent(self, event: Any) -> None:  # noqa: N802
        """Stop looking; a training goes on."""
        self._stop()
        super().closeEvent(event)

    def _stop(self) -> None:
        self.run.timer.stop()
        self.hardware.stop()
        if self.job is not None:
            self.job.cancel()
        if self.question.job is not None:
            self.question.job.cancel()


def discard(folder: Path) -> None:
    """Remove the folder of a run that was not started."""
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def scrolled(page: QWidget) -> QScrollArea:
    """A page that scrolls where the window is small."""
    area = QScrollArea()
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    return area
