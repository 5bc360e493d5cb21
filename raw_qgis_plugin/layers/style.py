# SPDX-License-Identifier: GPL-2.0-or-later
"""What the looks of all outputs have in common. The symbols are QML in resources/styles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from qgis.core import Qgis, QgsRuleBasedRenderer, QgsVectorLayer

from ..core.paths import RESOURCES
from .legends import Rules, load_symbols, map_tip, show_decimals
from .words import ZONE, tr

VERDICTS = "raw/verdicts"  # property of the table of a backtest: its verdicts as JSON


@dataclass(frozen=True)
class Style:
    """The look of one kind of output. Those derived from it have rules for the legend, and words for the map tip."""

    title = ""  # the layer's name, in English
    qml = ""  # in resources/styles
    start, end = "t", ""  # fields of time
    order = 0  # greater is drawn above
    colours: ClassVar[dict[str, str]] = {}  # of the QML -> in their place

    @property
    def name(self) -> str:
        """The layer's name."""
        return tr(self.title)

    def _rules(self, rules: Rules) -> str | None:
        """Fill in the legend. Returns the shown quantity for the layer's name, if any."""

    def _about(self) -> str:
        """The lines of the map tip below the user; '' for no map tip."""
        return ""

    def tip(self, layer: QgsVectorLayer) -> None:
        """Give a layer its map tip."""
        if words := self._about():
            map_tip(layer, "user_id", [], words)

    def draw(self, layer: QgsVectorLayer) -> str:
        """Give a layer only its symbols and legend. Returns the shown quantity, for the layer's name."""
        load_symbols(layer, RESOURCES / "styles" / f"{self.qml}.qml", self.colours)
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
            times, modes = layer.temporalProperties(), Qgis.VectorTemporalMode
            interval, instant = modes.FeatureDateTimeStartAndEndFromFields, modes.FeatureDateTimeInstantFromField
            times.setMode(interval if self.end else instant)
            times.setStartField(self.start)
            times.setEndField(self.end)
            times.setIsActive(True)
        layer.setName(f"{self.name}: {shown}" if shown else self.name)
        self.tip(layer)
        show_decimals(layer)
        layer.triggerRepaint()


@dataclass(frozen=True)
class Fixes(Style):
    """Imported fixes. zone: the time zone that belongs to them."""

    zone: str = ""
    title, qml = "Fixes", "fixes"

    def tip(self, layer: QgsVectorLayer) -> None:
        """Keep the zone with the layer."""
        if self.zone:
            layer.setCustomProperty(f"raw/{ZONE}", self.zone)


@dataclass(frozen=True)
class Table(Style):
    """A table, which is named but not drawn. verdicts: of a backtest, for the dock's card."""

    title: str
    verdicts: str = ""

    def tip(self, layer: QgsVectorLayer) -> None:
        """Store the verdicts with the layer."""
        if self.verdicts:
            layer.setCustomProperty(VERDICTS, self.verdicts)
