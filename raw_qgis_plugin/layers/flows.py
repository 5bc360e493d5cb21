# SPDX-License-Identifier: GPL-2.0-or-later
"""The look of flows, curved arrows as wide as there are trips, and of trips that move."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any

import numpy as np
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

from .legends import Style, classes_of, mode_looks, name_features, numbers_of
from .words import ZONE, clock_words, tr

# a small map has fewer lines: one for so many mm of the longest way
MAX_LINES = 150
MM_A_LINE = 3
# twice the trips, twice the width or area
WIDTHS_MM = (0.35, 0.7, 1.4, 2.8)
CIRCLES_MM = (1.2, 1.7, 2.4, 3.4)
FULL_MM = 30  # where a quarter of the ways are shorter than this on the map, arrows are thinner
SHOWN = "raw_flows"  # variable of the layer: how many lines a slice are drawn
# From near one middle to near the other, by a point to the right of the way, so that there and back
# lie side by side
CURVE = (
    "with_variable('way', line_substring(@geometry, 0.03 * length(@geometry), 0.93 * "
    "length(@geometry)), with_variable('a', start_point(@way), with_variable('b', end_point(@way), "
    "make_line(@a, make_point((x(@a) + x(@b)) / 2 + 0.14 * (y(@b) - y(@a)), (y(@a) + y(@b)) / 2 - "
    "0.14 * (x(@b) - x(@a))), @b))))"
)
MIDDLE = "point_on_surface(@geometry)"
# Where a trip is at the map's time, in epoch seconds @t: the way since @s, between two fixes in
# proportion to time
MOVING = (
    "if(@map_end_time IS NULL, @geometry, with_variable('t', epoch(@map_end_time) / 1000, "
    "with_variable('s', @t - {tail} * (@t - epoch(@map_start_time) / 1000), with_variable('p', "
    "array_foreach(generate_series(1, num_points(@geometry)), point_n(@geometry, @element)), "
    "with_variable('i', array_length(array_filter(@p, m(@element) <= @t)), with_variable('a', "
    "@p[@i - 1], with_variable('b', @p[min(@i, array_length(@p) - 1)], with_variable('f', "
    "coalesce((@t - m(@a)) / nullif(m(@b) - m(@a), 0), 0), make_line(array_append(array_filter(@p, "
    "m(@element) > @s AND m(@element) <= @t), make_point(x(@a) + @f * (x(@b) - x(@a)), y(@a) + @f "
    "* (y(@b) - y(@a)))))))))))))"
)
Rule = tuple[QgsSymbol, str, str]  # what draws, the condition, the label
TAILS = ((12, 0.25), (6, 0.5), (3, 1.0))  # frames of the clock, opacity


def add_styles(layer: QgsVectorLayer, looks: Mapping[str, Callable[[QgsVectorLayer], Any]]) -> None:
    """Give a layer more styles. looks: by their names, what draws them."""
    # a layer that switches styles while it is drawn can crash QGIS
    other = layer.clone()
    style = QgsMapLayerStyle()
    style.readFromLayer(layer)
    style.writeToLayer(other)  # a clone has no times
    for name, draw in looks.items():
        draw(other)
        style.readFromLayer(other)
        layer.styleManager().addStyle(name, style)


def draw_moving(layer: QgsVectorLayer) -> None:
    """Draw trips, whose M values are epoch seconds, on their way while QGIS's clock is on, with a
    fading tail.
    """
    renderer = layer.renderer().clone()
    for rule in renderer.rootRule().children():
        look = {"width": "1.1", "capstyle": "round", "joinstyle": "round"}
        parts = []
        look["color"] = rule.symbol().symbolLayers()[-1].color().name()
        for tail, opacity in TAILS:
            line = QgsLineSymbol.createSimple(look)
            line.setOpacity(opacity)
            parts.append(_generated(MOVING.format(tail=tail), line))
        rule.setSymbol(QgsLineSymbol(parts))
    layer.setRenderer(renderer)


@dataclass(frozen=True)
class FlowLines(Style):
    """Trips between zones, of one slice while the map's clock is off. Its variable SHOWN says how
    many are drawn. zone: the time zone of its slices.
    """

    zone: str = ""
    title = "Flows"
    order = 3
    start = ""
    amount = "n_trips"  # how wide an arrow is

    def draw(self, layer: QgsVectorLayer, part: str = "") -> str:
        """Rules for classes of trips draw arrows in the colours of modes. Those for modes are for
        the legend.

        part: the slice that is drawn; '' for the one with the strongest flow.
        """
        # Published flows have no lengths: nothing limits how many are drawn
        ways_mm = 1000 * np.array([*numbers_of(layer, "metres")] or [1e6])
        drawn = f'"rank" <= min(@{SHOWN}, max(10, {ways_mm.max() / MM_A_LINE:.0f} / @map_scale))'
        rules: list[Rule] = []
        if len(layer.uniqueValues(layer.fields().lookupField("slice"))) > 1:
            part = part or max(layer.getFeatures(), key=lambda row: row[self.amount] or 0)["slice"]
            drawn += f" AND (@map_start_time IS NOT NULL OR \"slice\" = '{part}')"
            unseen = QgsLineSymbol.createSimple({"line_style": "no"})
            words = tr("Departures {part}, {clock}", part=part, clock=clock_words(self.zone))
            rules.append((unseen, "@map_start_time IS NULL", words))
        thin = f"max(0.4, min(1, {np.quantile(ways_mm, 0.25) / FULL_MM:.0f} / @map_scale))"
        _set_rules(layer, rules + self._by_trips(layer, thin) + self._by_mode(layer, thin), drawn)
        return ""

    def _by_trips(self, layer: QgsVectorLayer, thin: str) -> list[Rule]:
        """Arrows by the number of trips, in the colour of the main mode."""
        looks = mode_looks().items()
        colours = ", ".join(f"'{mode}', '{colour}'" for mode, (_, colour) in looks)
        of_mode = f'map_get(map({colours}), "main_mode")'
        rules = []
        for mm, condition, words in _classes(layer, self.amount, WIDTHS_MM):
            below = _arrow("#ffffff", mm + 0.5, thin)
            above = _arrow("#777777", mm, thin, of_mode)
            rules.append((_curved(below, above), condition, self.class_words(words)))
        return rules

    def class_words(self, amount: str) -> str:
        """A class in the legend."""
        return tr("Trips: {n}", n=amount)

    def _by_mode(self, layer: QgsVectorLayer, thin: str) -> list[Rule]:
        """Lines of the legend, which draw nothing."""
        modes = layer.uniqueValues(layer.fields().lookupField("main_mode"))
        rules = []
        for mode, (words, colour) in mode_looks().items():
            if mode in modes:
                arrow = _arrow(colour, 0.7, thin, "if(\"rank\", '#00000000', '')")
                rules.append((_curved(arrow), f"\"main_mode\" = '{mode}'", words.capitalize()))
        return rules

    def mark(self, layer: QgsVectorLayer) -> None:
        """A style for each slice. The clock plays those of a day, 2000-01-01, or the months."""
        layer.setCustomProperty(ZONE, self.zone)
        QgsExpressionContextUtils.setLayerVariable(layer, SHOWN, MAX_LINES)
        ends = '"from_zone" || \' → \' || "to_zone"'
        layer.setDisplayExpression(f"{ends} || ': ' || \"{self.amount}\"")
        parts = sorted(layer.uniqueValues(layer.fields().lookupField("slice")))
        if parts and parts[0][-1].isdigit():
            day = "to_datetime('2000-01-01 ' || {}(\"slice\", 5))"
            month = "to_date(\"slice\" || '{}')"
            begin, end = (
                map(day.format, ("left", "right"))
                if ":" in parts[0]
                else map(month.format, ("-01", "-28"))
            )
            times = layer.temporalProperties()
            times.setMode(Qgis.VectorTemporalMode.FeatureDateTimeStartAndEndFromExpressions)
            times.setStartExpression(begin)
            times.setEndExpression(end)
            times.setIsActive(True)
        add_styles(layer, {part: partial(self.draw, part=part) for part in parts if len(parts) > 1})

    def about(self, layer: QgsVectorLayer) -> str:
        """What is drawn."""
        words = tr(
            "At most the {n} strongest flows of a slice are drawn, fewer on a small map; the "
            "layer's variable {name} changes that. Each slice is a style of the layer. The matrix "
            "has the sum of pairs with few people."
        )
        return words.format(n=MAX_LINES, name=SHOWN)


class PublishedFlows(FlowLines):
    """Flows that may leave the desk: as wide as there are people, which have the least noise."""

    amount = "n_users"

    def class_words(self, amount: str) -> str:
        """A class in the legend."""
        return tr("Users: {n}", n=amount)


class FlowZones(Style):
    """Zones by their names, with circles by the trips that stay within."""

    title = "Zones"
    order = 1
    start = ""

    def draw(self, layer: QgsVectorLayer) -> str:
        """A thin border, and a circle at the middle in one of some sizes."""
        border = QgsFillSymbol.createSimple(
            {"color": "0,0,0,0", "outline_color": "#999999", "outline_width": "0.2"}
        )
        rules = []
        look = {"color": "0,114,178,110", "outline_color": "#0072b2"}
        for mm, condition, words in _classes(layer, "n_within", CIRCLES_MM):
            middle = _generated(MIDDLE, QgsMarkerSymbol.createSimple(look | {"size": str(mm)}))
            rules.append((QgsFillSymbol([middle]), condition, tr("Trips within: {n}", n=words)))
        _set_rules(layer, [*rules, (border, "TRUE", tr("Zone (circles: at all times)"))])
        # a hexagon's tells nothing
        name_features(layer, "if(\"zone\" ~ '^(-?[0-9]+/)+-?[0-9]+$', '', \"zone\")", MIDDLE)
        return ""


def _classes(
    layer: QgsVectorLayer, field: str, sizes: tuple[float, ...]
) -> list[tuple[float, str, str]]:
    """The sizes, conditions and labels of up to four classes of a count, each up to half of the
    next: few are large.
    """
    most = int((values := numbers_of(layer, field)).max(initial=0))
    least = int(values[values > 0].min(initial=most))
    found = classes_of(
        f'"{field}"',
        [*sorted({least, *(max(least, ceil(most / part)) for part in (2, 4, 8))}), most],
    )
    return [(mm, *each) for mm, each in zip(sizes[max(0, 3 - len(found)) :], found)] if most else []


def _set_rules(layer: QgsVectorLayer, rules: Sequence[Rule], drawn: str = "TRUE") -> None:
    """Draw a layer by symbols, each with a condition and a label. drawn: the condition of all."""
    root = QgsRuleBasedRenderer.Rule(None)
    for symbol, condition, label in rules:
        root.appendChild(QgsRuleBasedRenderer.Rule(symbol, 0, 0, f"{condition} AND {drawn}", label))
    layer.setRenderer(QgsRuleBasedRenderer(root))


def _arrow(colour: str, mm: float, thin: str, on_map: str = "") -> QgsSymbolLayer:
    """An arrow of a width. thin: the part of it on a map. on_map: its colour there. A legend of
    QGIS has neither.
    """
    arrow = QgsArrowSymbolLayer()
    fill = QgsFillSymbol.createSimple({"color": colour, "outline_style": "no"})
    arrow.setIsCurved(True)
    arrow.setIsRepeated(False)
    kinds = QgsSymbolLayer.Property
    for kind, size, put in (
        (kinds.PropertyArrowWidth, mm, arrow.setArrowWidth),
        (kinds.PropertyArrowStartWidth, 0.6 * mm, arrow.setArrowStartWidth),
        (kinds.PropertyArrowHeadLength, 1.2 + 0.8 * mm, arrow.setHeadLength),
        (kinds.PropertyArrowHeadThickness, 0.8 + 0.75 * mm, arrow.setHeadThickness),
    ):
        put(size)
        arrow.setDataDefinedProperty(kind, QgsProperty.fromExpression(f"{size} * {thin}"))
    if on_map:
        fill.symbolLayer(0).setDataDefinedProperty(
            kinds.PropertyFillColor, QgsProperty.fromExpression(on_map)
        )
    arrow.setSubSymbol(fill)
    return arrow


def _curved(*arrows: QgsSymbolLayer) -> QgsLineSymbol:
    """Arrows, one above the other, bent to the right."""
    curve = QgsLineSymbol(list(arrows))
    symbol = QgsLineSymbol([_generated(CURVE, curve)])
    for each in (curve, symbol):
        # an arrow is bent by its middle, which may lie out of sight
        each.setClipFeaturesToExtent(False)
    return symbol


def _generated(expression: str, symbol: QgsSymbol) -> QgsSymbolLayer:
    """Draws the geometry of an expression, by a symbol for its kind."""
    layer = QgsGeometryGeneratorSymbolLayer.create({"geometryModifier": expression})
    layer.setSymbolType(symbol.type())
    layer.setSubSymbol(symbol)
    return layer
