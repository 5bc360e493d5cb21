# SPDX-License-Identifier: GPL-2.0-or-later
"""A million fixes of taxis imported, beside QGIS's own 'Create points layer from table': printed beside our limits."""

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
CABS = Path(os.environ.get("RAW_SHARED", ROOT.parent / "shared")) / "data/cabspotting/points.parquet"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same fixes as CSV and as Parquet."""
    if not CABS.exists():
        pytest.skip(f"{CABS} is not there")
    cabs = parquet.read_table(CABS, columns=["cab_id", "t", "lon_e6", "lat_e6"]).slice(0, 1_000_000)
    degrees = {name: pc.divide(cabs[f"{name}_e6"].cast(pa.float64()), 1e6) for name in ("lon", "lat")}
    moments = pc.utf8_slice_codeunits(pc.strftime(cabs["t"], "%Y-%m-%d %H:%M:%S"), 0, 19)
    folder = tmp_path_factory.mktemp("cabs")
    plain = pa.csv.WriteOptions(quoting_style="none")
    pa.csv.write_csv(pa.table({"cab_id": cabs["cab_id"], "t": moments, **degrees}), folder / "cabs.csv", plain)
    parquet.write_table(pa.table({"cab_id": cabs["cab_id"], "t": cabs["t"], **degrees}), folder / "cabs.parquet")
    return {"CSV": folder / "cabs.csv", "Parquet": folder / "cabs.parquet"}


def measured(way: str, source: Path) -> dict[str, Any]:
    """The faster of two runs."""
    output, runs = source.with_name(f"{way}.gpkg"), []
    for _ in range(2):
        runs.append(run_once(way, source, output))
        output.unlink()
    return min(runs, key=lambda run: run["seconds"])


def run_once(way: str, source: Path, output: Path) -> dict[str, Any]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, ROOT / "tests/bench/import_child.py", way, source, output]
    os.sync()  # what the run before has written is on the disk
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def test_a_million_fixes(tables: dict[str, Path]) -> None:
    native, ours = (
        measured("native", tables["CSV"]),
        {kind: measured("ours", source) for kind, source in tables.items()},
    )
    words = f"{native['seconds']:.1f} s, {native['computed']:.1f} s of processor time, peak {native['peak_gb']:.2f} GB"
    tell("QGIS's own, 1,000,000 rows of CSV to a GeoPackage with index", words)
    for kind, run in ours.items():
        tell(f"raw:importtracks of the {kind}, cleaned and with real times, to the same", f"{run['seconds']:.1f} s, "
             f"{run['computed']:.1f} s of processor time")  # fmt: skip
        tell("    its share of QGIS's time", f"{run['seconds'] / native['seconds']:.2f}", "1")
        tell("    peak of memory with QGIS's own", f"{run['peak_gb']:.2f} GB", "2 GB")
        assert run["fixes"] > 990_000
