# SPDX-License-Identifier: GPL-2.0-or-later
"""Graphs that are in order by themselves and not what their names say are refused in words, not run."""

import shutil

import numpy as np
import pytest

from raw_qgis_plugin.core.bundle.bundle import open_bundle, write_sums
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import BundleError
from raw_qgis_plugin.core.paths import shipped_bundle


@pytest.fixture
def swapped(tmp_path):
    """Make a copy of the shipped bundle with one of its graphs in the place of another."""

    def swap(graph, place):
        copy = shutil.copytree(shipped_bundle(), tmp_path / "bundle")
        shutil.copyfile(copy / graph, copy / place)
        write_sums(copy)
        return open_bundle(copy)

    return swap


@pytest.mark.parametrize("graph", ["heads/transport_mode.onnx", "neighbours.onnx"])
def test_another_graph_is_no_backbone(swapped, graph):
    with pytest.raises(BundleError, match=r"backbone\.onnx .* has to take features, clock"):
        Model(swapped(graph, "backbone.onnx"), "cpu", 1)


def test_scales_of_a_scorer_are_positive(monkeypatch):
    model = Model(open_bundle(), "cpu")
    monkeypatch.setattr(model, "_run", lambda scorer, inputs, shapes: [np.zeros(shape) for shape in shapes])
    with pytest.raises(BundleError, match="scales that are not positive"):
        model.score({"scale": np.ones((2, 3)), "continuations": np.zeros((2, 4, 12))})


def test_another_graph_is_no_scorer(swapped):
    model = Model(swapped("heads/transport_mode.onnx", "neighbours.onnx"), "cpu", 1)
    with pytest.raises(BundleError, match=r"neighbours\.onnx .* to answer log_weights, scales, leads_to"):
        model.score({})


def test_another_graph_is_no_head(swapped):
    bundle = swapped("neighbours.onnx", "heads/transport_mode.onnx")
    with pytest.raises(BundleError, match=r"transport_mode\.onnx .* has to take x"):
        Model(bundle, "cpu", 1).run_head(
            "transport_mode", np.zeros((1, bundle.head("transport_mode")["inputs"]), np.float32)
        )


def test_a_graph_that_takes_other_shapes_is_refused_in_words():
    model = Model(open_bundle(shipped_bundle()), "cpu", 1)
    with pytest.raises(BundleError, match="cannot run a graph of the model raw-small"):
        model.score_fleets(*(np.zeros((1, 1)) for _ in range(6)))
