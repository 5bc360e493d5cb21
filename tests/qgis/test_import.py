# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:importtracks through processing.run."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qgis.core import QgsProcessingException, QgsVectorLayer
from qgis.PyQt.QtWidgets import QMessageBox


def test_import_of_csv_and_geolife(run: Callable, fixes: Any, tmp_path: Path) -> None:
    rows = [
        f"{user};{np.datetime64(t, 'ms')}Z;{lat};{lon}"
        for user, t, lon, lat in zip(fixes.user_id, fixes.t, fixes.lon, fixes.lat)
    ]
    table = tmp_path / "fixes.csv"
    table.write_text(
        "\n".join(["user_id;tracked_at;latitude;longitude", *rows, rows[0], "u01;soon;39;116"])
    )
    done = run("raw:importtracks", SOURCE=str(table))
    assert (
        done.values["N_USERS"] == 12
        and done.values["N_POINTS"] == 1440
        and done.values["N_SKIPPED"] == 2
    )
    assert done.layer().crs().authid() == "EPSG:4326" and done.layer().fields().names() == [
        "user_id",
        "track_id",
        "t",
    ]
    first = next(done.layer().getFeatures())
    assert first["t"].toMSecsSinceEpoch() == fixes.t[0]
    assert first.geometry().asPoint().x() == pytest.approx(fixes.lon[0], abs=1e-9)

    folder = tmp_path / "Data" / "007" / "Trajectory"
    folder.mkdir(parents=True)
    lines = [f"39.9{i:02d},116.4{i:02d},0,100,44087.5,2020-09-13,12:00:{i:02d}" for i in range(30)]
    (folder / "20200913120000.plt").write_text("\r\n".join(["head"] * 6 + lines))
    done = run("raw:importtracks", SOURCE=str(tmp_path / "Data"), FORMAT="geolife")
    assert {row["user_id"] for row in done.rows()} == {"007"} and len(done.rows()) == 30
    with pytest.raises(QgsProcessingException, match="nowhere"):
        run("raw:importtracks", SOURCE=str(tmp_path / "nowhere"))


def test_who_moved_is_asked_only_where_it_is_not_clear(
    run: Callable, tmp_path: Path, staged: None
) -> None:
    from raw_qgis_plugin.core.sources.preview import preview
    from raw_qgis_plugin.gui.windows.import_preview import question

    timeline, trips = tmp_path / "Timeline.json", tmp_path / "trips.csv"
    path = [{"point": f"46.50{i}°, 7.1°", "time": f"2020-01-01T10:1{i}:00Z"} for i in range(3)]
    timeline.write_text(json.dumps([{"startTime": path[0]["time"], "timelinePath": path}]))
    trips.write_text(
        "start,end,start lon,start lat,end lon,end lat\n2020-01-01 10:00,2020-01-01 10:10,7,46,7.1,46\n"
    )
    done = run("raw:importtracks", SOURCE=str(timeline))
    assert {row["user_id"] for row in done.rows()} == {"Timeline"} and not done.feedback.warnings
    assert not question(preview(timeline)) and "the trip's id" in question(preview(trips))


def test_odd_columns_dates_and_filters(run: Callable, tmp_path: Path) -> None:
    """A table of two cabs with odd names, a decimal comma and dates that begin with the day."""
    path = tmp_path / "cabs.csv"
    rows = [
        f"{cab};{1 + i // 60:02}/06/2008 08:{i % 60:02};{37 + i / 1e4:.4f};-122,{cab}".replace(
            ".", ","
        )
        for cab in (7, 8)
        for i in range(200)
    ]
    path.write_text("\n".join(["Taxi no.;Moment;Nord;Öst", *rows, "8;bald;1;2"]), "latin-1")
    source = str(path)
    columns = {
        "USER_FIELD": "Taxi no.",
        "TIME_FIELD": "Moment",
        "LON_FIELD": "Öst",
        "LAT_FIELD": "Nord",
    }
    with pytest.raises(QgsProcessingException, match="No column of time or position"):
        run("raw:importtracks", SOURCE=source)
    with pytest.raises(QgsProcessingException, match="Choose the order of dates"):
        run("raw:importtracks", SOURCE=source, **columns)
    done = run(
        "raw:importtracks",
        SOURCE=source,
        **columns,
        DATE_ORDER="day",
        TIMEZONE="America/Los_Angeles",
    )
    first = done.rows()[0]
    assert first["user_id"] == "7" and first["t"].toString("yyyy-MM-dd hh:mm") == "2008-06-01 15:00"
    assert done.values["N_POINTS"] == 400 and done.values["N_SKIPPED"] == 1
    done = run("raw:importtracks", SOURCE=source, **columns, DATE_ORDER="month", ENCODING="cp1252")
    assert done.values["N_POINTS"] == 400 and done.rows()[0]["t"].date().month() == 1


def test_columns_in_metres(run: Callable, tmp_path: Path) -> None:
    table = tmp_path / "utm.csv"
    table.write_text(
        "id,t,x,y\n1,2020-01-01 10:00,500000,5150000\n1,2020-01-01 10:05,500100,5150000\n"
    )
    layer = run("raw:importtracks", SOURCE=str(table), CRS="EPSG:32632").layer()
    point = next(layer.getFeatures()).geometry().asPoint()
    assert (point.x(), point.y()) == pytest.approx((9.0, 46.5), abs=0.01)


def test_large_layers_and_paths_become_geopackages(
    run: Callable, fixes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"Zoë{user},{t},{lon},{lat},{t % 90}" for user, t, lon, lat in
            zip(fixes.user_id, fixes.t, fixes.lon, fixes.lat)]  # fmt: skip
    table, path = tmp_path / "fixes.csv", tmp_path / "people.gpkg"
    table.write_text("\n".join(["user,time,lon,lat,accuracy", *rows]))
    memory = run("raw:importtracks", SOURCE=str(table))
    assert (
        memory.layer().providerType() == "memory"
        and memory.layer().fields().names()[-1] == "accuracy_m"
    )
    for _ in range(2):  # the second in the place of the first
        run("raw:importtracks", SOURCE=str(table), OUTPUT=str(path), TIMEZONE="Asia/Tokyo")
    with closing(sqlite3.connect(path)) as database:
        for check in ("PRAGMA integrity_check", "SELECT rtreecheck('rtree_people_geom')"):
            assert database.execute(check).fetchall() == [("ok",)]
    layer = QgsVectorLayer(str(path), "people", "ogr")
    assert layer.isValid() and layer.crs().authid() == "EPSG:4326" and layer.hasSpatialIndex()
    for row, same in zip(layer.getFeatures(), memory.layer().getFeatures(), strict=True):
        assert row.attributes()[1:] == same.attributes() and row.geometry().asWkt(
            9
        ) == same.geometry().asWkt(9)
    assert sorted(p.name for p in tmp_path.iterdir() if "gpkg" in p.name) == ["people.gpkg"]

    monkeypatch.setattr("raw_qgis_plugin.processing.data.LARGE", 1000)
    done = run("raw:importtracks", SOURCE=str(table))
    layer = done.values["OUTPUT"]  # as of a small table: scripts use it in the same way
    assert (
        layer.source().endswith(".gpkg")
        and layer.featureCount() == 1440
        and layer.name() == "Fixes"
    )


def test_what_was_chosen_for_one_file_is_not_taken_of_the_next(
    processing: Any, qgis_iface: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is the file of the import before replaced without a question."""
    from raw_qgis_plugin.gui.windows import import_dialog

    for name in ("berlin", "paris"):
        (tmp_path / f"{name}.csv").write_text("user_id,t,lon,lat\na,2020-01-01,1,2\n")
    window = import_dialog.ImportDialog(SimpleNamespace(iface=qgis_iface))
    window.choose(str(tmp_path / "berlin.csv"))
    assert window.start.isDefault(), "Enter would close the window"
    window.zone.choose("Europe/Berlin")
    window.output.setFilePath(str(tmp_path / "berlin.gpkg"))
    window.choose(str(tmp_path / "paris.csv"))
    assert window.parameters()["TIMEZONE"] == "UTC" and window.output.filePath() == ""
    (tmp_path / "berlin.gpkg").write_text("somebody's")
    window.output.setFilePath(str(tmp_path / "berlin.gpkg"))
    monkeypatch.setattr(
        import_dialog.QMessageBox, "question", lambda *_: QMessageBox.StandardButton.No
    )
    window.run()
    assert window.running is None and window.output.filePath() == str(tmp_path / "berlin.gpkg")
    assert (tmp_path / "berlin.gpkg").read_text() == "somebody's"
    window.close()
    window.deleteLater()
