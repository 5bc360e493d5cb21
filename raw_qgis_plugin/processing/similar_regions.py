# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:similarregions: which places are used like this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsExpression,
    QgsExpressionContext,
    QgsFeature,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterExpression,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)
from qgis.PyQt.QtGui import QIcon

from ..core.errors import InputError
from .base import COMPUTED, READ, TrackAlgorithm, cached, icon
from .progress import Stage
from .score_regions import to_lonlat, warn_if_apart
from .similar_users import add_k, columns_of, say_if_few
from .words import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

ID_NAMES = ("region_id", "id", "code", "name", "fid")
LISTED = 5


class SimilarRegions(TrackAlgorithm):
    """The polygons that are used most like one of them."""

    ID = "similarregions"
    TITLE = "Similar regions"
    SUMMARY = "The places that are used most like one of them, by the people who cross them; the reasons in words."
    TAGS = ("trajectory", "movement", "polygon", "similar", "nearest", "neighbourhood", "embedding", "mobility")
    NEEDS = ("onnxruntime", "scipy", "shapely", "pyproj")

    @staticmethod
    def icon() -> QIcon:
        """The drawing in toolbar and toolbox."""
        return icon("similar_regions")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_tracks()
        polygon = QgsProcessing.SourceType.TypeVectorPolygon
        regions = QgsProcessingParameterFeatureSource("REGIONS", tr("Regions"), [polygon])
        regions.setHelp(tr("Polygons in any CRS."))
        self.addParameter(regions)
        target = QgsProcessingParameterExpression("TARGET", tr("The region to compare with"), None, "REGIONS")
        target.setHelp(
            tr("Its value in the id field, such as Mission; or an expression that is true for it alone, such as "
               "\"name\" = 'Mission' or $id = 12.")
        )  # fmt: skip
        self.addParameter(target)
        ids = QgsProcessingParameterField(
            "ID_FIELD", tr("Id field of the regions (empty: guessed)"), None, "REGIONS", optional=True
        )
        ids.setHelp(tr("What TARGET is looked up in, and what the result calls the regions by."))
        self.addParameter(ids)
        add_k(self)
        minimum = QgsProcessingParameterNumber(
            "MIN_USERS", tr("Fewest users to show a region"), QgsProcessingParameterNumber.Type.Integer, 10, minValue=1
        )
        minimum.setHelp(tr("A region crossed by fewer distinct users is neither compared nor found."))
        self.addParameter(minimum)
        self.addParameter(QgsProcessingParameterFeatureSink("OUTPUT", tr("Similar regions"), polygon))
        self.add_model()

    def prepareAlgorithm(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """On the main thread: tracks and regions."""
        self.regions = self.parameterAsSource(parameters, "REGIONS", context)
        if self.regions is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, "REGIONS"))
        return super().prepareAlgorithm(parameters, context, feedback)

    def run_on(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Find the target first, which is quick; then read, compare, write."""
        import numpy as np

        from ..core.similarity import similar_regions
        from ..layers import styling

        k = self.parameterAsInt(parameters, "K", context)
        features = list(self.regions.getFeatures())
        name, ids = self._ids(features, self.parameterAsString(parameters, "ID_FIELD", context), feedback)
        text = self.parameterAsString(parameters, "TARGET", context).strip()
        target = self._find(text, features, ids, name, context)
        model = self.open_model(parameters, context, feedback)
        read, skipped = self.read(feedback)
        users = self.cut(read, "user", skipped, feedback)
        polygons = to_lonlat(features, self.regions, context)
        warn_if_apart(users, polygons, feedback)
        minimum = self.parameterAsInt(parameters, "MIN_USERS", context)
        found, suppressed = similar_regions(
            users, polygons, target, k, cached(model, feedback), minimum,
            Stage(feedback, tr("Comparing"), READ, COMPUTED),
        )  # fmt: skip
        words = tr("{n} of {m} regions are left out: fewer than {k} users.")
        feedback.pushInfo(words.format(n=int(suppressed.sum()), m=len(features), k=minimum))
        say_if_few(found, k, feedback)
        geometries = [features[row].geometry() for row in found.rows]
        destination = self.write_table(
            parameters, "OUTPUT", context, columns_of(found, np.array(ids, object)[found.rows]), geometries,
            self.regions.wkbType(), self.regions.sourceCrs(), styling.SimilarPlaces(str(ids[target])),
            Stage(feedback, tr("Writing"), COMPUTED, 100),
        )  # fmt: skip
        return {"OUTPUT": destination, **self.counts(users, skipped, model)}

    def _ids(
        self, features: Sequence[QgsFeature], chosen: str, feedback: QgsProcessingFeedback
    ) -> tuple[str, list[str]]:
        """The id field, '$id' for none, and each region's id as text."""
        fields = self.regions.fields()
        if chosen and fields.lookupField(chosen) < 0:
            raise InputError(f"REGIONS has no field '{chosen}'. Its fields: {', '.join(fields.names()) or 'none'}.")
        for name in [chosen] if chosen else ID_NAMES:
            index = fields.lookupField(name)
            if index >= 0:
                ids = [str(feature.attribute(index)) for feature in features]
                if chosen or len(set(ids)) == len(ids):
                    feedback.pushInfo(tr("The regions' ids are from the field {name}.").format(name=name))
                    return name, ids
        feedback.pushInfo(tr("The regions' ids are their feature ids."))
        return "$id", [str(feature.id()) for feature in features]

    def _find(
        self, text: str, features: Sequence[QgsFeature], ids: list[str], name: str, context: QgsProcessingContext
    ) -> int:
        """The number of the one region that TARGET means: by its id, or else by an expression."""
        if not text:
            raise InputError("TARGET is empty: give a region's id, or an expression that is true for one region alone.")
        plain = text[1:-1] if len(text) > 2 and text[0] == text[-1] == "'" else text  # 'Mission', as expressions write
        found = [number for number, value in enumerate(ids) if value == plain]
        expression = QgsExpression(text)
        if not found and not expression.hasParserError():
            scopes = QgsExpressionContext(context.expressionContext())
            scopes.setFields(self.regions.fields())
            expression.prepare(scopes)
            for number, feature in enumerate(features):
                scopes.setFeature(feature)
                if expression.evaluate(scopes) == 1:  # QGIS's true
                    found.append(number)
        if len(found) != 1:
            some = ", ".join(ids[:LISTED]) + (", …" if len(ids) > LISTED else "")
            raise InputError(
                f"TARGET {text} fits {len(found) or 'no'} region{'s' * (len(found) > 1)}. Give a value of {name}, such "
                f"as {some or '(REGIONS is empty)'}; or an expression that is true for one region alone."
            )
        return found[0]
