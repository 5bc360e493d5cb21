# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:flows: where trips go, between which zones, when and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsProcessing, QgsProcessingFeatureSource, QgsProcessingParameterFeatureSource

from ...core.specs import FlowSpec
from ..form import Run
from ..tracks import TrackAlgorithm
from ..words import tr
from .polygons import polygons_in_wgs84, texts_of

if TYPE_CHECKING:
    from ...core.flows.flows import Flows
    from ...core.flows.zones import Zones


class FindFlows(TrackAlgorithm):
    ID = "flows"
    TITLE = "Flows between zones"
    SUMMARY = "How many trips go from zone to zone, when and by which modes; few people are withheld."
    TAGS = ("trajectory", "origin", "destination", "OD", "matrix", "flow", "trips", "zones", "commuting", "mobility")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        shapes = QgsProcessing.SourceType
        self.add_tracks()
        zones = QgsProcessingParameterFeatureSource(
            "ZONES", tr("Zones (empty: hexagons)"), [shapes.TypeVectorPolygon], optional=True
        )
        self.add(zones, "Polygons in any CRS. Where they overlap, the first one counts.")
        self.add_field("ZONE_FIELD", "Name of the zones (empty: guessed)", "", "ZONES")
        self.add_options(FlowSpec)
        self.add_sink("OUTPUT", "Flows", shapes.TypeVectorLine)
        self.add_sink("OUTPUT_ZONES", "Zones", shapes.TypeVectorPolygon, optional=True)
        self.add_sink("OUTPUT_MATRIX", "Matrix", shapes.TypeVector, optional=True, made=False)
        self.add_model()

    def run_on(self, run: Run) -> dict[str, Any]:
        from ...core.flows.flows import find_flows
        from ...environment.folders import publish_secret

        spec, model = run.spec(FlowSpec), self.open_model(run)
        tracks, skipped = self.read_units(run, "track" if spec.trips == "tracks" else "user")
        zones = self._read_zones(run, self.sources["ZONES"]) if "ZONES" in self.sources else None
        found = find_flows(tracks, model, zones, spec, publish_secret(), run.stage(tr("Finding trips"), 15, 85))
        words = tr(
            "Trips: {n:,}. Not counted: {a:,} that begin or end where nothing is recorded, {b:,} with an end in no "
            "zone."
        )
        run.info(words.format(n=found.n_trips, a=found.n_incomplete, b=found.n_outside))
        if not (found.pairs["from"] >= 0).any():
            run.warn(tr("No pair of zones has trips of enough users: choose larger zones, or fewer slices."))
        return {**self._write(run, found), **self.counts(tracks, skipped, model.provider)}

    def _read_zones(self, run: Run, source: QgsProcessingFeatureSource) -> Zones:
        from ...core.flows.zones import read_zones
        from ...core.sources.polygons import guess_id

        features = list(source.getFeatures())
        texts = texts_of(source, features)
        field = run.text("ZONE_FIELD") or guess_id([*texts], texts.__getitem__)
        return read_zones(polygons_in_wgs84(features, source, run.context), texts.get(field))

    def _write(self, run: Run, found: Flows) -> dict[str, Any]:
        import numpy as np

        from ...core.flows.flows import shown_zones, table_of
        from ...layers.flows import FlowLines, FlowZones
        from ...layers.legends import Table

        table, pairs = table_of(found), found.pairs
        between = np.flatnonzero(pairs["rank"] > 0)
        order = between[np.argsort(-pairs["rank"][between], kind="stable")]  # the strongest are drawn last
        ends = found.zones.centres[np.stack([pairs["from"], pairs["to"]], axis=1)[order].ravel()]
        lines = self.lines(run, ends[:, 0], ends[:, 1], np.arange(0, len(ends) + 1, 2))
        columns, types = {name: values[order] for name, values in table.items()}, Qgis.WkbType
        results = {"OUTPUT": self.write(run, "OUTPUT", columns, FlowLines(), lines, types.LineString, 85, 92)}
        if run.parameters.get("OUTPUT_ZONES"):
            shapes, columns = shown_zones(found, "ZONES" not in self.sources)
            sink = "OUTPUT_ZONES", columns, FlowZones(), self.polygons(run, shapes), types.MultiPolygon
            results["OUTPUT_ZONES"] = self.write(run, *sink, 92, 96)
        if run.parameters.get("OUTPUT_MATRIX"):
            results["OUTPUT_MATRIX"] = self.write(run, "OUTPUT_MATRIX", table, Table("Matrix of trips"), start=96)
        return results
