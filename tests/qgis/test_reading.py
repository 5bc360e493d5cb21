# SPDX-License-Identifier: GPL-2.0-or-later
"""Layers in, tracks out: by columns and by features, with equal results."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameters,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDate, QDateTime, QMetaType, Qt, QTime

KIND = QMetaType.Type
TYPES = {
    "date": KIND.QDate,
    "datetime": KIND.QDateTime,
    "time": KIND.QTime,
    "json": KIND.QVariantMap,
}


def plan(
    layer: QgsVectorLayer, definition: Any = None, timezone: str = "UTC", **fields: str
) -> Any:
    from raw_qgis_plugin.layers import reading

    QgsProject.instance().addMapLayer(layer, False)
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    parameter = QgsProcessingParameterFeatureSource("INPUT")
    value = layer.id() if definition is None else definition
    source = QgsProcessingParameters.parameterAsSource(parameter, {"INPUT": value}, context)
    chosen = reading.choose_fields(
        source.fields(), fields.get("user"), fields.get("track"), fields.get("time")
    )
    made = reading.plan_reading(source, layer, value, chosen, timezone, context.transformContext())
    made.__dict__["_keep"] = context  # the source belongs to it
    return made


def read(made: Any) -> tuple[Any, Any]:
    from raw_qgis_plugin.layers.reading import read_tracks

    return read_tracks(made)


def same(a: Any, b: Any) -> bool:
    columns = ("user_ids", "track_ids", "track_user", "track", "t", "lon", "lat")
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in columns)


def assert_both_ways(
    layer: QgsVectorLayer, definition: Any = None, columns: bool = True, **more: Any
) -> Any:
    """Read by columns and by features; the same has to come out. Returns the tracks and what was
    skipped.
    """
    made = plan(layer, definition, **more)
    assert (made.file is not None) == columns
    tracks, skipped = read(made)
    other, skipped_too = read(replace(made, file=None))
    assert same(tracks, other)
    assert skipped == skipped_too
    return tracks, skipped


def used_columns(
    monkeypatch: pytest.MonkeyPatch, layer: QgsVectorLayer, definition: Any = None
) -> bool:
    """Whether the layer really is read by columns, and never turns to features half-way."""
    from raw_qgis_plugin.layers import reading

    def refuse(*_: Any) -> None:
        raise AssertionError("features were read")

    monkeypatch.setattr(reading, "_read_features", refuse)
    try:
        read(plan(layer, definition))
    except AssertionError:
        return False
    finally:
        monkeypatch.undo()
    return True


def messy(fixes: Any) -> Any:
    """Unsorted, with duplicates, NULL times, NULL users and NULL positions."""
    order = np.random.default_rng(1).permutation(len(fixes.t)).tolist() + [5, 6, 7]
    columns = {n: [getattr(fixes, n)[i] for i in order] for n in ("user_id", "t", "lon", "lat")}
    for name, rows in {"t": (3, 4), "user_id": (10, 11, 12), "lon": (20,)}.items():
        for row in rows:
            columns[name][row] = None
    return type(fixes)(
        **columns, more={"leg": [i % 5 if i % 50 else None for i in range(len(order))]}
    )


@pytest.mark.parametrize(("suffix", "crs"), [
    (".gpkg", "EPSG:4326"), (".gpkg", "EPSG:32650"), (".geojson", "EPSG:3857"), (".fgb", "EPSG:4326"),
])  # fmt: skip
def test_columns_and_features_agree(
    fixes: Any, make: Any, tmp_path: Path, crs: str, suffix: str
) -> None:
    times = {"times": lambda ms: None if ms is None else ms // 1000} if suffix == ".fgb" else {}
    # GDAL's own stream of .fgb confuses rows
    layer = make(messy(fixes), crs, tmp_path / f"a{suffix}", **times)
    tracks, skipped = assert_both_ways(layer)
    assert tracks.n_users == 12
    assert (
        skipped["no time that can be read"] == 2
        and skipped["no user"] == 3
        and skipped["no position"] == 1
    )
    assert skipped["duplicate"] >= 1
    by_trip, _ = assert_both_ways(layer, track="leg")
    assert by_trip.n_tracks == 60


def test_columns_are_really_read(
    fixes: Any, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert used_columns(monkeypatch, make(messy(fixes), path=tmp_path / "a.gpkg"))
    assert used_columns(monkeypatch, make(messy(fixes), path=tmp_path / "a.geojson"))
    assert used_columns(monkeypatch, make(fixes, path=tmp_path / "m.gpkg", geometry="MultiPoint"))
    assert not used_columns(monkeypatch, make(fixes))
    monkeypatch.delattr(Qgis, "FieldOrigin")  # as in 3.34, the oldest that is promised
    assert used_columns(monkeypatch, make(messy(fixes), path=tmp_path / "old.gpkg"))


def test_positions_are_those_of_qgis(fixes: Any, make: Any) -> None:
    from raw_qgis_plugin.layers.coordinates import from_wgs84, to_wgs84, transform_xy

    context = QgsProject.instance().transformContext()
    xy = np.column_stack([fixes.lon, fixes.lat])[:200]
    for name in ("EPSG:3857", "EPSG:32650", "EPSG:4490", "EPSG:27700"):
        crs = QgsCoordinateReferenceSystem(name)
        for transform in (from_wgs84(crs, context), to_wgs84(crs, context)):
            one = [transform.transform(QgsPointXY(*row)) for row in xy]
            assert np.array_equal(transform_xy(xy, transform), [[p.x(), p.y()] for p in one])
    mercator = from_wgs84(QgsCoordinateReferenceSystem("EPSG:3857"), context)
    result = transform_xy(np.array([[1.0, 2.0], [0.0, 1e9], [np.nan, 3.0], [5.0, 6.0]]), mercator)
    assert np.isfinite(result).all(axis=1).tolist() == [True, False, False, True]
    own = QgsCoordinateReferenceSystem.fromProj("+proj=aeqd +lat_0=39.9 +lon_0=116.4 +units=m")
    there, back = from_wgs84(own, context), to_wgs84(own, context)
    assert np.allclose(transform_xy(transform_xy(xy, there), back), xy, atol=1e-9)


def test_a_crs_with_no_way_to_the_earth_is_refused(fixes: Any, make: Any) -> None:
    """As the Moon's: its degrees would be taken for ours."""
    from raw_qgis_plugin.core.errors import InputError
    from raw_qgis_plugin.gui.maps.draw import lonlat

    layer, moon = make(fixes), QgsCoordinateReferenceSystem("IAU_2015:30100")
    assert moon.isValid()
    layer.setCrs(moon)
    with pytest.raises(InputError, match="cannot transform"):
        read(plan(layer))
    with pytest.raises(InputError, match="cannot transform"):
        lonlat(QgsGeometry.fromWkt("Polygon ((1 1, 2 1, 2 2, 1 1))"), moon)


def test_subset_selection_and_limit_count(fixes: Any, make: Any, tmp_path: Path) -> None:
    layer = make(fixes, path=tmp_path / "a.gpkg")
    whole, _ = assert_both_ways(layer)
    assert layer.setSubsetString("user_id IN ('u01', 'u03', 'u05')")
    subset, _ = assert_both_ways(layer)
    assert subset.user_ids.tolist() == ["u01", "u03", "u05"] and len(subset) == 360

    layer.selectByExpression("user_id < 'u05' AND $id % 2 = 0")
    for limit, n in ((-1, 120), (50, 50)):
        selected = QgsProcessingFeatureSourceDefinition(
            layer.id(), selectedFeaturesOnly=True, featureLimit=limit
        )
        assert (
            len(assert_both_ways(layer, selected, columns=False)[0])
            == n
            <= layer.selectedFeatureCount()
        )
    layer.setSubsetString("")
    limited = QgsProcessingFeatureSourceDefinition(layer.id(), False, 77)
    assert len(assert_both_ways(layer, limited, columns=False)[0]) == 77 and len(whole) == 1440
    wanted = QgsProcessingFeatureSourceDefinition(
        layer.id(), filterExpression="\"user_id\" = 'u07' AND $x > 0"
    )
    assert assert_both_ways(layer, wanted, columns=False)[0].user_ids.tolist() == ["u07"]
    made = plan(layer, user="none", track="none")
    assert (made.fields.user, made.fields.track, made.fields.guessed) == (None, None, {"time"})
    assert read(made)[0].n_users == 1
    from raw_qgis_plugin.core.errors import InputError

    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    with pytest.raises(InputError, match="look like degrees, but WGS 84 / Pseudo-Mercator"):
        read(plan(layer))


def test_edits_joins_and_virtual_fields_are_seen(fixes: Any, make: Any, tmp_path: Path) -> None:
    layer = make(fixes, path=tmp_path / "a.gpkg")
    layer.startEditing()
    layer.deleteFeature(1)
    tracks, _ = assert_both_ways(layer, columns=False)
    assert len(tracks) == 1439
    layer.rollBack()
    assert_both_ways(layer)

    layer.addExpressionField("'v' || \"user_id\"", QgsField("who", QMetaType.Type.QString))
    tracks, _ = assert_both_ways(layer, columns=False, user="who")
    assert tracks.user_ids[0] == "vu00"
    assert_both_ways(layer)  # a virtual field that is not read does no harm


def as_text(zone: str, hours: int = 0) -> Any:
    return lambda ms: np.datetime_as_string(np.datetime64(ms + hours * 3_600_000, "ms")) + zone


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp"])
@pytest.mark.parametrize(
    "times", [as_text("Z"), as_text("+02:00", 2), as_text(""), lambda ms: ms * 1000]
)
def test_times_of_every_kind(
    fixes: Any, make: Any, tmp_path: Path, times: Any, suffix: str
) -> None:
    layer = make(fixes, path=tmp_path / f"a{suffix}", times=times)
    tracks, skipped = assert_both_ways(layer, columns=bool(plan(layer).file))
    assert not skipped
    assert np.array_equal(tracks.t[:120], fixes.t[:120])


def test_a_time_without_zone_is_read_in_the_time_zone_that_was_named(
    fixes: Any, make: Any, tmp_path: Path
) -> None:
    # as providers give it: the computer's own zone
    wall = QDateTime(QDate(2024, 7, 1), QTime(12, 0, 0, 250))
    for name, times in {
        "clock": lambda _: wall,
        "text": lambda _: "2024-07-01 12:00:00.250",
    }.items():
        for path in (None, tmp_path / f"{name}.geojson"):
            layer = make(fixes, path=path, times=times)
            tracks, _ = read(plan(layer, timezone="Asia/Shanghai"))
            assert np.unique(tracks.t).tolist() == [1719806400250], (name, path)


@pytest.mark.parametrize("geometry", ["MultiPoint", "PointM", "PointZM"])
def test_points_of_every_shape(
    fixes: Any, make: Any, tmp_path: Path, saved: Any, geometry: str
) -> None:
    plain, _ = read(plan(make(fixes)))
    layer = saved(make(fixes, geometry=geometry), tmp_path / "a.gpkg")
    tracks, skipped = assert_both_ways(layer)
    assert same(tracks, plain) and not skipped
    if geometry == "MultiPoint":
        layer.startEditing()
        layer.changeGeometry(3, QgsGeometry.fromWkt("MultiPoint ((116 39), (117 39))"))
        assert layer.commitChanges() and assert_both_ways(layer)[1] == {"no position": 1}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("date", "2020-09-13"),
        ("datetime", "2020-09-13 08:00:00"),
        ("time", "08:00:00"),
        ("json", "{'a': ['b', 1]}"),
    ],
)
def test_tracks_may_be_named_by_a_date(
    fixes: Any, make: Any, saved: Any, tmp_path: Path, kind: str, text: str
) -> None:
    """By columns and by features alike: these gave PyQt5.QtCore.QDate(2020, 9, 13)."""
    moment = QDateTime(QDate(2020, 9, 13), QTime(8, 0), Qt.TimeSpec.UTC)
    value = {
        "date": moment.date(),
        "time": moment.time(),
        "datetime": moment,
        "json": {"a": ["b", 1]},
    }[kind]
    layer = make(fixes)
    layer.dataProvider().addAttributes([QgsField("day", TYPES[kind])])
    layer.updateFields()
    layer.dataProvider().changeAttributeValues(
        {feature.id(): {2: value} for feature in layer.getFeatures()}
    )
    for each, columns in ((layer, False), (saved(layer, tmp_path / "a.gpkg"), True)):
        tracks, _ = assert_both_ways(each, columns=columns, track="day")
        assert set(tracks.track_ids) == {text}


def test_what_cannot_be_read_is_said(fixes: Any, make: Any) -> None:
    from raw_qgis_plugin.core.errors import InputError

    bare = QgsVectorLayer("LineString?crs=EPSG:4326", "lines", "memory")
    with pytest.raises(InputError, match="without M values"):
        read(plan(bare))
    with pytest.raises(InputError, match="time field"):
        read(plan(QgsVectorLayer("Point?crs=EPSG:4326&field=name:string", "p", "memory")))
    with pytest.raises(InputError, match="neither points nor lines"):
        read(plan(QgsVectorLayer("Polygon?crs=EPSG:4326&field=t:datetime", "p", "memory")))


@pytest.mark.parametrize("role", ["user", "track", "time"])
def test_a_field_that_was_renamed_is_missed(fixes: Any, make: Any, role: str) -> None:
    from raw_qgis_plugin.core.errors import InputError
    from raw_qgis_plugin.layers.reading import snapshot

    layer = make(fixes)
    fields = replace(plan(layer).fields, **{role: "old"})
    with pytest.raises(InputError, match="no .* column 'old'"):
        snapshot(layer, fields, "UTC")


def test_cancel_stops_reading(fixes: Any, make: Any, tmp_path: Path) -> None:
    from raw_qgis_plugin.core.errors import Cancelled
    from raw_qgis_plugin.layers.reading import read_tracks

    def cancel(_: float) -> None:
        raise Cancelled

    for path in (None, tmp_path / "a.gpkg"):
        with pytest.raises(Cancelled):
            read_tracks(plan(make(fixes, path=path)), cancel)


# Five hours of another zone; at 02:00 it is 03:00 in Berlin.
CLOCKS = np.datetime64("2024-03-31T00:00") + np.arange(0, 300, 5)
HOURS = {"UTC": 0, "Asia/Tokyo": 9}


@pytest.mark.parametrize("timezone", HOURS)
def test_the_hour_that_this_computer_s_clocks_skip_is_read_as_qt_keeps_it(
    in_berlin: None, timezone: str
) -> None:
    """Qt 5 keeps the clock, and calls it invalid. Qt 6 moves it an hour on before anybody can ask."""
    from raw_qgis_plugin.layers.values import as_text, times_of

    values = [QDateTime.fromString(str(clock), Qt.DateFormat.ISODate) for clock in CLOCKS]
    kept = np.array(
        [datetime.combine(v.date().toPyDate(), v.time().toPyTime()) for v in values],
        "datetime64[ms]",
    )
    skipped = CLOCKS.astype("datetime64[h]") == np.datetime64("2024-03-31T02")
    assert np.array_equal(kept[~skipped], CLOCKS[~skipped])
    expected = kept.astype(np.int64) - HOURS[timezone] * 3_600_000
    assert np.array_equal(times_of([*values, QDateTime()], timezone)[:-1], expected)
    assert [as_text(value) for value in values] == [
        str(clock.astype("datetime64[s]")).replace("T", " ") for clock in kept
    ]
    assert as_text(QDateTime()) is None


@pytest.mark.parametrize("timezone", HOURS)
def test_the_hour_that_this_computer_s_clocks_skip_is_read_from_a_file(
    in_berlin: None, tmp_path: Path, timezone: str
) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"user_id": "a", "t": f"{clock}:00"},
            "geometry": {"type": "Point", "coordinates": [10 + row / 1000, 50]},
        }
        for row, clock in enumerate(CLOCKS)
    ]
    path = tmp_path / "spring.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    tracks, _ = read(plan(QgsVectorLayer(str(path), "spring", "ogr"), timezone=timezone))
    expected = CLOCKS.astype("datetime64[ms]").astype(np.int64) - HOURS[timezone] * 3_600_000
    assert np.array_equal(tracks.t, expected)


def test_accuracy_and_dates_beside_times_of_day_are_read_as_from_files(
    make: Any, fixes: Any, tmp_path: Path
) -> None:
    layer = QgsVectorLayer(
        "Point?crs=EPSG:4326&field=user_id:string&field=date:date&field=time:time&field=acc:double",
        "p",
        "memory",
    )
    features = []
    for minute in range(5):
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(116 + minute / 1e4, 39)))
        feature.setAttributes(
            ["a", QDate(2024, 7, 1), QTime(8, minute), [8.0, None, 9.0, 5000.0, 7.0][minute]]
        )
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    tracks, skipped = read(plan(layer))
    assert [str(t)[11:16] for t in tracks.t.astype("datetime64[ms]")] == [
        "08:00",
        "08:01",
        "08:02",
        "08:04",
    ]
    assert skipped == {"position known to over a kilometre only": 1}
    np.testing.assert_array_equal(tracks.accuracy, np.array([8, np.nan, 9, 7], np.float32))
