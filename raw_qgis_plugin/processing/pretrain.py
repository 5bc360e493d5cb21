# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:pretrain: go on training the model on one's own tracks."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputString,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
)
from qgis.PyQt.QtGui import QIcon

from ..tasks import training
from .base import ANY_FILE, DEVICES, READ, TrackAlgorithm, icon
from .progress import Stage, time_left
from .words import tr

if TYPE_CHECKING:
    from ..tasks.child import Child

NONE = "none"


class Pretrain(TrackAlgorithm):
    """Train the network on in a child process, compare it with what it was, give back bundle and report."""

    ID = "pretrain"
    TITLE = "Go on pretraining"
    SUMMARY = "Train the model on with your own tracks, and see on people held out whether that made it better."
    TAGS = ("trajectory", "movement", "train", "learn", "model", "finetune", "adapt")
    NEEDS = ("pyarrow",)

    @staticmethod
    def icon() -> QIcon:
        """The drawing in toolbar and toolbox."""
        return icon("train")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: N802
        """The form."""
        self.add_tracks()
        self.add_choice(
            "PRESET", "Size of the model", training.PRESETS, "raw-small suits a laptop; raw-base and larger need a "
            "graphics card. What comes with RAW begins anew in another size than raw-small; a model of your own "
            "keeps its size.",
            defaultValue="raw-small",
        )  # fmt: skip
        init = QgsProcessingParameterFile(
            "INIT", tr("Model to go on from"), defaultValue="shipped", optional=True,
            fileFilter=f"{tr('Model bundles')} (*.zip card.json);;{ANY_FILE}",
        )  # fmt: skip
        init.setHelp(tr("shipped: the model that comes with RAW. none: begin anew. Or a bundle's folder or .zip."))
        self.addParameter(init)
        minutes = QgsProcessingParameterNumber(
            "MINUTES", tr("Minutes of training"), QgsProcessingParameterNumber.Double, 30.0, minValue=0.05
        )
        minutes.setHelp(tr("The learning rate falls over this time. The comparison afterwards takes some more."))
        self.addParameter(minutes)
        self.add_choice(
            "DEVICE", "Device", DEVICES, "auto uses the graphics card where PyTorch can.", defaultValue="auto",
            advanced=True,
        )  # fmt: skip
        self.add_time_zone()
        self.addParameter(QgsProcessingParameterFolderDestination("BUNDLE", tr("New model")))
        self.addParameter(QgsProcessingParameterFileDestination("REPORT", tr("Report"), "HTML files (*.html)"))
        self.add_counts()
        self.addOutput(QgsProcessingOutputString("PROVIDER", tr("Device really used")))
        self.addOutput(QgsProcessingOutputString("VERDICT", tr("Whether to use the new model")))

    def check_own(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """A model to go on from has to be there and whole, and there has to be room for the new one."""
        super().check_own(parameters, context)
        self._init(parameters, context)
        training.check_target(self.parameterAsString(parameters, "BUNDLE", context))

    def _init(self, parameters: dict[str, Any], context: QgsProcessingContext) -> tuple[str, str]:
        """What to go on from ('none': nothing), and why nothing, in words. BundleError where INIT is no model."""
        from ..core.bundle.bundle import open_bundle

        preset = self.parameterAsString(parameters, "PRESET", context)
        init = self.parameterAsString(parameters, "INIT", context).strip() or "shipped"
        if init == NONE:
            return NONE, ""
        config = open_bundle(init).card.get("config", {})
        if init != "shipped" or config.get("preset") == preset:
            return init if init == "shipped" else str(Path(init).resolve()), ""  # where the child finds it too
        words = tr("The model that comes with RAW is a {own}, so a {preset} begins anew.")
        return NONE, words.format(own=config.get("preset"), preset=preset)

    def run_on(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Read, train in a child process, copy what came of it."""
        from ..core.bundle.bundle import open_bundle
        from ..core.errors import Cancelled, InputError
        from ..tasks import child as runs

        init, why = self._init(parameters, context)
        if why:
            feedback.pushInfo(why)
        minutes = self.parameterAsDouble(parameters, "MINUTES", context)
        bundle, report = (self.parameterAsString(parameters, name, context) for name in ("BUNDLE", "REPORT"))
        tracks, skipped = self.read(feedback)
        tracks = self.cut(tracks, "track", skipped, feedback)
        preset = self.parameterAsString(parameters, "PRESET", context)
        device = self.parameterAsString(parameters, "DEVICE", context) or "auto"
        if not len(tracks):
            raise InputError("INPUT has no track with two usable fixes, so there is nothing to learn from.")
        folder, child = runs.new_folder("pretrain"), None
        arguments = training.pretraining_arguments(folder, init, preset, minutes, device, Path(bundle).name)
        try:
            training.write_tracks(tracks, folder / "tracks.parquet")
            stage = Stage(feedback, tr("Training"), READ, 100)  # where Cancel was pressed, nothing is started
            child = runs.Child.start(training.ADAPT, arguments, folder, title=tr(self.TITLE), minutes=minutes)
            last = self._follow(child, stage, minutes, feedback)
        except BaseException as error:
            if child is None:
                shutil.rmtree(folder)  # a copy of people's tracks, and no run to go on with
                raise
            child.cancel()
            if isinstance(error, Cancelled):
                words = tr(
                    "Stopped. What was trained is kept in {folder}: go on with it, or delete it, in RAW's training."
                )
                feedback.pushWarning(words.format(folder=folder))
            raise
        training.deliver(folder, Path(last["bundle"]), Path(last["report"]), Path(bundle), Path(report))
        device = open_bundle(bundle).card["training"]["device"]
        feedback.pushInfo(last["verdict"])
        return {
            "BUNDLE": bundle, "REPORT": report, "VERDICT": last["verdict"], "PROVIDER": device,
            "N_USERS": tracks.n_users, "N_POINTS": len(tracks), "N_SKIPPED": skipped.total,
        }  # fmt: skip

    @staticmethod
    def _follow(child: Child, stage: Stage, minutes: float, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        """Show the child's progress. Returns its last line."""
        last: dict[str, Any] = {}

        def told(line: dict[str, Any]) -> None:
            nonlocal last
            last = line
            words, share = training.progress_text(line), training.pretraining_share(line, minutes)
            if words:
                feedback.pushConsoleInfo(words) if "text" in line else feedback.pushInfo(words)
            if share is not None and not feedback.isCanceled():
                stage(share)
            if "seconds_left" in line:
                left = time_left(line["seconds_left"])
                feedback.setProgressText(tr("Training: {left} left").format(left=left))

        child.follow(told, feedback.isCanceled)
        return last
