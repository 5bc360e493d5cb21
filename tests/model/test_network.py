# SPDX-License-Identifier: GPL-2.0-or-later
"""The network: sizes, causality, and one answer from PyTorch, ONNX Runtime in one pass, and step by step."""

import numpy as np
import pytest
import torch

from model.checkpoint import load_network
from model.config import PRESETS
from model.export import Graph, example
from model.raw import Raw, forecast_loss, split_parameters
from raw_qgis_plugin.core.bundle import open_bundle
from raw_qgis_plugin.core.runtime import Model

SIZES = [
    ("raw-nano", 2e4, 3e5), ("raw-small", 2e6, 3e6), ("raw-base", 85e6, 95e6), ("raw-large", 330e6, 370e6),
    ("raw-1b", 0.9e9, 1.1e9),
]  # fmt: skip


@pytest.mark.parametrize(("preset", "least", "most"), SIZES)
def test_presets_have_the_stated_sizes(preset, least, most):
    with torch.device("meta"):
        network = Raw(PRESETS[preset])
    assert least <= sum(p.numel() for p in network.parameters()) <= most


def test_a_state_sees_no_later_fix():
    torch.manual_seed(0)
    network = Raw(PRESETS["raw-nano"]).eval()
    inputs = example(network, b=2, t=12, p=0)
    before, _, _ = network.encode(inputs["features"], inputs["clock"])
    inputs["features"][:, 8:] += 1.0
    after, _, _ = network.encode(inputs["features"], inputs["clock"])
    torch.testing.assert_close(before[:, :8], after[:, :8])
    assert not torch.allclose(before[:, 8:], after[:, 8:])


def test_the_masked_graph_equals_training_without_a_mask():
    torch.manual_seed(0)
    network = Raw(PRESETS["raw-nano"]).eval()
    inputs = example(network, b=2, t=12, p=0)
    plain, _, _ = network.encode(inputs["features"], inputs["clock"])
    masked, *_ = Graph(network)(**inputs)
    torch.testing.assert_close(plain, masked, atol=1e-5, rtol=1e-5)


def test_an_untrained_network_is_the_baseline():
    network = Raw(PRESETS["raw-nano"])
    p = network.answer(torch.randn(5, 48), torch.randn(5, network.config.query))
    point, *_ = split_parameters(p)
    assert point.abs().max() == 0
    base, target = torch.randn(5, 2), torch.randn(5, 2)
    distance, surprise = forecast_loss(p, target, base)
    torch.testing.assert_close(distance, (base - target).norm(dim=-1), atol=1e-5, rtol=1e-5)
    assert torch.isfinite(surprise).all()


def test_the_mixture_is_a_density():
    torch.manual_seed(0)
    p = torch.randn(PRESETS["raw-nano"].parameters_out) * 0.3
    grid = torch.linspace(-80, 80, 1601)
    target = torch.stack(torch.meshgrid(grid, grid, indexing="ij"), dim=-1).reshape(-1, 2)
    _, surprise = forecast_loss(p.expand(len(target), -1), target, torch.tensor([0.5, 0.1]).expand_as(target))
    assert float(torch.exp(-surprise).sum() * 0.1**2) == pytest.approx(1.0, abs=0.02)


def test_onnx_agrees_with_torch_whole_and_step_by_step(nano_run):
    network, _ = load_network(nano_run / "state.safetensors")
    model = Model(open_bundle(nano_run / "bundle"), "cpu")
    inputs = example(network, b=2, t=10, p=0, q=3)
    with torch.no_grad():
        states, parameters, *_ = (a.numpy() for a in Graph(network)(**inputs))
    x, clock, valid, query = (inputs[k].numpy() for k in ("features", "clock", "valid", "query"))
    whole = model.backbone(x, clock, valid, query)
    np.testing.assert_allclose(whole[0], states, atol=1e-5)
    np.testing.assert_allclose(whole[1], parameters, atol=1e-5)
    past, stepped = None, []
    for i in range(10):
        names = ("states", "parameters", "present_keys", "present_values")
        state, answer, *past = model.backbone(
            x[:, i : i + 1], clock[:, i : i + 1], valid[:, : i + 1], query, past, names
        )
        stepped.append(state)
    np.testing.assert_allclose(np.concatenate(stepped, axis=1), states, atol=1e-5)
    np.testing.assert_allclose(answer, parameters, atol=1e-5)


def test_padding_on_the_left_changes_nothing(nano_run):
    network, _ = load_network(nano_run / "state.safetensors")
    model = Model(open_bundle(nano_run / "bundle"), "cpu")
    x, clock, valid, query, *_ = (a.numpy() for a in example(network, b=2, t=10, p=0, q=3).values())
    plain = model.backbone(x, clock, valid, query)
    padded = [
        np.concatenate([np.full_like(a[:, :4], fill), a], axis=1) for a, fill in ((x, 9), (clock, 9), (valid, False))
    ]
    shifted = model.backbone(*padded, query)
    np.testing.assert_allclose(shifted[0][:, 4:], plain[0], atol=1e-4)
    np.testing.assert_allclose(shifted[1], plain[1], atol=1e-4)
