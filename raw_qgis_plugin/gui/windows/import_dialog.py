# SPDX-License-Identifier: GPL-2.0-or-later
"""Import of tracks: choose a file, look at its first rows as they are read, and run
raw:importtracks.
"""

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
    QWidget,
)

from ...core.errors import RawError
from ...core.sources.preview import Preview, preview
from ...core.sources.schema import NONE, ONE_PERSON
from ...layers.words import count_fixes, count_users
from ...processing.data import WORLD, ImportTracks
from ...processing.form import Run
from ...processing.words import tr
from ...tasks.job import AlgorithmJob, Layers
from ..desktop import Desktop
from ..widgets.dialog import RawDialog
from ..widgets.layout import column, row, scrolling, silent, wrapped
from ..widgets.track_fields import ZoneBox
from .import_preview import PreviewTable, describe, question

ROLES = ("user", "track", "time", "lon", "lat")
POSITIONS = "*.csv *.tsv *.txt *.gz *.parquet *.gpx *.json *.rec *.plt"


class ImportDialog(RawDialog):
    """The window. Every change shows the first rows anew. An import goes on when the window is
    closed.
    """

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop.iface.mainWindow(), "raw_import_dialog", tr("Import tracks"))
        self.desktop = desktop
        self.algorithm = ImportTracks().create()
        self.preview: Preview | None = None
        self.running: AlgorithmJob | None = None
        self._shown = ""  # of which file the columns are listed
        self._soon = QTimer(self, singleShot=True, interval=250, timeout=self._look)
        self._build()
        self._show_state()
        self.resize(1080, 640)

    def _build(self) -> None:
        page = self._make_form()
        self.rows = PreviewTable()
        self.question = wrapped(objectName="raw_import_question")
        self.question.setStyleSheet("border: 1px solid #d6604d; border-radius: 3px; padding: 4px;")
        self.state = wrapped(objectName="raw_import_state")
        right = column(self.question, self.rows, self.state, stretch=self.rows)
        both = row(scrolling(page), right, stretch=right)
        both.itemAt(0).widget().setFixedWidth(340)
        self.output = QgsFileWidget(objectName="raw_import_output")
        self.output.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.output.setConfirmOverwrite(False)  # asked when it is imported
        self.output.setFilter("GeoPackage (*.gpkg)")
        self.output.lineEdit().setPlaceholderText(tr("a temporary layer, which ends with QGIS"))
        self.bar = QProgressBar(textVisible=False, maximumHeight=10, visible=False)
        self.start = QPushButton(
            tr("Import"), objectName="raw_import_start", default=True, clicked=self.run
        )
        self.stop = QPushButton(tr("Cancel"), objectName="raw_import_cancel", autoDefault=False)
        self.stop.clicked.connect(
            lambda: self.running.cancel() if self.running is not None else None
        )
        folder = QPushButton(tr("Folder…"), autoDefault=False, clicked=self._ask_folder)
        self.setLayout(
            column(
                row(self.source, folder, stretch=self.source),
                both,
                row(wrapped(tr("Save to")), self.output, stretch=self.output),
                self.bar,
                self.buttons(self.start, self.stop, page="importtracks"),
                stretch=both,
            )
        )

    def _make_form(self) -> QWidget:
        """The columns and what is not said in the file, by name."""
        self.source = QgsFileWidget(objectName="raw_import_source")
        self.source.setFilter(f"{tr('Positions')} ({POSITIONS});;(*)")
        self.source.fileChanged.connect(self._take_source)
        narrow = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        boxes = [
            QComboBox(
                objectName=f"raw_import_{name}", sizeAdjustPolicy=narrow, minimumContentsLength=12
            )
            for name in (*ROLES, "order")
        ]
        self.columns = dict(zip(ROLES, boxes))
        self.order = boxes[-1]
        self.order.addItem(tr("recognised"), "auto")
        self.order.addItem(tr("day first: 31/12/2024"), "day")
        self.order.addItem(tr("month first: 12/31/2024"), "month")
        self.zone = ZoneBox("raw_import_zone")
        for box in (*boxes, self.zone):
            box.currentIndexChanged.connect(self._look_soon)
        self.crs = QgsProjectionSelectionWidget()
        self.crs.setCrs(QgsCoordinateReferenceSystem(WORLD))
        self.crs.crsChanged.connect(self._look_soon)
        form = QFormLayout()
        page = QWidget()
        form.setContentsMargins(0, 0, 4, 0)
        titles = (
            tr("User"),
            tr("Track"),
            tr("Time"),
            tr("Longitude, x"),
            tr("Latitude, y"),
            tr("Dates"),
            tr("Time zone"),
            tr("Coordinates"),
        )
        for box, title in zip((*boxes, self.zone, self.crs), titles):
            form.addRow(title, box)
        page.setLayout(column(form, None, margins_px=0))
        return page

    # ---- the first rows

    def choose(self, path: str) -> None:
        """Take a file or folder."""
        self.source.setFilePath(path)

    def _take_source(self) -> None:
        """Forget what belonged to another file."""
        with silent(self.order, self.zone, self.crs):
            self.order.setCurrentIndex(0)
            self.zone.choose("UTC")
            self.crs.setCrs(QgsCoordinateReferenceSystem(WORLD))
        self.output.setFilePath("")
        self._look_soon()

    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(
            self, tr("Folder of tracks"), self.source.filePath()
        )
        if path:
            self.choose(path)

    def _look_soon(self, *_: Any) -> None:
        self.start.setEnabled(False)
        self._soon.start()

    def parameters(self) -> dict[str, Any]:
        """The values of raw:importtracks, without OUTPUT."""
        source = self.source.filePath().strip()
        listed = self._shown == source  # else the columns are another file's
        names = {
            f"{role.upper()}_FIELD": (box.currentData() if listed else "")
            for role, box in self.columns.items()
        }
        order = self.order.currentData()
        zone = self.zone.zone()
        return {
            **names,
            "SOURCE": source,
            "TIMEZONE": zone,
            "CRS": self.crs.crs(),
            "DATE_ORDER": order,
        }

    def _look(self) -> None:
        values = self.parameters()
        source = values["SOURCE"]
        self.closing()  # an older look is of no use
        if not source:
            return
        try:
            schema = self.algorithm.schema(Run(self.algorithm, values, QgsProcessingContext()))
        except RawError as error:
            self._show_problem(str(error))
            return
        work = lambda _: preview(source, "auto", schema)  # noqa: E731
        done = lambda found: self._show(found, source)  # noqa: E731
        self.run_until_closed(tr("Reading the first rows"), work, done, self._show_problem)

    def _show_problem(self, words: str) -> None:
        if words:  # else it was cancelled
            self.preview = None
            self.rows.setRowCount(0)
            self.rows.setColumnCount(0)  # the headings are another file's
            self._show_state(words)

    def _show(self, found: Preview, source: str) -> None:
        if source != self.source.filePath().strip():
            return  # of an older choice
        self.preview = found
        if source != self._shown:
            self._list_columns(found)
        self._shown = source
        self.rows.show_rows(found)
        self._show_state()

    def _list_columns(self, found: Preview) -> None:
        place = tr("geometry") if found.schema.geometry else ""
        own_file = found.raw.schema.metadata == ONE_PERSON
        nothing = {
            "user": tr("none: one user's"),
            "track": tr("none: one track a user"),
            "lon": place,
            "lat": place,
        }
        with silent(*self.columns.values()):
            for role, box in self.columns.items():
                box.clear()
                if (
                    role == "user"
                    and found.schema.user is None
                    and (Path(self.source.filePath()).is_dir() or own_file)
                ):
                    box.addItem(tr("none: each file is a user"), "")
                box.addItem(nothing.get(role, ""), NONE if role in ("user", "track") else "")
                for name in found.raw.column_names:
                    box.addItem(name, name)
                box.setCurrentIndex(max(0, box.findData(getattr(found.schema, role))))

    def _show_state(self, words: str = "") -> None:
        found = self.preview
        busy = self.running is not None
        usable = (
            found is not None and found.fixes is not None and found.schema.date_order != "unknown"
        )
        self.start.setEnabled(usable and self._shown == self.source.filePath().strip() and not busy)
        self.stop.setVisible(busy)
        self.bar.setVisible(busy)
        asked = question(found) if found is not None else ""
        self.question.setText(asked)
        self.question.setVisible(bool(asked))
        self.state.setText(
            words or (describe(found) if found is not None else tr("Choose a file or a folder."))
        )

    # ---- the import

    def run(self) -> None:
        """Run raw:importtracks."""
        desktop = self.desktop
        name = Path(self.source.filePath()).stem
        path = self.output.filePath().strip()
        path = f"{path}.gpkg" if path and not path.lower().endswith(".gpkg") else path
        words = tr("{file} exists already. Replace it?").format(file=Path(path).name)
        yes = QMessageBox.StandardButton.Yes
        if (
            path
            and Path(path).exists()
            and QMessageBox.question(self, self.windowTitle(), words) != yes
        ):
            return

        def take(layer: QgsVectorLayer) -> None:
            layer.setName(name)
            QgsProject.instance().addMapLayer(layer)
            desktop.use_layer(layer)

        output = QgsProcessingOutputLayerDefinition(
            path or QgsProcessing.TEMPORARY_OUTPUT, QgsProject.instance()
        )
        values = {**self.parameters(), "OUTPUT": output}
        try:
            job = AlgorithmJob(
                "raw:importtracks", values, [], tr("Importing"), take, self._done, self._ended
            )
        except RawError as error:
            self._show_state(str(error))
            return
        job.progressChanged.connect(
            lambda share: None if sip.isdeleted(self) else self.bar.setValue(round(share))
        )
        self.running = job.start()
        self._show_state(tr("Importing …"))

    def _done(self, results: dict[str, Any], layers: Layers, warnings: list[str]) -> None:
        fixes = count_fixes(results["N_POINTS"])
        users = count_users(results["N_USERS"])
        self._ended(
            " ".join(
                [tr("Imported: {fixes} of {users}.").format(fixes=fixes, users=users), *warnings]
            )
        )

    def _ended(self, words: str) -> None:
        if not sip.isdeleted(self):
            self.running = None
            self._show_state(words or tr("Cancelled. Nothing was written."))
