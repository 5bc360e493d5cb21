# SPDX-License-Identifier: GPL-2.0-or-later
"""Checkpoints of a training run: a safetensors file with a checksum, complete or absent."""

from __future__ import annotations

import json
import os
import zlib
from collections import defaultdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.optim import Optimizer

from model.network.config import Config
from model.network.raw import Raw
from raw_qgis_plugin.core.bundle.bundle import Bundle
from raw_qgis_plugin.core.bundle.contract import WEIGHTS_FILE
from raw_qgis_plugin.core.bundle.network import weights_of
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.scratch import complete

DAMAGE = (  # errors while a checkpoint is read that is not as it was written
    SafetensorError,
    OSError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
)


def save(path: Path, tensors: dict[str, Tensor], about: dict) -> None:
    """Write tensors and the JSON-able `about` to `path`, through a temporary file.

    Raises InputError where the disk is full or refuses; an earlier file at `path` is then still
    there.
    """
    text = json.dumps(about)
    tensors = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
    kept = ""
    if path.exists():
        kept = "The checkpoint before it is whole: --resume continues from there."

    try:
        with complete(path) as beside:
            # so that the plugin kills no process that writes; a large checksum takes a while
            beside.touch()
            save_file(tensors, beside, {"about": text, "crc32": checksum(tensors, text)})
            with beside.open("rb+") as file:
                os.fsync(file.fileno())
    except (OSError, SafetensorError) as error:
        raise InputError(
            f"No checkpoint can be written to {path.parent}: {error}. Make room on the disk. {kept}"
        ) from error


def checksum(tensors: dict[str, Tensor], about: str) -> str:
    """The checksum of names, types, shapes and values of tensors, and of the text about them."""
    crc = zlib.crc32(about.encode())
    for name, tensor in sorted(tensors.items()):
        crc = zlib.crc32(f"{name} {tensor.dtype} {list(tensor.shape)}".encode(), crc)
        crc = zlib.crc32(tensor.reshape(-1).view(torch.uint8).numpy(), crc)

    return f"{crc:08x}"


def load(path: Path) -> tuple[dict[str, Tensor], dict]:
    """The tensors and the `about` of a checkpoint.

    Raises InputError where it is missing or not as it was written.
    """
    if not path.is_file():
        raise InputError(f"There is no checkpoint at {path}: start the run without --resume.")

    try:
        with safe_open(path, "pt") as f:
            tensors = {name: f.get_tensor(name) for name in f.keys()}  # noqa: SIM118
            known = f.metadata()

        if known["crc32"] != checksum(tensors, known["about"]):
            raise ValueError("its checksum is another one")

        about = json.loads(known["about"])
        if not isinstance(about, dict) or not isinstance(about.get("config", {}), dict):
            raise ValueError("it does not describe its network")
    except DAMAGE as error:
        raise InputError(f"{path} is damaged or no checkpoint: {error}.") from error

    return tensors, about


def load_network(path: Path) -> tuple[Raw, dict]:
    """The network in a run's checkpoint, its moving average, and its `about`. Raises InputError."""
    tensors, about = load(path)
    average = {
        k.removeprefix("average."): v.float()
        for k, v in tensors.items()
        if k.startswith("average.")
    }

    try:
        network = Raw(Config(**about["config"]))
        network.load_state_dict(average)
    except (LookupError, TypeError, RuntimeError) as error:
        raise InputError(f"{path} does not hold a network: {error}.") from error

    return network.eval(), about


def network_of(bundle: Bundle) -> Raw:
    """The network of a bundle."""
    network = Raw(Config(**bundle.card["config"]))
    weights = weights_of(bundle.path, bundle.card)
    network.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})

    return network.eval()


def save_weights(network: Raw, bundle: Path) -> None:
    """Write the weights of a network into a bundle's folder."""
    weights = {k: v.detach().float().contiguous() for k, v in network.state_dict().items()}
    save_file(weights, bundle / WEIGHTS_FILE)


def optimizer_tensors(optimizers: list[Optimizer]) -> dict[str, Tensor]:
    """The optimizers' state as named tensors."""
    return {
        f"optimizer.{number}.{parameter}.{key}": torch.as_tensor(value)
        for number, optimizer in enumerate(optimizers)
        for parameter, state in optimizer.state_dict()["state"].items()
        for key, value in state.items()
    }


def restore_optimizers(optimizers: list[Optimizer], tensors: dict[str, Tensor]) -> None:
    """Load the state that `optimizer_tensors` named into the optimizers."""
    for number, optimizer in enumerate(optimizers):
        states = defaultdict[int, dict[str, Tensor]](dict)
        for name, value in tensors.items():
            if name.startswith(f"optimizer.{number}."):
                parameter, key = name.split(".")[2:]
                states[int(parameter)][key] = value

        optimizer.load_state_dict(optimizer.state_dict() | {"state": states})
