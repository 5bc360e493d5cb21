# SPDX-License-Identifier: GPL-2.0-or-later
"""RAW's own graphs of the presets (resources/graphs), and the weights of a bundle that fit one of them.

No graph of a bundle is ever opened: it brings numbers alone. Each graph lies beside the sizes of its network and the
names and shapes of its weights; both are written by model/training/onnx_export.py.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BundleError
from ..paths import GRAPHS
from .arrays import read_arrays, read_header
from .contract import LIMITS, WEIGHTS_FILE


@cache
def _sizes() -> dict[str, dict[str, Any]]:
    """Of each preset the sizes of the network, 'config', and the shape of each weight, 'tensors'."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in GRAPHS.glob("*.json")}


def _preset(card: dict[str, Any]) -> str:
    """The preset that a card's network has. Raises BundleError where it is none."""
    config = card.get("config")
    for name, sizes in _sizes().items():
        if sizes["config"] == config and sizes["config"]["width"] == card["width"]:
            return name
    raise BundleError(
        f"The network of the model {card['name']} has other sizes than those that this version of RAW knows "
        f"({', '.join(sorted(_sizes()))}), so it cannot be used."
    )


def graph_of(card: dict[str, Any]) -> bytes:
    """RAW's graph for the network of a card. Raises BundleError."""
    return (GRAPHS / f"{_preset(card)}.onnx").read_bytes()


def check_weights(folder: Path, card: dict[str, Any]) -> None:
    """Raise BundleError unless the weights of a bundle are those of its network, by their names and shapes."""
    shapes = {name: tuple(shape) for name, shape in _sizes()[_preset(card)]["tensors"].items()}
    places, _ = read_header(folder / WEIGHTS_FILE)
    found = {name: place.shape for name, place in places.items() if place.kind.kind == "f"}
    if found != shapes or len(places) != len(shapes):
        raise BundleError(f"{WEIGHTS_FILE} of the model {card['name']} does not hold the weights of its network.")


def weights_of(folder: Path, card: dict[str, Any]) -> dict[str, np.ndarray]:
    """The weights of a bundle by name, float32. Raises BundleError."""
    check_weights(folder, card)
    return read_arrays(folder / WEIGHTS_FILE, LIMITS.bytes)
