# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:backtest through processing.run: table, report, sentences, and what cannot be tested said in
words.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qgis.core import NULL, QgsProcessingException, QgsVectorLayer, QgsWkbTypes
from qgis.PyQt.QtWidgets import QLabel


@pytest.fixture
def layer(make: Callable[..., Any], invented: Callable[..., Any]) -> Any:
    return make(invented(6, 60))


def test_table_report_and_verdicts(
    run: Callable[..., Any], layer: Any, bundle: str, tmp_path: Path
) -> None:
    report = tmp_path / "report.html"
    done = run(
        "raw:backtest", INPUT=layer, MODEL=bundle, HORIZON=10, STEP=5, FOLDS=2, REPORT=str(report)
    )
    rows = done.rows()
    assert done.layer().wkbType() == QgsWkbTypes.Type.NoGeometry and {
        row["horizon_min"] for row in rows
    } == {5, 10}
    ours = [row for row in rows if row["method"] == "model"]
    assert len(ours) == 2 and {"persistence", "toward the median place"} <= {
        row["method"] for row in rows
    }
    for row in ours:
        best = min(
            r["mean_m"]
            for r in rows
            if r["horizon_min"] == row["horizon_min"] and r["method"] != "model"
        )
        assert row["ratio"] == pytest.approx(row["mean_m"] / best)
        assert row["ratio_low"] <= row["ratio"] <= row["ratio_high"] and 0 <= row["inside80"] <= 1
        assert row["verdict"].startswith(f"At {row['horizon_min']:g} min: ") and row["n_users"] == 6
    assert all(row["ratio"] in (None, NULL) for row in rows if row["method"] != "model")
    sentences = done.values["VERDICT"].split("\n")
    assert (
        sentences == [row["verdict"] for row in ours]
        and done.values["VERDICT"] in done.feedback.infos
    )
    text = report.read_text("utf-8")
    assert done.values["REPORT"] == str(report) and sentences[0] in text and "u00" not in text
    assert done.feedback.shares == sorted(done.feedback.shares) and done.values["N_USERS"] == 6


def test_tracks_without_a_user_are_told_apart(
    run: Callable[..., Any], layer: Any, make: Callable[..., Any], invented: Callable[..., Any], bundle: str,
    feedback: Any,
) -> None:  # fmt: skip
    known = run("raw:backtest", INPUT=layer, MODEL=bundle, HORIZON=10, STEP=5, FOLDS=2).rows()
    nobodys = make(invented(6, 60))
    nobodys.dataProvider().renameAttributes({nobodys.fields().indexOf("user_id"): "trajectory_id"})
    nobodys.updateFields()
    assert not any("each track counts as a user" in said for said in feedback.infos)
    assert (
        run("raw:backtest", INPUT=nobodys, MODEL=bundle, HORIZON=10, STEP=5, FOLDS=2).rows()
        == known
    )
    assert any("each track counts as a user" in said for said in feedback.infos)


def test_a_model_of_ones_own_is_warned_of(
    run: Callable[..., Any], layer: Any, bundle: str, feedback: Any, tmp_path: Path
) -> None:
    from raw_qgis_plugin.core.bundle.bundle import open_bundle
    from raw_qgis_plugin.core.bundle.checking import write_sums

    own = Path(shutil.copytree(open_bundle(bundle).path, tmp_path / "own"))
    weights = own / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x3d")  # another network, hardly
    write_sums(own)
    report = tmp_path / "report.html"
    run("raw:backtest", INPUT=layer, MODEL=str(own), HORIZON=10, STEP=5, REPORT=str(report))
    warned = [said for said in feedback.warnings if "is not the one that comes with RAW" in said]
    assert len(warned) == 1 and warned[0] in report.read_text("utf-8")


def test_what_cannot_be_tested_is_said(run: Callable[..., Any], layer: Any, bundle: str) -> None:
    with pytest.raises(QgsProcessingException, match="10 h later"):
        run("raw:backtest", INPUT=layer, MODEL=bundle, HORIZON=600, STEP=600)


def test_too_many_horizons_are_refused(run: Callable[..., Any], layer: Any, bundle: str) -> None:
    with pytest.raises(QgsProcessingException, match="STEP"):
        run("raw:backtest", INPUT=layer, MODEL=bundle, HORIZON=10, STEP=0.1)


def test_cancel_gives_nothing(
    run: Callable[..., Any], layer: Any, bundle: str, feedback: Any
) -> None:
    feedback.progressChanged.connect(lambda share: feedback.cancel() if share > 20 else None)
    assert (
        "VERDICT" not in run("raw:backtest", INPUT=layer, MODEL=bundle, HORIZON=10, STEP=5).values
    )


def test_the_card_has_a_line_a_sentence_a_horizon_and_a_warning_against_the_model(
    menu: Any,
) -> None:
    from raw_qgis_plugin.core.evaluation.verdicts import Advice, Verdict, to_json
    from raw_qgis_plugin.gui.dock.backtest_card import BacktestCard
    from raw_qgis_plugin.layers.styling import VERDICTS

    table = QgsVectorLayer("NoGeometry?field=horizon_min:double", "Backtest", "memory")
    assert BacktestCard(table, [], menu.iface).isHidden(), "verdicts are stored with the table"
    verdicts = (
        Verdict(300.0, Advice.MODEL, "it is nearer."),
        Verdict(600.0, Advice.TOO_FEW, "2 users."),
    )
    hint = "With the method 'simple'"
    for some, line, warns in (
        (verdicts, "<b>5 min: use the model; 10 min: too few cases to say.</b>", False),
        (
            [Verdict(300.0, Advice.SIMPLE, "<it> is nearer.")],
            "<b>5 min: use a simple method.</b>",
            True,
        ),
    ):
        table.setCustomProperty(VERDICTS, to_json(some))
        card = BacktestCard(table, ["a <warning>"], menu.iface)
        words = [label.text() for label in card.findChildren(QLabel)]
        assert (
            line in words
            and "a &lt;warning&gt;" in words
            and any(hint in text for text in words) is warns
        )
        assert sum(text.startswith("At ") for text in words) == len(some) and "<it>" not in str(
            words
        )
