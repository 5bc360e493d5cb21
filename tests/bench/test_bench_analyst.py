# SPDX-License-Identifier: GPL-2.0-or-later
"""An analyst's path through qgis_process: 30 labelled users, then everybody. Printed, never asserted.

RAW_BENCH_TRACKS and RAW_BENCH_LABELS name other tracks (any file that raw:importtracks reads) and a CSV of user_id and
label, such as those of a synthetic city; else 500 people wander for two weeks, and half of them slowly.
"""

import csv
import os
import subprocess
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from qgisrun import ROOT, QgisProcess

from .test_bench import tell, wanderers

USERS, FIXES, LABELLED = 500, 9000, 30


@pytest.fixture(scope="module")
def qgis(tmp_path_factory):
    subprocess.run(["make", "-s", "build"], cwd=ROOT, check=True)
    return QgisProcess(tmp_path_factory.mktemp("qgis") / "profile")


def invented(folder: Path) -> tuple[Path, Path]:
    columns = wanderers(USERS, FIXES, 14 * 86_400 // FIXES)
    columns["t"] = columns["t"].astype("datetime64[ms]")
    pq.write_table(pa.table(columns), folder / "tracks.parquet")
    metres = np.hypot(*np.diff([columns["lon"], columns["lat"]], axis=1))[FIXES // 2 :: FIXES]
    with (folder / "labels.csv").open("w", newline="") as f:
        rows = [[f"u{i:05d}", "slow" if metres[i] < np.median(metres) else "fast"] for i in range(LABELLED)]
        csv.writer(f).writerows([["user_id", "label"], *rows])
    return folder / "tracks.parquet", folder / "labels.csv"


def test_from_thirty_labels_to_five_hundred_profiles(qgis, tmp_path):
    names = [os.environ.get(f"RAW_BENCH_{what}") for what in ("TRACKS", "LABELS")]
    tracks, labels = map(Path, names) if all(names) else invented(tmp_path)
    qgis.run("raw:importtracks", SOURCE=tracks, OUTPUT=tmp_path / "tracks.gpkg")
    common, moments = {"INPUT": tmp_path / "tracks.gpkg", "DEVICE": "CPU"}, [time.monotonic()]
    taught = qgis.run(
        "raw:trainhead", **common, LABELS=labels, LABEL_FIELD="label", UNIT="user", TASK_NAME="label",
        BUNDLE=tmp_path / "bundle", REPORT=tmp_path / "report.html",
    )  # fmt: skip
    moments.append(time.monotonic())
    for out in ("profiles", "again"):
        done = qgis.run("raw:profileusers", **common, MODEL=tmp_path / "bundle", OUTPUT=tmp_path / f"{out}.gpkg")
        moments.append(time.monotonic())
    teaching, profiling, again = np.diff(moments)
    what = f"{taught['N_USERS']} labelled users, then the profiles of {done['N_USERS']} with {done['N_POINTS']:,} fixes"
    tell(what, f"{teaching:.0f} + {profiling:.0f} = {teaching + profiling:.0f} s on {os.cpu_count()} cores", "180 s")
    tell("their profiles once more, from the cache", f"{again:.0f} s")
    assert done["N_USERS"] >= taught["N_USERS"] and (tmp_path / "report.html").exists()
