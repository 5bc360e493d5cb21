# SPDX-License-Identifier: GPL-2.0-or-later
"""Sizes of the network, importable without PyTorch."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from raw_qgis_plugin.core.features.featurizer import N_FEATURES, N_QUERY
from raw_qgis_plugin.core.forecasting.candidates import N_CANDIDATE_COLUMNS


@dataclass(frozen=True)
class Config:
    """The sizes of a RAW network."""

    preset: str = "raw-small"
    layers: int = 5
    width: int = 192
    heads: int = 6
    hidden: int = 384  # of the SwiGLU feed-forward
    components: int = 6  # of the forecast mixture; the first one is 'stays'
    features: int = N_FEATURES
    query: int = N_QUERY
    candidate: int = N_CANDIDATE_COLUMNS

    @property
    def parameters_out(self) -> int:
        """Numbers of a forecast: point (2), staying (2), (x, y, log scale, logit) of components."""
        return 2 + 2 + 4 * (self.components - 1)

    def to_dict(self) -> dict:
        """The sizes as plain JSON values."""
        return asdict(self)


PRESETS = {
    "raw-nano": Config("raw-nano", layers=2, width=48, heads=2, hidden=128),
    "raw-small": Config("raw-small"),
    "raw-base": Config("raw-base", layers=12, width=768, heads=12, hidden=2048),
    "raw-large": Config("raw-large", layers=24, width=1024, heads=16, hidden=3328),
    "raw-1b": Config("raw-1b", layers=20, width=2048, heads=16, hidden=5632),
}
