# SPDX-License-Identifier: GPL-2.0-or-later
"""Words in the language of QGIS, and the names of layers."""

from __future__ import annotations

from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication

MADE_OF = "raw/made_of"  # property of an output: the names of the layers or the file that it was made of


def tr(text: str) -> str:
    """Translate a text of the plugin."""
    return QCoreApplication.translate("RAW", text)


def free_name(layer: QgsVectorLayer, name: str) -> str:
    """A name for a layer. Where another layer of the project has the name, it is followed by what the layer was made of
    if the other was not, 'Trips (bus 4)', as after a batch; else by a number, 'Trips (2)'.
    """
    layers = [each for each in QgsProject.instance().mapLayers().values() if each.id() != layer.id()]
    others = {each.name() for each in layers}
    of = layer.customProperty(MADE_OF)
    if of and any(each.name() == name and each.customProperty(MADE_OF) != of for each in layers):
        name = f"{name} ({of})"
    numbered = (f"{name} ({n})" for n in range(2, len(others) + 3))
    return name if name not in others else next(each for each in numbered if each not in others)
