# SPDX-License-Identifier: GPL-2.0-or-later
"""The button that repeats the last run of algorithms on the layer as it is now."""

from __future__ import annotations

from collections.abc import Callable

from qgis.PyQt.QtWidgets import QToolButton

from ...processing.words import tr
from ..results import DockRun, last_run
from ..session import Session


class RunAgain(QToolButton):
    """Hidden while the layer has no run whose results are in the project."""

    def __init__(self, session: Session, algorithms: tuple[str, ...], repeat: Callable[[DockRun], None]) -> None:
        """algorithms: without 'raw:'. repeat: called with the last run of any of them."""
        super().__init__(objectName=f"raw_again_{algorithms[0]}", text=tr("Run again"), clicked=self.repeat)
        self.session, self.algorithms, self._repeat = session, algorithms, repeat
        session.changed.connect(self.show_run)
        session.worked.connect(self._enable)  # four times a second: too often to look through the project
        self.show_run()

    def last(self) -> DockRun | None:
        """The last run."""
        tracks = self.session.layer.id() if self.session.layer is not None else ""
        runs = [found[0] for name in self.algorithms if (found := last_run(name, tracks))]
        return max(runs, key=lambda run: run.began, default=None)

    def show_run(self) -> None:
        """Show which run the button repeats."""
        run = self.last()
        self.setVisible(run is not None)
        self._enable()
        if run is not None:
            words = tr("The settings of {date} on the layer as it is now")
            self.setToolTip(words.format(date=run.began[:19]))

    def _enable(self) -> None:
        self.setEnabled(self.session.tracks is not None and self.session.job is None)

    def repeat(self) -> None:
        """Repeat the last run."""
        run = self.last()
        if run is not None:
            self._repeat(run)
