# SPDX-License-Identifier: GPL-2.0-or-later
"""Work of the dock away from the GUI thread: a function of a Progress, run as a QgsTask."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from qgis.core import QgsApplication, QgsTask

from ..core.errors import Cancelled, Progress, RawError
from .libraries import load_libraries

log = logging.getLogger(__name__)


class Job(QgsTask):
    """Runs `work(progress)` in QGIS's pool of threads; what comes of it is told on the main thread.

    done: called with what `work` returned. failed: called with a sentence, '' after a cancel.
    """

    def __init__(
        self, title: str, work: Callable[[Progress], Any], done: Callable[[Any], None], failed: Callable[[str], None]
    ) -> None:
        super().__init__(title, QgsTask.Flag.CanCancel)
        self._work, self._done, self._failed = work, done, failed
        self._result: Any = None
        self._error = ""
        self._began = 0.0
        self.share = 0.0

    def start(self) -> Job:
        """Hand it to QGIS's task manager."""
        load_libraries()
        QgsApplication.taskManager().addTask(self)
        return self

    def run(self) -> bool:
        """Called by QGIS in another thread. An exception that got out of here could end QGIS."""
        self._began = time.monotonic()
        try:
            self._result = self._work(self._progress)
            return not self.isCanceled()
        except Cancelled:
            return False
        except (RawError, OSError) as error:
            self._error = str(error)
        except Exception as error:  # the message bar shows it, the log has the rest
            log.exception("%s failed", self.description())
            self._error = f"{type(error).__name__}: {error}"
        return False

    def _progress(self, share: float) -> None:
        if self.isCanceled():
            raise Cancelled
        self.share = share
        self.setProgress(min(100.0, 100.0 * share))

    def seconds_left(self) -> float | None:
        """By what has been done so far; None while that says too little."""
        spent = time.monotonic() - self._began
        if not self._began or self.share < 0.02 or spent < 1.0:
            return None
        return spent * (1 - self.share) / self.share

    def finished(self, ok: bool) -> None:
        """Called by QGIS on the main thread."""
        work = self._result, self._done, self._failed
        self._work, self._result, self._done, self._failed = _nothing, None, _nothing, _nothing  # frees the arrays
        if ok:
            work[1](work[0])
        else:
            work[2](self._error)


def _nothing(*_: Any) -> None:
    """What is left of a job that has ended."""
