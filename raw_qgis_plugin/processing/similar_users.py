# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:similarusers: who moves like this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsWkbTypes,
)
from qgis.PyQt.QtGui import QIcon

from ..core.errors import InputError
from .base import COMPUTED, READ, RawAlgorithm, TrackAlgorithm, cached, icon
from .progress import Stage
from .words import tr

if TYPE_CHECKING:
    import numpy as np

    from ..core.similarity import Similar


class SimilarUsers(TrackAlgorithm):
    """The users who move most like one of them."""

    ID = "similarusers"
    TITLE = "Similar users"
    SUMMARY = "The people who move most like one of them, with the reasons in words."
    TAGS = ("trajectory", "movement", "similar", "nearest", "lookalike", "embedding", "mobility")
    NEEDS = ("onnxruntime", "scipy")

    @staticmethod
    def icon() -> QIcon:
        """The drawing in toolbar and toolbox."""
        return icon("similar_users")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_tracks()
        target = QgsProcessingParameterString("TARGET", tr("The user to compare with"))
        target.setHelp(tr("The user's id, as it stands in the user field."))
        self.addParameter(target)
        add_k(self)
        self.addParameter(
            QgsProcessingParameterFeatureSink("OUTPUT", tr("Similar users"), QgsProcessing.SourceType.TypeVectorPoint)
        )
        self.add_model()

    def run_on(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Read, compare, write."""
        from ..core.embedding.profiles import most_visited
        from ..core.similarity import similar_users
        from ..layers import coordinates, styling, writing

        target = self.parameterAsString(parameters, "TARGET", context).strip()
        if not target:
            raise InputError("TARGET is empty: give the id of a user.")
        model = self.open_model(parameters, context, feedback)
        read, skipped = self.read(feedback)
        users = self.cut(read, "user", skipped, feedback)
        found = similar_users(
            users, target, self.parameterAsInt(parameters, "K", context), cached(model, feedback),
            Stage(feedback, tr("Comparing"), READ, COMPUTED),
        )  # fmt: skip
        say_if_few(found, self.parameterAsInt(parameters, "K", context), feedback)
        lon, lat = (values[found.rows] for values in most_visited(users))
        back = coordinates.from_wgs84(self.reading.source.sourceCrs(), context.transformContext())
        destination = self.write_table(
            parameters, "OUTPUT", context, columns_of(found, users.user_ids[found.rows]),
            writing.points(coordinates.transform_xy(_pairs(lon, lat), back)), QgsWkbTypes.Type.Point,
            self.reading.source.sourceCrs(), styling.Similar(target), Stage(feedback, tr("Writing"), COMPUTED, 100),
        )  # fmt: skip
        return {"OUTPUT": destination, **self.counts(users, skipped, model)}


def add_k(algorithm: RawAlgorithm) -> None:
    """Add K."""
    k = QgsProcessingParameterNumber("K", tr("How many"), QgsProcessingParameterNumber.Type.Integer, 10, minValue=1)
    k.setHelp(tr("The result has so many rows, or one less than there are units where these are fewer."))
    algorithm.addParameter(k)


def columns_of(found: Similar, ids: np.ndarray) -> dict[str, np.ndarray]:
    """The fields of the result: the ids of what was found, rank, similarity and reasons."""
    import numpy as np

    rank = np.arange(1, len(found.rows) + 1)
    return {"id": ids, "rank": rank, "similarity": found.similarity, "reasons": np.array(found.reasons, object)}


def say_if_few(found: Similar, k: int, feedback: QgsProcessingFeedback) -> None:
    """Say so where there are not as many as were asked for."""
    if len(found.rows) < k:
        words = tr("{k} similar ones were asked for; there are {n} others to compare with.")
        feedback.pushInfo(words.format(k=k, n=len(found.rows)))


def _pairs(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.column_stack([lon, lat])
