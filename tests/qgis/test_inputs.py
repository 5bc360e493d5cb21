# SPDX-License-Identifier: GPL-2.0-or-later
"""What algorithms are given: awkward and empty layers, selections, wrong parameters. Each is
answered in sentences.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
    QgsProperty,
    QgsVectorLayer,
)

from .test_algorithms import OUTPUTS, squares
from .waiting import until


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_awkward_layers_are_cleaned_counted_and_warned_of_once(
    run: Callable, make: Callable, fixes: Any, bundle: str, zone: str, tmp_path: Path
) -> None:
    """Text times, NULL times, duplicates, unsorted rows and one-point users."""
    order = np.random.default_rng(2).permutation(len(fixes.t)).tolist()
    rows = [*order, *order[:30]]
    columns = {
        name: [getattr(fixes, name)[i] for i in rows] for name in ("user_id", "t", "lon", "lat")
    }
    for i in range(20):
        columns["t"][100 + i] = None
    for name, value in {"user_id": "lonely", "t": fixes.t[0], "lon": 116.4, "lat": 39.9}.items():
        columns[name].append(value)
    shift = 7_200_000 if zone == "Europe/Berlin" else 0
    text = lambda ms: None if ms is None else str(np.datetime64(ms + shift, "ms")).replace("T", " ")  # noqa: E731
    for path in (None, tmp_path / "a.gpkg"):
        layer = make(type(fixes)(**columns), path=path, times=text)
        done = run(
            "raw:forecasttracks", INPUT=layer, MODEL=bundle, HORIZON=5, STEP=5, TIMEZONE=zone
        )
        assert done.values["N_USERS"] == 12
        assert done.values["N_POINTS"] + done.values["N_SKIPPED"] == len(rows) + 1
        skips = [words for words in done.feedback.warnings if "skipped" in words]
        assert len(skips) == (1 if path is None else 2)
        for reason in (
            "20 no time that can be read",
            "30 at the time of another fix of the same track",
        ):
            assert reason in skips[-1]
        assert "1 fix left out: the only fix of a user." in done.feedback.warnings
        assert (
            done.rows()[0]["t"].toMSecsSinceEpoch()
            == max(t for t, u in zip(columns["t"], columns["user_id"]) if t and u == "u00")
            + 300_000
        )


ALGORITHMS = ["raw:profileusers", "raw:scoreregions", "raw:forecasttracks"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_empty_input_is_answered_in_a_sentence(run: Callable, bundle: str, algorithm: str) -> None:
    empty = QgsVectorLayer(
        "Point?crs=EPSG:32650&field=user_id:string&field=t:datetime", "empty", "memory"
    )
    done = run(algorithm, INPUT=empty, REGIONS=squares("EPSG:4326", 0.02), MODEL=bundle, **OUTPUTS)
    assert done.values["N_USERS"] == done.values["N_POINTS"] == 0
    assert any(
        "so the output is empty" in words or "no fix" in words.lower()
        for words in done.feedback.warnings
    )
    assert done.layer().featureCount() == (10 if algorithm == "raw:scoreregions" else 0)
    assert not done.feedback.errors


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"TIMEZONE": "Mars/Olympus"}, "Unknown time zone 'Mars/Olympus'"),
        ({"HORIZON": 5, "STEP": 6}, r"STEP \(6 min\) must be no longer than HORIZON \(5 min\)"),
        ({"HORIZON": 100_000, "STEP": 0.02}, "are too many: choose a STEP of"),
        ({"MODEL": "/nowhere/at/all"}, "There is no model at /nowhere/at/all"),
        ({"DEVICE": "TPU"}, "DEVICE has to be one of auto, CPU, CUDA, not TPU."),
        (
            {"INPUT": "Point?crs=EPSG:4326&field=name:string"},
            "No field of the layer looks like a time",
        ),
        (
            {"INPUT": "None?field=user_id:string&field=t:datetime"},
            "The layer is a table without geometry. Import tracks makes",
        ),
        ({"TIME_FIELD": "nope"}, "There is no time column 'nope'. The columns are: user_id, t."),
        ({"MIN_PROBABILITY": 3}, "MIN_PROBABILITY has to be a number from 0.01 to 1, not 3."),
        (
            {"MIN_PROBABILITY": float("nan")},
            "MIN_PROBABILITY has to be a number from 0.01 to 1, not nan.",
        ),
        ({"DISTANCE": "near"}, "Incorrect parameter value for DISTANCE"),
        (
            {"DISTANCE": QgsProperty.fromExpression("0.5")},
            "DISTANCE has to be a number of 1 or more, not 0.5.",
        ),
    ],
)
def test_wrong_parameters_are_named(
    run: Callable, make: Callable, fixes: Any, bundle: str, change: dict[str, Any], words: str
) -> None:
    """With the range, where QGIS itself says: Incorrect parameter value for MIN_PROBABILITY."""
    layer = QgsVectorLayer(change["INPUT"], "odd", "memory") if "INPUT" in change else make(fixes)
    algorithm = (
        "raw:encounters"
        if {"DISTANCE", "MIN_PROBABILITY"} & change.keys()
        else "raw:forecasttracks"
    )
    with pytest.raises(QgsProcessingException, match=words):
        run(
            algorithm,
            **{
                **({} if "encounters" in algorithm else {"MODEL": bundle}),
                **change,
                "INPUT": layer,
            },
        )


def test_users_that_no_field_names_are_asked_for(
    run: Callable, make: Callable, fixes: Any, bundle: str
) -> None:
    """Lines with a field `cab` once made one user of twelve cabs, and nobody noticed."""
    layer = make(fixes)
    assert layer.dataProvider().renameAttributes({0: "cab"})
    layer.updateFields()
    done = run("raw:profileusers", INPUT=layer, MODEL=bundle)
    assert done.values["N_USERS"] == 1
    assert any("No field names the users" in words for words in done.feedback.warnings)
    before = len(done.feedback.warnings)
    for field, users in (("none", 1), ("cab", 12)):
        done = run("raw:profileusers", INPUT=layer, MODEL=bundle, USER_FIELD=field)
        assert done.values["N_USERS"] == users
    assert not any("names the users" in words for words in done.feedback.warnings[before:])
    # as the dock stores what was chosen there
    for role, field in (("user", "cab"), ("track", ""), ("time", "t")):
        layer.setCustomProperty(f"raw/{role}_field", field)
    assert run("raw:profileusers", INPUT=layer, MODEL=bundle).values["N_USERS"] == 12
    layer.setCustomProperty("raw/time_field", "gone")  # renamed since: all are guessed anew
    assert run("raw:profileusers", INPUT=layer, MODEL=bundle).values["N_USERS"] == 1


def test_the_dock_and_the_algorithms_skip_the_same_fixes(
    session: Any, run: Callable, make: Callable, fixes: Any, bundle: str
) -> None:
    columns = {
        name: [*getattr(fixes, name), getattr(fixes, name)[0]]
        for name in ("user_id", "t", "lon", "lat")
    }
    columns["t"][200] = None
    columns["lon"][300] += 40
    layer = QgsProject.instance().addMapLayer(make(type(fixes)(**columns)))
    session.set_layer(layer)
    until(lambda: session.tracks is not None)
    reasons = "skipped: 1 no time that can be read, 1 at the time of another fix of the same track, 1 impossible jump."
    assert f"3 fixes {reasons}" in session.summary
    for algorithm in ("raw:profileusers", "raw:forecasttracks"):
        done = run(algorithm, INPUT=layer, MODEL=bundle, **OUTPUTS)
        assert f"3 fixes {reasons}" in done.feedback.warnings
        assert done.values["N_SKIPPED"] == 3


def test_a_layer_that_qgis_cannot_open_is_refused_in_the_run(
    processing: Any, make: Callable, fixes: Any, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a task that cannot be prepared QGIS never tells the end. QGIS 3.44 cannot open places that
    are not finite.
    """
    from raw_qgis_plugin.processing.form import Run

    algorithm = QgsApplication.processingRegistry().createAlgorithmById("raw:profileusers")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    values = {"INPUT": make(fixes), "OUTPUT": "memory:", "MODEL": bundle}
    monkeypatch.setattr(Run, "layer", lambda *_: None)
    assert algorithm.prepare(values, context, feedback)
    with pytest.raises(QgsProcessingException, match="source layer for INPUT"):
        algorithm.runPrepared(values, context, feedback)
