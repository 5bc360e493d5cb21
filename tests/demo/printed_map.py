# SPDX-License-Identifier: GPL-2.0-or-later
"""A printed map of the demo's layers, rendered by QGIS: title, legend in words, scale bar, attribution."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsLayoutExporter,
    QgsLayoutItem,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsLayoutItemScaleBar,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsLegendStyle,
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsPrintLayout,
    QgsProject,
    QgsRectangle,
    QgsTextFormat,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor, QFont

PAGE_MM = (297.0, 210.0)
MARGIN_MM = 8.0
LEGEND_MM = 84.0
LEGEND_LETTERS = 36  # of a heading
WRAP = "\n"
DPI = 150


def open_layer(path: Path, name: str) -> QgsVectorLayer:
    """A layer under the name that the legend shows; RuntimeError when QGIS cannot open it."""
    layer = QgsVectorLayer(str(path), name, "ogr")
    if not layer.isValid():
        raise RuntimeError(f"QGIS cannot open {path}.")
    return layer


def street_plan(path: Path) -> list[QgsVectorLayer]:
    """Stations and streets of the synthetic city, for the background; the upper layer first."""
    stations = open_layer(Path(f"{path}|layername=stations"), "Metro stations")
    stations.renderer().setSymbol(QgsMarkerSymbol.createSimple({"name": "square", "color": "#444444", "size": "1.8"}))
    streets = open_layer(Path(f"{path}|layername=streets"), "Streets")
    streets.renderer().setSymbol(QgsLineSymbol.createSimple({"color": "#d4d4d0", "width": "0.2"}))
    return [stations, streets]


def thin_lines(layer: QgsVectorLayer, share: float) -> None:
    """Scale the widths of a styled line layer, where many lines would hide what lies below."""
    for rule in layer.renderer().rootRule().children():
        rule.symbol().setWidth(rule.symbol().width() * share)


def add_label(layout: QgsPrintLayout, text: str, size: float, box: QgsRectangle, bold: bool = False) -> None:
    """Put a text into a box in millimetres from the page's top left corner."""
    label = QgsLayoutItemLabel(layout)
    font = QFont("DejaVu Sans")
    font.setBold(bold)
    form = QgsTextFormat()
    form.setFont(font)
    form.setSize(size)
    form.setColor(QColor("#222222"))
    label.setTextFormat(form)
    label.setText(text)
    layout.addLayoutItem(label)
    place(label, box)


def place(item: QgsLayoutItem, box: QgsRectangle) -> None:
    """Move an item to a box in millimetres."""
    item.attemptMove(QgsLayoutPoint(box.xMinimum(), box.yMinimum()))
    item.attemptResize(QgsLayoutSize(box.width(), box.height()))


def add_map(
    layout: QgsPrintLayout, layers: Sequence[QgsVectorLayer], extent: QgsRectangle, box: QgsRectangle
) -> QgsLayoutItemMap:
    """The map itself, in Web Mercator so that circles look like circles; extent in degrees."""
    mercator = QgsCoordinateReferenceSystem("EPSG:3857")
    to_map = QgsCoordinateTransform(QgsCoordinateReferenceSystem("EPSG:4326"), mercator, layout.project())
    item = QgsLayoutItemMap(layout)
    layout.addLayoutItem(item)
    place(item, box)
    item.setCrs(mercator)
    item.setLayers(list(layers))
    item.setKeepLayerSet(True)
    item.zoomToExtent(to_map.transformBoundingBox(extent))
    item.setFrameEnabled(True)
    item.setFrameStrokeColor(QColor("#999999"))
    item.setBackgroundColor(QColor("#f7f7f5"))
    return item


def add_legend(layout: QgsPrintLayout, item: QgsLayoutItemMap, at: QgsLayoutPoint) -> None:
    """The layers' names and classes, in the order of the project."""
    legend = QgsLayoutItemLegend(layout)
    legend.setLinkedMap(item)
    for role, size in ((QgsLegendStyle.Style.Subgroup, 9.5), (QgsLegendStyle.Style.SymbolLabel, 8)):
        style = legend.rstyle(role)
        form = style.textFormat()
        form.setFont(QFont("DejaVu Sans"))
        form.setSize(size)
        form.setForcedBold(role == QgsLegendStyle.Style.Subgroup)
        style.setTextFormat(form)
        legend.setStyle(role, style)
    for role, space in ((QgsLegendStyle.Style.Subgroup, 2.2), (QgsLegendStyle.Style.Symbol, 1.3)):
        legend.rstyle(role).setMargin(QgsLegendStyle.Side.Top, space)  # mm: all of it goes on the page
    legend.setWrapString(WRAP)
    legend.setSymbolHeight(3.2)
    layout.addLayoutItem(legend)
    legend.attemptMove(at)


def add_scale_bar(layout: QgsPrintLayout, item: QgsLayoutItemMap, at: QgsLayoutPoint) -> None:
    """A scale bar in kilometres, measured on the ellipsoid."""
    bar = QgsLayoutItemScaleBar(layout)
    bar.setLinkedMap(item)
    bar.setStyle("Line Ticks Up")
    bar.applyDefaultSize(Qgis.DistanceUnit.Kilometers)
    layout.addLayoutItem(bar)
    bar.attemptMove(at)


def draw(
    output: Path,
    title: str,
    note: str,
    layers: Sequence[QgsVectorLayer],
    extent: QgsRectangle,
) -> None:
    """Write the map as PNG. layers: the top one first. extent: in degrees."""
    project = QgsProject()
    project.addMapLayers(list(layers))
    for layer in layers:
        layer.setName(WRAP.join(textwrap.wrap(layer.name(), LEGEND_LETTERS)))
    layout = QgsPrintLayout(project)
    layout.initializeDefaults()
    width, height = PAGE_MM
    right = width - MARGIN_MM - LEGEND_MM
    add_label(layout, title, 17, QgsRectangle(MARGIN_MM, 5, width - MARGIN_MM, 15), bold=True)
    box = QgsRectangle(MARGIN_MM, 17, right - 4, height - 14)
    item = add_map(layout, layers, extent, box)
    add_label(layout, note, 8, QgsRectangle(MARGIN_MM, height - 12, width - MARGIN_MM, height - 2))

    add_legend(layout, item, QgsLayoutPoint(right, 15))
    add_scale_bar(layout, item, QgsLayoutPoint(MARGIN_MM + 3, height - 14 - 14))

    if not QgsLayoutExporter(layout).renderPageToImage(0, dpi=DPI).save(str(output)):
        raise RuntimeError(f"QGIS could not write {output}.")


def start_qgis() -> QgsApplication:
    """A QGIS without windows; keep what comes back as long as layers are used."""
    app = QgsApplication([], False)
    app.initQgis()
    return app
