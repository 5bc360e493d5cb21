# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:backtest: forecasts of the layer's own past, compared with simple methods."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsProcessing, QgsProcessingException

from ..core.errors import InputError
from ..tasks.job import load_libraries
from .forecast_tracks import ForecastTracks
from .form import Run
from .words import tr


class Backtest(ForecastTracks):
    """The model and simple methods, tested on INPUT's own past."""

    ID = "backtest"
    ICON = "backtest"
    TITLE = "Backtest forecasts"
    SUMMARY = (
        "Errors of forecasts on the past of these tracks, by horizon, beside simple methods, with a verdict in words."
    )
    TAGS = ("trajectory", "movement", "prediction", "accuracy", "validation", "evaluation", "baseline", "error")
    NEEDS = ("onnxruntime", "scipy", "shapely", "pyproj", "matplotlib")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_tracks()
        self.add_horizons()
        self.add_integer(
            "FOLDS", "Folds", "The number of parts of time. Each part gives about the same number of cases.", 5,
            maxValue=50,
        )  # fmt: skip
        self.add_sink("OUTPUT", "Backtest", QgsProcessing.SourceType.TypeVector)
        self.add_report(optional=True)
        self.add_model()
        self.add_sentence("VERDICT", "What to use, one sentence per horizon")

    def check(self, run: Run) -> None:
        """Refuse more horizons than a report can show."""
        super().check(run)
        count = len(self.horizons(run))
        if count > 24:
            raise InputError(f"{count} horizons are too many to compare: choose a longer STEP (24 horizons at most).")

    def prepare_layers(self, run: Run) -> None:
        """On the main thread: tracks, and what draws the report."""
        load_libraries("matplotlib.backends.backend_svg")
        super().prepare_layers(run)

    def run_on(self, run: Run) -> dict[str, Any]:
        """Read, backtest, write."""
        from ..core.evaluation.backtest import backtest, to_json
        from ..core.evaluation.backtest_page import APART, columns_of, make_page, warning
        from ..layers import styling

        model = self.open_model(run)
        if warning(model.bundle):
            run.warn(warning(model.bundle))
        read, skipped = self.read(run)
        tracks = self.split(run, read, "track" if read.anonymous else "user", skipped)
        if tracks.anonymous:
            run.info(APART)
        if not len(tracks):
            raise QgsProcessingException(tr("There is nothing to test on."))
        result = backtest(tracks, model, self.horizons(run), run.integer("FOLDS"), run.stage(tr("Testing")))
        sentences = list(map(str, result.verdicts))
        for sentence in sentences:
            run.info(sentence)
        self.warn_outside(result.answer.reasons, result.answer.in_domain, run)
        style = styling.Table("Backtest", to_json(result.verdicts))
        outputs = {"OUTPUT": self.write_table(run, "OUTPUT", columns_of(result), style)}
        report = run.text("REPORT")
        if report:
            make_page(result, self.plan.source.sourceName() or tr("these tracks"), model.bundle).write(Path(report))
            outputs["REPORT"] = report
        return {**outputs, "VERDICT": "\n".join(sentences), **self.counts(tracks, skipped, model.provider)}
