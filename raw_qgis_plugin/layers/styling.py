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
    QgsRendererRange,
    QgsRuleBasedRenderer,
    QgsVectorLayer,
    QgsVectorLayerTemporalProperties,
)
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor

from ..core.paths import RESOURCES
from .legends import (
    EACH_USER,
    OWN_COLOURS,
    Rules,
    horizon_field,
    let_correct,
    load_symbols,
    map_tip,
    mark_outside,
    show_by_clock_and_track,
    show_decimals,
    shown_head,
    title_of,
    value_of,
    values_of,
    widen_columns,
)
from .words import ZONE, free_name, tr

VERDICTS = "raw/verdicts"  # property of the table of a backtest: its verdicts as JSON
PLURALS = {"user": "Users", "track": "Tracks", "day": "Days"}


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

    def fill_in(self, layer: QgsVectorLayer) -> str | None:
        """Complete the legend from the data. Returns the shown quantity, for the layer's name, if there is one."""

    def tip(self, layer: QgsVectorLayer) -> None:
        """Give a layer its map tip."""

    def draw(self, layer: QgsVectorLayer) -> str:
        """Give a layer only its symbols and legend. Returns the shown quantity, for the layer's name."""
        load_symbols(layer, RESOURCES / "styles" / self.file)
        shown = self.fill_in(layer)
        if self.outside:
            mark_outside(layer, self.outside)
        return shown or ""

    def apply(self, layer: QgsVectorLayer) -> None:
        """Give a layer its symbols, legend, name and temporal settings; a table only its name."""
        shown = self.draw(layer) if layer.isSpatial() else ""
        if self.start and layer.isSpatial():
            set_temporal(layer, self.start, self.end)
        layer.setName(free_name(layer, f"{self.name}: {shown}" if shown else self.name))
        self.tip(layer)
        show_decimals(layer)
        widen_columns(layer)
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
    """Imported fixes. zone: the time zone that belongs to them."""

    zone: str = ""
    qml = "fixes"
    title = "Fixes"

    def tip(self, layer: QgsVectorLayer) -> None:
        """Keep the zone with the layer."""
        if self.zone:
            layer.setCustomProperty(f"raw/{ZONE}", self.zone)


@dataclass(frozen=True)
class Profiles(Style):
    """Labels of users, tracks or days: the first head's classes as colours, or its number in steps.

    heads: the cards of the model's heads for the unit. shown: the name of the head to show, or EACH_USER.
    """

    heads: list[dict[str, Any]]
    unit: str = "user"
    shown: str = ""
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
        """One rule for each class or step, one for unknown, and a mark on features about which this head is silent."""
        head = shown_head(layer, [head for head in self.heads if self.shown in ("", head["name"])])
        rules = Rules(layer)
        if self.shown == EACH_USER:
            rules.add_users("class")
        elif head is None:
            rules.add("class", "TRUE", tr(PLURALS[self.unit]))
        else:
            rules.add_answers("class", head)
        if head and head["kind"] != "number":
            rules.add_if_any("unknown", f"\"{head['name']}\" = 'unknown'", tr("Unknown: not sure"))
        if self.shown != EACH_USER:
            rules.add_silent(head)
        rules.add_remark("class", head)
        if self.unit != "track":
            rules.spread()
        rules.finish()
        return title_of(head) if head else ""

    def tip(self, layer: QgsVectorLayer) -> None:
        """The user, a line a label, what they rest on, and the number of fixes. Labels can be corrected."""
        let_correct(layer, self.heads)
        evidence = [value_of("evidence")] * (layer.fields().lookupField("evidence") >= 0)
        map_tip(layer, "user_id", self.heads, "<br>".join([*evidence, tr("[% n_points %] fixes")]))


class Stops(Style):
    """Stops of diaries by their kind."""

    title = "Stops"
    qml = "profiles"
    start, end = "t_arrive", "t_leave"
    order = 2

    def fill_in(self, layer: QgsVectorLayer) -> None:
        """One rule for each kind, and one for stops of users whose home is not known."""
        rules = Rules(layer)
        kinds = ("home", tr("Home")), ("work", tr("Work")), ("other", tr("Other stop"))
        for (kind, words), colour in zip(kinds, OWN_COLOURS):  # the trips between them have the others
            rules.add("class", f"kind = '{kind}'", words, colour)
        rules.add_if_any("unknown", "kind IS NULL", tr("Unknown: too few nights"))
        rules.finish()

    def tip(self, layer: QgsVectorLayer) -> None:
        """The user, the kind and the length of the stop."""
        map_tip(layer, "user_id", [], f"{value_of('kind')}<br>" + tr("[% round(duration_min) %] min"))


@dataclass(frozen=True)
class Trips(Style):
    """Trips of diaries by their mode of transport. heads: the card of the head that names it, if there is one."""

    heads: list[dict[str, Any]]
    title = "Trips"
    qml = "profile_tracks"
    start, end = "t_start", "t_end"
    order = 1

    def fill_in(self, layer: QgsVectorLayer) -> None:
        """One rule for each mode, and one for unknown."""
        rules = Rules(layer)
        for head in self.heads:
            rules.add_answers("class", head, "mode")
            rules.add_remark("class", head)
        rules.add_if_any("unknown", "mode = 'unknown'", tr("Unknown: not sure"))
        rules.finish()

    def tip(self, layer: QgsVectorLayer) -> None:
        """The user, the mode, which can be corrected, and the length of the trip."""
        let_correct(layer, [{**head, "name": "mode"} for head in self.heads])
        map_tip(layer, "user_id", [], f"{value_of('mode')}<br>" + tr("[% round(duration_min) %] min"))


@dataclass(frozen=True)
class RegionScores(Style):
    """The first head's number in steps, with withheld regions hatched.

    heads: the cards of the model's heads for regions.
    """

    heads: list[dict[str, Any]]
    qml = "regions"
    title = "Regions"
    start = ""

    def fill_in(self, layer: QgsVectorLayer) -> str:
        """One rule for each step or class, one for withheld, and a mark on regions outside the training domain."""
        shown = shown_head(layer, self.heads)
        head = shown or {"name": "n_users", "kind": "number", "title": tr("Users")}
        field = QgsExpression.quotedColumnRef(head["name"])
        rules = Rules(layer)
        rules.add_answers("step", head)
        rules.add_if_any("no figure", f'NOT "suppressed" AND {field} IS NULL', tr("No figure"))
        rules.add_if_any("withheld", '"suppressed"', tr("Withheld to protect people"))
        rules.add_remark("step", shown)
        rules.finish()
        return title_of(head)

    def tip(self, layer: QgsVectorLayer) -> None:
        """The region, a line a figure, and its people."""
        people = tr("People: [% coalesce(n_users, if(suppressed, 'withheld', 'not scored yet')) %]")
        map_tip(layer, layer.displayField(), self.heads, people)


@dataclass(frozen=True)
class Table(Style):
    """A table, which is named but not drawn. verdicts: of a backtest, for the dock's card."""

    title: str
    verdicts: str = ""

    def tip(self, layer: QgsVectorLayer) -> None:
        """Store the verdicts with the layer."""
        if self.verdicts:
            layer.setCustomProperty(VERDICTS, self.verdicts)


@dataclass(frozen=True)
class Similar(Style):
    """Users or regions by their similarity to the target."""

    target: str
    title = "Similar users"
    qml = "profiles"
    start = ""
    pattern = "class"

    def fill_in(self, layer: QgsVectorLayer) -> str:
        """One rule for each step of similarity."""
        rules = Rules(layer)
        rules.add_answers(self.pattern, {"name": "similarity", "kind": "number"})
        if self.pattern == "class":
            rules.spread()
        rules.finish()
        return tr("similarity to {target}").format(target=self.target)

    def tip(self, layer: QgsVectorLayer) -> None:
        """Rank, id and reasons."""
        layer.setMapTipTemplate(f"<b>{value_of('rank')}. {value_of('id')}</b><br>{value_of('reasons')}")


class SimilarPlaces(Similar):
    """Regions by their similarity to the target."""

    title = "Similar regions"
    qml = "regions"
    pattern = "step"


class Forecast(Style):
    """What all layers of forecasts have: a chosen track stands out, and a map without a clock shows one horizon."""

    def draw(self, layer: QgsVectorLayer) -> str:
        """As any style, then by the clock and the chosen track."""
        shown = super().draw(layer)
        show_by_clock_and_track(layer)
        return shown


class ForecastRecent(Forecast):
    """The last movement before each forecast. It has no time, so that the map's clock does not hide it."""

    qml = "forecast_tracks"
    title = "Forecast: recent tracks"
    start = ""

    def fill_in(self, layer: QgsVectorLayer) -> None:
        """A solid line, of another colour than the forecasts."""
        line = layer.renderer().symbol().symbolLayer(1)
        line.setColor(QColor("#24425c"))
        line.setPenStyle(Qt.PenStyle.SolidLine)
        line.setUseCustomDashPattern(False)


class ForecastPoints(Forecast):
    """Forecast positions, paler the farther ahead."""

    qml = "forecast_points"
    title = "Forecast: points"
    order = 3
    outside = "profiles.qml"

    def fill_in(self, layer: QgsVectorLayer) -> None:
        """One step for each horizon; neighbouring horizons share a step where there are many."""
        name = horizon_field(layer)
        if not name:
            return
        symbols = [step.symbol().clone() for step in layer.renderer().ranges()]  # a range dies with its symbol
        horizons = np.unique(values_of(layer, name))
        parts = np.array_split(horizons, min(len(symbols), len(horizons))) if len(horizons) else []
        steps, below = [], 0.0
        for i, part in enumerate(parts):
            words = tr("{a} to {b} min ahead") if len(part) > 1 else tr("{a} min ahead")
            symbol = symbols[round(i * (len(symbols) - 1) / max(1, len(parts) - 1))]
            above = float(parts[i + 1][0] + part[-1]) / 2 if i + 1 < len(parts) else float(part[-1]) + 1
            words = words.format(a=f"{part[0]:g}", b=f"{part[-1]:g}")
            steps.append(QgsRendererRange(below, above, symbol.clone(), words))
            below = above
        layer.setRenderer(QgsGraduatedSymbolRenderer(name, steps))

    def tip(self, layer: QgsVectorLayer) -> None:
        """The user, the horizon and the radii."""
        ahead = tr("[% round(horizon_min) %] min ahead")
        radii = tr("half of the cases within [% round(radius50_m) %] m, four fifths within [% round(radius80_m) %] m")
        map_tip(layer, "user_id", [], f"{ahead}<br>{radii}")


class ForecastLines(Forecast):
    """Likely paths from the last fix: the most likely one strong, the others light."""

    qml = "forecast_tracks"
    title = "Forecast: tracks"
    start, end = "t_first", "t_last"
    order = 2
    outside = "profile_tracks.qml"

    def fill_in(self, layer: QgsVectorLayer) -> None:
        """Draw paths that are not the most likely ones lighter, and below it."""
        symbol = layer.renderer().symbol()
        lighter = symbol.clone()
        lighter.setOpacity(0.4)
        root = QgsRuleBasedRenderer.Rule(None)
        for look, condition, words in (
            (symbol.clone(), '"path" = 1', tr("Most likely path")), (lighter, '"path" > 1', tr("Other likely paths")),
        ):  # fmt: skip
            root.appendChild(QgsRuleBasedRenderer.Rule(look, 0, 0, condition, words))
        renderer = QgsRuleBasedRenderer(root)
        renderer.setOrderBy(QgsFeatureRequest.OrderBy([QgsFeatureRequest.OrderByClause('"path"', False)]))
        renderer.setOrderByEnabled(True)
        layer.setRenderer(renderer)

    def tip(self, layer: QgsVectorLayer) -> None:
        """The user, and how likely the path is."""
        map_tip(layer, "user_id", [], tr("Path [% path %], probability [% round(100 * probability) %] %"))


class ForecastAreas(Forecast):
    """The areas that hold the track in 50 and in 80 % of cases."""

    qml = "forecast_areas"
    title = "Forecast: areas"
    order = 1
    outside = "regions.qml"

    def fill_in(self, layer: QgsVectorLayer) -> None:
        """Translate the legend."""
        words = tr("{n} % of cases lie inside")
        for at, category in enumerate(layer.renderer().categories()):
            layer.renderer().updateCategoryLabel(at, words.format(n=category.value()))

    def tip(self, layer: QgsVectorLayer) -> None:
        """The user, the horizon and the level."""
        words = tr("[% round(horizon_min) %] min ahead") + "<br>" + tr("[% level %] % of cases lie inside")
        map_tip(layer, "user_id", [], words)
