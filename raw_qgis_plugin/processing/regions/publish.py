# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:publish: figures as they may leave the desk."""

from __future__ import annotations

from typing import Any

from qgis.core import NULL, QgsProcessing

from ...core.sources.polygons import guess_id
from ...core.specs import PublishSpec
from ..base import RawAlgorithm
from ..form import Run
from ..words import tr
from .polygons import texts_of, write_figures


class Publish(RawAlgorithm):
    ID = "publish"
    TITLE = "Publish figures"
    SUMMARY = "Figures of regions or flows as they may leave the desk: with fixed noise, by an allow-list of fields."
    NEEDS = ()
    TAGS = ("privacy", "anonymous", "disclosure", "differential privacy", "noise", "export", "mobility")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        shapes = QgsProcessing.SourceType
        self.add_layer("INPUT", "Regions or flows", "A result of Score regions, or of flows.", shapes.TypeVector)
        self.add_options(PublishSpec)
        self.add_sink("OUTPUT", "Published figures", shapes.TypeVectorAnyGeometry)

    def run_on(self, run: Run) -> dict[str, Any]:
        import numpy as np

        from ...core.regions.noise import deviation
        from ...core.regions.publish import NAMES, publish_figures, publish_threshold
        from ...environment.folders import publish_secret
        from ...layers.publishing import Published

        spec, source = run.spec(PublishSpec), self.sources["INPUT"]
        features = list(source.getFeatures())
        texts = texts_of(source, features)
        columns = {name: [None if row[name] == NULL else row[name] for row in features] for name in texts}
        found = publish_figures(columns, publish_secret(), spec.epsilon, spec.min_users)
        of_pairs = "from_zone" in columns
        named = NAMES if of_pairs else (guess_id([*texts], texts.__getitem__), *NAMES)
        kept = [name for name in dict.fromkeys(named) if name in columns]
        left_out = [name for name in columns if name not in {*kept, *found}]
        run.info(tr("Fields left out: {names}.").format(names=", ".join(left_out) or "–"))
        words = tr(
            "Numbers of users are within ±{within} of the recorded number in 95 % of cases. {n} of {all} rows have "
            "figures: others are of fewer than {least} users, with noise."
        )
        shown = np.flatnonzero(~found["suppressed"])
        least, within = publish_threshold(spec.epsilon, spec.min_users), deviation(spec.epsilon)
        run.info(words.format(within=within, n=len(shown), all=len(features), least=least))
        if of_pairs:  # that there is a row, and where it stands, would tell of a pair what the desk knew
            order = sorted(map(int, shown), key=lambda row: [texts[name][row] for name in kept])
            features, found = [features[row] for row in order], {name: found[name][order] for name in found}
        return {"OUTPUT": write_figures(self, run, source, kept, features, found, Published([]))}
