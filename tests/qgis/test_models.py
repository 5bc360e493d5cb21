# SPDX-License-Identifier: GPL-2.0-or-later
"""The algorithms in models of the model designer, where QGIS checks no parameters before it runs
them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessing,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterFeatureSource,
)

from .waiting import until

FROM_MODEL = QgsProcessingModelChildParameterSource.fromModelParameter
STATIC = QgsProcessingModelChildParameterSource.fromStaticValue
EXPRESSION = QgsProcessingModelChildParameterSource.fromExpression
CHILD = QgsProcessingModelChildParameterSource.fromChildOutput


def new_model() -> QgsProcessingModelAlgorithm:
    """A model with the input `tracks`."""
    model = QgsProcessingModelAlgorithm("model", "tests")
    tracks = QgsProcessingParameterFeatureSource(
        "tracks", "tracks", [QgsProcessing.SourceType.TypeVectorAnyGeometry]
    )
    model.addModelParameter(tracks, QgsProcessingModelParameter("tracks"))
    return model


def add(
    model: QgsProcessingModelAlgorithm, algorithm: str, outputs: dict[str, str], **sources: Any
) -> None:
    """Add a step, named as its algorithm. outputs: of the algorithm -> of the model."""
    child = QgsProcessingModelChildAlgorithm(algorithm)
    child.setChildId(algorithm)
    for name, source in sources.items():
        child.addParameterSources(name, [source])
    found = {}
    for name, label in outputs.items():
        found[label] = QgsProcessingModelOutput(label, label)
        found[label].setChildId(algorithm)
        found[label].setChildOutputName(name)
    child.setModelOutputs(found)
    assert child.algorithm() is not None
    model.addChildAlgorithm(child)


@pytest.mark.parametrize(
    ("algorithm", "change", "words"),
    [
        ("raw:fillgaps", {"USER_FIELD": STATIC("nope")}, "There is no user column 'nope'."),
        (
            "raw:fillgaps",
            {"STEP": EXPRESSION("30 * 3")},
            "STEP (90 min) must be shorter than MAX_GAP (60 min).",
        ),
        ("raw:fillgaps", {"STEP": EXPRESSION("'often'")}, "Incorrect parameter value for STEP"),
        (
            "raw:encounters",
            {"DISTANCE": EXPRESSION("-4")},
            "DISTANCE has to be a number of 1 or more, not -4.",
        ),
    ],
)
def test_wrong_parameters_are_named_in_a_model(
    processing: Any,
    make: Callable,
    fixes: Any,
    feedback: Any,
    algorithm: str,
    change: dict[str, Any],
    words: str,
) -> None:
    model = new_model()
    add(model, algorithm, {"OUTPUT": "result"}, INPUT=FROM_MODEL("tracks"), **change)
    with pytest.raises(
        QgsProcessingException, match="Error encountered while running.*: " + re.escape(words)
    ):
        processing.run(
            model, {"tracks": make(fixes), "result": "TEMPORARY_OUTPUT"}, feedback=feedback
        )


def test_wrong_parameters_are_named_in_a_task(
    processing: Any, make: Callable, fixes: Any, feedback: Any
) -> None:
    from raw_qgis_plugin.processing.people import WriteDiary

    context, ended = QgsProcessingContext(), []
    values = {
        "INPUT": make(fixes),
        "MIN_STOP": -4,
        "OUTPUT_STOPS": "TEMPORARY_OUTPUT",
        "OUTPUT_TRIPS": "memory:",
    }
    task = QgsProcessingAlgRunnerTask(WriteDiary().create(), values, context, feedback)
    task.executed.connect(lambda good, results: ended.append(good))
    QgsApplication.taskManager().addTask(task)
    until(lambda: ended)
    assert ended == [False] and feedback.errors == [
        "MIN_STOP has to be a number of 1 or more, not -4."
    ]


def test_a_saved_model_chains_algorithms(
    processing: Any, run: Callable, make: Callable, fixes: Any, bundle: str, tmp_path: Path
) -> None:
    """Places of users -> circles of QGIS -> users in them: the same as step by step."""
    model = new_model()
    add(
        model,
        "raw:profileusers",
        {"OUTPUT": "users"},
        INPUT=FROM_MODEL("tracks"),
        MODEL=STATIC(bundle),
    )
    add(
        model, "native:buffer", {}, INPUT=CHILD("raw:profileusers", "OUTPUT"), DISTANCE=STATIC(0.01)
    )
    add(
        model, "raw:scoreregions", {"OUTPUT": "scores"}, INPUT=FROM_MODEL("tracks"), MODEL=STATIC(bundle),
        REGIONS=CHILD("native:buffer", "OUTPUT"), MIN_USERS=EXPRESSION("1 + 1"),
    )  # fmt: skip
    path, again = str(tmp_path / "model.model3"), QgsProcessingModelAlgorithm()
    assert model.toFile(path) and again.fromFile(path)
    layer = make(fixes)
    done = processing.run(
        again, {"tracks": layer, "users": "TEMPORARY_OUTPUT", "scores": "TEMPORARY_OUTPUT"}
    )
    users = run("raw:profileusers", INPUT=layer, MODEL=bundle)
    circles = processing.run(
        "native:buffer", {"INPUT": users.layer(), "DISTANCE": 0.01, "OUTPUT": "TEMPORARY_OUTPUT"}
    )
    scores = run(
        "raw:scoreregions", INPUT=layer, REGIONS=circles["OUTPUT"], MIN_USERS=2, MODEL=bundle
    )
    for name, other in (("users", users), ("scores", scores)):
        rows = [
            dict(zip(done[name].fields().names(), f.attributes())) for f in done[name].getFeatures()
        ]
        assert rows and rows == other.rows()
