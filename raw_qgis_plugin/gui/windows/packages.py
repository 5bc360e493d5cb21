# SPDX-License-Identifier: GPL-2.0-or-later
"""The window of packages: which ones RAW lacks, their installation, the device, and a report of the system."""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path

from qgis.core import QgsApplication
from qgis.gui import QgsFileWidget
from qgis.PyQt.QtGui import QFontDatabase
from qgis.PyQt.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QMessageBox,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
)

from ...core.errors import Progress, RawError
from ...core.specs import DEVICES
from ...environment import packages
from ...environment.folders import cache_folder, size_of, venv_folder
from ...environment.install import InstallRequest, qgis_proxy
from ...environment.interpreter import NoPython, base_python, this_layout
from ...processing.words import tr
from ..desktop import Desktop
from ..settings import settings
from ..widgets.dialog import RawDialog
from ..widgets.layout import column, row, wrapped
from .diagnostics import report
from .installation import Installation

RUNNING, TRAINING = "runtime", "train"  # groups of packages


class PackagesDialog(RawDialog):
    """Lists the packages without importing them, then tries in the background whether they work.

    An installation continues when the window is closed.
    """

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop.iface.mainWindow(), "RawEnvironment", tr("Packages and device"))
        self.desktop = desktop
        self.gpus: list[str] | None = None  # None: not looked for yet
        self.broken: dict[str, str] = {}  # why a module does not import
        self._build()
        self.resize(720, 620)
        self.refresh()
        self._look()
        installation = desktop.installation
        if installation is not None:
            self.log.setPlainText("\n".join(installation.lines))
            if installation.running:
                self._follow(installation)

    def _build(self) -> None:
        self.summary, self.hardware = wrapped(), wrapped()
        self.table = QTreeWidget(rootIsDecorated=False, minimumHeight=120)
        self.table.setHeaderLabels([tr("Package"), tr("Version"), tr("State")])
        self.with_training = QCheckBox(tr("Also what training needs"), toggled=self.refresh)
        self.locked = QCheckBox(
            tr("Only versions that RAW was tested with, checked by their SHA-256 sums"), checked=True
        )
        self.wheels = QgsFileWidget()
        self.wheels.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.wheels.setDialogTitle(tr("Folder of wheels"))
        self.wheels.lineEdit().setPlaceholderText(tr("empty: from PyPI; or a folder of wheels, without a network"))
        self.device = QComboBox()
        for device, words in zip(DEVICES, (tr("Automatic: the graphics card where it can"), "CPU", "CUDA (NVIDIA)")):
            self.device.addItem(words, device)
        self.device.setCurrentIndex(max(0, self.device.findData(settings().device.value())))
        self.device.activated.connect(self._set_device)
        tip = tr("Deletes the embeddings of tracks that RAW has read. Layers and models stay.")
        self.clear = QPushButton(toolTip=tip, autoDefault=False, clicked=self._clear_cache)
        form = QFormLayout()
        form.addRow(tr("Install"), self.wheels)
        for widget in (self.with_training, self.locked):
            form.addRow("", widget)
        form.addRow(tr("Device"), row(self.device, None, self.clear))
        self.install_button = QPushButton(tr("Install"), default=True, clicked=self.install)
        self.cancel_button = QPushButton(tr("Cancel the installation"), visible=False)
        self.remove_button = QPushButton(tr("Remove…"), clicked=self.remove)
        tip = tr("Versions, devices, and a timed run of the model on each device. It holds no data of yours.")
        self.diagnose_button = QPushButton(tr("Diagnose"), toolTip=tip, clicked=self.diagnose)
        copy = QPushButton(tr("Copy"), toolTip=tr("Copy the text above, to send it"))
        copy.clicked.connect(lambda: QApplication.clipboard().setText(self.log.toPlainText()))
        self.bar = QProgressBar(maximum=0, visible=False)
        self.log: QPlainTextEdit = QPlainTextEdit(
            readOnly=True, lineWrapMode=QPlainTextEdit.LineWrapMode.NoWrap, minimumHeight=90,
            font=QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont),
            placeholderText=tr("What the installation prints, and the report of Diagnose, appear here."),
        )  # fmt: skip
        actions = row(self.install_button, self.cancel_button, self.remove_button, None)
        below = self.buttons(self.diagnose_button, copy, page="environment")
        layout = column(self.summary, self.table, self.hardware, form, actions, self.bar, self.log, below)
        layout.setStretchFactor(self.table, 3)
        layout.setStretchFactor(self.log, 2)
        self.setLayout(layout)

    # ---- what is there -----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """List the packages, and which of them are missing."""
        self.clear.setText(tr("Clear cache ({megabytes} MB)").format(megabytes=size_of(cache_folder()) // 1_000_000))
        running, training = packages.check(RUNNING), packages.check(TRAINING)
        self.table.clear()
        for found, use in ((running, ""), (training, tr("for training"))):
            for package in found:
                self._add(package, use)
        for each in range(2):
            self.table.resizeColumnToContents(each)
        wanted = running + training * self.with_training.isChecked()
        lacking = [package for package in wanted if package.problem or package.module in self.broken]
        if any(package in running for package in lacking):
            words = tr("RAW cannot run the model yet: it lacks {what}. To download: about {megabytes} MB.")
        elif lacking:
            words = tr("RAW can run the model. What you ticked lacks {what}. To download: about {megabytes} MB.")
        else:
            words = tr("RAW has all that it needs to run the model. Training needs more: tick the box below.")
            if self.with_training.isChecked() or not any(package.problem for package in training):
                words = tr("RAW has all that it needs, to run the model and to train.")
        megabytes = packages.download_megabytes(lacking, bool(self.gpus))
        self._summarise(words.format(what=", ".join(package.name for package in lacking), megabytes=megabytes))
        idle = self.bar.isHidden()
        self.install_button.setEnabled(idle and bool(lacking))
        self.remove_button.setEnabled(idle and venv_folder().exists())

    def _summarise(self, words: str) -> None:
        self.summary.setText(f"<b>{words}</b>")

    def _add(self, package: packages.Package, use: str) -> None:
        state, broken = package.problem or tr("ready"), self.broken.get(package.module, "")
        if broken:
            state = tr("does not work: {reason}").format(reason=broken)
        elif package.problem == "missing":
            state = tr("missing, about {megabytes} MB").format(megabytes=package.megabytes)
        item = QTreeWidgetItem([package.name + (f" ({use})" if use else ""), package.version, state])
        sign = "mIconWarning.svg" if broken or package.problem else "mIconSuccess.svg"
        item.setIcon(2, QgsApplication.getThemeIcon(sign))
        item.setToolTip(2, state)
        self.table.addTopLevelItem(item)

    def _look(self) -> None:
        """Look in the background for the graphics card, and for packages that do not import."""
        there = [p.module for group in (RUNNING, TRAINING) for p in packages.check(group) if p.version]
        self.hardware.setText(tr("Looking at the graphics card and trying the packages …"))
        try:
            work = partial(look, base_python(this_layout()), list(sys.path), there)
        except NoPython as error:
            self.hardware.setText(str(error))
            return
        self.run_until_closed(tr("Checking RAW's packages"), work, self._looked, self.hardware.setText)

    def _looked(self, found: tuple[list[str], dict[str, str]]) -> None:
        self.gpus, self.broken = found
        words = tr("No NVIDIA graphics card was found: the CPU does the work, which is enough.")
        if self.gpus:
            words = tr("Graphics card: {name}. The CUDA libraries are installed with ONNX Runtime (about {mb} MB).")
        self.hardware.setText(words.format(name=", ".join(self.gpus), mb=packages.MEGABYTES["cuda"]))
        self.refresh()

    def diagnose(self) -> None:
        """Write the report of diagnostics into the log."""

        def done(lines: list[str] | str) -> None:
            self.log.setPlainText(lines if isinstance(lines, str) else "\n".join(lines))
            self.diagnose_button.setEnabled(True)

        self.diagnose_button.setEnabled(False)
        self.log.setPlainText(tr("Looking for devices, and timing the model on each of them …"))
        self.run_until_closed(tr("RAW diagnostics"), partial(report, list(sys.path)), done, done)

    def _set_device(self) -> None:
        settings().device.setValue(self.device.currentData())
        session = self.desktop.session
        if session is not None and (session.tracks is not None or session.job is not None):
            session.read()

    def _clear_cache(self) -> None:
        shutil.rmtree(cache_folder(), ignore_errors=True)
        self.refresh()

    # ---- installing and removing -------------------------------------------------------------------------------

    def install(self) -> None:
        """Install in the background what was chosen."""
        folder = Path(self.wheels.filePath()) if self.wheels.filePath() else None
        groups = ("cuda" if self.gpus else RUNNING, *[TRAINING] * self.with_training.isChecked())
        self.log.clear()
        try:
            request = InstallRequest(groups, folder, qgis_proxy(), locked=self.locked.isChecked())
            self._follow(self.desktop.install(request))
        except RawError as error:
            self._summarise(str(error))

    def _follow(self, installation: Installation) -> None:
        """Show what a running installation prints, until it ends."""
        installation.line.connect(self.log.appendPlainText)
        installation.ended.connect(self._ended)
        self.cancel_button.clicked.connect(installation.cancel)
        self._set_busy(True)

    def _set_busy(self, busy: bool) -> None:
        self.bar.setVisible(busy)
        self.cancel_button.setVisible(busy)
        choices = self.with_training, self.wheels, self.locked
        for widget in (self.install_button, self.remove_button, *choices):
            widget.setEnabled(not busy)

    def _ended(self, error: str) -> None:
        self._set_busy(False)
        self.broken = {}
        self.refresh()
        self.log.appendPlainText(error or tr("Done. RAW is ready: no restart is needed."))
        if error:
            self._summarise(error)
        else:
            self._look()

    def remove(self) -> None:
        """Delete the environment, after a question."""
        words = tr("Delete RAW's packages ({megabytes} MB)? QGIS and other plugins keep theirs.")
        question = words.format(megabytes=f"{size_of(venv_folder()) / 1e6:,.0f}")
        if QMessageBox.question(self, self.windowTitle(), question) == QMessageBox.StandardButton.Yes:
            gone = packages.remove(venv_folder())
            self.refresh()
            if not gone:
                self._summarise(tr("They are in use. They will be deleted when QGIS starts the next time."))


def look(python: Path, path: list[str], modules: list[str], progress: Progress) -> tuple[list[str], dict[str, str]]:
    """Runs in a task. Returns the names of the GPUs, and the reason for each module that does not import."""
    gpus, broken = packages.gpus(), {}
    for i, module in enumerate(modules):
        progress(i / len(modules))
        if reason := packages.why_broken(python, module, path):
            broken[module] = reason
    return gpus, broken
