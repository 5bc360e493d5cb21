# SPDX-License-Identifier: GPL-2.0-or-later
"""The last page of the training dialog: a run as it goes on, or as it was left by an earlier QGIS."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.PyQt.QtCore import QTimer, QUrl, pyqtSignal
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ...core.errors import RawError
from ...environment.folders import models_folder
from ...processing.progress import time_left
from ...processing.words import tr
from ...tasks.child import Child, runs
from ...tasks.job import Job
from ...tasks.training import (
    ADAPT,
    RESULT_FOLDER,
    delete_personal_data,
    finetuning_share,
    measure_name,
    pretraining_share,
    progress_text,
)
from .plot import LinePlot

if TYPE_CHECKING:
    from ..menu import RawMenu

LOOK_MS = 400
LOG_LINES = 5000
WORDS = {
    "running": "running", "finished": "finished", "stopped": "paused", "failed": "failed",
    "interrupted": "interrupted",
}  # fmt: skip


class RunPage(QWidget):
    """Curves, speed, time left, log; pause, go on, delete; and in the end the answer."""

    ended = pyqtSignal()

    def __init__(self, menu: RawMenu) -> None:
        super().__init__()
        self.menu = menu
        self.child: Child | None = None
        self.status = ""
        self.last: dict[str, Any] = {}
        self._told = 0.0  # when the last figures came
        self.choice = QComboBox()
        self.choice.setObjectName("raw_training_runs")
        self.head = QLabel()
        self.head.setObjectName("raw_training_status")
        self.head.setWordWrap(True)
        self.loss = LinePlot(tr("loss"), tr("The first figures come after some steps."))
        waiting = tr("How far off on people held out, over a simple method's error. Under the line is better.")
        self.unseen = LinePlot(tr("error / simple method's, people held out"), waiting, 1.0, tr("simple method"))
        self.metres = LinePlot(tr("error in metres, people held out"), tr("How far off on people held out."))
        self.metres.hide()
        self.shown = QComboBox()
        self.shown.setObjectName("raw_training_shown")
        self.shown.addItems([tr("beside a simple method"), tr("in metres")])
        self.shown.setToolTip(tr("How the error on people held out is shown"))
        self.shown.currentIndexChanged.connect(self._show_measure)
        self.bar = QProgressBar()
        self.bar.setObjectName("raw_training_bar")
        self.bar.setRange(0, 1000)
        self.log = QPlainTextEdit()
        self.log.setObjectName("raw_training_log")
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(LOG_LINES)
        self.log.setMinimumHeight(60)
        self.log.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.buttons = {
            name: self._button(name, words, tip, slot)
            for name, words, tip, slot in (
                ("pause", tr("Pause"), tr("Stop now, to go on later, also after QGIS was closed"), self.pause),
                ("resume", tr("Go on"), tr("Go on from where it was"), self.resume),
                (
                    "delete",
                    tr("Cancel and delete"),
                    tr("Stop, and delete the run with its copy of the tracks"),
                    self.delete,
                ),
                ("report", tr("Report"), tr("Open the report in the browser"), self.open_report),
                ("use", tr("Use this model"), tr("Keep it among your models and make it the default"), self.use),
            )
        }
        self._lay_out()
        self.timer = QTimer(self)
        self.timer.setInterval(LOOK_MS)
        self.timer.timeout.connect(self.look)
        self.choice.activated.connect(lambda: self.attach(self.choice.currentData()))

    def _button(self, name: str, words: str, tip: str, slot: Any) -> QPushButton:
        button = QPushButton(words)
        button.setObjectName(f"raw_training_{name}")
        button.setToolTip(tip)
        button.clicked.connect(lambda: slot())
        return button

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 4, 4, 4)
        top = QHBoxLayout()
        top.addWidget(QLabel(f"<h3 style='margin:0'>{tr('Run')}</h3>"))
        top.addWidget(self.choice, 1)
        layout.addLayout(top)
        told = QHBoxLayout()
        told.addWidget(self.head, 1)
        told.addWidget(self.shown)
        layout.addLayout(told)
        self.plots = QWidget()
        plots = QHBoxLayout(self.plots)
        plots.setContentsMargins(0, 0, 0, 0)
        for plot in (self.loss, self.unseen, self.metres):
            plots.addWidget(plot)
        layout.addWidget(self.plots, 3)
        layout.addWidget(self.bar)
        layout.addWidget(self.log, 2)
        row = QHBoxLayout()
        for button in self.buttons.values():
            row.addWidget(button)
        row.addStretch(1)
        layout.addLayout(row)

    def _show_measure(self, _which: int = 0) -> None:
        """One of the plots on the right. A label is learned without curves."""
        curves = self.child is None or self._goes_on()
        self.shown.setVisible(curves)
        self.plots.setVisible(curves)
        self.unseen.setVisible(self.shown.currentIndex() == 0)
        self.metres.setVisible(self.shown.currentIndex() == 1)

    def _goes_on(self) -> bool:
        """Whether the run is pretraining, which can be paused, and not teaching."""
        return self.child is not None and self.child.about["module"] == ADAPT

    # ---- which run ----------------------------------------------------------------------------------------------

    def list_runs(self, chosen: Child | None = None) -> list[Child]:
        """Fill the list; returns the runs, the latest first."""
        found = runs()
        self.choice.clear()
        for child in found:
            when = str(child.about["started"]).replace("T", " ")[:16]
            words = f"{when} UTC: {child.about.get('title', child.about['module'])}, {tr(WORDS[child.status])}"
            self.choice.addItem(words, str(child.folder))
        if chosen is not None:
            self.choice.setCurrentIndex(self.choice.findData(str(chosen.folder)))
        self.choice.setVisible(bool(found))
        return found

    def attach(self, run: Child | str | None) -> None:
        """Show a run, from its beginning."""
        self.child = None
        if run:
            try:
                self.child = Child(Path(run)) if isinstance(run, str) else run
            except RawError as error:
                self.head.setText(str(error))
        self.status, self.last, self._told = "", {}, time.monotonic()
        self._show_measure()
        self.loss.clear()
        self.unseen.clear()
        self.metres.clear()
        self.log.clear()
        self.bar.setValue(0)
        if self.child is None:
            self.head.setText(self.head.text() or tr("No run yet."))
            for button in self.buttons.values():
                button.setVisible(False)
            return
        self.look()
        self.timer.start()

    # ---- what it says -------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Read what is new, and show it."""
        child = self.child
        if child is None:
            self.timer.stop()
            return
        status = child.status  # asked before the last lines are read
        for line in child.lines():
            self._show_line(line)
        if status != self.status:
            self.status = status
            self._show_status()
        elif status == "running":
            self._show_running()
        if status != "running":
            self.timer.stop()

    def _show_line(self, line: dict[str, Any]) -> None:
        self.last = {**self.last, **line}
        words = progress_text(line)
        if words:
            self.log.appendPlainText(words)
        minutes = float(self.child.about.get("minutes", 30)) if self.child else 30.0
        share = pretraining_share(line, minutes) if self._goes_on() else finetuning_share(line)
        if share is not None:
            self.bar.setValue(max(self.bar.value(), round(1000 * share)))
        if "step" in line and "loss" in line:
            self._told = time.monotonic()
            self.loss.add(tr("loss"), line["step"], line["loss"])
            for name, value in line.items():
                plot = {"ratio": self.unseen, "metres": self.metres}.get(name.split("_")[0])
                if plot is not None:
                    plot.add(measure_name(name), line["step"], value)

    def _show_running(self) -> None:
        parts = [f"<b>{tr('Running')}</b>"]
        stage = self.last.get("stage")
        if stage not in (None, "training"):
            parts.append(progress_text({k: self.last[k] for k in ("stage", "head", "verdict") if k in self.last}))
        elif "seconds_left" in self.last:
            left = float(self.last["seconds_left"]) - (time.monotonic() - self._told)
            parts += [
                tr("{left} of training left").format(left=time_left(left))
                if left > 0
                else tr("trained; calibrating the forecast areas"),
                tr("{n:,.0f} fixes a second").format(n=float(self.last.get("points_per_s", 0))),
            ]
        elif "fold" in self.last or "embedded" in self.last:
            parts.append(progress_text({k: self.last[k] for k in ("fold", "of", "embedded") if k in self.last}))
        else:
            parts.append(tr("starting: PyTorch takes its time"))
        self.head.setText(", ".join(parts) + ".")

    def _show_status(self) -> None:
        child, status = self.child, self.status
        if child is None:
            return
        goes_on = self._goes_on()
        has_tracks = (child.folder / "tracks.parquet").exists()  # raw:trainhead keeps none of a run that failed
        shown = {
            "pause": status == "running" and goes_on,
            "resume": status in ("stopped", "interrupted", "failed") and has_tracks,
            "delete": True,
            "report": status == "finished" and self.report().exists(),
            "use": status == "finished",
        }
        for name, on in shown.items():
            self.buttons[name].setVisible(on)
            self.buttons[name].setEnabled(True)
        self.buttons["resume"].setText(tr("Go on") if goes_on else tr("Start again"))
        self.buttons["delete"].setText(tr("Cancel and delete") if status == "running" else tr("Delete"))
        if status == "running":
            self._show_running()
            return
        if status == "finished":
            self.bar.setValue(1000)
            delete_personal_data(child.folder)  # their copies are not needed any more
            self.head.setText(f"<b>{self._verdict()}</b>")
        elif status == "stopped":
            self.head.setText(tr("<b>Paused.</b> Go on with it now or another day."))
        else:
            error = str(child.error() or "").replace("<", "&lt;")
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
        """Where the run leaves its model."""
        folder = self.child.folder if self.child else Path()
        return Path(self.last.get("bundle") or folder / RESULT_FOLDER / "bundle")

    def report(self) -> Path:
        """Where the run leaves its report."""
        folder = self.child.folder if self.child else Path()
        return Path(self.last.get("report") or folder / RESULT_FOLDER / "report.html")

    # ---- what one can do ----------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Ask the process to end; kill it where it does not listen."""
        child = self.child
        if child is None:
            return
        child.terminate()
        self.buttons["pause"].setEnabled(False)
        self.head.setText(tr("Stopping …"))
        started = child.about["started"]  # by then it may have gone on
        QTimer.singleShot(round(1000 * child.patience_s), lambda: child.kill(started))

    def resume(self) -> None:
        """Go on from the last checkpoint; a head is taught anew."""
        child = self.child
        if child is None:
            return
        try:
            child.resume(*(["--resume"] if self._goes_on() else []))
        except (RawError, OSError) as error:
            self.head.setText(str(error))
            return
        self.last.pop("stage", None)
        self.timer.start()
        self.look()

    def delete(self, ask: bool = True) -> None:
        """Stop and delete, after a question."""
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

        self.job = Job(tr("RAW: deleting a run"), work, lambda _: self._show_next(), self._failed)
        self.job.start()

    def _show_next(self) -> None:
        found = self.list_runs()
        self.head.setText("")
        self.attach(found[0] if found else None)

    def open_report(self) -> None:
        """Open the report in the browser."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.report())))

    def use(self) -> None:
        """Take the model among one's own, and make it the default."""
        from ...core.bundle import library

        bundle, child = self.bundle(), self.child
        name = str(child.about.get("name", "")) if child else ""
        self.buttons["use"].setEnabled(False)
        self.job = Job(
            tr("RAW: keeping a model"), lambda _progress: library.add(bundle, models_folder(), name),
            self._used, self._failed,
        )  # fmt: skip
        self.job.start()

    def _used(self, path: Path) -> None:
        use_model(self.menu, path)
        words = tr("The model is now among your models as '{name}', and used where no other is chosen.")
        self.head.setText(f"<b>{words.format(name=path.name)}</b>")

    def _failed(self, words: str) -> None:
        self.head.setText(words.replace("<", "&lt;"))


def use_model(menu: RawMenu, path: Path | None) -> None:
    """Make a bundle the default, None the shipped one, and choose it in the dock where that is open."""
    from ..settings import settings

    settings().model.setValue(str(path or ""))
    if menu.dock is not None:
        menu.dock.choose_model(str(path or ""))
