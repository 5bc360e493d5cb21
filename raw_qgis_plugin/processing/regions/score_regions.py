# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:scoreregions: figures for polygons from the users who visit them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from qgis.core import QgsFeature, QgsProcessing

from ...core.specs import RegionSpec, TaskSpec
from ..form import Run
from ..words import tr
from .polygons import RegionAlgorithm, write_figures

if TYPE_CHECKING:
    from collections.abc import Sequence


class ScoreRegions(RegionAlgorithm):
    ID = "scoreregions"
    TITLE = "Score regions"
    SUMMARY = "Figures for polygons from the people who visit them, with intervals; few people are withheld."
    TAGS = ("trajectory", "movement", "polygon", "neighbourhood", "residents", "density", "mobility", "zones")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.add_tracks()
        self.add_regions("Polygons in any CRS; their own fields are kept, but for figures of an earlier run.")
        self.add_options(TaskSpec, RegionSpec)
        self.add_sink("OUTPUT", "Region scores", QgsProcessing.SourceType.TypeVectorPolygon)
        self.add_model()

    def run_on(self, run: Run) -> dict[str, Any]:
        from ...core.people.labels import label_people
        from ...core.regions.scores import score_regions
        from ...environment.folders import publish_secret
        from ...layers import styling

        spec, secret = run.spec(RegionSpec), publish_secret()
        if not secret:
            run.warn(tr("The QGIS profile cannot be written, so these figures cannot be published."))
        model = self.open_model(run)
        heads = self.choose_heads(model, "region", run)
        tracks, skipped = self.read_units(run, "user")
        features = list(self.regions.getFeatures())
        polygons = self.read_regions(run, features, tracks)
        label = (lambda users, progress: label_people(users, model, progress)) if spec.labels else None
        scores = score_regions(
            tracks, polygons, model, [head["name"] for head in heads], spec.min_users, run.stage(tr("Scoring")),
            self.cached(model, run), label, secret,
        )  # fmt: skip
        trusted = scores.columns["in_domain"] | scores.columns["suppressed"]  # what is withheld misleads nobody
        self.warn_outside(scores.reasons, trusted, run)
        words = tr("{n} of {m} regions are withheld: they would show figures of fewer than {k} users.")
        withheld = int(scores.columns["suppressed"].sum())
        run.info(words.format(n=withheld, m=len(features), k=spec.min_users))
        own = self._own_fields(run, features, {*scores.columns})
        style = styling.RegionScores(heads)
        output = write_figures(self, run, self.regions, own, features, scores.columns, style)
        return {"OUTPUT": output, **self.counts(tracks, skipped, model.provider)}

    def _own_fields(self, run: Run, features: Sequence[QgsFeature], results: set[str]) -> list[str]:
        """The regions' own fields, without figures of an earlier run, and without a fid that cannot number rows."""
        from ...core.regions.people import PEOPLE_FIGURES

        fields = self.regions.fields().names()
        made = results | {*PEOPLE_FIGURES, "geom", "epsilon", "within_95"}
        ids = {feature["fid"] for feature in features if isinstance(feature["fid"], int)} if "fid" in fields else ()
        made |= set() if len(ids) == len(features) else {"fid"}
        gone = [name for name in fields if re.sub(r"_\d+$", "", name.lower()) in made]  # QGIS adds numbers to names
        if gone:
            words = tr("Fields of REGIONS that are figures or belong to a GeoPackage are not taken over: {names}.")
            run.info(words.format(names=", ".join(gone)))
        return [name for name in fields if name not in gone]
