# SPDX-License-Identifier: GPL-2.0-or-later
"""The look of filled gaps and of encounters: what is inferred is purple, hollow or dashed."""

from __future__ import annotations

from qgis.core import QgsMergedFeatureRenderer, QgsVectorLayer
from qgis.PyQt.QtGui import QColor

from ..legends import CLASS_COLOURS, Rules, value_of
from ..styling import ForecastAreas, Style
from ..words import tr

INFERRED_COLOUR = "#7b3f9e"


class InferredPoints(Style):
    """Positions in gaps: hollow, since nobody observed them."""

    qml = "fixes"
    title = "Inferred: points"
    order = 3

    def fill_in(self, layer: QgsVectorLayer) -> None:
        """Hollow circles in the colour of what is inferred."""
        marker = layer.renderer().symbol().symbolLayer(0)
        marker.setColor(QColor("white"))
        marker.setStrokeColor(QColor(INFERRED_COLOUR))


class InferredLines(Style):
    """Paths through gaps: dashed."""

    qml = "forecast_tracks"
    title = "Inferred: tracks"
    start, end = "t_first", "t_last"
    order = 2

    def fill_in(self, layer: QgsVectorLayer) -> None:
        """Dashes in the colour of what is inferred."""
        symbol = layer.renderer().symbol()
        symbol.symbolLayer(symbol.symbolLayerCount() - 1).setColor(QColor(INFERRED_COLOUR))


class InferredAreas(ForecastAreas):
    """The areas that hold the track in 50 and in 80 % of gaps."""

    title = "Inferred: areas"
    most_merged = 20_000  # features: to merge more takes too long

    def fill_in(self, layer: QgsVectorLayer) -> None:
        """Translate the legend, in the colour of what is inferred."""
        for at, category in enumerate(layer.renderer().categories()):
            symbol, fill = category.symbol().clone(), QColor(INFERRED_COLOUR)
            symbol.symbolLayer(0).setStrokeColor(fill)
            fill.setAlphaF(symbol.symbolLayer(0).fillColor().alphaF())
            symbol.symbolLayer(0).setFillColor(fill)
            layer.renderer().updateCategorySymbol(at, symbol)
        super().fill_in(layer)
        if layer.featureCount() <= self.most_merged:  # one area for all times, not discs over discs
            layer.setRenderer(QgsMergedFeatureRenderer.convertFromRenderer(layer.renderer()))


class Encounters(Style):
    """Where two users were near each other: filled where both were observed, hollow where that is inferred."""

    qml = "profiles"
    title = "Encounters"
    start, end = "t_start", "t_end"
    order = 3

    def fill_in(self, layer: QgsVectorLayer) -> None:
        """One rule for observed encounters, and one for steps of the probability of the others."""
        layer.setMapTipTemplate(
            f"<b>{value_of('user_a')} · {value_of('user_b')}</b><br>{value_of('t_start')}<br>{value_of('probability')}"
        )
        rules = Rules(layer)
        rules.add_if_any("class", '"observed"', tr("Observed: both have fixes"), CLASS_COLOURS[2])
        for low, high, colour in ((0.8, 1.01, "#7b3f9e"), (0.5, 0.8, "#b48ac9"), (0.0, 0.5, "#ddcbe6")):
            words = tr("Inferred: {a} to {b} %").format(a=round(100 * low), b=round(100 * min(high, 1.0)))
            condition = f'NOT "observed" AND "probability" >= {low} AND "probability" < {high}'
            rules.add_if_any("class", condition, words, colour)
        rules.finish()
