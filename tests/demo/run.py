# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo: the staged plugin in a QGIS profile of its own, the samples in, GeoPackages and maps out.

`make demo` runs it (with build and tests on the path). Everything is written under build/demo/.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import say
from qgisrun import ROOT, STAGE, QgisProcess

from raw_qgis_plugin.core.bundle.bundle import Bundle, open_bundle

OUT = ROOT / "build" / "demo"
SAMPLE = STAGE / "resources" / "sample"
NO_BASEMAP = "Forecasts are made by a model: they are not observations."


class Demo(NamedTuple):
    """One sample: its files, how it is run and how its map is titled."""

    name: str
    title: str
    note: str
    map_name: str
    extent: tuple[float, float, float, float] | None  # None: the regions'
    min_users: int
    horizon_min: float
    step_min: float
    tracks: Path
    to_import: Path | None = None
    streets: Path | None = None

    @property
    def regions(self) -> Path:
        """The layer of polygons."""
        return SAMPLE / f"{self.name}_regions.gpkg"

    def output(self, what: str) -> Path:
        """Where a result goes."""
        return OUT / f"{self.name}_{what}.gpkg"


ARACAJU = Demo(
    name="aracaju",
    title="Aracaju, Brazil: ten phones in cars and buses, 2014 and 2015",
    note="Tracks: GoTrack (Cruz, Macedo, Guimarães; UCI 354), CC BY 4.0. Hexagons drawn for the sample, scored from "
    f"3 users on.\n{NO_BASEMAP}",
    map_name="map.png",
    extent=(-37.135, -11.03, -37.0, -10.845),
    min_users=3,  # ten phones: the default of 10 would withhold every hexagon
    horizon_min=2,
    step_min=1,
    tracks=SAMPLE / "aracaju_tracks.gpkg",
)
CITY = Demo(
    name="city",
    title="A synthetic city: 40 invented people, one week",
    note=f"Streets, people and movement are invented (Eclipse SUMO); nothing here is a real place.\n{NO_BASEMAP}",
    map_name="city.png",
    extent=None,
    min_users=10,
    horizon_min=2,
    step_min=1,
    tracks=OUT / "city_tracks.gpkg",
    to_import=SAMPLE / "city_tracks.parquet",
    streets=SAMPLE / "city_streets.gpkg",
)
DEMOS = (ARACAJU, CITY)


def run(demo: Demo, model: str) -> dict[str, Any]:
    """The algorithms on one sample; the numeric outputs of the last one."""
    qgis = QgisProcess(OUT / "profile" / demo.name)
    if demo.to_import:
        qgis.run("raw:importtracks", SOURCE=demo.to_import, OUTPUT=demo.tracks)
    common = {"INPUT": demo.tracks, "USER_FIELD": "user_id", "TIME_FIELD": "t", "MODEL": model}
    qgis.run("raw:profileusers", **common, OUTPUT=demo.output("profiles"))
    by_trip = {"TRACK_FIELD": "track_id", "UNIT": "track", "OUTPUT": demo.output("trips")}
    qgis.run("raw:profileusers", **common, **by_trip)
    regions = {"REGIONS": demo.regions, "MIN_USERS": demo.min_users, "OUTPUT": demo.output("regions")}
    qgis.run("raw:scoreregions", **common, **regions)
    ahead = {"UNIT": "user", "HORIZON": demo.horizon_min, "STEP": demo.step_min}
    outputs = {
        "OUTPUT": demo.output("forecast_points"),
        "OUTPUT_TRACKS": demo.output("forecast_tracks"),
        "OUTPUT_AREAS": demo.output("forecast_areas"),
    }
    return qgis.run("raw:forecasttracks", **common, **ahead, **outputs)


def draw(demo: Demo, bundle: Bundle) -> None:
    """The results over each other, as the plugin styles them."""
    import printed_map
    from qgis.core import QgsRectangle

    from raw_qgis_plugin.layers import styling

    looks = {
        "profiles": styling.Profiles(bundle.heads("user"), "user"),
        "forecast_points": styling.ForecastPoints(),
        "forecast_tracks": styling.ForecastLines(),
        "trips": styling.Profiles(bundle.heads("track"), "track"),
        "forecast_areas": styling.ForecastAreas(),
        "regions": styling.RegionScores(bundle.heads("region")),
    }
    layers = []
    for what, look in looks.items():
        layers.append(printed_map.open_layer(demo.output(what), what))
        look.apply(layers[-1])
        if what == "trips":
            layers[-1].setSubsetString("track_id NOT LIKE '%-stays'")
            printed_map.thin_lines(layers[-1], 0.5)
    extent = QgsRectangle(*demo.extent) if demo.extent else layers[-1].extent().buffered(0.002)
    if demo.streets:
        layers += printed_map.street_plan(demo.streets)
    printed_map.draw(OUT / demo.map_name, demo.title, demo.note, layers, extent)


def sentences(demo: Demo, bundle: Bundle) -> list[str]:
    """What the results say."""
    titles = {head["name"]: head["title"] for head in bundle.card["heads"]}
    users = say.rows_of(demo.output("profiles"))
    trips = [row for row in say.rows_of(demo.output("trips")) if not row["track_id"].endswith("-stays")]
    regions = say.rows_of(demo.output("regions"))
    said = [
        *say.about_profiles(users, "user", titles),
        *say.about_profiles(trips, "track", titles),
        *say.about_regions(regions, demo.min_users, titles),
        *say.about_forecasts(say.rows_of(demo.output("forecast_points"))),
    ]
    if demo is CITY:
        journeys = SAMPLE / "city_truth_tracks.csv"
        said += say.against_truth(trips, "track_id", "transport_mode", journeys, "track_id", "mode")
    return said


def show(demos: Sequence[Demo], providers: Sequence[str], model: str) -> None:
    """Draw the maps and print what they say."""
    from printed_map import start_qgis

    app = start_qgis()
    for demo, provider in zip(demos, providers, strict=True):
        bundle = open_bundle(model or None)
        draw(demo, bundle)
        print(f"\n{demo.title} (model run on {provider})")
        for sentence in sentences(demo, bundle):
            print(f"  {sentence}")
        layers = ", ".join(p.name for p in sorted(OUT.glob(f"{demo.name}_*.gpkg")))
        print(f"  map: {OUT / demo.map_name}\n  layers in {OUT}: {layers}")
    app.exitQgis()


def main() -> None:
    """Run all, draw, and say what came out and where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="", help="a model bundle (default: the one that comes with the plugin)")
    model = parser.parse_args().model
    began = time.monotonic()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())
    OUT.mkdir(parents=True, exist_ok=True)
    print("Profiling, scoring and forecasting two samples in QGIS …")
    with ThreadPoolExecutor(len(DEMOS)) as pool:
        results = list(pool.map(lambda demo: run(demo, model), DEMOS))
    show(DEMOS, [result["PROVIDER"] for result in results], model)
    print(f"\nDone in {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
