# SPDX-License-Identifier: GPL-2.0-or-later
"""Work of the dock outside the GUI thread: a function of a Progress, run as a QgsTask."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from qgis.core import QgsApplication, QgsTask

from ..core.errors import Cancelled, Progress, RawError, cancellable
from .libraries import load_libraries

log = logging.getLogger(__name__)


class Job(QgsTask):
    """Runs `work(progress)` in QGIS's thread pool, then one of two callbacks on the main thread.

    done: called with the result of `work`. failed: called with a message, '' after a cancel.
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
        """Called by QGIS in another thread. An uncaught exception could crash QGIS."""
        self._began = time.monotonic()
        try:
            with cancellable(self.isCanceled):
                self._result = self._work(self._progress)
            return not self.isCanceled()
        except Cancelled:
            return False
        except (RawError, OSError) as error:
            self._error = str(error)
        except Exception as error:  # the message bar shows the message, the log the traceback
            log.exception("%s failed", self.description())
            self._error = f"{type(error).__name__}: {error}"
        return False

    def _progress(self, share: float) -> None:
        if self.isCanceled():
            raise Cancelled
        self.share = share
        self.setProgress(min(100.0, 100.0 * share))

    def seconds_left(self) -> float | None:
        """The estimated time left; None while it is too early to estimate."""
        return seconds_left(self._began, self.share) if self._began else None

    def finished(self, ok: bool) -> None:
        """Called by QGIS on the main thread."""
        result, done, failed = self._result, self._done, self._failed
        self._work, self._result, self._done, self._failed = nothing, None, nothing, nothing  # frees the arrays
        if ok:
            done(result)
        else:
            failed(self._error)


def seconds_left(began: float, share: float) -> float | None:
    """The time left of work that began at time.monotonic() `began`; None in the first second and the first 2 %."""
    spent = time.monotonic() - began
    return None if share < 0.02 or spent < 1.0 else spent * (1 - share) / share


def nothing(*_: Any) -> None:
    """Takes the place of a callback that was called."""
