# SPDX-License-Identifier: GPL-2.0-or-later
"""The Processing provider. Its id and those of its algorithms are a published interface: never
rename one.
"""

from __future__ import annotations

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from ..core.paths import ROOT
from .base import RawAlgorithm, icon
from .data import EmbedTracks, FillGaps, ImportTracks
from .forecasts import Backtest, ForecastTracks
from .models import TrainHead
from .people import FindEncounters, ProfileUsers, SimilarUsers, WriteDiary
from .pretrain import Pretrain
from .regions.algorithms import FindFlows, ScoreRegions, SimilarRegions
from .regions.publish import Publish

PROVIDER_ID = "raw"

GROUPS: dict[str, tuple[type[RawAlgorithm], ...]] = {
    "data": (ImportTracks, FillGaps, EmbedTracks),
    "people": (ProfileUsers, WriteDiary, SimilarUsers, FindEncounters),
    "regions": (ScoreRegions, FindFlows, SimilarRegions, Publish),
    "forecasts": (ForecastTracks, Backtest),
    "models": (TrainHead, Pretrain),
}
"""The algorithms of each group of the toolbox and of the menu, in their order.

CONTRIBUTING.md says what a new one needs.
"""

ALGORITHMS = tuple(algorithm for members in GROUPS.values() for algorithm in members)
for group, members in GROUPS.items():
    for algorithm in members:
        algorithm.GROUP = group


class RawProvider(QgsProcessingProvider):
    """All algorithms of RAW, for the toolbox, models, batches and qgis_process."""

    def id(self) -> str:
        return PROVIDER_ID

    def name(self) -> str:
        return "RAW"

    def versionInfo(self) -> str:
        """The plugin's version, which qgis_process notes beside the results."""
        return plugin_version()

    def icon(self) -> QIcon:
        return icon("raw")

    def loadAlgorithms(self) -> None:
        """Add the algorithms. None of them imports the model's libraries before it runs."""
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm())


def plugin_version() -> str:
    """The version of the plugin."""
    lines = (ROOT / "metadata.txt").read_text(encoding="utf-8").splitlines()
    return next(line.removeprefix("version=") for line in lines if line.startswith("version="))
