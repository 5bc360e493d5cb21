# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures of regions, flows or zones as others may have them: raw:publish."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from qgis.core import (
    Qgis,
)

from ...core.disclosure.spec import PublishSpec
from ...core.errors import InputError
from ...core.specs import (
    TripSpec,
)
from ..form import ANY_SHAPE, POLYGONS, Run
from ..words import tr
from .algorithms import RegionAlgorithm, read_zones

if TYPE_CHECKING:
    from ...core.disclosure.ledger import Request
    from ...core.disclosure.publish import Publication
    from ...core.errors import Progress
    from ...core.flows.zones import Zones
    from ...core.mobility.people import PeopleLabels
    from ...core.tracks import Tracks


class Publish(RegionAlgorithm):
    ID = "publish"
    TITLE = "Publish figures"
    SUMMARY = (
        "Figures of regions, flows or zones as they may leave the desk: with noise, at a price "
        "that a ledger adds up."
    )
    TAGS = ("privacy", "anonymous", "disclosure", "differential privacy", "ledger")

    def declare(self) -> None:
        self.add_layer(
            "REGIONS",
            "Regions or zones (empty: hexagons)",
            "Polygons in any CRS. Flows and zones can do without: hexagons of a grid of the world.",
            POLYGONS,
            optional=True,
        )
        self.add_field("REGION_FIELD", "Name of the regions (empty: guessed)", "", "REGIONS")
        self.add_options(PublishSpec, TripSpec)
        self.add_sink("OUTPUT", "Published figures", ANY_SHAPE)

    def check(self, run: Run) -> None:
        super().check(run)
        if run.spec(PublishSpec).kind == "regions" and not run.parameters.get("REGIONS"):
            raise InputError("Regions are published of polygons: choose a layer for REGIONS.")

    def run_on(self, run: Run) -> None:
        from ...core.disclosure.ledger import Ledger, publish_once
        from ...environment.folders import ledger_folder

        spec = run.spec(PublishSpec)
        ledger = Ledger(ledger_folder())  # first: without it nothing is read
        trips = run.spec(TripSpec) if spec.kind != "regions" else None
        tracks = self.read_units("track" if trips and trips.trips == "tracks" else "user")
        zones = read_zones(self, "REGIONS", "REGION_FIELD", rounds=True)
        needs_model = spec.labels if trips is None else trips.trips == "stops"
        if needs_model:
            self.open_model()
        request = self._request(tracks, zones, spec, trips)
        run.info(ledger.spent(request.people).in_words())
        publication = publish_once(
            ledger, request, spec.max_rho, lambda: self._draw(tracks, zones, spec, trips)
        )
        self._tell(publication, spec)
        self._write(publication)

    def _request(
        self, tracks: Tracks, zones: Zones | None, spec: PublishSpec, trips: TripSpec | None
    ) -> Request:
        import numpy as np

        from ...core.disclosure.ledger import request_of
        from ...core.embedding.cache import recipe_key

        shapes = zones.shapes if zones else np.zeros(0, object)
        names = list(zones.names) if zones else None
        model = recipe_key(self.model).hex() if self.model else None
        return request_of(tracks, shapes, spec, trips, names, model)

    def _draw(
        self, tracks: Tracks, zones: Zones | None, spec: PublishSpec, trips: TripSpec | None
    ) -> Publication:
        """A new publication: noise is drawn."""
        from ...core.disclosure.publish import publish
        from ...core.flows.flows import trips_of
        from ...core.flows.publishing import flows_to_publish, zones_to_publish
        from ...core.mobility.diary import label_users
        from ...core.regions.publishing import regions_to_publish

        run = self.current
        if trips is not None:
            journeys = trips_of(tracks, self.model, trips, run.stage(tr("Finding trips"), 15, 85))
            make = flows_to_publish if spec.kind == "flows" else zones_to_publish
            return publish(make(journeys, zones, trips), spec)

        def label(users: Tracks, progress: Progress) -> PeopleLabels:
            return label_users(users, self.model, progress)

        zones = cast("Zones", zones)  # `check` has seen to it
        stage = run.stage(tr("Scoring"))
        names = {"name": zones.names}
        return publish(
            regions_to_publish(tracks, zones.shapes, names, label if spec.labels else None, stage),
            spec,
        )

    def _tell(self, publication: Publication, spec: PublishSpec) -> None:
        """What was paid, and what it means."""
        from ...core.disclosure.accounting import epsilon_of, guess_bound

        run = self.current
        suppressed = publication.columns["suppressed"]
        run.info(
            tr(
                "This publication costs a ρ of {rho:g}: an ε of {epsilon:.1f} for each person, "
                "with a δ of one in a million. Somebody who knows everybody else guesses right "
                "whether a person is in it in {bound:.0%} of cases at most (a coin: 50 %).",
                rho=publication.rho,
                epsilon=epsilon_of(publication.rho),
                bound=guess_bound(publication.rho),
            )
        )
        run.info(
            tr(
                "Numbers of users are within ±{within} of those counted in 95 % of cases. {n} of "
                "{all} rows have figures: others are of fewer than {least} users, with noise.",
                within=publication.within_95,
                n=int((~suppressed).sum()),
                all=len(suppressed),
                least=publication.least,
            )
        )
        run.info(
            tr(
                "About {n:,} users are in more than {rows} rows and count in so many, chosen at "
                "random.",
                n=publication.beyond,
                rows=spec.rows,
            )
        )

    def _write(self, publication: Publication) -> None:
        """Write it in WGS84, with the coordinates that the figures were computed on."""
        from qgis.core import QgsCoordinateReferenceSystem

        from ...layers.publishing import Published
        from ...layers.writing import geometries, multipolygons

        self.crs = QgsCoordinateReferenceSystem("EPSG:4326")
        of_flows = "from_zone" in publication.columns
        make = geometries if of_flows else multipolygons
        shape = Qgis.WkbType.LineString if of_flows else Qgis.WkbType.MultiPolygon
        columns = publication.columns
        counts = tuple(name for name in columns if name.startswith(("n_", "trips_")))
        style = Published([])
        self.write("OUTPUT", columns, style, make(publication.shapes), shape, counts=counts)
