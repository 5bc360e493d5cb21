# SPDX-License-Identifier: GPL-2.0-or-later
"""The tab of users: label all of them as a layer, and look at one, found by a click or the name."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from qgis.core import (
    QgsCsException,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsRenderContext,
    QgsVectorLayer,
)
from qgis.gui import QgsMapToolEmitPoint
from qgis.PyQt.QtCore import QStringListModel, Qt
from qgis.PyQt.QtWidgets import QComboBox, QCompleter, QLabel, QLineEdit, QToolButton, QWidget

from ...core.embedding.applicability import after_gap
from ...core.embedding.user_view import UsualPlaces, grid_cell, usual_places
from ...core.errors import InputError
from ...core.geodesy import metres_between, unwrapped
from ...core.people.profiles import CARDS
from ...core.regions.view import VisitorIndex
from ...layers import styling, writing
from ...layers.coordinates import from_wgs84, transform_lines
from ...layers.legends import CLASS_COLOURS, EACH_USER, title_of
from ...processing.words import tr
from ..desktop import Desktop
from ..map_tools.draw import give_back
from ..map_tools.marks import Marks
from ..map_tools.shapes import lonlat
from ..maps.fit import switch_clock_off
from ..maps.notes import model_at, model_of
from ..results import UNIT, DockRun, last_run, run_of
from ..session import Session
from ..widgets.layout import column, delete, row, wrapped
from .people import describe_people, row_of
from .run_again import RunAgain
from .users_card import UserCard, letters

DIARY = "diary"  # beside the units


class UsersTab(QWidget):
    """Buttons, and the card of one user, who is marked on the map."""

    def __init__(self, session: Session, desktop: Desktop) -> None:
        super().__init__(objectName="raw_users")
        self.session, self.canvas = session, desktop.iface.mapCanvas()
        self._city: VisitorIndex | None = None
        self.card: UserCard | None = None
        self._before: Any = None
        self._opened = cache(model_at)  # a .zip takes long
        self.marks = Marks(self.canvas, self)
        self.profile = self._button(
            "profile", tr("Label"), tr("Label all of them: a layer in the group"), lambda: self.run()
        )
        self.unit = QComboBox()
        every = (("user", tr("every user")), ("track", tr("every track")), ("day", tr("every day")))
        for unit, title in (*every, (DIARY, tr("stops and trips"))):
            self.unit.addItem(title, unit)
        self.click = self._button("click", tr("Click one"), tr("Click a track on the map"), self._take_tool)
        self.click.setCheckable(True)
        self.tool = QgsMapToolEmitPoint(
            self.canvas, canvasClicked=self.pick, deactivated=lambda: self.click.setChecked(False)
        )
        self.name = QLineEdit(objectName="raw_user_name", placeholderText=tr("or a user's name"))
        self.name.returnPressed.connect(lambda: self.show_named(self.name.text()))
        self.again = RunAgain(session, ("profileusers", "diary"), self.run_again)
        self.words = wrapped(textFormat=Qt.TextFormat.PlainText)  # ids are of the layer
        self.place = column()
        tip = tr("What the colours of the labelled layer show")
        self.shown = QComboBox(objectName="raw_user_shown", toolTip=tip, activated=self._show_label)
        self.shown.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.colours = QWidget()
        self.colours.setLayout(row(QLabel(tr("Colours")), self.shown, None, margins_px=0))
        self.colours.hide()
        all_users, one_user = row(self.profile, self.unit, self.again, None), row(self.click, self.name)
        parts = all_users, self.colours, one_user, self.words, self.place, None
        self.setLayout(column(*parts, margins_px=(2, 6, 2, 2)))
        session.changed.connect(self.show_session)
        session.worked.connect(self._enable)
        self.show_session()

    def _button(self, name: str, title: str, tip: str, slot: Any) -> QToolButton:
        return QToolButton(objectName=f"raw_user_{name}", text=title, toolTip=tip, clicked=slot)

    # ---- all users ----------------------------------------------------------------------------------------------

    def run(self, **more: Any) -> None:
        """Profile the layer, or write the diary of its users. more: parameters of the algorithm."""
        unit = self.unit.currentData()
        if unit == DIARY:
            outputs = ["OUTPUT_STOPS", "OUTPUT_TRIPS"]
            self.session.run_algorithm("diary", more, outputs, tr("Writing the diary"), self._written, tr("Diary"))
            return
        self.session.run_algorithm(
            "profileusers", {"UNIT": unit, **more}, ["OUTPUT"],
            tr("Labelling"), lambda *result: self._labelled(unit, *result),
            tr("Labels of {unit}").format(unit=self.unit.currentText()),
        )  # fmt: skip

    def _written(self, results: dict[str, Any], layers: dict[str, QgsVectorLayer], warnings: list[str]) -> None:
        switch_clock_off(self.canvas, of_raw=True)
        self._write("\n".join([*describe_diary(layers), *warnings]))

    def run_again(self, run: DockRun) -> None:
        """Repeat a run."""
        self.unit.setCurrentIndex(max(0, self.unit.findData(run.values.get("UNIT", DIARY))))
        self.run(MODEL=str(run.values.get("MODEL", "")))

    def _last_runs(self) -> list[str]:
        """What the project holds of the last runs, in words."""
        tracks = self.session.layer.id() if self.session.layer is not None else ""
        labels, diary = (last_run(name, tracks) for name in ("profileusers", "diary"))
        words = describe_diary(diary[1]) if diary is not None else []
        if labels is not None and "OUTPUT" in labels[1]:
            layer, text = labels[1]["OUTPUT"], tr("{n:,} labelled on {date}: {name}.")
            labelled = text.format(n=layer.featureCount(), date=labels[0].began[:19], name=layer.name())
            words = [labelled, *describe_people(layer), *map(str, labels[0].warnings), *words]
        return words

    def _labelled(
        self, unit: str, results: dict[str, Any], layers: dict[str, QgsVectorLayer], warnings: list[str]
    ) -> None:
        layer, session = layers.get("OUTPUT"), self.session
        if layer is None or session.model is None:
            return
        words = tr("{n:,} labelled: {name}.").format(n=layer.featureCount(), name=layer.name())
        layer.setCustomProperty(UNIT, unit)
        self._list_labels()
        switch_clock_off(self.canvas, of_raw=True)
        node = QgsProject.instance().layerTreeRoot().findLayer(layer)
        if node is not None:
            node.setExpanded(True)  # shows the legend
        self._write("\n".join([words, *describe_people(layer), *warnings]))

    def _list_labels(self) -> None:
        """List what the colours of the newest labelled layer can show."""
        layer, heads = self._labelled_layer()
        self.shown.clear()
        self.colours.setVisible(layer is not None)
        if layer is None:
            return
        drawn = layer.renderer().usedAttributes(QgsRenderContext())
        for title, name in [*((title_of(head), head["name"]) for head in heads), (tr("Each user"), EACH_USER)]:
            self.shown.addItem(title, name)
            if name in drawn:
                self.shown.setCurrentIndex(self.shown.count() - 1)

    def _show_label(self) -> None:
        """Colour the newest labelled layer by the label that is chosen."""
        layer, heads = self._labelled_layer()
        if layer is not None:
            styling.Profiles(heads, layer.customProperty(UNIT), self.shown.currentData()).apply(layer)

    def _labelled_layer(self) -> tuple[QgsVectorLayer | None, list[dict[str, Any]]]:
        """The newest labelled layer, and its heads: of the model that made it, None and [] where that is gone."""
        layer = labelled_layer()
        bundle = model_of(layer, self.session, self._opened)[1] if layer is not None else None
        if layer is None or bundle is None:
            return None, []
        heads = [*CARDS, *bundle.heads(layer.customProperty(UNIT))]
        return layer, [head for head in heads if head["name"] in layer.fields().names()]

    # ---- one user -----------------------------------------------------------------------------------------------

    def _take_tool(self, on: bool) -> None:
        if on:
            self._before = self.canvas.mapTool()
            self.canvas.setMapTool(self.tool)
        else:
            give_back(self.canvas, self.tool, self._before)

    def pick(self, point: QgsPointXY, _button: Any = None, reach_px: float = 8) -> None:
        """Show the user of the fix nearest to a click. reach_px: fixes further away do not count."""
        city = self.session.city
        if city is None:
            return
        reach = reach_px * self.canvas.mapUnitsPerPixel()
        box = QgsRectangle(point.x() - reach, point.y() - reach, point.x() + reach, point.y() + reach)
        try:
            region = lonlat(QgsGeometry.fromRect(box), self.session.map_crs())
        except InputError as error:
            self._write(str(error))
            return
        near = city.index.inside(region)
        if not len(near):
            self._write(tr("No track here: click nearer to one, or zoom in."))
            return
        centre, users = region.centroid, city.users
        nearest = near[np.argmin(metres_between(users.lon[near], users.lat[near], centre.x, centre.y))]
        self.show_user(int(users.user[nearest]), zoom=False)

    def show_named(self, name: str) -> None:
        """Show the user of this id, else the one without the blanks around it."""
        city = self.session.city
        if not name.strip():
            return
        ids = city.users.user_ids if city is not None else np.zeros(0, object)
        found = [*np.flatnonzero(ids == name), *np.flatnonzero(ids == name.strip())]
        if found:
            self.show_user(int(found[0]))
        else:
            self._write(tr("There is no user '{name}' with two usable fixes.").format(name=name))

    def show_user(self, row: int, zoom: bool = True) -> None:
        """Show a user's card, and mark the user on the map. zoom: whether the map moves there."""
        city, model = self.session.city, self.session.model
        if city is None or model is None:
            return
        self._clear()
        self._write("")
        places = usual_places(city.users, row, city.zone)
        user = city.users.user_ids[row]
        labelled = labelled_layer("user", self.session.layer.id() if self.session.layer else "")
        self.card = UserCard(city, row, places, model.bundle, row_of(labelled, user), self.show_user)
        self.place.addWidget(self.card)
        self.name.setText(user)
        self._mark(user, places)
        if zoom:
            self.marks.zoom()

    def _mark(self, user: str, places: UsualPlaces, max_drawn: int = 5000) -> None:
        """Draw the user's tracks, thinned to max_drawn fixes and cut at gaps, and usual places, in the map's CRS."""
        every = self.session.tracks
        if every is None:
            return
        tracks = every.take(np.flatnonzero(every.user_ids == user) == every.user)
        piece = np.cumsum(after_gap(tracks))
        fixes = np.unique(np.linspace(0, len(tracks) - 1, min(max_drawn, len(tracks))).astype(int))
        lonlat = np.column_stack([tracks.lon[fixes], tracks.lat[fixes]])
        lonlat = np.concatenate([lonlat, *map(grid_cell, places.lon, places.lat)])
        whole = np.array([0, len(lonlat)])  # one line, so that all lies on one side of the map's edge
        transform = from_wgs84(self.session.map_crs(), QgsProject.instance().transformContext())
        try:
            xy = transform_lines(np.column_stack([unwrapped(lonlat[:, 0], whole), lonlat[:, 1]]), whole, transform)
            track, rings = np.split(xy, [len(fixes)])
            [line] = writing.cut_lines(track, np.array([0, len(fixes)]), np.diff(piece[fixes], prepend=0) > 0)
            cells = writing.polygons(rings.reshape(-1, 5, 2))
        except (QgsCsException, InputError):
            return
        self.marks.add(line, "#d62728")
        for cell, colour, letter in zip(cells, CLASS_COLOURS, letters(len(cells))):
            self.marks.add(cell, colour)
            self.marks.name(cell, letter)

    def _clear(self) -> None:
        self.marks.clear()
        if self.card is not None:
            delete(self.card)
            self.card = None

    # ---- state --------------------------------------------------------------------------------------------------

    def _write(self, words: str) -> None:
        self.words.setText(words)
        self.words.setVisible(bool(words))

    def show_session(self) -> None:
        """Show the session's city; another city has other users."""
        city = self.session.city
        if city is not self._city or city is None:
            self._city = city
            self._clear()
            self.name.clear()
            if city is not None:
                hint = tr("Click a track on the map to see whose it is, with labels and usual places.")
                self._write("\n".join([*self._last_runs(), hint]))
            else:
                waiting = tr("Users can be looked at when the model has read them.")
                self._write(waiting if self.session.layer is not None else "")
            completer = QCompleter(QStringListModel(city.users.user_ids.tolist() if city is not None else []), self)
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            completer.activated.connect(self.show_named)
            before = self.name.completer()
            self.name.setCompleter(completer)
            if before is not None:
                before.deleteLater()
        self._list_labels()
        self._enable()

    def _enable(self) -> None:
        for widget in (self.click, self.name):
            widget.setEnabled(self.session.city is not None)
        self.profile.setEnabled(self.session.tracks is not None and self.session.job is None)

    def remove(self) -> None:
        """Remove the marks and the tool from the map."""
        self._clear()
        self.canvas.unsetMapTool(self.tool)
        self.tool.deleteLater()


def labelled_layer(unit: str = "", tracks: str = "") -> QgsVectorLayer | None:
    """The uppermost layer that `Label` has made. unit: of its features; tracks: the layer's id it is of; '' for any."""
    layers = [node.layer() for node in QgsProject.instance().layerTreeRoot().findLayers()]
    found = [x for x in layers if x and x.isValid() and x.customProperty(UNIT)]  # a lost file leaves others
    found = [x for x in found if not tracks or ((run := run_of(x)) is not None and run.tracks == tracks)]
    return next((x for x in found if unit in ("", x.customProperty(UNIT))), None)


def describe_diary(layers: dict[str, QgsVectorLayer]) -> list[str]:
    """How much a diary holds, and how its trips are reviewed, in words; [] where a layer is gone."""
    counts = [layers[name].featureCount() for name in ("OUTPUT_STOPS", "OUTPUT_TRIPS") if name in layers]
    if len(counts) < 2:
        return []
    words = tr("Stops: {n:,}, trips: {m:,}.").format(n=counts[0], m=counts[1])
    review = tr("To review doubtful trips, sort their table by mode_p and correct the mode.")
    return [f"{words} {review}" if counts[1] else words]
