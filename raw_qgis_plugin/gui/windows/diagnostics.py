# SPDX-License-Identifier: GPL-2.0-or-later
"""The window that says what RAW runs on: versions, devices, a missing library by name, one timed inference a device."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QCloseEvent, QFontDatabase
from qgis.PyQt.QtWidgets import QApplication, QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from ...core.errors import Progress, RawError
from ...environment import diagnostics, packages
from ...environment.interpreter import base_python, this_layout
from ...processing.base import icon
from ...processing.words import tr
from ...tasks.job import Job

if TYPE_CHECKING:
    from ...core.tracks import Tracks
    from ..menu import RawMenu

USERS, FIXES = 20, 200  # of the timed inference
ABSENT = "not installed"  # the report is in English, as those who are sent it may read no other


class DiagnosticsDialog(QDialog):
    """Collects the report in the background."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("RAW: diagnostics"))
        self.setWindowIcon(icon("raw"))
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close | QDialogButtonBox.StandardButton.Help)
        self.copy_button = buttons.addButton(tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.clicked.connect(self.copy)
        self.again_button = buttons.addButton(tr("Run again"), QDialogButtonBox.ButtonRole.ActionRole)
        self.again_button.clicked.connect(self.collect)
        buttons.rejected.connect(self.close)
        buttons.helpRequested.connect(self._help)
        layout = QVBoxLayout(self)
        for part in (self.summary, self.text, buttons):
            layout.addWidget(part)
        self.resize(640, 520)
        self._job: Job | None = None
        self.collect()

    def collect(self) -> None:
        """Ask everything anew."""
        self.summary.setText(tr("Asking ONNX Runtime, and timing the model on every device …"))
        self.copy_button.setEnabled(False)
        self.again_button.setEnabled(False)
        self._job = Job(tr("RAW diagnostics"), partial(report, list(sys.path)), self._show, self._failed)
        self._job.start()

    def _show(self, lines: list[str]) -> None:
        if sip.isdeleted(self):
            return
        self.summary.setText(tr("This can be sent to somebody who is asked for help. It holds no data of yours."))
        self.text.setPlainText("\n".join(lines))
        self.copy_button.setEnabled(True)
        self.again_button.setEnabled(True)

    def _failed(self, error: str) -> None:
        if not sip.isdeleted(self):
            self.summary.setText(error)
            self.again_button.setEnabled(True)

    def copy(self) -> None:
        """Put the report on the clipboard."""
        QApplication.clipboard().setText(self.text.toPlainText())
        self.summary.setText(tr("Copied to the clipboard."))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Nobody waits for the answer any more."""
        if self._job is not None and not sip.isdeleted(self._job):
            self._job.cancel()
        super().closeEvent(event)

    def _help(self) -> None:
        from .help import open_help

        open_help("environment", self)


def report(path: list[str], progress: Progress) -> list[str]:
    """The whole report, a line an entry. path: QGIS's search path. Blocks for seconds: for a task."""
    python = base_python(this_layout())
    versions = diagnostics.versions()
    wide = max(len(name) for name in versions) + 2
    lines = [f"{name:<{wide}}{version or ABSENT}" for name, version in versions.items()]
    lines += [f"{'Interpreter':<{wide}}{python}", ""]
    progress(0.1)
    names = packages.gpus()
    lines.append(f"{'NVIDIA GPU':<{wide}}{', '.join(names) or 'none, or no driver'}")
    if not versions["onnxruntime"]:
        return [*lines, "", "The model cannot run: onnxruntime is not installed. RAW → Packages installs it."]
    found = diagnostics.onnx_runtime(python, path)
    progress(0.4)
    if found.broken:
        return [*lines, f"{'ONNX Runtime':<{wide}}does not load: {found.broken}"]
    lines.append(f"{'Built for':<{wide}}{', '.join(p.removesuffix('ExecutionProvider') for p in found.providers)}")
    if diagnostics.both_installed():
        lines.append("onnxruntime and onnxruntime-gpu are both installed: remove both, then install the second alone.")
    if names and found.missing:
        lines.append(f"{'CUDA':<{wide}}cannot be used, as this library is missing: {found.missing}")
    devices = ["CPU", *(["CUDA"] if names else [])]
    lines += ["", f"The model on {USERS * FIXES:,} fixes of {USERS} users:"]
    for i, device in enumerate(devices):
        lines.append(f"{device:<{wide}}{timed(device)}")
        progress(0.5 + 0.5 * (i + 1) / len(devices))
    return lines


def timed(device: str) -> str:
    """One inference on a device in words: how long it took, or why there was none."""
    from ...core.bundle.bundle import open_bundle
    from ...core.bundle.runtime import Model
    from ...core.embedding.embed import embed

    try:
        tracks = invented()
        model = Model(open_bundle(None), device.lower())
        embed(tracks, model)  # the first one makes memory and kernels ready
        began = time.perf_counter()
        embed(tracks, model)
        spent = 1000 * (time.perf_counter() - began)
    except (RawError, ImportError, OSError) as error:
        return str(error)
    done = f"{spent:,.0f} ms, on {model.provider}"
    return f"{done} ({model.warning})" if model.warning else done


def invented() -> Tracks:
    """People who walk at random in the Atlantic, so that no device is timed on anybody's data."""
    import numpy as np

    from ...core.tracks import Tracks

    rng = np.random.default_rng(0)
    n, steps = USERS * FIXES, rng.normal(0, 2e-4, (2, USERS, FIXES)).cumsum(axis=2)
    names = np.array([f"user {i}" for i in range(USERS)], object)
    owner = np.arange(USERS, dtype=np.int32)
    t = np.tile(1_600_000_000_000 + 60_000 * np.arange(FIXES, dtype=np.int64), USERS)
    return Tracks(names, names, owner, np.repeat(owner, FIXES), t, steps[0].reshape(n), steps[1].reshape(n))


def open_diagnostics(menu: RawMenu) -> DiagnosticsDialog:
    """Show the window."""
    dialog = DiagnosticsDialog(menu.iface.mainWindow())
    dialog.show()
    return dialog
