# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo: the staged plugin in a QGIS profile of its own, the samples in, GeoPackages and printed
maps out.

`make demo` runs it (with build and tests on the path). Everything is written under build/demo/.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import say
from qgisrun import ROOT, STAGE, QgisProcess

from raw_qgis_plugin.core.bundle.bundle import Bundle, open_bundle
from raw_qgis_plugin.core.labels import cards_of

OUT = ROOT / "build" / "demo"
SAMPLE = STAGE / "resources" / "sample"


class Demo(NamedTuple):
    """One sample, and the map that is printed of it. shown: the results on the map, the uppermost
    first.
    """

    name: str
    title: str
    note: str
    map_name: str
    tracks: Path
    min_users: int
    shown: tuple[str, ...]

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
    note="Tracks: GoTrack (Cruz, Macedo, Guimarães; UCI 354), CC BY 4.0. Hexagons drawn for the sample.",
    map_name="map.png",
    tracks=SAMPLE / "aracaju_tracks.gpkg",
    min_users=3,  # ten phones: the default of 10 would withhold every hexagon
    shown=("forecast_points", "forecast_tracks", "trips", "forecast_areas", "regions"),
)
CITY = Demo(
    name="city",
    title="Who commutes in a synthetic city? 40 invented people, one week",
    note="Streets, people and movement are invented (Eclipse SUMO); nothing here is a real place.",
    map_name="people.png",
    tracks=OUT / "city_tracks.gpkg",
    min_users=10,
    shown=("people", "regions"),
)
DEMOS = (ARACAJU, CITY)


def run(demo: Demo, model: str) -> dict[str, Any]:
    """The algorithms on one sample; the numeric outputs of the labels of people."""
    qgis = QgisProcess(OUT / "profile" / demo.name)
    if demo is CITY:
        qgis.run("raw:importtracks", SOURCE=SAMPLE / "city_tracks.parquet", OUTPUT=demo.tracks)
    common = {"INPUT": demo.tracks, "USER_FIELD": "user_id", "TIME_FIELD": "t", "MODEL": model}
    regions = {
        "REGIONS": demo.regions,
        "MIN_USERS": demo.min_users,
        "OUTPUT": demo.output("regions"),
    }
    qgis.run("raw:scoreregions", **common, **regions)
    by_trip = {"TRACK_FIELD": "track_id", "UNIT": "track", "OUTPUT": demo.output("trips")}
    qgis.run("raw:profileusers", **common, **by_trip)
    if demo is ARACAJU:
        names = {
            "OUTPUT": "forecast_points",
            "OUTPUT_TRACKS": "forecast_tracks",
            "OUTPUT_AREAS": "forecast_areas",
        }
        outputs = {name: demo.output(what) for name, what in names.items()}
        qgis.run("raw:forecasttracks", **common, UNIT="user", HORIZON=2, STEP=1, **outputs)
    return qgis.run("raw:profileusers", **common, OUTPUT=demo.output("people"))


def draw(demo: Demo, bundle: Bundle) -> None:
    """Print the results over each other, as the plugin styles them, on the page of RAW → Maps →
    Make a map.
    """
    from qgis.core import (
        QgsCoordinateReferenceSystem,
        QgsLayoutExporter,
        QgsProject,
        QgsRectangle,
        QgsVectorLayer,
    )
    from qgis.gui import QgsMapCanvas
    from qgis.PyQt.QtGui import QColor

    from raw_qgis_plugin.gui.maps.notes import notes
    from raw_qgis_plugin.gui.maps.page import make_layout
    from raw_qgis_plugin.layers import styling

    looks = {
        "people": styling.Profiles(cards_of("user", bundle.heads("user")), "user"),
        "trips": styling.Profiles(bundle.heads("track"), "track"),
        "regions": styling.RegionScores(bundle.heads("region")), "forecast_points": styling.ForecastPoints(),
        "forecast_tracks": styling.ForecastLines(), "forecast_areas": styling.ForecastAreas(),
    }  # fmt: skip
    layers = []
    for what in demo.shown:
        layer = QgsVectorLayer(str(demo.output(what)), what, "ogr")
        looks[what].apply(layer)
        layers.append(layer)
    if demo is CITY:
        streets = QgsVectorLayer(
            f"{SAMPLE / 'city_streets.gpkg'}|layername=streets", "Streets", "ogr"
        )
        streets.renderer().symbol().setColor(QColor("#d4d4d0"))
        layers.append(streets)
    QgsProject.instance().addMapLayers(layers)
    canvas = QgsMapCanvas()
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    canvas.setLayers(layers)
    extent = QgsRectangle()
    for layer in (each for each in layers if each.name().startswith(("Users", "Regions"))):
        extent.combineExtentWith(
            canvas.mapSettings().layerExtentToOutputExtent(layer, layer.extent())
        )
    extent.scale(1.1)
    canvas.setExtent(extent)
    layout = make_layout(canvas, demo.title, [*notes(canvas, layers, None), demo.note])
    if not QgsLayoutExporter(layout).renderPageToImage(0, dpi=150).save(str(OUT / demo.map_name)):
        raise RuntimeError(f"QGIS could not write {OUT / demo.map_name}.")
    QgsProject.instance().clear()


def sentences(demo: Demo, bundle: Bundle) -> list[str]:
    """What the results say."""
    titles = {head["name"]: head["title"] for head in cards_of("user", bundle.card["heads"])}
    people, trips = (say.rows_of(demo.output(what)) for what in ("people", "trips"))
    trips = [row for row in trips if not row["track_id"].endswith("-stays")]
    said = [
        *say.about_labels(people, "users", ("commuter", "main_mode"), titles),
        *say.about_labels(trips, "trips", ("transport_mode",), titles),
        *say.about_regions(say.rows_of(demo.output("regions")), demo.min_users),
    ]
    if demo is ARACAJU:
        return said + say.about_forecasts(say.rows_of(demo.output("forecast_points")))
    said += say.against_truth(
        people, "user_id", "commuter", SAMPLE / "city_truth_users.csv", "commuter"
    )
    return said + say.against_truth(
        trips, "track_id", "transport_mode", SAMPLE / "city_truth_tracks.csv", "mode"
    )


def main() -> None:
    """Run all, draw, and say what came out and where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--model", default="", help="a model bundle (default: the one that comes with the plugin)"
    )
    model = parser.parse_args().model
    began = time.monotonic()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())
    OUT.mkdir(parents=True, exist_ok=True)
    print("Labelling, scoring and forecasting two samples in QGIS …")
    with ThreadPoolExecutor(len(DEMOS)) as pool:
        results = list(pool.map(lambda demo: run(demo, model), DEMOS))
    from qgis.core import QgsApplication

    app, bundle = QgsApplication([], True), open_bundle(model or None)
    app.initQgis()
    for demo, result in zip(DEMOS, results, strict=True):
        draw(demo, bundle)
        print(f"\n{demo.title} (model run on {result['PROVIDER']})")
        for sentence in sentences(demo, bundle):
            print(f"  {sentence}")
        layers = ", ".join(p.name for p in sorted(OUT.glob(f"{demo.name}_*.gpkg")))
        print(f"  map: {OUT / demo.map_name}\n  layers in {OUT}: {layers}")
    app.exitQgis()
    print(f"\nDone in {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
