# SPDX-License-Identifier: GPL-2.0-or-later
"""Results of the dock and the toolbox: the run that made them, and the GeoPackage that keeps them
with the project.

A result is a memory layer until the project is saved. Before QGIS writes the project, its features
move into the GeoPackage. A project that is not saved leaves nothing behind.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from qgis.core import (
    NULL,
    Qgis,
    QgsDataProvider,
    QgsProject,
    QgsProviderRegistry,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtCore import QCoreApplication, Qt, QTimer
from qgis.PyQt.QtXml import QDomDocument
from qgis.utils import OverrideCursor

from ..core.arrays import Array, object_column
from ..core.errors import RawError
from ..layers.words import MADE
from ..processing.words import tr
from ..tasks.job import Layers
from .layer_kinds import REGIONS_OF
from .maps.fit import show_all_of_a_stopped_clock
from .widgets.layout import escaped

RUN = "raw/run"  # property of a result: its `DockRun` as JSON


@dataclass(frozen=True)
class DockRun:
    """One run of an algorithm from the dock.

    algorithm: without 'raw:'. tracks: the id of the layer of tracks. began: local date and time to
    the millisecond. values: the settings in the dock. output: the parameter that this layer is the
    output of.
    """

    algorithm: str
    tracks: str
    began: str
    values: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    output: str = "OUTPUT"

    def mark(self, layer: QgsVectorLayer) -> None:
        """Store the run with a result."""
        layer.setCustomProperty(RUN, json.dumps(asdict(self)))


def run_of(layer: Any) -> DockRun | None:
    """The run stored with a layer. The property may come from anybody's project: None where it is
    no run.
    """
    try:
        run = DockRun(**json.loads(str(layer.customProperty(RUN) or "null")))
    except (ValueError, TypeError, RecursionError):
        return None
    kinds = {
        "algorithm": str,
        "tracks": str,
        "began": str,
        "values": dict,
        "warnings": list,
        "output": str,
    }
    return (
        run if all(isinstance(getattr(run, name), kind) for name, kind in kinds.items()) else None
    )


def last_run(algorithm: str, tracks: str) -> tuple[DockRun, Layers] | None:
    """The last run of an algorithm on a layer of tracks, and its results that hold features, by
    output.
    """
    # the toolbox's results have no run
    found = [(run, layer) for layer in results() if (run := run_of(layer))]
    found = [
        (run, layer) for run, layer in found if (run.algorithm, run.tracks) == (algorithm, tracks)
    ]
    if not found:
        return None
    last = max((run for run, _ in found), key=lambda run: run.began)
    return last, {
        run.output: layer for run, layer in found if run.began == last.began and has_data(layer)
    }


def values_of(layer: QgsVectorLayer, name: str, kind: Any = float) -> Array:
    """(n,) values of a field of a result. NULL is None, and nan among numbers."""
    values, _ = QgsVectorLayerUtils.getValues(layer, name)
    return object_column(None if value == NULL else value for value in values).astype(kind)


def results() -> list[QgsVectorLayer]:
    """The project's layers that the dock or the toolbox has made."""
    layers = QgsProject.instance().mapLayers().values()
    return [layer for layer in layers if isinstance(layer, QgsVectorLayer) and made_at(layer)]


def made_at(layer: QgsVectorLayer) -> str:
    """The local date and time when a result was made; '' of other layers."""
    return str(layer.customProperty(MADE) or "")


def has_data(layer: QgsVectorLayer) -> bool:
    """Whether a result still has what it held: QGIS opens a memory layer without its features."""
    return bool(layer.isValid() and (layer.featureCount() > 0 or layer.providerType() != "memory"))


class KeptResults:
    """Moves results into the GeoPackage whenever the project is saved, until `close`."""

    def __init__(self, iface: Any) -> None:
        self.iface = iface
        QgsProject.instance().writeProject.connect(self.write)
        QgsProject.instance().readProject.connect(self.read)

    def close(self) -> None:
        """Disconnect from the project."""
        QgsProject.instance().writeProject.disconnect(self.write)
        QgsProject.instance().readProject.disconnect(self.read)

    def write(self, _document: Any = None) -> None:
        """Called before QGIS writes the layers. A result that cannot be moved stays in memory, with
        a warning.
        """
        layers = [layer for layer in results() if layer.providerType() == "memory"]
        project = QgsProject.instance()
        try:
            if layers and not project.absolutePath():
                raise RawError("The project is not in a folder: save it as a file.")
            with OverrideCursor(Qt.CursorShape.WaitCursor):
                for layer in layers:
                    # to save the project is to save its drawn regions
                    if layer.customProperty(REGIONS_OF):
                        layer.commitChanges()
                # one that is edited keeps back no other
                for layer in sorted(layers, key=QgsVectorLayer.isEditable):
                    move(layer, Path(f"{project.absolutePath()}/{project.baseName()}_raw.gpkg"))
                QCoreApplication.processEvents()  # what the dock does about it is saved too
        except RawError as error:
            self._warn(
                tr(
                    "These results are not saved with the project, and stay temporary. {why}"
                ).format(why=error)
            )

    def read(self, _document: Any = None) -> None:
        """Called after QGIS has read the layers: say which results are gone."""
        # QGIS sets its times now
        QTimer.singleShot(0, lambda: show_all_of_a_stopped_clock(self.iface.mapCanvas()))
        gone = [layer.name() for layer in results() if not has_data(layer)]
        if gone:
            words = tr(
                "The data of {names} are gone: they were temporary, or their GeoPackage is "
                "missing. Run them again."
            )
            self._warn(words.format(names=", ".join(gone)))

    def _warn(self, words: str) -> None:
        self.iface.messageBar().pushMessage("RAW", escaped(words), Qgis.MessageLevel.Warning)


def move(layer: QgsVectorLayer, file: Path) -> None:
    """Write a memory layer into a new table of a GeoPackage, and make the layer read it from there.

    Raises RawError where not all features arrive, and where the layer is being edited. The layer is
    then as before, and so are the other tables.
    """
    if layer.isEditable():
        # QGIS has to ask for the project then
        layer.editingStopped.connect(QgsProject.instance().setDirty)
        raise RawError("{layer} is being edited: stop editing, and save again.", layer=layer.name())
    whole = layer.clone()
    subset = layer.subsetString()
    new = not file.exists()
    whole.setSubsetString("")
    options = QgsVectorFileWriter.SaveVectorOptions()
    action = QgsVectorFileWriter.ActionOnExistingFile
    options.driverName = "GPKG"
    options.layerName = re.sub(r"\W+", "_", f"{layer.name()} {made_at(layer)}").lower()
    while not new and QgsVectorLayer(f"{file}|layername={options.layerName}", "", "ogr").isValid():
        options.layerName += "_2"  # of a copy of a layer
    options.attributes = layer.dataProvider().attributeIndexes()  # without joins and virtual fields
    options.actionOnExistingFile = (
        action.CreateOrOverwriteFile if new else action.CreateOrOverwriteLayer
    )
    context = QgsProject.instance().transformContext()
    _, reason, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(whole, str(file), context, options)
    source = f"{file}|layername={options.layerName}"
    written = QgsVectorLayer(source, "", "ogr")
    # a full disk is no error for GDAL
    if not written.isValid() or written.featureCount() != whole.featureCount():
        del written
        if new:
            file.unlink(missing_ok=True)
        why = reason or tr("Is the disk full?")
        raise RawError("{file} could not be written: {why}", file=file, why=why)
    layer.setDataSource(source, layer.name(), "ogr", QgsDataProvider.ProviderOptions())
    layer.setSubsetString(subset)
    style = QDomDocument()
    layer.exportNamedStyle(style)
    provider = QgsProviderRegistry.instance()
    default = True  # for whoever opens the table in another project
    provider.saveStyle("ogr", source, style.toString(), "", layer.name(), "", "", default, "")
