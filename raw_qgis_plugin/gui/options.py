# SPDX-License-Identifier: GPL-2.0-or-later
"""RAW's page in Settings → Options."""

from __future__ import annotations

import shutil
from typing import Any

from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QComboBox, QFormLayout, QGroupBox, QLabel, QPushButton, QSpinBox, QWidget

from ..environment import packages
from ..environment.folders import size_of
from ..processing.base import cache_folder, icon
from ..processing.form import DEVICES
from ..processing.words import tr
from .desktop import Desktop
from .settings import TEMPORARY, settings
from .widgets.layout import column, row, wrapped


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
    """Device, model, results, privacy, cache and packages."""

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
        kept = self.settings.results.value()
        self.results = QComboBox(objectName="raw_results_kept")
        for kind, words in (
            ("", tr("in a GeoPackage beside the project")), ("file", tr("in this GeoPackage")),
            (TEMPORARY, tr("nowhere: they are temporary")),
        ):  # fmt: skip
            self.results.addItem(words, kind)
        self.results_file = QgsFileWidget()
        self.results_file.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.results_file.setFilter(f"{tr('GeoPackage')} (*.gpkg)")
        self.results_file.setFilePath("" if kept == TEMPORARY else kept)
        self.results.currentIndexChanged.connect(self._show_file)
        self.results.setCurrentIndex(self.results.findData(kept if kept in ("", TEMPORARY) else "file"))
        self._show_file()
        self.cache = QLabel()
        tip = tr("Deletes the embeddings of tracks that RAW has read. Layers and models stay.")
        self.forget = QPushButton(tr("Forget"), toolTip=tip, clicked=self._forget)
        lacking = packages.lacking()
        words = tr("Missing: {names}.").format(names=", ".join(lacking)) if lacking else tr("All that the model needs.")
        install = QPushButton(tr("Packages…"), clicked=self._open_packages)
        diagnose = QPushButton(tr("Diagnostics…"), clicked=self._open_diagnostics)
        package_box = QGroupBox(tr("Packages"))
        package_box.setLayout(column(wrapped(words), row(install, diagnose, None)))
        model_rows = ((tr("Device"), self.device), (tr("Default model"), self.model))
        privacy_rows = (
            (tr("Fewest people to show a region"), self.min_users),
            (tr("Cache of embeddings"), row(self.cache, self.forget, None)),
        )
        result_rows = ((tr("When the project is saved, keep results"), self.results), (self.results_file,))
        boxes = (
            form_box(title, rows)
            for title, rows in (
                (tr("Model"), model_rows), (tr("Results"), result_rows), (tr("Privacy"), privacy_rows),
            )
        )  # fmt: skip
        self.setLayout(column(*boxes, package_box, None))
        self._show_cache()

    def _show_file(self) -> None:
        self.results_file.setVisible(self.results.currentData() == "file")

    def apply(self) -> None:
        """Called by QGIS on OK."""
        for entry, value in (
            (self.settings.device, self.device.currentData()),
            (self.settings.model, self.model.filePath()),
            (self.settings.min_users, self.min_users.value()),
            (self.settings.results, self._results()),
        ):
            if value == entry.defaultValue():
                entry.remove()
            else:
                entry.setValue(value)
        self.desktop.settings_changed()

    def _results(self) -> str:
        """The choice as the settings have it. A GeoPackage without a name is the one beside the project."""
        kind = self.results.currentData()
        file = self.results_file.filePath().strip()
        return kind if kind != "file" else f"{file.removesuffix('.gpkg')}.gpkg" if file else ""

    def helpKey(self) -> str:  # noqa: N802
        """Called by QGIS: its own help has no page on RAW."""
        return ""

    def _show_cache(self) -> None:
        size = 0
        if (folder := cache_folder(self.cache.setText)) is not None:
            size = size_of(folder)
            self.cache.setText(tr("{megabytes} MB").format(megabytes=f"{size / 1e6:,.1f}"))
        self.forget.setEnabled(size > 0)

    def _forget(self) -> None:
        if (folder := cache_folder(self.cache.setText)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
        self._show_cache()

    def _open_packages(self) -> None:
        from .windows.packages import EnvironmentDialog

        self.desktop.keep(EnvironmentDialog(self.desktop, self.window())).show()

    def _open_diagnostics(self) -> None:
        from .windows.diagnostics import DiagnosticsDialog

        self.desktop.keep(DiagnosticsDialog(self.desktop, self.window())).show()


def form_box(title: str, rows: tuple[tuple[Any, ...], ...]) -> QGroupBox:
    """A box with a form. rows: labels, and widgets or layouts; or a widget alone."""
    box = QGroupBox(title)
    form = QFormLayout(box)
    for parts in rows:
        form.addRow(*parts)
    return box
