# SPDX-License-Identifier: GPL-2.0-or-later
"""Heads as arrays, evaluated with NumPy: a weighted sum of linear models and trees.

A file heads/NAME.safetensors holds 'shares' (parts,), 'gain' and 'shift' (1,) of the sum, and the
arrays of each part under its number, as in '0.centre'. model/head_training writes it. It may come
from elsewhere, so it is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ..errors import BundleError
from .contract import Limits
from .network import read_arrays

Arrays = Mapping[str, np.ndarray]
Part = Callable[[np.ndarray], np.ndarray]

_LINEAR = {"centre", "spread", "strength", "weight", "bias", "gain", "offset"}
_TREES = {
    "columns",
    "root",
    "left",
    "right",
    "column",
    "threshold",
    "value",
    "depth",
    "start",
    "floor",
}
_ROWS = 4096  # evaluated together: trees need memory for each row


class Head:
    """A head: inputs (n, inputs) to outputs (n, outputs)."""

    def __init__(self, arrays: Arrays, inputs: int, outputs: int, name: str = "The head") -> None:
        """Raises BundleError where the arrays are no head of these sizes. name: of the file, for
        the message.
        """
        self.inputs, self.outputs, self._parts = inputs, outputs, list[Part]()
        try:
            self._shares = _of_shape(arrays["shares"], (len(arrays["shares"]),))
            self._gain, self._shift = (
                float(_of_shape(arrays[name], (1,))[0]) for name in ("gain", "shift")
            )
            _check(0 < len(self._shares) <= Limits.parts, "it has no parts, or too many")
            for n in range(len(self._shares)):
                part = {
                    name.removeprefix(f"{n}."): a
                    for name, a in arrays.items()
                    if name.startswith(f"{n}.")
                }
                self._parts.append(self._part(part))
        except (ValueError, LookupError, TypeError) as e:
            words = "{name} is no head with {inputs} inputs and {outputs} outputs: {error}. Train it again."
            raise BundleError(words, name=name, inputs=inputs, outputs=outputs, error=e) from e

    @classmethod
    def read(cls, path: Path, inputs: int, outputs: int) -> Head:
        """Read a head from a file. Raises BundleError and OSError."""
        return cls(read_arrays(path, Limits.head_bytes), inputs, outputs, path.name)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """x: (n, inputs) float32. Returns logits (n, outputs), or numbers (n, 1) in the head's
        transformed scale.
        """
        out = np.empty((len(x), self.outputs), np.float32)
        for at in range(0, len(x), _ROWS):
            some = x[at : at + _ROWS]
            total = sum(
                share * part(some) for share, part in zip(self._shares, self._parts, strict=True)
            )
            out[at : at + _ROWS] = total * self._gain + self._shift
        return out

    def _part(self, a: Arrays) -> Part:
        if a.keys() == _TREES:
            return _trees(a, self.inputs, self.outputs)
        _check(a.keys() == _LINEAR, "a part of it is of an unknown kind")
        return _linear(a, self.inputs, self.outputs)


def _linear(a: Arrays, inputs: int, outputs: int) -> Part:
    """A linear model of standardised inputs with logarithmic tails (model/head_training/fit.py)."""
    centre, spread, strength = (
        _of_shape(a[name], (inputs,)) for name in ("centre", "spread", "strength")
    )
    bias, gain, offset = (_of_shape(a[name], (outputs,)) for name in ("bias", "gain", "offset"))
    weight = _of_shape(a["weight"], (outputs, inputs)).T
    _check((spread > 0).all(), "a spread is not positive")

    def run(x: np.ndarray) -> np.ndarray:
        z = (x - centre) / spread
        return (np.sign(z) * np.log1p(np.abs(z)) * strength @ weight + bias) * gain + offset

    return run


def _trees(a: Arrays, inputs: int, outputs: int) -> Part:
    """Trees on some columns (model/head_training/fit.py). Rows go left where their column is not
    above the threshold.

    'value' (nodes, outputs): the mean of the trees is a probability, at least 'floor'. 'value'
    (nodes,): numbers, which are added to 'start'. A leaf is its own child.
    """
    columns, root, left, right, column = (
        a[name] for name in ("columns", "root", "left", "right", "column")
    )
    nodes, value, depth = len(a["threshold"]), a["value"], int(_of_shape(a["depth"], (1,))[0])
    threshold = _of_shape(a["threshold"], (nodes,))
    start, floor = (float(_of_shape(a[name], (1,))[0]) for name in ("start", "floor"))
    for index, below in (
        (columns, inputs),
        (root, nodes),
        (left, nodes),
        (right, nodes),
        (column, len(columns)),
    ):
        _check(
            index.ndim == 1 and index.dtype.kind == "i" and len(index) > 0,
            "an index of its trees is none",
        )
        _check(
            index.min() >= 0 and index.max() < below,
            "its trees point outside of their nodes or inputs",
        )
    _check(
        len(left) == len(right) == len(column) == nodes, "its trees have nodes of different numbers"
    )
    _check(
        depth >= 1 and depth * len(root) <= Limits.tree_steps, "its trees are too many or too deep"
    )
    _of_shape(value, (nodes,) if outputs == 1 else (nodes, outputs))

    def run(x: np.ndarray) -> np.ndarray:
        x = x[:, columns]
        row, node = np.arange(len(x))[:, None], np.broadcast_to(root, (len(x), len(root)))
        for _ in range(depth):
            node = np.where(x[row, column[node]] <= threshold[node], left[node], right[node])
        if outputs == 1:
            return start + value[node].sum(axis=1, keepdims=True)
        p = value[node].mean(axis=1)
        return np.log(np.maximum(p * (1 - floor * outputs) + floor, 1e-30))

    return run


def _of_shape(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    _check(values.shape == shape, f"an array of it has the shape {values.shape}, not {shape}")
    return values


def _check(fits: object, otherwise: str) -> None:
    if not fits:
        raise ValueError(otherwise)
