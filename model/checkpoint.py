# SPDX-License-Identifier: GPL-2.0-or-later
"""Checkpoints of a training run: one safetensors file, written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from model.config import Config
from model.raw import Raw


def save(path: Path, tensors: dict[str, Tensor], about: dict) -> None:
    """Write `tensors` with the JSON-able `about` to `path`, by way of a temporary file beside it."""
    beside = path.with_suffix(".partial")
    save_file({k: v.detach().contiguous().clone() for k, v in tensors.items()}, beside, {"about": json.dumps(about)})
    os.replace(beside, path)


def load(path: Path) -> tuple[dict[str, Tensor], dict]:
    """The tensors and the `about` of a checkpoint."""
    with safe_open(path, "pt") as f:
        return {k: f.get_tensor(k) for k in f.keys()}, json.loads(f.metadata()["about"])  # noqa: SIM118


def load_network(path: Path) -> tuple[Raw, dict]:
    """The network in a run's checkpoint (its moving average) or a bundle's weights.safetensors, and its `about`."""
    tensors, about = load(path)
    network = Raw(Config(**about["config"]))
    average = {k.removeprefix("average."): v for k, v in tensors.items() if k.startswith("average.")}
    network.load_state_dict({k: v.float() for k, v in (average or tensors).items()})
    return network.eval(), about


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """An AdamW optimizer's state as named tensors."""
    state = optimizer.state_dict()["state"]
    return {f"adam.{i}.{k}": torch.as_tensor(v) for i, s in state.items() for k, v in s.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Give an AdamW optimizer the state written by `optimizer_tensors`."""
    whole = optimizer.state_dict()
    whole["state"] = {}
    for name, value in tensors.items():
        if name.startswith("adam."):
            _, i, key = name.split(".")
            whole["state"].setdefault(int(i), {})[key] = value
    optimizer.load_state_dict(whole)
