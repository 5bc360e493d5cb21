# SPDX-License-Identifier: GPL-2.0-or-later
"""A backbone whose weights lie beside it is the same model; raw-1b passes every check that needs no weights."""

import json
import math
import shutil

import numpy as np
import onnx_ir as ir
import pytest
import torch

from model.config import PRESETS
from model.export import card_of, export
from model.raw import Raw
from model.training import onnx_export
from model.training.card import describe
from model.training.checkpoint import load_network, save
from raw_qgis_plugin.core.bundle import library, own
from raw_qgis_plugin.core.bundle.bundle import open_bundle, write_sums
from raw_qgis_plugin.core.bundle.card import read_card
from raw_qgis_plugin.core.bundle.contract import LIMITS
from raw_qgis_plugin.core.bundle.external_data import DataFile
from raw_qgis_plugin.core.bundle.onnx_check import GraphChecker
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.bundle.weights import check_weights
from raw_qgis_plugin.core.bundle.worker import ForeignGraph
from raw_qgis_plugin.core.embedding.cache import recipe_key
from raw_qgis_plugin.core.embedding.embed import embed
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import Tracks

ABOUT = {"points": 0, "step": 0, "seconds": 0.0, "device": "cpu", "seed": 0, "corpus": [], "command": ""}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of an untrained raw-nano."""
    torch.manual_seed(0)
    network, folder = Raw(PRESETS["raw-nano"]), tmp_path_factory.mktemp("large") / "run"
    torch.nn.init.normal_(network.head_out.weight, std=0.1)
    folder.mkdir()
    save(folder / "state.safetensors", network.state_dict(), ABOUT | {"config": network.config.to_dict()})
    export(folder, folder / "bundle")
    return folder


@pytest.fixture(scope="module")
def beside(run):
    """The bundle of that run with its weights, of some 400 kB, in a file beside the graph."""
    export(run, run / "beside", most_bytes=100_000)
    return run / "beside"


@pytest.fixture(scope="module")
def tracks(tracks_file) -> Tracks:
    return read(tracks_file)[0].take(np.arange(2000))


def answers(bundle, tracks) -> list[np.ndarray]:
    model, rng = Model(open_bundle(bundle), "cpu", 1), np.random.default_rng(0)
    x, clock = rng.normal(size=(2, 9, 77)).astype(np.float32), np.cumsum(np.ones((2, 9), np.float32), 1)
    outputs = ("states", "parameters", "options", "present_keys", "present_values")
    return [embed(tracks, model), *model.backbone(x, clock, np.ones((2, 9), bool), outputs=outputs)]


def test_weights_beside_the_graph_answer_as_those_in_it_do(beside, run, tracks, tmp_path, monkeypatch):
    card = open_bundle(beside).card
    size = (beside / "backbone.bin").stat().st_size
    assert card["external_data"] == {"file": "backbone.bin", "bytes": size, "over_bytes": 100_000}
    assert size > 300_000 and (beside / "backbone.onnx").stat().st_size < 100_000
    assert "backbone.bin" in (beside / "SHA256SUMS").read_text("ascii") and "backbone.bin" in describe(card)
    assert "external_data" not in open_bundle(run / "bundle").card
    expected = answers(run / "bundle", tracks)
    own_ones = answers(beside, tracks)
    library.pack(beside, tmp_path / "packed.zip")
    unpacked = answers(tmp_path / "packed.zip", tracks)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))  # nothing is the user's own there
    assert not own.is_all_own(beside)
    assert isinstance(Model(open_bundle(beside), "cpu", 1)._backbone, ForeignGraph)
    for theirs, *ours in zip(expected, own_ones, unpacked, answers(beside, tracks), strict=True):
        for values in ours:
            np.testing.assert_allclose(values, theirs, atol=1e-5)


def test_other_weights_are_another_recipe(beside, run, tmp_path):
    """The graph alone stands for its weights: in the register of own graphs, and as the key of cached embeddings."""
    network, _ = load_network(run / "state.safetensors")
    with torch.no_grad():
        network.layers[0].up.weight[0, 0] += 1e-3
    other = shutil.copytree(beside, tmp_path / "other")
    onnx_export.export_backbone(network, other / "backbone.onnx", 100_000)
    write_sums(other)
    keys = {recipe_key(Model(open_bundle(folder), "cpu", 1)) for folder in (beside, other, beside)}
    assert len(keys) == 2


def test_a_loaded_model_needs_neither_the_file_nor_its_memory(beside, tracks, tmp_path, monkeypatch):
    read_file, seen = DataFile.read, []
    monkeypatch.setattr(DataFile, "read", lambda file: seen.append(read_file(file)) or seen[-1])
    expected = answers(beside, tracks)
    library.copy(beside, tmp_path / "copy")
    seen.clear()
    model = Model(open_bundle(tmp_path / "copy"), "cpu", 1)
    (memory,) = seen
    memory[:] = 255  # ONNX Runtime has its own copy, so this one can go
    (tmp_path / "copy" / "backbone.bin").unlink()
    np.testing.assert_array_equal(embed(tracks, model), expected[0])


def test_raw_1b_passes_the_checks_of_an_export(tmp_path, monkeypatch):
    """On 'meta', so without the values of its weights: the graph, the card, and files of the right sizes with holes."""
    export_to_onnx = torch.onnx.export

    def export_meta(module, kwargs, **more):
        inputs = {name: value.to("meta") for name, value in kwargs.items()}
        program = export_to_onnx(module, kwargs=inputs, optimize=False, **more)
        for value in program.model.graph.initializers.values():
            if value.const_value.dtype == ir.DataType.FLOAT and value.name.startswith("network."):
                zeros = np.broadcast_to(np.float32(0), value.const_value.shape.numpy())  # takes four bytes
                value.const_value = ir.tensor(zeros, name=value.name)
        program.optimize()
        return program

    monkeypatch.setattr(torch.onnx, "export", export_meta)
    with torch.device("meta"):
        network = Raw(PRESETS["raw-1b"])
    model = onnx_export.backbone_to_onnx(network)
    moved = onnx_export.weights_beside(model)
    data = tmp_path / "backbone.bin"
    with data.open("wb") as file:
        file.truncate(sum(tensor.nbytes for tensor in moved))
    size, graph = data.stat().st_size, onnx_export.with_checksum(model, "0" * 64)
    assert LIMITS.graph_bytes < 2**31 < size and len(graph) < 10e6
    checker = GraphChecker()
    checked = checker.read("backbone.onnx", graph, data)
    assert checker.n_fields < checker.limits.fields / 4
    numbers = sum(math.prod(part.shape) for part in checked.parts)
    parameters = sum(p.numel() for p in network.parameters())
    assert 0.999 * parameters < numbers <= parameters

    stated = {"file": data.name, "bytes": size, "over_bytes": LIMITS.graph_bytes}
    about = ABOUT | {"config": network.config.to_dict()}
    card = card_of(network, about, "") | {"onnx_difference": 0.0, "external_data": stated}
    assert "are in backbone.bin" in describe(card)
    assert read_card(json.dumps(card).encode(), tmp_path)["parameters"] == parameters > 0.9e9

    header, at = {"__metadata__": {"about": json.dumps({"config": network.config.to_dict()})}}, 0
    for name, tensor in network.state_dict().items():
        header[name] = {
            "dtype": "F16",
            "shape": list(tensor.shape),
            "data_offsets": [at, at := at + 2 * tensor.numel()],
        }
    words = json.dumps(header).encode()
    with (tmp_path / "weights.safetensors").open("wb") as file:
        file.write(len(words).to_bytes(8, "little") + words)
        file.truncate(8 + len(words) + at)
    check_weights(tmp_path / "weights.safetensors")
    assert size + at < LIMITS.bytes
