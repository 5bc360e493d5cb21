# SPDX-License-Identifier: GPL-2.0-or-later
"""Export networks as ONNX graphs: the backbone of a bundle, and any other module."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from model.raw import Raw
from raw_qgis_plugin.core.bundle.own import remember
from raw_qgis_plugin.core.errors import RawError

OPSET = 20
LARGEST_DIFFERENCE = 0.01  # between ONNX Runtime's and PyTorch's outputs


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
    """Write a module as ONNX with its weights, and without traces of this machine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module, kwargs=inputs, dynamo=True, opset_version=OPSET, dynamic_shapes=dynamic,
            input_names=list(inputs), output_names=outputs, verbose=False,
        )  # fmt: skip
    graph = program.model.graph
    values = [*graph.inputs, *graph.initializers.values(), *(v for node in graph for v in node.outputs)]
    for part in (program.model, graph, *graph, *values):  # PyTorch notes source files and lines
        part.metadata_props.clear()
    program.save(path, external_data=False)
    remember([path])


def export_backbone(network: Raw, path: Path) -> float:
    """Write backbone.onnx. Returns the largest difference between ONNX Runtime and PyTorch, for a pass and a step."""
    b, t, q, k = (torch.export.Dim(n, min=1) for n in ("batch", "fixes", "questions", "places"))
    p = torch.export.Dim.DYNAMIC
    dynamic = {
        "features": {0: b, 1: t}, "clock": {0: b, 1: t}, "valid": {0: b, 1: p}, "query": {0: b, 1: q},
        "candidates": {0: b, 1: q, 2: k},
        "past_keys": {1: b, 3: p}, "past_values": {1: b, 3: p},
    }  # fmt: skip
    graph = Graph(network).eval()
    export_graph(
        graph, example(network), path, ["states", "parameters", "options", "present_keys", "present_values"], dynamic
    )
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    worst = 0.0
    for size in ({"p": 0, "t": 9}, {"p": 7, "t": 1}):
        inputs = example(network, **size, seed=1)
        with torch.no_grad():
            expected = graph(**inputs)
        got = session.run(None, {k: v.numpy() for k, v in inputs.items()})
        worst = float(np.max([worst, *(np.abs(e.numpy() - g).max() for e, g in zip(expected, got, strict=True))]))
    if not worst < LARGEST_DIFFERENCE:  # nan too
        raise RawError(
            f"The exported network differs from the trained one by {worst:g}: the training has diverged. Train again "
            "from an earlier checkpoint, or with a smaller --lr."
        )
    return worst
