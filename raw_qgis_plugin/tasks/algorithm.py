# SPDX-License-Identifier: GPL-2.0-or-later
"""A Processing algorithm of ours run in the background for the dock, which loads what it made."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingUtils,
    QgsProject,
    QgsVectorLayer,
)

from ..core.errors import InputError


class Feedback(QgsProcessingFeedback):
    """Remembers what was warned of, and why it failed."""

    def __init__(self) -> None:
        super().__init__(False)
        self.warnings: list[str] = []
        self.errors: list[str] = []

    def pushWarning(self, warning: str) -> None:  # noqa: N802 - QGIS's name
        """Called by the algorithm."""
        self.warnings.append(warning)

    def reportError(self, error: str, fatalError: bool = False) -> None:  # noqa: N802 - QGIS's name
        """Called by the algorithm."""
        self.errors.append(error)


# The task works with a run's context and feedback to its end, even if nobody asks for the run any more.
_running: set[AlgorithmJob] = set()


class AlgorithmJob:
    """One run. The same to look at as a `Job`: description, share, seconds_left, cancel.

    done: called on the main thread with the result, the loaded layers by output's name, and the warnings. failed: with
    a sentence, '' after a cancel. loaded: called with each layer and the place its style asks for, to put it into the
    project.
    """

    def __init__(
        self, algorithm: str, parameters: dict[str, Any], outputs: list[str], title: str,
        loaded: Callable[[QgsVectorLayer, int], None],
        done: Callable[[dict[str, Any], dict[str, QgsVectorLayer], list[str]], None], failed: Callable[[str], None],
    ) -> None:  # fmt: skip
        """InputError where the parameters are refused."""
        self.context, self.feedback = QgsProcessingContext(), Feedback()
        self.context.setProject(QgsProject.instance())
        self.context.setFeedback(self.feedback)
        self._title, self._loaded, self._done, self._failed = title, loaded, done, failed
        self._algorithm = QgsApplication.processingRegistry().createAlgorithmById(algorithm)
        where = {
            name: QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", QgsProject.instance()) for name in outputs
        }
        values = {**parameters, **where}
        good, reason = self._algorithm.checkParameterValues(values, self.context)
        if not good:
            raise InputError(reason)
        self._task = QgsProcessingAlgRunnerTask(self._algorithm, values, self.context, self.feedback)
        self._task.executed.connect(self._finished)
        self._began = time.monotonic()

    def start(self) -> AlgorithmJob:
        """Hand it to QGIS's task manager."""
        _running.add(self)
        QgsApplication.taskManager().addTask(self._task)
        return self

    def description(self) -> str:
        """What is being done."""
        return self._title

    @property
    def share(self) -> float:
        """Of the work done, 0 to 1."""
        return self.feedback.progress() / 100.0

    def seconds_left(self) -> float | None:
        """By what has been done so far; None while that says too little."""
        spent = time.monotonic() - self._began
        return None if self.share < 0.02 or spent < 1.0 else spent * (1 - self.share) / self.share

    def cancel(self) -> None:
        """Ask it to stop, which it does at its next batch."""
        self.feedback.cancel()

    def _finished(self, ok: bool, results: dict[str, Any]) -> None:
        _running.discard(self)
        try:
            if self.feedback.isCanceled():
                self._failed("")
            elif not ok:
                self._failed(self.feedback.errors[-1] if self.feedback.errors else self._title)
            else:
                self._done(results, self._load(results), self.feedback.warnings)
        finally:
            # The callbacks know this run and it knows them: Python might find that out after QGIS has closed, and what
            # a run that failed has left in its context would go when GDAL is gone
            self._loaded = self._done = self._failed = _nothing
            self.context.temporaryLayerStore().removeAllMapLayers()

    def _load(self, results: dict[str, Any]) -> dict[str, QgsVectorLayer]:
        """Style the outputs as Processing would, and hand them over."""
        names = {destination: name for name, destination in results.items() if isinstance(destination, str)}
        found: dict[str, QgsVectorLayer] = {}
        for destination, details in self.context.layersToLoadOnCompletion().items():
            layer = QgsProcessingUtils.mapLayerFromString(destination, self.context)
            if layer is None:
                continue
            layer = self.context.takeResultLayer(layer.id()) or layer
            if details.postProcessor() is not None:
                details.postProcessor().postProcessLayer(layer, self.context, self.feedback)
            found[names.get(destination, destination)] = layer
            self._loaded(layer, details.layerSortKey)
        return found


def _nothing(*_: Any) -> None:
    """What is left of a run that has ended."""
