# SPDX-License-Identifier: GPL-2.0-or-later
"""Legends: rules for the classes or steps of a head, in the colours and words of the dock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from qgis.core import (
    Qgis,
    QgsEditorWidgetSetup,
    QgsExpression,
    QgsFeatureRequest,
    QgsMapLayer,
    QgsPalLayerSettings,
    QgsProperty,
    QgsRuleBasedRenderer,
    QgsSymbol,
    QgsSymbolLayer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtCore import QMetaType
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtXml import QDomDocument

from ..core.arrays import Array
from ..core.bundle.bundle import Worth, shipped_heads, worth
from ..core.labels import SHORT_MODES, CardData
from ..core.paths import RESOURCES
from .words import tr

# variable of a layer of forecasts: the track that is chosen, by its name; '' or none for all
TRACK = "raw_track"
TRACK_NAME = """if("user_id" = "track_id", "user_id", "user_id" || ' · ' || "track_id")"""
# Okabe and Ito's colours, which colour-blind people can distinguish
CLASS_COLOURS = ("#009e73", "#cc79a7", "#0072b2", "#e69f00", "#56b4e9", "#f0e442")
GREY = "#8a8f98"  # of what is not known
STEP_COLOURS = ("#eef3fb", "#c9dcf0", "#94bfe0", "#4f93c6", "#1f5f9e")


class Rules:
    """Builds a legend. The rules of a layer's QML are patterns, which are copied with a filter and
    a label.
    """

    def __init__(self, layer: QgsVectorLayer) -> None:
        self.layer = layer
        self.patterns = {rule.label(): rule for rule in layer.renderer().rootRule().children()}
        self.root = QgsRuleBasedRenderer.Rule(None)

    def first(self, heads: list[CardData]) -> CardData | None:
        """The first head whose field is in the layer."""
        names = self.layer.fields().names()
        return next((head for head in heads if head["name"] in names), None)

    def add(self, pattern: str, condition: str, words: str, colour: str = "") -> None:
        """Copy a pattern. colour: of its uppermost symbol layer; '' keeps the pattern's own."""
        symbol: QgsSymbol = self.patterns[pattern].symbol().clone()
        if colour:
            symbol.symbolLayers()[-1].setColor(QColor(colour))
        self.root.appendChild(QgsRuleBasedRenderer.Rule(symbol, 0, 0, condition, words))

    def add_if_any(self, pattern: str, condition: str, words: str, colour: str = "") -> None:
        """As `add`, if the layer has the rule's fields and the rule draws any feature."""
        expression = QgsExpression(condition)
        names = set(self.layer.fields().names())
        request = QgsFeatureRequest(expression).setLimit(1)
        if (
            expression.referencedColumns() <= names
            and next(self.layer.getFeatures(request), None) is not None
        ):
            self.add(pattern, condition, words, colour)

    def add_answers(self, pattern: str, head: CardData, field: str = "") -> None:
        """Add a rule for each class of a head, or for steps of its number with equal shares of the
        features.

        field: of its classes, '' for its name.
        """
        name = QgsExpression.quotedColumnRef(field or head["name"])
        if head["kind"] != "number":
            # 'yes' comes first
            classes = sorted(map(str, head["classes"]), key=lambda word: word in ("no", "false"))
            for word, colour in zip(classes, CLASS_COLOURS * 9):
                self.add(
                    pattern,
                    f"{name} = {QgsExpression.quotedString(word)}",
                    class_words(head, word),
                    colour,
                )
            return
        values = numbers_of(self.layer, head["name"])
        limits = steps(values)
        unit = tr(head.get("unit_of_measure", ""))
        last = len(limits) - 2
        counted = bool((values == np.round(values)).all())
        for i, (condition, words) in enumerate(classes_of(name, limits, counted)):
            colour = STEP_COLOURS[round(i / max(1, last) * 4) if last else 2]
            self.add(pattern, condition, f"{words} {unit}".strip(), colour)

    def add_outside(self, head: CardData | None) -> None:
        """Mark the features for which a head, or all of a run, abstains: unlike its training data,
        or too little.

        in_domain counts the reasons of all heads of a run. Labels of people say why they are
        unknown.
        """
        condition = '"in_domain" = FALSE'
        if head is not None:
            if "unit" not in head:
                return
            name = QgsExpression.quotedColumnRef(head["name"])
            condition += (
                f" AND {name} IS NULL" if head["kind"] == "number" else f" AND {name} = 'unknown'"
            )
        self.add_if_any("outside", condition, tr("Unlike the training data"))

    def spread(self) -> None:
        """Move the points apart that lie in one cell of 500 m of the grid that hides homes, within
        the cell.
        """
        words = "array(rand(-200, 200, $id), rand(-200, 200, 'north' || $id))"
        # in a legend there is no feature
        offset = QgsProperty.fromExpression(f"if($id IS NULL, array(0, 0), {words})")
        for rule in self.root.children():
            for layer in rule.symbol().symbolLayers():
                layer.setOffsetUnit(Qgis.RenderUnit.MetersInMapUnits)
                layer.setDataDefinedProperty(QgsSymbolLayer.Property.PropertyOffset, offset)

    def finish_forecast(self) -> None:
        """Add the last rule, draw the last horizon alone while the map's clock is off, and tracks
        not chosen pale.
        """
        self.add_outside(None)
        if len(horizons := numbers_of(self.layer, "horizon_min")):
            # NULL: the map's clock is off
            drawn = f'@map_start_time IS NOT NULL OR "horizon_min" >= {horizons.max()}'
            for rule in self.root.children():
                rule.setFilterExpression(f"({rule.filterExpression()}) AND ({drawn})")
        if {"user_id", "track_id"} <= set(self.layer.fields().names()):
            seen = f"if(coalesce(@{TRACK}, '') IN ('', {TRACK_NAME}), 1, 0.12)"
            for rule in self.root.children():
                opacity = QgsProperty.fromExpression(f"{100 * rule.symbol().opacity()} * {seen}")
                rule.symbol().setDataDefinedProperty(QgsSymbol.Property.PropertyOpacity, opacity)


def is_unproven(head: CardData) -> bool:
    """Whether no test proves that a head is better than a simple method. The shipped heads and the
    labels of people, which are of no unit, have a page of evidence.
    """
    return (
        "unit" in head
        and head["name"] not in shipped_heads()
        and worth(head.get("metrics", {})) is not Worth.PROVEN
    )


def verdict_of(head: CardData, min_units: int = 30) -> str:
    """What the test of a head found, in words. Where it was tested on several sources, each of them
    weighs alike and 'unknown' counts as wrong. min_units: sources with fewer do not count.
    """
    verdict = str(head.get("verdict") or "")
    metrics = head.get("metrics")
    sources = head.get("sources") or {}
    tested = [
        each
        for each in [*sources.values(), *(head.get("elsewhere") or {}).values()]
        if (each.get("units") or 0) >= min_units
    ]
    shares = [
        100 * (each.get("sure") or 0) * (each.get("accuracy_where_sure") or 0) for each in tested
    ]
    if not metrics or len(sources) < 2 or len(shares) < 2:
        return verdict
    words = tr(
        "right in {share:.0f} % of cases that it had not learned from ({n} sources weigh alike, "
        "the worst {low:.0f} %, the best {high:.0f} %; unknown counts as wrong)."
    ).format(share=np.mean(shares), n=len(shares), low=min(shares), high=max(shares))
    return f"{tr(worth(metrics).value)}: {words}"


def numbers_of(layer: QgsVectorLayer, name: str) -> Array:
    """(n,) numbers of a field, without NULLs."""
    values = QgsVectorLayerUtils.getValues(layer, QgsExpression.quotedColumnRef(name))[0]
    return np.array(
        [value for value in values if isinstance(value, (int, float)) and value == value], float
    )


def steps(values: Array) -> list[float]:
    """The limits of up to five steps with equal shares of (n,) values; [] for no value."""
    if not len(values):
        return []
    low = float(values.min())
    high = float(values.max())
    digits = ".0f" if (values == np.round(values)).all() and high < 100 else ".2g"
    inner = [float(f"{value:{digits}}") for value in np.quantile(values, (0.2, 0.4, 0.6, 0.8))]
    limits = sorted(
        {value for value in inner if low < value < high}
        or ({float(values.mean())} if low < high else ())
    )
    return [low, *limits, high]


def classes_of(name: str, limits: Sequence[float], counted: bool = True) -> list[tuple[str, str]]:
    """The conditions and words of the classes between limits. name: a quoted field. counted: it has
    whole numbers.
    """
    found = []
    last = len(limits) - 2
    whole = counted and all(low == round(low) for low in limits)
    for i, (low, high) in enumerate(zip(limits, limits[1:])):
        top = high - 1 if whole and i < last else high
        words = short(low) if low == top else tr("{a} to {b}").format(a=short(low), b=short(top))
        found.append((f"{name} >= {low!r} AND {name} {'<=' if i == last else '<'} {high!r}", words))
    return found


def short(value: float) -> str:
    """A number for a legend."""
    return f"{value:,.0f}" if abs(value) >= 99.5 else f"{value:.2g}"


def mode_looks() -> dict[str, tuple[str, str]]:
    """The words and the colour of each mode, as the classes of trips have it, and of 'unknown'."""
    words = tr("walk"), tr("bike"), tr("motor vehicle"), tr("rail"), tr("mode unknown")
    return dict(
        zip((*SHORT_MODES, "unknown"), zip(words, (CLASS_COLOURS[3], *CLASS_COLOURS[:3], GREY)))
    )


def title_of(head: CardData) -> str:
    """The head's title, translated."""
    words = tr(str(head.get("title") or head["name"].replace("_", " ")))
    return words[:1].upper() + words[1:]


def class_words(head: CardData, word: str) -> str:
    """The label of a class: 'Commuter: yes' where the class alone would be unclear."""
    plain = word.replace("_", " ")
    text = tr(plain)
    return (
        f"{title_of(head)}: {text}"
        if plain.lower() in ("yes", "no", "true", "false")
        else text.capitalize()
    )


def name_features(layer: QgsVectorLayer, expression: str, beside: str = "") -> None:
    """Write names on the map. expression: of a feature's name, '' for none. beside: of the point
    that has a mark.
    """
    labels = QgsPalLayerSettings()
    text = QgsTextFormat()
    halo = QgsTextBufferSettings()
    labels.fieldName = expression
    labels.isExpression = True
    labels.geometryGenerator = beside
    labels.geometryGeneratorEnabled = bool(beside)
    labels.dist = 1.5
    labels.geometryGeneratorType = Qgis.GeometryType.Point
    text.setSize(8)
    halo.setEnabled(True)
    text.setBuffer(halo)
    labels.setFormat(text)
    layer.setLabeling(QgsVectorLayerSimpleLabeling(labels))
    layer.setLabelsEnabled(True)


@dataclass(frozen=True)
class Style:
    """The look of one kind of output. Those derived from it have rules for the legend."""

    title = ""  # the layer's name, in English
    qml = ""  # in resources/styles
    # fields of time
    start = "t"
    end = ""
    order = 0  # greater is drawn above
    colours: ClassVar[dict[str, str]] = {}  # 'r,g,b' in the QML -> in its place

    @property
    def name(self) -> str:
        """The layer's name."""
        return tr(self.title)

    def _rules(self, rules: Rules) -> str | None:
        """Fill in the legend. Returns the shown quantity for the layer's name, if any."""

    def mark(self, layer: QgsVectorLayer) -> None:
        """Store with a layer what else belongs to it."""

    def about(self, layer: QgsVectorLayer) -> str:
        """What the layer's notes say of it."""
        return ""

    def draw(self, layer: QgsVectorLayer) -> str:
        """Give a layer only its symbols and legend. Returns the shown quantity, for the layer's
        name.
        """
        text = (RESOURCES / "styles" / f"{self.qml}.qml").read_text("utf-8")
        style = QDomDocument()
        for old, new in self.colours.items():
            text = text.replace(f'"{old},', f'"{new},')
        style.setContent(text)  # QGIS's own loadNamedStyle would take a style that a GeoPackage has
        layer.importNamedStyle(style, QgsMapLayer.StyleCategory.Symbology)
        if not isinstance(layer.renderer(), QgsRuleBasedRenderer):
            return ""
        rules = Rules(layer)
        shown = self._rules(rules)
        layer.setRenderer(QgsRuleBasedRenderer(rules.root))
        return shown or ""

    def apply(self, layer: QgsVectorLayer) -> None:
        """Give a layer its symbols, legend, name and temporal settings; a table only its name."""
        shown = self.draw(layer) if layer.isSpatial() else ""
        if self.start and layer.isSpatial():
            times = layer.temporalProperties()
            modes = Qgis.VectorTemporalMode
            interval = modes.FeatureDateTimeStartAndEndFromFields
            instant = modes.FeatureDateTimeInstantFromField
            times.setMode(interval if self.end else instant)
            times.setStartField(self.start)
            times.setEndField(self.end)
            times.setIsActive(True)
        layer.setName(f"{self.name}: {shown}" if shown else self.name)
        self.mark(layer)
        if words := self.about(layer):
            metadata = layer.metadata()
            metadata.setAbstract(words)
            layer.setMetadata(metadata)
        for at, field in enumerate(layer.fields()):
            if field.type() == QMetaType.Type.Double:  # QGIS shows all decimals that a double has
                decimals = {"Min": -1e12, "Max": 1e12, "Precision": 3, "AllowNull": True}
                layer.setEditorWidgetSetup(at, QgsEditorWidgetSetup("Range", decimals))
        layer.triggerRepaint()
