# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:publishcheck: what in a layer could name somebody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsProcessing, QgsProcessingOutputNumber

from .form import Run
from .regions import RegionAlgorithm
from .words import tr


class PublishCheck(RegionAlgorithm):
    """Look for what could name somebody in a layer, before it is published."""

    ID = "publishcheck"
    ICON = "publish"
    TITLE = "Check before publishing"
    SUMMARY = "What in a layer could name somebody: ids, homes, fixes, few people, figures that can be subtracted."
    TAGS = ("privacy", "anonymous", "disclosure", "k-anonymity", "export", "mobility")
    NEEDS = ("shapely", "scipy")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_layer("INPUT", "Layer", "The layer that you mean to publish.", QgsProcessing.SourceType.TypeVector)
        self.add_min_users("Figures of fewer people could reveal one of them.")
        self.add_report(optional=True)
        self.addOutput(QgsProcessingOutputNumber("N_FINDINGS", tr("Number of findings")))

    def check(self, run: Run) -> None:
        """Nothing of its own can be wrong."""

    def prepare_layers(self, run: Run) -> None:
        """On the main thread: the layer, which is read later."""
        self.source = run.open_layer("INPUT")

    def run_on(self, run: Run) -> dict[str, Any]:
        """Check, log, write the page."""
        from ..core.regions.publish_check import page
        from ..layers.publishing import check_layer

        minimum, report = run.integer("MIN_USERS"), run.text("REPORT")
        found = check_layer(self.source, run.context.transformContext(), minimum)
        for each in found:
            run.warn(each)
        if not found:
            run.info(tr("Nothing in this layer was found that could name somebody."))
        if report:
            name = self.source.sourceName() or tr("this layer")
            Path(report).write_text(page(name, found, minimum), encoding="utf-8")
        return {"N_FINDINGS": len(found), **({"REPORT": report} if report else {})}
