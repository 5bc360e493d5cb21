# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:similarregions: the places that people use like a chosen one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import QgsExpression, QgsFeature, QgsFeatureRequest, QgsProcessing, QgsProcessingParameterExpression

from ...core.errors import InputError
from ...core.sources.polygons import guess_id
from ...core.specs import SimilarRegionSpec
from ..form import Run
from ..people.similar_users import columns_of, log_if_few
from ..words import tr
from .polygons import RegionAlgorithm, texts_of

if TYPE_CHECKING:
    from collections.abc import Sequence


class SimilarRegions(RegionAlgorithm):
    ID = "similarregions"
    TITLE = "Similar regions"
    SUMMARY = "The places that are used most like one of them, by the people who cross them; the reasons in words."
    TAGS = ("trajectory", "movement", "polygon", "similar", "nearest", "neighbourhood", "embedding", "mobility")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.add_tracks()
        self.add_regions("Polygons in any CRS.")
        target = QgsProcessingParameterExpression("TARGET", tr("The region to compare with"), None, "REGIONS")
        self.add(
            target, "Its name or id, such as Mission; or an expression that is true for it alone, such as $id = 12."
        )
        self.add_options(SimilarRegionSpec)
        self.add_sink("OUTPUT", "Similar regions", QgsProcessing.SourceType.TypeVectorPolygon)
        self.add_model()

    def run_on(self, run: Run) -> dict[str, Any]:
        import numpy as np

        from ...core.regions.similar import similar_regions
        from ...layers import styling

        spec = run.spec(SimilarRegionSpec)
        features = list(self.regions.getFeatures())
        ids = self._ids(run, features)
        target = self._find(run, features, ids)  # first, as it is quick
        model = self.open_model(run)
        users, skipped = self.read_units(run, "user")
        polygons = self.read_regions(run, features, users)
        found, suppressed = similar_regions(
            users, polygons, target, spec.k, self.cached(model, run), spec.min_users, run.stage(tr("Comparing"))
        )
        words = tr("{n} of {m} regions are left out: fewer than {k} users.")
        run.info(words.format(n=int(suppressed.sum()), m=len(features), k=spec.min_users))
        log_if_few(found, spec.k, run)
        columns, style = columns_of(found, np.array(ids, object)[found.rows]), styling.SimilarPlaces(ids[target])
        self.crs, shapes = self.regions.sourceCrs(), [features[row].geometry() for row in found.rows]
        output = self.write(run, "OUTPUT", columns, style, shapes, self.regions.wkbType())
        return {"OUTPUT": output, **self.counts(users, skipped, model.provider)}

    def _ids(self, run: Run, features: Sequence[QgsFeature]) -> list[str]:
        """Each region's name as text, from the field that is guessed; without one its feature id."""
        columns = texts_of(self.regions, features)
        if name := guess_id([*columns], columns.__getitem__):
            run.info(tr("The regions' ids are from the field {name}.").format(name=name))
            return columns[name]
        run.info(tr("The regions' ids are their feature ids."))
        return [str(feature.id()) for feature in features]

    def _find(self, run: Run, features: Sequence[QgsFeature], ids: list[str]) -> int:
        """The number of the one region that TARGET fits: by its id, or else by an expression."""
        text = run.text("TARGET").strip()
        found = [number for number, value in enumerate(ids) if value in (text, text.strip("'"))]
        if not found and text and not QgsExpression(text).hasParserError():
            request = QgsFeatureRequest(QgsExpression(text), run.context.expressionContext())
            fits = {feature.id() for feature in self.regions.getFeatures(request)}
            found = [number for number, feature in enumerate(features) if feature.id() in fits]
        if len(found) != 1:
            examples = ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")
            raise InputError(
                f"TARGET {text} fits {len(found) or 'no'} region{'s' * (len(found) > 1)}. Give the id of one, such as "
                f"{examples or '(REGIONS is empty)'}; or an expression that is true for one region alone."
            )
        return found[0]
