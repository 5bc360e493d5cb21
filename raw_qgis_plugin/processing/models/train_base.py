# SPDX-License-Identifier: GPL-2.0-or-later
"""The base class of the algorithms that train: a child process, the new model and the report."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.core import QgsProcessingParameterFolderDestination

from ...core.bundle import library
from ...core.errors import Cancelled, RawError
from ...tasks import child as runs
from ...tasks import training
from ..form import Run
from ..progress import time_left
from ..tracks import TrackAlgorithm
from ..words import tr


class TrainingAlgorithm(TrackAlgorithm):
    """Trains in a child process, then copies the new model to BUNDLE and the report to REPORT."""

    MODULE = ""  # what the child process runs
    NEEDS = (*TrackAlgorithm.NEEDS, "torch", "safetensors", "sklearn", "onnx", "onnxscript")
    PACKAGES = ("runtime", "train")

    def add_results(self) -> None:
        """Add BUNDLE and REPORT."""
        self.add(QgsProcessingParameterFolderDestination("BUNDLE", tr("New model")))
        self.add_report(optional=False)

    def check(self, run: Run) -> None:
        super().check(run)
        if bundle := run.text("BUNDLE"):  # QGIS itself refuses an empty one
            library.check_target(Path(bundle))

    def train(self, run: Run, name: str, prepare: Callable[[Path], list[str]], **notes: Any) -> dict[str, Any]:
        """Train in a new folder of runs. Returns BUNDLE, REPORT, VERDICT and PROVIDER.

        prepare: writes the child's input files into the folder and returns the child's arguments. notes: more for
        run.json, such as the minutes that it may take.
        """
        bundle, report = run.text("BUNDLE"), run.text("REPORT")  # once: a temporary output gets a new name each time
        folder, child = runs.new_folder(name), None
        try:
            arguments = prepare(folder)
            stage = run.stage(tr("Training"), stop=100)  # raises Cancelled before anything is started
            child = runs.Child.start(self.MODULE, arguments, folder, title=tr(self.TITLE), **notes)
            found: dict[str, Any] = {}

            def on_line(line: dict[str, Any]) -> None:
                found.update({key: line[key] for key in ("bundle", "report", "verdict", "provider") if key in line})
                text, share = training.progress_text(line), training.share_done(line, notes.get("minutes", 30.0))
                if text and "verdict" not in line:
                    run.feedback.pushConsoleInfo(text) if "text" in line else run.info(text)
                if share is not None and not run.feedback.isCanceled():
                    stage(share)
                if "seconds_left" in line:
                    left = time_left(line["seconds_left"])
                    run.feedback.setProgressText(tr("Training: {left} left").format(left=left))

            child.follow(on_line, run.feedback.isCanceled)
        except BaseException as error:
            if child is not None:
                child.cancel()
            self.tidy_up(run, folder, error if child is not None else None)
            raise
        made = folder / training.RESULT_FOLDER
        try:
            library.copy(Path(found.get("bundle", made / "bundle")), Path(bundle))
            shutil.copyfile(found.get("report", made / "report.html"), report)
        except (RawError, OSError) as error:
            training.delete_personal_data(folder)
            words = f"{error} The training is done: its model is kept in {made}, and in RAW's training."
            raise RawError(words) from error
        shutil.rmtree(folder, ignore_errors=True)
        verdict = str(found.get("verdict", ""))
        run.info(verdict)
        return {"BUNDLE": bundle, "REPORT": report, "VERDICT": verdict, "PROVIDER": found.get("provider", "CPU")}

    def tidy_up(self, run: Run, folder: Path, error: BaseException | None) -> None:
        """Delete what a run leaves that ended in `error`, None if before it began.

        The log of a training that failed stays, which the error message names.
        """
        if isinstance(error, RawError) and not isinstance(error, Cancelled):
            training.delete_personal_data(folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
