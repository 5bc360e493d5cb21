# SPDX-License-Identifier: GPL-2.0-or-later
"""Polygons and the people who visit them: raw:scoreregions, raw:flows and
raw:similarregions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qgis.core import (
    NULL,
    Qgis,
    QgsExpression,
    QgsFeature,
    QgsFeatureRequest,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingParameterExpression,
    QgsVectorLayerUtils,
)

from ...core.arrays import Array
from ...core.errors import InputError
from ...core.sources.polygons import guess_id
from ...core.specs import (
    FlowSpec,
    RegionSpec,
    SimilarRegionSpec,
    TaskSpec,
)
from ..base import RawAlgorithm
from ..form import LINES, POLYGONS, TABLE, Run
from ..people import columns_of
from ..tracks import TrackAlgorithm
from ..words import tr

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ...core.flows.zones import Zones
    from ...core.tracks import Tracks
    from ...layers.styling import Style


# fields of earlier versions
OLD = ("noise_key", "capped_n_visits", "noisy_dwell_min")


class RegionAlgorithm(TrackAlgorithm):
    """Reads the polygons of REGIONS besides the tracks."""

    def read_regions(self, features: list[QgsFeature], tracks: Tracks) -> Array:
        """(n,) polygons of the features in WGS84. Warns where no fix can lie in any of them:
        usually a CRS is wrong.
        """
        import numpy as np
        import shapely

        from ...core.geodesy import metres_between, near_lon

        run = self.current
        polygons = polygons_in_wgs84(features, self.sources["REGIONS"], run.context)
        west, south, east, north = shapely.total_bounds(polygons) if len(polygons) else [np.nan] * 4
        lon = near_lon(tracks.lon, (west + east) / 2)  # regions may go on beyond ±180
        # No coordinates: logs are sent to others. The nearest fix to the box around the regions
        # shows what is wrong
        near = np.clip(lon, west, east), np.clip(tracks.lat, south, north)
        km = metres_between(lon, tracks.lat, *near).min(initial=np.inf) / 1000
        if not np.isfinite(west):
            run.warn(tr("REGIONS has no polygon with an area, so no fix lies in any."))
        elif 0 < km < np.inf:
            run.warn(
                tr(
                    "No fix lies in any region: the regions are {km:,.0f} km from the tracks. "
                    "Check both layers' CRS.",
                    km=km,
                )
            )
        return polygons


def write_figures(
    algorithm: RawAlgorithm,
    source: QgsProcessingFeatureSource,
    own: Sequence[str],
    features: Sequence[QgsFeature],
    figures: Mapping[str, Array],
    style: Style,
) -> None:
    """Write a row a feature to OUTPUT: own fields of the source, figures, and geometries.

    Figures that are counts become whole numbers.
    """
    counts = tuple(name for name in figures if name.startswith(("n_", "trips_")))
    fields = [source.fields().at(source.fields().lookupField(name)) for name in own]
    values = [[feature[name] for feature in features] for name in own]
    algorithm.crs = source.sourceCrs()
    shapes = [feature.geometry() if feature.hasGeometry() else None for feature in features]
    algorithm.write(
        "OUTPUT", figures, style, shapes, source.wkbType(), counts=counts, own=(fields, values)
    )


def texts_of(
    source: QgsProcessingFeatureSource, features: Sequence[QgsFeature]
) -> tuple[dict[str, list[str]], str]:
    """The values of each field as text, its number for NULL, and the field that names the regions,
    '' for none.
    """
    names = source.fields().names()
    rows = list(enumerate(features, 1))
    texts = {
        name: [str(n if each[name] == NULL else each[name]) for n, each in rows] for name in names
    }
    return texts, guess_id([*texts], texts.__getitem__)


def read_zones(
    algorithm: RawAlgorithm, layer: str, field: str, rounds: bool = False
) -> Zones | None:
    """Zones of a layer's polygons, None where no layer was given. field: the parameter that names
    the field of their names. rounds: whether coordinates are rounded.
    """
    from ...core.flows.zones import read_zones as name_zones
    from ...core.regions.geometry import rounded

    run = algorithm.current
    source = algorithm.sources.get(layer)
    if source is None:
        return None
    features = list(source.getFeatures())
    texts, usual = texts_of(source, features)
    friendly = QgsVectorLayerUtils.guessFriendlyIdentifierField(source.fields())
    # names tell zones apart
    guessed = friendly if len({*texts.get(friendly, ())}) == len(features) else usual
    names = texts.get(run.text(field) or guessed)
    shapes = polygons_in_wgs84(features, source, run.context)
    return name_zones(rounded(shapes) if rounds else shapes, names)


def polygons_in_wgs84(
    features: Iterable[QgsFeature],
    source: QgsProcessingFeatureSource,
    context: QgsProcessingContext,
) -> Array:
    """(n,) polygons of the features as shapely geometries in WGS84: `lonlat_shapes`."""
    from ...layers.coordinates import lonlat_shapes

    return lonlat_shapes(
        [each.geometry() for each in features], source.sourceCrs(), context.transformContext()
    )


class ScoreRegions(RegionAlgorithm):
    ID = "scoreregions"
    TITLE = "Score regions"
    SUMMARY = (
        "Figures for polygons from the people who visit them, with intervals; those of few "
        "people are withheld."
    )

    def declare(self) -> None:
        words = tr(
            "Polygons in any CRS; their own fields are kept, but for figures of an earlier run."
        )
        self.add_layer("REGIONS", "Regions", words, POLYGONS)
        self.add_options(TaskSpec, RegionSpec)
        self.add_sink("OUTPUT", "Region scores", POLYGONS)

    def run_on(self, run: Run) -> None:
        from ...core.mobility.diary import label_users
        from ...core.regions.scores import score_regions
        from ...layers import styling

        spec = run.spec(RegionSpec)
        source = self.sources["REGIONS"]
        model = self.open_model()
        heads = self.choose_heads("region")
        tracks = self.read_units("user")
        features = list(source.getFeatures())
        polygons = self.read_regions(features, tracks)
        label = (
            (lambda users, progress: label_users(users, model, progress)) if spec.labels else None
        )
        scores = score_regions(
            tracks,
            polygons,
            model,
            [head["name"] for head in heads],
            spec.min_users,
            run.stage(tr("Scoring")),
            self.embed,
            label,
        )
        suppressed = scores.columns["suppressed"]
        # what is withheld misleads nobody
        self.warn_outside(scores.reasons, scores.columns["in_domain"] | suppressed)
        words = tr(
            "{n} of {m} regions are withheld: they would show figures of fewer than {k} users."
        )
        run.info(words.format(n=int(suppressed.sum()), m=len(features), k=spec.min_users))
        own = self._own_fields(source, features, {*scores.columns})
        write_figures(self, source, own, features, scores.columns, styling.RegionScores(heads))

    def _own_fields(
        self, source: QgsProcessingFeatureSource, features: Sequence[QgsFeature], results: set[str]
    ) -> list[str]:
        """The regions' own fields, without figures of an earlier run, and without a fid that cannot
        number rows.
        """
        from ...core.regions.people import PEOPLE_FIGURES

        fields = source.fields().names()
        made = results | {*PEOPLE_FIGURES, *OLD, "geom", "rho", "epsilon", "within_95"}
        ids = (
            {feature["fid"] for feature in features if isinstance(feature["fid"], int)}
            if "fid" in fields
            else ()
        )
        made |= set() if len(ids) == len(features) else {"fid"}
        # QGIS adds numbers to names
        gone = [name for name in fields if re.sub(r"_\d$", "", name.lower()) in made]
        if gone:
            words = tr(
                "Fields of REGIONS that are figures or belong to a GeoPackage are not taken over: "
                "{names}."
            )
            self.current.info(words.format(names=", ".join(gone)))
        return [name for name in fields if name not in gone]


class FindFlows(TrackAlgorithm):
    ID = "flows"
    TITLE = "Flows between zones"
    SUMMARY = (
        "How many trips go from zone to zone, when and by which modes; figures of few "
        "people are withheld."
    )
    TAGS = ("origin", "destination", "OD", "matrix")

    def declare(self) -> None:
        self.add_layer(
            "ZONES",
            "Zones (empty: hexagons)",
            "Polygons in any CRS. Where they overlap, the first one counts.",
            POLYGONS,
            optional=True,
        )
        self.add_field("ZONE_FIELD", "Name of the zones (empty: guessed)", "", "ZONES")
        self.add_options(FlowSpec)
        self.add_sink("OUTPUT", "Flows", LINES)
        self.add_sink("OUTPUT_ZONES", "Zones", POLYGONS, optional=True)
        self.add_sink("OUTPUT_MATRIX", "Matrix", TABLE, optional=True, made=False)

    def run_on(self, run: Run) -> None:
        import numpy as np

        from ...core.flows.flows import find_flows
        from ...layers.flows import FlowLines, FlowZones
        from ...layers.styling import Table

        spec = run.spec(FlowSpec)
        model = self.open_model()
        types = Qgis.WkbType
        tracks = self.read_units("track" if spec.trips == "tracks" else "user")
        zones = read_zones(self, "ZONES", "ZONE_FIELD")
        clock = self.plan.fields.zone
        found = find_flows(
            tracks, model, zones, spec, run.stage(tr("Finding trips"), 15, 85), clock
        )
        run.info(found.words)
        if not any(found.matrix["from_zone"]):
            run.warn(
                tr(
                    "No pair of zones has trips of enough users: choose larger zones, or fewer "
                    "slices."
                )
            )
        # of a slice, the strongest is drawn last
        between = np.flatnonzero(found.matrix["rank"] > 0)[::-1]
        lon, lat = found.ways[between].reshape(-1, 2).T
        lines = self.lines(lon, lat, np.arange(0, len(lon) + 1, 2))
        columns = {name: values[between] for name, values in found.matrix.items()}
        self.write("OUTPUT", columns, FlowLines(clock), lines, types.LineString, 85, 92)
        if run.parameters.get("OUTPUT_ZONES"):
            shapes = self.polygons(found.shapes)
            self.write(
                "OUTPUT_ZONES", found.of_zones, FlowZones(), shapes, types.MultiPolygon, 92, 96
            )
        if run.parameters.get("OUTPUT_MATRIX"):
            self.write("OUTPUT_MATRIX", found.matrix, Table("Matrix of trips"), start=96)


class SimilarRegions(RegionAlgorithm):
    ID = "similarregions"
    TITLE = "Similar regions"
    SUMMARY = (
        "The places that are used most like one of them, by the people who cross them; the "
        "reasons in words."
    )

    def declare(self) -> None:
        self.add_layer("REGIONS", "Regions", "Polygons in any CRS.", POLYGONS)
        target = QgsProcessingParameterExpression(
            "TARGET", tr("The region to compare with"), None, "REGIONS"
        )
        words = tr(
            "Its name or id, such as Mission; or an expression that is true for it alone, such as "
            "$id = 12."
        )
        self.add(target, words)
        self.add_options(SimilarRegionSpec)
        self.add_sink("OUTPUT", "Similar regions", POLYGONS)

    def run_on(self, run: Run) -> None:
        import numpy as np

        from ...core.regions.similar import similar_regions
        from ...layers import styling

        spec = run.spec(SimilarRegionSpec)
        source = self.sources["REGIONS"]
        features = list(source.getFeatures())
        ids = self._ids(run, features)
        target = self._find(run, features, ids)  # first, as it is quick
        self.open_model()
        users = self.read_units("user")
        polygons = self.read_regions(features, users)
        stage = run.stage(tr("Comparing"))
        found, suppressed = similar_regions(
            users, polygons, target, spec.k, self.embed, spec.min_users, stage
        )
        words = tr("{n} of {m} regions are left out: fewer than {k} users.")
        run.info(words.format(n=int(suppressed.sum()), m=len(features), k=spec.min_users))
        columns = columns_of(found, np.array(ids, object)[found.rows])
        self.crs = source.sourceCrs()
        shapes = [features[row].geometry() for row in found.rows]
        self.write("OUTPUT", columns, styling.SimilarPlaces(ids[target]), shapes, source.wkbType())

    def _ids(self, run: Run, features: Sequence[QgsFeature]) -> list[str]:
        """What regions are called: by a field, or by QGIS's numbers."""
        texts, named = texts_of(self.sources["REGIONS"], features)
        run.info(tr("The regions' ids are from the field {name}.").format(name=named or "$id"))
        return texts[named] if named else [str(feature.id()) for feature in features]

    def _find(self, run: Run, features: Sequence[QgsFeature], ids: list[str]) -> int:
        """The number of the one region that TARGET fits: by its id, or else by an expression."""
        text = run.text("TARGET").strip()
        found = [number for number, value in enumerate(ids) if value in (text, text.strip("'"))]
        if not found and text and not QgsExpression(text).hasParserError():
            request = QgsFeatureRequest(QgsExpression(text), run.context.expressionContext())
            fits = {feature.id() for feature in self.sources["REGIONS"].getFeatures(request)}
            found = [number for number, feature in enumerate(features) if feature.id() in fits]
        if len(found) != 1:
            examples = ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")
            words = (
                "TARGET {text} fits {n} regions. Give one id, such as {ids}, or an "
                "expression true for one alone."
            )
            raise InputError(words, text=text, n=len(found), ids=examples or "–")
        return found[0]
