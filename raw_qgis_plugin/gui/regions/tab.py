# SPDX-License-Identifier: GPL-2.0-or-later
"""The tab of regions: draw one, and read at once what the model predicts about the people in it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from qgis.core import QgsGeometry, QgsProject
from qgis.PyQt.QtCore import QEvent, Qt, QTimer
from qgis.PyQt.QtGui import QKeyEvent, QKeySequence
from qgis.PyQt.QtWidgets import QDialog, QSpinBox, QTableWidgetItem, QToolButton, QWidget

from ...core.bundle.bundle import Bundle
from ...core.bundle.runtime import Model
from ...core.errors import InputError, Progress
from ...core.regions.view import City, RegionView, look
from ...layers.publishing import check_layer
from ...processing.words import tr
from ..desktop import Desktop
from ..layer_kinds import has_areas
from ..map_tools.draw import Drawing
from ..map_tools.marks import Marks
from ..map_tools.shapes import in_crs, lonlat
from ..session import Session
from ..settings import settings
from ..widgets.layout import column, delete, row, silent, wrapped
from .book import RegionBook
from .card import Region, RegionCard
from .dialogs import Comparison, PublishCheck
from .table import KEYS, RegionTable

HINTS = {
    "polygon": "Click the corners. Right click closes the region, Backspace takes back a corner, Esc stops.",
    "box": "Drag a box on the map.",
}


class RegionsTab(QWidget):
    """Buttons to draw, the list of regions, and the card of the selected one."""

    def __init__(self, session: Session, desktop: Desktop) -> None:
        super().__init__(objectName="raw_regions")
        self.session, self.desktop, self.iface = session, desktop, desktop.iface
        self.book: RegionBook | None = None
        self._layer: Any = None
        self._city: City | None = None
        self._model: Model | None = None
        self._own_least = settings().min_users.value()
        self.drawing = Drawing(self.iface, session.map_crs)
        self.drawing.drawn.connect(self.take_drawn)
        self.drawing.ended.connect(lambda: self._draw(""))
        self.card: RegionCard | None = None
        self.marks = Marks(self.iface.mapCanvas(), self)
        self._restyle = QTimer(self, singleShot=True, timeout=lambda: self.book and self.book.restyle())  # once
        self._due = False  # to score again, when the job that runs has ended
        self._settle = QTimer(self, singleShot=True, timeout=self._settled)  # a job reports its result after its end
        self._lay_out()
        session.changed.connect(self.show_session)
        session.worked.connect(self.show_session)
        self._fill_table()
        self.show_session()

    def _lay_out(self) -> None:
        self.buttons: dict[str, QToolButton] = {
            name: QToolButton(
                objectName=f"raw_region_{name}", text=title, toolTip=tip, checkable=name != "selected", clicked=slot
            )
            for name, title, tip, slot in (
                ("polygon", tr("Draw"), tr("Draw a region by its corners"), lambda: self._draw("polygon")),
                ("box", tr("Box"), tr("Draw a box"), lambda: self._draw("box")),
                ("selected", tr("Selected"), tr("Take the polygons that are selected on the map"), self.use_selected),
            )
        }
        self.least = QSpinBox(
            objectName="raw_least", minimum=1, maximum=1000, value=settings().min_users.value(), prefix=tr("from "),
            suffix=tr(" people"), toolTip=tr("Regions with fewer people get no figures at all."),
            keyboardTracking=False,  # 12 is not to be taken for 1 while it is typed
            valueChanged=lambda: self.score_again(),
        )  # fmt: skip
        self.hint = wrapped(textFormat=Qt.TextFormat.PlainText)
        self.table = RegionTable()
        self.table.itemSelectionChanged.connect(self._chose)
        self.table.itemChanged.connect(self._renamed)
        tip = tr("Choose two regions in the list to see them side by side")
        self.compare = QToolButton(text=tr("Compare"), toolTip=tip, clicked=self.show_comparison)
        tip = tr("Remove the chosen regions (Delete)")
        self.away = QToolButton(text=tr("Remove"), toolTip=tip, clicked=self.remove_chosen)
        tip = tr("Take back the last drawing or removal of regions (Ctrl+Z)")
        self.back = QToolButton(text=tr("Undo"), objectName="raw_undo", toolTip=tip, clicked=self.undo)
        tip = tr("What in the drawn regions could name somebody, before you publish them")
        self.publish = QToolButton(text=tr("Check"), objectName="raw_publish", toolTip=tip, clicked=self.show_check)
        self.place = column()
        above = row(*self.buttons.values(), None, self.least)
        below = row(self.compare, self.away, self.back, self.publish, None)
        self.setLayout(column(above, self.hint, self.table, below, self.place, None, margins_px=(2, 6, 2, 2)))

    # ---- drawing ------------------------------------------------------------------------------------------------

    def _draw(self, tool: str) -> None:
        """Take up a tool to draw with, '' for none."""
        if tool and self.buttons[tool].isChecked():
            getattr(self.drawing, tool)()
        elif tool:
            self.drawing.stop()
            tool = ""
        for name in HINTS:
            self.buttons[name].setChecked(name == tool)
        self._show_hint()

    def take_drawn(self, geometry: QgsGeometry) -> None:
        """Score a region that was closed on the map, and show it. geometry: in the map's CRS."""
        model, city = self.session.model, self.session.city
        if self.book is None or city is None or model is None:
            return
        least = self.book.min_users if self.book.regions else self.least.value()  # the same for all regions
        try:
            polygon = lonlat(geometry, self.session.map_crs())
            view = look(city, model, polygon, least)
        except InputError as error:
            self._show_hint(str(error))
            return
        self._keep([(self.book.next_name(), polygon, view)], least)
        self.table.setFocus()  # Ctrl+Z and Delete apply to the new region

    def use_selected(self) -> None:
        """Take the selected polygons of the current layer, or of the first layer that has some."""
        book = self.book
        layers = [self.iface.activeLayer(), *QgsProject.instance().mapLayers().values()]
        own = book.layer if book is not None else None
        layer = next((x for x in layers if has_areas(x) and x is not own and x.selectedFeatureCount()), None)
        if layer is None or book is None:
            self._show_hint(tr("Select polygons of a layer on the map first."))
            return
        named = layer.fields().lookupField(layer.displayField())
        found = []
        for feature in layer.selectedFeatures():
            if feature.hasGeometry():
                try:
                    polygon = lonlat(feature.geometry(), layer.crs())
                except InputError as error:
                    self._show_hint(str(error))
                    return
                name = str(feature[named]) if named >= 0 and feature[named] else book.next_name()
                found.append((name, polygon))
        least = self.least.value()
        self._score([polygon for _, polygon in found], least, lambda views: self._keep(
            [(name, polygon, view) for (name, polygon), view in zip(found, views)], least))  # fmt: skip

    def _keep(self, found: list[tuple[str, Any, RegionView]], least: int) -> None:
        """Take scored regions."""
        if self.book is not None and (bundle := self._bundle()) is not None:
            regions = [Region(name, polygon, view, bundle, self.session.city, -1) for name, polygon, view in found]
            self.book.changes.append((True, regions))
            self._add(regions, least)

    def _add(self, regions: list[Region], least: int) -> None:
        """Add regions to the book."""
        if self.book is None:
            return
        self.book.min_users = least
        for region in regions:
            self.book.add(region, in_crs(region.polygon, self.book.crs))
        self._due |= any(each.city is not self.session.city for each in self.book.regions)  # it was cancelled
        self._show_regions(len(self.book.regions) - 1)

    def remove_chosen(self) -> None:
        """Remove the selected regions."""
        if self.book is not None and (chosen := self._chosen()):
            self.book.changes.append((False, chosen))
            self._remove(chosen)

    def _remove(self, regions: list[Region]) -> None:
        if self.book is not None:
            self.book.remove(regions)
            self._show_regions(len(self.book.regions) - 1)

    def undo(self) -> None:
        """Take back the last drawing or removal. Removed regions are scored again, by the model chosen now."""
        book, least, bundle = self.book, self.least.value(), self._bundle()
        if book is None or bundle is None or not self.back.isEnabled():
            return
        added, regions = change = book.changes[-1]
        regions = [region for region in regions if (region in book.regions) == added]  # what the layer let be changed

        def put_back(views: list[RegionView]) -> None:
            book.changes.remove(change)
            for region, view in zip(regions, views, strict=True):
                region.found, region.bundle, region.city = view, bundle, self.session.city
            self._add(regions, least)

        if added:
            book.changes.pop()
            self._remove(regions)
        else:
            self._score([region.polygon for region in regions], least, put_back)

    def event(self, event: QEvent) -> bool:
        """Take the keys of undo and of Delete before QGIS's own actions do."""
        if event.type() == QEvent.Type.ShortcutOverride and any(map(event.matches, KEYS)):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Undo, or remove the chosen regions."""
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo()
        elif event.matches(QKeySequence.StandardKey.Delete):
            self.remove_chosen()
        else:
            super().keyPressEvent(event)

    # ---- scoring ------------------------------------------------------------------------------------------------

    def _score(self, polygons: list[Any], least: int, done: Any) -> None:
        """Score regions in a task. done: called with their views."""
        city, model = self.session.city, self.session.model
        if city is None or model is None or self.session.job is not None:
            return

        def work(progress: Progress) -> list[RegionView]:
            views = []
            for number, polygon in enumerate(polygons):
                progress(number / len(polygons))
                views.append(look(city, model, polygon, least))
            return views

        self._show_hint()
        self.session.run(tr("Scoring {n:,} regions").format(n=len(polygons)), work, done)

    def score_again(self) -> None:
        """Score all regions after tracks, model or fewest people changed: now, or after the running job."""
        book, bundle, city = self.book, self._bundle(), self.session.city
        self._due = city is None or self.session.job is not None
        if book is None or bundle is None or city is None or self._due:
            return
        least, shown = self.least.value(), list(book.regions)
        before = []
        for name, shape, feature in book.drawn_before():
            with suppress(InputError):  # a shape that is nowhere on the earth
                before.append((name, lonlat(shape, book.crs), feature))
        polygons = [region.polygon for region in shown] + [polygon for _, polygon, _ in before]

        def done(views: list[RegionView]) -> None:
            for region, view in zip(shown, views):
                region.found, region.bundle, region.city = view, bundle, city
            self._due = self._due or len(book.regions) > len(shown)  # one was drawn meanwhile
            found = zip(before, views[len(shown) :])
            book.regions += [Region(name, polygon, view, bundle, city, at) for (name, polygon, at), view in found]
            book.min_users = least
            book.update(bundle)
            self._show_regions(self.table.currentRow())

        if polygons:
            self._score(polygons, least, done)

    def _touched(self) -> None:
        """The layer of regions was edited, or is gone."""
        self._fill_table(self.table.currentRow())
        self.score_again()

    def _settled(self) -> None:
        """No job runs: the figures shown and the box of the fewest people must agree."""
        if self.session.job is not None or self.book is None:
            return
        if self._due:
            self.score_again()
        elif self.book.regions and self.least.value() != self.book.min_users:  # the scoring was cancelled
            self._set_least(self.book.min_users)

    def _set_least(self, least: int) -> None:
        with silent(self.least):
            self.least.setValue(least)

    # ---- showing ------------------------------------------------------------------------------------------------

    def show_session(self) -> None:
        """Show the book of the session's layer, and score again after another city or model."""
        if self.session.layer is not self._layer:
            self._close_book()
            self._layer = self.session.layer
            if self._layer is not None:
                self.book = RegionBook(self._layer, self.session.group, self._touched)
                self._set_least(self.book.min_users)
            self._fill_table()
        before, self._own_least = self._own_least, settings().min_users.value()
        if self._own_least > before:
            self.least.setValue(max(self._own_least, self.least.value()))  # scores again
        if self.session.city is not self._city or self.session.model is not self._model:
            self._city, self._model = self.session.city, self.session.model
            self._show_regions(self.table.currentRow())
            self.score_again()
        self._enable()

    def _enable(self) -> None:
        for name, button in self.buttons.items():  # 'selected' starts a job
            free = name != "selected" or self.session.job is None
            button.setEnabled(self.session.city is not None and free)
        if self.session.job is None:
            self._settle.start(0)
        chosen = len(self._chosen())
        self.compare.setEnabled(chosen == 2)
        self.away.setEnabled(chosen > 0)
        changed = self.book is not None and bool(self.book.changes)
        self.back.setEnabled(changed and self.session.city is not None and self.session.job is None)

    def _show_hint(self, problem: str = "") -> None:
        """Show a problem, else what to do next."""
        tool = next((name for name in HINTS if self.buttons[name].isChecked()), "")
        words = problem or (self.book.problem if self.book is not None else "") or (tr(HINTS[tool]) if tool else "")
        if not words and self.session.city is None and self.session.layer is not None:
            words = tr("Regions can be drawn when the model has read the users.")
        elif not words and self.session.city is not None and self.book is not None and not self.book.regions:
            words = tr("Draw a region on the map, or select polygons, to see its people, their hours and its scores.")
        elif not words and self.book is not None and self.book.regions:
            words = self.book.why_higher(self.least.value())
        self.hint.setText(words)
        self.hint.setVisible(bool(words))

    def _bundle(self) -> Bundle | None:
        return self.session.model.bundle if self.session.model is not None else None

    def _show_regions(self, current: int) -> None:
        """Show the regions after some were added, removed or scored, or none is scored any more."""
        if self.book is not None and self.book.regions:
            self.book.protect(self.session.city)
            self._restyle.start(0)
        self._fill_table(current)

    def _fill_table(self, current: int = -1) -> None:
        regions = self.book.regions if self.book is not None else []
        self.table.fill(regions, self._bundle(), current)
        for widget in (self.table, self.compare, self.away, self.publish):
            widget.setVisible(bool(regions))
        self.back.setVisible(bool(regions) or (self.book is not None and bool(self.book.changes)))
        self._show_card()

    def _chosen(self) -> list[Region]:
        rows = sorted({index.row() for index in self.table.selectedIndexes()})
        return [self.book.regions[row] for row in rows] if self.book is not None else []

    def _show_card(self) -> None:
        if self.card is not None:
            delete(self.card)
            self.card = None
        for card in self._cards(self._chosen()[-1:]):
            self.card = card
            self.place.addWidget(card)
        self.marks.clear()
        for region in self._chosen():
            self.marks.add(in_crs(region.polygon, self.session.map_crs()), "#d62728", 0.0, 3)
        self._show_hint()
        self._enable()

    def _chose(self) -> None:
        """A region was chosen in the list."""
        self._show_card()
        self.marks.zoom()

    def _cards(self, regions: list[Region], beside: list[Region] | None = None) -> list[RegionCard]:
        book = self.book
        shown = (book.regions, self.session.city, book.min_users, beside or ()) if book is not None else ()
        return [RegionCard(each, *shown) for each in regions if shown]

    def _renamed(self, item: QTableWidgetItem) -> None:
        if self.book is not None and item.column() == 0 and item.text().strip():
            self.book.rename(self.book.regions[item.row()], item.text().strip())
            self._fill_table(item.row()) if self.book.problem else self._show_card()

    def show_comparison(self) -> QDialog:
        """Open the two selected regions side by side."""
        chosen = self._chosen()[:2]
        dialog = Comparison(self._cards(chosen, chosen), self.window())
        dialog.show()
        return self.desktop.keep(dialog)

    def show_check(self) -> QDialog | None:
        """Open what in the layer of regions could name somebody."""
        if self.book is None or self.book.layer is None:
            return None
        found = check_layer(self.book.layer, QgsProject.instance().transformContext(), self.least.value())
        dialog = PublishCheck(found, self.window())
        dialog.show()
        return self.desktop.keep(dialog)

    def _close_book(self) -> None:
        self.drawing.stop()
        if self.book is not None:
            self.book.close()
            self.book = None

    def remove(self) -> None:
        """Give the map back, and leave the layer of regions."""
        self._restyle.stop()
        self._settle.stop()
        self.marks.clear()
        self._close_book()
