# SPDX-License-Identifier: GPL-2.0-or-later
"""Work outside the GUI thread, as QgsTasks: a function of a Progress, or one of RAW's Processing
algorithms.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingUtils,
    QgsProject,
    QgsTask,
    QgsVectorLayer,
)

from ..core.errors import Cancelled, InputError, Progress, RawError, cancellable
from ..environment.report import remember

log = logging.getLogger(__name__)


def load_libraries() -> None:
    """Load scipy.spatial and onnxruntime, if installed. Call it on the main thread before other
    threads work.

    These libraries use pybind11, which stores the Python state of the thread that loads the first
    of them. A worker's state is freed with its task, and a later task in the same thread would
    crash QGIS: 'Fatal Python error: _PyThreadState_Attach: non-NULL old thread state'.
    """
    for name in ("scipy.spatial", "onnxruntime"):
        with suppress(Exception):  # missing or broken packages are reported where they are used
            import_module(name)


Layers = dict[str, QgsVectorLayer]  # results of an algorithm by output
# takes the results of an algorithm, its layers and its warnings
Done = Callable[[dict[str, Any], Layers, list[str]], None]


class Job(QgsTask):
    """Runs `work(progress)` in QGIS's thread pool, then one of two callbacks on the main thread.

    done: called with the result of `work`. failed: called with a message, '' after a cancel.
    """

    def __init__(
        self,
        title: str,
        work: Callable[[Progress], Any],
        done: Callable[[Any], None],
        failed: Callable[[str], None],
    ) -> None:
        # else QGIS calls a cancel a failure
        super().__init__(title, QgsTask.Flag.CanCancel | QgsTask.Flag.Silent)
        self._work: Any = work
        self._done: Any = done
        self._failed: Any = failed
        self._result: Any = None
        self._error = ""

    def start(self) -> Job:
        """Hand it to QGIS's task manager."""
        load_libraries()
        QgsApplication.taskManager().addTask(self)
        return self

    def run(self) -> bool:
        """Called by QGIS in another thread. An uncaught exception could crash QGIS."""
        try:
            with cancellable(self.isCanceled):
                self._result = self._work(self._progress)
            return not self.isCanceled()
        except Cancelled:
            return False
        except (RawError, OSError) as error:
            self._error = str(error)
        except Exception as error:  # the message bar shows the message, the log the traceback
            log.exception("%s failed", self.description())
            self._error = f"{type(error).__name__}: {error}"
        remember(self._error)
        return False

    def _progress(self, share: float) -> None:
        if self.isCanceled():
            raise Cancelled
        self.setProgress(min(100.0, 100.0 * share))

    @property
    def share(self) -> float:
        """Of the work done."""
        return self.progress() / 100.0

    def seconds_left(self) -> float | None:
        """The estimated time left; None in the first 2 %."""
        return (
            None if self.share < 0.02 else self.elapsedTime() / 1000 * (1 - self.share) / self.share
        )

    def finished(self, ok: bool) -> None:
        """Called by QGIS on the main thread."""
        result = self._result
        done = self._done
        failed = self._failed
        self._work = self._result = self._done = self._failed = None  # frees the arrays
        if ok:
            done(result)
        else:
            failed("" if self.isCanceled() else self._error)


class Feedback(QgsProcessingFeedback):
    """Collects warnings."""

    def __init__(self) -> None:
        super().__init__(False)
        self.warnings: list[str] = []

    def pushWarning(self, warning: str) -> None:  # noqa: N802 - QGIS's name
        """Called by the algorithm."""
        self.warnings.append(warning)


class AlgorithmJob(Job):
    """One run of an algorithm, which loads its outputs.

    parameters: any that the algorithm does not have are left out. done: called on the main thread
    with the results, the loaded layers by name of the output, and the warnings. loaded: called with
    each layer, those that are drawn above others after them, and adds it to the project.
    """

    def __init__(
        self,
        algorithm: str,
        parameters: dict[str, Any],
        outputs: list[str],
        title: str,
        loaded: Callable[[QgsVectorLayer], None],
        done: Done,
        failed: Callable[[str], None],
    ) -> None:
        """InputError where the parameters are refused."""
        super().__init__(
            title, self._run_algorithm, lambda results: self._deliver(results, loaded, done), failed
        )
        self.context = QgsProcessingContext()
        self.feedback = Feedback()
        self.context.setProject(QgsProject.instance())
        self.context.setFeedback(self.feedback)
        self.feedback.progressChanged.connect(self.setProgress)
        self._algorithm = QgsApplication.processingRegistry().createAlgorithmById(algorithm)
        temporary = QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", QgsProject.instance())
        known = {definition.name() for definition in self._algorithm.parameterDefinitions()}
        self._values = {k: v for k, v in parameters.items() if k in known} | dict.fromkeys(
            outputs, temporary
        )
        good, reason = self._algorithm.checkParameterValues(self._values, self.context)
        if not good or not self._algorithm.prepare(self._values, self.context, self.feedback):
            raise InputError("{why}", why=reason or title)

    def cancel(self) -> None:
        """Stop the algorithm at its next batch. Called by QGIS too, when it quits."""
        self.feedback.cancel()
        super().cancel()

    def _run_algorithm(self, _: Progress) -> dict[str, Any]:
        try:
            return self._algorithm.runPrepared(self._values, self.context, self.feedback)
        except QgsProcessingException as error:
            raise RawError("{error}", error=error) from error

    def finished(self, ok: bool) -> None:
        """Called by QGIS on the main thread."""
        try:
            super().finished(ok)
        finally:  # Python might free the layers of a failed run after QGIS has closed GDAL
            self.context.temporaryLayerStore().removeAllMapLayers()

    def _deliver(
        self, results: dict[str, Any], loaded: Callable[..., None], done: Callable[..., None]
    ) -> None:
        """Style the outputs as Processing would, and pass them on."""
        self._algorithm.postProcess(self.context, self.feedback)
        names = {
            destination: name
            for name, destination in results.items()
            if isinstance(destination, str)
        }
        layers: Layers = {}
        asked = self.context.layersToLoadOnCompletion().items()
        for destination, details in sorted(asked, key=lambda each: each[1].layerSortKey):
            layer = QgsProcessingUtils.mapLayerFromString(destination, self.context)
            if layer is None:
                continue
            layer = self.context.takeResultLayer(layer.id()) or layer
            if details.postProcessor() is not None:
                details.postProcessor().postProcessLayer(layer, self.context, self.feedback)
            layers[names.get(destination, destination)] = layer
            loaded(layer)
        done(results, layers, self.feedback.warnings)
