# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:backtest: would the model have been right on these tracks, and nearer than simple methods?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputString,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)
from qgis.PyQt.QtGui import QIcon

from ..core.errors import InputError
from ..tasks.libraries import load_libraries
from .base import COMPUTED, READ, icon
from .forecast_tracks import ForecastTracks
from .progress import Stage
from .words import tr

if TYPE_CHECKING:
    from ..core.evaluation.backtest import Backtest as Done


MOST_HORIZONS = 24


class Backtest(ForecastTracks):
    """The model against simple methods on INPUT's own past."""

    ID = "backtest"
    TITLE = "Backtest forecasts"
    SUMMARY = (
        "How far off forecasts of these tracks would have been, by horizon, beside simple methods; in plain words."
    )
    TAGS = ("trajectory", "movement", "prediction", "accuracy", "validation", "evaluation", "baseline", "error")
    NEEDS = ("onnxruntime", "scipy", "shapely", "pyproj", "matplotlib")

    @staticmethod
    def icon() -> QIcon:
        """The drawing in toolbar and toolbox."""
        return icon("backtest")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_tracks()
        self.add_horizons()
        folds = QgsProcessingParameterNumber(
            "FOLDS", tr("Folds"), QgsProcessingParameterNumber.Type.Integer, 5, minValue=1, maxValue=50
        )
        folds.setHelp(tr("The record is cut into so many parts of time, and about as much is asked from each."))
        self.addParameter(folds)
        self.addParameter(
            QgsProcessingParameterFeatureSink("OUTPUT", tr("Backtest"), QgsProcessing.SourceType.TypeVector)
        )
        self.addParameter(
            QgsProcessingParameterFileDestination("REPORT", tr("Report"), tr("HTML files (*.html)"), optional=True)
        )
        self.add_model()
        self.addOutput(QgsProcessingOutputString("VERDICT", tr("What to use, one sentence a horizon")))

    def check_own(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """A report of hundreds of horizons says nothing."""
        super().check_own(parameters, context)
        count = len(self.horizons(parameters, context))
        if count > MOST_HORIZONS:
            raise InputError(
                f"{count} horizons are too many to compare: choose a longer STEP ({MOST_HORIZONS} at most)."
            )

    def prepareAlgorithm(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """On the main thread: tracks, and what draws the report."""
        load_libraries("matplotlib.backends.backend_svg")
        return super().prepareAlgorithm(parameters, context, feedback)

    def run_on(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Read, ask, compare, write."""
        from ..core.evaluation.backtest import backtest
        from ..core.evaluation.backtest_page import APART, make_page, warning

        model = self.open_model(parameters, context, feedback)
        if warning(model.bundle):
            feedback.pushWarning(warning(model.bundle))
        read, skipped = self.read(feedback)
        tracks = self.cut(read, "track" if read.anonymous else "user", skipped, feedback)
        if tracks.anonymous:
            feedback.pushInfo(APART)
        if not len(tracks):
            raise QgsProcessingException(tr("There is nothing to test on."))
        horizons, folds = self.horizons(parameters, context), self.parameterAsInt(parameters, "FOLDS", context)
        done = backtest(tracks, model, horizons, folds, Stage(feedback, tr("Testing"), READ, COMPUTED))
        for sentence in done.verdicts:
            feedback.pushInfo(sentence)
        self.warn_outside(done.answer.reasons, done.answer.in_domain, feedback)
        results = {"OUTPUT": self._write(parameters, context, feedback, done)}
        report = self.parameterAsFileOutput(parameters, "REPORT", context)
        if report:
            make_page(done, self.reading.source.sourceName() or tr("these tracks"), model.bundle).write(Path(report))
            results["REPORT"] = report
        return {**results, "VERDICT": "\n".join(done.verdicts), **self.counts(tracks, skipped, model)}

    def _write(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback, done: Done
    ) -> str:
        from ..core.evaluation.backtest_page import columns_of
        from ..layers import styling

        columns = columns_of(done)
        return self.write_table(
            parameters, "OUTPUT", context, columns, [None] * len(columns["method"]), QgsWkbTypes.Type.NoGeometry,
            QgsCoordinateReferenceSystem(), styling.BacktestTable(),
            Stage(feedback, tr("Writing"), COMPUTED, 100),
        )  # fmt: skip
