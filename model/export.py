# SPDX-License-Identifier: GPL-2.0-or-later
"""Turn a run's checkpoint into a model bundle: python -m model.export --run RUN --output BUNDLE"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from model.cli import run
from model.raw import Raw
from model.retrieval.prototypes import FEWEST_FIXES, FEWEST_PEOPLE
from model.training.card import write_card
from model.training.checkpoint import load_network
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.contract import FORMAT_VERSION, PROTOTYPES_FILE, read_prototypes
from raw_qgis_plugin.core.bundle.library import check_target, replacing
from raw_qgis_plugin.core.embedding.embed import embedding_width
from raw_qgis_plugin.core.errors import BundleError, InputError, RawError
from raw_qgis_plugin.core.features.featurizer import FEATURE_VERSION
from raw_qgis_plugin.core.typicality import UNLIMITED

OPSET = 20
LARGEST_DIFFERENCE = 0.01  # of what the exported network answers
POOLING = "mean and standard deviation of the states, of fine windows and of the quarter-hour sequence"
DOMAIN = {"cadence_s": [1, 1800], "speed_ms": [0, 70], "n_fixes": [5, UNLIMITED], "horizon_s": [1, 9000]}
TRAINING = ("corpus", "device", "seed", "minutes", "seconds", "step", "points", "metrics", "before", "command")


class Graph(nn.Module):
    """The network as the one graph of a bundle: a batch with an empty past, or a step that has one."""

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
        # Not minus infinity: a padded row sees nothing, and its softmax must still be a number.
        mask = torch.where(causal[None, None] & valid[:, None, None, :], 0.0, -1e4)
        states, keys, values = self.network.encode(features, clock, mask, (past_keys, past_values))
        parameters, options = self.network.answer(states[:, -1:, :], query, candidates)
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
    """Write a module as ONNX, weights inside, and nothing of the machine that wrote it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module, kwargs=inputs, dynamo=True, opset_version=OPSET, dynamic_shapes=dynamic,
            input_names=list(inputs), output_names=outputs, verbose=False,
        )  # fmt: skip
    graph = program.model.graph
    values = [*graph.inputs, *graph.initializers.values(), *(v for node in graph for v in node.outputs)]
    for part in (program.model, graph, *graph, *values):  # PyTorch notes the files and lines that each came from
        part.metadata_props.clear()
    program.save(path, external_data=False)


def export_backbone(network: Raw, path: Path) -> float:
    """Write backbone.onnx; returns the greatest difference of ONNX Runtime from PyTorch, whole pass and step."""
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


def check_output(output: Path) -> None:
    """InputError where something else than a bundle is there, or one with heads, which a run's bundle does not have."""
    check_target(output)
    heads = []
    with suppress(BundleError):
        heads = [head["name"] for head in open_bundle(output).card["heads"]]
    if heads:
        raise InputError(
            f"{output} has heads that were taught ({', '.join(heads)}), and a new bundle in its place would have none. "
            "Choose another folder for the new one, or move this one away."
        )


def export(run: Path, output: Path, data: str = "") -> None:
    """Make the bundle of a run, without heads, with its typical ways: whole, or what was there before stays.

    data: what the card says of the training data.
    """
    network, about = load_network(run / "state.safetensors")
    if "points" not in about:
        raise InputError(f"{run} is no run of model.pretrain: a network that answers nothing makes no bundle.")
    with replacing(output) as fresh:
        _write(run, fresh, network, about, data)


def _write(run: Path, output: Path, network: Raw, about: dict, data: str) -> None:
    (output / "heads").mkdir()
    difference = export_backbone(network, output / "backbone.onnx")
    weights = {k: v.half().contiguous() for k, v in network.state_dict().items()}
    save_file(weights, output / "weights.safetensors", {"about": json.dumps({"config": about["config"]})})
    card = {
        "name": about["config"]["preset"], "format_version": FORMAT_VERSION, "feature_version": FEATURE_VERSION,
        "config": about["config"], "width": network.config.width,
        "parameters": sum(p.numel() for p in network.parameters()),
        "clock": "mean solar time, t + lon / 15 h", "units": "metres, seconds, degrees (WGS84)",
        "embedding": {"width": embedding_width(network.config.width), "pooling": POOLING},
        "domain": DOMAIN | about.get("domain", {}),
        "calibration": about.get("calibration", {}), "heads": [], "onnx_difference": difference,
        "training": {k: about.get(k) for k in TRAINING}, "data": data,
    }  # fmt: skip
    if (run / PROTOTYPES_FILE).is_file():
        count = len(read_prototypes(run / PROTOTYPES_FILE))
        if count:
            card["typical_ways"] = {"ways": count, "fewest_people": FEWEST_PEOPLE, "fewest_fixes": FEWEST_FIXES}
            shutil.copy(run / PROTOTYPES_FILE, output)
    write_card(output, card)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = argparse.ArgumentParser("python -m model.export", description=__doc__)
    p.add_argument("--run", type=Path, required=True, help="folder of a run of model.pretrain")
    p.add_argument("--output", type=Path, required=True, metavar="BUNDLE")
    p.add_argument("--data", default="", help="for the card: the training data, their terms and whom to cite")
    args = p.parse_args(argv)
    if not (args.run / "state.safetensors").is_file():
        raise InputError(f"{args.run} holds no state.safetensors, so it is no run of model.pretrain.")
    check_output(args.output)
    export(args.run, args.output, args.data)


if __name__ == "__main__":
    sys.exit(run(main))
