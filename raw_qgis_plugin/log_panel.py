# SPDX-License-Identifier: GPL-2.0-or-later
"""What our modules log appears in QGIS's log panel, on a tab of its own."""

from __future__ import annotations

import logging

from qgis.core import Qgis, QgsMessageLog

TAB = "RAW"
LEVELS = ((logging.ERROR, Qgis.MessageLevel.Critical), (logging.WARNING, Qgis.MessageLevel.Warning))


class LogPanel(logging.Handler):
    """Passes on what loggers of this package say, from any thread."""

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging."""
        level = next((q for limit, q in LEVELS if record.levelno >= limit), Qgis.MessageLevel.Info)
        QgsMessageLog.logMessage(self.format(record), TAB, level, notifyUser=False)


def attach() -> LogPanel:
    """Begin to pass on; hand the result to `detach`."""
    panel, ours = LogPanel(), logging.getLogger(__package__)
    ours.addHandler(panel)
    ours.setLevel(logging.INFO)
    return panel


def detach(panel: LogPanel) -> None:
    """Stop passing on."""
    logging.getLogger(__package__).removeHandler(panel)
