# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes that train together also end together."""

from __future__ import annotations

import subprocess
import sys

from .test_pretrain_engine import environment

HELD = """
import torch.distributed as dist
from model.training.distributed import open_world
world = open_world("cpu")
mesh = dist.init_device_mesh("cpu", (world.size,))  # as fully_shard holds it until Python ends
for _ in range(20):
    world.broadcast([1.0, 2.0])
world.leave()
"""


def test_processes_end_in_peace_though_a_mesh_still_holds_their_group(tmp_path):
    script = tmp_path / "held.py"
    script.write_text(HELD)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "6"]
    done = subprocess.run([*torchrun, str(script)], env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[:2000]
