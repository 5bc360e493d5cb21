# SPDX-License-Identifier: GPL-2.0-or-later
"""The window that says which packages RAW lacks and what they weigh, and installs or removes them."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qgis.core import QgsApplication
from qgis.gui import QgsFileWidget
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QCloseEvent, QFontDatabase
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ...core.errors import Progress, RawError
from ...environment import packages
from ...environment.folders import size_of, venv_folder
from ...environment.install import InstallRequest
from ...environment.interpreter import NoPython, base_python, this_layout
from ...environment.proxy import qgis_proxy
from ...processing.base import icon
from ...processing.words import tr
from ...tasks.job import Job
from . import installation

if TYPE_CHECKING:
    from ..menu import RawMenu

PYPI, PYPI_CPU, WHEELS = range(3)
RUNNING, TRAINING = "runtime", "train"


class EnvironmentDialog(QDialog):
    """Checks without importing, then looks in the background whether what is there works."""

    def __init__(self, menu: RawMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent or menu.iface.mainWindow())
        self.menu = menu
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("RawEnvironment")
        self.setWindowTitle(tr("RAW: packages"))
        self.setWindowIcon(icon("raw"))
        self.gpus: list[str] | None = None  # None: nobody has looked yet
        self.broken: dict[str, str] = {}
        self._job: Job | None = None
        self._build()
        self.resize(720, 600)
        self.refresh()
        self._look()
        running = installation.current()
        if running is not None:
            for line in running.lines:
                self.log.appendPlainText(line)
            if running.running:
                self._follow(running)

    # ---- the form ----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.table = QTreeWidget()
        self.table.setHeaderLabels([tr("Package"), tr("Version"), tr("State")])
        self.table.setRootIsDecorated(False)
        self.table.setMinimumHeight(120)
        self.with_training = QCheckBox(tr("Also what training needs"))
        self.with_training.toggled.connect(self.refresh)
        self.source = QComboBox()
        self.source.addItems(
            [
                tr("from PyPI"),
                tr("from PyPI, and PyTorch without CUDA from pytorch.org (smaller)"),
                tr("from a folder of wheels (no network)"),
            ]
        )
        self.source.currentIndexChanged.connect(self._source_changed)
        self.wheels = QgsFileWidget()
        self.wheels.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.wheels.setDialogTitle(tr("Folder of wheels"))
        self.wheels.setVisible(False)
        form = QFormLayout()
        form.addRow(tr("Install"), self.source)
        form.addRow("", self.wheels)
        form.addRow("", self.with_training)
        self.hardware = QLabel()
        self.hardware.setWordWrap(True)
        self.install_button = QPushButton(tr("Install"))
        self.install_button.setDefault(True)
        self.install_button.clicked.connect(self.install)
        self.cancel_button = QPushButton(tr("Cancel the installation"))
        self.cancel_button.setVisible(False)
        self.remove_button = QPushButton(tr("Remove…"))
        self.remove_button.clicked.connect(self.remove)
        row = QHBoxLayout()
        for button in (self.install_button, self.cancel_button, self.remove_button):
            row.addWidget(button)
        row.addStretch()
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setVisible(False)
        self.step = QLabel()
        self.step.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.log.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.log.setPlaceholderText(tr("What the installation prints appears here."))
        self.log.setMinimumHeight(70)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close | QDialogButtonBox.StandardButton.Help)
        buttons.rejected.connect(self.close)
        buttons.helpRequested.connect(self._help)
        layout = QVBoxLayout(self)
        for part in (self.summary, self.table, self.hardware):
            layout.addWidget(part)
        layout.addLayout(form)
        layout.addLayout(row)
        for part in (self.bar, self.step, self.log, buttons):
            layout.addWidget(part)
        layout.setStretchFactor(self.table, 3)
        layout.setStretchFactor(self.log, 2)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Nobody waits for the answer any more."""
        if self._job is not None and not sip.isdeleted(self._job):
            self._job.cancel()
        super().closeEvent(event)

    def _help(self) -> None:
        from .help import open_help

        open_help("environment", self)

    def _source_changed(self, index: int) -> None:
        self.wheels.setVisible(index == WHEELS)
        self.refresh()

    # ---- what is there -----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show what is there and what is missing."""
        running, training = packages.check(RUNNING), packages.check(TRAINING)
        self.table.clear()
        for found, use in ((running, ""), (training, tr("for training"))):
            for package in found:
                self._add(package, use)
        for column in range(2):
            self.table.resizeColumnToContents(column)
        asked = running + (training if self.with_training.isChecked() else [])
        lacking = [package for package in asked if package.problem or package.module in self.broken]
        megabytes = packages.download_megabytes(lacking, bool(self.gpus), self.source.currentIndex() == PYPI_CPU)
        if any(package.problem or package.module in self.broken for package in running):
            words = tr("RAW cannot run the model yet: it lacks {what}. To download: about {megabytes} MB.")
        elif lacking:
            words = tr("RAW can run the model. Training lacks {what}. To download: about {megabytes} MB.")
        elif any(package.problem for package in training):
            words = tr("RAW has all that it needs to run the model. Training needs more: tick the box below.")
        else:
            words = tr("RAW has all that it needs, to run the model and to train.")
        names = ", ".join(package.name for package in lacking)
        self.summary.setText(f"<b>{words.format(what=names, megabytes=megabytes)}</b>")
        self.install_button.setEnabled(bool(lacking))
        self.remove_button.setEnabled(venv_folder().exists())

    def _add(self, package: packages.Package, use: str) -> None:
        broken = self.broken.get(package.module, "")
        if broken:
            state, sign = tr("does not work: {reason}").format(reason=broken), "mIconWarning.svg"
        elif package.problem:
            state = tr("missing") if package.problem == "missing" else package.problem
            sign = "mIconWarning.svg"
        else:
            state, sign = tr("ready"), "mIconSuccess.svg"
        if package.problem == "missing":
            state += tr(", about {megabytes} MB").format(megabytes=package.megabytes)
        item = QTreeWidgetItem([package.name + (f" ({use})" if use else ""), package.version, state])
        item.setIcon(2, QgsApplication.getThemeIcon(sign))
        item.setToolTip(2, state)
        self.table.addTopLevelItem(item)

    def _look(self) -> None:
        """In the background: the graphics card, and whether the packages that are there can be imported."""
        there = [p.module for p in packages.check(RUNNING) + packages.check(TRAINING) if p.version]
        self.hardware.setText(tr("Looking at the graphics card and trying the packages …"))
        try:
            python = base_python(this_layout())
        except NoPython as error:
            self._unseen(str(error))
            return
        work = partial(look, python, list(sys.path), there)
        self._job = Job(tr("Checking RAW's packages"), work, self._seen, self._unseen)
        self._job.start()

    def _seen(self, found: tuple[list[str], dict[str, str]]) -> None:
        if sip.isdeleted(self):
            return
        self.gpus, self.broken = found
        if self.gpus:
            words = tr("Graphics card: {name}. The CUDA libraries are installed with ONNX Runtime (about {mb} MB).")
            self.hardware.setText(words.format(name=", ".join(self.gpus), mb=packages.CUDA_MEGABYTES))
        else:
            self.hardware.setText(tr("No NVIDIA graphics card was found: the CPU does the work, which is enough."))
        self.refresh()

    def _unseen(self, error: str) -> None:
        if not sip.isdeleted(self):
            self.hardware.setText(error)

    # ---- installing and removing -------------------------------------------------------------------------------

    def install(self) -> None:
        """Install what was chosen, in the background."""
        index = self.source.currentIndex()
        folder = Path(self.wheels.filePath()) if index == WHEELS and self.wheels.filePath() else None
        if index == WHEELS and folder is None:
            self.summary.setText(f"<b>{tr('Choose the folder that holds the wheels.')}</b>")
            return
        groups = ("cuda" if self.gpus else RUNNING, *([TRAINING] if self.with_training.isChecked() else []))
        self.log.clear()
        try:
            running = installation.start(InstallRequest(groups, folder, index == PYPI_CPU, qgis_proxy()))
            running.ended.connect(self.menu.installed)
            self._follow(running)
        except RawError as error:
            self.summary.setText(f"<b>{error}</b>")

    def _follow(self, running: installation.Installation) -> None:
        """Show what a running installation prints, until it ends."""
        running.line.connect(self._print)
        running.ended.connect(self._ended)
        self.cancel_button.clicked.connect(running.cancel)
        self._busy(True)

    def _busy(self, busy: bool) -> None:
        self.bar.setVisible(busy)
        self.cancel_button.setVisible(busy)
        for widget in (self.install_button, self.remove_button, self.source, self.with_training, self.wheels):
            widget.setEnabled(not busy)

    def _print(self, line: str) -> None:
        self.log.appendPlainText(line)
        self.step.setText(line)

    def _ended(self, error: str) -> None:
        self._busy(False)
        self.step.clear()
        self.broken = {}
        self.refresh()
        if error:
            self.summary.setText(f"<b>{error}</b>")
            self.log.appendPlainText(error)
        else:
            self.log.appendPlainText(tr("Done. RAW is ready: no restart is needed."))
            self._look()

    def remove(self) -> None:
        """Delete the environment, after a question."""
        words = tr("Delete RAW's packages ({megabytes} MB)? QGIS and other plugins keep theirs.")
        question = words.format(megabytes=f"{size_of(venv_folder()) / 1e6:,.0f}")
        if QMessageBox.question(self, self.windowTitle(), question) == QMessageBox.StandardButton.Yes:
            gone = packages.remove(venv_folder())
            self.refresh()
            if not gone:
                self.summary.setText(f"<b>{tr('They are in use and go when QGIS starts the next time.')}</b>")


def look(python: Path, path: list[str], modules: list[str], progress: Progress) -> tuple[list[str], dict[str, str]]:
    """In a task: the names of the GPUs, and for each module that does not import, why."""
    gpus = packages.gpus()
    broken = {}
    for i, module in enumerate(modules):
        progress(i / len(modules))
        if reason := packages.why_broken(python, module, path):
            broken[module] = reason
    return gpus, broken


def open_environment(menu: RawMenu) -> EnvironmentDialog:
    """Show the window."""
    dialog = EnvironmentDialog(menu)
    dialog.show()
    return dialog
