# SPDX-License-Identifier: GPL-2.0-or-later
"""Real QGIS with the staged plugin in it, and layers of invented people."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsPoint,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QDateTime, QMetaType, Qt, QtMsgType, qInstallMessageHandler

ROOT = Path(__file__).parents[2]
PLUGINS = "/usr/share/qgis/python/plugins"  # where Debian's QGIS has Processing
T0 = 1_600_000_000_000  # 2020-09-13 12:26:40 UTC, a Sunday
HOME = (116.40, 39.90)  # where the invented people live
TYPES = {
    str: QMetaType.Type.QString, int: QMetaType.Type.LongLong, float: QMetaType.Type.Double,
    QDateTime: QMetaType.Type.QDateTime,
}  # fmt: skip

AT_ONCE = """
import json, shutil
from pathlib import Path
from raw_qgis_plugin.core.paths import shipped_bundle
made = Path("result").resolve()
shutil.copytree(shipped_bundle(), made / "bundle")
(made / "report.html").write_text("a report")
print(json.dumps({"bundle": str(made / "bundle"), "report": str(made / "report.html"), "verdict": "good"}))
"""


@pytest.fixture(scope="session", autouse=True)
def staged(qgis_app: Any) -> Iterator[None]:
    """The tests see the plugin as it is installed."""
    subprocess.run(["make", "-s", "build"], cwd=ROOT, check=True)
    import raw_qgis_plugin

    assert Path(raw_qgis_plugin.__file__).is_relative_to(ROOT / "build")
    yield
    # What Python frees after QGIS has ended makes it crash. QGIS keeps the traceback of a refused
    # algorithm, and so its layers.
    gc.collect()
    for kept in gc.get_objects():
        if type(kept) is QgsVectorLayer and not sip.isdeleted(kept) and sip.ispyowned(kept):
            sip.delete(kept)


# What the platform without a screen says of windows, and QGIS of a font and of a project that it reads.
OF_OTHERS = (
    "This plugin does not support ",
    "QFont::setPixelSize: Pixel size <= 0",
    "QMetaEnum::keysToValue: empty keys string.",
)


@pytest.fixture(autouse=True)
def qt_warns_of_nothing() -> Iterator[None]:
    """A warning of Qt fails the test that brought it."""
    warned: list[str] = []

    def take(kind: Any, _context: Any, words: str) -> None:
        if kind != QtMsgType.QtDebugMsg and not words.startswith(OF_OTHERS):
            warned.append(words)

    before = qInstallMessageHandler(take)
    yield
    qInstallMessageHandler(before)
    assert warned == []


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, staged: None) -> Path:
    """A cache of the test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setattr("raw_qgis_plugin.environment.folders.cache_folder", lambda: folder)
    return folder


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, staged: None) -> Iterator[list]:
    """In the place of a training a process that waits. Gives those that were started."""
    from raw_qgis_plugin.tasks.child import Child

    begin, started = Child.start.__func__, []
    (tmp_path / "standin.py").write_text("import time\ntime.sleep(60)")
    monkeypatch.syspath_prepend(str(tmp_path))

    def start(cls: type, module: str, arguments: list[str], folder: Path, **notes: Any) -> Child:
        started.append(begin(cls, "standin", arguments, folder, **notes))
        return started[-1]

    monkeypatch.setattr(Child, "start", classmethod(start))
    yield started
    for child in started:
        child.send(signal.SIGKILL)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, staged: None) -> None:
    """In the place of a training a process that hands out the shipped model at once."""
    from raw_qgis_plugin.tasks.child import Child

    begin = Child.start.__func__
    (tmp_path / "standin.py").write_text(AT_ONCE)
    monkeypatch.syspath_prepend(str(tmp_path))

    def start(cls: type, module: str, arguments: list[str], folder: Path, **notes: Any) -> Child:
        return begin(cls, "standin", arguments, folder, **notes)

    monkeypatch.setattr(Child, "start", classmethod(start))


@pytest.fixture(scope="session")
def processing(staged: None) -> Iterator[Any]:
    """Processing with the provider in it."""
    if find_spec("processing") is None:
        sys.path.append(PLUGINS)
    import processing as module
    from processing.core.Processing import Processing
    from processing.gui import Postprocessing

    from raw_qgis_plugin.plugin import RawPlugin

    # QGIS 3.44 refuses the stand-in of pytest-qgis as the panel of layers
    Postprocessing.iface = None
    Processing.initialize()
    plugin = RawPlugin(None)
    plugin.initProcessing()
    yield module
    plugin.unload()


@pytest.fixture(scope="session")
def bundle() -> str:
    """The model that the tests use: '' for the shipped one."""
    other = os.environ.get("RAW_TEST_BUNDLE", "")
    if not other and not (ROOT / "resources/models/raw-small/card.json").exists():
        pytest.skip(
            "no model: resources/models/raw-small is not there and RAW_TEST_BUNDLE is not set"
        )
    return other


class Feedback(QgsProcessingFeedback):
    """Remembers what it is told, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.infos: list[str] = []
        self.warnings: list[str] = []
        self.errors: list[str] = []
        self.shares: list[float] = []
        self.progressChanged.connect(self.shares.append)

    def pushInfo(self, info: str) -> None:  # noqa: N802
        self.infos.append(info)

    def pushWarning(self, warning: str) -> None:  # noqa: N802
        self.warnings.append(warning)

    def reportError(self, error: str, fatalError: bool = False) -> None:  # noqa: N802
        self.errors.append(error)


@pytest.fixture
def feedback() -> Feedback:
    return Feedback()


@dataclass
class Result:
    """What an algorithm gave back."""

    values: dict[str, Any]
    feedback: Feedback
    context: QgsProcessingContext

    def layer(self, name: str = "OUTPUT") -> QgsVectorLayer:
        found = (
            self.context.getMapLayer(self.values[name])
            if isinstance(self.values[name], str)
            else self.values[name]
        )
        return found or QgsVectorLayer(self.values[name], name, "ogr")

    def rows(self, name: str = "OUTPUT") -> list[dict[str, Any]]:
        layer = self.layer(name)
        return [dict(zip(layer.fields().names(), f.attributes())) for f in layer.getFeatures()]


@pytest.fixture
def run(processing: Any, feedback: Feedback) -> Callable[..., Result]:
    """Run an algorithm through processing.run, results in memory."""

    def call(algorithm: str, **parameters: Any) -> Result:
        context = QgsProcessingContext()
        context.setFeedback(feedback)
        context.setProject(QgsProject.instance())
        known = (
            QgsApplication.processingRegistry()
            .algorithmById(algorithm)
            .parameterDefinition("OUTPUT")
        )
        outputs = {"OUTPUT": "TEMPORARY_OUTPUT"} if known else {}
        values = processing.run(
            algorithm, {**outputs, **parameters}, feedback=feedback, context=context
        )
        return Result(values, feedback, context)

    return call


@dataclass
class Fixes:
    """Columns of invented fixes, in WGS84."""

    user_id: list[Any]
    t: list[Any]  # epoch ms
    lon: list[float]
    lat: list[float]
    more: dict[str, list[Any]] = field(default_factory=dict)


def invent(users: int = 12, fixes: int = 120, step_s: int = 60, seed: int = 0) -> Fixes:
    """People who walk to and fro between a home and another place, a fix a minute, with stops and
    some noise.
    """
    rng = np.random.default_rng(seed)
    columns: Fixes = Fixes([], [], [], [])
    for user in range(users):
        start = np.array(HOME) + rng.normal(0, 0.01, 2)
        goal = start + rng.normal(0, 0.02, 2)
        way = 0.5 - 0.5 * np.cos(np.linspace(0, 4 * np.pi, fixes))
        xy = start + (goal - start) * way[:, None] + rng.normal(0, 3e-5, (fixes, 2))
        columns.user_id += [f"u{user:02d}"] * fixes
        columns.t += (T0 + 1000 * step_s * np.arange(fixes) + user * 1000).tolist()
        columns.lon += xy[:, 0].tolist()
        columns.lat += xy[:, 1].tolist()
    return columns


@pytest.fixture(scope="session")
def fixes() -> Fixes:
    return invent()


def utc(ms: int | None) -> QDateTime | None:
    return None if ms is None else QDateTime.fromMSecsSinceEpoch(ms, Qt.TimeSpec.UTC)


def make_layer(
    columns: Fixes, crs: str = "EPSG:4326", path: Path | None = None, times: Callable[[Any], Any] = utc,
    geometry: str = "Point",
) -> QgsVectorLayer:  # fmt: skip
    """A memory layer of fixes, or with a path a file that is opened again. times: epoch ms -> the
    value written.
    """
    layer = QgsVectorLayer(f"{geometry}?crs={crs}", "fixes", "memory")
    there = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:4326"),
        QgsCoordinateReferenceSystem(crs),
        QgsProject.instance(),
    )
    moments = [times(ms) for ms in columns.t]
    values = {"user_id": columns.user_id, "t": moments, **columns.more}
    kinds = {
        name: next((type(v) for v in column if v is not None), str)
        for name, column in values.items()
    }
    layer.dataProvider().addAttributes(
        [QgsField(name, TYPES[kind]) for name, kind in kinds.items()]
    )
    layer.updateFields()
    features = []
    for i, row in enumerate(zip(*values.values())):
        feature = QgsFeature(layer.fields())
        feature.setAttributes(list(row))
        if columns.lon[i] is not None:
            point = QgsGeometry(QgsPoint(columns.lon[i], columns.lat[i]))
            point.transform(there)
            if geometry == "MultiPoint":
                point.convertToMultiType()
            feature.setGeometry(point)
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer if path is None else save(layer, path)


def save(layer: QgsVectorLayer, path: Path) -> QgsVectorLayer:
    """Write a layer to a file, its format by the suffix, and open it."""
    drivers = {
        ".gpkg": "GPKG",
        ".geojson": "GeoJSON",
        ".shp": "ESRI Shapefile",
        ".fgb": "FlatGeobuf",
        ".csv": "CSV",
    }
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = drivers[path.suffix]
    options.layerName = "fixes"
    options.layerOptions = ["SPATIAL_INDEX=NO"] if path.suffix in (".gpkg", ".fgb") else []
    error, message, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(
        layer, str(path), QgsProject.instance().transformContext(), options
    )
    assert error == QgsVectorFileWriter.NoError, message
    opened = QgsVectorLayer(str(path), "fixes", "ogr")
    assert opened.isValid()
    return opened


def rows_of(layer: QgsVectorLayer) -> list[list[str]]:
    """What a layer holds, as text, but for the ids of its features."""
    names = [name for name in layer.fields().names() if name != "fid"]
    return [[str(f[name]) for name in names] + [f.geometry().asWkt(9)] for f in layer.getFeatures()]


@pytest.fixture(scope="session")
def make() -> Callable[..., QgsVectorLayer]:
    return make_layer


@pytest.fixture(scope="session")
def saved() -> Callable[..., QgsVectorLayer]:
    return save


@pytest.fixture(scope="session")
def invented() -> Callable[..., Fixes]:
    return invent


@pytest.fixture
def session(
    processing: Any, qgis_iface: Any, make: Callable[..., Any], fixes: Any, bundle: str
) -> Iterator[Any]:
    """The dock's session, before it has read its layer, in a project of its own."""
    from raw_qgis_plugin.gui.session import Session

    project = QgsProject.instance()
    project.clear()
    made = Session(qgis_iface)
    made.model_path = bundle
    yield made
    made.close()
    project.clear()


@pytest.fixture
def menu(qgis_iface: Any) -> SimpleNamespace:
    return SimpleNamespace(iface=qgis_iface, show=lambda window: window.show() or window)


@pytest.fixture
def regions(session: Any, menu: Any, make: Callable[..., Any], fixes: Any) -> Iterator[Any]:
    """The tab of regions on a layer that was read. Regions need two people."""
    from raw_qgis_plugin.gui.regions.tab import RegionsTab
    from raw_qgis_plugin.gui.settings import settings

    from .tabs import read  # it needs QGIS

    tab = RegionsTab(session, menu)
    menu.iface.mapCanvas().setDestinationCrs(make(fixes).crs())
    read(session, make(fixes))
    tab.min_users.setValue(2)
    yield tab
    tab.remove()
    settings().min_users.remove()


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A computer in Berlin."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
