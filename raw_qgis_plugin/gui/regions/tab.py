# SPDX-License-Identifier: GPL-2.0-or-later
"""The tab of regions: draw one, and read at once who the people in it are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.core import QgsGeometry, QgsProject
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QDialog, QListWidget, QSpinBox, QToolButton, QWidget

from ...core.disclosure.ledger import Ledger, people_of
from ...core.errors import InputError, Progress
from ...core.labels import CardData
from ...core.mobility.journeys import find_journeys
from ...core.regions.view import RegionView, summarise_region
from ...environment.folders import ledger_folder
from ...layers.words import count_people
from ...processing.words import tr
from ..desktop import Desktop
from ..layer_kinds import has_areas
from ..maps.draw import Drawing, in_crs, lonlat
from ..session import Session
from ..settings import settings
from ..widgets.layout import column, delete, row, silent, wrapped
from ..windows.flows import FlowsWindow
from .card import Region, RegionCard
from .compare import Comparison
from .layer import RegionLayer, name_of


class RegionsTab(QWidget):
    """Buttons to draw, the list of regions, and the card of the selected one."""

    def __init__(self, session: Session, desktop: Desktop) -> None:
        super().__init__(objectName="raw_regions")
        self.session = session
        self.desktop = desktop
        self.iface = desktop.iface
        self.regions: RegionLayer | None = None
        self.shown: list[Region] = []  # the rows of the table
        self._listed: Any = None  # what the list was made of
        self.card: RegionCard | None = None
        # By the shape: of this reading, model and minimum of users; None from the one job on that
        # scores it
        self._views: dict[bytes, RegionView | None] = {}
        self._of: Any = None  # what the views are of
        self.drawing = Drawing(self.iface, session.map_crs)
        self.drawing.drawn.connect(self.take_drawn)
        self.drawing.ended.connect(lambda: self.buttons["polygon"].setChecked(False))
        self.drawing.ended.connect(self._show_hint)
        self._lay_out()
        session.changed.connect(self.show_session)
        session.worked.connect(
            lambda: self._enable() if session.job is not None else self.refresh()
        )
        self.show_session()

    def _actions(self) -> tuple[tuple[str, str, str, Callable[[], Any]], ...]:
        """Of each button: its name, words, tip, and what it does."""
        return (
            ("polygon", tr("Draw"), tr("Draw a region by its corners"), self._draw),
            (
                "selected",
                tr("Selected"),
                tr("Take the polygons that are selected on the map"),
                self.use_selected,
            ),
            (
                "compare",
                tr("Compare"),
                tr("Choose two regions in the list to see them side by side"),
                self.show_comparison,
            ),
            (
                "flows",
                tr("Flows"),
                tr("How many trips go from region to region, and at which hours"),
                self.show_flows,
            ),
            (
                "remove",
                tr("Remove"),
                tr(
                    "Remove the chosen regions. QGIS's undo brings them back; its editing tools "
                    "change regions too."
                ),
                self.remove_chosen,
            ),
            (
                "publish",
                tr("Publish figures…"),
                tr("Figures of the drawn regions as others may have them"),
                self.show_publish,
            ),
        )

    def _lay_out(self) -> None:
        self.buttons = {
            name: QToolButton(
                objectName=f"raw_region_{name}", text=title, toolTip=tip, clicked=slot
            )
            for name, title, tip, slot in self._actions()
        }
        above = list(self.buttons.values())[:2]
        self.below = list(self.buttons.values())[2:]
        self.buttons["polygon"].setCheckable(True)
        self.min_users = QSpinBox(
            objectName="raw_min_users",
            minimum=1,
            maximum=1000,
            prefix=tr("Minimum people: "),
            toolTip=tr("Minimum users per region: fewer people get no figures."),
            # 12 is not 1 while it is typed
            keyboardTracking=False,
            valueChanged=self._set_min_users,
        )
        self.hint = wrapped(textFormat=Qt.TextFormat.PlainText)
        self.list = QListWidget(objectName="raw_region_list", itemSelectionChanged=self._chose)
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.place = column()
        parts = (
            row(*above, None, self.min_users),
            self.hint,
            self.list,
            row(*self.below, None),
            self.place,
            None,
        )
        self.setLayout(column(*parts, margins_px=(2, 6, 2, 2)))
        # with the buttons that are hidden without regions
        self.setMinimumWidth(self.minimumSizeHint().width())

    def _draw(self) -> None:
        if self.buttons["polygon"].isChecked():
            self.drawing.polygon()
        else:
            self.drawing.stop()
        self._show_hint()

    def take_drawn(self, geometry: QgsGeometry) -> None:
        """Score a region that was closed on the map, and add it. geometry: in the map's CRS."""
        if not self._ready():  # the layer is being read again
            self._show_hint()
            return
        try:
            polygon = lonlat(geometry, self.session.map_crs())
            self._add([("", polygon)], [self._scorer()(polygon)])
        except InputError as error:
            self._show_hint(str(error))

    def use_selected(self) -> None:
        """Take the selected polygons of the current layer, or of the first layer that has some."""
        layers = [self.iface.activeLayer(), *QgsProject.instance().mapLayers().values()]
        own = self.regions.layer if self.regions is not None else None
        layer = next(
            (x for x in layers if has_areas(x) and x is not own and x.selectedFeatureCount()), None
        )
        if layer is None:
            self._show_hint(tr("Select polygons of a layer on the map first."))
            return
        named = layer.displayField()
        chosen = [each for each in layer.selectedFeatures() if each.hasGeometry()]
        try:
            found = [
                (str(each.attributeMap().get(named) or ""), lonlat(each.geometry(), layer.crs()))
                for each in chosen
            ]
        except InputError as error:
            self._show_hint(str(error))
            return
        self._score([polygon for _, polygon in found], lambda views: self._add(found, views))

    def _add(self, found: list[tuple[str, Any]], views: list[RegionView]) -> None:
        """Add scored regions to the layer, in which QGIS can edit them and undo."""
        if self.regions is None:
            return
        rows = []
        for (name, polygon), view in zip(found, views):
            geometry = in_crs(polygon, self.regions.crs())
            if geometry is not None:
                self._views[bytes(geometry.asWkb())] = view
                rows.append((name, geometry, view))
        self.iface.setActiveLayer(self.regions.add(rows, self._heads()))  # for QGIS's undo
        self.refresh()
        self.list.clearSelection()
        self.list.setCurrentRow(len(self.shown) - 1)

    def remove_chosen(self) -> None:
        """Remove the selected regions."""
        if self.regions is not None:
            self.regions.remove([region.id for region in self._chosen()])

    def _ready(self) -> bool:
        return self.session.city is not None and self.session.model is not None

    def _heads(self) -> list[CardData]:
        return self.session.model.bundle.heads("region") if self.session.model is not None else []

    def _scorer(self) -> Callable[[Any], RegionView]:
        index: Any = self.session.city
        model: Any = self.session.model
        least = settings().min_users.value()
        return lambda polygon: summarise_region(index, model, polygon, least)

    def _score(self, polygons: list[Any], done: Callable[[list[RegionView]], None]) -> None:
        """Score regions in a task. done: called with their views."""
        score = self._scorer()
        n = len(polygons)

        def work(progress: Progress) -> list[RegionView]:
            views = []
            for polygon in polygons:
                views.append(score(polygon))
                progress(len(views) / n)
            return views

        self.session.run(tr("Scoring {n:,} regions").format(n=n), work, done)

    def refresh(self) -> None:
        """Score what is not scored yet, and show it: new shapes, and all after tracks, model or
        minimum changed.
        """
        of = self.session.city, self.session.model, settings().min_users.value()
        if of != self._of:
            self._of = of
            self._views = {}
        features = self.regions.features() if self.regions is not None else []
        shapes = {each.id(): bytes(each.geometry().asWkb()) for each in features}
        self._show(
            [
                Region(each.id(), name_of(each), self._views.get(shapes[each.id()]))
                for each in features
            ]
        )
        new = [each for each in features if shapes[each.id()] not in self._views]
        if new and self._ready() and self.session.job is None and self.regions is not None:
            self._views |= dict.fromkeys(shapes[each.id()] for each in new)

            def done(views: list[RegionView]) -> None:
                found = {each.id(): view for each, view in zip(new, views)}
                self._views |= {shapes[feature]: view for feature, view in found.items()}
                if self.regions is not None:
                    self.regions.write(found, self._heads())
                self.refresh()

            try:
                self._score([lonlat(each.geometry(), self.regions.crs()) for each in new], done)
            except InputError as error:  # a shape that is nowhere on the earth
                self._show_hint(str(error))

    def _set_min_users(self, value: int) -> None:
        settings().min_users.setValue(value)
        self.refresh()

    def show_session(self) -> None:
        """Show the regions of the session's layer. Score again after another reading or model."""
        tracks = self.session.layer
        if tracks is not (self.regions.tracks if self.regions is not None else None):
            self.remove()
            if tracks is not None:
                self.regions = RegionLayer(tracks, self.session.group)
                self.regions.changed.connect(self.refresh)
        with silent(self.min_users):
            self.min_users.setValue(settings().min_users.value())
        self.refresh()

    def _show(self, shown: list[Region]) -> None:
        """List the regions, keep the chosen ones, and show the card of the last of them."""
        chosen = {region.id for region in self._chosen()}
        listed = (shown, self._heads())
        # a renderer that is set again and again while the map is drawn can crash QGIS
        if listed == self._listed:
            self._enable()
            return
        self.shown = shown
        self._listed = listed
        with silent(self.list):
            self.list.clear()
            for region in shown:
                people = region.view.figures.get("n_users") if region.view is not None else None
                words = "–" if people is None else count_people(int(people))
                self.list.addItem(f"{region.name} · {words}")
                self.list.item(self.list.count() - 1).setSelected(region.id in chosen)
        self.list.setFixedHeight(8 + 22 * min(max(len(shown), 1), 5))
        for widget in (self.list, *self.below):
            widget.setVisible(bool(shown))
        if self.regions is not None:
            self.regions.draw(listed[1])
        self._show_card()

    def _enable(self) -> None:
        """Enable what can be done now, and say what to do next."""
        ready = self._ready()
        chosen = len(self._chosen())
        idle = ready and self.session.job is None  # 'selected' starts a job
        can = {"selected": idle, "compare": ready and chosen == 2, "remove": chosen > 0}
        for name, button in self.buttons.items():
            button.setEnabled(can.get(name, ready or name == "publish"))
        self._show_hint()

    def _show_hint(self, problem: str = "") -> None:
        words = problem
        if not words and self.buttons["polygon"].isChecked():
            words = tr(
                "Click the corners. Right click closes the region, Backspace takes back a corner, "
                "Esc stops."
            )
        elif not words and self.session.layer is not None and not self._ready():
            words = tr("Regions can be drawn when the model has read the users.")
        elif not words and self._ready() and not self.shown:
            words = tr(
                "Draw a region on the map, or select polygons, to see its people, their hours and "
                "its scores."
            )
        self.hint.setText(words)
        self.hint.setVisible(bool(words))

    def _chosen(self) -> list[Region]:
        return [region for at, region in enumerate(self.shown) if self.list.item(at).isSelected()]

    def _chose(self) -> None:
        """Regions were chosen in the list: QGIS selects them on the map, and moves to them."""
        ids = [region.id for region in self._chosen()]
        if self.regions is not None and self.regions.layer is not None:
            self.regions.layer.selectByIds(ids)
            if ids:
                self.iface.mapCanvas().zoomToFeatureIds(self.regions.layer, ids)
        self._show_card()

    def _show_card(self) -> None:
        if self.card is not None:
            delete(self.card)
            self.card = None
        for card in self._cards(self._chosen()[-1:]):
            self.card = card
            self.place.addWidget(card)
        self._enable()

    def _cards(self, regions: list[Region], *beside: Region) -> list[RegionCard]:
        if self.session.model is None:
            return []
        bundle = self.session.model.bundle
        least = settings().min_users.value()
        return [RegionCard(each, bundle, least, beside) for each in regions]

    def show_comparison(self) -> QDialog:
        """Open the two selected regions side by side."""
        chosen = self._chosen()[:2]
        one, other = self._cards(chosen, *chosen)
        return self.desktop.show(Comparison(one, other, self.window()))

    def show_flows(self) -> QDialog | None:
        """Open the trips between the drawn regions."""
        session: Any = self.session
        regions: Any = self.regions
        try:
            shapes = [lonlat(each.geometry(), regions.crs()) for each in regions.features()]
        except InputError as error:  # a shape that is nowhere on the earth
            self._show_hint(str(error))
            return None
        return self.desktop.show(
            FlowsWindow(
                find_journeys(session.city.labels.diary),
                [region.name for region in self.shown],
                shapes,
                settings().min_users.value(),
                self.window(),
                lambda: self.desktop.open_dialog(
                    "flows", INPUT=session.layer.id(), ZONES=regions.layer.id()
                ),
                session.timezone,
            )
        )

    def show_publish(self) -> QDialog:
        """Open 'Publish figures' for the drawn regions; say what its people have cost so far."""
        regions: Any = self.regions
        if self.session.tracks is not None:
            try:
                spent = Ledger(ledger_folder()).spent(people_of(self.session.tracks))
                self._show_hint(spent.in_words())
            except InputError as error:  # the ledger cannot be kept
                self._show_hint(str(error))
        values = {"REGIONS": regions.layer.id()}
        if self.session.layer is not None:
            values["INPUT"] = self.session.layer.id()
        return self.desktop.open_dialog("publish", **values)

    def remove(self) -> None:
        """Give the map back, and leave the layer of regions."""
        self.drawing.stop()
        if self.regions is not None:
            self.regions.close()
            self.regions = None
