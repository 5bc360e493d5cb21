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
    from collections.abc import Iterable

# Figures of an earlier run, perhaps with a number that QGIS or an older RAW added: new ones replace them
FIGURES = re.compile(
    r"(n_(users|points|visits|labelled)|no_data|capped_n_visits|(noisy_)?dwell_min|home_share|noise_key|epsilon|within_95"
    r"|suppressed|withheld|in_domain|(residents|workers|share_(commuters|walk|bike|motor|rail))(_low|_high)?)(_\d+)?"
)


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
        self.add_sink("OUTPUT_WEEK", "Regions by weekday and hours", QgsProcessing.SourceType.TypeVector, optional=True)
        self.add_model()

    def run_on(self, run: Run) -> dict[str, Any]:
        from ...core.people.labels import label_people
        from ...core.regions.scores import score_regions
        from ...core.regions.week import week_of_regions
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
        results = {"OUTPUT": write_figures(
            self, run, "OUTPUT", self.regions, own, features, scores.columns, styling.RegionScores(heads),
            progress=(90, 95),
        )}  # fmt: skip
        if run.parameters.get("OUTPUT_WEEK"):
            stage = run.stage(tr("Weekdays and hours"), 95, 97)
            week = week_of_regions(tracks, polygons, spec.min_users, stage, secret)
            rows = [features[number] for number in week["region"]]
            week["region"] = week["region"] + 1
            table = styling.Table("Regions by weekday and hours")
            own = [name for name in own if name.lower() not in {"fid", *week}]
            results["OUTPUT_WEEK"] = write_figures(
                self, run, "OUTPUT_WEEK", self.regions, own, rows, week, table, drawn=False, progress=(97, 100)
            )
        return {**results, **self.counts(tracks, skipped, model.provider)}

    def _own_fields(self, run: Run, features: Iterable[QgsFeature], results: set[str]) -> list[str]:
        """The regions' own fields, without figures, and without a fid that does not number the rows of a GeoPackage."""
        fields = self.regions.fields()
        ids = [feature.attribute(fields.lookupField("fid")) for feature in features] if "fid" in fields.names() else []
        numbered = all(isinstance(each, int) for each in ids) and len(set(ids)) == len(ids)
        taken = results | {"geom"} | (set() if numbered else {"fid"})
        gone = [x for x in fields.names() if x.lower() in taken or FIGURES.fullmatch(x.lower())]
        if gone:
            words = tr("Fields of REGIONS that are figures or belong to a GeoPackage are not taken over: {names}.")
            run.info(words.format(names=", ".join(gone)))
        return [x for x in fields.names() if x not in gone]
