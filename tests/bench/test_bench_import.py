# SPDX-License-Identifier: GPL-2.0-or-later
"""A million fixes of taxis imported, beside QGIS's own 'Create points layer from table': printed
beside our limits.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pytest
from pyarrow import parquet

from .test_bench import tell

ROOT = Path(__file__).parents[2]
CABS = (
    Path(os.environ.get("RAW_SHARED", ROOT.parent / "shared")) / "data/cabspotting/points.parquet"
)


def measured(way: str, source: Path) -> dict[str, Any]:
    """The faster of two runs."""
    output, runs = source.with_name(f"{way}.gpkg"), []
    env = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, ROOT / "tests/bench/import_child.py", way, source, output]
    for _ in range(2):
        os.sync()  # what the run before has written is on the disk
        run = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        runs.append(json.loads(run.stdout.splitlines()[-1]))
        output.unlink()
    return min(runs, key=lambda run: run["seconds"])


def test_a_million_fixes(tmp_path: Path) -> None:
    if not CABS.exists():
        pytest.skip(f"{CABS} is not there")
    cabs = parquet.read_table(CABS, columns=["cab_id", "t", "lon_e6", "lat_e6"]).slice(0, 1_000_000)
    degrees = {
        name: pc.divide(cabs[f"{name}_e6"].cast(pa.float64()), 1e6) for name in ("lon", "lat")
    }
    moments = pc.utf8_slice_codeunits(pc.strftime(cabs["t"], "%Y-%m-%d %H:%M:%S"), 0, 19)
    plain, file = pa.csv.WriteOptions(quoting_style="none"), tmp_path / "cabs.csv"
    pa.csv.write_csv(pa.table({"cab_id": cabs["cab_id"], "t": moments, **degrees}), file, plain)
    native, ours = measured("native", file), measured("ours", file)
    for what, run in (("QGIS's own", native), ("raw:importtracks", ours)):
        words = f"{run['seconds']:.1f} s, {run['computed']:.1f} s of processor time, peak {run['peak_gb']:.2f} GB"
        tell(f"{what}, 1,000,000 rows of CSV to a GeoPackage with index", words)
    tell("    its share of QGIS's time", f"{ours['seconds'] / native['seconds']:.2f}", "1")
    assert ours["fixes"] > 990_000
