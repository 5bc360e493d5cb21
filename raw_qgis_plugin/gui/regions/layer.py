# SPDX-License-Identifier: GPL-2.0-or-later
"""The layer of drawn regions: an ordinary layer, with QGIS's own editing and undo, in which RAW
writes figures.

It is a memory layer, which moves into the GeoPackage of results when the project is saved
(`KeptResults`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

from qgis.core import (
    NULL,
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDateTime, QObject, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QColor

from ...core.labels import CardData
from ...core.regions.people import PEOPLE_FIGURES
from ...core.regions.view import RegionView
from ...layers import styling, writing
from ...layers.words import MADE
from ...processing.words import tr
from ..layer_group import LayerGroup
from ..layer_kinds import REGIONS_OF

COUNTS = ("n_users", "n_points", "n_visits", "n_labelled")


class RegionLayer(QObject):
    """The drawn regions of one layer of tracks. `changed`: they were edited, or the layer has come
    or gone.
    """

    changed = pyqtSignal()

    def __init__(self, tracks: QgsVectorLayer, group: LayerGroup) -> None:
        super().__init__()
        self.tracks = tracks
        self.group = group
        self.layer: QgsVectorLayer | None = None
        self._links: list[Any] = []  # connections of the layer's signals
        # once after several edits
        self._soon = QTimer(self, singleShot=True, timeout=self.changed.emit)
        layers = QgsProject.instance().mapLayers().values()
        for layer in [
            x for x in layers if x.customProperty(REGIONS_OF) == tracks.id() and x.isValid()
        ][:1]:
            self._listen(layer)

    def features(self) -> list[QgsFeature]:
        """The regions, with edits that are not saved yet."""
        return (
            [x for x in self.layer.getFeatures() if x.hasGeometry()]
            if self.layer is not None
            else []
        )

    def _next_name(self) -> str:
        used = set(map(name_of, self.features()))
        names = (tr("Region {n}").format(n=number) for number in count(len(self.features()) + 1))
        return next(name for name in names if name not in used)

    def crs(self) -> QgsCoordinateReferenceSystem:
        """The CRS of the regions: that of the tracks, unless the user chose another one."""
        return (self.layer or self.tracks).crs()

    def add(
        self, found: Iterable[tuple[str, QgsGeometry, RegionView]], heads: list[CardData]
    ) -> QgsVectorLayer:
        """Add regions, in one step for QGIS's undo. found: names or '', shapes in `crs`, views.
        Returns the layer.
        """
        layer = self.layer or self._make()
        self.add_fields(heads)
        layer.startEditing()
        layer.beginEditCommand(tr("Draw a region"))
        for name, geometry, view in found:
            feature = QgsFeature(layer.fields())
            feature.setGeometry(geometry)
            for at, value in self._values(view, heads, name=name or self._next_name()).items():
                feature.setAttribute(at, value)
            layer.addFeature(feature)
        layer.endEditCommand()
        return layer

    def remove(self, ids: list[int]) -> None:
        """Remove regions, in one step for QGIS's undo."""
        if self.layer is not None and ids:
            self.layer.startEditing()
            self.layer.beginEditCommand(tr("Remove"))
            self.layer.deleteFeatures(ids)
            self.layer.endEditCommand()

    def write(self, views: Mapping[int, RegionView], heads: list[CardData]) -> None:
        """Write figures by the ids of features; in a layer that is edited as an edit."""
        layer = self.layer
        if layer is None:
            return
        self.add_fields(heads)
        values = {feature: self._values(view, heads) for feature, view in views.items()}
        if layer.isEditable():
            layer.beginEditCommand(tr("Figures of regions"))
            for feature, each in values.items():
                layer.changeAttributeValues(feature, each)
            layer.endEditCommand()
        else:
            layer.dataProvider().changeAttributeValues(values)
            # QGIS does not notice changes through the provider
            QgsProject.instance().setDirty(True)

    def add_fields(self, heads: list[CardData]) -> None:
        """Add the fields of figures that the layer lacks."""
        if self.layer is not None:
            fields = writing.make_fields(kinds_of(heads))
            provider = self.layer.dataProvider()
            if missing := [
                field for field in fields if provider.fields().lookupField(field.name()) < 0
            ]:
                provider.addAttributes(missing)
                self.layer.updateFields()

    def draw(self, heads: list[CardData]) -> None:
        """Style the layer by its figures, and so that they are seen below the mark of a chosen
        region.
        """
        if self.layer is not None:
            styling.RegionScores(heads).draw(self.layer)  # takes a style, with its mark
            self.layer.selectionProperties().setSelectionColor(QColor(255, 200, 0, 110))
            self.layer.selectionProperties().setSelectionRenderingMode(
                Qgis.SelectionRenderingMode.CustomColor
            )
            self.layer.triggerRepaint()

    def close(self) -> None:
        """Leave the layer, which stays in the project."""
        self._soon.stop()
        for link in self._links:
            QObject.disconnect(link)
        self.layer = None

    def _listen(self, layer: QgsVectorLayer) -> None:
        self.layer = layer
        edits = (
            layer.layerModified,
            layer.afterCommitChanges,
            layer.afterRollBack,
            layer.dataSourceChanged,
        )
        self._links = [signal.connect(lambda *_: self._soon.start(0)) for signal in edits]
        self._links.append(layer.willBeDeleted.connect(self._gone))

    def _gone(self) -> None:
        self.layer = None
        self.changed.emit()

    def _make(self) -> QgsVectorLayer:
        layer = QgsVectorLayer("MultiPolygon", tr("Drawn regions"), "memory")
        layer.setCrs(self.tracks.crs())
        layer.dataProvider().addAttributes(list(writing.make_fields({"name": "text"})))
        layer.setCustomProperty(REGIONS_OF, self.tracks.id())
        layer.setCustomProperty(
            MADE, QDateTime.currentDateTime().toString("yyyy-MM-dd HH:mm:ss.zzz")
        )
        layer.setOpacity(0.65)  # the tracks below stay visible
        styling.RegionScores([]).mark(layer)
        self._listen(layer)
        return self.group.add(layer)

    def _values(self, view: RegionView, heads: list[CardData], **more: Any) -> dict[int, Any]:
        """What is shown of a region by the index of the field; RAW's other fields become NULL."""
        fields: Any = self.layer.fields() if self.layer is not None else []
        shown = {**view.figures, "area_km2": view.area_km2, "suppressed": view.suppressed, **more}
        values = {**dict.fromkeys(kinds_of(heads)), **shown}
        return {
            at: to_qgis(value)
            for name, value in values.items()
            if (at := fields.lookupField(name)) >= 0
        }


def kinds_of(heads: list[CardData]) -> dict[str, str]:
    """The kinds of the fields by name, as raw:scoreregions has them."""
    kinds = {
        "area_km2": "number",
        **dict.fromkeys(COUNTS, "int"),
        "dwell_min": "number",
    }
    kinds |= {name: "number" for name in PEOPLE_FIGURES if name not in kinds}
    for head in heads:
        name = head["name"]
        if head["kind"] == "number":
            kinds |= dict.fromkeys((name, f"{name}_low", f"{name}_high"), "number")
        else:
            kinds |= {name: "text", f"{name}_p": "number", f"{name}_guess": "text"}
    return {**kinds, "suppressed": "bool", "in_domain": "bool"}


def name_of(region: QgsFeature) -> str:
    """The name of a region; '' where the user gave it none, or deleted the field."""
    return str(region.attributeMap().get("name") or "")


def to_qgis(value: Any) -> Any:
    """A Python or NumPy value as QGIS takes it."""
    value = value.item() if hasattr(value, "item") else value
    return NULL if value is None or value != value else value
