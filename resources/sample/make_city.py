# SPDX-License-Identifier: GPL-2.0-or-later
"""Make the synthetic sample (city_*) from a generated city.

    .venv/bin/python -m model.synthetic --small --across 8 --seed 2027 --output CITY
    PYTHONPATH=. .venv/bin/python resources/sample/make_city.py CITY

Each leg of a trip (walk to the stop, ride, walk on) is a track with its mode in the truth; the rest
of a person's fixes is one more track. Devices that record every second or two are thinned, to keep
the demo short.
"""

from __future__ import annotations

import csv
import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from osgeo import gdal

HERE = Path(__file__).parent

gdal.UseExceptions()


def thin(user: np.ndarray, t: np.ndarray, gap_s: float = 5) -> np.ndarray:
    """(n,) bool: fixes of a user, sorted by time, that come at least gap_s after the last one kept."""
    keep = np.zeros(len(t), bool)
    last: dict[str, int] = {}
    for i, (who, when) in enumerate(zip(user, t, strict=True)):
        if when - last.get(who, -(2**60)) >= 1000 * gap_s:
            keep[i], last[who] = True, when
    return keep


def name_legs(city: Path) -> list[dict[str, str]]:
    """The legs of all trips, by trip and time, with a track_id: the trip's id and a letter."""
    with (city / "truth_segments.csv").open() as f:
        legs = sorted(csv.DictReader(f), key=lambda leg: (leg["trip_id"], int(leg["t_start"])))
    done: Counter[str] = Counter()
    for leg in legs:
        leg["track_id"] = leg["trip_id"] + chr(ord("a") + done[leg["trip_id"]])
        done[leg["trip_id"]] += 1
    return legs


def name_tracks(user: np.ndarray, t: np.ndarray, legs: list[dict[str, str]]) -> np.ndarray:
    """(n,) object: the id of the leg that a fix lies in, or USER-stays outside of them."""
    names = np.char.add(user.astype(str), "-stays").astype(object)
    for leg in legs:
        inside = (user == leg["user_id"]) & (t >= int(leg["t_start"])) & (t <= int(leg["t_end"]))
        names[inside] = leg["track_id"]
    return names


def write_truth(legs: list[dict[str, str]]) -> None:
    """The mode of every leg."""
    with (HERE / "city_truth_tracks.csv").open("w", newline="") as f:
        writer = csv.DictWriter(
            f, ["user_id", "track_id", "t_start", "t_end", "mode"], extrasaction="ignore"
        )
        writer.writeheader()
        writer.writerows(legs)


def write_tracks(city: Path, legs: list[dict[str, str]]) -> int:
    """The tracks as a small Parquet file; returns the number of fixes."""
    table = pq.read_table(city / "tracks.parquet")
    user = table["user_id"].to_numpy(zero_copy_only=False)
    t, lon, lat = (table[name].to_numpy() for name in ("t", "lon", "lat"))
    keep = thin(user, t)
    user, t, lon, lat = user[keep], t[keep], lon[keep], lat[keep]
    track = name_tracks(user, t, legs)
    columns = {
        "user_id": pa.array(user).dictionary_encode(),
        "track_id": pa.array(track).dictionary_encode(),
        "t": pa.array(t, pa.timestamp("ms", "UTC")),
        "lon_e6": np.round(lon * 1e6).astype(np.int32),
        "lat_e6": np.round(lat * 1e6).astype(np.int32),
    }
    pq.write_table(
        pa.table(columns),
        HERE / "city_tracks.parquet",
        compression="zstd",
        use_dictionary=["user_id", "track_id"],
        column_encoding=dict.fromkeys(("t", "lon_e6", "lat_e6"), "DELTA_BINARY_PACKED"),
    )
    return len(t)


def write_layer(source: Path, target: Path, update: bool = False) -> None:
    """A GeoJSON layer into a GeoPackage, under its own name."""
    options = gdal.VectorTranslateOptions(
        format="GPKG", layerName=source.stem, accessMode="update" if update else None
    )
    gdal.VectorTranslate(str(target), str(source), options=options)


def main(city: Path) -> None:
    """Write the files beside this script."""
    for old in HERE.glob("city_*"):
        old.unlink()
    legs = name_legs(city)
    write_truth(legs)
    fixes = write_tracks(city, legs)
    write_layer(city / "regions.geojson", HERE / "city_regions.gpkg")
    write_layer(city / "streets.geojson", HERE / "city_streets.gpkg")
    write_layer(city / "stations.geojson", HERE / "city_streets.gpkg", update=True)
    shutil.copy(city / "truth_users.csv", HERE / "city_truth_users.csv")
    print(f"{fixes:,} fixes, {sum(p.stat().st_size for p in HERE.glob('city_*')) / 1e6:.2f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
