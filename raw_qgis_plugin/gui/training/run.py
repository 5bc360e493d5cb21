# SPDX-License-Identifier: GPL-2.0-or-later
"""The last page of the training window: a run in progress, or one that an earlier QGIS started."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QTimer, QUrl, pyqtSignal
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QComboBox, QLabel, QMessageBox, QPlainTextEdit, QProgressBar, QSizePolicy, QWidget

from ...core.errors import RawError
from ...environment.folders import models_folder
from ...processing.progress import time_left
from ...processing.words import tr
from ...tasks import training
from ...tasks.child import Child, runs
from ...tasks.job import Job
from ..desktop import Desktop
from ..widgets.layout import buttons, column, escaped, row, wrapped
from .plot import LinePlot
from .watch import advice_of

STATUSES = {
    "running": "running", "finished": "finished", "stopped": "paused", "failed": "failed",
    "interrupted": "interrupted",
}  # fmt: skip


class RunPage(QWidget):
    """The curves, the speed, the time left and the log of a run, and buttons to pause, resume, delete and use it."""

    started = pyqtSignal()
    ended = pyqtSignal()

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self.desktop = desktop
        self.child: Child | None = None
        self.status = ""
        self.last: dict[str, Any] = {}  # the latest value of each figure
        self._updated_s = 0.0  # when the latest figures came, by time.monotonic
        self.choice: QComboBox = QComboBox(objectName="raw_training_runs", activated=self._choose)
        self.head = wrapped(objectName="raw_training_status")
        waiting = tr("Error on people held out, relative to a simple method. Below the line is better.")
        self.loss = LinePlot(tr("loss"), tr("The first figures come after some steps."))
        self.unseen = LinePlot(tr("error / simple method's, people held out"), waiting, 1.0, tr("simple method"))
        self.metres = LinePlot(tr("error in metres, people held out"), tr("Error on people held out."))
        self.shown = QComboBox(
            objectName="raw_training_shown", toolTip=tr("How the error on people held out is shown"),
            currentIndexChanged=self._show_measure,
        )  # fmt: skip
        self.bar = QProgressBar(objectName="raw_training_bar", maximum=1000)
        self.log = QPlainTextEdit(
            objectName="raw_training_log", readOnly=True, maximumBlockCount=5000, minimumHeight=60
        )
        self.log.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.buttons = buttons(
            "raw_training_",
            ("pause", tr("Pause"), tr("Stop now. The run can be resumed, also after QGIS was closed"), self.pause),
            ("resume", tr("Resume"), tr("Resume from the last checkpoint"), self.resume),
            ("delete", tr("Delete"), tr("Stop, and delete the run with its copy of the tracks"), self.delete),
            ("report", tr("Report"), tr("Open the report in the browser"), self.open_report),
            ("use", tr("Use this model"), tr("Keep it among your models, and use it in this project"), self.use),
        )
        self._lay_out()
        self.timer = QTimer(self, interval=400, timeout=self.look)

    def _lay_out(self) -> None:
        self.plots = QWidget()
        self.plots.setLayout(row(self.loss, self.unseen, self.metres, margins_px=0))
        layout = column(
            row(QLabel(f"<h3 style='margin:0'>{tr('Run')}</h3>"), self.choice, stretch=self.choice),
            row(self.head, self.shown, stretch=self.head),
            self.plots, self.bar, self.log, row(*self.buttons.values(), None), margins_px=(12, 4, 4, 4),
        )  # fmt: skip
        layout.setStretchFactor(self.plots, 3)
        layout.setStretchFactor(self.log, 2)
        self.setLayout(layout)
        self.shown.addItems([tr("relative to a simple method"), tr("in metres")])

    def _show_measure(self, _which: int = 0) -> None:
        """Show one of the plots of errors. A run that learns a label has none."""
        curves = self.child is None or self._can_pause()
        self.shown.setVisible(curves)
        self.plots.setVisible(curves)
        self.unseen.setVisible(self.shown.currentIndex() == 0)
        self.metres.setVisible(self.shown.currentIndex() == 1)

    def _can_pause(self) -> bool:
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
        self.choice.setVisible(bool(found))
        return found

    def _choose(self) -> None:
        self.attach(self.choice.currentData())

    def attach(self, run: Child | str | None) -> None:
        """Show a run from its beginning. run: itself, its folder, or None for no run."""
        self.child = None
        self.head.setText("")
        if run:
            try:
                self.child = Child(Path(run)) if isinstance(run, str) else run
            except RawError as error:
                self.head.setText(escaped(str(error)))
        self.status, self.last, self._updated_s = "", {}, time.monotonic()
        self._show_measure()
        for part in (self.loss, self.unseen, self.metres, self.log):
            part.clear()
        self.bar.setValue(0)
        if self.child is None:
            self.head.setText(self.head.text() or tr("No run yet."))
            for button in self.buttons.values():
                button.setVisible(False)
        else:
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
            self._show_line(line)
        if status != self.status:
            self.status = status
            self._show_status(child)
        elif status == "running":
            self._show_running()
        if status != "running":
            self.timer.stop()

    def _show_line(self, line: dict[str, Any]) -> None:
        self.last = {**self.last, **line}
        words = training.progress_text(line)
        if words:
            self.log.appendPlainText(words)
        minutes = float(self.child.about.get("minutes", 30)) if self.child else 30.0
        share = training.pretraining_share(line, minutes) if self._can_pause() else training.finetuning_share(line)
        if share is not None:
            self.bar.setValue(max(self.bar.value(), round(1000 * share)))
        if "step_loss" in line:
            self._updated_s = time.monotonic()
            if "loss" not in self.last:  # later on means of more steps are calmer
                self.loss.add(tr("loss"), line["step"], line["step_loss"])
        if "step" in line and "loss" in line:
            self._updated_s = time.monotonic()
            self.loss.add(tr("loss"), line["step"], line["loss"])
            for name, value in line.items():
                plot = {"ratio": self.unseen, "metres": self.metres}.get(name.split("_")[0])
                if plot is not None:
                    plot.add(training.measure_name(name), line["step"], value)

    def _show_running(self) -> None:
        parts = [f"<b>{tr('Running')}</b>"]
        if self.last.get("stage") not in (None, "training"):
            parts.append(self._words_of("stage", "head", "verdict"))
        elif "seconds_left" in self.last:
            left = max(0.0, float(self.last["seconds_left"]) - (time.monotonic() - self._updated_s))
            parts.append(tr("{left} of training left, then calibrating and testing").format(left=time_left(left)))
            if "points_per_s" in self.last:
                parts.append(tr("{n:,.0f} fixes a second").format(n=float(self.last["points_per_s"])))
        elif "fold" in self.last or "embedded" in self.last:
            parts.append(self._words_of("fold", "of", "embedded"))
        else:
            starting, reading = tr("starting PyTorch, which takes some seconds"), tr("reading the tracks")
            parts.append(reading if "stage" in self.last else starting)
        self.head.setText(", ".join(parts) + ".")

    def _words_of(self, *names: str) -> str:
        return training.progress_text({name: self.last[name] for name in names if name in self.last})

    def _show_status(self, child: Child) -> None:
        status, pausable = self.status, self._can_pause()
        has_tracks = (child.folder / "tracks.parquet").exists()  # raw:trainhead keeps none of a run that failed
        visible = {
            "pause": status == "running" and pausable,
            "resume": status in ("stopped", "interrupted", "failed") and has_tracks,
            "report": status == "finished" and self.report().exists(),
            "use": status == "finished",
        }
        for name, button in self.buttons.items():
            button.setVisible(visible.get(name, True))
            button.setEnabled(True)
        self.buttons["resume"].setText(tr("Resume") if pausable else tr("Start again"))
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
            if child.errors():
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
        return self._result("bundle", "bundle")

    def report(self) -> Path:
        """The file of the run's report."""
        return self._result("report", "report.html")

    def _result(self, key: str, name: str) -> Path:
        folder = self.child.folder if self.child else Path()
        return Path(self.last.get(key) or folder / training.RESULT_FOLDER / name)

    # ---- actions ------------------------------------------------------------------------------------------------

    def pause(self) -> None:
        """End the process, by force where it does not end itself."""
        child = self.child
        if child is None:
            return
        child.terminate()
        self.buttons["pause"].setEnabled(False)
        self.head.setText(tr("Stopping …"))
        started = child.about["started"]  # a resumed run has another
        QTimer.singleShot(round(1000 * child.patience_s), lambda: self._kill(child, started))

    def _kill(self, child: Child, started: str) -> None:
        """Kill a run that did not end itself, once it saves nothing any more."""
        if child.saving:
            QTimer.singleShot(200, lambda: self._kill(child, started))
        else:
            child.kill(started)

    def resume(self) -> None:
        """Resume from the last checkpoint. A label is learned from the beginning."""
        child = self.child
        if child is None:
            return
        try:
            child.resume(*(["--resume"] if self._can_pause() else []))
        except (RawError, OSError) as error:
            self.head.setText(escaped(str(error)))
            return
        self.last.pop("stage", None)
        self.timer.start()
        self.started.emit()
        self.look()

    def delete(self, ask: bool = True) -> None:
        """Stop and delete the run, after a question."""
        child = self.child
        if child is None:
            return
        words = tr("Delete this run, with its copy of the tracks and what it has trained?")
        yes = QMessageBox.StandardButton.Yes
        if ask and QMessageBox.question(self, tr("Delete the run"), words) != yes:
            return
        self.timer.stop()
        self.head.setText(tr("Stopping …"))
        self.child = None

        def work(_progress: Any) -> None:
            child.cancel()
            child.delete()

        self.job = Job(tr("RAW: deleting a run"), work, lambda _: self._show_latest(), self._failed)
        self.job.start()

    def _show_latest(self) -> None:
        found = self.list_runs()
        self.attach(found[0] if found else None)

    def open_report(self) -> None:
        """Open the report in the browser."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.report())))

    def use(self) -> None:
        """Copy the model into the user's folder, and make it the default."""
        from ...core.bundle import library

        bundle, child = self.bundle(), self.child
        words = tr("{verdict}\n\nUse this model all the same?").format(verdict=self._verdict())
        yes = QMessageBox.StandardButton.Yes
        advised = self.last.get("use") is True
        if not advised and QMessageBox.question(self, tr("Use this model"), words) != yes:
            return
        name = str(child.about.get("name", "")) if child else ""
        self.buttons["use"].setEnabled(False)
        self.job = Job(
            tr("RAW: keeping a model"), lambda _progress: library.add(bundle, models_folder(), name),
            self._used, self._failed,
        )  # fmt: skip
        self.job.start()

    def _used(self, path: Path) -> None:
        self.desktop.use_model(path, everywhere=False)  # it learned from this project's tracks
        words = tr(
            "The model is now among your models as '{name}', and used in this project. In the window Models, 'Use as "
            "default' uses it in all others."
        )
        self.head.setText(f"<b>{words.format(name=escaped(path.name))}</b>")

    def _failed(self, words: str) -> None:
        self.head.setText(escaped(words))
