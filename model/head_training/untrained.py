# SPDX-License-Identifier: GPL-2.0-or-later
"""A model with random weights in a bundle's place: what pretraining adds is the difference to it."""

from __future__ import annotations

from pathlib import Path

import torch

from model.network.config import Config
from model.network.raw import Raw
from model.training.checkpoint import save_weights
from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import Bundle, open_bundle, write_sums
from raw_qgis_plugin.core.bundle.runtime import Model


def untrained(bundle: Bundle, folder: Path, seed: int = 0) -> Model:
    """The model of a copy of a bundle, in a new folder, with random weights in its network."""
    torch.manual_seed(seed)
    library.copy_files(bundle, folder)
    save_weights(Raw(Config(**bundle.card["config"])), folder)
    write_sums(folder)
    return Model(open_bundle(folder), "cpu")
