# SPDX-License-Identifier: GPL-2.0-or-later
"""Heads that do harm when they run, and bytes that two parsers read differently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FORBIDDEN = ("loop", "if", "contrib", "external")
WIDE = 152  # inputs of a head of the good bundle


def hidden(number: int, payload: bytes, bits: int) -> bytes:
    """A protobuf field whose tag has a bit set that parsers may drop."""
    return varint((number << 3 | 2) | 1 << bits) + varint(len(payload)) + payload


def varint(value: int, longer: int = 0) -> bytes:
    """An integer as protobuf writes it, or in more bytes than it needs."""
    out = bytearray()
    while value > 0x7F or longer:
        out.append(value & 0x7F | 0x80)
        value, longer = value >> 7, longer - (value <= 0x7F)
    return bytes([*out, value])


def constant(name: str, value: Any, kind: Any = np.int64) -> Any:
    """An initialiser."""
    return numpy_helper.from_array(np.array(value, kind), name)


def head(nodes: list[Any], constants: list[Any], last: str = "s", domain: str = "") -> Any:
    """A head of one's own whose answer is 0 times its input plus `last`."""
    tail = [
        helper.make_node("Slice", ["x", "from", "to", "axes"], ["x2"]),
        helper.make_node("Mul", ["x2", "nil"], ["zero"]), helper.make_node("Add", ["zero", last], ["answer"]),
    ]  # fmt: skip
    constants = [*constants, constant("from", [0]), constant("to", [2]), constant("axes", [1]),
                 constant("nil", 0, np.float32)]  # fmt: skip
    graph = helper.make_graph(
        [*nodes, *tail], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", WIDE])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, None)], constants,
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 20), *([helper.make_opsetid(domain, 1)] if domain else [])]
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = 9
    return model


def large(operator: str, size: int) -> Any:
    """A head that makes a tensor of `size` million numbers, and says so in a constant."""
    node, total = helper.make_node, helper.make_node("ReduceSum", ["big"], ["s"], keepdims=0)
    one = node("ReduceSum", ["x"], ["one"], keepdims=0)
    shape = constant("shape", [size, 10**6])
    if operator == "Tile":
        row = node("Reshape", ["one", "ones"], ["row"])
        return head([one, row, node("Tile", ["row", "shape"], ["big"]), total], [shape, constant("ones", [1, 1])])
    if operator == "Range":
        numbers = [constant("shape", float(size * 10**6), np.float32), constant("a", 0.0, np.float32)]
        return head([node("Range", ["a", "shape", "d"], ["big"]), total], [*numbers, constant("d", 1.0, np.float32)])
    if operator == "Pad":
        shape = constant("shape", [0, 0, 0, size * 10**6])
        return head([node("Pad", ["x", "shape"], ["big"]), total], [shape])
    if operator == "ConstantOfShape":
        return head([node("ConstantOfShape", ["shape"], ["big"]), total], [shape])
    return head([one, node("Expand", ["one", "shape"], ["big"]), total], [shape])


def computed(size: int) -> Any:
    """A head whose tensor is as large as `large`'s, though no constant says so."""
    node = helper.make_node
    return head(
        [
            node("Shape", ["x"], ["rows_wide"]), node("Slice", ["rows_wide", "from", "one1", "from"], ["rows"]),
            node("Div", ["rows", "rows"], ["unit"]), node("Mul", ["unit", "million"], ["n"]),
            node("Concat", ["n", "many"], ["shape"], axis=0), node("ConstantOfShape", ["shape"], ["big"]),
            node("ReduceSum", ["big"], ["s"], keepdims=0),
        ],
        [constant("one1", [1]), constant("million", [10**6]), constant("many", [size])],
    )  # fmt: skip


def doubling(times: int) -> Any:
    """A head whose tensor doubles with each node."""
    node = helper.make_node
    nodes = [node("ReduceSum", ["x"], ["one"], keepdims=0), node("Reshape", ["one", "ones"], ["b0"])]
    nodes += [node("Concat", [f"b{n}", f"b{n}"], [f"b{n + 1}"], axis=0) for n in range(times)]
    return head([*nodes, node("ReduceSum", [f"b{times}"], ["s"], keepdims=0)], [constant("ones", [1])])


def products(times: int, folded: bool) -> Any:
    """A head of many products of large matrices: when it runs, or (folded) already when it is loaded."""
    node = helper.make_node
    first = [node("ConstantOfShape", ["shape"], ["m0"])]
    if not folded:
        first = [node("ReduceSum", ["x"], ["one"], keepdims=0), node("Expand", ["one", "shape"], ["m0"])]
    chain = [node("MatMul", [f"m{n}", "m0"], [f"m{n + 1}"]) for n in range(times)]
    return head(
        [*first, *chain, node("ReduceSum", [f"m{times}"], ["s"], keepdims=0)], [constant("shape", [3000, 3000])]
    )


def forbidden(kind: str) -> Any:
    """A head with something in it that no head has."""
    node = helper.make_node
    yes = constant("yes", True, bool)
    number = helper.make_tensor_value_info("r", TensorProto.FLOAT, None)
    if kind == "if":
        branch = helper.make_graph([node("Identity", ["x2"], ["r"])], "t", [], [number])
        return head([node("If", ["yes"], ["s"], then_branch=branch, else_branch=branch)], [yes])
    if kind == "contrib":
        return head([node("Gelu", ["x"], ["s"], domain="com.microsoft")], [], domain="com.microsoft")
    if kind == "external":
        tensor = TensorProto(name="secret", data_type=TensorProto.UINT8, dims=[16])
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", "/etc/passwd"), ("offset", "0"), ("length", "16")):
            tensor.external_data.add(key=key, value=value)
        return head([node("Cast", ["secret"], ["s"], to=TensorProto.FLOAT)], [tensor])
    body = helper.make_graph(
        [node("Identity", ["c"], ["c2"]), node("Identity", ["v"], ["v2"])], "b",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []),
         helper.make_tensor_value_info("c", TensorProto.BOOL, []),
         helper.make_tensor_value_info("v", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("c2", TensorProto.BOOL, []),
         helper.make_tensor_value_info("v2", TensorProto.FLOAT, None)],
    )  # fmt: skip
    return head([node("Loop", ["", "yes", "x2"], ["s"], body=body)], [yes])


def encoded(model: Any, field: Callable[[int, bytes], bytes]) -> bytes:
    """A graph whose nodes and initialisers are written by `field`."""
    graph = model.graph
    inside = b"".join(field(1, n.SerializeToString()) for n in graph.node)
    inside += b"".join(field(5, t.SerializeToString()) for t in graph.initializer)
    rest = type(graph)(name="g", input=graph.input, output=graph.output).SerializeToString()
    outside = type(model)(ir_version=9, opset_import=model.opset_import).SerializeToString()
    inside += rest
    return outside + varint(7 << 3 | 2) + varint(len(inside)) + inside
