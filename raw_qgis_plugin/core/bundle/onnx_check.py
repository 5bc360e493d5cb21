# SPDX-License-Identifier: GPL-2.0-or-later
"""The check of an ONNX file before ONNX Runtime sees it: no foreign operators, no other files, no endless parts.

The file is read as protobuf, so that the check needs no library, and written again from what was understood. ONNX
Runtime gets those bytes only: a part that two parsers may read differently never reaches it. One file of weights may
lie beside a backbone, see external_data.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import BundleError
from .external_data import Graph, check_parts

# The operators that this project's exporter writes. A graph with others (or with functions, control flow or
# custom domains) was not made by it.
_OPERATORS = """
Abs Add And Cast Clip Concat Constant ConstantOfShape Cos CumSum Div Equal Erf Exp Expand Gather Gemm Greater
GreaterOrEqual Identity IsNaN LayerNormalization Less LessOrEqual Log LogSoftmax MatMul Max Min Mul Neg Not Or Pad
Pow RMSNormalization Range Reciprocal ReduceMax ReduceMean ReduceSum Relu Reshape Shape Sigmoid Sign Sin Size Slice
Softmax Softplus Split Sqrt Squeeze Sub Swish Tanh Tile Transpose Trilu Unsqueeze Where
"""
OPERATORS = frozenset(_OPERATORS.split())

# The messages of onnx.proto3 with the fields that are read: number, name and kind, * if repeated. '-' is what a graph
# does without, such as notes. Fields that are not listed are left out too.
_MESSAGES = """
Model: 1 ir_version int, 7 graph Graph, 8 opset_import Opset*, 25 functions !functions*
Opset: 1 domain text, 2 version int
Graph: 1 node Node*, 2 name text, 5 initializer Tensor*, 11 input Value*, 12 output Value*, 15 sparse !sparse*
Node: 1 input text*, 2 output text*, 3 name text, 4 op_type text, 5 attribute Attribute*, 7 domain text
Attribute: 1 name text, 2 f float, 3 i int, 4 s bytes, 5 t Tensor, 6 g !graph*, 7 floats float*, 8 ints int*,\
 10 tensors !tensors*, 11 graphs !graph*, 20 type enum, 22 sparse !sparse*, 23 sparses !sparse*
Tensor: 1 dims int*, 2 data_type enum, 8 name text, 9 raw_data bytes, 13 external Entry*, 14 location place
Entry: 1 key text, 2 value text
Value: 1 name text, 2 type Type
Type: 1 tensor_type TensorType
TensorType: 1 elem_type enum, 2 shape Shape
Shape: 1 dim Dim*
Dim: 1 dim_value int, 2 dim_param text
"""
_REFUSED = {
    "functions": "defines functions of its own; the graphs of a model bundle do not.",
    "sparse": "holds sparse tensors, which can name other files; the graphs of a model bundle have none.",
    "tensors": "holds lists of tensors; the graphs of a model bundle have none.",
    "external": "keeps weights in another file, which its card does not name.",
}
_TYPES = {1: "f4", 2: "u1", 3: "i1", 6: "i4", 7: "i8", 9: "?", 10: "f2", 11: "f8"}  # of TensorProto.DataType
_DOMAINS = ("", "ai.onnx")
_SHAPED = {"ConstantOfShape": 0, "Expand": 1, "Tile": 1, "Pad": 1}  # operators, and their input that says how large
Message = dict[str, Any]


class Field(NamedTuple):
    """A field of a message. kind: another message, or how its value is written."""

    number: int
    name: str
    kind: str
    repeated: bool


def _fields_of(line: str) -> dict[int, Field]:
    parts = [part.split() for part in line.split(", ")]
    return {int(n): Field(int(n), name, kind.rstrip("*"), kind.endswith("*")) for n, name, kind in parts}


MESSAGES = {kind: _fields_of(fields) for kind, fields in (line.split(": ") for line in _MESSAGES.strip().splitlines())}
_WIRE_TYPES = {"int": 0, "enum": 0, "place": 0, "float": 5}  # of others 2: a length and bytes


@dataclass(frozen=True)
class GraphLimits:
    """The largest graphs that are opened. A head has some 2,000 fields, the backbone of raw-1b 50,000."""

    fields: int = 400_000  # of protobuf in all graphs of a bundle: a second's reading
    elements: int = 2**26  # of a tensor whose size is written in the graph: 256 MiB of single precision


class GraphChecker:
    """Checks the graphs of one bundle, which together may have `limits.fields` protobuf fields."""

    def __init__(self, limits: GraphLimits = GraphLimits()) -> None:
        self.limits, self.n_fields = limits, 0
        self._has_data = False  # whether weights may be in another file

    def check(self, name: str, data: bytes) -> bytes:
        """The bytes of `read`, for a graph that holds all its weights."""
        return self.read(name, data).data

    def read(self, name: str, data: bytes, beside: Path | None = None) -> Graph:
        """The same graph, written again from what was checked. beside: the file that must hold its larger weights.

        Raises BundleError for an ONNX file that reads other files, has operators that the exporter never writes, says
        that it needs more memory than a model does, or that is written in another way than ONNX's own library would.
        """
        self._has_data = beside is not None
        try:
            model = self._read(name, memoryview(data), "Model")
            model["opset_import"] = [o for o in model.get("opset_import", []) if o.get("domain", "") in _DOMAINS]
            self._check_graph(name, model["graph"])
            about = check_parts(name, model["graph"].get("initializer", []), beside) if beside else ()
        except (IndexError, KeyError, ValueError, TypeError, AttributeError) as e:
            raise BundleError(f"{name} is no ONNX file.") from e
        return Graph(_write(model, "Model"), *about)

    def _check_graph(self, name: str, graph: Message) -> None:
        held = (tensor for tensor in graph.get("initializer", []) if not tensor.get("location"))
        constants = {tensor["name"]: self._array(name, tensor) for tensor in held}
        for node in graph.get("node", []):
            operator, domain = node.get("op_type", ""), node.get("domain", "")
            if operator not in OPERATORS or domain not in _DOMAINS:
                named = _word(f"{domain}:{operator}" if domain else operator)
                raise BundleError(f"{name} uses the operator {named}, which is not run.")
            attributes = {a["name"]: a for a in node.get("attribute", [])}
            values = [self._array(name, a["t"]) for a in attributes.values() if "t" in a]
            if operator == "Constant" and node.get("output"):
                whole = attributes.get("value_ints", {}).get("ints")
                constants.update(dict.fromkeys(node["output"][:1], *(values or [_signed(whole or [])])[:1]))
            inputs = [constants.get(word) for word in node.get("input", [])]
            if _elements(operator, inputs) > self.limits.elements:
                raise BundleError(
                    f"{name} makes a tensor of more than {self.limits.elements:,} numbers ({operator}), which the "
                    "graphs of a model bundle do not."
                )

    def _array(self, name: str, tensor: Message) -> np.ndarray:
        """A tensor's values, which the graph holds; their number is the product of its sizes."""
        if tensor.get("external") or tensor.get("location"):
            raise BundleError(f"{name} {_REFUSED['external']}")
        shape, kind = _signed(tensor.get("dims", [])), _TYPES.get(tensor.get("data_type", 0))
        values = np.frombuffer(tensor.get("raw_data", b""), kind) if kind else None
        if values is None or (shape < 0).any() or math.prod(shape.tolist()) != len(values):
            raise BundleError(f"{name} holds a tensor whose values do not fit its size or kind.")
        return values

    def _read(self, name: str, data: memoryview, kind: str) -> Message:
        """A message: its values, or lists of them, by name. Parts that are not read are left out."""
        message: Message = {}
        for number, wire_type, value in self._fields(data):
            field = MESSAGES[kind].get(number)
            if field is None:
                continue
            if field.kind[0] == "!":
                if field.kind == "!graph":
                    raise BundleError(f"{name} holds a graph within a graph, which is not run.")
                raise BundleError(f"{name} {_REFUSED[field.kind[1:]]}")
            packed = field.repeated and wire_type == 2 and field.kind in ("int", "float")
            if wire_type != _WIRE_TYPES.get(field.kind, 2) and not packed:
                raise ValueError("wrong wire type")
            if packed:
                self._unpack(message.setdefault(field.name, []), field.kind, value)
            elif field.repeated:
                message.setdefault(field.name, []).append(self._value(name, field.kind, value))
            elif field.name in message:  # parsers merge these
                raise ValueError("repeated")
            else:
                message[field.name] = self._value(name, field.kind, value)
        return message

    def _value(self, name: str, kind: str, value: Any) -> Any:
        if kind == "text":
            return bytes(value).decode("utf-8")
        if (kind == "Entry" or (kind == "place" and value)) and not self._has_data:
            raise BundleError(f"{name} {_REFUSED['external']}")
        if kind == "enum" and value >= 2**31:  # parsers cut it to 32 bits
            raise ValueError("no enumeration")
        return self._read(name, value, kind) if kind in MESSAGES else value

    def _unpack(self, values: list[Any], kind: str, data: memoryview) -> None:
        if kind == "float":
            if len(data) % 4:
                raise ValueError("truncated")
            values += [data[at : at + 4] for at in range(0, len(data), 4)]
            return
        at = 0
        while at < len(data):
            self._count()
            value, at = _read_varint(data, at)
            values.append(value)

    def _fields(self, data: memoryview) -> Iterator[tuple[int, int, Any]]:
        """Number, wire type and value of each field of a message: an integer, or bytes."""
        at = 0
        while at < len(data):
            self._count()
            tag, at = _read_varint(data, at)
            number, wire_type = tag >> 3, tag & 7
            if tag >= 2**32 or not number:  # a parser may drop the higher bits
                raise ValueError("no tag")
            if wire_type == 0:
                value, at = _read_varint(data, at)
                yield number, wire_type, value
            else:
                size, at = _read_varint(data, at) if wire_type == 2 else ({1: 8, 5: 4}[wire_type], at)  # no groups
                if at + size > len(data):
                    raise ValueError("truncated")
                yield number, wire_type, data[at : at + size]
                at += size

    def _count(self) -> None:
        self.n_fields += 1
        if self.n_fields > self.limits.fields:
            raise BundleError("The graphs of the model have more parts than those of any model bundle.")


def _word(text: str) -> str:
    """A name from a graph, fit to be shown."""
    return "".join(c if c.isprintable() else "?" for c in text[:60])


def _elements(operator: str, inputs: list[np.ndarray | None]) -> int:
    """The number of elements that an operator makes, as far as constants say so; else 0."""
    at = _SHAPED.get(operator)
    if at is not None and at < len(inputs) and (shape := inputs[at]) is not None and shape.dtype.kind == "i":
        sizes = [abs(int(size)) for size in shape[:64]]
        return max(sizes, default=0) if operator == "Pad" else math.prod(sizes)
    if operator == "Range" and len(inputs) == 3 and all(v is not None and v.size == 1 for v in inputs):
        start, limit, step = (float(v.item()) for v in inputs if v is not None)
        count = abs(limit - start) / abs(step) if step else math.inf
        return int(count) if count < 2**62 else 2**62  # nan too
    return 0


def _signed(values: list[int]) -> np.ndarray:
    return np.array(values, np.uint64).astype(np.int64)


def _read_varint(data: memoryview, at: int) -> tuple[int, int]:
    """An integer of up to 64 bits in as few bytes as it needs, and where it ends. Parsers differ on longer ones."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if (shift and not byte) or value >= 2**64:
                raise ValueError("not the shortest")
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("more than 64 bits")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def _write(message: Message, kind: str) -> bytes:
    """A message as protobuf, its fields by their numbers."""
    parts: list[bytes | memoryview] = []
    for field in MESSAGES[kind].values():
        if field.name not in message:
            continue
        wire_type = _WIRE_TYPES.get(field.kind, 2)
        for value in message[field.name] if field.repeated else (message[field.name],):
            parts.append(_varint(field.number << 3 | wire_type))
            if wire_type == 0:
                parts.append(_varint(value))
                continue
            if field.kind in MESSAGES:
                value = _write(value, field.kind)
            elif field.kind == "text":
                value = value.encode()
            parts += [value] if wire_type == 5 else [_varint(len(value)), value]
    return b"".join(parts)
