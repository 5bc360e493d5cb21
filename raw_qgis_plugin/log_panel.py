# SPDX-License-Identifier: GPL-2.0-or-later
"""Log messages of this package in QGIS's log panel, on a tab of their own."""

from __future__ import annotations

import logging

from qgis.core import Qgis, QgsMessageLog

TAB = "RAW"
LEVELS = ((logging.ERROR, Qgis.MessageLevel.Critical), (logging.WARNING, Qgis.MessageLevel.Warning))


class LogPanel(logging.Handler):
    """A handler that writes into the tab, from any thread."""

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging."""
        level = next((q for limit, q in LEVELS if record.levelno >= limit), Qgis.MessageLevel.Info)
        QgsMessageLog.logMessage(self.format(record), TAB, level, notifyUser=False)


def attach() -> LogPanel:
    """Add the handler. It is the argument of `detach`."""
    panel, root = LogPanel(), logging.getLogger(__package__)
    root.addHandler(panel)
    root.setLevel(logging.INFO)
    return panel


def detach(panel: LogPanel) -> None:
    """Remove the handler."""
    logging.getLogger(__package__).removeHandler(panel)
