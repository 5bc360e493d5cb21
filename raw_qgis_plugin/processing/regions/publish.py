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
from .polygons import write_figures


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
        columns = {
            name: [None if feature[name] == NULL else feature[name] for feature in features]
            for name in source.fields().names()
        }
        found = publish_figures(columns, publish_secret(), spec.epsilon, spec.min_users)
        own = guess_id(list(columns), lambda name: [str(value) for value in columns[name]])
        kept = [name for name in dict.fromkeys([own, *NAMES]) if name in columns]
        left_out = [name for name in columns if name not in {*kept, *found}]
        run.info(tr("Fields left out: {names}.").format(names=", ".join(left_out) or "–"))
        words = tr(
            "Numbers of users are within ±{within} of the recorded number in 95 % of cases. {n} of {all} rows have "
            "figures: others are of fewer than {least} users, with noise."
        )
        shown = int((~found["suppressed"]).sum())
        least = publish_threshold(spec.epsilon, spec.min_users)
        within = deviation(spec.epsilon)
        run.info(words.format(within=within, n=shown, all=len(features), least=least))
        if "from_zone" in columns:  # that there is a row, and where it stands, would tell of a pair what the desk knew
            names = list(zip(*(map(str, columns[name]) for name in ("slice", "from_zone", "to_zone"))))
            order = sorted(map(int, np.flatnonzero(~found["suppressed"])), key=names.__getitem__)
            features, found = [features[row] for row in order], {name: found[name][order] for name in found}
            kept = [name for name in NAMES if name in columns]
        style = Published([])
        return {"OUTPUT": write_figures(self, run, "OUTPUT", source, kept, features, found, style)}
