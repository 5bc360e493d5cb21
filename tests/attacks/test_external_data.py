# SPDX-License-Identifier: GPL-2.0-or-later
"""Weights beside a graph: the one file that the card states, whole and unchanged, or a refusal in words."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from attacks.bundles import HEAD_FILE, unpacked
from onnx import TensorProto

from raw_qgis_plugin.core.bundle import own
from raw_qgis_plugin.core.bundle.bundle import open_bundle, write_sums
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import BundleError

DATA = "backbone.bin"


def put_beside(folder: Path, graph: str = "backbone.onnx", data: str = DATA) -> None:
    """Move the weights of a graph to a file beside it, as an exporter would."""
    model, weights = onnx.load(folder / graph), bytearray()
    moved = [t for t in model.graph.initializer if t.data_type == TensorProto.FLOAT and len(t.raw_data) > 64]
    for tensor in moved:
        place = {"location": data, "offset": len(weights), "length": len(tensor.raw_data)}
        weights += tensor.raw_data
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
    for tensor in moved:
        tensor.external_data.add(key="checksum", value=hashlib.sha256(weights).hexdigest())
    assert len(moved) > 3
    (folder / graph).with_name(data).write_bytes(weights)
    (folder / graph).write_bytes(model.SerializeToString())


def state(folder: Path, **about: Any) -> None:
    """State the file of weights in the card."""
    card = json.loads((folder / "card.json").read_text("utf-8"))
    right = {"file": DATA, "bytes": (folder / DATA).stat().st_size, "over_bytes": 1000}
    card["external_data"] = right | about
    (folder / "card.json").write_text(json.dumps(card), "utf-8")


@pytest.fixture
def large(tmp_path, monkeypatch):
    """A bundle with its weights beside its graph; nothing is the user's own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = unpacked(tmp_path / "bundle")
    put_beside(folder)
    state(folder)
    write_sums(folder)
    return folder


def states(model: Model) -> np.ndarray:
    x, clock = np.ones((2, 5, 77), np.float32), np.cumsum(np.ones((2, 5), np.float32), 1)
    return model.backbone(x, clock, np.ones((2, 5), bool), outputs=("states",))[0]


def entry(key: str, value: str, of: int = 0) -> Callable[[Path], None]:
    """Change what the graph says of a tensor in the file."""

    def spoil(folder: Path) -> None:
        model = onnx.load(folder / "backbone.onnx", load_external_data=False)
        tensor = [t for t in model.graph.initializer if t.external_data][of]
        next(e for e in tensor.external_data if e.key == key).value = value
        (folder / "backbone.onnx").write_bytes(model.SerializeToString())

    return spoil


def tensor(change: Callable[[Any, Any], None]) -> Callable[[Path], None]:
    """Change the first and the second tensor in the file."""

    def spoil(folder: Path) -> None:
        model = onnx.load(folder / "backbone.onnx", load_external_data=False)
        change(*[t for t in model.graph.initializer if t.external_data][:2])
        (folder / "backbone.onnx").write_bytes(model.SerializeToString())

    return spoil


def _node(folder: Path) -> None:
    """A constant within a node, in the file."""
    model = onnx.load(folder / "backbone.onnx", load_external_data=False)
    tensor = next(t for t in model.graph.initializer if t.external_data)
    model.graph.node.insert(0, onnx.helper.make_node("Constant", [], ["more"], value=tensor))
    (folder / "backbone.onnx").write_bytes(model.SerializeToString())


def _link(folder: Path) -> None:
    shutil.move(folder / DATA, folder.parent / DATA)
    (folder / DATA).symlink_to(folder.parent / DATA)


def _fifo(folder: Path) -> None:
    (folder / DATA).unlink()
    os.mkfifo(folder / DATA)


def _flipped(folder: Path) -> None:
    data = bytearray((folder / DATA).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / DATA).write_bytes(data)


def _longer(folder: Path) -> None:
    (folder / DATA).write_bytes((folder / DATA).read_bytes() + bytes(4))
    state(folder)


def _unstated(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text("utf-8"))
    del card["external_data"]
    (folder / "card.json").write_text(json.dumps(card), "utf-8")


def _same(folder: Path, _: Any = None) -> None:
    _unstated(folder)
    (folder / DATA).unlink()


HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "a path that leads out of the folder": (entry("location", "../backbone.bin"), "another file than backbone.bin"),
    "an absolute path": (entry("location", "/etc/passwd"), "another file than backbone.bin"),
    "a path within the folder": (entry("location", "./backbone.bin"), "another file than backbone.bin"),
    "another file of the bundle": (entry("location", "weights.safetensors"), "another file than backbone.bin"),
    "a card with a path": (lambda f: state(f, file="../backbone.bin"), "names a file of weights that is not"),
    "a card with another file": (lambda f: state(f, file="card.json"), "names a file of weights that is not"),
    "a card with a name of another kind": (lambda f: state(f, file=None), "external_data.file"),
    "a card with another size": (lambda f: state(f, bytes=5), "of the size that its card states"),
    "a card that states no file": (_unstated, "the card does not state"),
    "a graph that needs a file that is not there": (_same, "weights in another file, which its card does not name"),
    "no file": (lambda f: (f / DATA).unlink(), "of the size that its card states"),
    "a link as the file": (_link, "no plain file"),
    "a FIFO as the file": (_fifo, "no plain file"),
    "other weights": (_flipped, "belongs to another backbone.onnx"),
    "another sum in the graph": (entry("checksum", "0" * 64), "more than one sum"),
    "no sum in the graph": (entry("checksum", "x"), "no ONNX file"),
    "an offset past the end": (entry("offset", "999999996", -1), "leave gaps or overlap"),
    "an offset below zero": (entry("offset", "-4", 1), "no ONNX file"),
    "an offset of many digits": (entry("offset", "9" * 5000, 1), "no ONNX file"),
    "two tensors in one place": (entry("offset", "0", 1), "leave gaps or overlap"),
    "a length past the end": (entry("length", "999999996", -1), "do not fit its size"),
    "sizes past the end": (tensor(lambda a, _: a.dims.__setitem__(0, 2**40)), "do not fit its size"),
    "sizes below zero": (tensor(lambda a, _: a.dims.__setitem__(0, -1)), "do not fit its size"),
    "a tensor of no size": (tensor(lambda a, _: a.dims.__setitem__(0, 0)), "do not fit its size"),
    "whole numbers": (tensor(lambda a, _: setattr(a, "data_type", TensorProto.INT64)), "do not fit its size"),
    "weights in the graph as well": (tensor(lambda a, _: setattr(a, "raw_data", b"1234")), "do not fit its size"),
    "two tensors of one name": (tensor(lambda a, b: setattr(a, "name", b.name)), "two tensors of one name"),
    "an entry twice": (tensor(lambda a, _: a.external_data.append(a.external_data[0])), "no ONNX file"),
    "a longer file": (_longer, "belongs to another backbone.onnx"),
    "a constant within a node": (_node, "weights in another file"),
    "a head with a file": (lambda f: put_beside(f, HEAD_FILE, "head.bin"), "holds 'heads/head.bin'"),
    "a head with the backbone's file": (lambda f: put_beside(f, HEAD_FILE), "holds 'heads/backbone.bin'"),
}  # fmt: skip


def test_hostile_weights_beside_a_graph_are_refused_in_words(large, tmp_path, outcome):
    open_bundle(large)
    for n, (kind, (spoil, words)) in enumerate(HOSTILE.items()):
        folder = shutil.copytree(large, tmp_path / str(n) / "bundle")
        spoil(folder)
        if not (folder / DATA).is_fifo():
            write_sums(folder)
        with pytest.raises(BundleError) as refusal:
            open_bundle(folder)
        assert words in str(refusal.value), kind
    now = f"{len(HOSTILE)} of {len(HOSTILE)} refused"
    outcome("weights beside a graph: paths, links, sums, places, sizes, names", wanted="refused in words", now=now)


def test_weights_that_do_not_fit_the_sums_are_refused(large):
    _flipped(large)
    with pytest.raises(BundleError, match=r"backbone\.bin .* is not the file that was packed"):
        open_bundle(large)


def test_an_external_tensor_in_a_head_is_refused(large):
    put_beside(large, HEAD_FILE)
    (large / "heads" / DATA).unlink()
    write_sums(large)
    with pytest.raises(BundleError, match=r"drives\.onnx keeps weights in another file"):
        open_bundle(large)


@pytest.mark.parametrize("trusted", [True, False])
def test_weights_changed_after_the_check_do_not_run(large, trusted, outcome):
    """What was hashed is what runs, here and in the worker: the bytes are hashed as they are read for the last time."""
    if trusted:
        own.remember(own.graphs_of(large))
    bundle = open_bundle(large)
    expected = states(Model(bundle, "cpu", 1))
    for spoil in (
        _flipped,
        lambda folder: (folder / DATA).write_bytes(b"1234"),
        lambda folder: (folder / DATA).unlink(),
    ):
        before = (large / DATA).read_bytes()
        spoil(large)
        with pytest.raises(BundleError, match=r"backbone\.bin .*(not the file|cannot be read)"):
            Model(bundle, "cpu", 1)
        (large / DATA).write_bytes(before)
    np.testing.assert_array_equal(states(Model(bundle, "cpu", 1)), expected)
    outcome("weights beside a graph, changed between the check and the start", wanted="refused",
            now="3 of 3 refused" + (" (trusted models)" if trusted else " (models from elsewhere)"))  # fmt: skip


def test_onnx_runtime_opens_no_file_by_itself(large, tmp_path, monkeypatch):
    """Another file of that name where the process runs is not read, and the answers are those of the whole graph."""
    whole = unpacked(tmp_path / "whole")
    own.remember([*own.graphs_of(large), *own.graphs_of(whole)])
    (tmp_path / DATA).write_bytes(b"\xff" * (large / DATA).stat().st_size)
    monkeypatch.chdir(tmp_path)
    np.testing.assert_allclose(*(states(Model(open_bundle(f), "cpu", 1)) for f in (large, whole)), atol=1e-6)
