# SPDX-License-Identifier: GPL-2.0-or-later
"""What the figures or features of a layer are, for those who may publish them."""

from __future__ import annotations

from qgis.core import Qgis, QgsVectorLayer

from .flows import PublishedFlows
from .legends import Style
from .styling import RegionScores
from .words import tr

# fields of layers of single people
SINGLE = {"user_id", "track_id", "stop_id", "trip_id", "user", "uid"}


def describe(layer: QgsVectorLayer) -> str:
    """What a reader of a map has to know of a layer of figures, and its author of one of single
    people; '' of others.

    It reads one feature.
    """
    names = set(layer.fields().names())
    if names >= {"n_users", "suppressed", "epsilon", "within_95"}:  # made by Publish figures
        feature = next(layer.getFeatures(), None)
        if feature is None or "rho" not in names or not feature["rho"]:
            return tr("Published figures.")
        words = tr(
            "Published figures: each person counts in few rows, and counts have noise. The price "
            "for each person is a ρ of {rho:g} (ε {epsilon:g}, δ one in a million). Numbers of "
            "users are within ±{within:.0f} of those counted in 95 % of cases."
        )
        known = {"rho": feature["rho"], "epsilon": feature["epsilon"]}
        return words.format(**known, within=feature["within_95"])
    if "n_users" in names:
        return desk_note()
    if {"user_a", "user_b"} <= names:
        return tr("Encounters show who was near whom. Do not publish them.")
    located = layer.geometryType() in (Qgis.GeometryType.Point, Qgis.GeometryType.Line)
    if located and SINGLE & {name.lower() for name in names}:
        return tr("Places or tracks of single people. Publish figures of regions instead.")
    return ""


def desk_note() -> str:
    """What figures are that were not published by the algorithm."""
    return tr(
        "Figures as on the desk: those of overlapping regions can be subtracted from each other. "
        "Others may have those that 'Publish figures' makes."
    )


class Published(RegionScores):
    """Figures that may leave the desk. The layer's metadata say what was done to them."""

    title = "Published figures"

    def draw(self, layer: QgsVectorLayer) -> str:
        """Lines as flows, polygons by the number of people."""
        return self._desk(layer).draw(layer)

    def mark(self, layer: QgsVectorLayer) -> None:
        """As the desk's layers have it."""
        self._desk(layer).mark(layer)

    def _desk(self, layer: QgsVectorLayer) -> Style:
        return (
            PublishedFlows()
            if layer.geometryType() == Qgis.GeometryType.Line
            else RegionScores(self.heads)
        )

    def about(self, layer: QgsVectorLayer) -> str:
        """What was done to them."""
        return describe(layer)
