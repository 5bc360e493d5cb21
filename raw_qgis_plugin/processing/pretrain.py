# SPDX-License-Identifier: GPL-2.0-or-later
"""Training a model on one's own tracks: raw:pretrain."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import InputError
from ..core.specs import DeviceSpec, PretrainSpec
from ..tasks import training
from .form import Run
from .models import TrainingAlgorithm
from .words import tr


class Pretrain(TrainingAlgorithm):
    ID = "pretrain"
    MODULE = training.ADAPT
    RESUMABLE = True
    USES_MODEL = False
    TITLE = "Continue training"
    SUMMARY = (
        "Continue training the model on your own tracks, and test on held-out people "
        "whether it improved."
    )

    def declare(self) -> None:
        self.add_options(PretrainSpec)
        self.add_bundle(
            "INIT",
            "Begin with",
            "shipped: the model that comes with RAW. none: random weights. Or a bundle's folder "
            "or .zip.",
            "shipped",
        )
        self.add_options(DeviceSpec)
        self.add_results()
        self.add_sentence("PROVIDER", "Device used")
        self.add_sentence("VERDICT", "Whether to use the new model")

    def check(self, run: Run) -> None:
        super().check(run)
        self._init(run)

    def _init(self, run: Run) -> str:
        """The model to continue from: shipped, none or a path. BundleError if INIT is no model."""
        from ..core.bundle.bundle import open_bundle

        init = run.text("INIT").strip() or "shipped"
        if init == "none":
            return init
        size = open_bundle(init).card.get("config", {}).get("preset")
        if init != "shipped":
            return str(Path(init).resolve())  # the child has another working directory
        return init if size == run.spec(PretrainSpec).preset else "none"

    def run_on(self, run: Run) -> None:
        init = self._init(run)
        spec = run.spec(PretrainSpec)
        device = run.spec(DeviceSpec).device
        run.info(
            tr("The network starts from random weights.") if init == "none" else f"INIT: {init}"
        )
        tracks = self.read_units("track")
        if not len(tracks):
            raise InputError(
                "INPUT has no track with two usable fixes, so there is nothing to learn from."
            )

        def prepare(folder: Path) -> list[str]:
            training.write_tracks(tracks, folder / "tracks.parquet")
            return [
                "--tracks",
                str(folder / "tracks.parquet"),
                "--init",
                init,
                "--preset",
                spec.preset,
                "--name",
                Path(run.text("BUNDLE")).name,
                "--minutes",
                f"{spec.minutes:g}",
                "--validate-every",
                "10" if spec.minutes < 5 else "50",
                "--keep",
                training.REPLAYED,
                "--output",
                str(folder / training.RESULT_FOLDER),
                *([] if device == "auto" else ["--device", device.lower()]),
            ]

        self.train(run, "pretrain", prepare, minutes=spec.minutes)
