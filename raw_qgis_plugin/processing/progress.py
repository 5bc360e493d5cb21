# SPDX-License-Identifier: GPL-2.0-or-later
"""The core's progress calls on Processing's progress bar, with the time left in words."""

from __future__ import annotations

import time

from qgis.core import QgsProcessingFeedback

from ..core.errors import Cancelled
from .words import tr

SAY_AFTER_S = 3.0
SAY_EVERY_S = 5.0


class Stage:
    """One part of the work: a core.errors.Progress that fills the bar from `start` to `stop` percent."""

    def __init__(self, feedback: QgsProcessingFeedback, what: str, start: float, stop: float) -> None:
        self.feedback = feedback
        self.what = what
        self.start, self.stop = start, stop
        self.began = self.said = time.monotonic()
        feedback.setProgressText(f"{what} …")
        self(0.0)

    def __call__(self, share: float) -> None:
        """Move the bar; raise Cancelled where the user has pressed Cancel."""
        if self.feedback.isCanceled():
            raise Cancelled
        self.feedback.setProgress(self.start + (self.stop - self.start) * share)
        now = time.monotonic()
        if share > 0.02 and now - self.began > SAY_AFTER_S and now - self.said > SAY_EVERY_S:
            self.said = now
            left = time_left((now - self.began) * (1 - share) / share)
            words = tr("{what}: {share:.0%}, {left} left")
            self.feedback.setProgressText(words.format(what=self.what, share=share, left=left))


def time_left(seconds: float) -> str:
    """A duration in round words."""
    if seconds < 60:
        return tr("about {n} s").format(n=max(5, 5 * round(seconds / 5)))
    if seconds < 90 * 60:
        return tr("about {n} min").format(n=max(1, round(seconds / 60)))
    return tr("about {n:.1f} h").format(n=seconds / 3600)
