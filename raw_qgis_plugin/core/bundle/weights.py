# SPDX-License-Identifier: GPL-2.0-or-later
"""The check of weights.safetensors, which training reads: its header, and the sizes of the network that it names."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

from ..errors import BundleError
from .contract import LIMITS

_BYTES = {"F16": 2, "BF16": 2, "F32": 4, "F64": 8}


def check_weights(path: Path) -> None:
    """Refuse a file whose tensors do not fill it, or do not suffice for the network that it describes.

    Raises BundleError.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(LIMITS.text_bytes, os.fstat(file.fileno()).st_size - 8):
                raise ValueError("its header has no proper length")
            header = json.loads(file.read(length).decode("utf-8"))
        config = json.loads(header.pop("__metadata__")["about"])["config"]
        numbers = _check_tensors(list(header.values()), path.stat().st_size - 8 - length)
        _check_config(config, numbers)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as e:
        why = str(e) if type(e) is ValueError else "its header is damaged"
        raise BundleError(f"{path.name} of the model in {path.parent} holds no weights: {why}.") from e


def _check_tensors(tensors: list[dict[str, Any]], n_bytes: int) -> int:
    """The number of weights in tensors that fill n_bytes without gaps."""
    at = numbers = 0
    for tensor in sorted(tensors, key=lambda t: t["data_offsets"]):
        shape, (start, stop) = tensor["shape"], tensor["data_offsets"]
        if not all(type(n) is int and n >= 0 for n in (*shape, start, stop)):
            raise ValueError("a tensor has no proper size")
        numbers += math.prod(shape)
        if start != at or stop - start != math.prod(shape) * _BYTES[tensor["dtype"]]:
            raise ValueError("its tensors leave gaps, overlap or have another kind")
        at = stop
    if at != n_bytes:
        raise ValueError("its tensors do not fill the file")
    return numbers


def _check_config(config: dict[str, Any], numbers: int) -> None:
    """A network is made before its weights are read, so its sizes must be those of the weights."""
    sizes = {name: size for name, size in config.items() if name != "preset"}
    if not all(type(size) is int and 1 <= size <= LIMITS.width for size in sizes.values()):
        raise ValueError("the sizes of its network are no whole numbers")
    if type(config["preset"]) is not str or config["width"] % config["heads"]:
        raise ValueError("its network has no name, or a width that its heads cannot share")
    others = sum(sizes[name] for name in ("components", "features", "query", "candidate"))
    if sizes["layers"] * sizes["width"] * (sizes["width"] + sizes["hidden"]) + others > numbers:
        raise ValueError("the network that it describes is larger than its weights")
