# SPDX-License-Identifier: GPL-2.0-or-later
"""Processor time and memory of reading a GeoPackage: printed beside our limits, never asserted."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely
from osgeo import ogr, osr

from .test_bench import tell, wanderers

ROOT = Path(__file__).parents[2]


def geopackage(path: Path, users: int, fixes: int, order: str) -> Path:
    """People who wander, sorted by user, by time or not at all."""
    c = wanderers(users, fixes, 60)
    moment = c["t"] + 1000 * (np.arange(len(c["t"])) // fixes)
    row = {"user": np.arange(len(moment)), "time": np.argsort(moment, kind="stable"),
           "chance": np.random.default_rng(1).permutation(len(moment))}[order]  # fmt: skip
    world = osr.SpatialReference()
    world.ImportFromEPSG(4326)
    with ogr.GetDriverByName("GPKG").CreateDataSource(str(path)) as dataset:
        layer = dataset.CreateLayer("fixes", world, ogr.wkbPoint, options=["SPATIAL_INDEX=NO"])
        layer.CreateField(ogr.FieldDefn("user_id", ogr.OFTString))
        layer.CreateField(ogr.FieldDefn("t", ogr.OFTDateTime))
        layer.StartTransaction()
        for some in np.array_split(row, max(1, len(row) // 250_000)):
            t = pa.array(moment[some].astype("datetime64[ms]")).cast(pa.timestamp("ms", "UTC"))
            wkb = pa.array(
                shapely.to_wkb(shapely.points(c["lon"][some], c["lat"][some])), pa.binary()
            )
            layer.WritePyArrow(
                pa.table({"user_id": pa.array(c["user_id"][some]), "t": t, "geom": wkb})
            )
        layer.CommitTransaction()
    return path


def measured(path: Path) -> tuple[float, float]:
    """Processor seconds, and the peak of memory in GB."""
    more = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    env = {**os.environ, "PYTHONPATH": more, "OMP_NUM_THREADS": "1", "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, ROOT / "tests/bench/reading_child.py", path]
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    result = json.loads(run.stdout.splitlines()[-1])
    return result["seconds"], result["peak_gb"]


@pytest.mark.parametrize("order", ["user", "chance"])
def test_fixes_to_tracks(tmp_path, order):
    seconds, _ = measured(geopackage(tmp_path / "a.gpkg", 1000, 1000, order))
    tell(f"1,000,000 fixes by {order} to tracks", f"{seconds:.2f} s of processor time", "0.55 s")
    seconds, peak_gb = measured(geopackage(tmp_path / "b.gpkg", 10_660, 938, order))
    tell(
        f"9,999,080 fixes by {order} to tracks",
        f"{seconds:.1f} s, peak {peak_gb:.2f} GB with QGIS's own",
        "1.6 GB",
    )
