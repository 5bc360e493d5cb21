# SPDX-License-Identifier: GPL-2.0-or-later
"""Processor time of forecasts beside that of 0.2.0, in one run: printed, never asserted."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OLD = "b64f30a"  # 0.2.0
CASES = {"trips of 300 vehicles": ("trips", 300, 200), "days of 150 vehicles": ("days", 150, 600),
         "1,000,000 fixes of 1,070 vehicles": ("trips", 1070, 935)}  # fmt: skip


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """The checkout of 0.2.0, from the project's history."""
    folder = tmp_path_factory.mktemp("old")
    packed = folder / "old.tar"
    done = subprocess.run(["git", "archive", "-o", packed, OLD], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"The history of this checkout does not reach back to {OLD}.")
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.mark.parametrize("case", CASES)
def test_forecasts_beside_those_of_0_2_0(old, case):
    seconds = {}
    for name, checkout in (("0.2.0", old), ("now", ROOT)):
        command = [sys.executable, ROOT / "tests" / "bench" / "forecasts_child.py", *map(str, CASES[case])]
        env = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
        run = subprocess.run(command, env=env, capture_output=True, text=True, check=True, cwd=checkout)
        seconds[name] = json.loads(run.stdout.splitlines()[-1])["seconds"]
    now, then = seconds["now"], seconds["0.2.0"]
    limit = "0.25" if "1,000,000" in case else "0.33"
    print(f"\n    six horizons with areas, {case}: {now:.1f} s of processor time, 0.2.0 {then:.1f} s, "
          f"ratio {now / then:.2f} (limit {limit})", end="")  # fmt: skip
