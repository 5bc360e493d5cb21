# SPDX-License-Identifier: GPL-2.0-or-later
"""The tab of users: label all of them, write their diaries, or look at one, whose tracks and places
are marked.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from qgis.core import (
    Qgis,
    QgsCsException,
    QgsProject,
    QgsRectangle,
    QgsRenderContext,
    QgsVectorLayer,
)
from qgis.gui import QgsRubberBand
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QEvent, QStringListModel, Qt
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QComboBox, QCompleter, QLabel, QLineEdit, QToolButton, QWidget

from ...core.cleaning import encode_ids
from ...core.embedding.applicability import after_gap
from ...core.embedding.places import UsualPlaces, grid_cell, usual_places
from ...core.errors import InputError
from ...core.geodesy import near_lon
from ...core.labels import cards_of
from ...core.regions.view import VisitorIndex
from ...layers import styling, writing
from ...layers.coordinates import from_wgs84, transform_xy
from ...layers.legends import CLASS_COLOURS, title_of
from ...layers.values import as_text
from ...layers.words import count_users
from ...processing.words import tr
from ...tasks.job import Layers
from ..desktop import Desktop
from ..maps.fit import switch_clock_off
from ..results import last_run, run_of, values_of
from ..session import Session
from ..widgets.layout import column, delete, row, wrapped
from .people import describe_people
from .users_card import UserCard

UNITS = ("user", "track", "day")
DIARY = "diary"  # beside the units


class UsersTab(QWidget):
    """Buttons, and the card of one user, who is marked on the map."""

    def __init__(self, session: Session, desktop: Desktop) -> None:
        super().__init__(objectName="raw_users")
        self.session = session
        self.canvas = desktop.iface.mapCanvas()
        self._city: VisitorIndex | None = None
        self.card: UserCard | None = None
        self.bands: list[QgsRubberBand] = []  # the marks of that user: tracks, then usual places
        tip = tr("Label all of them: a layer in the group")
        self.profile = QToolButton(objectName="raw_user_profile", text=tr("Label"), toolTip=tip)
        self.profile.clicked.connect(lambda: self.run())
        self.unit = QComboBox()
        titles = tr("every user"), tr("every track"), tr("every day"), tr("stops and trips")
        for unit, title in zip((*UNITS, DIARY), titles):
            self.unit.addItem(title, unit)
        words = tr("a user's name, or select a track on the map")
        self.name = QLineEdit(objectName="raw_user_name", placeholderText=words)
        self.name.returnPressed.connect(lambda: self.show_named(self.name.text()))
        tip = tr("What the colours of the labelled layer show")
        self.shown = QComboBox(objectName="raw_user_shown", toolTip=tip, activated=self._show_label)
        self.shown.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.colours = QWidget()
        self.colours.setLayout(row(QLabel(tr("Colours")), self.shown, None, margins_px=0))
        self.words = wrapped(textFormat=Qt.TextFormat.PlainText)  # ids are of the layer
        self.place = column()
        parts = (
            row(self.profile, self.unit, None),
            self.colours,
            self.name,
            self.words,
            self.place,
            None,
        )
        self.setLayout(column(*parts, margins_px=(2, 6, 2, 2)))
        session.changed.connect(self.show_session)
        session.worked.connect(self._enable)
        session.selected.connect(self.show_selected)
        self.show_session()

    # ---- all users

    def run(self) -> None:
        """Profile the layer, or write the diary of its users."""
        unit = self.unit.currentData()
        run = self.session.run_algorithm
        if unit == DIARY:
            run(
                "diary",
                {},
                ["OUTPUT_STOPS", "OUTPUT_TRIPS"],
                tr("Writing the diary"),
                self._has_run,
                tr("Diary"),
            )
        else:
            title = tr("Labels of {unit}").format(unit=self.unit.currentText())
            run("profileusers", {"UNIT": unit}, ["OUTPUT"], tr("Labelling"), self._has_run, title)

    def _has_run(self, results: dict[str, Any], layers: Layers, warnings: list[str]) -> None:
        switch_clock_off(self.canvas)
        for node in filter(
            None, map(QgsProject.instance().layerTreeRoot().findLayer, layers.values())
        ):
            node.setExpanded(True)  # shows the legend
        self._list_labels()
        unit = self.unit.currentData()
        model = self.session.model
        own = model.bundle.heads(unit) if model is not None and unit == "user" else ()
        self._write(
            "\n".join(
                [*describe_diary(layers), *describe_people(layers.get("OUTPUT"), own), *warnings]
            )
        )

    def _newest(self) -> QgsVectorLayer | None:
        """The uppermost layer of labels of the session's tracks."""
        made = "profileusers", self.session.layer.id() if self.session.layer is not None else ""
        for node in QgsProject.instance().layerTreeRoot().findLayers():
            run = (
                run_of(node.layer())
                if node.layer() is not None and node.layer().isValid()
                else None
            )
            if (
                run is not None
                and (run.algorithm, run.tracks) == made
                and run.values.get("UNIT") in UNITS
            ):
                return node.layer()
        return None

    def _list_labels(self) -> None:
        """List what the colours of the newest labelled layer can show: its labels, those of a head
        by its own model.
        """
        layer = self._newest()
        model = self.session.model
        self.shown.clear()
        self.colours.setVisible(layer is not None)
        if layer is None or model is None:
            return
        run: Any = run_of(layer)
        unit = run.values["UNIT"]
        own = run.values.get("MODEL") == self.session.model_path
        heads = cards_of(unit, model.bundle.heads(unit) if own else ())
        heads = [head for head in heads if head["name"] in layer.fields().names()]
        drawn = layer.renderer().usedAttributes(QgsRenderContext())
        for head in heads:
            self.shown.addItem(title_of(head), styling.Profiles(heads, unit, head["name"]))
            if head["name"] in drawn:
                self.shown.setCurrentIndex(self.shown.count() - 1)

    def _show_label(self) -> None:
        layer = self._newest()
        if layer is not None:
            self.shown.currentData().apply(layer)

    def _last_runs(self) -> list[str]:
        """What the project holds of the last runs, in words."""
        tracks = self.session.layer.id() if self.session.layer is not None else ""
        words = []
        for name in ("profileusers", "diary"):
            if (found := last_run(name, tracks)) is not None:
                run, layers = found
                words += [
                    *describe_people(layers.get("OUTPUT")),
                    *describe_diary(layers),
                    *map(str, run.warnings),
                ]
        return words

    # ---- one user

    def show_selected(self) -> None:
        """Show the user of the first fix or line that is selected on the map, while the tab is in
        sight.
        """
        layer = self.session.layer
        field = self.session.fields.user
        feature = (
            next(layer.getSelectedFeatures(), None)
            if layer is not None and self.isVisible()
            else None
        )
        if feature is not None and field is None:
            self.show_user(0, zoom=False)
        elif feature is not None:
            # 7.0 is the user 7
            for name in encode_ids([as_text(feature.attributeMap().get(field))]).names:
                self.show_named(name, zoom=False)

    def show_named(self, name: str, zoom: bool = True) -> None:
        """Show the user of this id, without the blanks around it. zoom: whether the map moves
        there.
        """
        ids = (
            self.session.city.users.user_ids
            if self.session.city is not None
            else np.zeros(0, object)
        )
        found = np.flatnonzero((ids == name) | (ids == name.strip()))
        if len(found):
            self.show_user(int(found[0]), zoom)
        elif name.strip():
            self._write(tr("There is no user '{name}' with two usable fixes.").format(name=name))

    def show_user(self, row: int, zoom: bool = True) -> None:
        """Show a user's card, and mark the user on the map. zoom: whether the map moves there."""
        city = self.session.city
        model = self.session.model
        if city is None or model is None:
            return
        self.remove()
        self._write("")
        places = usual_places(city.users, row)
        user = city.users.user_ids[row]
        self.card = UserCard(city, row, places, model.bundle)
        self.place.addWidget(self.card)
        self.name.setText(user)
        self._mark(user, places)
        if zoom and self.bands:
            extent = QgsRectangle()
            for band in self.bands:
                extent.combineExtentWith(band.asGeometry().boundingBox())
            self.canvas.zoomToFeatureExtent(extent)

    def _mark(self, user: str, places: UsualPlaces, max_drawn: int = 5000) -> None:
        """Draw the user's tracks, thinned to max_drawn fixes and cut at gaps, and usual places, in
        the map's CRS.
        """
        import shapely

        every: Any = self.session.tracks
        tracks = every.take(np.flatnonzero(every.user_ids == user) == every.user)
        piece = np.cumsum(after_gap(tracks))
        fixes = np.unique(np.linspace(0, len(tracks) - 1, min(max_drawn, len(tracks))).astype(int))
        lonlat = np.column_stack([tracks.lon[fixes], tracks.lat[fixes]])
        lonlat = np.concatenate([lonlat, *map(grid_cell, places.lon, places.lat)])
        lonlat[:, 0] = near_lon(lonlat[:, 0], lonlat[0, 0])  # all on one side of 180 degrees
        transform = from_wgs84(self.session.map_crs(), QgsProject.instance().transformContext())
        try:
            track, rings = np.split(transform_xy(lonlat, transform), [len(fixes)])
            [line] = writing.cut_lines(
                track, np.array([0, len(fixes)]), np.diff(piece[fixes], prepend=0) > 0
            )
            cells = writing.multipolygons(shapely.polygons(rings.reshape(-1, 5, 2)))
        except (QgsCsException, InputError):
            return
        for geometry, colour in zip([line, *cells], ("#d62728", *CLASS_COLOURS)):
            if geometry is not None:
                band = QgsRubberBand(self.canvas, geometry.type())
                # the first two digits are the opacity
                band.setStrokeColor(QColor(f"#cc{colour[1:]}"))
                band.setFillColor(QColor(f"#59{colour[1:]}"))
                band.setWidth(2)
                band.setToGeometry(geometry)
                self.bands.append(band)

    def remove(self) -> None:
        """Remove the card, and the marks from the map."""
        for band in self.bands:
            if not sip.isdeleted(band):
                band.reset(Qgis.GeometryType.Line)
                self.canvas.scene().removeItem(band)
        self.bands = []
        if self.card is not None:
            delete(self.card)
            self.card = None

    def event(self, event: QEvent) -> bool:
        """Called by Qt. The marks are hidden with the tab: the map belongs to the tab that is
        shown.
        """
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            for band in self.bands:
                if not sip.isdeleted(band):
                    band.setVisible(event.type() == QEvent.Type.Show)
        return super().event(event)

    # ---- state

    def _write(self, words: str) -> None:
        self.words.setText(words)
        self.words.setVisible(bool(words))

    def show_session(self) -> None:
        """Show the session's city; another city has other users."""
        city = self.session.city
        if city is not self._city or city is None:
            self._city = city
            self.remove()
            self.name.clear()
            if city is not None:
                hint = tr(
                    "Select a track on the map to see whose it is, with labels and usual places."
                )
                self._write("\n".join([*self._last_runs(), hint]))
            else:
                waiting = tr("Users can be looked at when the model has read them.")
                self._write(waiting if self.session.layer is not None else "")
            completer = QCompleter(
                QStringListModel(city.users.user_ids.tolist() if city is not None else []),
                self.name,
            )
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            completer.activated.connect(self.show_named)
            self.name.setCompleter(completer)
        self._list_labels()
        self._enable()

    def _enable(self) -> None:
        self.name.setEnabled(self.session.city is not None)
        self.profile.setEnabled(self.session.tracks is not None and self.session.job is None)


def describe_diary(layers: Layers) -> list[str]:
    """How much a diary holds, who goes from home to work, and how its trips are reviewed; [] where
    a layer is gone.
    """
    stops, trips = (layers.get(name) for name in ("OUTPUT_STOPS", "OUTPUT_TRIPS"))
    if stops is None or trips is None:
        return []
    words = [
        tr("Stops: {n:,}, trips: {m:,}.").format(n=stops.featureCount(), m=trips.featureCount())
    ]
    names = ("user_id", "from_kind", "to_kind", "observed")
    ends = list(zip(*(values_of(trips, name, object) for name in names)))
    if commuters := [user for user, *kinds in ends if kinds[:2] == ["home", "work"]]:
        commutes = tr("From home to work: {n:,} trips of {users}.")
        words.append(commutes.format(n=len(commuters), users=count_users(len(set(commuters)))))
    if hidden := sum(not seen for *_, seen in ends):
        words.append(tr("With too few fixes on the way to know the mode: {n:,}.").format(n=hidden))
    if hidden < len(ends):
        words.append(
            tr("To review doubtful trips, sort their table by mode_p and correct the mode.")
        )
    return [" ".join(words)]
