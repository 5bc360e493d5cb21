# SPDX-License-Identifier: GPL-2.0-or-later
"""The look of the outputs: names, legends, map tips and temporal settings.

The symbols are QML in resources/styles. What depends on the data (classes, steps, units) is filled in here. Processing
calls `loading.on_load`; other code calls a style's `apply` on a layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from qgis.core import (
    QgsExpression,
    QgsFeatureRequest,
    QgsGraduatedSymbolRenderer,
    QgsMergedFeatureRenderer,
    QgsRendererRange,
    QgsRuleBasedRenderer,
    QgsVectorLayer,
)

from .flows import add_moving
from .legends import (
    CLASS_COLOURS,
    EACH_USER,
    OWN_COLOURS,
    Rules,
    let_correct,
    map_tip,
    show_by_clock_and_track,
    shown_head,
    title_of,
    value_of,
    values_of,
)
from .style import VERDICTS as VERDICTS
from .style import Fixes as Fixes
from .style import Style
from .style import Table as Table
from .words import tr

INFERRED = "123,63,158"  # what nobody observed is purple, hollow or dashed
PLURALS = {"user": "Users", "track": "Tracks", "day": "Days"}


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
        return tr(PLURALS[self.unit])

    @property
    def qml(self) -> str:  # type: ignore[override]
        """Lines for tracks, points for users and days."""
        return "profile_tracks" if self.unit == "track" else "profiles"

    def add_rules(self, rules: Rules) -> str:
        """One rule for each class or step, one for unknown, and a mark on features about which this head is silent."""
        head = shown_head(rules.layer, [head for head in self.heads if self.shown in ("", head["name"])])
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
        return title_of(head) if head else ""

    def tip(self, layer: QgsVectorLayer) -> None:
        """The user, a line a label, what they rest on, and the number of fixes. Labels can be corrected."""
        let_correct(layer, self.heads)
        evidence = [value_of("evidence")] * (layer.fields().lookupField("evidence") >= 0)
        map_tip(layer, "user_id", self.heads, "<br>".join([*evidence, tr("[% n_points %] fixes")]))


class Stops(Style):
    """Stops of diaries by their kind."""

    title, qml, order = "Stops", "profiles", 2
    start, end = "t_arrive", "t_leave"

    def add_rules(self, rules: Rules) -> None:
        """One rule for each kind, and one for stops of users whose home is not known."""
        kinds = ("home", tr("Home")), ("work", tr("Work")), ("other", tr("Other stop"))
        for (kind, words), colour in zip(kinds, OWN_COLOURS):  # the trips between them have the others
            rules.add("class", f"kind = '{kind}'", words, colour)
        rules.add_if_any("unknown", "kind IS NULL", tr("Unknown: too few nights"))

    def about(self) -> str:
        """The kind and the length of the stop."""
        return f"{value_of('kind')}<br>" + tr("[% round(duration_min) %] min")


@dataclass(frozen=True)
class Trips(Style):
    """Trips of diaries by their mode of transport. heads: the card of the head that names it, if there is one."""

    heads: list[dict[str, Any]]
    title, qml, order = "Trips", "profile_tracks", 1
    start, end = "t_start", "t_end"

    def add_rules(self, rules: Rules) -> None:
        """One rule for each mode, and one for unknown."""
        for head in self.heads:
            rules.add_answers("class", head, "mode")
            rules.add_remark("class", head)
        rules.add_if_any("unknown", "mode = 'unknown'", tr("Unknown: not sure"))

    def tip(self, layer: QgsVectorLayer) -> None:
        """The user, the mode, which can be corrected, and the length of the trip."""
        let_correct(layer, [{**head, "name": "mode"} for head in self.heads])
        map_tip(layer, "user_id", [], f"{value_of('mode')}<br>" + tr("[% round(duration_min) %] min"))
        add_moving(layer)


@dataclass(frozen=True)
class RegionScores(Style):
    """The first head's number in steps, with withheld regions hatched.

    heads: the cards of the model's heads for regions.
    """

    heads: list[dict[str, Any]]
    title, qml, start = "Regions", "regions", ""

    def add_rules(self, rules: Rules) -> str:
        """One rule for each step or class, and one for withheld."""
        shown = shown_head(rules.layer, self.heads)
        head = shown or {"name": "n_users", "kind": "number", "title": tr("Users")}
        field = QgsExpression.quotedColumnRef(head["name"])
        rules.add_answers("step", head)
        rules.add_if_any("no figure", f'NOT "suppressed" AND {field} IS NULL', tr("No figure"))
        rules.add_if_any("withheld", '"suppressed"', tr("Withheld to protect people"))
        rules.add_remark("step", shown)
        return title_of(head)

    def tip(self, layer: QgsVectorLayer) -> None:
        """The region, a line a figure, and its people."""
        people = tr("People: [% coalesce(n_users, if(suppressed, 'withheld', 'not scored yet')) %]")
        map_tip(layer, layer.displayField(), self.heads, people)


@dataclass(frozen=True)
class Similar(Style):
    """Users by their similarity to the target."""

    target: str
    title, qml, start = "Similar users", "profiles", ""
    pattern = "class"

    def add_rules(self, rules: Rules) -> str:
        """One rule for each step of similarity."""
        rules.add_answers(self.pattern, {"name": "similarity", "kind": "number"})
        if self.pattern == "class":
            rules.spread()
        return tr("similarity to {target}").format(target=self.target)

    def tip(self, layer: QgsVectorLayer) -> None:
        """Rank, id and reasons."""
        layer.setMapTipTemplate(f"<b>{value_of('rank')}. {value_of('id')}</b><br>{value_of('reasons')}")


class SimilarPlaces(Similar):
    """Regions by their similarity to the target."""

    title, qml, pattern = "Similar regions", "regions", "step"


class Encounters(Style):
    """Where two users were near each other: filled where both were observed, hollow where that is inferred."""

    title, qml, order = "Encounters", "profiles", 3
    start, end = "t_start", "t_end"

    def add_rules(self, rules: Rules) -> None:
        """One rule for observed encounters, and one for steps of the probability of the others."""
        rules.add_if_any("class", '"observed"', tr("Observed: both have fixes"), CLASS_COLOURS[2])
        for low, high, colour in ((0.8, 1.01, "#7b3f9e"), (0.5, 0.8, "#b48ac9"), (0.0, 0.5, "#ddcbe6")):
            words = tr("Inferred: {a} to {b} %").format(a=round(100 * low), b=round(100 * min(high, 1.0)))
            condition = f'NOT "observed" AND "probability" >= {low} AND "probability" < {high}'
            rules.add_if_any("class", condition, words, colour)

    def tip(self, layer: QgsVectorLayer) -> None:
        """Both users, when, and how likely."""
        both = f"<b>{value_of('user_a')} · {value_of('user_b')}</b>"
        layer.setMapTipTemplate(f"{both}<br>{value_of('t_start')}<br>{value_of('probability')}")


# ---- positions that nobody observed -----------------------------------------------------------------------------


class Forecast(Style):
    """What all layers of forecasts have: a chosen track stands out, and a map without a clock shows one horizon."""

    def draw(self, layer: QgsVectorLayer) -> str:
        """As any style, then by the clock and the chosen track."""
        shown = super().draw(layer)
        show_by_clock_and_track(layer)
        return shown


class ForecastRecent(Forecast):
    """The last movement before each forecast. It has no time, so that the map's clock does not hide it."""

    title, qml, start = "Forecast: recent tracks", "forecast_tracks", ""
    colours: ClassVar = {"184,72,10": "36,66,92"}

    def fill_in(self, layer: QgsVectorLayer) -> None:
        """A solid line."""
        layer.renderer().symbol().symbolLayer(1).setUseCustomDashPattern(False)


class ForecastPoints(Forecast):
    """Forecast positions, paler the farther ahead."""

    title, qml, order, outside = "Forecast: points", "forecast_points", 3, "profiles"

    def fill_in(self, layer: QgsVectorLayer) -> None:
        """One step for each horizon; neighbouring horizons share a step where there are many."""
        symbols = [step.symbol().clone() for step in layer.renderer().ranges()]  # a range dies with its symbol
        horizons = np.unique(values_of(layer, "horizon_min"))
        parts = np.array_split(horizons, min(len(symbols), len(horizons))) if len(horizons) else []
        steps, below = [], 0.0
        for i, part in enumerate(parts):
            words = tr("{a} to {b} min ahead") if len(part) > 1 else tr("{a} min ahead")
            symbol = symbols[round(i * (len(symbols) - 1) / max(1, len(parts) - 1))]
            above = float(parts[i + 1][0] + part[-1]) / 2 if i + 1 < len(parts) else float(part[-1]) + 1
            words = words.format(a=f"{part[0]:g}", b=f"{part[-1]:g}")
            steps.append(QgsRendererRange(below, above, symbol.clone(), words))
            below = above
        layer.setRenderer(QgsGraduatedSymbolRenderer("horizon_min", steps))

    def about(self) -> str:
        """The horizon and the radii."""
        radii = tr("half of the cases within [% round(radius50_m) %] m, four fifths within [% round(radius80_m) %] m")
        return f"{tr('[% round(horizon_min) %] min ahead')}<br>{radii}"


class ForecastLines(Forecast):
    """Likely paths from the last fix: the most likely one strong, the others light."""

    title, qml, order, outside = "Forecast: tracks", "forecast_tracks", 2, "profile_tracks"
    start, end = "t_first", "t_last"

    def fill_in(self, layer: QgsVectorLayer) -> None:
        """Draw paths that are not the most likely ones lighter, and below it."""
        strong, root = layer.renderer().symbol(), QgsRuleBasedRenderer.Rule(None)
        for condition, words, opacity in (
            ('"path" = 1', tr("Most likely path"), 1.0), ('"path" > 1', tr("Other likely paths"), 0.4),
        ):  # fmt: skip
            symbol = strong.clone()
            symbol.setOpacity(opacity)
            root.appendChild(QgsRuleBasedRenderer.Rule(symbol, 0, 0, condition, words))
        renderer = QgsRuleBasedRenderer(root)
        renderer.setOrderBy(QgsFeatureRequest.OrderBy([QgsFeatureRequest.OrderByClause('"path"', False)]))
        renderer.setOrderByEnabled(True)
        layer.setRenderer(renderer)

    def about(self) -> str:
        """How likely the path is."""
        return tr("Path [% path %], probability [% round(100 * probability) %] %")


class ForecastAreas(Forecast):
    """The areas that hold the track in 50 and in 80 % of cases."""

    title, qml, order, outside = "Forecast: areas", "forecast_areas", 1, "regions"

    def fill_in(self, layer: QgsVectorLayer) -> None:
        """Translate the legend."""
        words = tr("{n} % of cases lie inside")
        for at, category in enumerate(layer.renderer().categories()):
            layer.renderer().updateCategoryLabel(at, words.format(n=category.value()))

    def about(self) -> str:
        """The horizon and the level."""
        return tr("[% round(horizon_min) %] min ahead") + "<br>" + tr("[% level %] % of cases lie inside")


class InferredPoints(Style):
    """Positions in gaps: hollow, since nobody observed them."""

    title, qml, order = "Inferred: points", "fixes", 3
    colours: ClassVar = {"255,255,255": INFERRED, "0,114,178": "255,255,255"}


class InferredLines(Style):
    """Paths through gaps: dashed."""

    title, qml, order = "Inferred: tracks", "forecast_tracks", 2
    start, end = "t_first", "t_last"
    colours: ClassVar = {"184,72,10": INFERRED}


class InferredAreas(ForecastAreas):
    """The areas that hold the track in 50 and in 80 % of gaps."""

    title = "Inferred: areas"
    colours: ClassVar = {"184,72,10": INFERRED, "224,112,31": INFERRED}
    max_merged = 20_000  # features: to merge more takes too long

    def fill_in(self, layer: QgsVectorLayer) -> None:
        """One area for all times, not discs over discs."""
        super().fill_in(layer)
        if layer.featureCount() <= self.max_merged:
            layer.setRenderer(QgsMergedFeatureRenderer.convertFromRenderer(layer.renderer()))
