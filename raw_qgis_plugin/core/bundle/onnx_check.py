# SPDX-License-Identifier: GPL-2.0-or-later
"""The check of an ONNX file before ONNX Runtime sees it: no foreign operators, no other files, no endless parts.

The file is read as protobuf, so that the check needs no library.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path

from ..errors import BundleError

# The operators that this project's exporter writes. A graph with others (or with functions, control flow or
# custom domains) was not made by it.
_OPERATORS = """
Abs Add And Cast Clip Concat Constant ConstantOfShape Cos CumSum Div Equal Erf Exp Expand Gather Gemm Greater
GreaterOrEqual Identity IsNaN LayerNormalization Less LessOrEqual Log LogSoftmax MatMul Max Min Mul Neg Not Or Pad
Pow RMSNormalization Range Reciprocal ReduceMax ReduceMean ReduceSum Relu Reshape Shape Sigmoid Sign Sin Size Slice
Softmax Softplus Split Sqrt Squeeze Sub Swish Tanh Tile Transpose Trilu Unsqueeze Where
"""
OPERATORS = frozenset(_OPERATORS.split())


class OnnxField(IntEnum):
    """Field numbers of onnx.proto3, each unique within its message."""

    MODEL_GRAPH = 7
    MODEL_FUNCTIONS = 25
    GRAPH_NODE = 1
    GRAPH_INITIALIZER = 5
    GRAPH_SPARSE_INITIALIZER = 15
    NODE_OP_TYPE = 4
    NODE_ATTRIBUTE = 5
    NODE_DOMAIN = 7
    ATTRIBUTE_TENSOR = 5
    ATTRIBUTE_TENSORS = 10
    ATTRIBUTE_GRAPH = 6
    ATTRIBUTE_GRAPHS = 11
    ATTRIBUTE_SPARSE_TENSOR = 22
    ATTRIBUTE_SPARSE_TENSORS = 23
    TENSOR_EXTERNAL_DATA = 13
    TENSOR_DATA_LOCATION = 14


class GraphChecker:
    """Checks the graphs of one bundle, which together may have `max_fields` protobuf fields.

    Two million fields take a second to read; a head has some 5,000, the backbone of raw-1b 50,000.
    """

    def __init__(self, max_fields: int = 2_000_000) -> None:
        self.max_fields, self.n_fields = max_fields, 0

    def check(self, path: Path) -> None:
        """Raise BundleError for an ONNX file that reads other files or has operators that the exporter never writes."""
        try:
            for number, value in self._fields(memoryview(path.read_bytes())):
                if number == OnnxField.MODEL_GRAPH and isinstance(value, memoryview):
                    self._check_graph(path.name, value)
                if number == OnnxField.MODEL_FUNCTIONS:
                    raise BundleError(f"{path.name} defines functions of its own; the graphs of a model bundle do not.")
        except (IndexError, KeyError, ValueError, TypeError) as e:
            raise BundleError(f"{path.name} is no ONNX file.") from e

    def _check_graph(self, name: str, graph: memoryview) -> None:
        sparse = f"{name} holds sparse tensors, which can name other files; the graphs of a model bundle have none."
        tensors = self._messages(graph, OnnxField.GRAPH_INITIALIZER)
        for node in self._messages(graph, OnnxField.GRAPH_NODE):
            operator, domain = (
                "".join(bytes(v).decode() for v in self._messages(node, field))
                for field in (OnnxField.NODE_OP_TYPE, OnnxField.NODE_DOMAIN)
            )
            attributes = self._messages(node, OnnxField.NODE_ATTRIBUTE)
            nested = any(self._messages(a, OnnxField.ATTRIBUTE_GRAPH, OnnxField.ATTRIBUTE_GRAPHS) for a in attributes)
            if operator not in OPERATORS or domain not in ("", "ai.onnx") or nested:
                named = f"{domain}:{operator}" if domain else operator
                raise BundleError(f"{name} uses the operator {named}, which is not run.")
            for a in attributes:
                if self._messages(a, OnnxField.ATTRIBUTE_SPARSE_TENSOR, OnnxField.ATTRIBUTE_SPARSE_TENSORS):
                    raise BundleError(sparse)
                tensors += self._messages(a, OnnxField.ATTRIBUTE_TENSOR, OnnxField.ATTRIBUTE_TENSORS)
        if self._messages(graph, OnnxField.GRAPH_SPARSE_INITIALIZER):
            raise BundleError(sparse)
        for tensor in tensors:
            for number, value in self._fields(tensor):
                if number == OnnxField.TENSOR_EXTERNAL_DATA or (number == OnnxField.TENSOR_DATA_LOCATION and value):
                    raise BundleError(
                        f"{name} keeps weights in another file; the graphs of a model bundle hold their own."
                    )

    def _messages(self, message: memoryview, *numbers: int) -> list[memoryview]:
        """The nested messages and strings in the given fields."""
        return [v for n, v in self._fields(message) if n in numbers and isinstance(v, memoryview)]

    def _fields(self, data: memoryview) -> Iterator[tuple[int, memoryview | int]]:
        """Number and value of each field of a protobuf message: the bytes of a message or string, or an integer."""
        at = 0

        def varint() -> int:
            nonlocal at
            value = shift = 0
            while True:
                byte = data[at]
                at += 1
                value |= (byte & 0x7F) << shift
                if byte < 0x80:
                    return value
                shift += 7
                if shift > 63:
                    raise ValueError("varint of more than 64 bits")

        while at < len(data):
            self.n_fields += 1
            if self.n_fields > self.max_fields:
                raise BundleError("The graphs of the model have more parts than those of any model bundle.")
            tag = varint()
            number, wire_type = tag >> 3, tag & 7
            if wire_type == 0:
                yield number, varint()
            else:
                size = varint() if wire_type == 2 else {1: 8, 5: 4}[wire_type]
                if at + size > len(data):
                    raise ValueError("truncated")
                yield number, data[at : at + size]
                at += size
