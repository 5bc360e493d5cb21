# SPDX-License-Identifier: GPL-2.0-or-later
"""The look of the outputs: names, legends, temporal settings.

The symbols are QML in resources/styles. What depends on the data (classes, steps, units) is filled in here. Processing
calls `loading.on_load`; other code calls a style's `apply` on a layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import (
    Qgis,
    QgsExpression,
    QgsFeatureRequest,
    QgsGraduatedSymbolRenderer,
    QgsMapLayer,
    QgsRendererRange,
    QgsRuleBasedRenderer,
    QgsSymbol,
    QgsVectorLayer,
    QgsVectorLayerTemporalProperties,
    QgsWkbTypes,
)
from qgis.PyQt.QtGui import QColor

from ..core.paths import RESOURCES
from .tips import value_of
from .words import tr

PLURALS = {"user": "Users", "track": "Tracks", "day": "Days"}
# Okabe and Ito's colours, which colour-blind people can distinguish
CLASS_COLOURS = ("#009e73", "#cc79a7", "#0072b2", "#e69f00", "#56b4e9", "#f0e442")
STEP_COLOURS = ("#eef3fb", "#c9dcf0", "#94bfe0", "#4f93c6", "#1f5f9e")


@dataclass(frozen=True)
class Style:
    """The look of one kind of output."""

    title = ""  # the layer's name, in English
    qml = ""
    start = "t"
    end = ""
    order = 0  # greater is drawn above
    outside = ""  # the QML with the mark for features that are not in_domain, if the style's own QML has none

    @property
    def name(self) -> str:
        """The layer's name."""
        return tr(self.title)

    @property
    def file(self) -> str:
        """The QML in resources/styles."""
        return f"{self.qml}.qml"

    def fill_in(self, layer: QgsVectorLayer) -> str:
        """Complete the legend from the data. Returns the shown quantity, for the layer's name."""
        return ""

    def draw(self, layer: QgsVectorLayer) -> str:
        """Give a layer only its symbols and legend. Returns the shown quantity, for the layer's name."""
        layer.loadNamedStyle(str(RESOURCES / "styles" / self.file), categories=QgsMapLayer.StyleCategory.Symbology)
        shown = self.fill_in(layer)
        if self.outside:
            mark_outside(layer, self.outside)
        return shown

    def apply(self, layer: QgsVectorLayer) -> None:
        """Give a layer its symbols, legend, name and temporal settings; a table only its name."""
        shown = self.draw(layer) if layer.isSpatial() else ""
        if self.start and layer.isSpatial():
            set_temporal(layer, self.start, self.end)
        layer.setName(f"{self.name}: {shown}" if shown else self.name)
        layer.triggerRepaint()


def set_temporal(layer: QgsVectorLayer, start: str, end: str = "") -> None:
    """Make the temporal controller show each feature at the time in `start`, or from `start` to `end`."""
    properties: QgsVectorLayerTemporalProperties = layer.temporalProperties()
    modes = Qgis.VectorTemporalMode
    properties.setMode(modes.FeatureDateTimeStartAndEndFromFields if end else modes.FeatureDateTimeInstantFromField)
    properties.setStartField(start)
    properties.setEndField(end)
    properties.setIsActive(True)


@dataclass(frozen=True)
class Fixes(Style):
    """Imported fixes."""

    qml = "fixes"
    title = "Fixes"


@dataclass(frozen=True)
class Profiles(Style):
    """Labels of users, tracks or days: the first head's classes as colours, or its number in steps.

    heads: the cards of the model's heads for the unit.
    """

    heads: list[dict[str, Any]]
    unit: str = "user"
    start, end = "t_first", "t_last"

    @property
    def name(self) -> str:
        """Short, because QGIS appends its own marks."""
        return tr("Profiles") if self.unit == "user" else tr(PLURALS[self.unit])

    @property
    def file(self) -> str:
        """Lines for tracks, points for users and days."""
        return "profile_tracks.qml" if self.unit == "track" else "profiles.qml"

    def fill_in(self, layer: QgsVectorLayer) -> str:
        """One rule for each class or step, one for unknown, and a mark on features outside the training domain."""
        head = shown_head(layer, self.heads)
        rules = Rules(layer)
        if head is None:
            rules.add("class", "TRUE", tr(PLURALS[self.unit]))
        else:
            rules.add_answers("class", head)
        if head and head["kind"] != "number":
            field = QgsExpression.quotedColumnRef(head["name"])
            rules.add_if_any("unknown", f"{field} = 'unknown'", tr("Unknown: not sure"))
        rules.add_if_any("outside", '"in_domain" = FALSE', tr("Unlike the training data"))
        rules.add_remark("class", head)
        rules.finish()
        return title_of(head) if head else ""


@dataclass(frozen=True)
class Stops(Style):
    """Stops of diaries by their kind."""

    title = "Stops"
    qml = "profiles"
    start, end = "t_arrive", "t_leave"
    order = 2

    def fill_in(self, layer: QgsVectorLayer) -> str:
        """One rule for each kind, and one for stops of users whose home is not known."""
        rules = Rules(layer)
        rules.add_answers("class", {"name": "kind", "kind": "class", "classes": ("home", "work", "other")})
        rules.add_if_any("unknown", "kind IS NULL", tr("Unknown: too few nights"))
        rules.finish()
        return ""


@dataclass(frozen=True)
class Trips(Style):
    """Trips of diaries by their mode of transport. heads: the card of the head that names it, if there is one."""

    heads: list[dict[str, Any]]
    title = "Trips"
    qml = "profile_tracks"
    start, end = "t_start", "t_end"
    order = 1

    def fill_in(self, layer: QgsVectorLayer) -> str:
        """One rule for each mode, and one for unknown."""
        rules = Rules(layer)
        for head in self.heads:
            rules.add_answers("class", {**head, "name": "mode"})
            rules.add_remark("class", head)
        rules.add_if_any("unknown", "mode = 'unknown'", tr("Unknown: not sure"))
        rules.finish()
        return ""


@dataclass(frozen=True)
class RegionScores(Style):
    """The first head's number in steps, with withheld regions hatched.

    heads: the cards of the model's heads for regions. min_users: regions with fewer users are withheld.
    """

    heads: list[dict[str, Any]]
    min_users: int = 10
    qml = "regions"
    title = "Regions"
    start = ""

    def fill_in(self, layer: QgsVectorLayer) -> str:
        """One rule for each step or class, one for withheld, and a mark on regions outside the training domain."""
        head = shown_head(layer, self.heads) or {"name": "n_users", "kind": "number", "title": tr("Users")}
        field, withheld = QgsExpression.quotedColumnRef(head["name"]), tr("Withheld to protect fewer than {n} users")
        rules = Rules(layer)
        rules.add_answers("step", head)
        rules.add_if_any("no figure", f'NOT "suppressed" AND {field} IS NULL', tr("No figure"))
        rules.add_if_any("withheld", '"suppressed"', withheld.format(n=self.min_users))
        rules.add_if_any("outside", f'NOT "in_domain" AND {field} IS NOT NULL', tr("Unlike the training data"))
        rules.add_remark("step", head)
        rules.finish()
        return title_of(head)


@dataclass(frozen=True)
class Table(Style):
    """A table, which is named but not drawn."""

    title: str


@dataclass(frozen=True)
class Similar(Style):
    """Users or regions by their similarity to the target."""

    target: str
    title = "Similar users"
    qml = "profiles"
    start = ""
    pattern = "class"

    def fill_in(self, layer: QgsVectorLayer) -> str:
        """One rule for each step of similarity, and the reasons as a tooltip."""
        layer.setMapTipTemplate(f"<b>{value_of('rank')}. {value_of('id')}</b><br>{value_of('reasons')}")
        rules = Rules(layer)
        rules.add_answers(self.pattern, {"name": "similarity", "kind": "number"})
        rules.finish()
        return tr("similarity to {target}").format(target=self.target)


@dataclass(frozen=True)
class SimilarPlaces(Similar):
    """Regions by their similarity to the target."""

    title = "Similar regions"
    qml = "regions"
    pattern = "step"


@dataclass(frozen=True)
class ForecastPoints(Style):
    """Forecast positions, paler the farther ahead."""

    qml = "forecast_points"
    title = "Forecast: points"
    order = 3
    outside = "profiles.qml"

    def fill_in(self, layer: QgsVectorLayer) -> str:
        """One step for each horizon; neighbouring horizons share a step where there are many."""
        name = next((name for name in ("horizon_min", "horizon_mi") if layer.fields().lookupField(name) >= 0), "")
        if not name:  # a Shapefile cuts names to ten letters; another format may drop the field
            return ""
        symbols = [step.symbol().clone() for step in layer.renderer().ranges()]  # a range dies with its symbol
        horizons = np.unique(values_of(layer, name))
        parts = np.array_split(horizons, min(len(symbols), len(horizons))) if len(horizons) else []
        steps, below = [], 0.0
        for i, part in enumerate(parts):
            words = tr("{a} to {b} min ahead") if len(part) > 1 else tr("{a} min ahead")
            symbol = symbols[round(i * (len(symbols) - 1) / max(1, len(parts) - 1))]
            above = float(part[-1]) * (1 + 1e-9)
            words = words.format(a=f"{part[0]:g}", b=f"{part[-1]:g}")
            steps.append(QgsRendererRange(below, above, symbol.clone(), words))
            below = above
        layer.setRenderer(QgsGraduatedSymbolRenderer(name, steps))
        return ""


@dataclass(frozen=True)
class ForecastLines(Style):
    """Lines from the last fix through the forecasts."""

    qml = "forecast_tracks"
    title = "Forecast: tracks"
    start, end = "t_first", "t_last"
    order = 2
    outside = "profile_tracks.qml"


@dataclass(frozen=True)
class ForecastAreas(Style):
    """The areas that hold the track in 50 and in 80 % of cases."""

    qml = "forecast_areas"
    title = "Forecast: areas"
    order = 1
    outside = "regions.qml"

    def fill_in(self, layer: QgsVectorLayer) -> str:
        """Translate the legend."""
        words = tr("{n} % of cases lie inside")
        for at, category in enumerate(layer.renderer().categories()):
            layer.renderer().updateCategoryLabel(at, words.format(n=category.value()))
        return ""


def mark_outside(layer: QgsVectorLayer, qml: str) -> None:
    """Mark the features that are not in_domain over a layer's symbols, if any. qml: the file with the mark."""
    outside = '"in_domain" = FALSE'
    request = QgsFeatureRequest(QgsExpression(outside)).setLimit(1)
    if layer.fields().lookupField("in_domain") < 0 or next(layer.getFeatures(request), None) is None:
        return
    marks = QgsVectorLayer(QgsWkbTypes.displayString(layer.wkbType()), "marks", "memory")
    marks.loadNamedStyle(str(RESOURCES / "styles" / qml))
    symbol = Rules(marks).patterns["outside"].symbol().clone()
    renderer = QgsRuleBasedRenderer.convertFromRenderer(layer.renderer())
    for rule in renderer.rootRule().children():
        rule.setLabel(rule.label() or tr("Forecast"))  # a single symbol has no words of its own
    words = tr("Unlike the training data")
    renderer.rootRule().appendChild(QgsRuleBasedRenderer.Rule(symbol, 0, 0, outside, words))
    layer.setRenderer(renderer)


class Rules:
    """Builds a legend. The rules of a layer's QML are patterns, which are copied with a filter and a label."""

    def __init__(self, layer: QgsVectorLayer) -> None:
        self.layer = layer
        self.patterns = {rule.label(): rule for rule in layer.renderer().rootRule().children()}
        self.root = QgsRuleBasedRenderer.Rule(None)

    def add(self, pattern: str, condition: str, words: str, colour: str = "") -> None:
        """Copy a pattern. colour: of its uppermost symbol layer; '' keeps the pattern's own."""
        symbol: QgsSymbol = self.patterns[pattern].symbol().clone()
        if colour:
            symbol.symbolLayer(symbol.symbolLayerCount() - 1).setColor(QColor(colour))
        self.root.appendChild(QgsRuleBasedRenderer.Rule(symbol, 0, 0, condition, words))

    def add_if_any(self, pattern: str, condition: str, words: str) -> None:
        """Copy a pattern if it draws any feature."""
        request = QgsFeatureRequest(QgsExpression(condition)).setLimit(1)
        if next(self.layer.getFeatures(request), None) is not None:
            self.add(pattern, condition, words)

    def add_answers(self, pattern: str, head: dict[str, Any]) -> None:
        """Add a rule for each class of a head, or for steps of its number with equal shares of the features."""
        name = QgsExpression.quotedColumnRef(head["name"])
        if head["kind"] != "number":
            for word, colour in class_colours(head).items():
                self.add(pattern, f"{name} = {QgsExpression.quotedString(word)}", class_words(head, word), colour)
            return
        limits = steps(values_of(self.layer, head["name"]))
        last = len(limits) - 2
        for i, (low, high) in enumerate(zip(limits[:-1], limits[1:])):
            condition = f"{name} >= {low!r} AND {name} {'<=' if i == last else '<'} {high!r}"
            share = i / last if last > 0 else 0.5
            colour = STEP_COLOURS[round(share * (len(STEP_COLOURS) - 1))]
            words = short(low) if low == high else tr("{a} to {b}").format(a=short(low), b=short(high))
            self.add(pattern, condition, f"{words} {translated(head.get('unit_of_measure', ''))}".strip(), colour)

    def add_remark(self, pattern: str, head: dict[str, Any] | None) -> None:
        """Add a line of text to the legend if a head was trained on simulated data only."""
        if head is not None and head.get("experimental"):
            self.add(pattern, "FALSE", tr("Experimental (simulated data)"))
            self.root.children()[-1].symbol().setOpacity(0.0)

    def finish(self) -> None:
        """Give the layer its legend."""
        self.layer.setRenderer(QgsRuleBasedRenderer(self.root))


def class_colours(head: dict[str, Any]) -> dict[str, str]:
    """A colour for each class of a head, for the map and the dock."""
    words = sorted(map(str, head["classes"]), key=lambda word: word in ("no", "false"))  # 'yes' comes first
    return dict(zip(words, CLASS_COLOURS * 9))


def shown_head(layer: QgsVectorLayer, heads: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The first head whose field is in the layer."""
    names = layer.fields().names()
    return next((head for head in heads if head["name"] in names), None)


def values_of(layer: QgsVectorLayer, name: str) -> np.ndarray:
    """(n,) numbers of a field, without NULLs."""
    index = layer.fields().lookupField(name)
    request = QgsFeatureRequest().setFlags(QgsFeatureRequest.NoGeometry).setSubsetOfAttributes([index])
    values = (feature[index] for feature in layer.getFeatures(request))
    return np.array([value for value in values if isinstance(value, (int, float))], float)


def steps(values: np.ndarray, count: int = 5) -> list[float]:
    """The limits of up to `count` steps with equal shares of the values; [] for no value."""
    if not len(values):
        return []
    digits = ".0f" if (values == np.round(values)).all() and values.max() < 100 else ".2g"
    inner = [float(f"{value:{digits}}") for value in np.quantile(values, np.linspace(0, 1, count + 1)[1:-1])]
    low, high = float(values.min()), float(values.max())
    limits = sorted({low, *(value for value in inner if low < value < high), high})
    return limits if len(limits) > 1 else [low, low]


def short(value: float) -> str:
    """A number for a legend."""
    return f"{value:,.0f}" if abs(value) >= 99.5 else f"{value:.2g}"


def title_of(head: dict[str, Any]) -> str:
    """The head's title, translated."""
    words = translated(str(head.get("title") or head["name"].replace("_", " ")))
    return words[:1].upper() + words[1:]


def class_words(head: dict[str, Any], word: str) -> str:
    """The label of a class: 'Commuter: yes' where the class alone would be unclear."""
    plain = word.replace("_", " ")
    text = translated(plain)
    return f"{title_of(head)}: {text}" if plain.lower() in ("yes", "no", "true", "false") else text.capitalize()


def translated(text: str) -> str:
    """A text of a model's card. The texts of the shipped card have translations."""
    return tr(text)
