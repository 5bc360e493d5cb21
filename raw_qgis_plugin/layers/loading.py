# SPDX-License-Identifier: GPL-2.0-or-later
"""Outputs that Processing loads into the project: their group, order and style."""

from __future__ import annotations

import logging
from collections import deque

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDateTime

from .styling import Style
from .words import MADE, MADE_BY, MADE_OF, tr

log = logging.getLogger(__name__)


class _PostProcessor(QgsProcessingLayerPostProcessorInterface):
    """Applies a style on the main thread, when Processing has loaded the output, and marks the layer as a result."""

    def __init__(self, style: Style, default: str, inputs: str, model: str | None) -> None:
        super().__init__()
        self.style, self.default, self.inputs, self.model = style, default, inputs, model

    def postProcessLayer(  # noqa: N802
        self, layer: QgsVectorLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Called by Processing. An exception here would freeze QGIS's Layers panel."""
        try:
            if isinstance(layer, QgsVectorLayer):
                given = layer.name()
                layer.setCustomProperty(MADE, QDateTime.currentDateTime().toString("yyyy-MM-dd HH:mm:ss.zzz"))
                layer.setCustomProperty(MADE_OF, self.inputs)
                if self.model is not None:
                    layer.setCustomProperty(MADE_BY, self.model)
                self.style.apply(layer)
                if given not in (self.default, self.style.name):
                    layer.setName(given)
        except Exception as error:  # the layer is usable without its style
            log.exception("No style for %s", layer.name())
            if feedback is not None:
                feedback.pushWarning(tr("The style of {layer} failed: {error}").format(layer=layer.name(), error=error))


# Processing keeps no reference to a Python post-processor: without ours it would be deleted before it is called.
_alive: deque[_PostProcessor] = deque(maxlen=200)


def on_load(
    context: QgsProcessingContext, destination: str, style: Style, default: str, inputs: str = "",
    model: str | None = None,
) -> None:  # fmt: skip
    """Style an output if Processing will load it into the project.

    default: the layer's name if neither the user, a model nor its file gives another. inputs: the names of the layers
    or the file that it was made of. model: the path of the model that made it, '' for the shipped one; None for none.
    """
    if not destination or not context.willLoadLayerOnCompletion(destination):
        return
    details = context.layerToLoadOnCompletionDetails(destination)
    if details.name == default:
        details.name = style.name
    details.groupName = f"RAW: {inputs.partition(', ')[0]}" if inputs else "RAW"  # the dock's group of these tracks
    details.layerSortKey = style.order
    processor = _PostProcessor(style, default, inputs, model)
    _alive.append(processor)
    details.setPostProcessor(processor)
