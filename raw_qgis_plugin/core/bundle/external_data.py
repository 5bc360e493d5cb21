# SPDX-License-Identifier: GPL-2.0-or-later
"""The weights of a backbone that is too large for one file of protobuf, in a file beside it: ONNX's external data.

ONNX Runtime never opens that file. RAW reads it once, compares the bytes that it read with the digest in the graph, and
hands over views of them. So what was checked is what runs, and the graph's own digest vouches for both.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import BundleError

_BYTES, _FLOAT, _BESIDE = 4, 1, 1  # of a number in single precision; of TensorProto.DataType and DataLocation
_KEYS = {"location", "offset", "length", "checksum"}


class Part(NamedTuple):
    """A tensor in single precision, and where its bytes begin."""

    name: str
    shape: list[int]
    offset: int

    @property
    def end(self) -> int:
        """Where its bytes end."""
        return self.offset + _BYTES * math.prod(self.shape)


class DataFile(NamedTuple):
    """A file of weights. digest: its SHA-256, as the graph has it."""

    path: Path
    size: int
    digest: str

    def blocks(self) -> Iterator[bytes]:
        """Its bytes. The last of them come only after all were found to be what the graph asks for.

        Raises BundleError if they are not.
        """
        digest, held, n = hashlib.sha256(), b"", 0
        try:
            with self.path.open("rb") as file:
                while n <= self.size and (block := file.read(2**20)):
                    if held:
                        yield held
                    digest.update(block)
                    held, n = block, n + len(block)
        except OSError as e:
            raise BundleError(f"{self.path.name} of the model cannot be read: {e}. Copy the model again.") from e
        if n != self.size or digest.hexdigest() != self.digest:
            raise BundleError(
                f"{self.path.name} is not the file that its graph was exported with: copy the model again."
            )
        yield held

    def read(self) -> np.ndarray:
        """Its checked bytes (size,)."""
        memory, at = np.empty(self.size, np.uint8), 0
        for block in self.blocks():
            memory[at : at + len(block)] = np.frombuffer(block, np.uint8)
            at += len(block)
        return memory


class Graph(NamedTuple):
    """A checked graph, and the weights that it has in a file beside it."""

    data: bytes
    parts: tuple[Part, ...] = ()
    file: DataFile | None = None

    @property
    def size(self) -> int:
        """The bytes of both."""
        return len(self.data) + (self.file.size if self.file else 0)

    def weights(self) -> dict[str, np.ndarray]:
        """The weights in the file, by name. Raises BundleError where the file has changed."""
        return views(self.parts, self.file.read()) if self.file else {}


def views(parts: Sequence[Part], memory: np.ndarray) -> dict[str, np.ndarray]:
    """Tensors by name, in the bytes of their file."""
    return {p.name: memory[p.offset : p.end].view("<f4").reshape(p.shape) for p in parts}


def check_parts(name: str, tensors: list[dict[str, Any]], path: Path) -> tuple[tuple[Part, ...], DataFile]:
    """The tensors of a graph that are in the file at `path`, and that file as they fill it. tensors: as in protobuf.

    Raises BundleError, and ValueError or LookupError where it is no proper ONNX.
    """
    found = [_part(name, tensor, path.name) for tensor in tensors if tensor.get("location")]
    names, digests = {tensor["name"] for tensor in tensors}, {digest for _, digest in found}
    parts, at = tuple(sorted((part for part, _ in found), key=lambda part: part.offset)), 0
    for part in parts:
        if part.offset != at or part.end <= at:
            raise BundleError(f"The weights of {name} in {path.name} leave gaps or overlap.")
        at = part.end
    if len(names) != len(tensors) or len(digests) != 1:
        raise BundleError(f"{name} has two tensors of one name, or more than one sum of {path.name}.")
    return parts, DataFile(path, at, digests.pop())


def _part(name: str, tensor: dict[str, Any], file: str) -> tuple[Part, str]:
    entries = {entry["key"]: entry["value"] for entry in tensor["external"]}
    if entries.get("location") != file:
        raise BundleError(f"{name} keeps weights in another file than {file}, which its card names.")
    proper = entries.keys() == _KEYS and len(tensor["external"]) == len(_KEYS)
    if not proper or not re.fullmatch(r"[0-9a-f]{64}", entries["checksum"]):
        raise ValueError("external data without place or sum")
    offset, length = (_number(entries[key]) for key in ("offset", "length"))
    part = Part(tensor["name"], [int(n) for n in tensor.get("dims", [])], offset)
    plain = tensor["location"] == _BESIDE and tensor["data_type"] == _FLOAT and "raw_data" not in tensor
    if not plain or part.end - offset != length:
        raise BundleError(f"{name} holds a tensor whose values do not fit its size or kind.")
    return part, entries["checksum"]


def _number(text: str) -> int:
    if not re.fullmatch(r"0|[1-9][0-9]{0,17}", text):
        raise ValueError("no number of bytes")
    return int(text)
