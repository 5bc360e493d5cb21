# SPDX-License-Identifier: GPL-2.0-or-later
"""A graphics card that does not load, or fails while it runs, gives way to the CPU in words. The
card is imitated.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from raw_qgis_plugin.core.bundle import devices
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.devices import CPU, CUDA, Session
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import BundleError

FAILURE = "CUDA failure 2: out of memory ; GPU=0"


class Card:
    """A session on an imitated card, which fails after some runs."""

    def __init__(self, session: Any, runs: int) -> None:
        self.session, self.runs = session, runs

    def get_providers(self) -> list[str]:
        return [CUDA, CPU]

    def run(self, outputs: Any, feed: Any) -> Any:
        self.runs -= 1
        if self.runs < 0:
            raise RuntimeError(FAILURE)
        return self.session.run(outputs, feed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a card into this machine. runs: after which it fails; None: ONNX Runtime takes the CPU
    without a word.
    """

    def put(runs: int | None) -> list[list[str]]:
        opened, plain = [], Session._open

        def open_on(session: Session, providers: list[str]) -> Any:
            opened.append(providers)
            if providers == [CPU] or runs is None:
                return plain(session, [CPU])
            if runs < 0:
                raise RuntimeError(FAILURE)
            return Card(plain(session, [CPU]), runs)

        monkeypatch.setattr(devices, "_has_gpu", lambda: True)
        monkeypatch.setattr(devices, "_loaded", lambda: [CUDA, CPU])
        monkeypatch.setattr(Session, "_open", open_on)
        return opened

    return put


def answers(model: Model) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    features, clock = rng.normal(size=(2, 9, 16)), rng.normal(size=(2, 9))
    n = model._backbone.shape("features")[-1]
    head = model.card["heads"][0]
    return [
        *model.backbone(np.resize(features, (2, 9, n)), clock, np.ones((2, 9), bool)),
        model.run_head(head["name"], np.zeros((3, head["inputs"]))),
    ]


@pytest.mark.parametrize("device", ["auto", "cuda"])
@pytest.mark.parametrize("runs", [-1, 0, 1])
def test_a_card_that_fails_gives_way_to_the_cpu_in_words(card: Any, device: str, runs: int) -> None:
    expected = answers(Model(open_bundle(), "cpu", 1))
    opened, told = card(runs), []
    model = Model(open_bundle(), device, 1, warn=told.append)
    assert model.provider == ("CPU" if runs < 0 else "CUDA") and len(told) == (runs < 0)
    for _ in range(3):
        for got, wanted in zip(answers(model), expected, strict=True):
            np.testing.assert_array_equal(got, wanted)
    assert told == [model.warning] and model.provider == "CPU"
    assert "so the CPU" in model.warning and FAILURE in model.warning
    assert opened.count([CUDA, CPU]) <= 2  # what is opened after the failure does not try again


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_a_library_that_cuda_lacks_is_said(card: Any, device: str) -> None:
    card(None)
    told: list[str] = []
    model = Model(open_bundle(), device, 1, warn=told.append)
    assert model.provider == "CPU" and told == [model.warning]
    assert "could not load its CUDA libraries" in model.warning


def test_what_the_cpu_refuses_too_is_an_error(card: Any) -> None:
    card(100)
    model = Model(open_bundle(), "auto", 1)
    with pytest.raises(BundleError, match="cannot run the model raw-small"):
        model.backbone(np.zeros((1, 2, 3)), np.zeros((1, 2)), np.ones((1, 2), bool))
