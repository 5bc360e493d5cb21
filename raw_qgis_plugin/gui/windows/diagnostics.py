# SPDX-License-Identifier: GPL-2.0-or-later
"""The window of diagnostics: versions, devices, a missing library by name, and one timed inference per device."""

from __future__ import annotations

import sys
import time
from functools import partial

from qgis.PyQt.QtGui import QFontDatabase
from qgis.PyQt.QtWidgets import QApplication, QPlainTextEdit, QPushButton, QWidget

from ...core.errors import Progress, RawError
from ...core.tracks import Tracks
from ...environment import diagnostics, packages
from ...environment.interpreter import base_python, this_layout
from ...processing.words import tr
from ..desktop import Desktop
from ..widgets.dialog import RawDialog
from ..widgets.layout import column, wrapped
from .help import open_help


class DiagnosticsDialog(RawDialog):
    """Collects the report in the background."""

    def __init__(self, desktop: Desktop, parent: QWidget | None = None) -> None:
        super().__init__(
            parent or desktop.iface.mainWindow(), "raw_diagnostics_window", tr("RAW: diagnostics"), delete_on_close=True
        )
        self.summary = wrapped()
        self.text = QPlainTextEdit(readOnly=True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.copy_button = QPushButton(tr("Copy"), clicked=self.copy)
        self.again_button = QPushButton(tr("Run again"), clicked=self.collect)
        buttons = self.buttons(self.copy_button, self.again_button, on_help=lambda: open_help("environment", self))
        self.setLayout(column(self.summary, self.text, buttons))
        self.resize(640, 520)
        self.collect()

    def collect(self) -> None:
        """Make the report anew."""
        self.summary.setText(tr("Looking for devices, and timing the model on each of them …"))
        self.copy_button.setEnabled(False)
        self.again_button.setEnabled(False)
        self.run_until_closed(tr("RAW diagnostics"), partial(report, list(sys.path)), self._show, self._failed)

    def _show(self, lines: list[str]) -> None:
        self.summary.setText(tr("You can send this to somebody who helps you. It holds no data of yours."))
        self.text.setPlainText("\n".join(lines))
        self.copy_button.setEnabled(True)
        self.again_button.setEnabled(True)

    def _failed(self, error: str) -> None:
        self.summary.setText(error)
        self.again_button.setEnabled(True)

    def copy(self) -> None:
        """Put the report on the clipboard."""
        QApplication.clipboard().setText(self.text.toPlainText())
        self.summary.setText(tr("Copied to the clipboard."))


def report(path: list[str], progress: Progress) -> list[str]:
    """The whole report, a line an entry, in English, which most who get it can read. Runs in a task, for seconds.

    path: QGIS's search path.
    """
    python = base_python(this_layout())
    versions = diagnostics.versions()
    wide = max(len(name) for name in versions) + 2
    lines = [f"{name:<{wide}}{version or 'not installed'}" for name, version in versions.items()]
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
    tracks = random_walks()
    devices = ["CPU", *(["CUDA"] if names else [])]
    lines += ["", f"The model on {len(tracks):,} fixes of {tracks.n_users} users:"]
    for i, device in enumerate(devices):
        lines.append(f"{device:<{wide}}{time_model(device, tracks)}")
        progress(0.5 + 0.5 * (i + 1) / len(devices))
    return lines


def time_model(device: str, tracks: Tracks) -> str:
    """Embed tracks on a device: how long it took, or why it failed, in words."""
    from ...core.bundle.bundle import open_bundle
    from ...core.bundle.runtime import Model
    from ...core.embedding.embed import embed

    try:
        model = Model(open_bundle(None), device.lower())
        embed(tracks, model)  # the first run allocates memory and compiles kernels
        began = time.perf_counter()
        embed(tracks, model)
        spent_ms = 1000 * (time.perf_counter() - began)
    except (RawError, ImportError, OSError) as error:
        return str(error)
    done = f"{spent_ms:,.0f} ms, on {model.provider}"
    return f"{done} ({model.warning})" if model.warning else done


def random_walks(users: int = 20, fixes: int = 200) -> Tracks:
    """People who walk at random in the Atlantic, so that no real data are used."""
    import numpy as np

    rng = np.random.default_rng(0)
    lon, lat = rng.normal(0, 2e-4, (2, users, fixes)).cumsum(axis=2).reshape(2, -1)
    names = np.array([f"user {i}" for i in range(users)], object)
    owner = np.arange(users, dtype=np.int32)
    t = np.tile(1_600_000_000_000 + 60_000 * np.arange(fixes, dtype=np.int64), users)
    return Tracks(names, names, owner, np.repeat(owner, fixes), t, lon, lat)
