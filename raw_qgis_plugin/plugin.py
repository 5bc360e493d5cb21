# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin's life in QGIS: what it registers, and what it removes when it is unloaded."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsApplication, QgsMessageLog
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication

from . import translation
from .environment import packages
from .environment.folders import venv_folder, why_not_writable

if TYPE_CHECKING:
    from .gui.menu import RawMenu
    from .processing.provider import RawProvider


LOG = logging.getLogger(__package__)


class LogPanel(logging.Handler):
    """Writes log messages of this package into a tab of QGIS's log panel, from any thread."""

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging."""
        kinds = Qgis.MessageLevel
        level = kinds.Critical if record.levelno >= logging.ERROR else kinds.Warning
        level = level if record.levelno >= logging.WARNING else kinds.Info
        QgsMessageLog.logMessage(self.format(record), "RAW", level, notifyUser=False)


class RawPlugin:
    """The plugin as QGIS knows it."""

    def __init__(self, iface: Any) -> None:
        self.iface = iface
        self.provider: RawProvider | None = None
        self.menu: RawMenu | None = None
        self.log = LogPanel()
        LOG.addHandler(self.log)
        LOG.setLevel(logging.INFO)
        self.translator = translation.install()
        packages.activate(venv_folder())
        self.problem = why_not_writable()
        if self.problem:
            LOG.warning(self.problem)

    def initProcessing(self) -> None:  # noqa: N802
        """Register the algorithms. qgis_process calls only this."""
        from .processing.provider import RawProvider

        self.provider = RawProvider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:  # noqa: N802
        """Register the algorithms, and add the toolbar and the menu."""
        from .gui.menu import RawMenu

        self.initProcessing()
        self.menu = RawMenu(self.iface)
        if self.problem:
            self.iface.messageBar().pushWarning("RAW", self.problem)

    def unload(self) -> None:
        """Remove everything. Called when the plugin is switched off and when QGIS quits; twice does
        no harm.
        """
        if self.menu is not None:
            from .gui import settings

            self.menu.remove()
            settings.unregister()
        if self.provider is not None and not sip.isdeleted(self.provider):
            QgsApplication.processingRegistry().removeProvider(self.provider)
        if self.translator is not None and not sip.isdeleted(self.translator):
            QCoreApplication.removeTranslator(self.translator)
        self.menu = self.provider = self.translator = None
        LOG.removeHandler(self.log)
        packages.deactivate(venv_folder())
