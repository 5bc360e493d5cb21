# SPDX-License-Identifier: GPL-2.0-or-later
"""The published method as a row to compare with: it learns, rolls out as it should, and stands in the report."""

import json

import numpy as np
import pytest
import torch

from model.config import PRESETS
from model.evaluate import main as evaluate
from model.evaluate.windows import cut
from model.experiments.raw_paper import Paper, forecast_windows, load
from model.experiments.raw_paper import main as train
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.sources.readers import read


@pytest.fixture(scope="module")
def trained(days_file, tmp_path_factory):
    run = tmp_path_factory.mktemp("paper") / "run"
    train(["--corpus", str(days_file), "--preset", "raw-nano", "--steps", "120", "--points", "3904",
           "--tell-every", "40", "--output", str(run)])  # fmt: skip
    return run


def test_the_loss_falls(days_file, tmp_path, capsys):
    train(["--corpus", str(days_file), "--preset", "raw-nano", "--steps", "60", "--points", "1952",
           "--tell-every", "20", "--output", str(tmp_path)])  # fmt: skip
    told = [json.loads(x) for x in capsys.readouterr().out.splitlines()]
    losses = [x["loss"] for x in told if "loss" in x]
    assert len(losses) == 3 and losses[-1] < 0.3 * losses[0] and told[-1]["step"] == 60


def test_keys_and_values_of_the_past_change_nothing(trained, days_file):
    network = load(trained)
    w = cut(read(str(days_file))[0], "long", limit=12)
    lon, lat = forecast_windows(network, w)
    row = int(np.isnan(w.lon).sum(axis=1).argmax())  # the most padding
    x = network.scaled(w.lon[row], w.lat[row])[~torch.from_numpy(np.isnan(w.lon[row]))][None]
    for _ in range(10):
        guess, _ = network(x, torch.arange(x.shape[1])[None])
        x = torch.cat([x, guess[:, -1:]], dim=1)
    places = network.degrees(x[0, -10:].detach())[[0, 1, 3, 5, 7, 9]]
    np.testing.assert_allclose(np.stack([lon[row], lat[row]], -1), places, atol=2e-6)


def test_the_box_is_there_and_back():
    network = Paper(PRESETS["raw-nano"], np.array([[9.0, 49.0], [11.0, 52.0]]))
    lon, lat = np.array([9.0, 10.0, 11.5]), np.array([49.0, 50.5, 50.0])
    np.testing.assert_allclose(network.scaled(lon, lat)[0], [-1, -1])
    np.testing.assert_allclose(network.degrees(network.scaled(lon, lat)), np.stack([lon, lat], -1), atol=1e-6)


def test_its_row_stands_in_the_evaluation(trained, days_file, tmp_path):
    report = tmp_path / "report"
    evaluate(["forecast", "--tracks", str(days_file), "--family", "long", "--windows", "40", "--per-user", "2",
              "--raw-paper", str(trained), "--output", str(report)])  # fmt: skip
    result = json.loads(report.with_suffix(".json").read_text())["long"]
    methods = result["methods"]
    assert methods["raw-paper"]["mean_m"] > 0 and result["best_simple"] != "raw-paper"
    assert {"RAW", "RAW with its output at zero", "Markov chain over places"} <= methods.keys()
    assert methods["RAW"].keys() == {"mean_m", "median_m", "p90_m"} and len(result["horizons"]) == 6
    page = report.with_suffix(".html").read_text("utf-8")
    assert "raw-paper" in page and page.count("<figure>") == 3 and "long (15-minute sequences)" in page


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(InputError, match="no run of"):
        load(tmp_path)


def test_a_run_is_not_written_over(trained, days_file):
    with pytest.raises(InputError, match="holds a run already"):
        train(["--corpus", str(days_file), "--preset", "raw-nano", "--steps", "1", "--output", str(trained)])
