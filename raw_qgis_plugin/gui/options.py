# SPDX-License-Identifier: GPL-2.0-or-later
"""RAW's page in Settings → Options."""

from __future__ import annotations

import shutil

from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QComboBox, QFormLayout, QLabel, QPushButton, QSpinBox, QWidget

from ..core.specs import DEVICES
from ..environment import folders, packages
from ..processing.base import icon
from ..processing.words import tr
from .desktop import Desktop
from .settings import settings
from .widgets.layout import row, wrapped


class RawOptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page when the options are opened."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self.desktop = desktop
        self.setTitle("RAW")

    def icon(self) -> QIcon:
        """The plugin's icon."""
        return icon("raw")

    def createWidget(self, parent: QWidget | None = None) -> QgsOptionsPageWidget:  # noqa: N802
        """Called by QGIS."""
        return RawOptionsPage(self.desktop, parent)


class RawOptionsPage(QgsOptionsPageWidget):
    """Device, model, privacy, cache and packages."""

    def __init__(self, desktop: Desktop, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desktop, self.settings = desktop, settings()
        self.setObjectName("raw_options")
        self.device = QComboBox()
        for device, words in zip(DEVICES, (tr("Automatic: the graphics card where it can"), "CPU", "CUDA (NVIDIA)")):
            self.device.addItem(words, device)
        self.device.setCurrentIndex(max(0, self.device.findData(self.settings.device.value())))
        self.model = QgsFileWidget()
        self.model.setFilter(f"{tr('Model bundles')} (*.zip card.json)")
        self.model.setFilePath(self.settings.model.value())
        self.model.lineEdit().setPlaceholderText(tr("empty: the model that comes with RAW"))
        self.min_users = QSpinBox(
            minimum=1, maximum=1000, value=self.settings.min_users.value(),
            toolTip=tr("Regions with fewer people get no figures at all."),
        )  # fmt: skip
        self.cache = QLabel()
        tip = tr("Deletes the embeddings of tracks that RAW has read. Layers and models stay.")
        self.clear = QPushButton(tr("Clear cache"), toolTip=tip, clicked=self._clear_cache)
        lacking = packages.lacking()
        words = tr("Missing: {names}.").format(names=", ".join(lacking)) if lacking else tr("All that the model needs.")
        install = QPushButton(tr("Packages…"), clicked=self._open_packages)
        form = QFormLayout(self)
        form.addRow(tr("Device"), self.device)
        form.addRow(tr("Default model"), self.model)
        form.addRow(tr("Minimum users per region"), self.min_users)
        form.addRow(tr("Cache of embeddings"), row(self.cache, self.clear, None))
        form.addRow(tr("Packages"), row(wrapped(words), install))
        self._show_cache()

    def apply(self) -> None:
        """Called by QGIS on OK."""
        for entry, value in (
            (self.settings.device, self.device.currentData()), (self.settings.model, self.model.filePath()),
            (self.settings.min_users, self.min_users.value()),
        ):  # fmt: skip
            if value == entry.defaultValue():
                entry.remove()
            else:
                entry.setValue(value)
        self.desktop.settings_changed()

    def helpKey(self) -> str:  # noqa: N802
        """Called by QGIS: its own help has no page on RAW."""
        return ""

    def _show_cache(self) -> None:
        size = folders.size_of(folders.cache_folder())
        self.cache.setText(tr("{megabytes} MB").format(megabytes=f"{size / 1e6:,.1f}"))
        self.clear.setEnabled(size > 0)

    def _open_packages(self) -> None:
        from .windows.packages import PackagesDialog

        self.desktop.keep(PackagesDialog(self.desktop, self.window())).show()  # QGIS's options are modal

    def _clear_cache(self) -> None:
        shutil.rmtree(folders.cache_folder(), ignore_errors=True)
        self._show_cache()
