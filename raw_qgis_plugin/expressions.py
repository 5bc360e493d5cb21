# SPDX-License-Identifier: GPL-2.0-or-later
"""A function of QGIS's expressions for the default values of `layers.legends.let_correct`.

QGIS does not list it because of its underscore.
"""

from __future__ import annotations

from typing import Any

from qgis.core import NULL, QgsExpression, QgsExpressionFunction, QgsFeatureRequest, QgsProject, QgsVectorLayer

NAME = "_raw_saved"


class Saved(QgsExpressionFunction):
    """_raw_saved(layer id, feature, field): the value in the data, without edits that are not saved yet, else NULL."""

    def __init__(self) -> None:
        super().__init__(NAME, 3, "RAW", "")

    def func(self, values: list[Any], _context: Any, _parent: Any, _node: Any) -> Any:
        """Called by QGIS. A new feature has no value."""
        layer_id, feature, field = values
        layer = QgsProject.instance().mapLayer(layer_id)
        if not isinstance(layer, QgsVectorLayer):
            return NULL
        request = QgsFeatureRequest(feature).setFlags(QgsFeatureRequest.Flag.NoGeometry)
        return next((row[field] for row in layer.dataProvider().getFeatures(request)), NULL)


def register() -> Saved:
    """Register the function. QGIS needs the object that is returned until `unregister`."""
    function = Saved()
    QgsExpression.registerFunction(function)
    return function


def unregister() -> None:
    """Remove the function from QGIS."""
    QgsExpression.unregisterFunction(NAME)
