# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:backtest through processing.run: table, report, sentences, and what cannot be tested said in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qgis.core import NULL, QgsProcessingException, QgsWkbTypes


@pytest.fixture
def layer(make: Callable[..., Any], invented: Callable[..., Any]) -> Any:
    return make(invented(6, 60))


def test_table_report_and_verdicts(run: Callable[..., Any], layer: Any, bundle: str, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    done = run("raw:backtest", INPUT=layer, MODEL=bundle, HORIZON=10, STEP=5, FOLDS=2, REPORT=str(report))
    rows = done.rows()
    assert done.layer().wkbType() == QgsWkbTypes.Type.NoGeometry and {row["horizon_min"] for row in rows} == {5, 10}
    ours = [row for row in rows if row["method"] == "model"]
    assert len(ours) == 2 and {"persistence", "toward the median place"} <= {row["method"] for row in rows}
    for row in ours:
        best = min(r["mean_m"] for r in rows if r["horizon_min"] == row["horizon_min"] and r["method"] != "model")
        assert row["ratio"] == pytest.approx(row["mean_m"] / best)
        assert row["ratio_low"] <= row["ratio"] <= row["ratio_high"] and 0 <= row["inside80"] <= 1
        assert row["verdict"].startswith(f"At {row['horizon_min']:g} min: ") and row["n_users"] == 6
    assert all(row["ratio"] in (None, NULL) for row in rows if row["method"] != "model")
    sentences = done.values["VERDICT"].split("\n")
    assert sentences == [row["verdict"] for row in ours] and set(sentences) <= set(done.feedback.infos)
    text = report.read_text("utf-8")
    assert done.values["REPORT"] == str(report) and sentences[0] in text and "u00" not in text
    assert done.feedback.shares == sorted(done.feedback.shares) and done.values["N_USERS"] == 6


def test_what_cannot_be_tested_is_said(run: Callable[..., Any], layer: Any, bundle: str) -> None:
    with pytest.raises(QgsProcessingException, match="10 h later"):
        run("raw:backtest", INPUT=layer, MODEL=bundle, HORIZON=600, STEP=600)


def test_too_many_horizons_are_refused(run: Callable[..., Any], layer: Any, bundle: str) -> None:
    with pytest.raises(QgsProcessingException, match="STEP"):
        run("raw:backtest", INPUT=layer, MODEL=bundle, HORIZON=10, STEP=0.1)


def test_cancel_gives_nothing(run: Callable[..., Any], layer: Any, bundle: str, feedback: Any) -> None:
    feedback.progressChanged.connect(lambda share: feedback.cancel() if share > 20 else None)
    assert "VERDICT" not in run("raw:backtest", INPUT=layer, MODEL=bundle, HORIZON=10, STEP=5).values
