# SPDX-License-Identifier: GPL-2.0-or-later
"""Drawn regions belong to the project, as QGIS's annotations do: saved with it, and there when it is opened.

QGIS saves a memory layer with its fields and style and without its features. What is in the layers of drawn regions is
therefore written beside their style, as a property of the layer, and put back when a project has been read.
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
FEATURES = "raw/features"  # and what is in it
DIGITS = 17  # of a coordinate: all that a double has


class SavedRegions:
    """Keeps what is in the layers of drawn regions with the project. `close` it."""

    def __init__(self) -> None:
        QgsProject.instance().writeProject.connect(self.write)
        QgsProject.instance().readProject.connect(self.read)
        self.read()  # the project may have been opened before the plugin was loaded

    def close(self) -> None:
        """Write a last time, for a project that is saved without the plugin, and listen no longer."""
        self.write()
        QgsProject.instance().writeProject.disconnect(self.write)
        QgsProject.instance().readProject.disconnect(self.read)

    def write(self, _document: Any = None) -> None:
        """Before QGIS writes the layers."""
        for layer in layers_of_regions():
            if in_memory(layer):
                layer.setCustomProperty(FEATURES, to_text(layer))
            else:
                layer.removeCustomProperty(FEATURES)  # a file of the user's has them

    def read(self, _document: Any = None) -> None:
        """After QGIS has read the layers."""
        for layer in layers_of_regions():
            text = layer.customProperty(FEATURES)
            if text and in_memory(layer) and not all_features(layer):
                put_back(layer, text)


def layers_of_regions(tracks: str = "") -> list[QgsVectorLayer]:
    """The project's layers of drawn regions: all, or those of the layer of tracks with this id."""
    layers = QgsProject.instance().mapLayers().values()
    return [x for x in layers if (of := x.customProperty(OF)) and tracks in ("", of) and x.isValid()]


def in_memory(layer: QgsVectorLayer) -> bool:
    """Whether a layer's features are nowhere else. QGIS can turn it into a file: the mark beside its name does."""
    return bool(layer.providerType() == "memory")


def all_features(layer: QgsVectorLayer) -> list[QgsFeature]:
    """The features of a layer in memory, with those that a filter hides: QGIS forgets it and they show again."""
    if not layer.subsetString():
        return list(layer.getFeatures())
    whole = layer.clone()  # the map goes on with the user's filter
    whole.setSubsetString("")
    return list(whole.getFeatures())


def to_text(layer: QgsVectorLayer) -> str:
    """All features of a layer as JSON: shape and attributes by name."""
    names = layer.fields().names()
    rows = [
        {
            "shape": feature.geometry().asWkt(DIGITS),
            "values": {name: value for name, value in zip(names, feature.attributes()) if value not in (None, NULL)},
        }
        for feature in all_features(layer)
    ]
    return json.dumps(rows, ensure_ascii=False, default=time_text)


def time_text(value: Any) -> str | None:
    """Dates and times, for which JSON has no word, as a field reads them again; None of anything else."""
    return value.toString(Qt.DateFormat.ISODateWithMs) if isinstance(value, (QDate, QTime, QDateTime)) else None


def put_back(layer: QgsVectorLayer, text: str) -> None:
    """Add the features of `to_text` to a layer; those of a text that is not ours are left out."""
    try:
        rows = [(QgsGeometry.fromWkt(row["shape"]), dict(row["values"])) for row in json.loads(text)]
    except (ValueError, TypeError, KeyError):
        return
    provider = layer.dataProvider()
    fields = provider.fields()  # without those that QGIS works out
    for shape, values in rows:
        if shape.isEmpty():
            continue
        feature = QgsFeature(fields)
        feature.setGeometry(shape)
        for name, value in values.items():
            if (at := fields.lookupField(name)) >= 0:
                with suppress(ValueError):  # a value that the field cannot have: the region comes back without it
                    feature.setAttribute(at, fields[at].convertCompatible(value))
        added, _ = provider.addFeatures([feature])  # one by one: QGIS takes none where it refuses one
        if not added:
            log.warning("A region of the layer %s could not be put back: %s", layer.name(), provider.errors()[-1:])
    layer.updateExtents()
    layer.triggerRepaint()
