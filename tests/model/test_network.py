# SPDX-License-Identifier: GPL-2.0-or-later
"""The network: sizes, causality, and one answer from PyTorch, ONNX Runtime in one pass, and step by
step.
"""

import json

import numpy as np
import pytest
import torch

from model.network.config import PRESETS
from model.network.raw import Mixture, Raw, mixture, nll, spatial_median
from model.training.checkpoint import load_network
from model.training.onnx_export import Graph, backbone_difference, example, sizes_of
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.forecasting import mixture as core
from raw_qgis_plugin.core.paths import GRAPHS

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


def random_mixture(questions=5, seed=0):
    """Parameters, baseline's end, candidates' outputs and places, and which candidates there are."""
    g = torch.Generator().manual_seed(seed)
    p = torch.randn(questions, PRESETS["raw-nano"].parameters_out, generator=g) * 0.5
    options, place = (
        torch.randn(questions, 7, 2, generator=g),
        3 * torch.randn(questions, 7, 2, generator=g),
    )
    return (
        p,
        torch.randn(questions, 2, generator=g),
        options,
        place,
        torch.rand(questions, 7, generator=g) < 0.7,
    )


def test_an_untrained_network_is_the_baseline():
    network = Raw(PRESETS["raw-nano"])
    c = network.config
    candidate = torch.randn(5, 7, c.candidate)
    p, options = network.predict(torch.randn(5, c.width), torch.randn(5, c.query), candidate)
    assert p[..., :2].abs().max() == 0  # trips: the fading velocity
    _, base, _, place, known = random_mixture()
    mix = mixture(p, base, (options, place, known))  # days: staying is by far the likeliest
    assert mix.log_weight[:, 0].exp().min() > 0.8 and spatial_median(mix).norm(dim=-1).max() < 0.1


def test_rows_of_several_tracks_keep_them_apart():
    torch.manual_seed(0)
    network = Raw(PRESETS["raw-nano"]).eval()
    inputs = example(network, b=1, t=12, p=0)
    piece = torch.tensor([[0] * 5 + [1] * 7])
    mask = (piece[:, None, :, None] == piece[:, None, None, :]).tril()
    x, clock = inputs["features"], inputs["clock"]
    for training in (True, False):
        network.train(training)
        packed, _, _ = network.encode(x, clock, mask)
        alone, _, _ = network.encode(x[:, 5:], clock[:, 5:])
        torch.testing.assert_close(packed[:, 5:], alone, atol=1e-5, rtol=1e-4)


def test_the_mixture_is_a_density():
    p, base, options, place, known = (a[:1] for a in random_mixture())
    grid = torch.linspace(-80, 80, 1601)
    target = torch.stack(torch.meshgrid(grid, grid, indexing="ij"), dim=-1).reshape(-1, 2)
    for candidates in (None, (options, place, known)):
        total = torch.exp(-nll(mixture(p, base, candidates), target)).sum() * 0.1**2
        assert float(total) == pytest.approx(1.0, abs=0.03)


def test_plugin_and_training_mean_the_same_mixture():
    p, base, options, place, known = random_mixture(40)
    unit = np.random.default_rng(0).uniform(20, 900, 40)
    trained = mixture(p, base, (options, place, known))
    used = core.network_mixture(
        p.numpy().astype(float), base.numpy() * unit[:, None], unit,
        (options.numpy(), place.numpy() * unit[:, None, None], known.numpy()),
    )  # fmt: skip
    np.testing.assert_allclose(used.centre, trained.centre.numpy() * unit[:, None, None], atol=1e-3)
    np.testing.assert_allclose(used.weight, trained.log_weight.exp().numpy(), atol=1e-5)
    np.testing.assert_allclose(
        used.scale, trained.log_scale.exp().numpy() * unit[:, None], rtol=1e-4
    )
    many = spatial_median(Mixture(*(a.double() for a in trained))).numpy() * unit[:, None]
    expected = [
        np.sqrt(((x[:, None] - used.centre) ** 2).sum(-1) + used.scale**2)
        for x in (core.spatial_median(used), many)
    ]
    near, rough = ((e * used.weight).sum(axis=1) for e in expected)
    assert (near <= rough * 1.0001).all() and np.median(rough / near) < 1.01


def test_onnx_agrees_with_torch(nano_run):
    network, _ = load_network(nano_run / "state.safetensors")
    model = Model(open_bundle(nano_run / "bundle"), "cpu")
    inputs = example(network, b=2, t=10, p=0, q=3)
    with torch.no_grad():
        states, parameters, options, *_ = (a.numpy() for a in Graph(network)(**inputs))
    x, clock, valid, query, places = (
        inputs[k].numpy() for k in ("features", "clock", "valid", "query", "candidates")
    )
    whole = model.backbone(
        x, clock, valid, query, candidates=places, outputs=("states", "parameters", "options")
    )
    np.testing.assert_allclose(whole[0], states, atol=1e-5)
    np.testing.assert_allclose(whole[1], parameters, atol=1e-5)
    np.testing.assert_allclose(whole[2], options, atol=1e-5)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_graph_of_a_preset_is_that_of_its_network(preset):
    sizes = json.loads((GRAPHS / f"{preset}.json").read_text("utf-8"))
    with torch.device("meta"):
        network = Raw(PRESETS[preset])
    assert json.loads(sizes_of(network)) == sizes, "run `python -m model.training.onnx_export`"
    if preset in ("raw-nano", "raw-small"):
        network = Raw(PRESETS[preset]).eval()
        for values in network.parameters():  # those that start at zero answer too
            torch.nn.init.normal_(values.data, std=0.05)
        assert backbone_difference(network) < 1e-5
