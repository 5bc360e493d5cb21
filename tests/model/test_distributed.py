# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes that train together also end together."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from model.training.distributed import find_device
from raw_qgis_plugin.core.errors import InputError

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


def test_under_torchrun_each_process_takes_its_own_card(monkeypatch):
    taken = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    assert find_device("cuda:3").index == 3 and find_device("cuda").index == 0
    for name, value in (("WORLD_SIZE", "4"), ("LOCAL_RANK", "2")):
        monkeypatch.setenv(name, value)
    assert [find_device(name).index for name in ("cuda", "auto")] == [2, 2]
    assert [device.index for device in taken] == [3, 0, 2, 2]
    with pytest.raises(InputError, match="each process takes a card of its own"):
        find_device("cuda:0")
    assert find_device("cpu").type == "cpu"


def test_processes_end_in_peace_though_a_mesh_still_holds_their_group(tmp_path):
    script = tmp_path / "held.py"
    script.write_text(HELD)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "6"]
    done = subprocess.run([*torchrun, str(script)], env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[:2000]
