# SPDX-License-Identifier: GPL-2.0-or-later
"""The evaluation of forecasts: every method on the same windows, and what a report says of them."""

import json

import pytest

from model.evaluate import main as evaluate
from raw_qgis_plugin.core.evaluation.verdicts import MODEL


def test_evaluation_compares_on_the_same_windows(nano_run, tracks_file, tmp_path, capsys):
    report = tmp_path / "report.json"
    evaluate(["forecast", "--tracks", str(tracks_file), "--bundle", str(nano_run / "bundle"), "--family", "15s",
              "--windows", "200", "--output", str(report)])  # fmt: skip
    result = json.loads(report.read_text())["15s"]
    means = {k: v["mean_m"] for k, v in result["methods"].items()}
    simple = [mean for name, mean in means.items() if name != MODEL]
    assert result["ratio"] == pytest.approx(means[MODEL] / min(simple))
    assert result["interval"][0] < result["ratio"] < result["interval"][1]
    assert "best simple" in capsys.readouterr().out
