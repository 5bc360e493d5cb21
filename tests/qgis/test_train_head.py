# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:trainhead: from tracks and a table of labels to a new model that profiles everybody."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsFeature, QgsProcessingException, QgsVectorLayer
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

PEOPLES = {"tracks.parquet", "labels.parquet", "regions.geojson"}


@pytest.fixture(autouse=True)
def profile_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, staged: None) -> None:
    """Runs go into a folder of the test's own."""
    from raw_qgis_plugin.tasks import child

    monkeypatch.setattr(child, "runs_folder", lambda: tmp_path / "runs")


def table(
    rows: list[list[Any]], fields: str = "field=user_id:string&field=kind:string"
) -> QgsVectorLayer:
    layer = QgsVectorLayer(f"None?{fields}", "labels", "memory")
    features = []
    for row in rows:
        feature = QgsFeature(layer.fields())
        feature.setAttributes(row)
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


@pytest.fixture
def asked(tmp_path: Path, bundle: str) -> dict[str, Any]:
    """What every teaching is asked with."""
    return {
        "LABEL_FIELD": "kind", "TASK_NAME": "kind", "MODEL": bundle, "BUNDLE": str(tmp_path / "b"),
        "REPORT": str(tmp_path / "r.html"),
    }  # fmt: skip


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, staged: None) -> dict[str, Any]:
    """What the training would have been given, instead of it."""
    from pyarrow import parquet

    from raw_qgis_plugin.core.errors import Cancelled
    from raw_qgis_plugin.core.sources.readers import read
    from raw_qgis_plugin.tasks.child import Child

    seen: dict[str, Any] = {}

    def start(cls: type, module: str, arguments: list[str], folder: Path, **notes: Any) -> None:
        seen["tracks"] = read(folder / "tracks.parquet")[0]
        seen["arguments"] = arguments
        seen["labels"] = parquet.read_table(folder / "labels.parquet").to_pydict()
        raise Cancelled

    monkeypatch.setattr(Child, "start", classmethod(start))
    return seen


def test_some_labels_answer_for_everybody(
    run: Callable, make: Callable, invented: Callable, bundle: str, tmp_path: Path, cache: Path
) -> None:
    from raw_qgis_plugin.core.bundle.bundle import open_bundle

    pytest.importorskip("torch")
    fixes = invented(users=40, fixes=60)
    for i, user in enumerate(fixes.user_id):  # odd users stay where they begin
        if int(user[1:]) % 2:
            first = fixes.user_id.index(user)
            fixes.lon[i] = fixes.lon[first] + (fixes.lon[i] - fixes.lon[first]) / 50
            fixes.lat[i] = fixes.lat[first] + (fixes.lat[i] - fixes.lat[first]) / 50
    names = sorted(set(fixes.user_id))
    labels = table([[name, "stays" if int(name[1:]) % 2 else "walks"] for name in names[:30]])
    layer = make(fixes)
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", open_bundle(bundle or None).path)
    done = run(
        "raw:trainhead", INPUT=layer, LABELS=labels, LABEL_FIELD="kind", TASK_NAME="kind", MODEL=packed,
        BUNDLE=str(tmp_path / "new"), REPORT=str(tmp_path / "new.html"),
    )  # fmt: skip
    assert done.values["N_USERS"] == 40 and done.values["N_POINTS"] == 40 * 60
    assert "right in" in done.values["VERDICT"] or "accuracy" in done.values["VERDICT"]
    assert done.values["VERDICT"] in done.feedback.infos
    assert escape(done.values["VERDICT"]) in (tmp_path / "new.html").read_text("utf-8")
    assert done.feedback.shares == sorted(done.feedback.shares) and not list(
        (tmp_path / "runs").iterdir()
    )

    def kept() -> int:
        return (
            sqlite3.connect(cache / "embeddings.sqlite")
            .execute("SELECT count(*) FROM units")
            .fetchone()[0]
        )

    assert kept() == 30
    answer = run("raw:profileusers", INPUT=layer, MODEL=done.values["BUNDLE"], TASKS="kind").rows()
    assert kept() == 40  # the 30 were found, and the backbone is the same
    assert len(answer) == 40
    unseen = [row for row in answer if row["user_id"] in names[30:]]
    right = ["stays" if int(row["user_id"][1:]) % 2 else "walks" for row in unseen]
    assert sum(row["kind"] == word for row, word in zip(unseen, right)) >= 8


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"TASK_NAME": "Night worker"}, "no name for a label"),
        ({"UNIT": "day"}, "no id of the day"),
        ({"UNIT": "region"}, "a layer of polygons"),
        ({"LABEL_FIELD": "nothing"}, "nothing"),
    ],
)
def test_what_cannot_be_taught_is_said_at_once(
    run: Callable,
    make: Callable,
    fixes: Any,
    bundle: str,
    tmp_path: Path,
    more: dict[str, Any],
    said: str,
) -> None:
    labels = table([["u01", "a"], ["u02", "b"]])
    parameters = {"LABEL_FIELD": "kind", "TASK_NAME": "kind", **more}
    with pytest.raises(QgsProcessingException, match=said):
        run("raw:trainhead", INPUT=make(fixes), LABELS=labels, MODEL=bundle, BUNDLE=str(tmp_path / "b"),
            REPORT=str(tmp_path / "r.html"), **parameters)  # fmt: skip


@pytest.mark.parametrize("unit", ["user", "region"])
def test_labels_without_a_row_are_an_error_in_words(
    run: Callable, make: Callable, fixes: Any, asked: dict[str, Any], tmp_path: Path, unit: str
) -> None:
    labels = QgsVectorLayer(
        "Polygon?crs=EPSG:4326&field=user_id:string&field=kind:string", "labels", "memory"
    )
    with pytest.raises(QgsProcessingException, match="LABELS has no rows"):
        run("raw:trainhead", INPUT=make(fixes), LABELS=labels, UNIT=unit, **asked)
    assert not list((tmp_path / "runs").iterdir())


def test_whatever_ends_it_stops_the_training_and_leaves_nothing(
    run: Callable, make: Callable, fixes: Any, asked: dict[str, Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, waiting: list,
) -> None:  # fmt: skip
    from raw_qgis_plugin.core.errors import Cancelled
    from raw_qgis_plugin.tasks.child import Child

    def cancelled(*_: Any) -> None:
        raise Cancelled

    monkeypatch.setattr(Child, "follow", cancelled)  # as where Cancel is pressed between two lines
    done = run(
        "raw:trainhead", INPUT=make(fixes), LABELS=table([["u01", "a"], ["u02", "b"]]), **asked
    )
    (started,) = waiting
    assert done.values == {} and not started.running and not list((tmp_path / "runs").iterdir())


def test_what_was_learned_outlasts_a_folder_that_cannot_be_written(
    run: Callable, make: Callable, fixes: Any, asked: dict[str, Any], tmp_path: Path, at_once: None
) -> None:
    from raw_qgis_plugin.tasks.child import Child

    (tmp_path / "file").touch()
    asked["BUNDLE"] = str(tmp_path / "file" / "b")
    with pytest.raises(QgsProcessingException, match="its model is kept in"):
        run("raw:trainhead", INPUT=make(fixes), LABELS=table([["u01", "a"], ["u02", "b"]]), **asked)
    (folder,) = (tmp_path / "runs").iterdir()
    assert not list(folder.glob("*.parquet"))
    assert Child(folder).status == "finished" and (folder / "result" / "report.html").exists()
    assert (folder / "result" / "bundle" / "card.json").exists()


@pytest.mark.parametrize(("zone", "utc"), [("UTC", "12:30"), ("Asia/Shanghai", "04:30")])
def test_labelled_times_without_a_zone_are_read_as_the_tracks_are(
    run: Callable, make: Callable, fixes: Any, asked: dict[str, Any], given: dict[str, Any], in_berlin: None,
    zone: str, utc: str,
) -> None:  # fmt: skip
    from raw_qgis_plugin.core.times import NO_TIME, parse_times

    day, noon = QDate(2020, 9, 13), QTime(12, 30)
    fields = "field=user_id:string&field=start:datetime&field=end:string&field=kind:string"
    labels = table(
        [
            ["u01", QDateTime(day, noon), "2020-09-13T12:30:00", "a"],
            ["u02", QDateTime(day, noon, Qt.TimeSpec.UTC), "2020-09-13T12:30:00Z", "b"],
            ["u03", None, None, "b"],
        ],
        fields,
    )
    run("raw:trainhead", INPUT=make(fixes), LABELS=labels, UNIT="track", TIMEZONE=zone, **asked)
    clock, instant = parse_times([f"2020-09-13T{utc}Z", "2020-09-13T12:30Z"])
    for name in ("start", "end"):
        assert parse_times(given["labels"][name]).tolist() == [clock, instant, NO_TIME]


@pytest.mark.parametrize(("more", "third"), [("", "unknown"), ("&field=kind_p:double", None)])
def test_unknown_of_a_model_is_no_class_to_learn(
    run: Callable, make: Callable, fixes: Any, asked: dict[str, Any], given: dict[str, Any], more: str,
    third: str | None,
) -> None:  # fmt: skip
    labels = table(
        [["u01", "a"], ["u02", "b"], ["u03", "unknown"]],
        f"field=user_id:string&field=kind:string{more}",
    )
    run("raw:trainhead", INPUT=make(fixes), LABELS=labels, **asked)
    assert given["labels"]["label"] == ["a", "b", third]


@pytest.mark.parametrize(
    ("unit", "n"), [("user", 241), ("day", 240), ("track", 228), ("region", 241)]
)
def test_what_is_taught_is_what_is_profiled_later(
    run: Callable,
    make: Callable,
    invented: Callable,
    asked: dict[str, Any],
    given: dict[str, Any],
    unit: str,
    n: int,
) -> None:
    from raw_qgis_plugin.core.tracks import by_unit

    fixes = invented(users=12, fixes=20)
    fixes.more["trip_id"] = (["a"] * 10 + ["b"] + ["c"] * 9) * 12
    # no spike, for the trip has no other fix
    fixes.lon[10::20] = [lon + 0.5 for lon in fixes.lon[10::20]]
    for column, value in zip(
        (fixes.user_id, fixes.t, fixes.lon, fixes.lat, fixes.more["trip_id"]),
        ("u00", fixes.t[0] + 86_400_000, fixes.lon[0], fixes.lat[0], "d"),
    ):
        column.append(value)  # the only one of its day
    layer = make(fixes)
    labels = QgsVectorLayer("Polygon?crs=EPSG:4326&" + "&".join(
        f"field={name}:string" for name in ("user_id", "trip_id", "day", "kind")), "labels", "memory")  # fmt: skip
    labels.dataProvider().addFeature(QgsFeature(labels.fields()))
    run("raw:trainhead", INPUT=layer, LABELS=labels, UNIT=unit, **asked)
    # as model.finetune does
    units, _ = by_unit(given["tracks"], "user" if unit == "region" else unit)
    assert len(units) == n
    if unit != "region":
        rows = run("raw:profileusers", INPUT=layer, UNIT=unit, MODEL=asked["MODEL"]).rows()
        assert sorted(row["n_points"] for row in rows) == sorted(
            units.track_offsets[1:] - units.track_offsets[:-1]
        )


def test_too_few_labels_are_said_by_the_training_in_its_own_words(
    run: Callable, make: Callable, fixes: Any, bundle: str, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    labels = table([["u01", "a"], ["u02", "b"]])
    with pytest.raises(QgsProcessingException, match="Only 2 of .* users have a label"):
        run("raw:trainhead", INPUT=make(fixes), LABELS=labels, LABEL_FIELD="kind", TASK_NAME="kind", MODEL=bundle,
            BUNDLE=str(tmp_path / "b"), REPORT=str(tmp_path / "r.html"))  # fmt: skip
    (folder,) = (tmp_path / "runs").iterdir()
    assert not (tmp_path / "b").exists() and not {file.name for file in folder.iterdir()} & PEOPLES


def test_a_training_that_breaks_leaves_the_log_that_it_points_to(
    run: Callable, make: Callable, fixes: Any, asked: dict[str, Any], tmp_path: Path, at_once: None
) -> None:
    from raw_qgis_plugin.tasks.child import Child

    (tmp_path / "standin.py").write_text("print('reading', flush=True)\n1 / 0")
    with pytest.raises(QgsProcessingException, match="ZeroDivisionError.*The log is in") as caught:
        run("raw:trainhead", INPUT=make(fixes), LABELS=table([["u01", "a"], ["u02", "b"]]), **asked)
    (folder,) = (tmp_path / "runs").iterdir()
    assert str(folder) in str(caught.value)
    assert (
        "reading" in (folder / "log.jsonl").read_text()
        and "1 / 0" in (folder / "errors.txt").read_text()
    )
    assert not {file.name for file in folder.iterdir()} & PEOPLES
    assert Child(folder).status == "failed"
