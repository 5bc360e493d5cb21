# SPDX-License-Identifier: GPL-2.0-or-later
"""The look of flows, curved arrows as wide as there are trips, and of trips that move."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import (
    Qgis,
    QgsArrowSymbolLayer,
    QgsExpressionContextUtils,
    QgsFillSymbol,
    QgsGeometryGeneratorSymbolLayer,
    QgsLineSymbol,
    QgsMapLayerStyle,
    QgsMarkerSymbol,
    QgsProperty,
    QgsRuleBasedRenderer,
    QgsSymbol,
    QgsSymbolLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor

from .legends import MODE_COLOURS, Style, numbers_of
from .words import tr

MAX_LINES, WIDEST_MM, LARGEST_MM = 150, 3.0, 9.0
SHOWN = "raw_flows"  # variable of the layer: how many lines a slice are drawn
# A point to the right of the middle, so that the flows there and back lie side by side
CURVE = (
    "make_line(start_point(@geometry), make_point("
    "x(centroid(@geometry)) + 0.14 * (y(end_point(@geometry)) - y(start_point(@geometry))), "
    "y(centroid(@geometry)) - 0.14 * (x(end_point(@geometry)) - x(start_point(@geometry)))), end_point(@geometry))"
)
# Where a trip is at the map's time, in epoch seconds @t: the way since @s, between two fixes in proportion to time
MOVING = (
    "if(@map_end_time IS NULL, @geometry, with_variable('t', epoch(@map_end_time) / 1000, "
    "with_variable('s', @t - {tail} * (@t - epoch(@map_start_time) / 1000), "
    "with_variable('p', array_foreach(generate_series(1, num_points(@geometry)), point_n(@geometry, @element)), "
    "with_variable('i', array_length(array_filter(@p, m(@element) <= @t)), "
    "with_variable('a', @p[@i - 1], with_variable('b', @p[min(@i, array_length(@p) - 1)], "
    "with_variable('f', coalesce((@t - m(@a)) / nullif(m(@b) - m(@a), 0), 0), "
    "make_line(array_append(array_filter(@p, m(@element) > @s AND m(@element) <= @t), "
    "make_point(x(@a) + @f * (x(@b) - x(@a)), y(@a) + @f * (y(@b) - y(@a)))))))))))))"
)
TAILS = ((12, 0.25), (6, 0.5), (3, 1.0))  # frames of the clock, opacity


def add_moving(layer: QgsVectorLayer) -> None:
    """Give a layer of trips, whose M values are epoch seconds, a second style: QGIS's clock shows them on their way."""
    moving = layer.clone()  # a layer that switches styles while its legend is drawn can crash QGIS
    renderer = layer.renderer().clone()
    for rule in renderer.rootRule().children():
        colour, symbol = rule.symbol().symbolLayers()[-1].color(), QgsLineSymbol([])
        for tail, opacity in TAILS:
            line = QgsLineSymbol.createSimple({"width": "1.1", "capstyle": "round", "joinstyle": "round"})
            line.setColor(colour)
            line.setOpacity(opacity)
            symbol.appendSymbolLayer(_generated(MOVING.format(tail=tail), line))
        symbol.deleteSymbolLayer(0)  # the line that QGIS gives to a symbol without layers
        rule.setSymbol(symbol)
    moving.setRenderer(renderer)
    style = QgsMapLayerStyle()
    style.readFromLayer(moving)
    layer.styleManager().addStyle(tr("Trips that move"), style)


@dataclass(frozen=True)
class FlowLines(Style):
    """Trips between zones. The variable SHOWN of the layer says how many lines are drawn."""

    title, order, start = "Flows", 3, ""

    def apply(self, layer: QgsVectorLayer) -> None:
        """As all styles; the clock plays the parts of 2000-01-01, a day that stands for all, or the months."""
        super().apply(layer)
        some = next(iter(layer.uniqueValues(layer.fields().lookupField("slice"))), "")
        forms = {5: ("'2000-01-01 ' || \"slice\"", "59 minutes"), 7: ("\"slice\" || '-01 00:00'", "27 days"),
                 11: ("'2000-01-01 ' || left(\"slice\", 5)", "")}  # fmt: skip
        if some[-1:].isdigit() and len(some) in forms:
            begin, long = forms[len(some)]
            start = f"to_datetime({begin}, 'yyyy-MM-dd HH:mm')"
            times = layer.temporalProperties()
            times.setMode(Qgis.VectorTemporalMode.FeatureDateTimeStartAndEndFromExpressions)
            times.setStartExpression(start)
            times.setEndExpression(f"{start} + to_interval('{long}')" if long else start.replace("left", "right"))
            times.setIsActive(True)

    def draw(self, layer: QgsVectorLayer) -> str:
        """One rule for each main mode; arrows in steps of width."""
        QgsExpressionContextUtils.setLayerVariable(layer, SHOWN, MAX_LINES)
        most = float(numbers_of(layer, "n_trips").max(initial=1.0))
        there = layer.uniqueValues(layer.fields().lookupField("main_mode"))
        root = QgsRuleBasedRenderer.Rule(None)
        words = (tr("On foot"), tr("By bike"), tr("Motor vehicle"), tr("By rail"), tr("Mode unknown"))
        modes = "walk", "bike", "motor", "rail", "unknown"
        for mode, label, colour in zip(modes, words, (*MODE_COLOURS, "#777777")):
            condition = f'"main_mode" = \'{mode}\' AND "rank" <= @{SHOWN}'
            if mode in there:
                root.appendChild(QgsRuleBasedRenderer.Rule(_arrow(colour, most), 0, 0, condition, label))
        layer.setRenderer(QgsRuleBasedRenderer(root))
        return tr("the widest has {n:,} trips").format(n=round(most))

    def mark(self, layer: QgsVectorLayer) -> None:
        """In the notes how many lines are drawn."""
        metadata = layer.metadata()
        words = tr(
            "The {n} strongest flows of each slice are drawn: change the layer's variable {name} for more or fewer. "
            "Pairs of zones with few people are not in this layer; the matrix has their sum."
        )
        metadata.setAbstract(words.format(n=MAX_LINES, name=SHOWN))
        layer.setMetadata(metadata)


@dataclass(frozen=True)
class FlowZones(Style):
    """Zones, with circles by the trips that stay within."""

    title, order, start = "Zones", 1, ""

    def draw(self, layer: QgsVectorLayer) -> str:
        """A thin border, and a circle at the middle."""
        most = float(numbers_of(layer, "n_within").max(initial=1.0))
        symbol = QgsFillSymbol.createSimple({"color": "0,0,0,0", "outline_color": "#999999", "outline_width": "0.2"})
        circle = QgsMarkerSymbol.createSimple({"color": "0,114,178,110", "outline_color": "#0072b2"})
        size = f'{LARGEST_MM} * sqrt(coalesce("n_within", 0) / {most!r})'
        circle.setDataDefinedSize(QgsProperty.fromExpression(size))
        symbol.appendSymbolLayer(_generated('if("n_within" > 0, point_on_surface(@geometry), NULL)', circle))
        root = QgsRuleBasedRenderer.Rule(None)
        words = tr("Zone; circle: trips within, {n:,} at most").format(n=round(most))
        root.appendChild(QgsRuleBasedRenderer.Rule(symbol, 0, 0, "", words))
        layer.setRenderer(QgsRuleBasedRenderer(root))
        return ""


def _arrow(colour: str, most: float) -> QgsLineSymbol:
    """A curved arrow as wide as there are trips. most: the number of trips of the widest one."""
    arrow = QgsArrowSymbolLayer()
    arrow.setIsCurved(True)
    arrow.setIsRepeated(False)
    width = f'0.3 + {WIDEST_MM} * "n_trips" / {most!r}'
    kinds = QgsSymbolLayer.Property
    arrow.setDataDefinedProperty(kinds.PropertyArrowWidth, QgsProperty.fromExpression(width))
    arrow.setDataDefinedProperty(kinds.PropertyArrowStartWidth, QgsProperty.fromExpression(f"0.6 * ({width})"))
    for head in (kinds.PropertyArrowHeadLength, kinds.PropertyArrowHeadThickness):
        arrow.setDataDefinedProperty(head, QgsProperty.fromExpression(f"1.2 + ({width})"))
    fill = QgsFillSymbol.createSimple({"color": colour, "outline_color": "#ffffff", "outline_width": "0.1"})
    fill.setOpacity(0.85)
    arrow.setSubSymbol(fill)
    curve = QgsLineSymbol([arrow])
    symbol = QgsLineSymbol([_generated(CURVE, curve)])
    for each in (curve, symbol):
        each.setClipFeaturesToExtent(False)  # an arrow is bent by its middle, which may lie out of sight
    symbol.setColor(QColor(colour))
    return symbol


def _generated(expression: str, symbol: QgsSymbol) -> QgsSymbolLayer:
    """Draws the geometry of an expression, by a symbol for its kind."""
    layer = QgsGeometryGeneratorSymbolLayer.create({"geometryModifier": expression})
    layer.setSymbolType(symbol.type())
    layer.setSubSymbol(symbol)
    return layer
