# SPDX-License-Identifier: GPL-2.0-or-later
"""Widgets on which a file may be dropped."""

from __future__ import annotations

from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtGui import QDragEnterEvent, QDropEvent


class TakesFiles:
    """To be named before the class of the widget, which calls `setAcceptDrops(True)`."""

    def take_file(self, path: str) -> None:
        """Called with the path of a file or folder that was dropped."""

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Called by Qt where something is dragged over the widget."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Called by Qt where something is dropped."""
        event.acceptProposedAction()
        path = next(url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile())
        QTimer.singleShot(0, lambda: self.take_file(path))  # after the drop has ended
