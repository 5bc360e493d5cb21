# SPDX-License-Identifier: GPL-2.0-or-later
"""The window of packages: which ones RAW lacks, their installation, and a report of the system."""

from __future__ import annotations

import platform
import shutil
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from qgis.core import Qgis
from qgis.gui import QgsFileWidget
from qgis.PyQt import sip
from qgis.PyQt.QtCore import PYQT_VERSION_STR, QT_VERSION_STR, pyqtSignal
from qgis.PyQt.QtGui import QFontDatabase
from qgis.PyQt.QtWidgets import (
    QApplication,
    QCheckBox,
    QFormLayout,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
)

from ...core.errors import Progress, RawError
from ...environment import packages
from ...environment.advice import advice
from ...environment.folders import cache_folder, venv_folder
from ...environment.install import Installer, qgis_proxy
from ...environment.interpreter import base_python
from ...environment.report import Row, markdown, remember
from ...processing.provider import plugin_version
from ...processing.words import tr
from ..desktop import Desktop
from ..widgets.dialog import RawDialog
from ..widgets.layout import column, escaped, row, wrapped


@dataclass(frozen=True)
class Diagnosis:
    """What was found: names of the GPUs, why a module does not import, and the report to send."""

    gpus: list[str]
    broken: dict[str, str]
    report: str


class PackagesDialog(RawDialog):
    """Says which packages are missing, and tries in the background whether the others work.

    Closing the window cancels an installation.
    """

    printed = pyqtSignal(str)  # a line by the installation, which runs in another thread

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop.iface.mainWindow(), "RawEnvironment", tr("Packages"))
        self.desktop = desktop
        self.gpus: list[str] | None = None  # None: not looked for yet
        self.broken: dict[str, str] = {}  # why a module does not import
        self.summary = wrapped()
        self.with_training = QCheckBox(tr("Also what training needs"), toggled=self.refresh)
        self.wheels = QgsFileWidget()
        self.wheels.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.wheels.setDialogTitle(tr("Folder of wheels"))
        self.wheels.lineEdit().setPlaceholderText(
            tr("empty: from PyPI; or a folder of wheels, without a network")
        )
        self.install_button = QPushButton(tr("Install"), default=True, clicked=self.install)
        self.cancel_button = QPushButton(
            tr("Cancel the installation"), visible=False, clicked=self.closing
        )
        tip = tr("Deletes the embeddings of tracks that RAW has read. Layers and models stay.")
        clear = QPushButton(tr("Clear cache"), toolTip=tip, autoDefault=False)
        clear.clicked.connect(lambda: shutil.rmtree(cache_folder(), ignore_errors=True))
        tip = tr(
            "Tries everything again and copies a report, to send it. It holds no data of yours."
        )
        diagnosis = QPushButton(tr("Diagnose"), toolTip=tip, autoDefault=False)
        diagnosis.clicked.connect(lambda: self._look(copy=True))
        self.bar = QProgressBar(maximum=0, visible=False)
        self.log: QPlainTextEdit = QPlainTextEdit(readOnly=True, maximumBlockCount=5000)
        self.log.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.log.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.printed.connect(self.log.appendPlainText)
        form = QFormLayout()
        form.addRow(tr("Install from"), self.wheels)
        form.addRow("", self.with_training)
        actions = row(self.install_button, self.cancel_button, None, clear)
        below = self.buttons(diagnosis, page="environment")
        self.setLayout(
            column(self.summary, form, actions, self.bar, self.log, below, stretch=self.log)
        )
        self.resize(720, 620)
        self.refresh()
        self._look()

    # ---- what is there

    def refresh(self) -> None:
        """Say which packages are missing."""
        lacking = {  # by group
            group: [
                package.name
                for package in packages.check(group)
                if package.problem or package.module in self.broken
            ]
            for group in ("runtime", "train")
        }
        wanted = [group for group in ("runtime", *self._training()) if lacking[group]]
        words = tr(
            "RAW has all that it needs to run the model. Training needs more: tick the box below."
        )
        if lacking["runtime"]:
            words = tr(
                "RAW cannot run the model yet: it lacks {what}. To download: up to {megabytes} MB."
            )
        elif wanted:
            words = tr(
                "RAW can run the model. What you ticked lacks {what}. To download: up to "
                "{megabytes} MB."
            )
        elif not lacking["train"]:
            words = tr("RAW has all that it needs, to run the model and to train.")
        what = ", ".join(name for group in wanted for name in lacking[group])
        cuda = ["cuda"] * bool(self.gpus and lacking["runtime"])
        megabytes = sum(packages.MEGABYTES[group] for group in [*wanted, *cuda])
        self._summarise(words.format(what=what, megabytes=megabytes))
        self.install_button.setEnabled(self.bar.isHidden() and bool(wanted))

    def _training(self) -> list[str]:
        return ["train"] if self.with_training.isChecked() else []

    def _summarise(self, words: str) -> None:
        self.summary.setText(f"<b>{escaped(words)}</b>")

    def _look(self, copy: bool = False) -> None:
        """Look in the background for the graphics card, and for packages that do not import.

        copy: the report goes to the clipboard.
        """
        self.log.appendPlainText(tr("Looking at the graphics card and trying the packages …"))
        try:
            work = partial(diagnose, base_python(), list(sys.path))
        except RawError as error:
            self.log.appendPlainText(str(error))
            return
        self.run_until_closed(
            tr("Checking RAW's packages"),
            work,
            partial(self._looked, copy),
            self.log.appendPlainText,
        )

    def _looked(self, copy: bool, found: Diagnosis) -> None:
        self.gpus = found.gpus
        self.broken = found.broken
        self.log.appendPlainText(found.report)
        if copy:
            QApplication.clipboard().setText(found.report)
            self.log.appendPlainText(tr("The report is on the clipboard."))
        self.refresh()

    # ---- installing

    def install(self) -> None:
        """Install in the background what was chosen, all of it again if a package does not work."""
        self.closing()  # an older look is of no use
        log = lambda line: None if sip.isdeleted(self) else self.printed.emit(line)  # noqa: E731
        try:
            self.installer = Installer(
                venv_folder(),
                base_python(),
                log,
                groups=("cuda" if self.gpus else "runtime", *self._training()),
                wheels=Path(self.wheels.filePath()) if self.wheels.filePath() else None,
                proxy=qgis_proxy(),
                again=bool(self.broken),
            )
        except RawError as error:
            self._summarise(str(error))
            return
        self.log.clear()
        self._set_busy(True)
        work = lambda _: self.installer.run()  # noqa: E731
        self.run_until_closed(tr("Installing RAW's packages"), work, self._installed, self._failed)

    def _set_busy(self, busy: bool) -> None:
        for widget in (self.bar, self.cancel_button):
            widget.setVisible(busy)
        for widget in (self.with_training, self.wheels):
            widget.setEnabled(not busy)
        self.broken = {}
        self.refresh()

    def _installed(self, _: None) -> None:
        packages.activate(venv_folder())
        self._set_busy(False)
        self.log.appendPlainText(tr("Done. RAW is ready: no restart is needed."))
        self.desktop.packages_installed()
        self._look()

    def _failed(self, words: str) -> None:
        self._set_busy(False)
        if words:
            remember(words)
        words = words or tr("The installation was cancelled.")
        self.log.appendPlainText(words)
        self._summarise(words)


def diagnose(python: Path, path: list[str], progress: Progress) -> Diagnosis:
    """Try every package and the model on each device. Runs in a task.

    python: QGIS's interpreter. path: QGIS's search path.
    """
    gpus = packages.gpus()
    system = {
        "QGIS": f"{Qgis.version()}, Qt {QT_VERSION_STR}, PyQt {PYQT_VERSION_STR}",
        "Python": f"{platform.python_version()}, {python}",
        "Platform": f"{platform.platform()}, {platform.machine()}",
        "NVIDIA GPU": ", ".join(gpus) or "none, or no driver",
    }
    if gpus:
        lack = packages.why_broken(python, "", path, packages.CUDA_PROBE)
        system["CUDA lacks"] = lack or "nothing"
    broken: dict[str, str] = {}
    rows = []
    listed = [*packages.check("runtime"), *packages.check("train")]
    for i, package in enumerate(listed):
        progress(i / len(listed))
        reason = packages.why_broken(python, package.module, path) if package.version else ""
        if reason:
            broken[package.module] = reason
        problem = ". ".join(filter(None, (package.problem, reason, advice(reason))))
        rows.append(Row(package.name, package.version, problem))
    for device in ("CPU", "CUDA") if gpus else ("CPU",):
        system[f"Model on {device}"] = _runs_on(device)
    return Diagnosis(gpus, broken, markdown(plugin_version(), system, rows))


def _runs_on(device: str) -> str:
    """What happens when the model is loaded on a device, in words."""
    try:
        from ...core.bundle.bundle import open_bundle
        from ...core.bundle.runtime import Model

        model = Model(open_bundle(None), device.lower())
    except (RawError, ImportError, OSError) as error:
        return str(error)
    return f"runs on {model.provider}. {model.warning}"
