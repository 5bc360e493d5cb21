# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo: the staged plugin in a QGIS profile of its own, the samples in, GeoPackages and a map out.

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

OUT = ROOT / "build" / "demo"
SAMPLE = STAGE / "resources" / "sample"


class Demo(NamedTuple):
    """One sample: its files, how it is run and how its map is titled."""

    name: str
    title: str
    note: str
    extent: tuple[float, float, float, float]
    min_users: int
    horizon_min: int
    step_min: int

    @property
    def tracks(self) -> Path:
        """The layer of fixes."""
        return SAMPLE / f"{self.name}_tracks.gpkg"

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
    note="Tracks: GoTrack (Cruz, Macedo, Guimarães; UCI 354), CC BY 4.0. Hexagons drawn for the sample, scored "
    "from 3 users on.\nForecasts are made by a model: they are not observations.",
    extent=(-37.125, -11.02, -37.02, -10.84),
    min_users=3,  # ten phones: the default of 10 would withhold every hexagon
    horizon_min=10,
    step_min=5,
)
DEMOS = (ARACAJU,)


def run(demo: Demo, model: str) -> dict[str, Any]:
    """The three algorithms on one sample; the numeric outputs of the last one."""
    qgis = QgisProcess(OUT / "profile" / demo.name)
    common = {"INPUT": demo.tracks, "USER_FIELD": "user_id", "TIME_FIELD": "t", "MODEL": model}
    qgis.run("raw:profileusers", **common, OUTPUT=demo.output("profiles"))
    regions = {"REGIONS": demo.regions, "MIN_USERS": demo.min_users, "OUTPUT": demo.output("regions")}
    qgis.run("raw:scoreregions", **common, **regions)
    ahead = {"UNIT": "user", "HORIZON": demo.horizon_min, "STEP": demo.step_min}
    outputs = {
        "OUTPUT": demo.output("forecast_points"),
        "OUTPUT_TRACKS": demo.output("forecast_tracks"),
        "OUTPUT_AREAS": demo.output("forecast_areas"),
    }
    return qgis.run("raw:forecasttracks", **common, **ahead, **outputs)


def draw(demo: Demo, picture: Path, model: str) -> None:
    """The three results over each other as the plugin styles them, the tracks below the forecasts."""
    import printed_map

    from raw_qgis_plugin.core.bundle import open_bundle
    from raw_qgis_plugin.layers import styling

    bundle = open_bundle(model or None)
    looks = {
        "profiles": styling.Profiles(bundle.heads("user"), "user"),
        "forecast_points": styling.ForecastPoints(),
        "forecast_tracks": styling.ForecastLines(),
        "forecast_areas": styling.ForecastAreas(),
        "": None,
        "regions": styling.RegionScores(bundle.heads("region"), demo.min_users),
    }
    layers = []
    for what, look in looks.items():
        if look is None:
            layers.append(printed_map.track_lines(demo.tracks, "Tracks as recorded", "#3f4a59"))
            continue
        layers.append(printed_map.open_layer(demo.output(what), what))
        look.apply(layers[-1])
    printed_map.draw(picture, demo.title, demo.note, layers, demo.extent)


def sentences(demo: Demo) -> list[str]:
    """What the results say."""
    return [
        *say.about_profiles(say.rows_of(demo.output("profiles")), "user"),
        *say.about_regions(say.rows_of(demo.output("regions")), demo.min_users),
        *say.about_forecasts(say.rows_of(demo.output("forecast_points"))),
    ]


def main() -> None:
    """Run all, draw, and say what came out and where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="", help="a model bundle (default: the one that comes with the plugin)")
    model = parser.parse_args().model
    began = time.monotonic()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())
    OUT.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(len(DEMOS)) as pool:
        results = list(pool.map(lambda demo: run(demo, model), DEMOS))
    from printed_map import start_qgis

    app = start_qgis()
    for demo, result in zip(DEMOS, results, strict=True):
        picture = OUT / ("map.png" if demo is ARACAJU else f"{demo.name}.png")
        draw(demo, picture, model)
        print(f"\n{demo.title} (model run on {result['PROVIDER']})")
        for sentence in sentences(demo):
            print(f"  {sentence}")
        print(f"  layers: {demo.output('*').relative_to(ROOT)}   map: {picture.relative_to(ROOT)}")
    app.exitQgis()
    print(f"\nDone in {time.monotonic() - began:.0f} s. Open the map: {OUT / 'map.png'}")


if __name__ == "__main__":
    main()
