# SPDX-License-Identifier: GPL-2.0-or-later
"""Drawn regions belong to the project, as QGIS's annotations do: they are saved and opened with it.

QGIS saves a memory layer with its fields and style but without its features. The features of the layers of drawn
regions are therefore written into a property of the layer, and added again after a project was read.
"""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from typing import Any

from qgis.core import NULL, QgsFeature, QgsGeometry, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

log = logging.getLogger(__name__)
OF = "raw/regions_of"  # property of a layer of drawn regions: the id of its layer of tracks
FEATURES = "raw/features"  # property: its features, as `to_text` writes them


class SavedRegions:
    """Saves the features of the layers of drawn regions with the project, until `close`."""

    def __init__(self) -> None:
        QgsProject.instance().writeProject.connect(self.write)
        QgsProject.instance().readProject.connect(self.read)
        self.read()  # the project may have been opened before the plugin was loaded

    def close(self) -> None:
        """Write a last time, for a project that is saved without the plugin, and disconnect from the project."""
        self.write()
        QgsProject.instance().writeProject.disconnect(self.write)
        QgsProject.instance().readProject.disconnect(self.read)

    def write(self, _document: Any = None) -> None:
        """Called before QGIS writes the layers."""
        for layer in layers_of_regions():
            if in_memory(layer):
                layer.setCustomProperty(FEATURES, to_text(layer))
            else:
                layer.removeCustomProperty(FEATURES)  # they are in a file of the user's

    def read(self, _document: Any = None) -> None:
        """Called after QGIS has read the layers."""
        for layer in layers_of_regions():
            text = layer.customProperty(FEATURES)
            if text and in_memory(layer) and not all_features(layer):
                put_back(layer, text)


def layers_of_regions(tracks: str = "") -> list[QgsVectorLayer]:
    """The project's layers of drawn regions. tracks: the id of their layer of tracks; '' for all."""
    layers = QgsProject.instance().mapLayers().values()
    return [x for x in layers if (of := x.customProperty(OF)) and tracks in ("", of) and x.isValid()]


def in_memory(layer: QgsVectorLayer) -> bool:
    """Whether a layer is still in memory alone. The user can turn it into a file, by the mark beside its name."""
    return bool(layer.providerType() == "memory")


def all_features(layer: QgsVectorLayer) -> list[QgsFeature]:
    """The features of a layer in memory, with those that a filter hides: QGIS does not save the filter."""
    if not layer.subsetString():
        return list(layer.getFeatures())
    whole = layer.clone()  # the layer itself keeps the user's filter
    whole.setSubsetString("")
    return list(whole.getFeatures())


def to_text(layer: QgsVectorLayer) -> str:
    """All features of a layer as JSON: a shape, and attributes by name."""
    names = layer.fields().names()
    rows = [
        {
            # 17 digits: all that a double has
            "shape": feature.geometry().asWkt(17),
            "values": {name: value for name, value in zip(names, feature.attributes()) if value not in (None, NULL)},
        }
        for feature in all_features(layer)
    ]
    return json.dumps(rows, ensure_ascii=False, default=time_text)


def time_text(value: Any) -> str | None:
    """A date or time as the text that a field takes back; None for any other value that JSON does not have."""
    return value.toString(Qt.DateFormat.ISODateWithMs) if isinstance(value, (QDate, QTime, QDateTime)) else None


def put_back(layer: QgsVectorLayer, text: str) -> None:
    """Add the features written by `to_text` to a layer. A text of another form adds nothing."""
    try:
        rows = [(QgsGeometry.fromWkt(row["shape"]), dict(row["values"])) for row in json.loads(text)]
    except (ValueError, TypeError, KeyError, RecursionError):
        return
    provider = layer.dataProvider()
    fields = provider.fields()  # without virtual ones
    for shape, values in rows:
        if shape.isEmpty():
            continue
        feature = QgsFeature(fields)
        feature.setGeometry(shape)
        for name, value in values.items():
            if (at := fields.lookupField(name)) >= 0:
                with suppress(ValueError):  # a value that the field cannot have is left out
                    feature.setAttribute(at, fields[at].convertCompatible(value))
        added, _ = provider.addFeatures([feature])  # one by one: QGIS adds none where it refuses one
        if not added:
            log.warning("A region of layer %s could not be restored: %s", layer.name(), provider.errors()[-1:])
    layer.updateExtents()
    layer.triggerRepaint()
