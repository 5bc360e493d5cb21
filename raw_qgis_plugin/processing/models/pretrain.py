# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:pretrain: continue to train the model on one's own tracks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...core.errors import Cancelled, InputError
from ...core.specs import DeviceSpec, PretrainSpec, ZoneSpec
from ...tasks import training
from ..form import Run
from ..words import tr
from .train_base import TrainingAlgorithm

NONE = "none"


class Pretrain(TrainingAlgorithm):
    ID = "pretrain"
    MODULE = training.ADAPT
    TITLE = "Continue training"
    SUMMARY = "Continue training the model on your own tracks, and test on held-out people whether it improved."
    TAGS = ("trajectory", "movement", "pretrain", "train", "learn", "model", "finetune", "adapt")

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.add_tracks()
        self.add_options(PretrainSpec)
        self.add_bundle(
            "INIT", "Begin with",
            "shipped: the model that comes with RAW. none: random weights. Or a bundle's folder or .zip.",
            "shipped",
        )  # fmt: skip
        self.add_options(DeviceSpec, ZoneSpec)
        self.add_results()
        self.add_counts()
        self.add_sentence("PROVIDER", "Device used")
        self.add_sentence("VERDICT", "Whether to use the new model")

    def check(self, run: Run) -> None:
        super().check(run)
        self._init(run)

    def _init(self, run: Run) -> str:
        """The model to continue from: 'shipped', 'none' or a path. BundleError if INIT is no model."""
        from ...core.bundle.bundle import open_bundle

        init = run.text("INIT").strip() or "shipped"
        if init == NONE:
            return NONE
        size = open_bundle(init).card.get("config", {}).get("preset")
        if init != "shipped":
            return str(Path(init).resolve())  # the child has another working directory
        return init if size == run.spec(PretrainSpec).preset else NONE

    def run_on(self, run: Run) -> dict[str, Any]:
        from ...core.bundle.bundle import open_bundle

        init = self._init(run)
        run.info(tr("The network starts from random weights.") if init == NONE else f"INIT: {init}")
        tracks, skipped = self.read_units(run, "track")
        if not len(tracks):
            raise InputError("INPUT has no track with two usable fixes, so there is nothing to learn from.")
        spec, name = run.spec(PretrainSpec), Path(run.text("BUNDLE")).name
        device = run.spec(DeviceSpec).device

        def prepare(folder: Path) -> list[str]:
            training.write_tracks(tracks, folder / "tracks.parquet")
            steps = 10 if spec.minutes < 5 else 25 if spec.minutes < 30 else 50
            trial = ["--points", "1024"] if spec.preset == "raw-nano" and init == NONE else []
            return [
                "--tracks", str(folder / "tracks.parquet"), "--init", init, "--preset", spec.preset, "--name", name,
                "--minutes", f"{spec.minutes:g}", "--keep", training.REPLAYED,
                "--output", str(folder / training.RESULT_FOLDER), "--validate-every", str(5 if trial else steps),
                *trial, *([] if device == "auto" else ["--device", device.lower()]),
            ]  # fmt: skip

        outputs = self.train(run, "pretrain", prepare, minutes=spec.minutes)
        used = open_bundle(outputs["BUNDLE"]).card["training"]["device"]
        return {**outputs, **self.counts(tracks, skipped, used)}

    def tidy_up(self, run: Run, folder: Path, error: BaseException | None) -> None:
        """Keep everything of a run that began, so that it can be resumed."""
        if error is None:
            super().tidy_up(run, folder, error)
        elif isinstance(error, Cancelled):
            words = tr(
                "Stopped. The training so far is kept in {folder}. Resume or delete it on RAW's page Train a model."
            )
            run.warn(words.format(folder=folder))
