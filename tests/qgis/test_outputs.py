# SPDX-License-Identifier: GPL-2.0-or-later
"""Outputs: what is refused before any work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qgis.core import (
    QgsFeatureRequest,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
    QgsVectorLayer,
)

AREAS = "OUTPUT_AREAS"


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".fgb"])
def test_an_output_does_not_replace_the_tracks(
    run: Callable, make: Callable, fixes: Any, tmp_path: Path, suffix: str
) -> None:
    """Of the layer, of its path, and of its path in other words."""
    layer = make(fixes, path=tmp_path / f"fixes{suffix}")
    QgsProject.instance().addMapLayer(layer)
    path = str(tmp_path / f"fixes{suffix}")
    for given in (
        layer,
        layer.id(),
        path,
        QgsProcessingFeatureSourceDefinition(layer.id(), filterExpression="true"),
    ):
        for output in (path, str(tmp_path / ".." / tmp_path.name / f"fixes{suffix}")):
            for wanted in (output, QgsProcessingOutputLayerDefinition(output)):
                with pytest.raises(
                    QgsProcessingException, match="OUTPUT would replace INPUT, the file"
                ):
                    run("raw:fillgaps", INPUT=given, OUTPUT=wanted)
    assert QgsVectorLayer(path, "again", "ogr").featureCount() == 1440
    QgsProject.instance().removeMapLayer(layer.id())


@pytest.mark.parametrize(("tracks", "output"), [("a.gpkg", "a"), ("b.parquet.gpkg", "b.parquet")])
def test_a_suffix_that_qgis_adds_is_foreseen(
    run: Callable, make: Callable, fixes: Any, tmp_path: Path, tracks: str, output: str
) -> None:
    make(fixes, path=tmp_path / tracks)
    with pytest.raises(QgsProcessingException, match="OUTPUT would replace INPUT"):
        run("raw:fillgaps", INPUT=str(tmp_path / tracks), OUTPUT=str(tmp_path / output))
    done = run(
        "raw:fillgaps", INPUT=str(tmp_path / tracks), OUTPUT=str(tmp_path / f"other_{output}")
    )
    assert done.values["OUTPUT"] == str(tmp_path / f"other_{tracks}")


def test_an_imported_file_is_not_replaced(
    run: Callable, make: Callable, fixes: Any, tmp_path: Path
) -> None:
    make(fixes, path=tmp_path / "fixes.csv")
    with pytest.raises(QgsProcessingException, match="OUTPUT would replace SOURCE"):
        run(
            "raw:importtracks",
            SOURCE=str(tmp_path / "fixes.csv"),
            OUTPUT=str(tmp_path / "fixes.csv"),
        )


def test_another_layer_of_the_geopackage_is_written(
    run: Callable, make: Callable, fixes: Any, tmp_path: Path
) -> None:
    path = tmp_path / "all.gpkg"
    make(fixes, path=path)
    into = f"ogr:dbname='{path}' table=\"{{}}\" (geom)"
    run(
        "raw:fillgaps",
        INPUT=str(path),
        OUTPUT=into.format("filled"),
        OUTPUT_TRACKS=into.format("lines"),
    )
    for layer, n in (("fixes", 1440), ("filled", None), ("lines", None)):
        found = QgsVectorLayer(f"{path}|layername={layer}", layer, "ogr")
        assert found.isValid() and n in (None, found.featureCount())
    for given in (str(path), f"{path}|layername=fixes"):
        with pytest.raises(QgsProcessingException, match="OUTPUT would replace INPUT"):
            run("raw:fillgaps", INPUT=given, OUTPUT=into.format("fixes"))
    into = into.replace("all.gpkg", "new.gpkg")  # that is not there yet
    done = run(
        "raw:fillgaps",
        INPUT=str(path),
        OUTPUT=into.format("filled"),
        OUTPUT_TRACKS=into.format("lines"),
    )
    assert all(
        QgsVectorLayer(done.values[name], name, "ogr").isValid()
        for name in ("OUTPUT", "OUTPUT_TRACKS")
    )


def test_a_full_disk_leaves_the_table_of_a_geopackage_whole(
    run: Callable, make: Callable, fixes: Any, tmp_path: Path
) -> None:
    import resource
    import sqlite3
    from contextlib import closing

    path, tracks = tmp_path / "all.gpkg", make(fixes)
    make(fixes, path=path)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE large AS SELECT zeroblob(2000000)")
    into = {"OUTPUT": f"ogr:dbname='{path}' table=\"filled\" (geom)"}
    run("raw:fillgaps", INPUT=tracks, STEP=0.5, **into)

    def counts() -> dict[str, int]:
        found = (
            QgsVectorLayer(f"{path}|layername={name}", name, "ogr") for name in ("fixes", "filled")
        )
        return {each.name(): each.featureCount() for each in found}

    before, (soft, hard) = counts(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 50_000, hard))
    try:
        with pytest.raises(QgsProcessingException, match="cannot be written"):
            run("raw:fillgaps", INPUT=tracks, STEP=0.25, **into)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (
        counts() == before
        and not QgsVectorLayer(f"{path}|layername=filled partial", "", "ogr").isValid()
    )


def test_two_outputs_are_not_one_file(
    run: Callable, make: Callable, fixes: Any, bundle: str, tmp_path: Path
) -> None:
    path = str(tmp_path / "forecast.gpkg")
    with pytest.raises(QgsProcessingException, match=f"{AREAS} would replace OUTPUT, the file"):
        run("raw:forecasttracks", INPUT=make(fixes), MODEL=bundle, OUTPUT=path, **{AREAS: path})


@pytest.mark.parametrize("name", ["OUTPUT", AREAS])
def test_a_folder_that_is_not_there_is_named_before_the_work(
    run: Callable, make: Callable, fixes: Any, bundle: str, feedback: Any, name: str
) -> None:
    with pytest.raises(
        QgsProcessingException, match=f"There is no folder /nowhere/at/all for {name}"
    ):
        run(
            "raw:forecasttracks",
            INPUT=make(fixes),
            MODEL=bundle,
            **{name: "/nowhere/at/all/forecast.gpkg"},
        )
    assert not feedback.infos


@pytest.mark.parametrize(("algorithm", "limit_kb"), [
    ("raw:fillgaps", 20), ("raw:fillgaps", 85), ("raw:embedtracks", 90), ("raw:embedtracks", 130),
    ("raw:importtracks", 20), ("raw:importtracks", 130),
])  # fmt: skip
def test_a_full_disk_is_told_and_leaves_the_old_file_whole(
    run: Callable,
    make: Callable,
    fixes: Any,
    bundle: str,
    tmp_path: Path,
    algorithm: str,
    limit_kb: int,
) -> None:
    """A limit of the size of files stands for the disk."""
    import resource

    path = tmp_path / "out" / "out.gpkg"
    path.parent.mkdir()
    path.write_bytes(b"somebody's")
    table = tmp_path / "fixes.csv"
    rows = zip(fixes.user_id, fixes.t, fixes.lon, fixes.lat)
    table.write_text("\n".join(["user,time,lon,lat", *(",".join(map(str, row)) for row in rows)]))
    given = (
        {"SOURCE": str(table)}
        if algorithm == "raw:importtracks"
        else {"INPUT": make(fixes), "UNIT": "day"}
    )
    given |= {"MODEL": bundle} if algorithm == "raw:embedtracks" else {}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_kb * 1000, hard))
    try:
        with pytest.raises(
            QgsProcessingException, match="cannot be written|could not be written|Could not create"
        ):
            run(algorithm, **given, OUTPUT=str(path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"somebody's"
    assert [each.name for each in path.parent.iterdir()] == ["out.gpkg"]


@pytest.mark.parametrize(
    ("name", "made"), [("a.shp", "a.shp"), ("a.json", "a.json.geojson"), ("a.fgb", "a.fgb")]
)
def test_points_are_written_in_any_format_and_found_on_the_map(
    run: Callable, make: Callable, fixes: Any, tmp_path: Path, name: str, made: str
) -> None:
    for _ in range(2):
        done = run("raw:fillgaps", INPUT=make(fixes), STEP=0.5, OUTPUT=str(tmp_path / name))
        layer = QgsVectorLayer(str(tmp_path / made), "again", "ogr")
        assert layer.isValid() and done.values["OUTPUT"] == str(tmp_path / made)
        assert (
            len(list(layer.getFeatures(QgsFeatureRequest(layer.extent()))))
            == layer.featureCount()
            > 0
        )
        layer.dataProvider().createSpatialIndex()
