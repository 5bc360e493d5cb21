# SPDX-License-Identifier: GPL-2.0-or-later
"""The regions that were drawn, and the layer in which they are kept with what they said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qgis.core import NULL, QgsFeature, QgsGeometry, QgsVectorLayer

from ..layers import styling, writing
from ..processing.words import tr
from .regions_card import Region

if TYPE_CHECKING:
    from ..core.bundle import Bundle
    from .dock_layers import LayerGroup

OPACITY = 0.65  # the tracks below should be seen


class RegionBook:
    """The regions of one layer of tracks, in the order in which they came."""

    def __init__(self, tracks: QgsVectorLayer, group: LayerGroup, gone: Callable[[], None]) -> None:
        """gone: called when somebody takes the layer of regions out of the project."""
        self.crs, self.group, self._gone = tracks.crs(), group, gone
        self.regions: list[Region] = []
        self.layer: QgsVectorLayer | None = None
        self.min_users = 10
        self.heads: list[dict[str, Any]] = []
        self._made = 0

    def next_name(self) -> str:
        """'Region 3': numbers are not used again."""
        self._made += 1
        return tr("Region {n}").format(n=self._made)

    def add(self, region: Region, geometry: QgsGeometry, bundle: Bundle) -> None:
        """Keep a region. geometry: in the CRS of the tracks' layer."""
        if self.layer is None:
            self.heads = bundle.heads("region")
            self.layer = self._make_layer()
        feature = QgsFeature(self.layer.fields())
        feature.setGeometry(geometry)
        feature.setAttributes(self._attributes(region))
        _, (added,) = self.layer.dataProvider().addFeatures([feature])
        region.feature = added.id()
        self.regions.append(region)

    def rename(self, region: Region, name: str) -> None:
        """Give a region another name."""
        region.name = name
        self._write([region])

    def update(self, bundle: Bundle) -> None:
        """Write anew what all regions say."""
        self.heads = bundle.heads("region")
        if self.layer is not None:
            missing = [name for name in self._kinds() if self.layer.fields().lookupField(name) < 0]
            kinds = self._kinds()
            self.layer.dataProvider().addAttributes(list(writing.make_fields({name: kinds[name] for name in missing})))
            self.layer.updateFields()
            self._write(self.regions)

    def remove(self, regions: list[Region]) -> None:
        """Keep these no longer; a layer without regions is taken away."""
        self.regions = [region for region in self.regions if region not in regions]
        if self.layer is None:
            return
        if self.regions:
            self.layer.dataProvider().deleteFeatures([region.feature for region in regions])
        else:
            layer, self.layer = self.layer, None
            layer.willBeDeleted.disconnect(self._forget)
            self.group.remove(layer)

    def restyle(self) -> None:
        """The legend by what the regions say now."""
        if self.layer is None:
            return
        self.layer.updateExtents()
        styling.RegionScores(self.heads, self.min_users).apply(self.layer)
        self.layer.setName(self.layer.name().replace(styling.RegionScores.title, tr("Drawn regions"), 1))
        self.layer.setOpacity(OPACITY)
        self.layer.setMapTipTemplate("<b>[% name %]</b><br>[% coalesce(n_users, 'too few') %] people")

    def close(self) -> None:
        """Listen to the layer no longer; it stays in the project."""
        if self.layer is not None:
            self.layer.willBeDeleted.disconnect(self._forget)
            self.layer = None

    def _make_layer(self) -> QgsVectorLayer:
        layer = QgsVectorLayer("MultiPolygon", tr("Drawn regions"), "memory")
        layer.setCrs(self.crs)
        layer.dataProvider().addAttributes(list(writing.make_fields(self._kinds())))
        layer.updateFields()
        layer.willBeDeleted.connect(self._forget)
        return self.group.add(layer)

    def _forget(self) -> None:
        self.layer, self.regions = None, []
        self._gone()

    def _kinds(self) -> dict[str, str]:
        """Fields, named as those of raw:scoreregions."""
        kinds = {"name": "text", "area_km2": "number", "n_users": "int", "n_points": "int"}
        for head in self.heads:
            number = head["kind"] == "number"
            parts = ("", "_low", "_high") if number else ("", "_p")
            kinds.update({head["name"] + part: "number" if number or part else "text" for part in parts})
        return {**kinds, "suppressed": "bool", "in_domain": "bool"}

    def _values(self, region: Region) -> dict[str, Any]:
        view = region.view
        facts = {"name": region.name, "area_km2": view.area_km2, "n_users": view.n_users, "n_points": view.n_points}
        said = {name: value.item() if hasattr(value, "item") else value for name, value in view.columns.items()}
        return {**facts, **said, "suppressed": view.suppressed, "in_domain": view.in_domain}

    def _attributes(self, region: Region) -> list[Any]:
        values = self._values(region)
        names = self.layer.fields().names() if self.layer is not None else []
        return [_or_null(values.get(name)) for name in names]

    def _write(self, regions: list[Region]) -> None:
        if self.layer is None:
            return
        self.layer.dataProvider().changeAttributeValues(
            {region.feature: dict(enumerate(self._attributes(region))) for region in regions}
        )
        self.layer.triggerRepaint()


def _or_null(value: Any) -> Any:
    return NULL if value is None or value != value else value
