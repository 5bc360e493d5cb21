# SPDX-License-Identifier: GPL-2.0-or-later
"""A message when a training ends, also while its window is closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import Qgis
from qgis.PyQt.QtCore import QObject, QTimer
from qgis.PyQt.QtWidgets import QPushButton

from ...processing.words import tr
from ...tasks.child import Child, runs
from ..desktop import Desktop
from ..widgets.layout import escaped


class TrainingWatch(QObject):
    """Looks at the runs that are running, until they have ended."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self.desktop = desktop
        self.running: dict[Path, Child] = {}
        self.timer = QTimer(self, interval=2000, timeout=self.look)

    def start(self) -> None:
        """Watch every run that is running now."""
        self.running |= {child.folder: child for child in runs() if child.status == "running"}
        if self.running:
            self.timer.start()

    def look(self) -> None:
        """Show a message for every run that has ended by itself."""
        for folder, child in list(self.running.items()):
            status = child.status if folder.exists() else "deleted"
            if status != "running":
                del self.running[folder]
            if status in ("finished", "failed", "interrupted"):
                self._show(child, status)
        if not self.running:
            self.timer.stop()

    def _show(self, child: Child, status: str) -> None:
        title = str(child.about.get("title", tr("Training")))
        words = tr("{title}: finished.") if status == "finished" else tr("{title}: it ended with an error.")
        ends = [line for line in child.lines() if line.get("verdict")]
        advice, _ = advice_of(ends[-1]) if ends else ("", "")
        bar = self.desktop.iface.messageBar()
        item = bar.createMessage("RAW", escaped(f"{words.format(title=title)} {advice}"))
        show = QPushButton(tr("Show…"), objectName="raw_training_ended", clicked=self._open)
        item.layout().addWidget(show)
        bar.pushWidget(item, Qgis.MessageLevel.Success if status == "finished" else Qgis.MessageLevel.Warning)

    def _open(self) -> None:
        self.desktop.open_window("train")


def advice_of(end: dict[str, Any]) -> tuple[str, str]:
    """The advice in the last line of a training's log, and the figures behind it, as sentences."""
    verdict = str(end["verdict"])
    advice = str(end.get("advice") or verdict)
    figures = verdict.removeprefix(advice).lstrip(":. ")
    return f"{advice.rstrip('.')}.", figures[:1].upper() + figures[1:]
