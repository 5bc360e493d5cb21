# SPDX-License-Identifier: GPL-2.0-or-later
"""The tab of users: label all of them as a layer, and look at one, found by a click, the selection or the name."""

from __future__ import annotations

from typing import Any

import numpy as np
from qgis.core import (
    Qgis,
    QgsCsException,
    QgsExpression,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorLayerJoinInfo,
)
from qgis.gui import QgsMapToolEmitPoint, QgsRubberBand
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QEvent, QStringListModel, Qt
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QComboBox, QCompleter, QLineEdit, QToolButton, QWidget

from ...core.embedding.user_view import Places, grid_cell, usual_places
from ...core.errors import InputError
from ...core.geodesy import unwrapped
from ...core.regions.view import City
from ...core.tracks import Tracks
from ...layers import writing
from ...layers.columns import id_text
from ...layers.coordinates import from_wgs84, transform_xy
from ...layers.legends import CLASS_COLOURS, literal, title_of, value_of
from ...processing.words import tr
from ..desktop import Desktop
from ..map_tools.draw import give_back
from ..map_tools.shapes import lonlat
from ..session import Session
from ..settings import settings
from ..widgets.layout import column, delete, row, wrapped
from .users_card import UserCard

DIARY = "diary"  # beside the units


class UsersTab(QWidget):
    """Buttons, and the card of one user, who is marked on the map."""

    def __init__(self, session: Session, desktop: Desktop) -> None:
        super().__init__(objectName="raw_users")
        self.session, self.canvas = session, desktop.iface.mapCanvas()
        self._city: City | None = None
        self.card: UserCard | None = None
        self._before: Any = None
        self._marks: list[QgsRubberBand] = []
        self.profile = self._button("profile", tr("Label"), tr("Label all of them: a layer in the group"), self.run)
        self.unit = QComboBox()
        every = (("user", tr("every user")), ("track", tr("every track")), ("day", tr("every day")))
        for unit, title in (*every, (DIARY, tr("stops and trips"))):
            self.unit.addItem(title, unit)
        self.click = self._button("click", tr("Click one"), tr("Click a track on the map"), self._take_tool)
        self.click.setCheckable(True)
        self.tool = QgsMapToolEmitPoint(
            self.canvas, canvasClicked=self.pick, deactivated=lambda: self.click.setChecked(False)
        )
        tip = tr("The user of the selected feature")
        self.selection = self._button("selection", tr("Selected"), tip, self.use_selected)
        self.name = QLineEdit(objectName="raw_user_name", placeholderText=tr("or a user's name"))
        self.name.returnPressed.connect(lambda: self.show_named(self.name.text()))
        self.words = wrapped(textFormat=Qt.TextFormat.PlainText)  # ids are of the layer
        self.place = column()
        all_users, one_user = row(self.profile, self.unit, None), row(self.click, self.selection, self.name)
        self.setLayout(column(all_users, one_user, self.words, self.place, None, margins_px=(2, 6, 2, 2)))
        session.changed.connect(self.show_session)
        session.worked.connect(self._enable)
        self.show_session()

    def _button(self, name: str, title: str, tip: str, slot: Any) -> QToolButton:
        return QToolButton(objectName=f"raw_user_{name}", text=title, toolTip=tip, clicked=slot)

    # ---- all users ----------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Profile the layer, or write the diary of its users."""
        unit = self.unit.currentData()
        if unit == DIARY:
            outputs = ["OUTPUT_STOPS", "OUTPUT_TRIPS"]
            self.session.run_algorithm("diary", {}, outputs, tr("Writing the diary"), self._written)
            return
        self.session.run_algorithm(
            "profileusers", {"UNIT": unit, "EXPERIMENTAL": settings().experimental.value()}, ["OUTPUT"],
            tr("Labelling"), lambda *result: self._labelled(unit, *result),
        )  # fmt: skip

    def _written(self, results: dict[str, Any], layers: dict[str, QgsVectorLayer], warnings: list[str]) -> None:
        counts = [layers[name].featureCount() for name in ("OUTPUT_STOPS", "OUTPUT_TRIPS") if name in layers]
        if len(counts) == 2:
            self._write("\n".join([tr("{n:,} stops, {m:,} trips.").format(n=counts[0], m=counts[1]), *warnings]))

    def _labelled(
        self, unit: str, results: dict[str, Any], layers: dict[str, QgsVectorLayer], warnings: list[str]
    ) -> None:
        layer, session = layers.get("OUTPUT"), self.session
        if layer is None or session.model is None:
            return
        words = tr("{n:,} labelled: {name}.").format(n=layer.featureCount(), name=layer.name())
        layer.setMapTipTemplate(map_tip(layer, session.model.bundle.heads(unit)))
        node = QgsProject.instance().layerTreeRoot().findLayer(layer)
        if node is not None:
            node.setExpanded(True)  # shows the legend
        if unit == "user" and session.layer is not None and session.fields.user:
            join(session.layer, session.fields.user, layer)
            joined = tr("In {layer} they are the fields raw_…, a join of this project.")
            words += " " + joined.format(layer=session.layer.name())
        self._write("\n".join([words, *warnings]))

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
        nearest = near[np.argmin(np.hypot(users.lon[near] - centre.x, users.lat[near] - centre.y))]
        self.show_user(int(users.user[nearest]))

    def use_selected(self) -> None:
        """Show the user of the first selected feature."""
        layer, field = self.session.layer, self.session.fields.user
        feature = next(layer.getSelectedFeatures(), None) if layer is not None else None
        if layer is None or feature is None:
            self._write(tr("Select a feature of the layer of tracks first."))
        elif field and layer.fields().lookupField(field) < 0:  # renamed, and not saved yet
            words = tr("The layer has no field '{name}' any more: choose the user field again.")
            self._write(words.format(name=field))
        else:
            self.show_named(id_text(feature[field]) if field else "all")

    def show_named(self, name: str) -> None:
        """Show the user of this id."""
        city = self.session.city
        found = np.flatnonzero(city.users.user_ids == name.strip()) if city is not None else np.zeros(0)
        if len(found):
            self.show_user(int(found[0]))
        else:
            self._write(tr("There is no user '{name}' with two usable fixes.").format(name=name))

    def show_user(self, row: int) -> None:
        """Show a user's card, and mark the user on the map."""
        city, model = self.session.city, self.session.model
        if city is None or model is None:
            return
        self._clear()
        self._write("")
        places = usual_places(city.users, row)
        self.card = UserCard(city, row, places, model.bundle, self.show_user)
        self.place.addWidget(self.card)
        self.name.setText(city.users.user_ids[row])
        self._mark(city.users, row, places)

    def _mark(self, users: Tracks, row: int, places: Places, max_drawn: int = 5000) -> None:
        """Draw the user's track, thinned to max_drawn fixes, and usual places, in the map's CRS."""
        fixes = np.arange(users.user_offsets[row], users.user_offsets[row + 1])
        fixes = fixes[np.unique(np.linspace(0, len(fixes) - 1, min(max_drawn, len(fixes))).astype(int))]
        transform = from_wgs84(self.session.map_crs(), QgsProject.instance().transformContext())
        try:
            ends = np.array([0, len(fixes)])
            xy = transform_xy(np.column_stack([unwrapped(users.lon[fixes], ends), users.lat[fixes]]), transform)
            line = writing.lines(xy, ends)[0]
            rings = [transform_xy(grid_cell(lon, lat), transform) for lon, lat in zip(places.lon, places.lat)]
            cells = writing.polygons(np.array(rings)) if rings else []
        except (QgsCsException, InputError):
            return
        self._band(line, Qgis.GeometryType.Line, "#d62728")
        for cell, colour in zip(cells, CLASS_COLOURS):
            self._band(cell, Qgis.GeometryType.Polygon, colour)

    def _band(self, geometry: QgsGeometry | None, shape: Any, colour: str) -> None:
        if geometry is None:
            return
        band = QgsRubberBand(self.canvas, shape)
        outline, fill = QColor(colour), QColor(colour)
        outline.setAlphaF(0.8)
        fill.setAlphaF(0.25)
        band.setStrokeColor(outline)
        band.setFillColor(fill)
        band.setWidth(2)
        band.setToGeometry(geometry)
        self._marks.append(band)

    def showEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Show the marks, which belong to this tab."""
        super().showEvent(event)
        self._show_marks(True)

    def hideEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Hide the marks: the map belongs to another tab."""
        super().hideEvent(event)
        self._show_marks(False)

    def _show_marks(self, shown: bool) -> None:
        for band in self._marks:
            if not sip.isdeleted(band):
                band.setVisible(shown)

    def _clear(self) -> None:
        for band in self._marks:
            band.reset(Qgis.GeometryType.Line)
            self.canvas.scene().removeItem(band)
        self._marks = []
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
            self._choose_unit()
            if city is not None:
                self._write(tr("Click a track on the map to see whose it is, with labels and usual places."))
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
        self._enable()

    def _choose_unit(self) -> None:
        """Choose a unit that the model has labels for, if it has none for the chosen one."""
        model = self.session.model
        answered = [at for at in range(3) if model is not None and model.bundle.heads(self.unit.itemData(at))]
        if answered and self.unit.currentIndex() not in answered and self.unit.currentData() != DIARY:
            self.unit.setCurrentIndex(answered[0])

    def _enable(self) -> None:
        for widget in (self.click, self.selection, self.name):
            widget.setEnabled(self.session.city is not None)
        self.profile.setEnabled(self.session.tracks is not None and self.session.job is None)

    def remove(self) -> None:
        """Remove the marks and the tool from the map."""
        self._clear()
        self.canvas.unsetMapTool(self.tool)
        self.tool.deleteLater()


def map_tip(layer: QgsVectorLayer, heads: list[dict[str, Any]]) -> str:
    """The map tip of a layer of profiles: the id, and a line per head."""
    names = layer.fields().names()
    lines = [f"<b>{value_of('user_id')}</b>"]
    for head in heads:
        name = head["name"]
        if name in names and (value := value_of(name)):
            share = f" ([% round(100 * {QgsExpression.quotedColumnRef(name + '_p')}) %] %)" * (f"{name}_p" in names)
            lines.append(f"{literal(title_of(head))}: {value}{share}")
    lines += [value_of("evidence")] * ("evidence" in names)
    return "<br>".join([*lines, tr("[% n_points %] fixes")])


def join(tracks: QgsVectorLayer, field: str, profiles: QgsVectorLayer) -> None:
    """Join the profiles' columns to the layer of tracks, in this project alone, with names that begin with raw_."""
    for old in tracks.vectorJoins():
        if old.prefix() == "raw_":
            tracks.removeJoin(old.joinLayerId())
    info = QgsVectorLayerJoinInfo()
    info.setJoinLayer(profiles)
    info.setJoinFieldName("user_id")
    info.setTargetFieldName(field)
    info.setPrefix("raw_")
    info.setUsingMemoryCache(True)
    tracks.addJoin(info)
