# SPDX-License-Identifier: GPL-2.0-or-later
"""The RAW dock: a layer of tracks and a model at the top, below them tabs for regions, users and
forecasts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.gui import QgsDockWidget
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QProgressBar, QPushButton, QTabWidget, QWidget

from ...core.errors import is_installed
from ...processing.words import how_to_install, time_left, tr
from ..desktop import Desktop
from ..widgets.layout import column, row, scrolling, wrapped

if TYPE_CHECKING:
    from ..session import Session

NEEDS = ("onnxruntime", "scipy", "shapely", "pyproj")  # Python modules beyond QGIS's own


class RawDock(QgsDockWidget):
    """The dock. Call `remove` before it is deleted."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(tr("RAW"), desktop.iface.mainWindow())
        self.setObjectName("RawDock")
        self.desktop = desktop
        self.session: Session | None = None  # None where packages are missing
        self.pages: list[Any] = []  # with `remove`
        self.setWidget(self._page() if all(map(is_installed, NEEDS)) else self._missing_page())

    def _missing_page(self) -> QWidget:
        page = QWidget()
        selectable = Qt.TextInteractionFlag.TextSelectableByMouse
        words = wrapped(how_to_install(), objectName="raw_missing", textInteractionFlags=selectable)
        install = QPushButton(
            tr("Install it here…"), clicked=lambda: self.desktop.open_window("environment")
        )
        page.setLayout(column(words, install, None))
        return page

    def _page(self) -> QWidget:
        from ..regions.tab import RegionsTab
        from ..session import Session
        from .forecast_tab import ForecastTab
        from .source import SourcePanel
        from .users_tab import UsersTab

        self.session = Session(self.desktop.iface)
        self.source = SourcePanel(self.session, self.desktop)
        self.regions, self.users, self.forecast = pages = [
            tab(self.session, self.desktop) for tab in (RegionsTab, UsersTab, ForecastTab)
        ]
        self.pages = pages
        tabs = QTabWidget(objectName="raw_tabs", documentMode=True)
        for tab, title in zip(pages, (tr("Regions"), tr("Users"), tr("Forecast"))):
            tabs.addTab(scrolling(tab), title)
        self.bar = QProgressBar(maximum=1000, textVisible=False, maximumHeight=10)
        self.words = wrapped()
        cancel = QPushButton(tr("Cancel"), objectName="raw_cancel", clicked=self.session.stop)
        left = column(self.words, self.bar, spacing_px=2)
        self.progress = QWidget()
        self.progress.setLayout(row(left, cancel, stretch=left, margins_px=0))
        self.session.worked.connect(self.show_job)
        page = QWidget()
        parts = (self.source, self.progress, tabs)
        # with a scroll bar
        wide = max(60 * self.fontMetrics().averageCharWidth(), self.regions.minimumWidth() + 40)
        page.setMinimumWidth(wide)  # else the tabs scroll sideways
        page.setLayout(column(*parts, stretch=tabs, spacing_px=4, margins_px=(6, 4, 6, 4)))
        self.show_job()
        self.source.start()
        return page

    def show_job(self) -> None:
        """Show the session's job, its progress and the time left, while there is one."""
        job = self.session.job if self.session is not None else None
        self.progress.setVisible(job is not None)
        if job is not None:
            left = job.seconds_left()
            words = job.description().removeprefix("RAW: ")
            if left is not None:
                words = tr("{what}: {share:.0%}, {left} left").format(
                    what=words, share=job.share, left=time_left(left)
                )
            self.words.setText(words)
            self.bar.setValue(round(1000 * job.share))

    def remove(self) -> None:
        """Remove map tools and marks from the map, and cancel running work."""
        for page in self.pages:
            page.remove()
        if self.session is not None:
            self.session.close()
