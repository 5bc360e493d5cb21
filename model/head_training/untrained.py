# SPDX-License-Identifier: GPL-2.0-or-later
"""A PyTorch network in place of a bundle's model, such as the same network with random weights."""

from __future__ import annotations

import numpy as np
import torch

from model.config import Config
from model.head_training.tune import padded_mask
from model.raw import Raw
from raw_qgis_plugin.core.bundle.runtime import Model


class TorchModel:
    """The part of a model that core.embed uses, computed by a network in PyTorch."""

    provider, warning = "CPU", ""

    def __init__(self, network: Raw, card: dict) -> None:
        self.network, self.card = network.eval(), card

    @torch.no_grad()
    def backbone(self, x: np.ndarray, clock: np.ndarray, valid: np.ndarray, **_: object) -> list[np.ndarray]:
        """States (B, T, D) of sequences padded on the left, as Model.backbone."""
        mask = padded_mask(torch.from_numpy(valid))
        states, _, _ = self.network.encode(torch.from_numpy(x), torch.from_numpy(clock), mask)
        return [states.numpy()]


def random_network(model: Model, seed: int = 0) -> Raw:
    """The model's network with random weights."""
    torch.manual_seed(seed)
    return Raw(Config(**model.card["config"]))


def untrained(model: Model, seed: int = 0) -> TorchModel:
    """The model with random weights in its network."""
    return TorchModel(random_network(model, seed), model.card)
