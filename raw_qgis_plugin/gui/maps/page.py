# SPDX-License-Identifier: GPL-2.0-or-later
"""Make a map: a print layout of what the map shows, from resources/layouts/map.qpt, in QGIS's
layout designer.
"""

from __future__ import annotations

import math
import textwrap

from qgis.core import (
    QgsExpression,
    QgsLayoutItemLegend,
    QgsLegendRenderer,
    QgsLegendStyle,
    QgsMapLayer,
    QgsMapLayerLegendUtils,
    QgsPrintLayout,
    QgsProject,
    QgsReadWriteContext,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QRectF, Qt
from qgis.PyQt.QtXml import QDomDocument

from ...core.paths import RESOURCES
from ...layers.legends import name_features
from ...processing.words import tr
from ..desktop import Desktop
from .notes import notes

TEMPLATE = RESOURCES / "layouts" / "map.qpt"


def open_designer(desktop: Desktop) -> None:
    """Add a layout of the map to the project and open it. There it is changed, printed, saved as
    PDF or picture.
    """
    canvas = desktop.iface.mapCanvas()
    project = QgsProject.instance()
    layers = in_sight(canvas)
    title = project.title() or (layers[0].name() if layers else tr("Map"))
    layout = make_layout(canvas, title, notes(canvas, layers, desktop.session))
    if project.layoutManager().layoutByName(title) is not None:
        layout.setName(project.layoutManager().generateUniqueTitle())
    project.layoutManager().addLayout(layout)
    desktop.iface.openLayoutDesigner(layout)


def make_layout(
    canvas: QgsMapCanvas,
    title: str,
    remarks: list[str],
    max_drawn: int = 20_000,
    max_named: int = 30,
) -> QgsPrintLayout:
    """A layout of what a canvas shows, at its place and time. The project does not list it yet.

    remarks: the notes at the foot. max_drawn: features of a layer in a PDF; a layer of more becomes
    a picture. max_named: of more regions those that are withheld have no name.
    """
    layout = QgsPrintLayout(QgsProject.instance())
    document = QDomDocument()
    document.setContent(TEMPLATE.read_text(encoding="utf-8"))
    layout.loadFromTemplate(document, QgsReadWriteContext())
    layout.setName(title)
    layout.itemById("title").setText(title)
    _write_foot(layout, remarks)
    area = layout.itemById("map")
    shown = canvas.mapSettings()
    area.setCrs(shown.destinationCrs())
    area.setLayers(canvas.layers())
    area.setKeepLayerSet(True)
    if shown.isTemporal():
        area.setIsTemporal(True)
        area.setTemporalRange(shown.temporalRange())
    area.zoomToExtent(canvas.extent())
    bar = layout.itemById("scale bar")
    bar.applyDefaultSize(bar.guessUnits())
    for layer in (each for each in canvas.layers() if isinstance(each, QgsVectorLayer)):
        if layer.featureCount() > max_drawn:
            layer.renderer().setForceRasterRender(True)
        # regions have names
        if layer.fields().lookupField("suppressed") >= 0 and layer.labeling() is None:
            name = QgsExpression.quotedColumnRef(layer.displayField())
            few = layer.featureCount() <= max_named
            name_features(layer, name if few else f"if(\"suppressed\", '', {name})")
    _fill_legend(layout.itemById("legend"), in_sight(canvas))
    layout.refresh()
    return layout


def _write_foot(layout: QgsPrintLayout, remarks: list[str], letters_a_line: int = 195) -> None:
    """Write the notes, and make the map shorter by the room that they take."""
    foot = layout.itemById("notes")
    foot.setText("\n".join(remarks))
    lines = sum(math.ceil(len(words) / letters_a_line) for words in remarks)
    grown_mm = 3.1 * lines + 1 - foot.rect().height()
    for name, down_mm, taller_mm in (
        ("notes", -grown_mm, grown_mm),
        ("map", 0, -grown_mm),
        ("scale bar", -grown_mm, 0),
    ):
        item = layout.itemById(name)
        box = QRectF(item.pos(), item.rect().size())
        item.attemptSetSceneRect(box.adjusted(0, down_mm, 0, down_mm + taller_mm))


def _fill_legend(legend: QgsLayoutItemLegend, layers: list[QgsMapLayer], letters: int = 34) -> None:
    """List layers, without a basemap. letters: of a line."""
    legend.setAutoUpdateModel(False)  # the legend gets a layer tree of its own
    model = legend.model()
    for node in model.rootGroup().findLayers():
        if node.layer() not in layers or not isinstance(node.layer(), QgsVectorLayer):
            node.parent().removeChildNode(node)
            continue
        node.setCustomProperty("legend/title-label", textwrap.fill(node.layer().name(), letters))
        for at, part in enumerate(model.layerOriginalLegendNodes(node)):
            words = textwrap.fill(str(part.data(Qt.ItemDataRole.DisplayRole) or ""), letters)
            QgsMapLayerLegendUtils.setLegendNodeUserLabel(node, at, words)
        model.refreshLayerLegend(node)
    model.rootGroup().removeChildrenGroupWithoutLayers()
    for group in model.rootGroup().findGroups(True):
        QgsLegendRenderer.setNodeLegendStyle(group, QgsLegendStyle.Style.Hidden)
    if (
        sum(layer.featureCount() for layer in layers if isinstance(layer, QgsVectorLayer))
        <= 500_000
    ):
        legend.setLegendFilterByMapEnabled(True)  # without what is nowhere on the map


def in_sight(canvas: QgsMapCanvas) -> list[QgsMapLayer]:
    """The layers of a map that may have something in what it shows. The uppermost comes first."""
    shown = canvas.mapSettings()
    boxes = (
        (layer, shown.layerExtentToOutputExtent(layer, layer.extent())) for layer in canvas.layers()
    )
    return [layer for layer, box in boxes if box.isNull() or box.intersects(canvas.extent())]
