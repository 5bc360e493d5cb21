# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads safetensors: named arrays of numbers after a header in JSON. Files may come from anywhere."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import BundleError
from .contract import LIMITS

KINDS: dict[str, np.dtype] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4"), "I32": np.dtype("<i4")}


class Place(NamedTuple):
    """Where an array lies in a file: its bytes start … stop after the header."""

    kind: np.dtype
    shape: tuple[int, ...]
    start: int
    stop: int


def read_header(path: Path) -> tuple[dict[str, Place], int]:
    """The arrays of a file by name, and where the first of them begins. They fill the file without gaps.

    Raises BundleError and OSError.
    """
    try:
        with path.open("rb") as file:
            length, size = int.from_bytes(file.read(8), "little"), path.stat().st_size
            if not 2 <= length <= min(LIMITS.text_bytes, size - 8):
                raise ValueError("its header has no proper length")
            header = json.loads(file.read(length).decode("utf-8"))
        header.pop("__metadata__", None)
        places = {name: _place(entry) for name, entry in header.items()}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as e:
        raise _damaged(path, str(e) if type(e) is ValueError else "its header is damaged") from e
    at = 0
    for place in sorted(places.values(), key=lambda place: (place.start, place.stop)):
        if place.start != at or place.stop - at != math.prod(place.shape) * place.kind.itemsize:
            raise _damaged(path, "its arrays leave gaps, overlap or have other sizes than they should")
        at = place.stop
    if at != size - 8 - length:
        raise _damaged(path, "its arrays do not fill it")
    return places, 8 + length


def read_arrays(path: Path, max_bytes: int) -> dict[str, np.ndarray]:
    """The arrays of a file by name; those in half precision as float32. Raises BundleError and OSError."""
    if path.stat().st_size > max_bytes:
        raise _damaged(path, f"it has more than {max_bytes / 2**20:,.0f} MiB")
    places, begin = read_header(path)
    arrays = {}
    for name, (kind, shape, start, _) in places.items():
        values = np.fromfile(path, kind, math.prod(shape), offset=begin + start).reshape(shape)
        arrays[name] = values.astype(np.float32) if kind == np.float16 else values
    if not all(np.isfinite(v.min()) and np.isfinite(v.max()) for v in arrays.values() if v.size):
        raise _damaged(path, "some of its numbers are not finite")
    return arrays


def _place(entry: dict[str, Any]) -> Place:
    shape, (start, stop) = entry["shape"], entry["data_offsets"]
    if not all(type(n) is int and 0 <= n < 2**40 for n in (*shape, start, stop)) or len(shape) > 8:
        raise ValueError("an array has no proper size")
    return Place(KINDS[entry["dtype"]], tuple(shape), start, stop)


def _damaged(path: Path, why: str) -> BundleError:
    return BundleError(f"{path.name} of the model in {path.parent} cannot be used: {why}.")
