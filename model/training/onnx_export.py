# SPDX-License-Identifier: GPL-2.0-or-later
"""Export networks as ONNX graphs: the backbone of a bundle, and any other module."""

from __future__ import annotations

import hashlib
import logging
import warnings
from pathlib import Path

import numpy as np
import onnx_ir as ir
import onnxruntime
import torch
from torch import Tensor, nn

from model.raw import Raw
from raw_qgis_plugin.core.bundle.contract import BACKBONE_DATA_FILE, BACKBONE_GRAPH, LIMITS
from raw_qgis_plugin.core.bundle.own import remember
from raw_qgis_plugin.core.errors import RawError

OPSET = 20
LARGEST_DIFFERENCE = 0.01  # between ONNX Runtime's and PyTorch's outputs
LEAST_BESIDE = 4096  # bytes of weights that may leave the graph: shapes and scalars stay


class Graph(nn.Module):
    """The network as the one graph of a bundle: for a batch without a past, and for a step with one."""

    def __init__(self, network: Raw) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, features: Tensor, clock: Tensor, valid: Tensor, query: Tensor, candidates: Tensor,
        past_keys: Tensor, past_values: Tensor,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        """As Model.backbone in core/bundle/runtime.py. valid: (B, P + T) bool."""
        t, whole = features.shape[1], valid.shape[1]
        place = torch.arange(whole, device=valid.device)
        causal = place[None, :] <= place[whole - t :, None]  # (T, P + T)
        # Not minus infinity: a padded row attends to nothing, and its softmax must still be finite.
        mask = torch.where(causal[None, None] & valid[:, None, None, :], 0.0, -1e4)
        states, keys, values = self.network.encode(features, clock, mask, (past_keys, past_values))
        parameters, options = self.network.predict(states[:, -1:, :], query, candidates)
        return states, parameters, options, torch.stack(keys), torch.stack(values)


def example(
    network: Raw, b: int = 3, t: int = 5, p: int = 2, q: int = 4, k: int = 3, seed: int = 0
) -> dict[str, Tensor]:
    """Inputs of the graph with the given sizes, drawn at random."""
    c, g = network.config, torch.Generator().manual_seed(seed)
    past = (c.layers, b, c.heads, p, c.width // c.heads)
    return {
        "features": torch.randn(b, t, c.features, generator=g), "clock": torch.rand(b, t, generator=g).cumsum(1) * 60,
        "valid": torch.ones(b, p + t, dtype=torch.bool), "query": torch.randn(b, q, c.query, generator=g),
        "candidates": torch.randn(b, q, k, c.candidate, generator=g),
        "past_keys": torch.randn(past, generator=g), "past_values": torch.randn(past, generator=g),
    }  # fmt: skip


def export_graph(module: nn.Module, inputs: dict[str, Tensor], path: Path, outputs: list[str], dynamic: dict) -> None:
    """Write a module as ONNX with its weights."""
    _write(to_onnx(module, inputs, outputs, dynamic), path)


def to_onnx(module: nn.Module, inputs: dict[str, Tensor], outputs: list[str], dynamic: dict) -> ir.Model:
    """A module as ONNX, without traces of this machine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # not that torchvision is missing, on each export
        program = torch.onnx.export(
            module, kwargs=inputs, dynamo=True, opset_version=OPSET, dynamic_shapes=dynamic,
            input_names=list(inputs), output_names=outputs, verbose=False,
        )  # fmt: skip
    graph = program.model.graph
    values = [*graph.inputs, *graph.initializers.values(), *(v for node in graph for v in node.outputs)]
    for part in (program.model, graph, *graph, *values):  # PyTorch notes source files and lines
        part.metadata_props.clear()
    return program.model


def _write(model: ir.Model, path: Path) -> None:
    ir.save(model, path)
    remember([path])


def weights_beside(model: ir.Model) -> list[ir.TensorProtocol]:
    """Have a graph expect its larger weights in BACKBONE_DATA_FILE, one after the other. Returns them in that order."""
    moved, at = [], 0
    for value in model.graph.initializers.values():
        tensor = value.const_value
        if tensor is not None and tensor.dtype == ir.DataType.FLOAT and tensor.nbytes >= LEAST_BESIDE:
            moved.append(tensor)
            value.const_value = ir.ExternalTensor(
                BACKBONE_DATA_FILE,
                at,
                tensor.nbytes,
                tensor.dtype,
                shape=ir.Shape(tensor.shape.numpy()),
                name=str(value.name),
            )
            at += tensor.nbytes
    return moved


def with_checksum(model: ir.Model, checksum: str) -> bytes:
    """A graph as bytes, in which every tensor beside it has the SHA-256 of its file."""
    proto = ir.to_proto(model)
    for tensor in proto.graph.initializer:
        if tensor.external_data:
            tensor.external_data.add(key="checksum", value=checksum)
    return proto.SerializeToString()


def _write_beside(model: ir.Model, path: Path) -> dict:
    """Write a graph and its larger weights, which card.json has to name. Returns the card's 'external_data'."""
    digest, data = hashlib.sha256(), path.with_name(BACKBONE_DATA_FILE)
    with data.open("wb") as file:
        for tensor in weights_beside(model):
            values = np.ascontiguousarray(tensor.numpy(), "<f4").reshape(-1).view(np.uint8).data
            file.write(values)
            digest.update(values)
    path.write_bytes(with_checksum(model, digest.hexdigest()))
    remember([path])
    return {"file": data.name, "bytes": data.stat().st_size}


def backbone_to_onnx(network: Raw) -> ir.Model:
    """The network as the graph of BACKBONE_GRAPH."""
    b, t, q, k = (torch.export.Dim(n, min=1) for n in ("batch", "fixes", "questions", "places"))
    p = torch.export.Dim.DYNAMIC
    dynamic = {
        "features": {0: b, 1: t}, "clock": {0: b, 1: t}, "valid": {0: b, 1: p}, "query": {0: b, 1: q},
        "candidates": {0: b, 1: q, 2: k},
        "past_keys": {1: b, 3: p}, "past_values": {1: b, 3: p},
    }  # fmt: skip
    return to_onnx(Graph(network).eval(), example(network), list(BACKBONE_GRAPH.outputs), dynamic)


def export_backbone(network: Raw, path: Path, most_bytes: int = LIMITS.graph_bytes) -> dict:
    """Write backbone.onnx, and weights of more than most_bytes beside it.

    Returns for the card 'onnx_difference', the largest between ONNX Runtime and PyTorch for a pass and a step, and, for
    weights beside the graph, 'external_data'.
    """
    model, facts = backbone_to_onnx(network), {}
    values = (value.const_value for value in model.graph.initializers.values())
    if sum(tensor.nbytes for tensor in values if tensor is not None) > most_bytes:
        facts["external_data"] = _write_beside(model, path) | {"over_bytes": most_bytes}
    else:
        path.with_name(BACKBONE_DATA_FILE).unlink(missing_ok=True)
        _write(model, path)
    inputs = [example(network, p=p, t=t, seed=1) for p, t in ((0, 9), (7, 1))]
    return {"onnx_difference": largest_difference(Graph(network).eval(), path, *inputs), **facts}


def largest_difference(module: nn.Module, path: Path, *inputs: dict[str, Tensor]) -> float:
    """The largest difference between ONNX Runtime's and PyTorch's outputs for some inputs. RawError if it is large."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = []
    for batch in inputs:
        with torch.no_grad():
            expected = module(**batch)
        got = session.run(None, {name: tensor.numpy() for name, tensor in batch.items()})
        found += [np.abs(e.numpy() - g).max() for e, g in zip(expected, got, strict=True)]
    worst = float(np.max(found))
    if not worst < LARGEST_DIFFERENCE:  # nan too
        raise RawError(
            f"The exported network differs from the trained one by {worst:g}: the training has diverged. Train again, "
            "a run from an earlier checkpoint or with a smaller --lr."
        )
    return worst
