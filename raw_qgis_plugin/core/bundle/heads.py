# SPDX-License-Identifier: GPL-2.0-or-later
"""Heads as arrays, evaluated with NumPy: a weighted sum of linear models and trees.

A file heads/NAME.safetensors holds 'shares' (parts,), 'gain' and 'shift' (1,) of the sum, and the
arrays of each part under its number, as in '0.centre'. model/head_training writes it. It may come
from elsewhere, so it is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..arrays import Array
from ..errors import BundleError
from .contract import Limits
from .network import read_arrays

Arrays = Mapping[str, np.ndarray]

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
_ROWS = 4096  # evaluated together, fewer where trees need much memory for each row


@dataclass(frozen=True)
class Part:
    """One of the models that a head sums up.

    steps, values: what its trees cost for each row, see Limits; 0 and 1 without trees.
    """

    run: Callable[[Array], Array]
    steps: int = 0
    values: int = 1


class Head:
    """A head: inputs (n, inputs) to outputs (n, outputs)."""

    def __init__(self, arrays: Arrays, inputs: int, outputs: int, name: str = "The head") -> None:
        """Raises BundleError where the arrays are no head of these sizes. name: of the file, for
        the message.
        """
        self.inputs = inputs
        self.outputs = outputs
        try:
            self._shares = _of_shape(arrays["shares"], (len(arrays["shares"]),))
            self._gain = _one(arrays, "gain")
            self._shift = _one(arrays, "shift")
            n_parts = len(self._shares)
            _check(0 < n_parts <= Limits.parts, "it has no parts, or too many")
            self._parts = [self._part(arrays, f"{n}.") for n in range(n_parts)]
            steps = sum(part.steps for part in self._parts)
            values = sum(part.values for part in self._parts)
            fits = steps <= Limits.tree_steps and values <= Limits.tree_values
            _check(fits, "its trees are too many or too deep")
            self._rows = max(1, min(_ROWS, Limits.values_at_once // values))
        except (ValueError, LookupError, TypeError) as e:
            raise BundleError(
                "{name} is no head with {inputs} inputs and {outputs} outputs: {error}. Train it "
                "again.",
                name=name,
                inputs=inputs,
                outputs=outputs,
                error=e,
            ) from e

    @classmethod
    def read(cls, path: Path, inputs: int, outputs: int) -> Head:
        """Read a head from a file. Raises BundleError and OSError."""
        return cls(read_arrays(path, Limits.head_bytes), inputs, outputs, path.name)

    def __call__(self, x: Array) -> Array:
        """x: (n, inputs) float32. Returns logits (n, outputs), or numbers (n, 1) in the head's
        transformed scale.
        """
        out = np.empty((len(x), self.outputs), np.float32)
        for at in range(0, len(x), self._rows):
            some = x[at : at + self._rows]
            parts = zip(self._shares, self._parts, strict=True)
            total = sum(share * part.run(some) for share, part in parts)
            out[at : at + self._rows] = total * self._gain + self._shift
        return out

    def _part(self, arrays: Arrays, prefix: str) -> Part:
        """The part whose arrays have a prefix, such as '0.'."""
        a = {
            name.removeprefix(prefix): values
            for name, values in arrays.items()
            if name.startswith(prefix)
        }
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

    def run(x: Array) -> Array:
        z = (x - centre) / spread
        return (np.sign(z) * np.log1p(np.abs(z)) * strength @ weight + bias) * gain + offset

    return Part(run)


def _trees(a: Arrays, inputs: int, outputs: int) -> Part:
    """Trees on some columns (model/head_training/fit.py). Rows go left where their column is not
    above the threshold.

    'value' (nodes, outputs): the mean of the trees is a probability, at least 'floor'. 'value'
    (nodes,): numbers, which are added to 'start'. A leaf is its own child.
    """
    columns = a["columns"]
    root = a["root"]
    _check(len(columns) <= inputs, "its trees look at more columns than it has")
    _check_nodes(a, inputs)
    nodes = len(a["threshold"])
    value = _of_shape(a["value"], (nodes,) if outputs == 1 else (nodes, outputs))
    depth = int(_of_shape(a["depth"], (1,))[0])
    _check(depth >= 1, "its trees have no depth")
    start = _one(a, "start")
    floor = _one(a, "floor")

    def run(x: Array) -> Array:
        node = _leaves(a, x[:, columns], depth)
        if outputs == 1:
            return start + value[node].sum(axis=1, keepdims=True)
        p = value[node].mean(axis=1)
        return np.log(np.maximum(p * (1 - floor * outputs) + floor, 1e-30))

    return Part(run, depth * len(root), outputs * len(root))


def _leaves(a: Arrays, x: Array, depth: int) -> Array:
    """(n, trees) the nodes where rows (n, columns) end."""
    row = np.arange(len(x))[:, None]
    node = np.broadcast_to(a["root"], (len(x), len(a["root"])))
    for _ in range(depth):
        is_left = x[row, a["column"][node]] <= a["threshold"][node]
        node = np.where(is_left, a["left"][node], a["right"][node])
    return node


def _check_nodes(a: Arrays, inputs: int) -> None:
    """Raise ValueError where trees point outside of their nodes or columns."""
    nodes = len(_of_shape(a["threshold"], (len(a["threshold"]),)))
    below = {"left": nodes, "right": nodes, "root": nodes, "columns": inputs}
    below["column"] = len(a["columns"])
    for name, end in below.items():
        index = a[name]
        whole = index.ndim == 1 and index.dtype.kind == "i" and len(index) > 0
        _check(whole, "an index of its trees is none")
        inside = index.min() >= 0 and index.max() < end
        _check(inside, "its trees point outside of their nodes or inputs")
    sizes = {len(a[name]) for name in ("left", "right", "column", "threshold")}
    _check(len(sizes) == 1, "its trees have nodes of different numbers")


def _one(a: Arrays, name: str) -> float:
    """The number in an array of one."""
    return float(_of_shape(a[name], (1,))[0])


def _of_shape(values: Array, shape: tuple[int, ...]) -> Array:
    _check(values.shape == shape, f"an array of it has the shape {values.shape}, not {shape}")
    return values


def _check(fits: object, otherwise: str) -> None:
    if not fits:
        raise ValueError(otherwise)
