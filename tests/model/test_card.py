# SPDX-License-Identifier: GPL-2.0-or-later
"""What training does on a graphics card, as far as it shows without one."""

from __future__ import annotations

import pytest
import torch

from model.config import PRESETS
from model.raw import Raw
from model.training.checkpoint import optimizer_tensors, restore_optimizers
from model.training.loss import bf16
from model.training.run import optimizers, step


def test_a_resumed_run_has_its_optimizers_state_where_the_parameters_are():
    """AdamW is fused, and wants even its count of steps there."""
    network = Raw(PRESETS["raw-nano"])
    of_cpu = optimizers(network)
    for parameter in network.parameters():
        parameter.grad = torch.ones_like(parameter)
    step(of_cpu, 1e-3)
    saved = dict(optimizer_tensors(of_cpu, network))
    with torch.device("meta"):
        elsewhere = Raw(PRESETS["raw-nano"])
    resumed = optimizers(elsewhere)
    restore_optimizers(resumed, elsewhere, saved)
    found = [value.device.type for o in resumed for state in o.state.values() for value in state.values()]
    assert len(found) == len(saved) and set(found) == {"meta"}

    restore_optimizers(of_cpu, network, saved)  # and the state is its own
    step(of_cpu, 1e-3)
    assert all(value == 1 for name, value in saved.items() if name.endswith(".step"))


@pytest.mark.parametrize(("capability", "fast"), [((7, 5), False), ((8, 0), True), ((8, 9), True), ((12, 0), True)])
def test_cards_that_emulate_bf16_train_without_it(monkeypatch, capability, fast):
    """A T4 and the RTX 20 have a capability of 7.5."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert bf16(torch.device("cuda", 0)) is fast
