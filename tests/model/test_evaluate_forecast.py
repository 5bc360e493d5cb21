# SPDX-License-Identifier: GPL-2.0-or-later
"""The evaluation of forecasts: every method on the same windows, and what a report says of them."""

import json

import pytest

from model.evaluate import main as evaluate
from raw_qgis_plugin.core.evaluation.metrics import PAST, ZEROED
from raw_qgis_plugin.core.evaluation.plots import MODEL


def test_evaluation_compares_on_the_same_windows(nano_run, tracks_file, tmp_path, capsys):
    report = tmp_path / "report.json"
    evaluate(["forecast", "--tracks", str(tracks_file), "--bundle", str(nano_run / "bundle"), "--cadence", "15",
              "--windows", "200", "--paths", "--output", str(report)])  # fmt: skip
    result = json.loads(report.read_text())["15s"]
    means = {k: v["mean_m"] for k, v in result["methods"].items()}
    simple = [mean for name, mean in means.items() if name not in (MODEL, ZEROED, PAST)]
    assert result["ratio"] == pytest.approx(means[MODEL] / min(simple))
    assert result["interval"][0] < result["ratio"] < result["interval"][1]
    assert abs(means["RAW"] - means["RAW with its output at zero"]) > 0.05 * means["RAW"]
    assert "best simple" in capsys.readouterr().out
    paths = result["paths"]
    assert paths["windows"] == result["windows"] and len(paths["first_over_point"]) == 5
    assert all(h["ratio"] < 1.3 for h in paths["first_over_point"])
    assert 0.3 < paths["best_of_three_over_point"]["ratio"] < 1.0, "three paths come nearer than one point"
    assert abs(sum(b["paths"] for b in paths["reliability"]) / paths["windows"] - 3) < 1e-9


def test_of_days_the_zeroed_network_stays(days_file, tmp_path):
    report = tmp_path / "report.json"
    evaluate(["forecast", "--tracks", str(days_file), "--family", "long", "--windows", "40", "--output", str(report)])
    methods = json.loads(report.read_text())["long"]["methods"]
    assert methods["RAW with its output at zero"] == pytest.approx(methods["persistence"], rel=1e-6)
    assert "the layer's past alone" not in methods  # of days nothing is retrieved


def test_a_report_s_folder_is_looked_for_first(tmp_path, capsys):
    with pytest.raises(SystemExit):
        evaluate(["forecast", "--tracks", "nowhere.parquet", "--output", str(tmp_path / "reports" / "cabs")])
    assert "there is no folder" in capsys.readouterr().err
