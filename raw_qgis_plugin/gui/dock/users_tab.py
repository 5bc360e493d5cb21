# SPDX-License-Identifier: GPL-2.0-or-later
"""Users: label all of them as a layer, and look at one: click a track, take the selection, or name one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qgis.core import (
    Qgis,
    QgsCsException,
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
from qgis.PyQt.QtWidgets import QComboBox, QCompleter, QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from ...core.embedding.user_view import grid_cell, usual_places
from ...core.errors import InputError
from ...core.geodesy import unwrapped
from ...layers import writing
from ...layers.columns import id_text
from ...layers.coordinates import from_wgs84, transform_xy
from ...layers.styling import CLASS_COLOURS, title_of
from ...processing.words import tr
from ..map_tools.draw import give_back
from ..map_tools.shapes import lonlat
from .users_card import UserCard

if TYPE_CHECKING:
    from ...core.embedding.user_view import Places
    from ...core.regions.view import City
    from ...core.tracks import Tracks
    from ..menu import RawMenu
    from .session import Session

REACH_PX = 8  # a click this near a fix means it
MOST_DRAWN = 5000  # fixes of the marked track
UNITS = ("user", "track", "day")


class UsersTab(QWidget):
    """Buttons, and the card of one user, who is marked on the map."""

    def __init__(self, session: Session, menu: RawMenu) -> None:
        super().__init__()
        self.setObjectName("raw_users")
        self.session, self.iface, self.canvas = session, menu.iface, menu.iface.mapCanvas()
        self._city: City | None = None
        self.card: UserCard | None = None
        self._before: Any = None
        self._marks: list[QgsRubberBand] = []
        self.click = self._button("click", tr("Click one"), tr("Click a track on the map"), self._take_tool)
        self.click.setCheckable(True)
        self.tool = QgsMapToolEmitPoint(self.canvas)
        self.tool.canvasClicked.connect(self.pick)
        self.tool.deactivated.connect(lambda: self.click.setChecked(False))
        self.unit = QComboBox()
        self.name = QLineEdit()
        self.words = QLabel()
        self._lay_out()
        session.changed.connect(self.show_session)
        session.worked.connect(self._enable)
        self.show_session()

    def _lay_out(self) -> None:
        for unit, words in zip(UNITS, (tr("every user"), tr("every track"), tr("every day"))):
            self.unit.addItem(words, unit)
        self.profile = self._button("profile", tr("Label"), tr("Label all of them: a layer in the group"), self.run)
        self.selection = self._button(
            "selection", tr("Selected"), tr("The user of the selected feature"), self.use_selected
        )
        self.name.setObjectName("raw_user_name")
        self.name.setPlaceholderText(tr("or a user's name"))
        self.name.returnPressed.connect(lambda: self.show_named(self.name.text()))
        top, below = QHBoxLayout(), QHBoxLayout()
        for widget in (self.profile, self.unit):
            top.addWidget(widget)
        top.addStretch()
        for widget in (self.click, self.selection, self.name):
            below.addWidget(widget)
        self.words.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 6, 2, 2)
        layout.addLayout(top)
        layout.addLayout(below)
        layout.addWidget(self.words)
        self.place = QVBoxLayout()
        layout.addLayout(self.place)
        layout.addStretch(1)

    def _button(self, name: str, title: str, tip: str, slot: Any) -> QToolButton:
        button = QToolButton()
        button.setObjectName(f"raw_user_{name}")
        button.setText(title)
        button.setToolTip(tip)
        button.clicked.connect(slot)
        return button

    # ---- all of them --------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Profile the layer."""
        unit = self.unit.currentData()
        self.session.run_algorithm(
            "profileusers", {"UNIT": unit}, ["OUTPUT"], tr("Labelling"), lambda *found: self._labelled(unit, *found)
        )

    def _labelled(
        self, unit: str, results: dict[str, Any], layers: dict[str, QgsVectorLayer], warnings: list[str]
    ) -> None:
        layer = layers.get("OUTPUT")
        if layer is None or self.session.model is None:
            return
        words = tr("{n:,} labelled: {name}.").format(n=layer.featureCount(), name=layer.name())
        heads = self.session.model.bundle.heads(unit)
        layer.setMapTipTemplate(map_tip(layer, heads))
        node = QgsProject.instance().layerTreeRoot().findLayer(layer)
        if node is not None:
            node.setExpanded(True)  # what its colours and crosses mean
        if unit == "user" and self.session.layer is not None and self.session.fields.user:
            join(self.session.layer, self.session.fields.user, layer)
            words += " " + tr("In {layer} they are the fields raw_…, a join of this project.").format(
                layer=self.session.layer.name()
            )
        self._tell("<br>".join([words, *warnings]))

    # ---- one of them --------------------------------------------------------------------------------------------

    def _take_tool(self, on: bool) -> None:
        if on:
            self._before = self.canvas.mapTool()
            self.canvas.setMapTool(self.tool)
        else:
            give_back(self.canvas, self.tool, self._before)

    def pick(self, point: QgsPointXY, _button: Any = None) -> None:
        """Show the user of the fix nearest to a click."""
        city = self.session.city
        if city is None:
            return
        reach = REACH_PX * self.canvas.mapUnitsPerPixel()
        box = QgsRectangle(point.x() - reach, point.y() - reach, point.x() + reach, point.y() + reach)
        try:
            region = lonlat(QgsGeometry.fromRect(box), self.session.map_crs())
        except InputError as error:
            self._tell(str(error))
            return
        near = city.index.inside(region)
        if not len(near):
            self._tell(tr("No track here: click nearer to one, or zoom in."))
            return
        centre = region.centroid
        users = city.users
        at = near[np.argmin(np.hypot(users.lon[near] - centre.x, users.lat[near] - centre.y))]
        self.show_user(int(users.user[at]))

    def use_selected(self) -> None:
        """Show the user of the first selected feature."""
        layer, field = self.session.layer, self.session.fields.user
        feature = next(layer.getSelectedFeatures(), None) if layer is not None else None
        if layer is None or feature is None:
            self._tell(tr("Select a feature of the layer of tracks first."))
            return
        if field and layer.fields().lookupField(field) < 0:  # renamed, and not saved yet
            self._tell(tr("The layer has no field '{name}' any more: choose the user field again.").format(name=field))
            return
        self.show_named(id_text(feature[field]) if field else "all")

    def show_named(self, name: str) -> None:
        """Show the user of this id."""
        city = self.session.city
        found = np.flatnonzero(city.users.user_ids == name.strip()) if city is not None else np.zeros(0)
        if len(found):
            self.show_user(int(found[0]))
        else:
            self._tell(tr("There is no user '{name}' with two usable fixes.").format(name=name))

    def show_user(self, row: int) -> None:
        """Show a user's card, and mark the user on the map."""
        city, model = self.session.city, self.session.model
        if city is None or model is None:
            return
        self._clear()
        self._tell("")
        places = usual_places(city.users, row)
        self.card = UserCard(city, row, places, model.bundle, self.show_user)
        self.place.addWidget(self.card)
        self.name.setText(city.users.user_ids[row])
        self._mark(city.users, row, places)

    def _mark(self, users: Tracks, row: int, places: Places) -> None:
        """The user's way and usual places, in the map's own CRS."""
        fixes = np.arange(users.user_offsets[row], users.user_offsets[row + 1])
        fixes = fixes[np.unique(np.linspace(0, len(fixes) - 1, min(MOST_DRAWN, len(fixes))).astype(int))]
        transform = from_wgs84(self.session.map_crs(), QgsProject.instance().transformContext())
        try:
            ends = np.array([0, len(fixes)])
            xy = transform_xy(np.column_stack([unwrapped(users.lon[fixes], ends), users.lat[fixes]]), transform)
            line = writing.lines(xy, ends)[0]
            rings = [transform_xy(grid_cell(lon, lat), transform) for lon, lat in zip(places.lon, places.lat)]
            cells = writing.polygons(np.array(rings)) if rings else []
        except (QgsCsException, InputError):
            return
        self._band(line, Qgis.GeometryType.Line, "#d62728", 2)
        for cell, colour in zip(cells, CLASS_COLOURS):
            self._band(cell, Qgis.GeometryType.Polygon, colour, 2)

    def _band(self, geometry: QgsGeometry | None, shape: Any, colour: str, width: int) -> None:
        if geometry is None:
            return
        band = QgsRubberBand(self.canvas, shape)
        outline, fill = QColor(colour), QColor(colour)
        fill.setAlphaF(0.25)
        outline.setAlphaF(0.8)
        band.setStrokeColor(outline)
        band.setFillColor(fill)
        band.setWidth(width)
        band.setToGeometry(geometry)
        self._marks.append(band)

    def showEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """The marks are of this tab."""
        super().showEvent(event)
        self._show_marks(True)

    def hideEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Other tabs have the map to themselves."""
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
            self.place.removeWidget(self.card)
            self.card.setParent(None)
            self.card.deleteLater()
            self.card = None

    # ---- state --------------------------------------------------------------------------------------------------

    def _tell(self, words: str) -> None:
        self.words.setText(words)
        self.words.setVisible(bool(words))

    def show_session(self) -> None:
        """Another city has other users."""
        city = self.session.city
        if city is not self._city or city is None:
            self._city = city
            self._clear()
            waiting = (
                tr("Users can be looked at when the model has read them.") if self.session.layer is not None else ""
            )
            self._tell(waiting if city is None else tr("Click a track on the map to see whose it is and what it says."))
            completer = QCompleter(QStringListModel(city.users.user_ids.tolist() if city is not None else []), self)
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            completer.activated.connect(self.show_named)
            old = self.name.completer()
            self.name.setCompleter(completer)
            if old is not None:
                old.deleteLater()
        self._enable()

    def _enable(self) -> None:
        for widget in (self.click, self.selection, self.name):
            widget.setEnabled(self.session.city is not None)
        self.profile.setEnabled(self.session.tracks is not None and self.session.job is None)

    def remove(self) -> None:
        """Take back the marks and the tool."""
        self._clear()
        self.canvas.unsetMapTool(self.tool)
        self.tool.deleteLater()


def map_tip(layer: QgsVectorLayer, heads: list[dict[str, Any]]) -> str:
    """What hovering over a profile shows: the ids, and a line a head."""
    names = layer.fields().names()
    lines = ["<b>[% user_id %]</b>"]
    for head in heads:
        name = head["name"]
        if name in names:
            sure = f' ([% round(100 * "{name}_p") %] %)' if f"{name}_p" in names else ""
            lines.append(f'{title_of(head)}: [% "{name}" %]{sure}')
    return "<br>".join([*lines, tr("[% n_points %] fixes")])


def join(tracks: QgsVectorLayer, field: str, profiles: QgsVectorLayer) -> None:
    """Give the layer of tracks the profiles' columns, in this project alone, with names that begin with raw_."""
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
