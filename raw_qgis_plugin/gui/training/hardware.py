# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of the training window on the hardware. The Python that trains reports it, so that QGIS needs no torch."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qgis.PyQt.QtCore import QObject, QProcess, QTimer
from qgis.PyQt.QtWidgets import QComboBox, QPushButton

from ...core.errors import RawError
from ...environment.interpreter import module_command
from ...processing.words import tr
from ...tasks import child
from ...tasks.training import PRESETS
from ..widgets.layout import wrapped
from .pages import ModelPage, Page, QuestionPage


class Report(QObject):
    """Runs `python -m model.hardware …` beside the event loop. done: called with its lines and '', or None and why."""

    def __init__(self, parent: QObject, arguments: list[str], done: Callable[..., None]) -> None:
        super().__init__(parent)
        self.done = done
        self.process = QProcess(self, finished=self._finished, errorOccurred=self._broken)
        try:
            program, *rest = module_command(child.python(), "model.hardware", *arguments)
            self.process.start(program, rest)
        except RawError as error:
            self._end(None, str(error))

    def _end(self, lines: list[dict[str, Any]] | None, why: str) -> None:
        """Report. Not in the constructor, since a process may fail at its start: the page does not hold it yet."""
        QTimer.singleShot(0, lambda: self.done(lines, why))

    def _finished(self, code: int, _status: Any = None) -> None:
        if code == 0:
            lines = bytes(self.process.readAllStandardOutput()).decode("utf-8", "replace").splitlines()
            self._end([json.loads(line) for line in lines if line.startswith("{")], "")
            return
        lines = bytes(self.process.readAllStandardError()).decode("utf-8", "replace").splitlines()
        missing = [line.split("'")[1] for line in lines if "No module named '" in line]
        reason = next((line for line in reversed(lines) if line.strip()), "?")
        self._end(None, child.how_to_train([missing[-1].split(".")[0]]) if missing else reason)

    def _broken(self, _error: Any) -> None:
        if self.process.state() == QProcess.ProcessState.NotRunning and self.process.exitCode() == 0:
            self._end(None, self.process.errorString())

    def stop(self) -> None:
        """End the process without a report."""
        self.done = lambda *_: None
        self.process.kill()
        self.process.waitForFinished(1000)


@dataclass(frozen=True)
class TimeAfterTraining:
    """Measured for raw-small on two busy cores, with 9 thousand fixes of phones and 8 million of taxis.

    heads: minutes in which heads are taught. network: minutes in which areas are calibrated and models are compared,
    for few fixes and for many, on a processor that trains fixes_per_s.
    """

    heads: float = 2.5
    network: tuple[float, float] = (0.7, 6.0)
    many: float = 1e6  # fixes from which on the numbers of test cases are at their limits
    fixes_per_s: float = 3000.0


def minutes_after(fixes: int, cpu_speed: float | None, measured: TimeAfterTraining = TimeAfterTraining()) -> float:
    """The minutes of model.adapt beyond its budget. cpu_speed: fixes a second in training; None: as measured."""
    few, many = measured.network
    network = few + min(1.0, max(fixes, 0) / measured.many) * (many - few)
    return measured.heads + network * measured.fixes_per_s / (cpu_speed or measured.fixes_per_s)


class HardwarePage(Page):
    """The device to train on, the sizes of models that fit on it, and the time that a training takes."""

    title = "Hardware"
    about = "The device to train on, as found by the Python that trains."

    def __init__(self, question: QuestionPage, model: ModelPage, fixes: Callable[[], int]) -> None:
        super().__init__()
        self.question, self.model, self.fixes = question, model, fixes
        self.pending: Report | None = None
        self.found: list[dict[str, Any]] | None = None
        self.trouble = ""
        self.speed: dict[tuple[str, str], float] = {}  # fixes a second by device and preset
        self.device = QComboBox(objectName="raw_training_device")
        self.memory, self.estimate = wrapped(), wrapped(objectName="raw_training_estimate")
        self.measure = QPushButton(
            tr("Measure for a second"), objectName="raw_training_measure", clicked=self.measure_speed
        )
        self.form.addRow(tr("Device"), self.device)
        self.form.addRow(tr("Fits"), self.memory)
        self.form.addRow(tr("Speed"), self.measure)
        self.column.insertWidget(3, self.estimate)
        self.device.currentIndexChanged.connect(self.show_device)
        model.changed.connect(self.show_device)

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """Look for devices when the page is first shown."""
        super().showEvent(event)
        if self.found is None and self.pending is None:
            self.note.setText(tr("Looking for devices …"))
            self.pending = Report(self, [], self._has_devices)

    def _has_devices(self, lines: list[dict[str, Any]] | None, trouble: str) -> None:
        self.pending, self.trouble = None, trouble
        self.note.setText(trouble)
        if lines is not None:
            self.found = lines
            for one in lines:
                memory = tr(", {gb:g} GB memory").format(gb=one["memory_gb"]) if one["memory_gb"] else ""
                self.device.addItem(f"{one['name']}{memory}", one["device"])
            self.device.setCurrentIndex(self.device.count() - 1)  # a graphics card where there is one
        self.show_device()
        self.changed.emit()

    def show_device(self, _index: int = 0) -> None:
        """Show which sizes fit on the device, and the estimate where the speed was measured."""
        about = self._about_device()
        self.measure.setEnabled(about is not None and self.pending is None)
        if about is not None:
            fits, others = ([n for n in PRESETS if (n in about["fits"]) == there] for there in (True, False))
            words = ", ".join(fits)
            self.memory.setText(words + (tr(" (not: {names})").format(names=", ".join(others)) if others else ""))
        self.estimate.setText(self._estimate())

    def _about_device(self) -> dict[str, Any] | None:
        return next((one for one in self.found or [] if one["device"] == self.device.currentData()), None)

    def measure_speed(self) -> None:
        """Measure the chosen size on the chosen device."""
        preset, device = self.model.preset_name(), self.device.currentData()
        self.estimate.setText(tr("Measuring {preset} on {device} …").format(preset=preset, device=device))
        self.measure.setEnabled(False)

        def done(lines: list[dict[str, Any]] | None, trouble: str) -> None:
            self.pending = None
            if lines:
                self.speed[device, preset] = float(lines[-1]["points_per_s"])
            self.show_device()
            if not lines:
                self.estimate.setText(tr("It could not be measured: {why}").format(why=trouble))

        self.pending = Report(self, ["--preset", preset, "--device", device], done)

    def _estimate(self) -> str:
        """The time that the training takes, with what comes after it, and what it sees in that time."""
        preset, minutes = self.model.preset_name(), self.model.minutes.value()
        speed = self.speed.get((self.device.currentData(), preset))
        total = tr("A label ends by itself, after {minutes:g} minutes at the latest.").format(minutes=minutes)
        if self.question.adapt.isChecked():
            more = minutes_after(self.fixes(), self.speed.get(("cpu", preset)))
            words = tr(
                "About {total:,.0f} minutes in all: {minutes:g} of training, then about {more:,.0f} to calibrate its "
                "areas, compare it with the model before, and teach the heads again."
            )
            total = words.format(total=minutes + more, minutes=minutes, more=more)
        if speed is None:
            return total
        seen = speed * 60 * minutes
        words = tr("{preset} sees about {speed:,.0f} fixes a second here: {seen:,.0f} in {minutes:g} minutes")
        words = words.format(preset=preset, speed=speed, seen=seen, minutes=minutes)
        n = self.fixes()
        if n <= 0:
            return f"{total}<br>{words}."
        words += tr(", each of your {n:,} fixes {times:.1f} times.").format(n=n, times=seen / n)
        if seen < n:
            words += tr(" To see each once it takes {minutes:,.0f} minutes.").format(minutes=n / speed / 60)
        return f"{total}<br>{words}"

    def problem(self) -> str:
        """Torch must be installed, and the model must fit."""
        about, preset = self._about_device(), self.model.preset_name()
        if about is None:
            return self.trouble or tr("The training can start when the devices are found.")
        if self.question.adapt.isChecked() and preset not in about["fits"]:
            return tr("{preset} does not fit into the memory of this device.").format(preset=preset)
        return ""

    def stop(self) -> None:
        """Stop looking and measuring."""
        if self.pending is not None:
            self.pending.stop()
            self.pending = None
