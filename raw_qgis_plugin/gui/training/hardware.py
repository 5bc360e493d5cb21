# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of the training dialog on the hardware: asked of the child's Python, so that QGIS needs no torch."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from qgis.PyQt.QtCore import QObject, QProcess, QProcessEnvironment
from qgis.PyQt.QtWidgets import QComboBox, QLabel, QPushButton

from ...core.errors import RawError
from ...processing.words import tr
from ...tasks import child
from ...tasks.training import PRESETS
from .pages import ModelPage, Page, QuestionPage

ENOUGH_PASSES = 1.0  # over the tracks


class Ask(QObject):
    """Runs `python -m MODULE …` beside the event loop; `told` gets its JSON lines, or None and why not."""

    def __init__(self, parent: QObject, module: str, arguments: list[str], told: Callable[..., None]) -> None:
        super().__init__(parent)
        self.told = told
        self.process = QProcess(self)
        environment = QProcessEnvironment()
        for name, value in child.environment().items():
            environment.insert(name, value)
        self.process.setProcessEnvironment(environment)
        self.process.finished.connect(self._finished)
        self.process.errorOccurred.connect(self._broken)
        try:
            self.process.start(str(child.python()), ["-m", module, *arguments])
        except RawError as error:
            told(None, str(error))

    def _finished(self, code: int, _status: Any = None) -> None:
        out, errors = (
            bytes(data).decode("utf-8", "replace")
            for data in (self.process.readAllStandardOutput(), self.process.readAllStandardError())
        )
        if code == 0:
            self.told([json.loads(line) for line in out.splitlines() if line.startswith("{")], "")
            return
        missing = [line.split("'")[1] for line in errors.splitlines() if "No module named '" in line]
        lines = [line for line in errors.splitlines() if line.strip()]
        self.told(None, child.how_to_train([missing[-1].split(".")[0]]) if missing else (lines or ["?"])[-1])

    def _broken(self, _error: Any) -> None:
        if self.process.state() == QProcess.ProcessState.NotRunning and self.process.exitCode() == 0:
            self.told(None, self.process.errorString())

    def stop(self) -> None:
        """End it; nothing is told any more."""
        self.told = lambda *_: None
        self.process.kill()
        self.process.waitForFinished(1000)


class HardwarePage(Page):
    """CPU or a graphics card, what fits, and how long it takes."""

    title = "Hardware"
    about = "Where to train. What is here is asked of the Python that trains."

    def __init__(self, question: QuestionPage, model: ModelPage, fixes: Callable[[], int]) -> None:
        super().__init__()
        self.question, self.model, self.fixes = question, model, fixes
        self.asked: Ask | None = None
        self.found: list[dict[str, Any]] | None = None
        self.trouble = ""
        self.speed: dict[tuple[str, str], float] = {}  # fixes a second by device and preset
        self.device = QComboBox()
        self.device.setObjectName("raw_training_device")
        self.memory = QLabel()
        self.memory.setWordWrap(True)
        self.measure = QPushButton(tr("Measure for a second"))
        self.measure.setObjectName("raw_training_measure")
        self.estimate = QLabel()
        self.estimate.setWordWrap(True)
        self.estimate.setObjectName("raw_training_estimate")
        self.form.addRow(tr("Device"), self.device)
        self.form.addRow(tr("Fits"), self.memory)
        self.form.addRow(tr("Speed"), self.measure)
        self.column.addWidget(self.estimate)
        self.finish()
        self.device.currentIndexChanged.connect(self.show_device)
        self.measure.clicked.connect(self.ask_speed)
        model.changed.connect(self.show_device)

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """Ask once, when it is first looked at."""
        super().showEvent(event)
        if self.found is None and self.asked is None:
            self.note.setText(tr("Looking what there is …"))
            self.asked = Ask(self, "model.hardware", [], self._has_devices)

    def _has_devices(self, lines: list[dict[str, Any]] | None, trouble: str) -> None:
        self.asked, self.trouble = None, trouble
        self.note.setText(trouble)
        if lines is not None:
            self.found = lines
            for one in lines:
                memory = tr(", {gb:g} GB memory").format(gb=one["memory_gb"]) if one["memory_gb"] else ""
                self.device.addItem(f"{one['name']}{memory}", one["device"])
            self.device.setCurrentIndex(self.device.count() - 1)  # a graphics card where there is one
        self.show_device()
        self.changed.emit()

    def preset(self) -> str:
        """The size that will train."""
        init = self.model.init.currentData()
        if init == "none":
            return self.model.preset.currentText()
        return str(self.model.config(init).get("preset", "raw-small"))

    def show_device(self, _index: int = 0) -> None:
        """What fits on the device, and the estimate where it was measured."""
        device = self.device.currentData()
        about = next((one for one in self.found or [] if one["device"] == device), None)
        self.measure.setEnabled(about is not None and self.asked is None)
        if about is not None:
            fits, others = ([n for n in PRESETS if (n in about["fits"]) == there] for there in (True, False))
            words = ", ".join(fits)
            self.memory.setText(words + (tr(" (not: {names})").format(names=", ".join(others)) if others else ""))
        self.estimate.setText(self._estimate())

    def ask_speed(self) -> None:
        """Measure the chosen size on the chosen device."""
        preset, device = self.preset(), self.device.currentData()
        self.estimate.setText(tr("Measuring {preset} on {device} …").format(preset=preset, device=device))
        self.measure.setEnabled(False)

        def told(lines: list[dict[str, Any]] | None, trouble: str) -> None:
            self.asked = None
            if lines:
                self.speed[device, preset] = float(lines[-1]["points_per_s"])
            self.show_device()
            if not lines:
                self.estimate.setText(tr("It could not be measured: {why}").format(why=trouble))

        self.asked = Ask(self, "model.hardware", ["--preset", preset, "--device", device], told)

    def _estimate(self) -> str:
        preset = self.preset()
        speed = self.speed.get((self.device.currentData(), preset))
        if speed is None:
            return ""
        seen = speed * 60 * self.model.minutes.value()
        words = tr("{preset} sees about {speed:,.0f} fixes a second here: {seen:,.0f} in {minutes:g} minutes").format(
            preset=preset, speed=speed, seen=seen, minutes=self.model.minutes.value()
        )
        n = self.fixes()
        if n <= 0:
            return words + "."
        words += tr(", each of your {n:,} fixes {times:.1f} times.").format(n=n, times=seen / n)
        if seen < ENOUGH_PASSES * n:
            words += tr(" To see each once it takes {minutes:,.0f} minutes.").format(minutes=n / speed / 60)
        return words

    def problem(self) -> str:
        """Torch has to be there, and the model has to fit."""
        if self.found is None:
            return self.trouble or tr("Look at this page first: it finds out what there is to train on.")
        about = next(one for one in self.found if one["device"] == self.device.currentData())
        if self.question.go_on.isChecked() and self.preset() not in about["fits"]:
            return tr("{preset} does not fit into the memory of this device.").format(preset=self.preset())
        return ""

    def stop(self) -> None:
        """Ask no more."""
        if self.asked is not None:
            self.asked.stop()
            self.asked = None
