# SPDX-License-Identifier: GPL-2.0-or-later
"""From a region closed on the map to its scores on the screen: printed beside the limits that we set ourselves."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from qgisrun import STAGE, site_packages

HERE = Path(__file__).parent
SETTINGS = """[PythonPlugins]
raw_qgis_plugin=true
processing=true

[qgis]
checkVersion=false
showTips=false
"""


def tell(what: str, got: str, limit: str = "") -> None:
    print(f"\n    {what}: {got}" + (f" (limit {limit})" if limit else ""), end="")


@pytest.fixture
def million(tmp_path):
    """2,000 people, 500 fixes each, all over a city."""
    rng = np.random.default_rng(0)
    n, k = 2000, 500
    home = rng.normal(0, 0.05, (n, 1, 2))
    xy = home + np.cumsum(rng.normal(0, 0.002, (n, k, 2)), axis=1) + [10.0, 50.0]
    t = 1_700_000_000 + np.arange(k) * 600
    columns = {"user_id": np.repeat([f"u{i:04d}" for i in range(n)], k), "t": np.tile(t, n),
               "lon": xy[..., 0].ravel(), "lat": xy[..., 1].ravel()}  # fmt: skip
    pa.csv.write_csv(pa.table(columns), tmp_path / "million.csv")
    return tmp_path / "million.csv"


def test_polygon_closed_to_scores_with_a_million_fixes(million, tmp_path):
    if not shutil.which("qgis") or not shutil.which("xvfb-run"):
        pytest.skip("QGIS or Xvfb is not installed")
    subprocess.run(["make", "-s", "build"], cwd=HERE.parents[1], check=True)
    profile = tmp_path / "profiles/default"
    shutil.copytree(STAGE, profile / "python/plugins/raw_qgis_plugin")
    (profile / "QGIS").mkdir()
    (profile / "QGIS/QGIS3.ini").write_text(SETTINGS)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("QT_QPA", "PYTHON"))}
    env |= {"PYTHONPATH": site_packages(), "RAW_SCRIPTS": str(HERE.parent / "gui"), "RAW_TRACKS": str(million),
            "RAW_PICTURES": str(tmp_path), "RAW_REPORT": str(tmp_path / "report.json")}  # fmt: skip
    command = ["qgis", "--nologo", "--noversioncheck", "--profiles-path", str(tmp_path)]
    screen = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24"]
    subprocess.run([*screen, *command, "--code", str(HERE / "dock_million.py")], env=env, timeout=600, check=False,
                   capture_output=True)  # fmt: skip
    found = json.loads((tmp_path / "report.json").read_text())
    assert not found["errors"], found["errors"][0]
    assert (found["fixes"], found["users"]) == (1_000_000, 2000)
    median = 1000 * float(np.median(found["shown_s"]))
    worst = 1000 * max(found["shown_s"])
    tell("polygon closed to scores shown, 1,000,000 fixes of 2,000 users", f"median {median:.0f} ms", "150 ms")
    tell("the slowest of them", f"{worst:.0f} ms")
    tell("of the median computing on the main thread", f"{1000 * float(np.median(found['computed_s'])):.0f} ms")
    tell("a million fixes read, cleaned and made ready, in tasks", f"{found['read_s']:.1f} s")
    tell("blocks of the event loop over 200 ms in our lines", f"{len(found['blocks'])}", "0")
    computing = [f"{block['cpu']} s at {block['ours']}" for block in found["blocks"] if block["cpu"] > 0.2]
    tell("those of them that computed that long; the others waited for the machine", "; ".join(computing) or "none")
