# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions: draw one and read at once what the people who were in it say."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from qgis.core import QgsGeometry, QgsProject
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...core.bundle.runtime import Model
from ...core.errors import InputError, Progress
from ...core.regions.view import City, RegionView, look
from ...processing.words import tr
from ..map_tools.draw import Drawing
from ..map_tools.shapes import in_crs, lonlat
from ..menu import has_areas
from ..settings import settings
from .card import Region, RegionCard
from .kept import RegionBook
from .table import RegionTable

if TYPE_CHECKING:
    from ...core.bundle.bundle import Bundle
    from ..dock.session import Session
    from ..menu import RawMenu

HINTS = {
    "polygon": "Click the corners. Right click closes the region, Backspace takes back a corner, Esc stops.",
    "box": "Drag a box on the map.",
}


class RegionsTab(QWidget):
    """Buttons to draw, the regions so far, and the card of the one chosen."""

    def __init__(self, session: Session, menu: RawMenu) -> None:
        super().__init__()
        self.setObjectName("raw_regions")
        self.session, self.menu, self.iface = session, menu, menu.iface
        self.book: RegionBook | None = None
        self._layer: Any = None
        self._city: City | None = None
        self._model: Model | None = None
        self.drawing = Drawing(self.iface, session.map_crs)
        self.drawing.drawn.connect(self.take_drawn)
        self.drawing.ended.connect(lambda: self._draw(""))
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.least = QSpinBox()
        self.table = RegionTable()
        self.card: RegionCard | None = None
        self._restyle = QTimer(self)  # many regions at once are styled once
        self._restyle.setSingleShot(True)
        self._restyle.timeout.connect(lambda: self.book.restyle() if self.book is not None else None)
        self._due = False  # to look again, which another job was in the way of
        self._settle = QTimer(self)  # a job that has ended gives its result after it has said so
        self._settle.setSingleShot(True)
        self._settle.timeout.connect(self._settled)
        self._lay_out()
        session.changed.connect(self.show_session)
        session.worked.connect(self.show_session)
        self._fill_table()
        self.show_session()

    def _lay_out(self) -> None:
        self.buttons: dict[str, QToolButton] = {}
        top = QHBoxLayout()
        for name, title, tip, slot in (
            ("polygon", tr("Draw"), tr("Draw a region by its corners"), lambda: self._draw("polygon")),
            ("box", tr("Box"), tr("Draw a box"), lambda: self._draw("box")),
            ("selected", tr("Selected"), tr("Take the polygons that are selected on the map"), self.use_selected),
        ):
            button = QToolButton()
            button.setObjectName(f"raw_region_{name}")
            button.setText(title)
            button.setToolTip(tip)
            button.setCheckable(name != "selected")
            button.clicked.connect(slot)
            self.buttons[name] = button
            top.addWidget(button)
        top.addStretch()
        self.least.setObjectName("raw_least")
        self.least.setRange(1, 1000)
        self.least.setValue(settings().min_users.value())
        self.least.setPrefix(tr("from "))
        self.least.setSuffix(tr(" people"))
        self.least.setToolTip(tr("Fewer people are not spoken of, not even by number."))
        self.least.setKeyboardTracking(False)  # on the way to 12 nobody asks for 1
        self.least.valueChanged.connect(lambda: self.look_again())
        top.addWidget(self.least)
        self.table.itemSelectionChanged.connect(self._show_card)
        self.table.itemChanged.connect(self._renamed)
        below = QHBoxLayout()
        self.compare = QPushButton(tr("Compare"))
        self.compare.setToolTip(tr("Choose two regions in the list to see them side by side"))
        self.compare.clicked.connect(self.show_comparison)
        self.away = QPushButton(tr("Remove"))
        self.away.clicked.connect(self.remove_chosen)
        for button in (self.compare, self.away):
            below.addWidget(button)
        below.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 6, 2, 2)
        layout.addLayout(top)
        layout.addWidget(self.hint)
        layout.addWidget(self.table)
        layout.addLayout(below)
        self.place = QVBoxLayout()
        layout.addLayout(self.place)
        layout.addStretch(1)

    # ---- drawing ------------------------------------------------------------------------------------------------

    def _draw(self, how: str) -> None:
        """Take up a way of drawing, or none."""
        if how and self.buttons[how].isChecked():
            getattr(self.drawing, how)()
        elif how:
            self.drawing.stop()
            how = ""
        for name in ("polygon", "box"):
            self.buttons[name].setChecked(name == how)
        self._tell(self._what_to_do())

    def take_drawn(self, geometry: QgsGeometry) -> None:
        """A region was closed on the map: look at it and show it."""
        model, city = self.session.model, self.session.city
        if self.book is None or city is None or model is None:
            return
        least = self.book.min_users if self.book.regions else self.least.value()  # as all the others
        try:
            polygon = lonlat(geometry, self.session.map_crs())
            view = look(city, model, polygon, least)
        except InputError as error:
            self._tell(str(error))
            return
        self._keep([(self.book.next_name(), polygon, view)], least)

    def use_selected(self) -> None:
        """Take the selected polygons of the current layer, or of the first that has some."""
        layers = [self.iface.activeLayer(), *QgsProject.instance().mapLayers().values()]
        own = self.book.layer if self.book is not None else None
        layer = next((x for x in layers if has_areas(x) and x is not own and x.selectedFeatureCount()), None)
        if layer is None:
            self._tell(tr("Select polygons of a layer on the map first."))
            return
        named = layer.fields().lookupField(layer.displayField())
        found = []
        for feature in layer.selectedFeatures():
            if feature.hasGeometry() and self.book is not None:
                try:
                    polygon = lonlat(feature.geometry(), layer.crs())
                except InputError as error:
                    self._tell(str(error))
                    return
                name = str(feature[named]) if named >= 0 and feature[named] else self.book.next_name()
                found.append((name, polygon))
        least = self.least.value()
        self._look_at([polygon for _, polygon in found], least, lambda views: self._keep(
            [(name, polygon, view) for (name, polygon), view in zip(found, views)], least))  # fmt: skip

    def _look_at(self, polygons: list[Any], least: int, done: Any) -> None:
        """Look at regions in a task."""
        city, model = self.session.city, self.session.model
        if city is None or model is None or self.session.job is not None:
            return
        self._tell(self._what_to_do())
        title = tr("Looking at {n:,} regions").format(n=len(polygons))
        self.session.run(title, lambda progress: look_at_all(city, model, polygons, least, progress), done)

    def _keep(self, found: list[tuple[str, Any, RegionView]], least: int) -> None:
        bundle = self._bundle()
        if self.book is None or bundle is None:
            return
        self.book.min_users = least
        for name, polygon, view in found:
            self.book.add(Region(name, polygon, view, bundle, -1), in_crs(polygon, self.book.crs))
        if any(region.bundle is not bundle for region in self.book.regions):
            self._due = True  # a look at the others with this model was cancelled
        self._fill_table(len(self.book.regions) - 1)
        self._restyle.start(0)

    def look_again(self) -> None:
        """After tracks, model or fewest people have changed: at once, or when the job that runs has ended."""
        book, bundle = self.book, self._bundle()
        self._due = self.session.city is None or self.session.job is not None
        if book is None or bundle is None or self._due:
            return
        least = self.least.value()
        shown = list(book.regions)
        before = []
        for name, shape, at in book.drawn_before():
            with suppress(InputError):  # a shape that is nowhere on the earth
                before.append((name, lonlat(shape, book.crs), at))
        polygons = [region.polygon for region in shown] + [polygon for _, polygon, _ in before]
        if not polygons:
            return

        def done(views: list[RegionView]) -> None:
            for region, view in zip(shown, views):
                region.view, region.bundle = view, bundle
            self._due = self._due or len(book.regions) > len(shown)  # one was drawn meanwhile
            found = zip(before, views[len(shown) :])
            book.regions += [Region(name, polygon, view, bundle, at) for (name, polygon, at), view in found]
            book.min_users = least
            book.update(bundle)
            self._fill_table(self.table.currentRow())
            self._restyle.start(0)

        self._look_at(polygons, least, done)

    def _touched(self) -> None:
        """The layer of regions was edited, or is gone."""
        self._fill_table(self.table.currentRow())
        self.look_again()

    def _settled(self) -> None:
        """No job runs: what is shown was looked at with the fewest people that the box says."""
        if self.session.job is not None or self.book is None:
            return
        if self._due:
            self.look_again()
        elif self.book.regions and self.least.value() != self.book.min_users:  # the look was cancelled
            self._set_least(self.book.min_users)

    def _set_least(self, least: int) -> None:
        self.least.blockSignals(True)
        self.least.setValue(least)
        self.least.blockSignals(False)

    # ---- showing ------------------------------------------------------------------------------------------------

    def show_session(self) -> None:
        """Another layer has another book; another city or model is asked again."""
        if self.session.layer is not self._layer:
            self._close_book()
            self._layer = self.session.layer
            if self._layer is not None:
                self.book = RegionBook(self._layer, self.session.group, self._touched)
                if self.book.layer is not None:
                    self._set_least(self.book.min_users)
            self._fill_table()
        if self.session.city is not self._city or self.session.model is not self._model:
            self._city, self._model = self.session.city, self.session.model
            self._fill_table(self.table.currentRow())
            self.look_again()
        self._enable()

    def _enable(self) -> None:
        ready = self.session.city is not None
        for name, button in self.buttons.items():
            button.setEnabled(ready and (name != "selected" or self.session.job is None))  # which starts a job
        if self.session.job is None:
            self._settle.start(0)
        chosen = len(self._chosen())
        self.compare.setEnabled(chosen == 2)
        self.away.setEnabled(chosen > 0)

    def _tell(self, words: str) -> None:
        self.hint.setText(words)
        self.hint.setVisible(bool(words))

    def _what_to_do(self) -> str:
        """The hint where nothing is wrong."""
        drawing = next((name for name in HINTS if self.buttons[name].isChecked()), None)
        if drawing:
            return tr(HINTS[drawing])
        if self.session.city is None:
            return (
                tr("Regions can be drawn when the model has read the users.") if self.session.layer is not None else ""
            )
        if self.book is not None and not self.book.regions:
            return tr("Draw a region on the map, or select polygons, to see who is there, when, and what it says.")
        return ""

    def _bundle(self) -> Bundle | None:
        return self.session.model.bundle if self.session.model is not None else None

    def _fill_table(self, current: int = -1) -> None:
        regions = self.book.regions if self.book is not None else []
        self.table.fill(regions, self._bundle(), current)
        for widget in (self.table, self.compare, self.away):
            widget.setVisible(bool(regions))
        self._show_card()

    def _chosen(self) -> list[Region]:
        rows = sorted({index.row() for index in self.table.selectedIndexes()})
        return [self.book.regions[row] for row in rows] if self.book is not None else []

    def _show_card(self) -> None:
        if self.card is not None:
            self.place.removeWidget(self.card)
            self.card.setParent(None)  # gone now, not when Qt finds the time
            self.card.deleteLater()
            self.card = None
        chosen = self._chosen()
        self.card = self._card(chosen[-1]) if chosen else None
        if self.card is not None:
            self.place.addWidget(self.card)
        self._tell(self._what_to_do())
        self._enable()

    def _card(self, region: Region) -> RegionCard | None:
        if self.book is None:
            return None
        return RegionCard(region, self.book.regions, self._bundle(), self.book.min_users)

    def _renamed(self, item: QTableWidgetItem) -> None:
        if self.book is not None and item.column() == 0 and item.text().strip():
            self.book.rename(self.book.regions[item.row()], item.text().strip())
            self._show_card()

    def remove_chosen(self) -> None:
        """Keep the chosen regions no longer."""
        if self.book is not None:
            self.book.remove(self._chosen())
            self._fill_table()
            self._restyle.start(0)

    def show_comparison(self) -> QDialog:
        """The two chosen regions side by side."""
        dialog = QDialog(self.window())
        dialog.setObjectName("raw_compare")
        dialog.setWindowTitle(tr("Compare regions"))
        row = QHBoxLayout(dialog)
        row.setSpacing(18)
        for region in self._chosen()[:2]:
            area = QScrollArea()
            area.setWidgetResizable(True)
            area.setFrameShape(QScrollArea.Shape.NoFrame)
            area.setWidget(self._card(region))
            row.addWidget(area)
        dialog.resize(760, 560)
        dialog.show()
        return self.menu.keep(dialog)

    def _close_book(self) -> None:
        self.drawing.stop()
        if self.book is not None:
            self.book.close()
            self.book = None

    def remove(self) -> None:
        """Give back the map."""
        self._restyle.stop()
        self._settle.stop()
        self._close_book()


def look_at_all(
    city: City, model: Model, polygons: list[Any], min_users: int, progress: Progress
) -> list[RegionView]:  # fmt: skip
    """In a task: every region in turn."""
    views = []
    for number, polygon in enumerate(polygons):
        progress(number / len(polygons))
        views.append(look(city, model, polygon, min_users))
    return views
