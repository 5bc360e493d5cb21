# SPDX-License-Identifier: GPL-2.0-or-later
"""Time and memory of the algorithms on one and on ten million fixes, in qgis_process: printed, never asserted.

Beside the whole processor time stands that of reading the layer, of running the network and its heads (inference), and
in forecasts of finding continuations in the layer's past, which the network of the scorer is given (search). QGIS's own
start is in the whole; it is printed by itself.

RAW_BENCH_FIXES names other sizes, such as '1e6 3e6'; RAW_BENCH_ALGORITHMS names some of the algorithms.
"""

import json
import os
import subprocess

import pytest
import shapely
from qgisrun import ROOT, QgisProcess

from .test_bench import tell
from .test_bench_reading import geopackage
from .test_bench_reading import measured as read_by

EACH = 938  # fixes of a user, one a minute
SIZES = [int(float(size)) for size in os.environ.get("RAW_BENCH_FIXES", "1e6 1e7").split()]
RUNS = {
    "profileusers": {}, "scoreregions": {"REGIONS": "regions.geojson"},
    "forecasttracks": {"OUTPUT_TRACKS": "tracks.gpkg", "OUTPUT_AREAS": "areas.gpkg"},
    "diary": {"OUTPUT_STOPS": "stops.gpkg", "OUTPUT_TRIPS": "trips.gpkg"},
}  # fmt: skip
CHOSEN = os.environ.get("RAW_BENCH_ALGORITHMS", " ".join(RUNS)).split()


def measured(qgis, algorithm, folder, parameters):
    """Processor seconds, those of inference and of search, and the peak of memory in GB of qgis_process."""
    values = {name: str(folder / value) for name, value in parameters.items()}
    values |= {"INPUT": str(folder / "fixes.gpkg"), "DEVICE": "CPU"}
    if not any(name.startswith("OUTPUT_") for name in values) or algorithm == "forecasttracks":
        values["OUTPUT"] = str(folder / "out.gpkg")
    command = ["qgis_process", "run", f"raw:{algorithm}", "-"]
    clock = folder / "inference"
    path = os.pathsep.join([str(ROOT / "tests/bench/inference_clock"), qgis.env["PYTHONPATH"]])
    env = qgis.env | {"PYTHONPATH": path, "RAW_BENCH_CLOCK": str(clock)}
    run = subprocess.Popen(command, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT)  # fmt: skip
    assert run.stdin and run.stdout
    run.stdin.write(json.dumps({"inputs": values}))
    run.stdin.close()
    said = run.stdout.read()
    _, status, used = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)
    assert run.returncode == 0, said[-3000:]
    seconds = json.loads(clock.read_text())
    return used.ru_utime + used.ru_stime, seconds["inference"], seconds["search"], used.ru_maxrss / 2**20


def start_s(qgis):
    """Processor seconds of a qgis_process that does nothing."""
    run = subprocess.Popen(["qgis_process", "list"], env=qgis.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, used = os.wait4(run.pid, 0)
    run.returncode = 0
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("fixes", SIZES)
def test_time_and_memory(tmp_path, fixes):
    subprocess.run(["make", "-s", "build"], cwd=ROOT, check=True)
    geopackage(tmp_path / "fixes.gpkg", fixes // EACH, EACH, "user")
    west, south, side, size = 9.9, 49.9, 100, 0.004  # 10,000 squares of the city in which they wander
    boxes = [
        shapely.box(west + i * size, south + j * size, west + (i + 1) * size, south + (j + 1) * size)
        for i in range(side) for j in range(side)
    ]  # fmt: skip
    features = [{"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(box)} for box in boxes]
    (tmp_path / "regions.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    reading, _, _ = read_by("tracks", tmp_path / "fixes.gpkg")
    for algorithm in CHOSEN:
        qgis = QgisProcess(tmp_path / f"profile of {algorithm}")  # whose cache of embeddings is empty
        for again in ("", ", once more, without inference")[: 2 if algorithm == "profileusers" else 1]:
            seconds, inference, search, peak_gb = measured(qgis, algorithm, tmp_path, RUNS[algorithm])
            share = f"1 of {seconds / (reading + inference):.2f}"
            if search:
                share += f", and with search {search:.1f} s, 1 of {seconds / (reading + inference + search):.2f}"
            tell(f"raw:{algorithm}, {fixes:,} fixes{again}", f"{seconds:.1f} s of processor time, QGIS's start "
                 f"{start_s(qgis):.1f} s of it; reading {reading:.1f} s and inference {inference:.1f} s are {share}; "
                 f"peak {peak_gb:.2f} GB", "1 of 1.3; 2.5 GB")  # fmt: skip
