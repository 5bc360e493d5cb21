# SPDX-License-Identifier: GPL-2.0-or-later
"""The drawn regions of one layer of tracks, and the layer that stores them with their figures."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from qgis.core import NULL, QgsFeature, QgsGeometry, QgsProject, QgsVectorLayer

from ...core.bundle.bundle import Bundle
from ...core.errors import InputError
from ...core.regions.view import City, RegionView, beside_others
from ...layers import styling, writing
from ...processing.words import tr
from ..layer_group import LayerGroup
from ..map_tools.shapes import lonlat
from ..settings import settings
from .card import Region
from .saved import OF, layers_of_regions

log = logging.getLogger(__name__)

# Properties of the layer: the last number of a region, the fewest people, RAW's own fields and RAW's name for the layer
MADE, LEAST, FIELDS, NAME = "raw/regions_made", "raw/regions_least", "raw/regions_fields", "raw/regions_name"


class RegionBook:
    """The regions of one layer of tracks, in the order in which they came."""

    def __init__(self, tracks: QgsVectorLayer, group: LayerGroup, touched: Callable[[], None]) -> None:
        """touched: called when the layer of regions was edited, or leaves the project."""
        self.crs, self.tracks, self.group, self._touched = tracks.crs(), tracks.id(), group, touched
        self.regions: list[Region] = []
        self.changes: list[tuple[bool, list[Region]]] = []  # that undo takes back: whether added, and which regions
        self.layer: QgsVectorLayer | None = None
        self.problem = ""  # why the last change is not in the layer
        self.min_users = settings().min_users.value()
        self.stored_least = 0  # of the project, if it is lower than the user's own
        self.heads: list[dict[str, Any]] = []
        self._made = 0
        for layer in layers_of_regions(self.tracks)[:1]:  # drawn before: in this project, or with another dock
            self.crs, self._made = layer.crs(), _whole(layer.customProperty(MADE))
            # A project may come from somebody else: it can raise the user's own least number, and not lower it
            stored = _whole(layer.customProperty(LEAST))
            self.stored_least = stored if stored < self.min_users else 0
            self.min_users = max(self.min_users, min(stored, 1000))
            self._listen(layer)

    def why_higher(self, least: int) -> str:
        """Why the fewest people are the user's own, and not the project's lower number; '' where they are not."""
        own = settings().min_users.value()
        if not self.stored_least or least != own:
            return ""
        words = tr(
            "The project was saved with 'from {stored} people'. A project can come from somebody else, so it does not "
            "lower your own number, {own}: choose it again, or change it in Settings → Options → RAW."
        )
        return words.format(stored=self.stored_least, own=own)

    def drawn_before(self) -> list[tuple[str, QgsGeometry, int]]:
        """The names, shapes and ids of the layer's features that are not among the regions yet."""
        known = {region.feature for region in self.regions}
        found = []
        for feature in self.layer.getFeatures() if self.layer is not None else ():
            if feature.id() not in known and feature.hasGeometry():
                name = feature.attributeMap().get("name")
                found.append((str(name) if name else self.next_name(), feature.geometry(), feature.id()))
        return found

    def next_name(self) -> str:
        """A name such as 'Region 3'. Numbers are not used twice."""
        self._made += 1
        return tr("Region {n}").format(n=self._made)

    def add(self, region: Region, geometry: QgsGeometry | None) -> None:
        """Store a region, unless the layer cannot be written (`problem`). geometry: in the book's CRS."""
        self.problem = ""
        if self.layer is None:
            self.heads = region.bundle.heads("region")
            self.layer = self._make_layer()
        feature = QgsFeature(self.layer.fields())
        feature.setGeometry(geometry or QgsGeometry())
        users = {self.layer.fields().lookupField(name): value for name, value in region.values.items()}
        users = {at: value for at, value in users.items() if at >= 0 and at not in self.layer.primaryKeyAttributes()}
        for at, value in (users | self._attributes(region)).items():
            feature.setAttribute(at, value)
        done, added = self.layer.dataProvider().addFeatures([feature])
        if not self._written(done):
            return
        region.feature = added[0].id()
        self.regions.append(region)
        self._changed()

    def protect(self, city: City | None) -> None:
        """Withhold what the regions of this city would reveal together, and empty those of another, not scored yet."""
        for region in self.regions:
            region.view = RegionView(region.found.area_km2, False, region.found.visitors[:0])
        if city is not None:
            scored = [region for region in self.regions if region.city is city]
            found, polygons = [region.found for region in scored], [region.polygon for region in scored]
            for region, view in zip(scored, beside_others(city, found, polygons, self.min_users), strict=True):
                region.view = view
        self._write(self.regions)

    def rename(self, region: Region, name: str) -> None:
        """Give a region another name, unless the layer cannot be written."""
        self.problem = ""
        before, region.name = region.name, name
        if not self._write([region]):
            region.name = before
            return
        self._changed()
        if self.layer is not None:
            self.layer.triggerRepaint()  # the user may show names

    def update(self, bundle: Bundle) -> None:
        """Add the fields of a model that has scored all regions. bundle: of that model."""
        self.heads, self.problem = bundle.heads("region"), ""
        if self.layer is not None:
            kinds = self._kinds()
            missing = [name for name in kinds if self.layer.fields().lookupField(name) < 0]
            ours = dict.fromkeys([*str(self.layer.customProperty(FIELDS, "")).split(), *missing])
            self.layer.setCustomProperty(FIELDS, " ".join(ours))
            fields = list(writing.make_fields({name: kinds[name] for name in missing}))
            self._written(not missing or self.layer.dataProvider().addAttributes(fields))
            self.layer.updateFields()
            if _whole(self.layer.customProperty(LEAST)) != self.min_users:
                self._changed()

    def remove(self, regions: list[Region]) -> None:
        """Remove regions, but for those that stay in a layer that cannot be written.

        A layer without regions is removed too, unless a filter hides some of its features.
        """
        self.problem = ""
        if self.layer is None or not regions:
            return
        for region in regions:
            region.values = self.layer.getFeature(region.feature).attributeMap()
        kept, ids = [region for region in self.regions if region not in regions], [each.feature for each in regions]
        if kept or self.layer.subsetString():
            self.layer.dataProvider().deleteFeatures(ids)
            left = {feature.id() for feature in self.layer.getFeatures(ids)}
            self._written(not left)
            self.regions = [region for region in self.regions if region in kept or region.feature in left]
            self._changed()
        else:
            self.regions, layer = [], self.layer.id()
            self.close()
            QgsProject.instance().removeMapLayer(layer)

    def restyle(self) -> None:
        """Make the legend anew, by the figures of the regions, and paint the map.

        Nothing else paints the map after a change of regions: QGIS could take the picture with the old legend, painted
        a moment before, for the new one.
        """
        if self.layer is None:
            return
        self.layer.updateExtents()
        shown = styling.RegionScores(self.heads).draw(self.layer)
        if self.layer.name() == self.layer.customProperty(NAME):  # else the user has named it
            self._set_name(self.layer, f"{tr('Drawn regions')}: {shown}")
        self.layer.triggerRepaint()

    def close(self) -> None:
        """Disconnect from the layer, which stays in the project."""
        if self.layer is not None:
            self.layer.willBeDeleted.disconnect(self._forget)
            self.layer.dataSourceChanged.disconnect(self._number)
            self.layer.afterCommitChanges.disconnect(self._edited)
            self.layer = None

    def _listen(self, layer: QgsVectorLayer) -> None:
        self.layer = layer
        layer.willBeDeleted.connect(self._forget)
        layer.dataSourceChanged.connect(self._number)
        layer.afterCommitChanges.connect(self._edited)

    def _edited(self) -> None:
        """Take the user's edits over into the regions. Added features come by `drawn_before`."""
        if self.layer is None:
            return
        there = {feature.id(): feature for feature in self.layer.getFeatures() if feature.hasGeometry()}
        self.regions = [region for region in self.regions if region.feature in there]
        for region in self.regions:
            feature = there[region.feature]
            region.name = str(feature.attributeMap().get("name") or region.name)
            with suppress(InputError):  # a shape that is nowhere on the earth
                region.polygon = lonlat(feature.geometry(), self.crs)
        self._touched()

    def _number(self) -> None:
        """Take over the ids of a file that QGIS made of the layer: the features are in the same order."""
        if self.layer is not None:
            for region, feature in zip(self.regions, self.layer.getFeatures()):
                region.feature = feature.id()

    def _changed(self) -> None:
        """Mark the project as changed: it does not notice changes made through the data provider."""
        if self.layer is not None:
            self.layer.setCustomProperty(MADE, self._made)
            self.layer.setCustomProperty(LEAST, self.min_users)
        QgsProject.instance().setDirty(True)

    def _make_layer(self) -> QgsVectorLayer:
        layer = QgsVectorLayer("MultiPolygon", tr("Drawn regions"), "memory")
        layer.setCrs(self.crs)
        layer.dataProvider().addAttributes(list(writing.make_fields(self._kinds())))
        layer.updateFields()
        layer.setCustomProperty(FIELDS, " ".join(self._kinds()))
        layer.setCustomProperty(OF, self.tracks)
        self._set_name(layer, layer.name())
        layer.setOpacity(0.65)  # the tracks below stay visible
        styling.RegionScores([]).tip(layer)
        layer.setCustomProperty("skipMemoryLayersCheck", 1)  # QGIS need not warn of a loss: `saved` keeps the features
        self._listen(layer)
        return self.group.add(layer)

    def _set_name(self, layer: QgsVectorLayer, name: str) -> None:
        """Name a layer, and store that the name is RAW's."""
        layer.setName(name)
        layer.setCustomProperty(NAME, name)

    def _forget(self) -> None:
        self.layer, self.regions, self.changes = None, [], []
        self._touched()

    def _kinds(self) -> dict[str, str]:
        """The kinds of the fields by name, as raw:scoreregions has them."""
        kinds = {"name": "text", "area_km2": "number", "n_users": "int", "n_points": "int"}
        for head in self.heads:
            number = head["kind"] == "number"
            parts = ("", "_low", "_high") if number else ("", "_p")
            kinds.update({head["name"] + part: "number" if number or part else "text" for part in parts})
        return {**kinds, "suppressed": "bool", "in_domain": "bool"}

    def _attributes(self, region: Region) -> dict[int, Any]:
        """The values of RAW's own fields by their index. The user's fields and a file's fid are left alone."""
        if self.layer is None:
            return {}
        view = region.view
        values = {
            "name": region.name, "area_km2": view.area_km2, "n_users": view.n_users, "n_points": view.n_points,
            **view.columns, "suppressed": view.suppressed, "in_domain": view.in_domain,
        }  # fmt: skip
        ours = str(self.layer.customProperty(FIELDS, "")).split()
        return {at: _to_qgis(values.get(name)) for at, name in enumerate(self.layer.fields().names()) if name in ours}

    def _write(self, regions: list[Region]) -> bool:
        """Write the figures of regions. Whether they are in the layer."""
        if self.layer is None or not regions:
            return True
        values = {region.feature: self._attributes(region) for region in regions}
        return self._written(self.layer.dataProvider().changeAttributeValues(values))

    def _written(self, done: bool) -> bool:
        """Whether a change was written to the layer; if not, `problem` says what to do."""
        if not done and self.layer is not None:
            words = tr(
                "The layer '{name}' cannot be written and keeps its old regions and figures: make its file writable "
                "and close it in other programs, or remove the layer from the project and draw the regions again."
            )
            self.problem = words.format(name=self.layer.name())
            log.warning("%s %s", self.problem, self.layer.dataProvider().errors()[-1:])
        return done


def _whole(value: Any) -> int:
    """A whole number of the project file; 0 if it is none."""
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _to_qgis(value: Any) -> Any:
    """A Python or NumPy value as QGIS takes it."""
    value = value.item() if hasattr(value, "item") else value
    return NULL if value is None or value != value else value
