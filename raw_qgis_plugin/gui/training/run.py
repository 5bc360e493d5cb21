# SPDX-License-Identifier: GPL-2.0-or-later
"""A training run beside its description: one in progress, or one that an earlier QGIS started."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QTimer, QUrl, pyqtSignal
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QComboBox, QMessageBox, QPlainTextEdit, QProgressBar, QWidget

from ...core.bundle import library
from ...core.errors import RawError
from ...environment.folders import models_folder
from ...processing.progress import time_left
from ...processing.words import tr
from ...tasks import training
from ...tasks.child import Child, runs
from ...tasks.job import Job
from ..desktop import Desktop
from ..widgets.charts import LineChart
from ..widgets.layout import buttons, column, escaped, row, wrapped
from .watch import advice_of

STATUSES = {
    "running": "running", "finished": "finished", "stopped": "paused", "failed": "failed",
    "interrupted": "interrupted",
}  # fmt: skip


class RunPanel(QWidget):
    """The loss, the time left and the log of a run, its verdict, and buttons to pause, resume, delete and use it."""

    started = pyqtSignal()
    ended = pyqtSignal()

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self.desktop = desktop
        self.child: Child | None = None
        self.job: Job | None = None
        self.status = ""
        self.last: dict[str, Any] = {}  # the latest value of each figure
        self._updated_s = 0.0  # when the latest figures came, by time.monotonic
        self.choice: QComboBox = QComboBox(
            objectName="raw_training_runs", activated=lambda: self.attach(self.choice.currentData()),
            sizeAdjustPolicy=QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon,
        )  # fmt: skip
        self.head = wrapped(objectName="raw_training_status")
        figures: dict[str, Any] = {
            "x_title": tr("step"),
            "shown_as": lambda y: f"{y:.3g}",
            "from_zero": False,
            "grows": True,
        }
        self.loss = LineChart(tr("loss"), waiting=tr("The first figures come after some steps."), **figures)
        waiting = tr("Error on people held out, relative to a simple method. Below the line is better.")
        level, title = (1.0, tr("simple method")), tr("error / simple method's, people held out")
        self.unseen = LineChart(title, waiting=waiting, level=level, **figures)
        self.bar = QProgressBar(objectName="raw_training_bar", maximum=1000)
        self.log = QPlainTextEdit(objectName="raw_training_log", readOnly=True, maximumBlockCount=5000)
        self.buttons = buttons(
            "raw_training_",
            ("pause", tr("Pause"), tr("Stop now. The run can be resumed, also after QGIS was closed"), self.pause),
            ("resume", tr("Resume"), tr("Resume from the last checkpoint"), self.resume),
            ("delete", tr("Delete"), tr("Stop, and delete the run with its copy of the tracks"), self.delete),
            ("report", tr("Report"), tr("Open the report in the browser"), self.open_report),
            ("use", tr("Use this model"), tr("Keep it among your models, and use it in this project"), self.use),
        )
        self.charts = QWidget()
        self.charts.setLayout(row(self.loss, self.unseen, margins_px=0))
        actions = row(*self.buttons.values(), None)
        layout = column(self.choice, self.head, self.charts, self.bar, self.log, actions, None, margins_px=0)
        layout.setStretchFactor(self.charts, 3)
        layout.setStretchFactor(self.log, 2)
        self.setLayout(layout)
        self.timer = QTimer(self, interval=400, timeout=self.look)

    @property
    def pausable(self) -> bool:
        """Whether the run continues the training of a model, which can be paused, and does not learn a label."""
        return self.child is not None and self.child.about["module"] == training.ADAPT

    # ---- which run ----------------------------------------------------------------------------------------------

    def list_runs(self, chosen: Child | None = None) -> list[Child]:
        """List the runs, and return them, the latest first."""
        found = runs()
        self.choice.clear()
        for child in found:
            when = str(child.about["started"]).replace("T", " ")[:16]
            words = f"{when} UTC: {child.about.get('title', child.about['module'])}, {tr(STATUSES[child.status])}"
            self.choice.addItem(words, str(child.folder))
        if chosen is not None:
            self.choice.setCurrentIndex(self.choice.findData(str(chosen.folder)))
        self.choice.setVisible(len(found) > 1)
        return found

    def attach(self, run: Child | str | None, words: str = "") -> None:
        """Show a run from its beginning. run: itself, its folder, or None for no run but words."""
        self.child, self.status, self.last, self._updated_s = None, "", {}, time.monotonic()
        if run:
            try:
                self.child = Child(Path(run)) if isinstance(run, str) else run
            except RawError as error:
                words = str(error)
        for part in (self.loss, self.unseen, self.log):
            part.clear()
        self.bar.setValue(0)
        self.charts.setVisible(self.pausable)
        for part in (self.bar, self.log):
            part.setVisible(self.child is not None)
        self.head.setText(escaped(words or tr("No run yet. Describe a training, and start it.")))
        for button in self.buttons.values():
            button.setVisible(False)
        if self.child is not None:
            self.look()
            self.timer.start()

    # ---- progress -----------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Read the new lines of the run, and show them."""
        child = self.child
        if child is None:
            self.timer.stop()
            return
        status = child.status  # before the last lines are read
        for line in child.lines():
            self._show_line(child, line)
        if status != self.status:
            self.status = status
            self._show_status(child)
        elif status == "running":
            self._show_running()
        if status != "running":
            self.timer.stop()

    def _show_line(self, child: Child, line: dict[str, Any]) -> None:
        self.last = {**self.last, **line}
        if words := training.progress_text(line):
            self.log.appendPlainText(words)
        minutes = float(child.about.get("minutes", 30))
        share = training.share_done(line, minutes)
        if share is not None:
            self.bar.setValue(max(self.bar.value(), round(1000 * share)))
        loss = line.get("loss") if "loss" in self.last else line.get("step_loss")  # means of more steps are calmer
        if loss is not None and "step" in line:
            self._updated_s = time.monotonic()
            self.loss.add(tr("loss"), line["step"], loss)
            for name, value in line.items():
                if name.startswith("ratio_"):
                    self.unseen.add(training.measure_name(name), line["step"], value)

    def _show_running(self) -> None:
        def words_of(*names: str) -> str:
            return training.progress_text({name: self.last[name] for name in names if name in self.last})

        if self.last.get("stage") not in (None, "training"):
            words = words_of("stage", "head", "verdict")
        elif "seconds_left" in self.last:
            left = max(0.0, float(self.last["seconds_left"]) - (time.monotonic() - self._updated_s))
            words = tr("{left} of training left, then calibrating and testing").format(left=time_left(left))
        elif "fold" in self.last or "embedded" in self.last:
            words = words_of("fold", "of", "embedded")
        else:
            words = (
                tr("reading the tracks") if "stage" in self.last else tr("starting PyTorch, which takes some seconds")
            )
        self.head.setText(f"<b>{tr('Running')}</b>, {escaped(words)}.")

    def _show_status(self, child: Child) -> None:
        status = self.status
        has_tracks = (child.folder / "tracks.parquet").exists()  # raw:trainhead keeps none of a run that failed
        visible = {
            "pause": status == "running" and self.pausable,
            "resume": status in ("stopped", "interrupted", "failed") and has_tracks,
            "report": status == "finished" and self.report().exists(),
            "use": status == "finished",
        }
        for name, button in self.buttons.items():
            button.setVisible(visible.get(name, True))
            button.setEnabled(True)
        self.buttons["resume"].setText(tr("Resume") if self.pausable else tr("Start again"))
        self.buttons["delete"].setText(tr("Cancel and delete") if status == "running" else tr("Delete"))
        if status == "running":
            self._show_running()
            return
        if status == "finished":
            self.bar.setValue(1000)
            training.delete_personal_data(child.folder)  # the copies of tracks and labels are not needed any more
            advice, figures = map(escaped, advice_of({**self.last, "verdict": self._verdict()}))
            self.head.setText(f"<b>{advice}</b><br>{figures}".removesuffix("<br>"))
        elif status == "stopped":
            self.head.setText(tr("<b>Paused.</b> Resume it now or another day."))
        else:
            error = escaped(str(child.error() or ""))
            self.head.setText(f"<b>{tr('Failed') if status == 'failed' else tr('Interrupted')}.</b> {error}")
            self.log.appendPlainText(child.errors()[-4000:])
        self.list_runs(child)
        self.ended.emit()

    def _verdict(self) -> str:
        if self.last.get("verdict"):
            return str(self.last["verdict"])
        try:
            card = json.loads((self.bundle() / "card.json").read_text("utf-8"))
            return str(card["heads"][-1]["verdict"])
        except (OSError, ValueError, LookupError, TypeError):
            return tr("Finished.")

    def bundle(self) -> Path:
        """The folder of the run's model."""
        return Path(self.last.get("bundle") or self._folder() / "bundle")

    def report(self) -> Path:
        """The file of the run's report."""
        return Path(self.last.get("report") or self._folder() / "report.html")

    def _folder(self) -> Path:
        return (self.child.folder if self.child else Path()) / training.RESULT_FOLDER

    # ---- actions ------------------------------------------------------------------------------------------------

    def pause(self) -> None:
        """End the process, by force where it does not end itself."""
        if self.child is None:
            return
        child, started = self.child, self.child.about["started"]  # a resumed run has another
        child.terminate()
        self.buttons["pause"].setEnabled(False)
        self.head.setText(tr("Stopping …"))
        QTimer.singleShot(round(1000 * child.patience_s), lambda: child.kill(started))

    def resume(self) -> None:
        """Resume from the last checkpoint. A label is learned from the beginning."""
        if self.child is None:
            return
        try:
            self.child.resume(*(["--resume"] if self.pausable else []))
        except (RawError, OSError) as error:
            self.head.setText(escaped(str(error)))
            return
        self.last.pop("stage", None)
        self.timer.start()
        self.started.emit()
        self.look()

    def delete(self, ask: bool = True) -> None:
        """Stop and delete the run, after a question."""
        child, yes = self.child, QMessageBox.StandardButton.Yes
        words = tr("Delete this run, with its copy of the tracks and what it has trained?")
        if child is None or (ask and QMessageBox.question(self, tr("Delete the run"), words) != yes):
            return
        self.timer.stop()
        self.head.setText(tr("Stopping …"))
        self.child = None

        def work(_progress: Any) -> None:
            child.cancel()
            child.delete()

        def done(_result: Any) -> None:
            self.attach(next(iter(self.list_runs()), None))

        self.job = Job(tr("RAW: deleting a run"), work, done, self._failed).start()

    def open_report(self) -> None:
        """Open the report in the browser."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.report())))

    def use(self) -> None:
        """Copy the model into the user's folder, and use it in this project, from whose tracks it learned."""
        bundle, yes = self.bundle(), QMessageBox.StandardButton.Yes
        words = tr("{verdict}\n\nUse this model all the same?").format(verdict=self._verdict())
        advised = self.last.get("use") is True
        if not advised and QMessageBox.question(self, tr("Use this model"), words) != yes:
            return
        name = str(self.child.about.get("name", "")) if self.child else ""
        self.buttons["use"].setEnabled(False)
        title = tr("RAW: keeping a model")
        self.job = Job(title, lambda _: library.add(bundle, models_folder(), name), self._used, self._failed).start()

    def _used(self, path: Path) -> None:
        self.desktop.use_model(path, everywhere=False)
        words = tr(
            "The model is now among your models as '{name}', and used in this project. In the window Models, 'Use as "
            "default' uses it in all others."
        )
        self.head.setText(f"<b>{words.format(name=escaped(path.name))}</b>")

    def _failed(self, words: str) -> None:
        self.head.setText(escaped(words))
