# SPDX-License-Identifier: GPL-2.0-or-later
"""A bundle too large for one file of protobuf: exported, opened, asked. Needs 8 GB of disk and of memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from .test_bench import tell

ROOT = Path(__file__).parents[2]


def measured(way: str, folder: Path, data: str) -> dict:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "XDG_DATA_HOME": str(folder / data)}
    command = [sys.executable, ROOT / "tests/bench/large_child.py", way, folder]
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def test_a_bundle_of_more_than_two_gigabytes(tmp_path):
    made = measured("train", tmp_path, "mine")
    exported = measured("export", tmp_path, "mine")
    (tmp_path / "run" / "state.safetensors").unlink()
    size = exported["backbone.bin"]
    tell(f"a network of {made['parameters']:,} parameters exported, {size / 2**30:.2f} GiB beside its graph",
         f"{exported['seconds']:.0f} s of processor time, peak {exported['peak_gb']:.1f} GiB")  # fmt: skip
    assert size > 2**31 and exported["backbone.onnx"] < 2**20
    trusted, foreign = (measured("embed", tmp_path, data) for data in ("mine", "another's"))
    assert foreign["foreign"] and not trusted["foreign"] and trusted["users"] == 20
    tell("    opened, and 20 users embedded", f"{trusted['seconds']:.0f} s, peak {trusted['peak_gb']:.1f} GiB")
    tell("    the same of a model from elsewhere, in the plugin and in its worker",
         f"{foreign['seconds']:.0f} s, peak {foreign['peak_gb']:.1f} and {foreign['worker_gb']:.1f} GiB")  # fmt: skip
    own, other = (np.load(tmp_path / f"{name}.npy") for name in ("own", "foreign"))
    assert np.isfinite(own).all() and own[:, :100].std() > 0
    np.testing.assert_allclose(own, other, atol=1e-4)
