# SPDX-License-Identifier: GPL-2.0-or-later
"""RAW's page in Settings → Options."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ..processing.base import DEVICES, icon
from ..processing.words import tr

if TYPE_CHECKING:
    from .menu import RawMenu

PAGE = "raw_options"


class RawOptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page when the options are opened."""

    def __init__(self, menu: RawMenu) -> None:
        super().__init__()
        self.menu = menu
        self.setTitle("RAW")

    def icon(self) -> QIcon:
        """The plugin's icon."""
        return icon("raw")

    def createWidget(self, parent: QWidget | None = None) -> QgsOptionsPageWidget:  # noqa: N802
        """Called by QGIS."""
        return RawOptionsPage(self.menu, parent)


class RawOptionsPage(QgsOptionsPageWidget):
    """Device, model, privacy, cache and packages."""

    def __init__(self, menu: RawMenu, parent: QWidget | None = None) -> None:
        from .settings import settings

        super().__init__(parent)
        self.menu = menu
        self.setObjectName(PAGE)
        self.settings = settings()
        layout = QVBoxLayout(self)
        layout.addWidget(self._model_group())
        layout.addWidget(self._privacy_group())
        layout.addWidget(self._packages_group())
        layout.addStretch()
        self._show_cache()
        self._show_packages()

    def _model_group(self) -> QGroupBox:
        self.device = QComboBox()
        for device, words in zip(DEVICES, (tr("Automatic: the graphics card where it can"), "CPU", "CUDA (NVIDIA)")):
            self.device.addItem(words, device)
        self.device.setCurrentIndex(max(0, self.device.findData(self.settings.device.value())))
        self.model = QgsFileWidget()
        self.model.setFilter(f"{tr('Model bundles')} (*.zip card.json)")
        self.model.setFilePath(self.settings.model.value())
        self.model.lineEdit().setPlaceholderText(tr("empty: the model that comes with RAW"))
        group = QGroupBox(tr("Model"))
        form = QFormLayout(group)
        form.addRow(tr("Device"), self.device)
        form.addRow(tr("Default model"), self.model)
        return group

    def _privacy_group(self) -> QGroupBox:
        self.min_users = QSpinBox()
        self.min_users.setRange(1, 1000)
        self.min_users.setValue(self.settings.min_users.value())
        self.min_users.setToolTip(tr("Regions with fewer people get no figures at all."))
        self.cache = QLabel()
        self.forget = QPushButton(tr("Forget"))
        self.forget.setToolTip(tr("Deletes what RAW remembers of tracks it has read. Layers and models stay."))
        self.forget.clicked.connect(self._forget)
        row = QHBoxLayout()
        row.addWidget(self.cache)
        row.addWidget(self.forget)
        row.addStretch()
        group = QGroupBox(tr("Privacy"))
        form = QFormLayout(group)
        form.addRow(tr("Fewest people to show a region"), self.min_users)
        form.addRow(tr("Cache of embeddings"), row)
        return group

    def _packages_group(self) -> QGroupBox:
        self.packages = QLabel()
        self.packages.setWordWrap(True)
        install = QPushButton(tr("Packages…"))
        install.clicked.connect(self._open_environment)
        diagnose = QPushButton(tr("Diagnostics…"))
        diagnose.clicked.connect(self._open_diagnostics)
        row = QHBoxLayout()
        row.addWidget(install)
        row.addWidget(diagnose)
        row.addStretch()
        group = QGroupBox(tr("Packages"))
        column = QVBoxLayout(group)
        column.addWidget(self.packages)
        column.addLayout(row)
        return group

    def apply(self) -> None:
        """Called by QGIS on OK."""
        chosen = ((self.settings.device, self.device.currentData()), (self.settings.model, self.model.filePath()))
        for entry, value in (*chosen, (self.settings.min_users, self.min_users.value())):
            if value == entry.defaultValue():
                entry.remove()
            else:
                entry.setValue(value)

    def helpKey(self) -> str:  # noqa: N802
        """QGIS's own help has no page of ours; the windows have."""
        return ""

    def _show_cache(self) -> None:
        from ..environment.folders import cache_folder, size_of

        size = size_of(cache_folder())
        self.cache.setText(tr("{megabytes} MB").format(megabytes=f"{size / 1e6:,.1f}"))
        self.forget.setEnabled(size > 0)

    def _forget(self) -> None:
        from ..environment.folders import cache_folder

        shutil.rmtree(cache_folder(), ignore_errors=True)
        self._show_cache()

    def _show_packages(self) -> None:
        from ..environment import packages

        lacking = [package.name for package in packages.check("runtime") if package.problem]
        words = tr("Missing: {names}.").format(names=", ".join(lacking)) if lacking else tr("All that the model needs.")
        self.packages.setText(words)

    def _open_environment(self) -> None:
        from .windows.packages import EnvironmentDialog

        self.menu.keep(EnvironmentDialog(self.menu, self.window())).show()

    def _open_diagnostics(self) -> None:
        from .windows.diagnostics import DiagnosticsDialog

        self.menu.keep(DiagnosticsDialog(self.window())).show()
