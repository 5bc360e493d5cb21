# SPDX-License-Identifier: GPL-2.0-or-later
"""A print layout of the map: title, legend, scale bar, north arrow, and notes on data, model and caveats."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsLayoutExporter,
    QgsLayoutItem,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsLayoutItemPicture,
    QgsLayoutItemScaleBar,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsLayoutUtils,
    QgsLegendRenderer,
    QgsLegendStyle,
    QgsMapLayer,
    QgsMapLayerLegendUtils,
    QgsPrintLayout,
    QgsProject,
    QgsRuleBasedRenderer,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtGui import QColor, QFont

from ...core.errors import InputError
from ...processing.words import tr
from .fit import in_sight
from .notes import title_of_layer


@dataclass(frozen=True)
class Sheet:
    """An A4 page, landscape. Lengths in mm, sizes of letters in points, the others in letters."""

    width: float = 297.0
    height: float = 210.0
    margin: float = 10.0
    title: float = 18.0
    title_height: float = 11.0
    legend_width: float = 66.0
    legend_letters: int = 34
    notes: float = 7.0
    notes_line: float = 3.3
    notes_letters: int = 205
    dpi: float = 300.0
    most_filtered: int = 500_000  # features of a map; to look through more for the legend takes long
    most_drawn: int = 20_000  # features of a layer in a PDF; more become a picture: each takes some 85 bytes


SHEET = Sheet()


def make_layout(project: QgsProject, canvas: QgsMapCanvas, title: str, notes: str) -> QgsPrintLayout:
    """A layout of what a canvas shows, at its place and time. It is not among the project's layouts yet."""
    layout = QgsPrintLayout(project)
    layout.initializeDefaults()
    layout.setName(title)
    lines = [part for line in notes.splitlines() for part in textwrap.wrap(line, SHEET.notes_letters)]
    below = SHEET.height - SHEET.margin - len(lines) * SHEET.notes_line - 1
    right = SHEET.width - SHEET.margin - SHEET.legend_width
    above = SHEET.margin + SHEET.title_height
    _add_label(layout, "title", title, SHEET.title, SHEET.margin, SHEET.title_height, bold=True)
    _add_label(layout, "notes", "\n".join(lines), SHEET.notes, below + 2, SHEET.height - SHEET.margin - below)
    area = _add_map(layout, canvas)
    _place(area, SHEET.margin, above, right - 4 - SHEET.margin, below - above)
    area.zoomToExtent(canvas.extent())  # of the size that it has now
    _add_legend(layout, area, in_sight(canvas, area.extent()), right, above, below - above)
    _add_scale_bar(layout, area, below)
    _add_north_arrow(layout, area, right - 4 - 16, above + 3)
    layout.refresh()
    return layout


def _place(item: QgsLayoutItem, x: float, y: float, width: float, height: float) -> None:
    """Move an item to a box in mm from the page's upper left corner."""
    item.attemptMove(QgsLayoutPoint(x, y))
    item.attemptResize(QgsLayoutSize(width, height))


def _add_label(
    layout: QgsPrintLayout, name: str, text: str, size: float, y: float, height: float, bold: bool = False
) -> None:
    label = QgsLayoutItemLabel(layout)
    label.setId(name)
    form = label.textFormat()
    form.setFont(QFont("Noto Sans"))  # where it is not there, Qt takes another
    form.setSize(size)
    form.setForcedBold(bold)
    form.setColor(QColor("#1c2430"))
    label.setTextFormat(form)
    label.setText(text)
    layout.addLayoutItem(label)
    _place(label, SHEET.margin, y, SHEET.width - 2 * SHEET.margin, height)


def _add_map(layout: QgsPrintLayout, canvas: QgsMapCanvas) -> QgsLayoutItemMap:
    area = QgsLayoutItemMap(layout)
    area.setId("map")
    area.setCrs(canvas.mapSettings().destinationCrs())
    area.setLayers(canvas.layers())
    area.setKeepLayerSet(True)
    area.setFrameEnabled(True)
    area.setFrameStrokeColor(QColor("#98a2b3"))
    if canvas.mapSettings().isTemporal():
        area.setIsTemporal(True)
        area.setTemporalRange(canvas.mapSettings().temporalRange())
    layout.addLayoutItem(area)
    return area


def _add_legend(
    layout: QgsPrintLayout, area: QgsLayoutItemMap, layers: list[QgsMapLayer], x: float, y: float, room: float
) -> None:
    """The layers that are in sight, in letters so small that they fit."""
    legend = QgsLayoutItemLegend(layout)
    legend.setId("legend")
    legend.setLinkedMap(area)
    layout.addLayoutItem(legend)
    legend.setAutoUpdateModel(False)  # the legend gets a layer tree of its own
    model = legend.model()
    for node in model.rootGroup().findLayers():
        if node.layer() not in layers or node.layer().providerType() == "wms":  # a basemap
            node.parent().removeChildNode(node)
            continue
        title = [title_of_layer(node.layer()), *remarks_of(node.layer())]  # no feature keeps a remark in the legend
        node.setCustomProperty("legend/title-label", "\n".join(map(_wrapped, title)))
        for at, item in enumerate(model.layerOriginalLegendNodes(node)):
            QgsMapLayerLegendUtils.setLegendNodeUserLabel(node, at, _wrapped(item.data(0) or ""))
        model.refreshLayerLegend(node)
    model.rootGroup().removeChildrenGroupWithoutLayers()
    for group in model.rootGroup().findGroups(True):
        QgsLegendRenderer.setNodeLegendStyle(group, QgsLegendStyle.Style.Hidden)
    legend.setWrapString("\n")
    counts = [layer.featureCount() for layer in layers if isinstance(layer, QgsVectorLayer)]
    if sum(counts) <= SHEET.most_filtered:
        legend.setLegendFilterByMapEnabled(True)  # without what is nowhere on the map
    context = QgsLayoutUtils.createRenderContextForLayout(layout, None)
    for share in (1.0, 0.85, 0.7, 0.55):
        _scale_legend(legend, share)
        size = QgsLegendRenderer(model, legend.legendSettings()).minimumSize(context)  # the item has none yet
        if size.height() <= room:
            break
    legend.attemptMove(QgsLayoutPoint(x, y))


def remarks_of(layer: QgsMapLayer) -> list[str]:
    """The lines of text in a layer's legend that stand for no feature, such as 'Experimental (simulated data)'."""
    renderer = layer.renderer() if isinstance(layer, QgsVectorLayer) else None
    rules = renderer.rootRule().children() if isinstance(renderer, QgsRuleBasedRenderer) else []
    return [rule.label() for rule in rules if rule.filterExpression() == "FALSE"]


def _scale_legend(legend: QgsLayoutItemLegend, share: float) -> None:
    """share: of the usual size."""
    parts = QgsLegendStyle.Style
    for part, size, above in ((parts.Subgroup, 9, 2.5), (parts.SymbolLabel, 8, 0)):
        style = legend.rstyle(part)
        form = style.textFormat()
        form.setFont(QFont("Noto Sans"))
        form.setSize(size * share)
        form.setForcedBold(part == parts.Subgroup)
        style.setTextFormat(form)
        if above:
            style.setMargin(QgsLegendStyle.Side.Top, above * share)
        legend.setStyle(part, style)
    legend.rstyle(parts.Symbol).setMargin(QgsLegendStyle.Side.Top, 1.2 * share)
    legend.setSymbolHeight(3.4 * share)
    legend.setSymbolWidth(5.5 * share)


def _wrapped(words: str) -> str:
    return "\n".join(textwrap.wrap(words, SHEET.legend_letters))


def _add_scale_bar(layout: QgsPrintLayout, area: QgsLayoutItemMap, below: float) -> None:
    bar = QgsLayoutItemScaleBar(layout)
    bar.setId("scale bar")
    bar.setLinkedMap(area)
    bar.setStyle("Line Ticks Up")
    bar.applyDefaultSize(bar.guessUnits())
    form = bar.textFormat()
    form.setSize(8)
    bar.setTextFormat(form)
    bar.setBackgroundEnabled(True)
    bar.setBackgroundColor(QColor(255, 255, 255, 190))
    layout.addLayoutItem(bar)
    bar.attemptMove(QgsLayoutPoint(SHEET.margin + 2, below - 2 - bar.sizeWithUnits().height()))


def _add_north_arrow(layout: QgsPrintLayout, area: QgsLayoutItemMap, x: float, y: float) -> None:
    arrow = QgsLayoutItemPicture(layout)
    arrow.setId("north arrow")
    arrow.setPicturePath(":/images/north_arrows/layout_default_north_arrow.svg")
    arrow.setLinkedMap(area)
    arrow.setNorthMode(QgsLayoutItemPicture.NorthMode.TrueNorth)
    layout.addLayoutItem(arrow)
    _place(arrow, x, y, 13, 13)


def export(layout: QgsPrintLayout, path: Path) -> None:
    """Write a layout as PDF or PNG, by the suffix. Raises InputError where it cannot be written."""
    exporter = QgsLayoutExporter(layout)
    if path.suffix.lower() == ".pdf":
        to_pdf = QgsLayoutExporter.PdfExportSettings()
        to_pdf.dpi, to_pdf.exportMetadata = SHEET.dpi, False  # QGIS would name the user of this computer
        to_pdf.textRenderFormat = Qgis.TextRenderFormat.AlwaysText  # which can be searched and copied
        with _large_layers_as_pictures(layout):
            result = exporter.exportToPdf(str(path), to_pdf)
    else:
        to_image = QgsLayoutExporter.ImageExportSettings()
        to_image.dpi, to_image.exportMetadata = SHEET.dpi, False
        result = exporter.exportToImage(str(path), to_image)
    if result != QgsLayoutExporter.ExportResult.Success:
        raise InputError(tr("{path} could not be written. Choose another folder or name.").format(path=path))


@contextmanager
def _large_layers_as_pictures(layout: QgsPrintLayout) -> Iterator[None]:
    """Let layers of many features be drawn as pictures: half a million points have 40 MB in a PDF. The text, and the
    layers of fewer features, stay as they are.
    """
    layers = [layer for item in layout.items() if isinstance(item, QgsLayoutItemMap) for layer in item.layers()]
    large = [each for each in layers if isinstance(each, QgsVectorLayer) and each.featureCount() > SHEET.most_drawn]
    found = [each.renderer() for each in large if each.renderer() is not None]
    before = [renderer.forceRasterRender() for renderer in found]
    for renderer in found:
        renderer.setForceRasterRender(True)
    try:
        yield
    finally:
        for renderer, raster in zip(found, before):
            renderer.setForceRasterRender(raster)
