# SPDX-License-Identifier: GPL-2.0-or-later
"""The evaluation of forecasts: every method on the same windows, and what a report says of them."""

import json

import pytest

from model.evaluate import main as evaluate
from model.evaluate.forecast import ZEROED
from raw_qgis_plugin.core.evaluation.verdicts import MODEL


def test_evaluation_compares_on_the_same_windows(nano_run, tracks_file, tmp_path, capsys):
    report = tmp_path / "report.json"
    evaluate(["forecast", "--tracks", str(tracks_file), "--bundle", str(nano_run / "bundle"), "--family", "15s",
              "--windows", "200", "--output", str(report)])  # fmt: skip
    result = json.loads(report.read_text())["15s"]
    means = {k: v["mean_m"] for k, v in result["methods"].items()}
    simple = [mean for name, mean in means.items() if name not in (MODEL, ZEROED)]
    assert result["ratio"] == pytest.approx(means[MODEL] / min(simple))
    assert result["interval"][0] < result["ratio"] < result["interval"][1]
    assert abs(means["RAW"] - means["RAW with its output at zero"]) > 0.05 * means["RAW"]
    assert "best simple" in capsys.readouterr().out


def test_of_days_the_zeroed_network_stays(days_file, tmp_path):
    report = tmp_path / "report.json"
    evaluate(
        [
            "forecast",
            "--tracks",
            str(days_file),
            "--family",
            "long",
            "--windows",
            "40",
            "--output",
            str(report),
        ]
    )
    methods = json.loads(report.read_text())["long"]["methods"]
    assert methods["RAW with its output at zero"] == pytest.approx(methods["persistence"], rel=1e-6)
