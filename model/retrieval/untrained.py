# SPDX-License-Identifier: GPL-2.0-or-later
"""The engine as it would be if nobody had pretrained a network: what the layer's past brings by itself.

Two degrees. Untrained has the mixture of an untrained network: for trips fading velocity, for days mostly staying, with
some weight for fading velocity and candidate places. A scorer weighs continuations beside it. ByRule has no trained
scorer either, but kernel weights.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from raw_qgis_plugin.core.bundle import contract
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.forecasting.neighbours import LEAST_WEIGHT, WEIGHT

if TYPE_CHECKING:
    from raw_qgis_plugin.core.bundle.bundle import Bundle


class ZeroNetwork(Model):
    """The model with its network's output at zero."""

    def backbone(self, x: np.ndarray, clock: np.ndarray, valid: np.ndarray, *args: Any, **named: Any) -> list:
        """As Model.backbone, but zeros. The last fix of a context gives outputs of the same shapes."""
        answers = super().backbone(x[:, -1:], clock[:, -1:], valid[:, -1:], *args, **named)
        return [np.zeros_like(a) for a in answers]


class Untrained(ZeroNetwork):
    """The same without a second graph that reads the network's states."""

    has_fleet_graph = False

    def __init__(self, bundle: Bundle, device: str = "auto", scorer: Path | None = None) -> None:
        """scorer: the graph that weighs continuations, in place of the one that serves every bundle."""
        super().__init__(bundle, device)
        self._path = scorer

    @cached_property
    def _own_scorer(self) -> Any:
        return self._session(self._path, contract.SCORER_GRAPH) if self._path else None

    def score_past(self, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        """As Model.score_past, but the same as `score`: an engine of the past alone has no other to adapt to."""
        return self.score(inputs)


class ByRule(Untrained):
    """The same with the weights that an untrained scorer gives (scorer.py): those of the kernel."""

    def score(self, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        """As Model.score."""
        continuations, unit = inputs["continuations"], inputs["expected"][:, None] + 5.0
        weight, days = continuations[..., WEIGHT], 1 - inputs["trip"][:, None, None]
        prior = np.where(weight > LEAST_WEIGHT, np.log(weight + 1e-6) - 1.5, -1e4)
        scale = np.broadcast_to(np.exp(-1.5) * unit, weight.shape)
        return [
            np.concatenate([inputs["log_weight"], prior], axis=1), np.concatenate([inputs["scale"], scale], axis=1),
            continuations[..., :2] + days * continuations[..., 2:4],
        ]  # fmt: skip
