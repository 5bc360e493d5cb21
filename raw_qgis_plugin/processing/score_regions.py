# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:scoreregions: what the people who cross a region say about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFields,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsWkbTypes,
)
from qgis.PyQt.QtGui import QIcon

from .base import COMPUTED, READ, TrackAlgorithm, cached, icon
from .progress import Stage
from .words import names_of, tr

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np

    from ..core.tracks import Tracks
    from ..layers.styling import Style

POOLINGS = ("sum", "mean", "share")
CROSSINGS = ("fixes", "segments")


class ScoreRegions(TrackAlgorithm):
    """Score polygons by the users who crossed them."""

    ID = "scoreregions"
    TITLE = "Score regions"
    SUMMARY = "Figures for polygons from the people who cross them, with intervals; few people are withheld."
    TAGS = ("trajectory", "movement", "polygon", "neighbourhood", "points of interest", "density", "mobility", "zones")
    NEEDS = ("onnxruntime", "scipy", "shapely", "pyproj")

    @staticmethod
    def icon() -> QIcon:
        """The drawing in toolbar and toolbox."""
        return icon("regions")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_tracks()
        regions = QgsProcessingParameterFeatureSource("REGIONS", tr("Regions"), [QgsProcessing.TypeVectorPolygon])
        regions.setHelp(tr("Polygons in any CRS; their own fields are kept."))
        self.addParameter(regions)
        tasks = QgsProcessingParameterString("TASKS", tr("Tasks (empty: all that the model has)"), optional=True)
        tasks.setHelp(tr("Names with commas between them, such as: poi_density."))
        self.addParameter(tasks)
        minimum = QgsProcessingParameterNumber(
            "MIN_USERS", tr("Fewest users to show a region"), QgsProcessingParameterNumber.Integer, 10, minValue=1
        )
        minimum.setHelp(tr("A region crossed by fewer distinct users gets no figure, so that nobody is exposed."))
        self.addParameter(minimum)
        self.add_choice(
            "POOLING", "Pooling of users", POOLINGS, "How the users of a region are joined. sum is what the shipped "
            "model was trained with; mean ignores how many they are; share weighs each by its share of the fixes.",
            defaultValue="sum", advanced=True,
        )  # fmt: skip
        self.add_choice(
            "CROSSING", "A user crossed a region", CROSSINGS, "fixes: with a fix in it. segments: also where the "
            "straight way between two fixes (15 minutes and 5 km at most) leads through it.", defaultValue="fixes",
            advanced=True,
        )  # fmt: skip
        for name, label, shape in (
            ("OUTPUT", "Region scores", QgsProcessing.TypeVectorPolygon),
            ("OUTPUT_WEEK", "Regions by weekday and hours", QgsProcessing.TypeVector),
        ):
            self.addParameter(QgsProcessingParameterFeatureSink(name, tr(label), shape, optional=name != "OUTPUT"))
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
        """Read, score, write."""
        from ..core.regions.scores import score_regions
        from ..core.regions.week import week_of_regions
        from ..layers import styling

        minimum = self.parameterAsInt(parameters, "MIN_USERS", context)
        model = self.open_model(parameters, context, feedback)
        self.describe_heads(model.bundle.heads("region"), feedback)
        read, skipped = self.read(feedback)
        tracks = self.cut(read, "user", skipped, feedback)
        features = list(self.regions.getFeatures())
        polygons = to_lonlat(features, self.regions, context)
        warn_if_apart(tracks, polygons, feedback)
        scores = score_regions(
            tracks, polygons, model, names_of(parameters.get("TASKS")),
            self.parameterAsString(parameters, "POOLING", context) or "sum", minimum,
            Stage(feedback, tr("Scoring"), READ, COMPUTED),
            self.parameterAsString(parameters, "CROSSING", context) or "fixes", cached(model, feedback),
        )  # fmt: skip
        self.warn_outside(scores.reasons, scores.columns["in_domain"], feedback)
        withheld = int(scores.columns["suppressed"].sum())
        feedback.pushInfo(
            tr("{n} of {m} regions are withheld: fewer than {k} users.").format(n=withheld, m=len(features), k=minimum)
        )

        style = styling.RegionScores(model.bundle.heads("region"), minimum)
        destination = self._write(parameters, "OUTPUT", context, feedback, features, scores.columns, style)
        written = {"OUTPUT": destination, **self.counts(tracks, skipped, model)}
        if parameters.get("OUTPUT_WEEK"):
            columns = week_of_regions(tracks, polygons, minimum, Stage(feedback, tr("Weekdays and hours"), 95, 97))
            rows = [features[number] for number in columns["region"]]
            columns["region"] = columns["region"] + 1
            written["OUTPUT_WEEK"] = self._write(
                parameters, "OUTPUT_WEEK", context, feedback, rows, columns, styling.Week()
            )
        return written

    def _write(
        self, parameters: dict[str, Any], name: str, context: QgsProcessingContext, feedback: QgsProcessingFeedback,
        features: Sequence[QgsFeature], columns: dict[str, np.ndarray], style: Style,
    ) -> str:  # fmt: skip
        """Write columns beside the regions' own fields, a feature a row; to OUTPUT their shapes too. Returns its id."""
        from ..layers import loading, writing

        counted = ("n_users", "n_points", "n_visits")  # whole numbers, or nan
        kinds = {key: "int" if key in counted else kind for key, kind in writing.kinds_of(columns).items()}
        drawn = name == "OUTPUT"
        # A GeoPackage takes fid for the row's own number, and a region has several rows by weekday
        own = renamed(self.regions.fields(), [*kinds, *([] if drawn else ["fid"])], feedback)
        fields = QgsFields(own)
        for field in writing.make_fields(kinds):
            fields.append(field)
        shape = self.regions.wkbType() if drawn else QgsWkbTypes.Type.NoGeometry
        crs = self.regions.sourceCrs() if drawn else QgsCoordinateReferenceSystem()
        sink, destination = self.open_sink(parameters, name, context, fields, shape, crs)
        attributes: list[Sequence[Any]] = [[feature.attribute(i) for feature in features] for i in range(len(own))]
        attributes += [writing.attribute_values(columns[key], kind) for key, kind in kinds.items()]
        geometries = [feature.geometry() if drawn and feature.hasGeometry() else None for feature in features]
        stage = Stage(feedback, tr("Writing"), COMPUTED if drawn else 97, 95 if drawn else 100)
        writing.write(sink, fields, attributes, geometries, stage)
        loading.on_load(context, destination, style, self.parameterDefinition(name).description())
        return destination


def to_lonlat(
    features: Iterable[QgsFeature], source: QgsProcessingFeatureSource, context: QgsProcessingContext
) -> np.ndarray:
    """The features' polygons as shapely geometries in WGS84: `lonlat_shapes`."""
    from ..layers.coordinates import lonlat_shapes

    return lonlat_shapes([each.geometry() for each in features], source.sourceCrs(), context.transformContext())


def warn_if_apart(tracks: Tracks, polygons: np.ndarray, feedback: QgsProcessingFeedback) -> None:
    """Say so where no fix can lie in any region, with both extents: mostly one of the CRSs is wrong."""
    import numpy as np
    import shapely

    if not len(polygons):
        feedback.pushWarning(tr("REGIONS has no polygon, so the output is empty."))
        return
    west, south, east, north = shapely.total_bounds(polygons)
    inside = (tracks.lon >= west) & (tracks.lon <= east) & (tracks.lat >= south) & (tracks.lat <= north)
    if not len(tracks) or inside.any():
        return
    words = tr("No fix lies in any region: the tracks cover {tracks}, the regions {regions}. Check both layers' CRS.")
    feedback.pushWarning(
        words.format(
            tracks=extent(tracks.lon.min(), tracks.lat.min(), tracks.lon.max(), tracks.lat.max()),
            regions=extent(west, south, east, north) if np.isfinite(west) else "nothing",
        )
    )


def extent(west: float, south: float, east: float, north: float) -> str:
    """A box in degrees, in words."""
    return f"longitude {west:.2f} to {east:.2f}, latitude {south:.2f} to {north:.2f}"


def renamed(fields: QgsFields, names: Sequence[str], feedback: QgsProcessingFeedback) -> QgsFields:
    """The regions' own fields; one whose name is among those of results gets a number, and the log says so.

    The results keep their names, which are published. Most databases do not tell capital letters apart.
    """
    reserved = {name.lower() for name in names}
    taken = reserved | {field.name().lower() for field in fields}
    result = QgsFields()
    for field in fields:
        name, number = field.name(), 2
        if name.lower() in reserved:
            while f"{name}_{number}".lower() in taken:
                number += 1
            name = f"{name}_{number}"
            taken.add(name.lower())
            words = tr("The regions' own field {a} is called {b} in the output.")
            feedback.pushInfo(words.format(a=field.name(), b=name))
            field.setName(name)
        result.append(field)
    return result
