# SPDX-License-Identifier: GPL-2.0-or-later
"""What the algorithms on polygons share: how polygons are read, and figures written beside their own fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.core import QgsFeature, QgsProcessing, QgsProcessingContext, QgsProcessingFeatureSource

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
        """(n,) polygons of the features in WGS84. Warns where no fix can lie in any of them: usually a CRS is wrong."""
        import numpy as np
        import shapely

        from ...core.geodesy import metres_between, near_lon

        polygons = polygons_in_wgs84(features, self.regions, run.context)
        west, south, east, north = shapely.total_bounds(polygons)
        lon = near_lon(tracks.lon, (west + east) / 2)  # regions may go on beyond ±180
        # No coordinates: logs are sent to others. The nearest fix to the box around the regions shows what is wrong
        near = np.clip(lon, west, east), np.clip(tracks.lat, south, north)
        km = metres_between(lon, tracks.lat, *near).min(initial=np.inf) / 1000
        if not np.isfinite(west):
            run.warn(tr("REGIONS has no polygon with an area, so no fix lies in any."))
        elif 0 < km < np.inf:
            words = tr(
                "No fix lies in any region: the regions are {km:,.0f} km from the tracks. Check both layers' CRS."
            )
            run.warn(words.format(km=km))
        return polygons


def write_figures(
    algorithm: RawAlgorithm, run: Run, source: QgsProcessingFeatureSource, own: Sequence[str],
    features: Sequence[QgsFeature], figures: Mapping[str, np.ndarray], style: Style,
) -> str:  # fmt: skip
    """Write a row a feature to OUTPUT: own fields of the source, figures, and geometries. Returns the id of the layer.

    Figures that are counts become whole numbers.
    """
    counts = tuple(name for name in figures if name.startswith(("n_", "capped_", "trips_")))
    fields = [source.fields().at(source.fields().lookupField(name)) for name in own]
    values = [[feature[name] for feature in features] for name in own]
    algorithm.crs = source.sourceCrs()
    shapes = [feature.geometry() if feature.hasGeometry() else None for feature in features]
    return algorithm.write(run, "OUTPUT", figures, style, shapes, source.wkbType(), counts=counts, own=(fields, values))


def texts_of(source: QgsProcessingFeatureSource, features: Sequence[QgsFeature]) -> dict[str, list[str]]:
    """The values of each field as text, in which the field that names regions is looked for."""
    return {name: [str(feature[name]) for feature in features] for name in source.fields().names()}


def polygons_in_wgs84(
    features: Iterable[QgsFeature], source: QgsProcessingFeatureSource, context: QgsProcessingContext
) -> np.ndarray:
    """(n,) polygons of the features as shapely geometries in WGS84: `lonlat_shapes`."""
    from ...layers.coordinates import lonlat_shapes

    return lonlat_shapes([each.geometry() for each in features], source.sourceCrs(), context.transformContext())
