# SPDX-License-Identifier: GPL-2.0-or-later
"""The installation of packages. It continues when its window is closed, and stops when the plugin is unloaded."""

from __future__ import annotations

import contextlib
import logging
from typing import Any

from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...environment import packages
from ...environment.folders import user_folder, venv_folder
from ...environment.install import Installer, InstallRequest
from ...environment.interpreter import base_python, this_layout
from ...processing.words import tr
from ...tasks.job import Job

log = logging.getLogger(__name__)


class Installation(QObject):
    """One installation in the background. lines: the last ones that pip printed."""

    line = pyqtSignal(str)
    ended = pyqtSignal(str)  # what went wrong, '' after success

    def __init__(self, request: InstallRequest) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.running, self.request = False, request
        self.line.connect(self._keep)
        self._job = Job(tr("Installing RAW's packages"), self._work, self._done, self._end)

    def start(self) -> None:
        """Start. Raises RawError where QGIS's interpreter is not found."""
        base = base_python(this_layout())
        self.installer = Installer(venv_folder(), base, self.request, self.line.emit)
        self.running = True
        self._job.start()

    def cancel(self) -> None:
        """Stop; `ended` follows."""
        if self.running and not sip.isdeleted(self._job):
            self._job.cancel()

    def stop(self) -> None:
        """Stop, and wait for the end, a few seconds at most."""
        self.cancel()
        if self.running and not sip.isdeleted(self._job):
            self._job.waitForFinished(5000)

    def _work(self, _progress: Any) -> None:
        """Runs in QGIS's pool of threads."""
        self.installer.run()

    def _keep(self, line: str) -> None:
        self.lines = [*self.lines[-2000:], line]

    def _done(self, _result: Any) -> None:
        packages.activate(venv_folder())
        self._end(None)

    def _end(self, error: str | None) -> None:
        """error: None after success, '' after a cancel."""
        words = "" if error is None else error or tr("The installation was cancelled.")
        log.info("Installation of RAW's packages into %s: %s", venv_folder(), words or "done")
        self.running = False
        with contextlib.suppress(OSError):  # a full disk, as the installation itself may have met
            (user_folder() / "install.log").write_text("\n".join([*self.lines, words]) + "\n", encoding="utf-8")
        self.ended.emit(words)
