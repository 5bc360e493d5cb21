# SPDX-License-Identifier: GPL-2.0-or-later
"""Shows the core's progress on Processing's progress bar, with the time left."""

from __future__ import annotations

import time

from qgis.core import QgsProcessingFeedback

from ..core.errors import Cancelled
from .words import tr


class Stage:
    """One part of the work: a core.errors.Progress that fills the bar from `start` to `stop` percent.

    The time left is shown from `first_text_s` seconds on, every `text_every_s` seconds.
    """

    first_text_s, text_every_s = 3.0, 5.0

    def __init__(self, feedback: QgsProcessingFeedback, title: str, start: float, stop: float) -> None:
        self.feedback, self.title, self.start, self.stop = feedback, title, start, stop
        self.began_s = self.last_text_s = time.monotonic()
        feedback.setProgressText(f"{title} …")
        self(0.0)

    def __call__(self, share: float) -> None:
        """Move the bar. Raises Cancelled if the user has pressed Cancel."""
        if self.feedback.isCanceled():
            raise Cancelled
        self.feedback.setProgress(self.start + (self.stop - self.start) * share)
        now_s = time.monotonic()
        spent_s = now_s - self.began_s
        if share > 0.02 and spent_s > self.first_text_s and now_s - self.last_text_s > self.text_every_s:
            self.last_text_s = now_s
            text = tr("{what}: {left} left")  # the share is on the bar, which moves on between two texts
            left = time_left(spent_s * (1 - share) / share)
            self.feedback.setProgressText(text.format(what=self.title, left=left))


def time_left(seconds: float) -> str:
    """A duration as rounded text."""
    if seconds < 60:
        return tr("about {n} s").format(n=max(5, 5 * round(seconds / 5)))
    if seconds < 90 * 60:
        return tr("about {n} min").format(n=max(1, round(seconds / 60)))
    return tr("about {n:.1f} h").format(n=seconds / 3600)
