# SPDX-License-Identifier: GPL-2.0-or-later
"""Import of tracks: choose a file, look at its first rows as they are read, and run raw:importtracks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
    QgsVectorLayer,
)
from qgis.gui import QgsFileWidget, QgsProjectionSelectionWidget
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QSplitter,
    QWidget,
)

from ...core.errors import RawError
from ...core.sources.preview import Preview, preview
from ...core.sources.schema import NONE
from ...layers.words import count_fixes, count_users
from ...processing.data.import_tracks import DELIMITERS, LARGE, WORLD, ImportTracks
from ...processing.form import Run
from ...processing.progress import time_left
from ...processing.words import tr
from ...tasks.job import AlgorithmJob
from ..desktop import Desktop
from ..widgets.dialog import RawDialog
from ..widgets.drop import TakesFiles
from ..widgets.layout import column, row, scrolling, silent, wrapped
from ..widgets.track_fields import ZoneBox
from .import_preview import PreviewTable, describe, question

ROLES = ("user", "track", "time", "lon", "lat")
ENCODINGS = ("", "utf-8", "latin-1", "cp1252", "utf-16", "gb18030", "shift_jis")


class ImportDialog(TakesFiles, RawDialog):
    """The window. Every change shows the first rows anew. An import goes on when the window is closed."""

    def __init__(self, desktop: Desktop, path: str = "") -> None:
        super().__init__(desktop.iface.mainWindow(), "raw_import_dialog", tr("Import tracks"))
        self.desktop, self.algorithm = desktop, ImportTracks().create()
        self.preview: Preview | None = None
        self.running: AlgorithmJob | None = None
        self.setAcceptDrops(True)
        self._proposed = ""  # for which file a zone was
        self._shown = ("", "", "")  # of which file, delimiter and encoding the columns are listed
        self._make_parts()
        self._lay_out()
        self._soon = QTimer(self, singleShot=True, interval=250, timeout=self._look)
        self._tick = QTimer(self, interval=250, timeout=self._show_progress)
        self._connect()
        self._show_state()
        self.resize(1080, 640)
        if path:
            self.choose(path)

    def _make_parts(self) -> None:
        self.source = QgsFileWidget(objectName="raw_import_source")
        endings = "*.csv *.tsv *.txt *.gz *.parquet *.gpx *.json *.rec *.plt"
        self.source.setFilter(f"{tr('Positions')} ({endings});;(*)")
        self.folder = QPushButton(tr("Folder…"), objectName="raw_import_folder", autoDefault=False)
        narrow = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.columns = {
            role: QComboBox(objectName=f"raw_import_{role}", sizeAdjustPolicy=narrow, minimumContentsLength=12)
            for role in ROLES
        }
        self.order = QComboBox(objectName="raw_import_order", sizeAdjustPolicy=narrow, minimumContentsLength=12)
        self.zone = ZoneBox("raw_import_zone")
        self.crs = QgsProjectionSelectionWidget()
        self.crs.setObjectName("raw_import_crs")
        self.crs.setCrs(QgsCoordinateReferenceSystem(WORLD))
        self.delimiter = QComboBox(objectName="raw_import_delimiter")
        titles = (tr("recognised"), tr("comma  ,"), tr("semicolon  ;"), tr("tab"), tr("pipe  |"), tr("blank"))
        for name, title in zip(DELIMITERS, titles):
            self.delimiter.addItem(title, name)
        self.encoding = QComboBox(objectName="raw_import_encoding", editable=True)
        self.encoding.addItems(ENCODINGS)
        self.encoding.lineEdit().setPlaceholderText(tr("recognised"))
        self.rows = PreviewTable()
        self.question = wrapped(objectName="raw_import_question")
        self.question.setStyleSheet("border: 1px solid #d6604d; border-radius: 3px; padding: 4px;")
        self.state = wrapped(objectName="raw_import_state")
        self.output = QgsFileWidget(objectName="raw_import_output")
        self.output.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.output.setConfirmOverwrite(False)  # asked when it is imported
        self.output.setFilter("GeoPackage (*.gpkg)")
        self.output.lineEdit().setPlaceholderText(tr("a temporary layer, which ends with QGIS"))
        self.bar = QProgressBar(maximum=1000, textVisible=False, maximumHeight=10, visible=False)
        self.start = QPushButton(tr("Import"), objectName="raw_import_start", autoDefault=False)
        self.stop = QPushButton(tr("Cancel"), objectName="raw_import_cancel", autoDefault=False)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 4, 0)
        titles = tr("User"), tr("Track"), tr("Time"), tr("Longitude, x"), tr("Latitude, y")
        for box, title in zip(self.columns.values(), titles):
            form.addRow(title, box)
        form.addRow(tr("Dates"), self.order)
        form.addRow(tr("Time zone"), self.zone)
        form.addRow(tr("Coordinates"), self.crs)
        form.addRow(tr("Delimiter"), self.delimiter)
        form.addRow(tr("Encoding"), self.encoding)
        page = QWidget()
        page.setLayout(column(form, None, margins_px=0))
        right = QWidget()
        right.setLayout(column(self.question, self.rows, self.state, stretch=self.rows, margins_px=0))
        split = QSplitter()
        split.addWidget(scrolling(page))
        split.addWidget(right)
        split.setSizes([340, 740])
        split.setStretchFactor(1, 1)
        buttons = self.buttons(self.start, self.stop, page="importtracks")
        self.setLayout(column(
            row(self.source, self.folder, stretch=self.source), split,
            row(wrapped(tr("Save to")), self.output, stretch=self.output), self.bar, buttons, stretch=split,
        ))  # fmt: skip

    def _connect(self) -> None:
        self.source.fileChanged.connect(self._take_source)
        self.folder.clicked.connect(self._ask_folder)
        for box in (*self.columns.values(), self.order, self.delimiter, self.zone, self.encoding):
            box.currentIndexChanged.connect(self._look_soon)
        self.encoding.lineEdit().editingFinished.connect(self._look_soon)
        self.crs.crsChanged.connect(self._look_soon)
        self.start.clicked.connect(self.run)
        self.stop.clicked.connect(self._cancel)

    # ---- the first rows -----------------------------------------------------------------------------------------

    def choose(self, path: str) -> None:
        """Take a file or folder."""
        self.source.setFilePath(path)

    take_file = choose

    def _take_source(self) -> None:
        """Forget what belonged to another file."""
        with silent(self.order, self.zone, self.delimiter, self.encoding, self.crs):
            self.order.setCurrentIndex(0)
            self.zone.choose("UTC")
            self.delimiter.setCurrentIndex(0)
            self.encoding.setCurrentText("")
            self.crs.setCrs(QgsCoordinateReferenceSystem(WORLD))
        self.output.setFilePath("")
        self._proposed = ""
        self._look_soon()

    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, tr("Folder of tracks"), self.source.filePath())
        if path:
            self.choose(path)

    def _look_soon(self, *_: Any) -> None:
        self.start.setEnabled(False)
        self._soon.start()

    def parameters(self) -> dict[str, Any]:
        """The values of raw:importtracks, without OUTPUT."""
        listed = self._shown == self._wanted()  # else the columns are another file's
        names = {f"{role.upper()}_FIELD": (box.currentData() if listed else "") for role, box in self.columns.items()}
        return {
            **names, "SOURCE": self.source.filePath().strip(), "TIMEZONE": self.zone.zone(),
            "CRS": self.crs.crs(), "DATE_ORDER": self.order.currentData() or "auto",
            "DELIMITER": self.delimiter.currentData(), "ENCODING": self.encoding.currentText().strip(),
        }  # fmt: skip

    def _wanted(self) -> tuple[str, str, str]:
        return self.source.filePath().strip(), self.delimiter.currentData(), self.encoding.currentText().strip()

    def _look(self) -> None:
        """Read the first rows, in the background."""
        wanted, values = self._wanted(), self.parameters()
        self.closing()  # an older look is of no use
        if not wanted[0]:
            return
        try:
            schema = self.algorithm.schema(Run(self.algorithm, values, QgsProcessingContext()))
        except RawError as error:
            self._show_problem(str(error))
            return
        self.run_until_closed(
            tr("Reading the first rows"),
            lambda _: preview(wanted[0], "auto", schema),
            lambda found: self._show(found, wanted),
            lambda words: self._show_problem(words) if words else None,
        )

    def _show_problem(self, words: str) -> None:
        self.preview = None
        self.rows.setRowCount(0)
        self.rows.setColumnCount(0)  # the headings are another file's
        self._show_state(words)

    def _show(self, found: Preview, wanted: tuple[str, str, str]) -> None:
        if wanted != self._wanted():
            return  # of an older choice
        self.preview = found
        if wanted != self._shown:
            self._list_columns(found)
            if not self.output.filePath() and found.total >= LARGE:
                self.output.setFilePath(str(_free(Path(wanted[0]).with_suffix(".gpkg"))))
        self._shown = wanted
        if found.zone and self._proposed != wanted[0] and self.zone.zone() == "UTC":
            self._proposed = wanted[0]  # once: the zone that all times carry is that of hours and dates, too
            with silent(self.zone):
                self.zone.choose(found.zone)
        self._list_orders(found)
        self.rows.show_rows(found)
        self._show_state()

    def _list_columns(self, found: Preview) -> None:
        place = tr("geometry") if found.schema.geometry else ""
        nothing = {"user": tr("none: one user's"), "track": tr("none: one track a user"), "lon": place, "lat": place}
        with silent(*self.columns.values()):
            for role, box in self.columns.items():
                box.clear()
                box.addItem(nothing.get(role, ""), NONE if role in ("user", "track") else "")
                for name in found.raw.column_names:
                    box.addItem(name, name)
                box.setCurrentIndex(max(0, box.findData(getattr(found.schema, role))))

    def _list_orders(self, found: Preview) -> None:
        chosen = self.order.currentData()
        known = {"day": tr("day first, as recognised"), "month": tr("month first, as recognised")}
        order = found.schema.date_order
        first = known.get(order, tr("choose…")) if order and not chosen else tr("recognised")
        with silent(self.order):
            self.order.clear()
            for title, name in (
                (first, ""),
                (tr("day first: 31/12/2024"), "day"),
                (tr("month first: 12/31/2024"), "month"),
            ):
                self.order.addItem(title, name)
            self.order.setCurrentIndex(max(0, self.order.findData(chosen)))

    def _show_state(self, words: str = "") -> None:
        found, busy = self.preview, self.running is not None
        usable = found is not None and found.fixes is not None and found.schema.date_order != "unknown"
        self.start.setEnabled(usable and self._shown == self._wanted() and not busy)
        self.stop.setVisible(busy)
        self.bar.setVisible(busy)
        asked = question(found) if found is not None else ""
        self.question.setText(asked)
        self.question.setVisible(bool(asked))
        if found is not None:
            words = words or describe(found)
        self.state.setText(words or tr("Choose a file or a folder, or drop one on this window."))

    # ---- the import ---------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Run raw:importtracks."""
        desktop, name = self.desktop, Path(self.source.filePath()).stem

        def take(layer: QgsVectorLayer, _order: int) -> None:
            layer.setName(name)
            QgsProject.instance().addMapLayer(layer)
            desktop.use_layer(layer)

        text = self.output.filePath().strip()
        path = Path(text if text.lower().endswith(".gpkg") else f"{text}.gpkg") if text else None
        if path is not None and path.exists():
            words = tr("{file} exists already. Replace it?").format(file=path.name)
            if QMessageBox.question(self, self.windowTitle(), words) != QMessageBox.StandardButton.Yes:
                self.output.setFilePath(str(_free(path)))
                return
        output = QgsProcessingOutputLayerDefinition(str(path or QgsProcessing.TEMPORARY_OUTPUT), QgsProject.instance())
        values = {**self.parameters(), "OUTPUT": output}
        try:
            job = AlgorithmJob("raw:importtracks", values, [], tr("Importing"), take, self._done, self._failed)
        except RawError as error:
            self._show_state(str(error))
            return
        self.running = job.start()
        self._tick.start()
        self._show_state(tr("Importing …"))

    def _show_progress(self) -> None:
        job = self.running
        if job is not None:
            self.bar.setValue(int(1000 * job.share))
            left = job.seconds_left()
            words = tr("{what}: {share:.0%}, {left} left") if left is not None else tr("{what}: {share:.0%}")
            self.state.setText(words.format(what=tr("Importing"), share=job.share, left=time_left(left or 0.0)))

    def _done(self, results: dict[str, Any], layers: dict[str, QgsVectorLayer], warnings: list[str]) -> None:
        words = tr("Imported: {fixes} of {users}.")
        if not sip.isdeleted(self):
            words = words.format(fixes=count_fixes(results["N_POINTS"]), users=count_users(results["N_USERS"]))
            self._ended(" ".join([words, *warnings]))

    def _failed(self, words: str) -> None:
        if not sip.isdeleted(self):
            self._ended(words or tr("Cancelled. Nothing was written."))

    def _ended(self, words: str) -> None:
        self.running = None
        self._tick.stop()
        self._show_state(words)

    def _cancel(self) -> None:
        if self.running is not None:
            self.running.cancel()
            self.state.setText(tr("Cancelling …"))


def _free(path: Path) -> Path:
    """The path, or the first one with a number behind its name that does not exist."""
    number = 1
    while path.exists():
        number += 1
        path = path.with_stem(f"{path.stem.removesuffix(f' {number - 1}')} {number}")
    return path
