# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs one of RAW's Processing algorithms in the background for the dock, and loads its outputs."""

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
from .job import nothing, seconds_left


class Feedback(QgsProcessingFeedback):
    """Collects warnings and errors."""

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


# The task uses a job's context and feedback until it ends, also if nothing else refers to the job any more.
_running: set[AlgorithmJob] = set()


class AlgorithmJob:
    """One run of an algorithm, with the interface of a `Job`: description, share, seconds_left, cancel.

    parameters: any that the algorithm does not have are left out. done: called on the main thread with the results, the
    loaded layers by name of the output, and the warnings. failed: called with a message, '' after a cancel. loaded:
    called with each layer and its place in the drawing order, and adds it to the project.
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
        temporary = QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", QgsProject.instance())
        known = {definition.name() for definition in self._algorithm.parameterDefinitions()}
        values = {**{k: v for k, v in parameters.items() if k in known}, **dict.fromkeys(outputs, temporary)}
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
        """The title."""
        return self._title

    @property
    def share(self) -> float:
        """The share of the work that is done, 0 to 1."""
        return self.feedback.progress() / 100.0

    def seconds_left(self) -> float | None:
        """The estimated time left; None while it is too early to estimate."""
        return seconds_left(self._began, self.share)

    def cancel(self) -> None:
        """Stop the algorithm at its next batch."""
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
            # This breaks a circle of references. Otherwise Python might free the job after QGIS has closed GDAL, and
            # with it the layers that a failed run left in its context.
            self._loaded = self._done = self._failed = nothing
            self.context.temporaryLayerStore().removeAllMapLayers()

    def _load(self, results: dict[str, Any]) -> dict[str, QgsVectorLayer]:
        """Style the outputs as Processing would, and pass them to `loaded`."""
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
