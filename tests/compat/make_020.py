# SPDX-License-Identifier: GPL-2.0-or-later
"""Make what users of RAW 0.2.0 have on their disks, with the code of 0.2.0: a model, a run, a cache and a project.

    OMP_NUM_THREADS=1 PYTHONPATH=CHECKOUT QT_QPA_PLATFORM=offscreen .venv/bin/python tests/compat/make_020.py

where CHECKOUT is one of b64f30a. It writes into the folder 020 beside this file: tracks.parquet, on which all else was
made; bundle.zip, a model that a user trained, with two heads taught, typical ways and neighbours, and answers.npz, what
it says; run, which was stopped after half of its steps; started, the folder of a run that the plugin started; cache,
the embeddings of a few tracks; and project.qgz with fixes.geojson, in which regions are drawn. The network is smaller
than any preset, so that all this is small (`tiny`).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))
from golden import layers, record
from golden.layers import Chance
from golden.record import forecast_columns, keep

FOLDER = Path(__file__).with_name("020")
T0 = 1_700_006_400_000
DRIVERS, STEPS, STEP_S, SPEED_MS = 24, 120, 16, 10.0
CABS, SHIFT, PLACES = 60, 40, 12
HORIZONS_S = np.array([60.0, 600.0, 3600.0])
RUN = ["--preset", "raw-nano", "--steps", "8", "--points", "512", "--validate-every", "4", "--device", "cpu"]
SCORED = 6  # users of each kind that the bundle is asked about
CACHED = 4  # tracks in the cache
DRAWN = ((116.39, 39.89, 116.41, 39.91), (116.0, 39.0, 116.1, 39.1), (116.4, 39.9, 116.41, 39.91))


def tiny(presets: dict) -> None:
    """Make raw-nano a network of a few thousand weights."""
    nano = presets["raw-nano"]
    presets["raw-nano"] = type(nano)("raw-nano", layers=1, width=8, heads=1, hidden=8)


# ---- tracks -------------------------------------------------------------------------------------------------------


def write_tracks(path: Path) -> Path:
    """Drivers who come along a road and all turn north, and cabs that mostly go on from a place to the one after it."""
    import pyarrow as pa
    from pyarrow import parquet

    chance = Chance(20)
    step = np.arange(STEPS)
    road = STEP_S * SPEED_MS * np.stack([np.minimum(step, 30), np.maximum(step - 30, 0)])
    xy = road[:, None] + chance.bell(3, 2, DRIVERS, STEPS)
    second = step * STEP_S + 3.0 * np.arange(DRIVERS)[:, None]
    place, at = chance.even(0, 15_000, 2, PLACES), np.zeros((CABS, SHIFT), int)
    at[:, 0] = np.arange(CABS) % PLACES
    strays = chance.even(0, 1, CABS, SHIFT)
    for i in range(1, SHIFT):
        at[:, i] = np.where(strays[:, i] < 0.8, at[:, i - 1] + 5, (strays[:, i] * 1e4).astype(int)) % PLACES
    cabs = place[:, at] + chance.bell(40, 2, CABS, SHIFT)
    shift = (np.arange(CABS) // 10)[:, None] * 86_400.0 + 900 * np.arange(SHIFT)
    names = [f"d{i:02}" for i in range(DRIVERS)] + [f"v{i:02}" for i in range(CABS)]
    users = np.repeat(names, [STEPS] * DRIVERS + [SHIFT] * CABS)
    east, north = (np.concatenate([a.ravel(), b.ravel()]) for a, b in zip(xy, cabs, strict=True))
    t = T0 + 1000 * np.concatenate([second.ravel(), shift.ravel()]).astype(np.int64)
    columns = {
        "user_id": pa.array(users).dictionary_encode(), "t": pa.array(t, pa.timestamp("ms", "UTC")),
        "lon_e6": np.round(1e6 * (10 + east / 111_320)).astype(np.int32),
        "lat_e6": np.round(1e6 * north / 110_574).astype(np.int32),
    }  # fmt: skip
    encoding = dict.fromkeys(("t", "lon_e6", "lat_e6"), "DELTA_BINARY_PACKED")
    parquet.write_table(
        pa.table(columns), path, compression="zstd", use_dictionary=["user_id"], column_encoding=encoding
    )
    return path


# ---- the model, the run and the cache -----------------------------------------------------------------------------


def make_model(folder: Path, work: Path) -> None:
    """bundle.zip, answers.npz and the folder run."""
    import torch

    from model import heads
    from model.config import PRESETS
    from model.finetune import main as finetune
    from model.pretrain import main as pretrain
    from raw_qgis_plugin.core.library import pack

    torch.set_num_threads(1)
    tiny(PRESETS)
    heads.MEMBERS = 1
    corpus = ["--corpus", str(folder / "tracks.parquet"), "--cache", str(work / "shards")]
    pretrain([*RUN, *corpus, "--stop-after", "4", "--output", str(work / "run")])
    (folder / "run").mkdir()
    shutil.copy(work / "run" / "state.safetensors", folder / "run")  # the logs name the machine
    pretrain([*RUN, *corpus, "--typical-ways", "--neighbours", "--output", str(work / "other")])
    labels = work / "labels.csv"
    rows = [f"d{i:02},yes,{600 + i}" for i in range(DRIVERS)] + [f"v{i:02},no,{i}" for i in range(CABS)]
    labels.write_text("\n".join(["user_id,drives,metres", *rows]))
    before = work / "other" / "bundle"
    common = ["--tracks", str(folder / "tracks.parquet"), "--labels", str(labels), "--unit", "user", "--device", "cpu"]
    for field in ("drives", "metres"):
        after = work / f"bundle_{field}"
        finetune([*common, "--bundle", str(before), "--field", field, "--task-name", field, "--output", str(after)])
        before = after
    shutil.move(before, work / "my model")
    pack(work / "my model", folder / "bundle.zip")
    np.savez_compressed(folder / "answers.npz", **answers(folder))


def answers(folder: Path) -> dict[str, np.ndarray]:
    """What the bundle says of some of the tracks, asked with the code of 0.2.0 or of today."""
    model = record.Model(record.open_bundle(folder / "bundle.zip"), "cpu", 1)
    tracks = layers.read(folder / "tracks.parquet")[0]
    some = tracks.take((tracks.user < SCORED) | (tracks.user >= tracks.n_users - SCORED))
    said = {"embedding": record.embed(some, model)}
    keep(said, "profile", record.profile(some, model, "user").columns)
    keep(said, "forecast", forecast_columns(tracks, forecasts(tracks, model)))
    return said


def forecasts(tracks: Any, model: Any) -> Any:
    """Forecasts of all tracks after their last fixes."""
    try:
        from raw_qgis_plugin.core.forecast import forecast  # 0.2.0
    except ImportError:
        from raw_qgis_plugin.core.forecasting.predict import Queries, predict

        return predict(tracks, model, Queries.ahead(tracks, HORIZONS_S), with_areas=True)
    return forecast(tracks, model, HORIZONS_S, with_areas=True)


def make_cache(folder: Path) -> None:
    """The cache of embeddings: of some tracks by the shipped model and by the user's own."""
    from raw_qgis_plugin.core.cache import embed_cached

    tracks = layers.some_users(layers.read(folder / "tracks.parquet")[0], CACHED)
    for bundle in (None, folder / "bundle.zip"):
        embed_cached(tracks, record.Model(record.open_bundle(bundle), "cpu", 1), folder / "cache")


# ---- the project --------------------------------------------------------------------------------------------------


def write_fixes(path: Path) -> None:
    """A layer of fourteen people in a town, in a file of a kind that QGIS opens."""
    chance, features = Chance(21), []
    home, step = chance.even(-0.004, 0.004, 14, 2), chance.even(-1e-4, 1e-4, 14, 24, 2).cumsum(axis=1)
    for user, way in enumerate(home[:, None] + step):
        for i, (x, y) in enumerate(way.tolist()):
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(T0 // 1000 + 60 * i))
            point = f'{{"type":"Point","coordinates":[{116.4 + x:.6f},{39.9 + y:.6f}]}}'
            about = f'{{"who":"u{user:02}","seen":"{moment}"}}'
            features.append(f'{{"type":"Feature","properties":{about},"geometry":{point}}}')
    path.write_text('{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n", "utf-8")


def make_project(folder: Path, work: Path) -> None:
    """project.qgz, saved with the dock open: a layer with its fields, and regions drawn, one withheld, one renamed."""
    from pytest_qgis.mock_qgis_classes import MockMessageBar
    from pytest_qgis.qgis_interface import QgisInterface
    from qgis.core import QgsApplication, QgsGeometry, QgsProject, QgsRectangle, QgsSettings, QgsVectorLayer
    from qgis.gui import QgsMapCanvas
    from qgis.PyQt.QtWidgets import QAction, QMainWindow

    app = QgsApplication([], True, str(work / "profile"))
    app.initQgis()
    QgsSettings().setValue("projects/anonymize_saved_projects", True, QgsSettings.Core)
    from raw_qgis_plugin.gui.dock_session import FieldChoice, Session
    from raw_qgis_plugin.gui.dock_source import SourcePanel
    from raw_qgis_plugin.gui.menu import RawMenu
    from raw_qgis_plugin.gui.regions_tab import RegionsTab

    canvas, window = QgsMapCanvas(), QMainWindow()
    iface = QgisInterface(canvas, MockMessageBar(), window)
    iface.actionDraw = QAction
    menu, session = RawMenu(iface), Session(iface)
    panel, tab = SourcePanel(session, menu), RegionsTab(session, menu)
    panel.start()
    write_fixes(folder / "fixes.geojson")
    project = QgsProject.instance()
    layer = project.addMapLayer(QgsVectorLayer(str(folder / "fixes.geojson"), "fixes", "ogr"))
    canvas.setDestinationCrs(layer.crs())
    session.set_layer(layer)
    wait(app, lambda: session.city is not None)
    session.set_fields(FieldChoice("who", None, "seen"), "Asia/Shanghai")
    wait(app, lambda: session.city is not None and session.job is None)
    tab.least.setValue(3)
    wait(app, lambda: session.job is None)
    for box in DRAWN:
        tab.take_drawn(QgsGeometry.fromRect(QgsRectangle(*box)))
    tab.book.rename(tab.book.regions[2], "Harbour & <docks>")
    wait(app, lambda: tab.book.layer.name() != "Drawn regions")
    panel.model.activated.emit(panel.model.currentIndex())  # as by the mouse
    assert project.write(str(folder / "project.qgz")), project.error()
    for part in (tab, panel, menu):
        part.remove()
    session.close()
    project.clear()
    app.exitQgis()


def start_run(folder: Path) -> None:
    """The folder started: of a process that prints some lines, with what the training window notes of a run."""
    from raw_qgis_plugin.tasks.child import Child

    child = Child.start("this", [], folder / "started", (), title="Go on pretraining 'mine'", minutes=30.0, name="mine")
    while child.running:
        time.sleep(0.05)


def wait(app: Any, condition: Callable[[], Any], seconds: float = 600) -> None:
    """Let Qt work until something is so, and a little longer."""
    end = time.monotonic() + seconds
    for _ in range(20):
        while not condition():
            assert time.monotonic() < end
            app.processEvents()
            time.sleep(0.005)
        app.processEvents()
        time.sleep(0.01)


def main(parts: list[str]) -> None:
    """Make all, or the parts that are named: model, cache, started, project."""
    parts = parts or ["model", "cache", "started", "project"]
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        if "model" in parts:
            for old in ("bundle.zip", "answers.npz"):
                (FOLDER / old).unlink(missing_ok=True)
            shutil.rmtree(FOLDER / "run", ignore_errors=True)
            write_tracks(FOLDER / "tracks.parquet")
            make_model(FOLDER, work)
        if "cache" in parts:
            shutil.rmtree(FOLDER / "cache", ignore_errors=True)
            make_cache(FOLDER)
        if "started" in parts:
            shutil.rmtree(FOLDER / "started", ignore_errors=True)
            start_run(FOLDER)
        if "project" in parts:
            make_project(FOLDER, work)
    for path in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        print(f"{path.stat().st_size:>8,} {path.relative_to(FOLDER)}")


if __name__ == "__main__":
    main(sys.argv[1:])
