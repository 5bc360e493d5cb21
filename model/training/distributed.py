# SPDX-License-Identifier: GPL-2.0-or-later
"""Training in several processes: torchrun's environment, and the device of each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist

from raw_qgis_plugin.core.errors import InputError


@dataclass(frozen=True)
class World:
    """The processes that train together. rank: the number of this one, of `size`."""

    rank: int
    size: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Does this process print, validate and save?"""
        return self.rank == 0

    def broadcast(self, values: list[float]) -> list[float]:
        """The first process's numbers, in all processes."""
        if self.size == 1:
            return values
        shared = torch.tensor(values, dtype=torch.float64)  # on the CPU, through gloo
        dist.broadcast(shared, 0)
        return shared.tolist()

    def leave(self) -> None:
        """Part once all processes are done."""
        if self.size > 1:
            dist.barrier()
            dist.destroy_process_group()

    @contextmanager
    def first_alone(self) -> Iterator[None]:
        """The first process runs the block before the others, so that they find the files that it wrote."""
        if not self.first:
            self.broadcast([0.0])
        yield
        if self.first:
            self.broadcast([0.0])


def open_world(device: str) -> World:
    """Join the processes that torchrun started; without it this process is alone. InputError for an unknown device."""
    size, rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))
    chosen = find_device(device)
    if size > 1:
        backend = "cpu:gloo,cuda:nccl" if chosen.type == "cuda" else "gloo"
        # The first process alone tokenises, validates and calibrates: the others wait for hours.
        dist.init_process_group(backend, timeout=timedelta(hours=6))
    return World(rank, size, chosen)


def find_device(name: str) -> torch.device:
    """The device of a name, 'auto', 'cpu', 'cuda' or 'cuda:N'. Under torchrun each process has the card of its number.

    InputError for others.
    """
    kind = ("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name
    try:
        device = torch.device(kind)
    except RuntimeError:
        device = torch.device("meta")
    if device.type not in ("cpu", "cuda"):
        raise InputError(f"There is no device '{name}' to train on: choose auto, cpu, cuda or cuda:N.")
    if device.type == "cuda":
        number = int(os.environ.get("LOCAL_RANK", device.index or 0))
        if not torch.cuda.is_available() or number >= torch.cuda.device_count():
            raise InputError(f"PyTorch sees no CUDA device {number} here: use --device cpu, or install its CUDA build.")
        device = torch.device("cuda", number)
        torch.cuda.set_device(device)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    return device
