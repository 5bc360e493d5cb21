# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:profileusers: what the tracks say about those who made them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterString,
    QgsWkbTypes,
)
from qgis.PyQt.QtGui import QIcon

from .base import COMPUTED, READ, TrackAlgorithm, cached, icon
from .progress import Stage
from .words import names_of, tr

if TYPE_CHECKING:
    from ..core.embedding.profiles import Profiles
    from ..core.tracks import Tracks

UNITS = ("user", "track", "day")


class ProfileUsers(TrackAlgorithm):
    """Label users, tracks or days, with how sure the model is."""

    ID = "profileusers"
    TITLE = "Profile users"
    SUMMARY = "Labels for people, trips or days, from their tracks: commuter or not, mode of transport and more."
    TAGS = ("trajectory", "movement", "commuter", "transport mode", "mobility", "gps", "embedding", "label")

    @staticmethod
    def icon() -> QIcon:
        """The drawing in toolbar and toolbox."""
        return icon("profile")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_tracks()
        self.add_choice(
            "UNIT", "One result for each", UNITS, "user: a point at the most visited place, snapped to a 500 m grid. "
            "track: its line. day: one result a user and day.", defaultValue="user",
        )  # fmt: skip
        tasks = QgsProcessingParameterString("TASKS", tr("Tasks (empty: all that the model has)"), optional=True)
        tasks.setHelp(tr("Names with commas between them, such as: commuter. The log lists what the model has."))
        self.addParameter(tasks)
        self.addParameter(QgsProcessingParameterFeatureSink("OUTPUT", tr("Profiles")))
        self.add_model()

    def run_on(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Read, profile, write."""
        from ..core.embedding.profiles import profile
        from ..layers import styling

        unit = self.parameterAsString(parameters, "UNIT", context) or "user"
        model = self.open_model(parameters, context, feedback)
        self.describe_heads(model.bundle.heads(unit), feedback)
        read, skipped = self.read(feedback)
        tracks = self.cut(read, unit, skipped, feedback)
        profiles = profile(
            tracks, model, unit, names_of(parameters.get("TASKS")), Stage(feedback, tr("Profiling"), READ, COMPUTED),
            cached(model, feedback),
        )  # fmt: skip
        self.warn_outside(profiles.reasons, profiles.columns["in_domain"], feedback)

        destination = self.write_table(
            parameters, "OUTPUT", context, profiles.columns, self._geometries(tracks, profiles, unit, context),
            QgsWkbTypes.LineString if unit == "track" else QgsWkbTypes.Point, self.reading.source.sourceCrs(),
            styling.Profiles(model.bundle.heads(unit), unit), Stage(feedback, tr("Writing"), COMPUTED, 100),
        )  # fmt: skip
        return {"OUTPUT": destination, **self.counts(tracks, skipped, model)}

    def _geometries(self, tracks: Tracks, profiles: Profiles, unit: str, context: QgsProcessingContext) -> list[Any]:
        """Tracks as lines, users and days as points, in INPUT's CRS."""
        import numpy as np

        from ..core.geodesy import unwrapped
        from ..layers import coordinates, writing

        back = coordinates.from_wgs84(self.reading.source.sourceCrs(), context.transformContext())
        if unit == "track":
            lon = unwrapped(tracks.lon, tracks.track_offsets)
            xy = coordinates.transform_xy(np.column_stack([lon, tracks.lat]), back)
            return writing.lines(xy, tracks.track_offsets)
        return writing.points(coordinates.transform_xy(np.column_stack([profiles.lon, profiles.lat]), back))
