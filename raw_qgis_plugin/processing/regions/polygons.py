# SPDX-License-Identifier: GPL-2.0-or-later
"""What the algorithms on polygons share: how polygons are read, and figures written beside their own fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.core import (
    Qgis,
    QgsFeature,
    QgsFields,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
)

from ..base import RawAlgorithm
from ..form import Run
from ..tracks import TrackAlgorithm
from ..words import tr

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np

    from ...core.tracks import Tracks
    from ...layers.styling import Style


class RegionAlgorithm(TrackAlgorithm):
    """Reads the polygons of REGIONS besides the tracks."""

    def add_regions(self, help_text: str) -> None:
        """Add REGIONS."""
        self.add_layer("REGIONS", "Regions", help_text, QgsProcessing.SourceType.TypeVectorPolygon)

    @property
    def regions(self) -> QgsProcessingFeatureSource:
        """The layer of REGIONS."""
        return self.sources["REGIONS"]

    def read_regions(self, run: Run, features: list[QgsFeature], tracks: Tracks) -> np.ndarray:
        """(n,) polygons of the features in WGS84. Warns where no fix can lie in any of them."""
        polygons = polygons_in_wgs84(features, self.regions, run.context)
        warn_if_apart(tracks, polygons, run)
        return polygons


def write_figures(
    algorithm: RawAlgorithm, run: Run, name: str, source: QgsProcessingFeatureSource, own: Sequence[str],
    features: Sequence[QgsFeature], figures: Mapping[str, np.ndarray], style: Style, drawn: bool = True,
    progress: tuple[float, float] = (90, 100),
) -> str:  # fmt: skip
    """Write a row a feature to the output `name`: own fields of the source, figures, and where drawn the geometries.

    Figures that are counts become whole numbers. progress: percent of the bar. Returns the id of the layer.
    """
    from ...layers import writing

    counts = {key for key in figures if key.startswith(("n_", "capped_", "trips_"))}
    kinds = {key: "int" if key in counts else kind for key, kind in writing.kinds_of(figures).items()}
    fields, indices = QgsFields(), [source.fields().lookupField(each) for each in own]
    for field in (*(source.fields().at(index) for index in indices), *writing.make_fields(kinds)):
        fields.append(field)
    values = [[feature.attribute(index) for feature in features] for index in indices]
    values += [writing.attribute_values(figures[key], kind) for key, kind in kinds.items()]
    geometries = [feature.geometry() if drawn and feature.hasGeometry() else None for feature in features]
    algorithm.crs = source.sourceCrs()
    shape = source.wkbType() if drawn else Qgis.WkbType.NoGeometry
    return algorithm.write_rows(run, name, fields, values, style, geometries, shape, *progress)


def polygons_in_wgs84(
    features: Iterable[QgsFeature], source: QgsProcessingFeatureSource, context: QgsProcessingContext
) -> np.ndarray:
    """(n,) polygons of the features as shapely geometries in WGS84: `lonlat_shapes`."""
    from ...layers.coordinates import lonlat_shapes

    return lonlat_shapes([each.geometry() for each in features], source.sourceCrs(), context.transformContext())


def warn_if_apart(tracks: Tracks, polygons: np.ndarray, run: Run) -> None:
    """Warn with the distance where no fix can lie in any polygon: usually one CRS is wrong."""
    import numpy as np
    import shapely

    from ...core.geodesy import metres_between, near_lon

    west, south, east, north = shapely.total_bounds(polygons) if len(polygons) else [np.nan] * 4
    if not np.isfinite(west):
        run.warn(tr("REGIONS has no polygon with an area, so no fix lies in any."))
        return
    lon = near_lon(tracks.lon, (west + east) / 2)  # regions may go on beyond ±180
    # No coordinates: logs are sent to others. The nearest fix to the box around the regions shows what is wrong
    km = metres_between(lon, tracks.lat, np.clip(lon, west, east), np.clip(tracks.lat, south, north)) / 1000
    if len(km) and km.min() > 0:
        words = tr("No fix lies in any region: the regions are {km:,.0f} km from the tracks. Check both layers' CRS.")
        run.warn(words.format(km=km.min()))
