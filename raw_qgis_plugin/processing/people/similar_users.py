# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:similarusers: the users who move like a chosen one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsProcessing, QgsProcessingParameterString

from ...core.errors import InputError
from ...core.specs import SimilarSpec
from ..form import Run
from ..tracks import TrackAlgorithm
from ..words import tr

if TYPE_CHECKING:
    import numpy as np

    from ...core.embedding.similarity import Similar


class SimilarUsers(TrackAlgorithm):
    ID = "similarusers"
    TITLE = "Similar users"
    SUMMARY = "The people who move most like one of them, with the reasons in words."
    TAGS = ("trajectory", "movement", "similar", "nearest", "lookalike", "embedding", "mobility")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.add_tracks()
        target = QgsProcessingParameterString("TARGET", tr("The user to compare with"))
        self.add(target, "The user's id, as in the user field.")
        self.add_options(SimilarSpec)
        self.add_sink("OUTPUT", "Similar users", QgsProcessing.SourceType.TypeVectorPoint)
        self.add_model()

    def run_on(self, run: Run) -> dict[str, Any]:
        from ...core.embedding.places import most_visited
        from ...core.embedding.similarity import similar_users
        from ...layers import styling

        target, k = run.text("TARGET").strip(), run.spec(SimilarSpec).k
        if not target:
            raise InputError("TARGET is empty: give the id of a user.")
        model = self.open_model(run)
        users, skipped = self.read_units(run, "user")
        found = similar_users(users, target, k, self.cached(model, run), run.stage(tr("Comparing")))
        log_if_few(found, k, run)
        columns = columns_of(found, users.user_ids[found.rows])
        points = self.points(run, *(values[found.rows] for values in most_visited(users)))
        output = self.write(run, "OUTPUT", columns, styling.Similar(target), points, Qgis.WkbType.Point)
        return {"OUTPUT": output, **self.counts(users, skipped, model.provider)}


def columns_of(found: Similar, ids: np.ndarray) -> dict[str, np.ndarray]:
    """The fields of the result: id, rank, similarity and reasons of each user or region that was found."""
    import numpy as np

    rank = np.arange(1, len(found.rows) + 1)
    return {"id": ids, "rank": rank, "similarity": found.similarity, "reasons": np.array(found.reasons, object)}


def log_if_few(found: Similar, k: int, run: Run) -> None:
    """Log it where there are fewer than k."""
    if len(found.rows) < k:
        words = tr("K is {k}, but there are only {n} others to compare with.")
        run.info(words.format(k=k, n=len(found.rows)))
