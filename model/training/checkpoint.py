# SPDX-License-Identifier: GPL-2.0-or-later
"""Checkpoints of a training run: one safetensors file, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from model.config import Config
from model.raw import Raw
from model.training.distributed import spread_like, whole
from raw_qgis_plugin.core.errors import InputError


def save(path: Path, tensors: dict[str, Tensor], about: dict) -> None:
    """Write tensors and the JSON-able `about` to `path`, through a temporary file beside it.

    Raises InputError where the disk is full or refuses; an earlier file at `path` is then still there.
    """
    beside = path.with_suffix(".partial")
    try:
        save_file({k: v.detach().contiguous() for k, v in tensors.items()}, beside, {"about": json.dumps(about)})
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(beside, path)
        _sync_folder(path.parent)
    except (OSError, SafetensorError) as error:
        beside.unlink(missing_ok=True)
        kept = "The checkpoint before it is whole: --resume continues from there." if path.exists() else ""
        raise InputError(
            f"No checkpoint can be written to {path.parent}: {error}. Make room on the disk. {kept}"
        ) from error


def _sync_folder(folder: Path) -> None:
    """Flush the new name of a file to the disk, where the system can sync folders."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def load(path: Path) -> tuple[dict[str, Tensor], dict]:
    """The tensors and the `about` of a checkpoint. Raises InputError where it is missing or cannot be read."""
    if not path.is_file():
        raise InputError(f"There is no checkpoint at {path}: start the run without --resume.")
    try:
        with safe_open(path, "pt") as f:
            return {k: f.get_tensor(k) for k in f.keys()}, json.loads(f.metadata()["about"])  # noqa: SIM118
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is no checkpoint that can be read: {error}.") from error


def load_network(path: Path) -> tuple[Raw, dict]:
    """The network in a run's checkpoint (its moving average) or in a bundle's weights.safetensors, and its `about`."""
    tensors, about = load(path)
    network = Raw(Config(**about["config"]))
    average = {k.removeprefix("average."): v for k, v in tensors.items() if k.startswith("average.")}
    network.load_state_dict({k: v.float() for k, v in (average or tensors).items()})
    return network.eval(), about


def save_weights(network: Raw, bundle: Path) -> None:
    """Write weights.safetensors, in half precision, into a bundle's folder."""
    weights = {k: v.detach().half().contiguous() for k, v in network.state_dict().items()}
    save_file(weights, bundle / "weights.safetensors", {"about": json.dumps({"config": network.config.to_dict()})})


def optimizer_tensors(optimizers: list[Optimizer], network: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """The optimizers' state as named, whole tensors; all processes that share it must call this."""
    for name, parameter in network.named_parameters():
        for optimizer in optimizers:
            for key, value in optimizer.state.get(parameter, {}).items():
                yield f"optimizer.{name}.{key}", whole(torch.as_tensor(value))


def restore_optimizers(optimizers: list[Optimizer], network: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Load the state that `optimizer_tensors` named into the optimizers."""
    parameters = dict(network.named_parameters())
    for optimizer in optimizers:
        own = {id(p) for group in optimizer.param_groups for p in group["params"]}
        for path, value in tensors.items():
            first, _, rest = path.partition(".")
            name, _, key = rest.rpartition(".")
            if first == "optimizer" and id(parameters[name]) in own:
                like = parameters[name] if value.ndim else value
                optimizer.state[parameters[name]][key] = spread_like(value, like).clone()
