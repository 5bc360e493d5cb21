# SPDX-License-Identifier: GPL-2.0-or-later
"""The look of flows, curved arrows as wide as there are trips, and of trips that move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from qgis.core import (
    Qgis,
    QgsArrowSymbolLayer,
    QgsDistanceArea,
    QgsExpressionContextUtils,
    QgsFillSymbol,
    QgsGeometry,
    QgsGeometryGeneratorSymbolLayer,
    QgsLineSymbol,
    QgsMapLayerStyle,
    QgsMarkerSymbol,
    QgsProject,
    QgsProperty,
    QgsRuleBasedRenderer,
    QgsSymbol,
    QgsSymbolLayer,
    QgsVectorLayer,
)

from .legends import MODE_COLOURS, Style, numbers_of, short
from .words import tr

MAX_LINES, MM_A_LINE = 150, 14  # a small map has fewer lines: one for so many mm of its border
WIDTHS_MM, CIRCLES_MM = (0.35, 0.7, 1.4, 2.8), (1.2, 1.7, 2.4, 3.4)  # twice the trips, twice the width or area
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
        """Rules for classes of trips draw the rims of arrows, those for main modes what is within."""
        QgsExpressionContextUtils.setLayerVariable(layer, SHOWN, MAX_LINES)
        there, parts = (layer.uniqueValues(layer.fields().lookupField(name)) for name in ("main_mode", "slice"))
        classes, ruler = _classes(layer, "n_trips", WIDTHS_MM), QgsDistanceArea()
        ruler.setSourceCrs(layer.crs(), QgsProject.instance().transformContext())
        ruler.setEllipsoid("EPSG:7030")
        around = ruler.measurePerimeter(QgsGeometry.fromRect(layer.extent()))
        together = f"if(@map_start_time IS NULL, {len(parts)}, 1)"  # slices that are seen at a time
        few = f"max(1, max(10, {1000 * around / MM_A_LINE!r} / @map_scale) / {together})"
        width = " ".join(f"WHEN {condition} THEN {mm}" for mm, condition, _ in classes)
        words = (tr("On foot"), tr("By bike"), tr("Motor vehicle"), tr("By rail"), tr("Mode unknown"))
        modes = zip(("walk", "bike", "motor", "rail", "unknown"), words, (*MODE_COLOURS, "#aaaaaa"))
        rules = [(_arrow("#777777", f"{mm} + 0.4"), part, tr("Trips: {n}").format(n=n)) for mm, part, n in classes]
        rules += [(_arrow(colour, f"CASE {width} END"), f"\"main_mode\" = '{mode}'", label)
                  for mode, label, colour in modes if mode in there]  # fmt: skip
        _set_rules(layer, rules, f'"rank" <= min(@{SHOWN}, {few})')
        return ""

    def mark(self, layer: QgsVectorLayer) -> None:
        """In the notes how many lines are drawn."""
        metadata = layer.metadata()
        words = tr(
            "At most the {n} strongest flows of a slice are drawn, fewer on a small map; the layer's variable {name} "
            "changes that. Pairs of zones with few people are not in this layer; the matrix has their sum."
        )
        metadata.setAbstract(words.format(n=MAX_LINES, name=SHOWN))
        layer.setMetadata(metadata)


@dataclass(frozen=True)
class FlowZones(Style):
    """Zones, with circles by the trips that stay within."""

    title, order, start = "Zones", 1, ""

    def draw(self, layer: QgsVectorLayer) -> str:
        """A thin border, and a circle at the middle in one of some sizes."""
        border = QgsFillSymbol.createSimple({"color": "0,0,0,0", "outline_color": "#999999", "outline_width": "0.2"})
        circles, look = [], {"color": "0,114,178,110", "outline_color": "#0072b2"}
        for mm, condition, words in _classes(layer, "n_within", CIRCLES_MM):
            middle = _generated("point_on_surface(@geometry)", QgsMarkerSymbol.createSimple(look | {"size": str(mm)}))
            circles.append((QgsFillSymbol([middle]), condition, tr("Trips within: {n}").format(n=words)))
        _set_rules(layer, [*circles, (border, "TRUE", tr("Zone (circles: at all times)"))])
        return ""


def _classes(layer: QgsVectorLayer, field: str, sizes: tuple[float, ...]) -> list[tuple[float, str, str]]:
    """The sizes, conditions and labels of up to four classes of a count, each up to half of the next: few are large."""
    most = int((values := numbers_of(layer, field)).max(initial=1))
    least = int(values[values > 0].min(initial=most))
    steps = sorted({least, *(max(least, ceil(most / part)) for part in (2, 4, 8))})
    ends = [*(step - 1 for step in steps[1:]), most]
    labels = (short(a) if a == b else tr("{a} to {b}").format(a=short(a), b=short(b)) for a, b in zip(steps, ends))
    conditions = (f'"{field}" BETWEEN {a} AND {b}' for a, b in zip(steps, ends))
    return list(zip(sizes[-len(steps) :], conditions, labels))


def _set_rules(layer: QgsVectorLayer, rules: Sequence[tuple[QgsSymbol, str, str]], drawn: str = "TRUE") -> None:
    """Draw a layer by symbols, each with a condition and a label. drawn: the condition of all."""
    root = QgsRuleBasedRenderer.Rule(None)
    for symbol, condition, label in rules:
        root.appendChild(QgsRuleBasedRenderer.Rule(symbol, 0, 0, f"{condition} AND {drawn}", label))
    layer.setRenderer(QgsRuleBasedRenderer(root))


def _arrow(colour: str, width: str) -> QgsLineSymbol:
    """A curved arrow. width: an expression for its millimetres."""
    arrow = QgsArrowSymbolLayer()
    arrow.setIsCurved(True)
    arrow.setIsRepeated(False)
    kinds = QgsSymbolLayer.Property
    head = f'1.2 + ({width}) + 0 * "rank"'  # in a legend, without a feature, QGIS's own: a greater one hides the width
    for kind, words in ((kinds.PropertyArrowWidth, width), (kinds.PropertyArrowStartWidth, f"0.6 * ({width})"),
                        (kinds.PropertyArrowHeadLength, head), (kinds.PropertyArrowHeadThickness, head)):  # fmt: skip
        arrow.setDataDefinedProperty(kind, QgsProperty.fromExpression(words))
    arrow.setSubSymbol(
        QgsFillSymbol.createSimple({"color": colour, "outline_color": "#ffffff", "outline_width": "0.15"})
    )
    curve = QgsLineSymbol([arrow])
    symbol = QgsLineSymbol([_generated(CURVE, curve)])
    for each in (curve, symbol):
        each.setClipFeaturesToExtent(False)  # an arrow is bent by its middle, which may lie out of sight
    return symbol


def _generated(expression: str, symbol: QgsSymbol) -> QgsSymbolLayer:
    """Draws the geometry of an expression, by a symbol for its kind."""
    layer = QgsGeometryGeneratorSymbolLayer.create({"geometryModifier": expression})
    layer.setSymbolType(symbol.type())
    layer.setSubSymbol(symbol)
    return layer
