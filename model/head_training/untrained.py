# SPDX-License-Identifier: GPL-2.0-or-later
"""A model with another network in a bundle's place, such as the same network with random weights."""

from __future__ import annotations

from pathlib import Path

import torch

from model.network.config import Config
from model.network.raw import Raw
from model.training.checkpoint import save_weights
from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import Bundle, open_bundle, write_sums
from raw_qgis_plugin.core.bundle.runtime import Model


def model_with(network: Raw, bundle: Bundle, folder: Path) -> Model:
    """The model of a copy of a bundle, in a new folder, with the weights of a network of the same size."""
    library.copy_files(bundle, folder)
    save_weights(network, folder)
    write_sums(folder)
    return Model(open_bundle(folder), "cpu")


def untrained(bundle: Bundle, folder: Path, seed: int = 0) -> Model:
    """The model of a bundle with random weights in its network. folder: where it is made."""
    torch.manual_seed(seed)
    return model_with(Raw(Config(**bundle.card["config"])), bundle, folder)
