# SPDX-License-Identifier: GPL-2.0-or-later
"""The look of the outputs: names, legends and temporal settings.

The symbols are QML in resources/styles. What depends on the data (classes, steps, units) is filled
in here. Processing calls `on_load`; other code calls a style's `apply` on a layer.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from qgis.core import (
    QgsExpression,
    QgsFeatureRequest,
    QgsMergedFeatureRenderer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDateTime

from ..core.labels import CardData
from .flows import add_styles, draw_moving
from .legends import CLASS_COLOURS, Rules, Style, numbers_of, title_of
from .words import MADE, MADE_BY, MADE_OF, ZONE, tr

INFERRED = "123,63,158"  # what nobody observed is purple, hollow or dashed
AHEAD_COLOURS = ("#7f2704", "#b8480a", "#e0701f", "#f39a4f", "#f8c18c")
STOP_COLOURS = ("#d55e00", "#56b4e9", "#f0e442")  # the trips between them have others
VERDICTS = "raw/verdicts"  # property of the table of a backtest: its verdicts as JSON
PLURALS = {"user": "Users", "track": "Tracks", "day": "Days"}


@dataclass(frozen=True)
class Fixes(Style):
    """Imported fixes. zone: the time zone that belongs to them."""

    zone: str = ""
    title = "Fixes"
    qml = "fixes"

    def mark(self, layer: QgsVectorLayer) -> None:
        """Keep the zone with the layer."""
        if self.zone:
            layer.setCustomProperty(ZONE, self.zone)


@dataclass(frozen=True)
class Table(Style):
    """A table, which is named but not drawn. verdicts: of a backtest, for the dock's card."""

    title: str
    verdicts: str = ""

    def mark(self, layer: QgsVectorLayer) -> None:
        """Store the verdicts with the layer."""
        if self.verdicts:
            layer.setCustomProperty(VERDICTS, self.verdicts)


@dataclass(frozen=True)
class Profiles(Style):
    """Labels of users, tracks or days: the first head's classes as colours, or its number in steps.

    heads: the cards of the model's heads for the unit. shown: the name of the head to show.
    """

    heads: list[CardData]
    unit: str = "user"
    shown: str = ""
    start = "t_first"
    end = "t_last"

    @property
    def name(self) -> str:
        """Short, because QGIS appends its own marks."""
        return tr(PLURALS[self.unit])

    @property
    def qml(self) -> str:  # type: ignore[override]
        """Lines for tracks, points for users and days."""
        return "profile_tracks" if self.unit == "track" else "profiles"

    def _rules(self, rules: Rules) -> str:
        head = rules.first([head for head in self.heads if self.shown in ("", head["name"])])
        if head is None:
            rules.add("class", "TRUE", tr(PLURALS[self.unit]))
        else:
            rules.add_answers("class", head)
        if head and head["kind"] != "number":
            rules.add_if_any("unknown", f"\"{head['name']}\" = 'unknown'", tr("Unknown: not sure"))
        rules.add_outside(head)
        if self.unit != "track":
            rules.spread()
        return title_of(head) if head else ""


class Stops(Style):
    """Stops of diaries by their kind."""

    title = "Stops"
    qml = "profiles"
    order = 2
    start = "t_arrive"
    end = "t_leave"

    def _rules(self, rules: Rules) -> None:
        kinds = {"home": tr("Home"), "work": tr("Work"), "other": tr("Other stop")}
        for kind, colour in zip(kinds, STOP_COLOURS):
            rules.add("class", f"kind = '{kind}'", kinds[kind], colour)
        rules.add_if_any("unknown", "kind = 'unknown'", tr("Unknown: not sure"))
        rules.add_if_any(
            "unknown", "kind IS NULL", tr("Unknown: too little on record, or a vehicle")
        )


@dataclass(frozen=True)
class Trips(Style):
    """Trips of diaries by their mode of transport. heads: the card of the head that names it, if
    there is one.
    """

    heads: list[CardData]
    title = "Trips"
    qml = "profile_tracks"
    order = 1
    start = "t_start"
    end = "t_end"

    def _rules(self, rules: Rules) -> None:
        for head in self.heads:
            rules.add_answers("class", head, "mode")
        rules.add_if_any("unknown", "mode = 'unknown' AND \"observed\"", tr("Unknown: not sure"))
        words = tr("Unknown: too few fixes on the way")  # thin: their lines are guesses
        rules.add_if_any("outside", "mode = 'unknown' AND NOT \"observed\"", words, "#8c8c8c")

    def mark(self, layer: QgsVectorLayer) -> None:
        """A second style, in which trips move."""
        add_styles(layer, {tr("Trips that move"): draw_moving})


@dataclass(frozen=True)
class RegionScores(Style):
    """The first head's number in steps, with withheld regions hatched. heads: of the model, for
    regions.
    """

    heads: list[CardData]
    title = "Regions"
    qml = "regions"
    start = ""

    def _rules(self, rules: Rules) -> str:
        shown = rules.first(self.heads)
        head = shown or {"name": "n_users", "kind": "number", "title": tr("Users")}
        field = QgsExpression.quotedColumnRef(head["name"])
        rules.add_answers("step", head)
        rules.add_if_any("no figure", f'NOT "suppressed" AND {field} IS NULL', tr("No figure"))
        rules.add_if_any("withheld", '"suppressed"', tr("Withheld to protect people"))
        return title_of(head)

    def mark(self, layer: QgsVectorLayer) -> None:
        """The name of a region: QGIS takes n_labelled for one."""
        own = layer.fields().names()[: layer.fields().lookupField("n_users")]
        if own and layer.displayField() not in own:
            layer.setDisplayExpression(QgsExpression.quotedColumnRef(own[:2][-1]))


@dataclass(frozen=True)
class Similar(Style):
    """Users by their similarity to the target."""

    target: str
    title = "Similar users"
    qml = "profiles"
    start = ""
    pattern = "class"

    def _rules(self, rules: Rules) -> str:
        rules.add_answers(self.pattern, {"name": "similarity", "kind": "number"})
        if self.pattern == "class":
            rules.spread()
        return tr("similarity to {target}").format(target=self.target)


class SimilarPlaces(Similar):
    """Regions by their similarity to the target."""

    title = "Similar regions"
    qml = "regions"
    pattern = "step"


class Encounters(Style):
    """Where two users were near each other: filled where both were observed, hollow where that is
    inferred.
    """

    title = "Encounters"
    qml = "profiles"
    order = 3
    start = "t_start"
    end = "t_end"

    def _rules(self, rules: Rules) -> None:
        rules.add_if_any("class", '"observed"', tr("Observed: both have fixes"), CLASS_COLOURS[2])
        for low, high, colour in (
            (0.8, 1.01, "#7b3f9e"),
            (0.5, 0.8, "#b48ac9"),
            (0.0, 0.5, "#ddcbe6"),
        ):
            words = tr("Inferred: {a} to {b} %").format(
                a=round(100 * low), b=round(100 * min(high, 1.0))
            )
            condition = f'NOT "observed" AND "probability" >= {low} AND "probability" < {high}'
            rules.add_if_any("class", condition, words, colour)


# ---- positions that nobody observed


class ForecastPoints(Style):
    """Forecast positions, paler the farther ahead. Neighbouring horizons share a colour where there
    are many.
    """

    title = "Forecast: points"
    qml = "forecast_points"
    order = 3

    def _rules(self, rules: Rules) -> None:
        horizons = np.unique(numbers_of(rules.layer, "horizon_min"))
        parts = (
            np.array_split(horizons, min(len(AHEAD_COLOURS), len(horizons)))
            if len(horizons)
            else []
        )
        for i, part in enumerate(parts):
            words = tr("{a} to {b} min ahead") if len(part) > 1 else tr("{a} min ahead")
            colour = AHEAD_COLOURS[round(i * (len(AHEAD_COLOURS) - 1) / max(1, len(parts) - 1))]
            condition = (
                f'"horizon_min" >= {part[0] - 1e-6!s} AND "horizon_min" <= {part[-1] + 1e-6!s}'
            )
            rules.add("ahead", condition, words.format(a=f"{part[0]:g}", b=f"{part[-1]:g}"), colour)
        rules.finish_forecast()


class ForecastLines(Style):
    """Likely paths from the last fix: the most likely one strong, the others light and below it."""

    title = "Forecast: tracks"
    qml = "forecast_tracks"
    order = 2
    start = "t_first"
    end = "t_last"

    def _rules(self, rules: Rules) -> None:
        rules.add("path", '"path" = 1', tr("Most likely path"))
        rules.add("other", '"path" > 1', tr("Other likely paths"))
        rules.finish_forecast()

    def draw(self, layer: QgsVectorLayer) -> str:
        """In the order of the paths."""
        shown = super().draw(layer)
        layer.renderer().setOrderBy(
            QgsFeatureRequest.OrderBy([QgsFeatureRequest.OrderByClause('"path"', False)])
        )
        layer.renderer().setOrderByEnabled(True)
        return shown


class ForecastAreas(Style):
    """The areas that hold the track in 50 and in 80 % of cases."""

    title = "Forecast: areas"
    qml = "forecast_areas"
    order = 1

    def _rules(self, rules: Rules) -> None:
        for level in ("50", "80"):
            rules.add(level, f'"level" = {level}', tr("{n} % of cases lie inside").format(n=level))
        rules.finish_forecast()


class InferredPoints(Style):
    """Positions in gaps: hollow, since nobody observed them."""

    title = "Inferred: points"
    qml = "fixes"
    order = 3
    colours: ClassVar = {"255,255,255": INFERRED, "0,114,178": "255,255,255"}


class InferredLines(Style):
    """Paths through gaps: dashed."""

    title = "Inferred: tracks"
    qml = "forecast_tracks"
    order = 2
    start = "t_first"
    end = "t_last"
    colours: ClassVar = {"184,72,10": INFERRED}

    def _rules(self, rules: Rules) -> None:
        rules.add("path", "TRUE", self.name)


class InferredAreas(ForecastAreas):
    """The areas that hold the track in 50 and in 80 % of gaps: one area for all times, not discs
    over discs.
    """

    title = "Inferred: areas"
    colours: ClassVar = {"184,72,10": INFERRED, "224,112,31": INFERRED}
    max_merged = 20_000  # features: to merge more takes too long

    def draw(self, layer: QgsVectorLayer) -> str:
        """Merged."""
        shown = super().draw(layer)
        if layer.featureCount() <= self.max_merged:
            layer.setRenderer(QgsMergedFeatureRenderer.convertFromRenderer(layer.renderer()))
        return shown


# ---- outputs that Processing loads into the project


class _PostProcessor(QgsProcessingLayerPostProcessorInterface):
    """Applies a style on the main thread, when Processing has loaded the output, and marks the
    layer as a result.
    """

    def __init__(self, style: Style, default: str, inputs: str, model: str | None) -> None:
        super().__init__()
        self.style = style
        self.default = default
        self.inputs = inputs
        self.model = model

    def postProcessLayer(  # noqa: N802
        self, layer: QgsVectorLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Called by Processing. An exception here would freeze QGIS's Layers panel."""
        try:
            if isinstance(layer, QgsVectorLayer):
                given = layer.name()
                layer.setCustomProperty(
                    MADE, QDateTime.currentDateTime().toString("yyyy-MM-dd HH:mm:ss.zzz")
                )
                layer.setCustomProperty(MADE_OF, self.inputs)
                if self.model is not None:
                    layer.setCustomProperty(MADE_BY, self.model)
                self.style.apply(layer)
                if given not in (self.default, self.style.name):
                    layer.setName(given)
        except Exception as error:  # the layer is usable without its style
            logging.getLogger(__name__).exception("No style for %s", layer.name())
            if feedback is not None:
                words = tr("The style of {layer} failed: {error}")
                feedback.pushWarning(words.format(layer=layer.name(), error=error))


# Processing keeps no reference to a Python post-processor: without ours it would be deleted before
# it is called.
_alive: deque[_PostProcessor] = deque(maxlen=200)


def on_load(
    context: QgsProcessingContext,
    destination: str,
    style: Style,
    default: str,
    inputs: str = "",
    model: str | None = None,
) -> None:
    """Style an output if Processing will load it into the project.

    default: the layer's name if neither the user, a model nor its file gives another. inputs: the
    names of the layers or the file that it was made of. model: the path of the model that made it,
    '' for the shipped one; None for none.
    """
    if not destination or not context.willLoadLayerOnCompletion(destination):
        return
    details = context.layerToLoadOnCompletionDetails(destination)
    if details.name == default:
        details.name = style.name
    # the dock's group of these tracks
    details.groupName = f"RAW: {inputs.partition(', ')[0]}" if inputs else "RAW"
    details.layerSortKey = style.order
    processor = _PostProcessor(style, default, inputs, model)
    _alive.append(processor)
    details.setPostProcessor(processor)
