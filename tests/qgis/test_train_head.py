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


@pytest.fixture(autouse=True)
def profile_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, staged: None) -> None:
    """Runs go into a folder of the test's own."""
    from raw_qgis_plugin.tasks import child

    monkeypatch.setattr(child, "runs_folder", lambda: tmp_path / "runs")


def table(rows: list[list[Any]], fields: str = "field=user_id:string&field=kind:string") -> QgsVectorLayer:
    layer = QgsVectorLayer(f"None?{fields}", "labels", "memory")
    features = []
    for row in rows:
        feature = QgsFeature(layer.fields())
        feature.setAttributes(row)
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def test_some_labels_answer_for_everybody(
    run: Callable, make: Callable, invented: Callable, bundle: str, tmp_path: Path, cache: Path
) -> None:
    from raw_qgis_plugin.core.bundle import open_bundle

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
    assert done.values["N_USERS"] == 30 and done.values["N_POINTS"] == 30 * 60  # those without a label are not read on
    assert "right in" in done.values["VERDICT"] or "accuracy" in done.values["VERDICT"]
    assert done.values["VERDICT"] in done.feedback.infos
    assert escape(done.values["VERDICT"]) in (tmp_path / "new.html").read_text("utf-8")
    assert done.feedback.shares == sorted(done.feedback.shares) and not list((tmp_path / "runs").iterdir())

    def kept() -> int:
        return sqlite3.connect(cache / "embeddings.sqlite").execute("SELECT count(*) FROM units").fetchone()[0]

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
        ({"TASK_NAME": "Night worker"}, "no name for a task"),
        ({"UNIT": "day"}, "no id of the day"),
        ({"UNIT": "region"}, "a layer of polygons"),
        ({"LABEL_FIELD": "nothing"}, "nothing"),
    ],
)
def test_what_cannot_be_taught_is_said_at_once(
    run: Callable, make: Callable, fixes: Any, bundle: str, tmp_path: Path, more: dict[str, Any], said: str
) -> None:
    labels = table([["u01", "a"], ["u02", "b"]])
    parameters = {"LABEL_FIELD": "kind", "TASK_NAME": "kind", **more}
    with pytest.raises(QgsProcessingException, match=said):
        run("raw:trainhead", INPUT=make(fixes), LABELS=labels, MODEL=bundle, BUNDLE=str(tmp_path / "b"),
            REPORT=str(tmp_path / "r.html"), **parameters)  # fmt: skip


def test_too_few_labels_are_said_by_the_training_in_its_own_words(
    run: Callable, make: Callable, fixes: Any, bundle: str, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    labels = table([["u01", "a"], ["u02", "b"]])
    with pytest.raises(QgsProcessingException, match="Only 2 users of the tracks have a label"):
        run("raw:trainhead", INPUT=make(fixes), LABELS=labels, LABEL_FIELD="kind", TASK_NAME="kind", MODEL=bundle,
            BUNDLE=str(tmp_path / "b"), REPORT=str(tmp_path / "r.html"))  # fmt: skip
    assert not (tmp_path / "b").exists() and not list((tmp_path / "runs").iterdir())


def test_ids_of_labels_are_guessed(staged: None) -> None:
    from raw_qgis_plugin.core.errors import InputError
    from raw_qgis_plugin.processing.train_head import id_field

    assert id_field(["UID", "x"], "user", "") == {"user_id": "UID"}
    assert id_field(["who", "x"], "user", "who") == {"user_id": "who"}
    assert id_field(["user_id", "trip_id"], "track", "") == {"track_id": "trip_id", "user_id": "user_id"}
    intervals = {"user_id": "user", "start": "start", "end": "end"}
    assert id_field(["user", "start", "end", "mode"], "track", "") == intervals
    with pytest.raises(InputError, match="no id of the day"):
        id_field(["x"], "day", "")
