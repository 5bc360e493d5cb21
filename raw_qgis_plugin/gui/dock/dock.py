# SPDX-License-Identifier: GPL-2.0-or-later
"""The RAW dock: a layer of tracks and a model at the top, below them tabs for regions, users and forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.gui import QgsDockWidget
from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtWidgets import QProgressBar, QPushButton, QScrollArea, QTabWidget, QWidget

from ...core.errors import is_installed
from ...processing.progress import time_left
from ...processing.words import how_to_install, tr
from ..desktop import Desktop
from ..widgets.drop import TakesFiles
from ..widgets.layout import column, row, scrolling, wrapped

if TYPE_CHECKING:
    from qgis.core import QgsVectorLayer

    from ..session import Session
    from .source import SourcePanel

NEEDS = ("onnxruntime", "scipy", "shapely", "pyproj")  # Python modules beyond QGIS's own


class RawDock(TakesFiles, QgsDockWidget):
    """The dock. Call `remove` before it is deleted."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(tr("RAW"), desktop.iface.mainWindow())
        self.setObjectName("RawDock")
        self.setAcceptDrops(True)
        self.desktop = desktop
        self.session: Session | None = None  # None where packages are missing, as the next
        self.source: SourcePanel | None = None
        self.pages: list[Any] = []  # of the tabs
        self.setWidget(self._page() if all(map(is_installed, NEEDS)) else self._missing_page())

    def _missing_page(self) -> QWidget:
        """A page that explains how to install the missing packages."""
        page = QWidget()
        selectable = Qt.TextInteractionFlag.TextSelectableByMouse
        words = wrapped(how_to_install(), objectName="raw_missing", textInteractionFlags=selectable)
        install = QPushButton(tr("Install it here…"), clicked=lambda: self.desktop.open_window("environment"))
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
        self.regions, self.users, self.forecast = self.pages = [
            tab(self.session, self.desktop) for tab in (RegionsTab, UsersTab, ForecastTab)
        ]
        self.tabs = tabs = QTabWidget(objectName="raw_tabs", documentMode=True)
        for tab, title in zip(self.pages, (tr("Regions"), tr("Users"), tr("Forecast"))):
            area = scrolling(tab, TabArea())
            area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            tabs.addTab(area, title)
        page = QWidget()
        progress = ProgressRow(self.session)
        page.setLayout(column(self.source, progress, tabs, stretch=tabs, spacing_px=4, margins_px=(6, 4, 6, 4)))
        self.source.start()
        return page

    def draw(self, tool: str) -> None:
        """Begin to draw a region: 'polygon' or 'box'."""
        if self.session is not None:
            self.tabs.setCurrentIndex(0)
            self.regions.buttons[tool].click()

    def take_model(self) -> None:
        """Use the model of the project, else the default, after either was changed."""
        if self.source is not None:
            self.source.take_model()

    def choose_layer(self, layer: QgsVectorLayer) -> None:
        """Use a layer of tracks from now on."""
        if self.source is not None:
            self.source.layer.setLayer(layer)
            self.source.session.set_layer(layer)

    def take_file(self, path: str) -> None:
        """Open the window that imports a file."""
        self.desktop.import_tracks(path)

    def list_models(self) -> None:
        """List the models again, after some were added or removed."""
        if self.source is not None:
            self.source.list_models()

    def remove(self) -> None:
        """Remove map tools and marks from the map, and cancel running work."""
        for part in (*self.pages, self.source):
            if part is not None:
                part.remove()
        if self.session is not None:
            self.session.close()


class ProgressRow(QWidget):
    """The running job, its progress, the time left, and Cancel. Hidden while no job runs."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.bar = QProgressBar(maximum=1000, textVisible=False, maximumHeight=10)
        self.words = wrapped()
        cancel = QPushButton(tr("Cancel"), objectName="raw_cancel", clicked=session.stop)
        left = column(self.words, self.bar, spacing_px=2)
        self.setLayout(row(left, cancel, stretch=left, margins_px=0))
        session.worked.connect(self.show_job)
        self.show_job()

    def show_job(self) -> None:
        """Show the session's job."""
        job = self.session.job
        self.setVisible(job is not None)
        if job is None:
            return
        left = job.seconds_left()
        words = job.description().removeprefix("RAW: ")
        if left is not None:
            words = tr("{what}: {share:.0%}, {left} left").format(what=words, share=job.share, left=time_left(left))
        self.words.setText(words)
        self.bar.setValue(round(1000 * job.share))


class TabArea(QScrollArea):
    """Scrolls up and down where the dock is low, and is never narrower than its page."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as the page needs."""
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(self.widget().minimumSizeHint().width() + bar, 120)
