# SPDX-License-Identifier: GPL-2.0-or-later
"""Networks as ONNX graphs: python -m model.training.onnx_export writes those of the presets.

A bundle brings weights alone, which the plugin puts into the graph of their preset in
resources/graphs by their names.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime
import onnxscript.optimizer
import torch
from torch import Tensor, nn

from model.network.config import PRESETS
from model.network.raw import Raw
from raw_qgis_plugin.core.bundle.contract import BACKBONE_OUTPUTS
from raw_qgis_plugin.core.bundle.devices import Session
from raw_qgis_plugin.core.errors import RawError
from raw_qgis_plugin.core.paths import GRAPHS

OPSET = 20
LARGEST_DIFFERENCE = 0.01  # between ONNX Runtime's and PyTorch's outputs


class Graph(nn.Module):
    """The network as one graph: for a batch without a past, and for a step with one."""

    def __init__(self, network: Raw) -> None:
        super().__init__()
        self.network = network

    def forward(
        self,
        features: Tensor,
        clock: Tensor,
        valid: Tensor,
        query: Tensor,
        candidates: Tensor,
        past_keys: Tensor,
        past_values: Tensor,
    ) -> tuple[Tensor, ...]:
        """As Model.backbone in core/bundle/runtime.py. valid: (B, P + T) bool."""
        t = features.shape[1]
        whole = valid.shape[1]
        place = torch.arange(whole, device=valid.device)
        # (T, P + T)
        causal = place[None, :] <= place[whole - t :, None]
        # Not minus infinity: a padded row attends to nothing, and its softmax must still be finite.
        mask = torch.where(causal[None, None] & valid[:, None, None, :], 0.0, -1e4)
        states, keys, values = self.network.encode(features, clock, mask, (past_keys, past_values))
        parameters, options = self.network.predict(states[:, -1:, :], query, candidates)

        return states, parameters, options, torch.stack(keys), torch.stack(values)


def example(
    network: Raw, b: int = 3, t: int = 5, p: int = 2, q: int = 4, k: int = 3, seed: int = 0
) -> dict[str, Tensor]:
    """Inputs of the graph with the given sizes, drawn at random."""
    c = network.config
    g = torch.Generator().manual_seed(seed)
    past = (c.layers, b, c.heads, p, c.width // c.heads)

    return {
        "features": torch.randn(b, t, c.features, generator=g),
        "clock": torch.rand(b, t, generator=g).cumsum(1) * 60,
        "valid": torch.ones(b, p + t, dtype=torch.bool),
        "query": torch.randn(b, q, c.query, generator=g),
        "candidates": torch.randn(b, q, k, c.candidate, generator=g),
        "past_keys": torch.randn(past, generator=g),
        "past_values": torch.randn(past, generator=g),
    }


def export_graph(
    module: nn.Module, inputs: dict[str, Tensor], path: Path, outputs: list[str], dynamic: dict
) -> None:
    """Write a module as ONNX with its weights. Raises RawError where it differs from PyTorch."""
    ir.save(_to_onnx(module, inputs, outputs, dynamic), path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    largest_difference(module, session, inputs)


def _to_onnx(
    module: nn.Module,
    inputs: dict[str, Tensor],
    outputs: list[str],
    dynamic: dict,
    optimize: bool = True,
) -> ir.Model:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # not that torchvision is missing, on each export
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        model = torch.onnx.export(
            module,
            kwargs=inputs,
            dynamo=True,
            opset_version=OPSET,
            dynamic_shapes=dynamic,
            optimize=optimize,
            input_names=list(inputs),
            output_names=outputs,
            verbose=False,
        ).model

    graph = model.graph
    values = [*graph.inputs, *graph.initializers.values()]
    for node in graph:
        values += node.outputs

    for part in (model, graph, *graph, *values):
        # the names of source files and lines, which PyTorch notes
        part.metadata_props.clear()

    return model


def backbone_graph(network: Raw) -> bytes:
    """The graph of networks of these sizes. Its weights have their names in PyTorch, and no values.

    While the graph is simplified the weights are inputs, so that none of their values gets into it.
    """
    b, t, q, k = (torch.export.Dim(n, min=1) for n in ("batch", "fixes", "questions", "places"))
    p = torch.export.Dim.DYNAMIC
    dynamic = {
        "features": {0: b, 1: t},
        "clock": {0: b, 1: t},
        "valid": {0: b, 1: p},
        "query": {0: b, 1: q},
        "candidates": {0: b, 1: q, 2: k},
        "past_keys": {1: b, 3: p},
        "past_values": {1: b, 3: p},
    }
    inputs = example(network)
    outputs = list(BACKBONE_OUTPUTS)
    model = _to_onnx(Graph(network).eval(), inputs, outputs, dynamic, optimize=False)
    graph = model.graph
    weights = network.state_dict()
    values = {name: graph.initializers.pop(f"network.{name}") for name in weights}

    for value in values.values():
        value.const_value = None
        graph.inputs.append(value)

    onnxscript.optimizer.optimize_ir(model)
    for name, value in values.items():
        graph.inputs.remove(value)
        value.name = name
        value.const_value = _elsewhere(name, weights[name])
        graph.register_initializer(value)

    return ir.to_proto(model).SerializeToString()


def _elsewhere(name: str, weights: Tensor) -> ir.ExternalTensor:
    """A tensor of a graph whose values are in another file."""
    shape = ir.Shape(weights.shape)
    size = 4 * weights.numel()
    return ir.ExternalTensor("weights", 0, size, ir.DataType.FLOAT, shape=shape, name=name)


def sizes_of(network: Raw) -> str:
    """The text of the file beside the graph: the network's sizes and the shapes of its weights."""
    shapes = {name: list(values.shape) for name, values in network.state_dict().items()}
    return json.dumps({"config": network.config.to_dict(), "tensors": shapes}, indent=1) + "\n"


def backbone_difference(network: Raw) -> float:
    """The largest difference between RAW's graph with these weights and PyTorch.

    It is of a pass and of a step. Raises RawError where it is large.
    """
    graph = (GRAPHS / f"{network.config.preset}.onnx").read_bytes()
    weights = {name: values.float().numpy() for name, values in network.state_dict().items()}
    session = Session(graph, 0, weights=weights)
    whole = example(network, p=0, t=9, seed=1)
    step = example(network, p=7, t=1, seed=1)

    return largest_difference(Graph(network).eval(), session, whole, step)


def largest_difference(module: nn.Module, session: Any, *inputs: dict[str, Tensor]) -> float:
    """The largest difference between ONNX Runtime's and PyTorch's outputs for some inputs.

    Raises RawError where it is large.
    """
    found = []
    for batch in inputs:
        with torch.no_grad():
            expected = module(**batch)

        got = session.run(None, {name: tensor.numpy() for name, tensor in batch.items()})
        found += [np.abs(e.numpy() - g).max() for e, g in zip(expected, got, strict=True)]

    worst = float(np.max(found))
    if not worst < LARGEST_DIFFERENCE:  # nan too
        raise RawError(
            f"The exported network differs from the trained one by {worst:g}: the training has "
            "diverged. Train again, a run from an earlier checkpoint or with a smaller --lr."
        )

    return worst


if __name__ == "__main__":
    for preset in sys.argv[1:] or PRESETS:
        network = Raw(PRESETS[preset])
        (GRAPHS / f"{preset}.onnx").write_bytes(backbone_graph(network))
        (GRAPHS / f"{preset}.json").write_text(sizes_of(network), "utf-8")
