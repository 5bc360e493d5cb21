# SPDX-License-Identifier: GPL-2.0-or-later
"""What the shipped model takes on this machine: printed beside the limit that we set ourselves,
never asserted.
"""

import os
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.embedding.embed import embed

START = 1_700_000_000_000


def tell(what: str, got: str, limit: str = "") -> None:
    print(f"\n    {what}: {got}" + (f" (limit {limit})" if limit else ""), end="")


def wanderers(users: int, fixes: int, cadence_s: int = 15, seed: int = 0) -> dict[str, np.ndarray]:
    """People who wander: columns user_id, t, lon, lat."""
    rng = np.random.default_rng(seed)
    heading = np.cumsum(rng.normal(0, 0.3, (users, fixes)), axis=1)
    metres = rng.uniform(0, 12, (users, 1)) * cadence_s
    lon = (
        10 + rng.uniform(0, 0.2, (users, 1)) + np.cumsum(metres * np.cos(heading), axis=1) / 71_500
    )
    lat = (
        50 + rng.uniform(0, 0.2, (users, 1)) + np.cumsum(metres * np.sin(heading), axis=1) / 111_200
    )
    t = np.broadcast_to(START + np.arange(fixes) * cadence_s * 1000, lon.shape)
    user = np.repeat([f"u{i:05d}" for i in range(users)], fixes)
    return {"user_id": user, "t": t.ravel(), "lon": lon.ravel(), "lat": lat.ravel()}


@pytest.fixture(scope="module")
def model():
    return Model(open_bundle(), "auto")


def test_forecast_command_on_9000_windows(tmp_path):
    columns = wanderers(9000, 40)
    columns["track_id"] = columns.pop("user_id")
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    asked = START + 40 * 15_000 + np.arange(5) * 15_000
    ids = np.unique(columns["track_id"])
    pq.write_table(
        pa.table({"track_id": np.repeat(ids, 5), "t": np.tile(asked, len(ids))}),
        tmp_path / "q.parquet",
    )
    command = [sys.executable, "-m", "model.forecast", "--tracks", str(tmp_path / "t.parquet")]
    began = time.monotonic()
    subprocess.run([*command, "--at", str(tmp_path / "q.parquet"), "--output", str(tmp_path / "p.parquet")], check=True,
                   env={**os.environ, "PYTHONPATH": os.getcwd()}, stderr=subprocess.DEVNULL)  # fmt: skip
    tell(
        "model.forecast, 45,000 questions of 9,000 windows of 40 fixes",
        f"{time.monotonic() - began:.1f} s",
        "300 s",
    )
    assert pq.read_table(tmp_path / "p.parquet").num_rows == 45_000


def test_embedding(model):
    c = wanderers(200, 3000, 60)
    tracks, _ = build_tracks(c["user_id"], None, c["t"], c["lon"], c["lat"])
    began = time.monotonic()
    embed(tracks, model)
    seconds = time.monotonic() - began
    tell(
        f"embedding 200 users with 3,000 fixes each on {model.provider}",
        f"{seconds / 200 * 1000:.0f} ms a user",
    )


@pytest.mark.parametrize(("rows", "fixes"), [(128, 64), (16, 512)])
def test_rate_of_the_network(rows, fixes):
    """Floating-point operations a second of one thread, beside a product of matrices of 2048 by
    2048 by PyTorch.

    A fix takes 2 (4 D² + 3 D h) operations a layer, of attention and feed-forward, and 4 T D for T
    fixes to attend to.
    """
    torch = pytest.importorskip("torch")
    from model.network.config import PRESETS

    c, model = PRESETS["raw-small"], Model(open_bundle(), "cpu", threads=1)
    torch.set_num_threads(1)
    square = torch.rand(2048, 2048)
    x = np.random.default_rng(0).random(
        (rows, fixes, model._backbone.get_inputs()[0].shape[-1]), np.float32
    )
    clock, valid = np.zeros((rows, fixes), np.float32), np.ones((rows, fixes), bool)
    operations = (
        rows
        * fixes
        * c.layers
        * (2 * (4 * c.width**2 + 3 * c.width * c.hidden) + 4 * fixes * c.width)
    )

    def rate(work, operations):
        seconds = []
        for _ in range(8):
            began = time.process_time()
            work()
            seconds.append(time.process_time() - began)
        return operations / min(seconds) / 1e9

    machine = rate(lambda: square @ square, 2 * 2048**3)
    ours = rate(lambda: model.backbone(x, clock, valid, outputs=("states",)), operations)
    tell(f"network on {rows} x {fixes} fixes, of {machine:.0f} GFLOP/s that the machine does",
         f"{ours:.0f} GFLOP/s, {ours / machine:.0%}", "60 % or more")  # fmt: skip
