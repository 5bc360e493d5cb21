# SPDX-License-Identifier: GPL-2.0-or-later
"""The training page: it opens the two algorithms that train, and shows the runs that are under way
or were stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QTimer, QUrl
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFormLayout,
    QMessageBox,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
)

from ...core.bundle import library
from ...environment.folders import models_folder
from ...processing.words import time_left, tr
from ...tasks import training
from ...tasks.child import Child, runs
from ...tasks.child_side import Line
from ...tasks.training import RESULT_FOLDER as RESULT
from ..desktop import Desktop
from ..widgets.dialog import RawDialog
from ..widgets.layout import buttons, column, escaped, row, silent, wrapped


class TrainingDialog(RawDialog):
    """A run is a process of its own. One that was resumed here outlives the window and QGIS."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop.iface.mainWindow(), "raw_training", tr("Train a model"))
        self.desktop = desktop
        self.child: Child | None = None  # the run that is shown
        self.status = ""
        self.last: Line = {}  # the latest value of each figure
        self.said = ""  # about the last action, in the place of the status
        self._found: list[Child] = []
        self._build()
        self.resize(760, 480)
        self.timer = QTimer(self, interval=500, timeout=self.look)
        self.timer.start()
        self.look()

    def _build(self) -> None:
        begin = buttons(
            "raw_training_",
            (
                "pretrain",
                tr("Continue training…"),
                tr("The model learns how people move in your tracks. No labels."),
                lambda: self.desktop.open_dialog("pretrain"),
            ),
            (
                "trainhead",
                tr("Teach a label…"),
                tr("The model learns a label of your own from ten examples or more."),
                lambda: self.desktop.open_dialog("trainhead"),
            ),
        )
        self.runs = QComboBox(objectName="raw_training_runs", currentIndexChanged=self.look)
        self.head = wrapped(objectName="raw_training_status")
        self.bar = QProgressBar(objectName="raw_training_bar", maximum=1000)
        self.log = QPlainTextEdit(
            objectName="raw_training_log", readOnly=True, maximumBlockCount=5000
        )
        self.actions = self._make_actions()
        start = QFormLayout()
        actions = row(*self.actions.values(), None)
        for button in begin.values():
            start.addRow(button, wrapped(button.toolTip()))
        layout = column(
            start,
            self.runs,
            self.head,
            self.bar,
            self.log,
            actions,
            None,
            self.buttons(page="train"),
        )
        layout.setStretchFactor(self.log, 100)
        self.setLayout(layout)

    def _make_actions(self) -> dict[str, QPushButton]:
        """What can be done with the run that is shown."""
        return buttons(
            "raw_training_",
            (
                "pause",
                tr("Pause"),
                tr("Stop now. The run can be resumed, also after QGIS was closed"),
                self.pause,
            ),
            ("resume", tr("Resume"), tr("Resume from the last checkpoint"), self.resume),
            (
                "delete",
                tr("Delete"),
                tr("Stop, and delete the run with its copy of the tracks"),
                self.delete,
            ),
            ("report", tr("Report"), tr("Open the report in the browser"), self.open_report),
            (
                "use",
                tr("Use this model"),
                tr("Keep it among your models, and use it in this project"),
                self.use,
            ),
        )

    # ---- what is shown

    def look(self, _row: int = 0) -> None:
        """List the runs if some have come or gone, and show what is new of the chosen one."""
        # others cannot be resumed
        found = [each for each in runs() if each.about["module"] == training.ADAPT]
        if [each.folder for each in found] != [each.folder for each in self._found]:
            chosen = self.runs.currentData()
            self._found = found
            with silent(self.runs):
                self.runs.clear()
                for child in found:
                    when = str(child.about["started"]).replace("T", " ")[:16]
                    self.runs.addItem(
                        tr("Training of {when} UTC").format(when=when), child.folder.name
                    )
                self.runs.setCurrentIndex(max(0, self.runs.findData(chosen)))
        name = self.runs.currentData()
        if name != (self.child.folder.name if self.child is not None else None):
            self.child = (
                next(each for each in self._found if each.folder.name == name) if name else None
            )
            self.status = ""
            self.last = {}
            self.said = ""
            self.log.clear()
            self.bar.setValue(0)
        for part in (self.runs, self.bar, self.log, *self.actions.values()):
            part.setVisible(self.child is not None)
        words = tr(
            "No training is under way. One that is stopped or interrupted can be resumed here."
        )
        if self.child is not None:
            words = self._show_news(self.child)
        self.head.setText(self.said or words)

    def _show_news(self, child: Child) -> str:
        """Show the new lines of the log, and what can be done. Returns the status in words."""
        # before the last lines are read
        status = child.status
        whole = (child.folder / "tracks.parquet").exists()
        for line in child.lines():
            self.last |= line
            if words := training.progress_text(line):
                self.log.appendPlainText(words)
            share = training.share_done(line, float(child.about.get("minutes", 30)))
            self.bar.setValue(max(self.bar.value(), round(1000 * (share or 0))))
        report = (child.folder / RESULT / "report.html").exists()
        self._show_actions(status, whole, report)
        if status != self.status and status == "finished":
            self.bar.setValue(1000)
            # the copies of tracks and labels are not needed any more
            training.delete_personal_data(child.folder)
        elif status != self.status and status != "running":
            self.log.appendPlainText(child.errors()[-4000:])
        self.status = status
        return self._status_words(child)

    def _show_actions(self, status: str, whole: bool, report: bool) -> None:
        """whole: the tracks are there, to go on with. report: it was written."""
        visible = {
            "pause": status == "running",
            "resume": status in ("stopped", "interrupted", "failed") and whole,
            "report": status == "finished" and report,
            "use": status == "finished",
        }
        for name, button in self.actions.items():
            button.setVisible(visible.get(name, True))

    def _status_words(self, child: Child) -> str:
        status = self.status
        if status == "running" and "seconds_left" in self.last:
            words = tr("Running: {left} of training left, then calibrating and testing")
            return f"<b>{words.format(left=time_left(float(self.last['seconds_left'])))}.</b>"
        if status in ("failed", "interrupted"):
            words = tr("Failed") if status == "failed" else tr("Interrupted")
            return f"<b>{words}.</b> {escaped(str(child.error() or ''))}"
        if status == "finished":
            return f"<b>{escaped(self._verdict())}</b>"
        return (
            tr("<b>Running.</b>")
            if status == "running"
            else tr("<b>Paused.</b> Resume it now or another day.")
        )

    def _verdict(self) -> str:
        return str(self.last.get("verdict") or tr("Finished."))

    # ---- actions

    def _run(
        self, words: str, work: Callable[[], Any], done: Callable[[Any], str] = lambda _: ""
    ) -> None:
        """Work in a task while the window says so. done: called with the result, returns what to
        say then.
        """

        def say(said: str, ended: bool = True) -> None:
            self.said = said
            for button in self.actions.values():
                button.setEnabled(ended)
            self.look()

        say(words, ended=False)
        title = f"RAW: {words}"
        self.run_until_closed(
            title,
            lambda _: work(),
            lambda result: say(done(result)),
            lambda error: say(escaped(error)),
        )

    def pause(self) -> None:
        """End the process, by force where it does not end itself."""
        if self.child is not None:
            self._run(tr("Stopping …"), self.child.cancel)

    def resume(self) -> None:
        """Resume from the last checkpoint."""
        if self.child is not None:
            self._run(tr("Starting …"), self.child.resume)

    def delete(self, ask: bool = True) -> None:
        """Stop and delete the run, after a question."""
        child = self.child
        yes = QMessageBox.StandardButton.Yes
        words = tr("Delete this run, with its copy of the tracks and what it has trained?")
        if child is not None and (
            not ask or QMessageBox.question(self, tr("Delete the run"), words) == yes
        ):
            self._run(tr("Stopping …"), child.delete)

    def open_report(self) -> None:
        """Open the report in the browser."""
        if self.child is not None:
            QDesktopServices.openUrl(
                QUrl.fromLocalFile(str(self.child.folder / RESULT / "report.html"))
            )

    def use(self) -> None:
        """Copy the model into the user's folder, and use it in this project, from whose tracks it
        learned.
        """
        yes = QMessageBox.StandardButton.Yes
        words = tr("{verdict}\n\nUse this model all the same?").format(verdict=self._verdict())
        advised = self.last.get("use") is True
        if self.child is None or (
            not advised and QMessageBox.question(self, tr("Use this model"), words) != yes
        ):
            return

        def used(path: Path) -> str:
            self.desktop.use_model(path, everywhere=False)
            words = tr("The model is now among your models as '{name}', and used in this project.")
            return f"<b>{escaped(words.format(name=path.name))}</b>"

        bundle = self.child.folder / RESULT / "bundle"
        self._run(
            tr("Keeping the model …"),
            lambda: library.add(bundle, models_folder(), tr("my model")),
            used,
        )
