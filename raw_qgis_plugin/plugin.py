# SPDX-License-Identifier: GPL-2.0-or-later
"""Wiring: what the plugin registers with QGIS, and takes back when it is unloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import QgsApplication
from qgis.PyQt import sip

from .processing.provider import RawProvider

if TYPE_CHECKING:
    from .gui.menu import RawMenu


class RawPlugin:
    """The plugin as QGIS knows it."""

    def __init__(self, iface: Any) -> None:
        self.iface = iface
        self.provider: RawProvider | None = None
        self.menu: RawMenu | None = None

    def initProcessing(self) -> None:  # noqa: N802
        """Register the algorithms. qgis_process calls only this."""
        self.provider = RawProvider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:  # noqa: N802
        """Register the algorithms, and show the toolbar and the menu."""
        from .gui.menu import RawMenu

        self.initProcessing()
        self.menu = RawMenu(self.iface)

    def unload(self) -> None:
        """Take back everything."""
        if self.menu is not None:
            self.menu.remove()
            self.menu = None
        if self.provider is not None and not sip.isdeleted(self.provider):
            QgsApplication.processingRegistry().removeProvider(self.provider)
        self.provider = None
