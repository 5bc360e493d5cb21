# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:backtest: forecasts of the layer's own past, compared with simple methods."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsProcessing

from ...core.errors import InputError
from ...core.specs import BacktestSpec
from ..form import Run
from ..tracks import TrackAlgorithm
from ..words import tr


class Backtest(TrackAlgorithm):
    ID = "backtest"
    TITLE = "Backtest forecasts"
    SUMMARY = (
        "Errors of forecasts on the past of these tracks, by horizon, beside simple methods, with a verdict in words."
    )
    TAGS = ("trajectory", "movement", "prediction", "accuracy", "validation", "evaluation", "baseline", "error")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.add_tracks()
        self.add_options(BacktestSpec)
        self.add_sink("OUTPUT", "Backtest", QgsProcessing.SourceType.TypeVector)
        self.add_report(optional=True)
        self.add_model()
        self.add_sentence("VERDICT", "What to use, one sentence per horizon")

    def run_on(self, run: Run) -> dict[str, Any]:
        from ...core.evaluation.backtest import ANONYMOUS, backtest, columns_of, make_page, warning
        from ...core.evaluation.verdicts import to_json
        from ...layers import styling

        model = self.open_model(run)
        if warning(model.bundle):
            run.warn(warning(model.bundle))
        read, skipped = self.read(run)
        tracks = self.split(run, read, "track" if read.anonymous else "user", skipped)
        if tracks.anonymous:
            run.info(ANONYMOUS)
        if not len(tracks):
            raise InputError(tr("There is nothing to test on."))
        result = backtest(tracks, model, run.spec(BacktestSpec), run.stage(tr("Testing")))
        verdict = "\n".join(map(str, result.verdicts))
        run.info(verdict)
        self.warn_outside(result.answer.reasons, result.answer.in_domain, run)
        style = styling.Table("Backtest", to_json(result.verdicts))
        outputs = {"OUTPUT": self.write(run, "OUTPUT", columns_of(result), style), "VERDICT": verdict}
        if report := run.text("REPORT"):
            make_page(result, self.plan.source.sourceName() or tr("these tracks"), model.bundle).write(Path(report))
            outputs["REPORT"] = report
        return {**outputs, **self.counts(tracks, skipped, model.provider)}
