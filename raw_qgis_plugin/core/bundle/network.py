# SPDX-License-Identifier: GPL-2.0-or-later
"""RAW's own graphs of the presets (resources/graphs), and the weights of a bundle that fit one of
them.

No graph of a bundle is ever opened: it brings numbers alone. Each graph lies beside the sizes of
its network and the names and shapes of its weights; both are written by
model/training/onnx_export.py. Weights, and heads, are safetensors: named arrays of numbers after a
header in JSON.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Columns
from ..errors import BundleError
from ..labels import CardData
from ..paths import GRAPHS
from .contract import WEIGHTS_FILE, Limits

KINDS: dict[str, np.dtype] = {
    "F16": np.dtype("<f2"),
    "F32": np.dtype("<f4"),
    "I32": np.dtype("<i4"),
}


@cache
def _sizes() -> dict[str, dict[str, Any]]:
    """Of each preset the sizes of the network, 'config', and the shapes of weights, 'tensors'."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in GRAPHS.glob("*.json")}


def _preset(card: CardData) -> str:
    """The preset that a card's network has. Raises BundleError where it is none."""
    config = card.get("config")
    for name, sizes in _sizes().items():
        if sizes["config"] == config and sizes["config"]["width"] == card["width"]:
            return name
    raise BundleError(
        "The network of the model {model} has other sizes than those that this version of RAW "
        "knows ({known}).",
        model=card["name"],
        known=", ".join(sorted(_sizes())),
    )


def graph_of(card: CardData) -> bytes:
    """RAW's graph for the network of a card. Raises BundleError."""
    return (GRAPHS / f"{_preset(card)}.onnx").read_bytes()


def check_weights(folder: Path, card: CardData) -> None:
    """Raise BundleError unless the weights of a bundle are those of its network, by their names and
    shapes.
    """
    shapes = {name: tuple(shape) for name, shape in _sizes()[_preset(card)]["tensors"].items()}
    places, _ = read_header(folder / WEIGHTS_FILE)
    found = {name: place.shape for name, place in places.items() if place.kind.kind == "f"}
    if found != shapes or len(places) != len(shapes):
        raise BundleError(
            "{file} does not hold the weights of the model's network.", file=folder / WEIGHTS_FILE
        )


def weights_of(folder: Path, card: CardData) -> Columns:
    """The weights of a bundle by name, float32. Raises BundleError."""
    check_weights(folder, card)
    return read_arrays(folder / WEIGHTS_FILE, Limits.bytes)


class Place(NamedTuple):
    """Where an array lies in a file: its bytes start … stop after the header."""

    kind: np.dtype
    shape: tuple[int, ...]
    start: int
    stop: int


def read_header(path: Path) -> tuple[dict[str, Place], int]:
    """The arrays of a file by name, and where the first of them begins. They fill the file without
    gaps.

    Raises BundleError and OSError.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            size = path.stat().st_size
            if not 2 <= length <= min(Limits.text_bytes, size - 8):
                raise ValueError("its header has no proper length")
            header = json.loads(file.read(length).decode("utf-8"))
        header.pop("__metadata__", None)
        places = {name: _place(entry) for name, entry in header.items()}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as e:
        raise _damaged(path, str(e) if type(e) is ValueError else "its header is damaged") from e
    at = 0
    for place in sorted(places.values(), key=lambda place: (place.start, place.stop)):
        if place.start != at or place.stop - at != math.prod(place.shape) * place.kind.itemsize:
            raise _damaged(
                path, "its arrays leave gaps, overlap or have other sizes than they should"
            )
        at = place.stop
    if at != size - 8 - length:
        raise _damaged(path, "its arrays do not fill it")
    return places, 8 + length


def read_arrays(path: Path, max_bytes: int) -> Columns:
    """The arrays of a file by name; those in half precision as float32. Raises BundleError and
    OSError.
    """
    if path.stat().st_size > max_bytes:
        raise _damaged(path, f"it has more than {max_bytes / 2**20:,.0f} MiB")
    places, begin = read_header(path)
    arrays = {}
    for name, place in places.items():
        size = math.prod(place.shape)
        values = np.fromfile(path, place.kind, size, offset=begin + place.start)
        values = values.reshape(place.shape)
        arrays[name] = values.astype(np.float32) if place.kind == np.float16 else values
    if not all(np.isfinite(v.min()) and np.isfinite(v.max()) for v in arrays.values() if v.size):
        raise _damaged(path, "some of its numbers are not finite")
    return arrays


def _place(entry: dict[str, Any]) -> Place:
    shape = entry["shape"]
    (start, stop) = entry["data_offsets"]
    if not all(type(n) is int and 0 <= n < 2**40 for n in (*shape, start, stop)) or len(shape) > 8:
        raise ValueError("an array has no proper size")
    return Place(KINDS[entry["dtype"]], tuple(shape), start, stop)


def _damaged(path: Path, why: str) -> BundleError:
    return BundleError("{file} cannot be used ({why}): copy the model again.", file=path, why=why)
