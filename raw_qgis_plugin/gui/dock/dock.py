# SPDX-License-Identifier: GPL-2.0-or-later
"""The RAW dock: a layer of tracks and a model at the top, below them what they say of regions, users and the future."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from qgis.gui import QgsDockWidget
from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ...processing.progress import time_left
from ...processing.words import how_to_install, tr

if TYPE_CHECKING:
    from ..menu import RawMenu
    from .session import Session
    from .source import SourcePanel

NEEDS = ("onnxruntime", "scipy", "shapely", "pyproj")  # Python modules beyond QGIS's own


class RawDock(QgsDockWidget):
    """The dock. `remove` before it is deleted."""

    def __init__(self, menu: RawMenu) -> None:
        super().__init__(tr("RAW"), menu.iface.mainWindow())
        self.setObjectName("RawDock")
        self.menu, self.iface = menu, menu.iface
        self.session: Session | None = None
        self.places: list[Any] = []  # the tabs
        self.source: SourcePanel | None = None  # the top; None where libraries are missing
        missing = [name for name in NEEDS if find_spec(name) is None]
        self.setWidget(self._missing_page(missing) if missing else self._page())

    def _missing_page(self, missing: list[str]) -> QWidget:
        """What to install, instead of everything else."""
        page = QWidget()
        layout = QVBoxLayout(page)
        words = QLabel(how_to_install(missing))
        words.setObjectName("raw_missing")
        words.setWordWrap(True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(words)
        for action in self.menu.actions:
            if action.objectName() == "raw_environment":
                button = QPushButton(tr("Install it here…"))
                button.clicked.connect(action.trigger)
                layout.addWidget(button)
        layout.addStretch()
        return page

    def _page(self) -> QWidget:
        from ..regions.tab import RegionsTab
        from .forecast_tab import ForecastTab
        from .session import Session
        from .source import SourcePanel
        from .users_tab import UsersTab

        self.session = Session(self.iface)
        self.source = SourcePanel(self.session, self.menu)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("raw_tabs")
        self.tabs.setDocumentMode(True)
        self.regions, self.users, self.forecast = (
            tab(self.session, self.menu) for tab in (RegionsTab, UsersTab, ForecastTab)
        )
        self.places = [self.regions, self.users, self.forecast]
        titles = (tr("Regions"), tr("Users"), tr("Forecast"))
        for tab, title in zip(self.places, titles):
            self.tabs.addTab(scrolling(tab), title)
        self.progress = ProgressRow(self.session)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(4)
        layout.addWidget(self.source)
        layout.addWidget(self.progress)
        layout.addWidget(self.tabs, 1)
        self.source.start()
        return page

    def choose_model(self, path: str) -> None:
        """Use a model bundle from now on, '' for the shipped one: for windows that make models."""
        if self.source is not None:
            self.source.choose_model(path)

    def list_models(self) -> None:
        """Look again which models there are: for windows that manage them."""
        if self.source is not None:
            self.source.list_models()

    def remove(self) -> None:
        """Take back map tools, marks on the map and running work."""
        for place in self.places:
            place.remove()
        if self.source is not None:
            self.source.remove()
        if self.session is not None:
            self.session.close()


class ProgressRow(QWidget):
    """What is being done, how far it is, how long it will take, and Cancel. Hidden while nothing is."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(10)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.setObjectName("raw_cancel")
        self.cancel.clicked.connect(session.cancel)
        left = QVBoxLayout()
        left.setSpacing(2)
        left.addWidget(self.words)
        left.addWidget(self.bar)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(left, 1)
        layout.addWidget(self.cancel)
        session.worked.connect(self.show_job)
        self.show_job()

    def show_job(self) -> None:
        """Look at the session's job."""
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


class Page(QScrollArea):
    """Scrolls up and down where the dock is low, and is never narrower than what it holds."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as its widget needs."""
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(self.widget().minimumSizeHint().width() + bar, 120)


def scrolling(widget: QWidget) -> QScrollArea:
    """A page of the tabs."""
    area = Page()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(widget)
    return area
