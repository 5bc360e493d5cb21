# SPDX-License-Identifier: GPL-2.0-or-later
"""The shipped model, one of a few lines in its place, and invented people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from raw_qgis_plugin.core.bundle.bundle import Bundle, open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.tracks import Tracks

settings.register_profile("busy", deadline=None)  # a slow machine is no failure
settings.load_profile("busy")

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """Real data beside the checkout, which is no part of the project."""
    if not DATA.is_dir():
        pytest.skip("There is no ../shared/data with real tracks here.")
    return DATA


class InventedModel:
    """Answers as a bundle's model would: states are running sums of the features, heads return the
    first input.
    """

    provider, warning = "CPU", ""

    def __init__(self, *heads: dict, width: int = 4) -> None:
        self.card = {"name": "invented", "width": width, "heads": list(heads), "domain": {}}
        self.bundle = Bundle(Path(), self.card)
        self.asked: dict[str, np.ndarray] = {}

    def backbone(self, x, clock, valid, query=None, outputs=("states",)):
        return [np.cumsum(x[..., : self.card["width"]], axis=1).astype(np.float32)]

    def run_head(self, name, x):
        self.asked[name] = x
        head = self.bundle.head(name)
        if head["kind"] == "number":
            return x[:, :1]
        return np.linspace(0, 1, len(head["classes"]))[None, :] * x[:, :1]


@pytest.fixture
def invented_model() -> Callable[..., InventedModel]:
    """Make a model with heads, given as they stand in a card."""
    return InventedModel


@pytest.fixture(scope="module")
def model() -> Model:
    """The shipped model."""
    return Model(open_bundle(), "cpu", threads=1)


@pytest.fixture
def people() -> Tracks:
    """Twelve users who walk about a town for two hours, a fix a minute; user k begins at longitude
    10 + k / 100.
    """
    rng = np.random.default_rng(1)
    n, k = 120, 12
    lon = (10 + np.arange(k) / 100)[:, None] + rng.normal(0, 2e-4, (k, n)).cumsum(axis=1)
    lat = 50 + rng.normal(0, 2e-4, (k, n)).cumsum(axis=1)
    t = np.tile(1_700_040_000_000 + np.arange(n) * 60_000, k)
    tracks, _ = build_tracks(np.repeat(np.arange(k), n), None, t, lon.ravel(), lat.ravel())
    return tracks
