# SPDX-License-Identifier: GPL-2.0-or-later
"""Which devices can train, and how fast: python -m model.hardware [--preset P --device D]

Prints a JSON line for each device, with its memory and the presets that fit. With --preset it trains that network on
random numbers for a second instead, and prints the fixes per second.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import Any

import torch

from model.cli import Parser, print_line, run
from model.config import BUNDLES, PRESETS, Config
from model.raw import Raw
from model.training.distributed import find_device
from model.training.loss import bf16
from model.training.run import LARGE, optimizers, prepare_layers, step

CPU = torch.device("cpu")
POINTS = 4096  # fixes of a batch, as in model.pretrain


def devices() -> list[dict]:
    """The CPU and every CUDA device: device, name, memory_gb and the presets that fit."""
    threads = torch.get_num_threads()
    try:
        ram_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, OSError, ValueError):
        ram_gb = 0.0  # unknown
    found: list[dict[str, Any]] = [
        {"device": "cpu", "name": f"CPU, {threads} thread{'s' * (threads > 1)}", "memory_gb": ram_gb}
    ]
    for n in range(torch.cuda.device_count()):
        about = torch.cuda.get_device_properties(n)
        found.append({"device": f"cuda:{n}", "name": about.name, "memory_gb": about.total_memory / 2**30})
    for one in found:
        room, device = 0.8 * one["memory_gb"] or float("inf"), torch.device(one["device"])
        one["fits"] = [name for name in BUNDLES if needed_gb(PRESETS[name], device) < room]
        one["memory_gb"] = round(one["memory_gb"], 1)
    return found


def needed_gb(c: Config, device: torch.device = CPU, points: int = POINTS) -> float:
    """About how much memory training takes, GiB: 16 bytes a parameter (weight, gradient, momentum, moving average) and
    the activations of a batch of `points` fixes.

    Compiled layers keep layers (12 D + 4 H) + 34 D numbers of each fix in bf16, and 3 D a layer where layers are
    computed twice. Layers that are not compiled were measured to keep 1.7 to 2.3 times as much, and fp32 twice.
    """
    with torch.device("meta"):
        parameters = sum(p.numel() for p in Raw(c).parameters())
    layer = 12 * c.width + 4 * c.hidden
    kept = c.layers * 3 * c.width + layer if c.preset in LARGE else c.layers * layer
    times = (1 if device.type == "cuda" else 2.3) * (1 if bf16(device) else 2)
    return (16.0 * parameters + 2.0 * (kept + 34 * c.width) * times * points) / 2**30


def points_per_s(c: Config, device: torch.device, seconds: float = 1.0, length: int = 256) -> float:
    """Fixes per second in training, measured by steps on rows of `length` random fixes, after one to warm up."""
    network = Raw(c).to(device)
    prepare_layers(network, c.preset in LARGE, device.type == "cuda")  # by default, as in training
    both = optimizers(network, 1e-3)
    rows = max(1, (POINTS if device.type == "cuda" or c.width < 500 else POINTS // 8) // length)
    x = torch.randn(rows, length, c.features, device=device)
    clock = torch.arange(length, device=device).float().repeat(rows, 1) * 15
    query = torch.randn(rows, length, 3, c.query, device=device)
    done, began = 0, 0.0
    while not done or time.monotonic() - began < seconds:
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16(device)):  # as in training
            states = network.encode(x, clock)[0]
            answer = network.predict(states[:, :, None], query)[0]
        answer.float().square().mean().backward()
        step(both, 1e-3)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        if not began:
            began = time.monotonic()
        else:
            done += rows * length
    return done / (time.monotonic() - began)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = Parser("python -m model.hardware", description=__doc__)
    p.add_argument("--preset", choices=BUNDLES, help="measure the training of this one for a second")
    p.add_argument("--device", default="cpu", help="where to measure: cpu, cuda, cuda:1 … (default: %(default)s)")
    args = p.parse_args(argv)
    if not args.preset:
        for one in devices():
            print_line(one)
        return
    speed = points_per_s(PRESETS[args.preset], find_device(args.device))
    print_line({"preset": args.preset, "device": args.device, "points_per_s": round(speed)})


if __name__ == "__main__":
    sys.exit(run(main))
