# SPDX-License-Identifier: GPL-2.0-or-later
"""Make aracaju_tracks.gpkg, aracaju_regions.gpkg and heldout.json from the published GoTrack files.

    PYTHONPATH=. .venv/bin/python resources/sample/make_aracaju.py GOTRACK_FOLDER
    [CABSPOTTING_PARQUET]

GOTRACK_FOLDER holds go_track_tracks.csv and go_track_trackspoints.csv (UCI data set 354). With
Cabspotting's points given as well, the ids of its held-out cabs go into heldout.json. Needs GDAL,
pyproj and shapely.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pyproj
import shapely
from osgeo import ogr, osr

from model.data.heldout import HELD_OUT_DEVICES, held_out_cab

HERE = Path(__file__).parent

ogr.UseExceptions()
osr.UseExceptions()


def chosen_devices(fixes: Counter[str]) -> tuple[str, ...]:
    """The rule: of the devices with 200 fixes or more, the ten after the three with the most (those
    three train).
    """
    return tuple([device for device, n in fixes.most_common() if n >= 200][3:13])


def read_gotrack(folder: Path) -> list[tuple[str, str, datetime, float, float]]:
    """The chosen devices' fixes (device, track, time in UTC, longitude, latitude), sorted."""
    with (folder / "go_track_tracks.csv").open() as f:
        device = {row["id"]: row["id_android"] for row in csv.DictReader(f)}
    with (folder / "go_track_trackspoints.csv").open() as f:
        rows = list(csv.DictReader(f))
    chosen = chosen_devices(Counter(device[row["track_id"]] for row in rows))
    if chosen != HELD_OUT_DEVICES:
        raise SystemExit(
            f"The rule gives {chosen}, but model/data/heldout.py has {HELD_OUT_DEVICES}."
        )
    fixes, local = [], timezone(timedelta(hours=-3))  # the published times are Aracaju's
    for row in rows:
        track = row["track_id"]
        if device[track] in chosen:
            t = datetime.fromisoformat(row["time"]).replace(tzinfo=local).astimezone(timezone.utc)
            fixes.append((device[track], track, t, float(row["longitude"]), float(row["latitude"])))
    return sorted(fixes, key=lambda fix: (int(fix[0]), int(fix[1]), fix[2]))


def hexagons(lon: np.ndarray, lat: np.ndarray) -> list[tuple[str, shapely.Polygon]]:
    """Hexagons over the city, those with at least one fix, in degrees; A1 lies north-west.

    Two tracks leave the city's bounds.
    """
    to_utm = pyproj.Transformer.from_crs(4326, 31984, always_xy=True)  # UTM 24S
    points = shapely.points(lon, lat)
    r, (x0, y0), (x1, y1) = (
        1400.0,
        to_utm.transform(-37.112, -11.0),
        to_utm.transform(-37.035, -10.89),
    )
    angles = np.radians(np.arange(0, 360, 60))
    found = []
    for column, x in enumerate(np.arange(x0 + r, x1 + r / 2, 1.5 * r)):
        for row, y in enumerate(np.arange(y1, y0 - r, -np.sqrt(3) * r)):
            cy = y - (column % 2) * np.sqrt(3) / 2 * r
            corners = to_utm.transform(
                x + r * np.cos(angles), cy + r * np.sin(angles), direction="INVERSE"
            )
            cell = shapely.Polygon(np.round(np.column_stack(corners), 6))
            if shapely.contains(cell, points).any():
                found.append((f"{chr(ord('A') + column)}{row + 1}", cell))
    return found


def write_layer(path: Path, kind: int, fields: dict[str, int], rows: list[tuple]) -> None:
    """One GeoPackage with one layer in EPSG:4326; each row is the fields' values and then the
    geometry.
    """
    path.unlink(missing_ok=True)
    wgs84 = osr.SpatialReference()
    wgs84.ImportFromEPSG(4326)
    wgs84.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = source.CreateLayer(path.stem, wgs84, kind, ["SPATIAL_INDEX=NO"])  # a third smaller
    for name, field_type in fields.items():
        layer.CreateField(ogr.FieldDefn(name, field_type))
    layer.StartTransaction()
    for *values, geometry in rows:
        feature = ogr.Feature(layer.GetLayerDefn())
        for name, value in zip(fields, values, strict=True):
            feature.SetField(name, value)
        feature.SetGeometry(ogr.CreateGeometryFromWkb(geometry.wkb))
        layer.CreateFeature(feature)
    layer.CommitTransaction()


def main(gotrack: Path, cabspotting: Path | None) -> None:
    """Write the three files beside this script."""
    fixes = read_gotrack(gotrack)
    write_layer(
        HERE / "aracaju_tracks.gpkg",
        ogr.wkbPoint,
        {"user_id": ogr.OFTString, "track_id": ogr.OFTString, "t": ogr.OFTDateTime},
        [
            (u, track, t.strftime("%Y/%m/%d %H:%M:%S+00"), shapely.Point(x, y))
            for u, track, t, x, y in fixes
        ],
    )
    cells = hexagons(np.array([fix[3] for fix in fixes]), np.array([fix[4] for fix in fixes]))
    write_layer(HERE / "aracaju_regions.gpkg", ogr.wkbPolygon, {"name": ogr.OFTString}, cells)
    record = HERE / "heldout.json"
    known = json.loads(record.read_text()) if record.exists() else {}
    cabs = known.get("cabspotting_cabs", [])
    if cabspotting:
        import pyarrow.parquet

        ids = (
            pyarrow.parquet.read_table(cabspotting, columns=["cab_id"])["cab_id"]
            .unique()
            .to_pylist()
        )
        cabs = sorted(cab for cab in ids if held_out_cab(cab))
    held_out = {"gotrack_devices": list(HELD_OUT_DEVICES), "cabspotting_cabs": cabs}
    record.write_text(json.dumps(held_out) + "\n")
    print(
        f"{len(fixes):,} fixes, {len(HELD_OUT_DEVICES)} devices, {len(cells)} regions, {len(cabs)} cabs"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
