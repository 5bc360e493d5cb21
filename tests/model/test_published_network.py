# SPDX-License-Identifier: GPL-2.0-or-later
"""The network as published (preset raw-paper): it learns, resumes, rolls out, and is a row of the
evaluation.
"""

import json
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pytest
import torch

from model.evaluate import main as evaluate
from model.evaluate.forecast import cut
from model.export import main as export
from model.network.config import PRESETS, Config
from model.pretrain import main as pretrain
from model.training.checkpoint import load_network
from model.training.published import forecast_windows, into_box, out_of_box
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.sources.readers import read

from .conftest import pretrain_until

NANO = Config("raw-paper", layers=2, width=48, heads=2, hidden=128, features=2, positions=960)


@pytest.fixture(scope="module")
def run(days_file, tmp_path_factory):
    """Stopped after half of its steps and resumed, with its lines of progress in lines.json."""
    folder = tmp_path_factory.mktemp("paper") / "run"
    few = [
        "--preset",
        "raw-paper",
        "--steps",
        "60",
        "--points",
        "1920",
        "--device",
        "cpu",
        "--validate-every",
        "20",
    ]
    printed = StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.setitem(PRESETS, "raw-paper", NANO)
        arguments = [*few, "--corpus", str(days_file), "--output", str(folder)]
        pretrain_until(15, arguments)
        pretrain([*arguments, "--resume"])
    (folder / "lines.json").write_text(
        json.dumps([json.loads(line) for line in printed.getvalue().splitlines()])
    )
    return folder


def test_the_loss_falls_and_no_bundle_is_made(run, tmp_path):
    lines = json.loads((run / "lines.json").read_text())
    losses = [line["loss"] for line in lines if "loss" in line]
    assert len(losses) == 3 and losses[-1] < 0.3 * losses[0] and lines[-1] == {"run": str(run)}
    with pytest.raises(InputError, match="makes no bundle"):
        export(["--run", str(run), "--output", str(tmp_path / "bundle")])


def test_a_rollout_goes_on_from_its_own_places(run, days_file):
    network, about = load_network(run / "state.safetensors")
    w = cut(read(str(days_file))[0], "long", limit=3)
    lon, lat = forecast_windows(run, w)
    row = int(np.isnan(w.lon).sum(axis=1).argmax())  # the most padding
    known, box = ~np.isnan(w.lon[row]), np.array(about["box"])
    x = into_box(
        box, np.append(w.lon[row][known], lon[row, 0]), np.append(w.lat[row][known], lat[row, 0])
    )
    with torch.no_grad():
        states, _, _ = network.encode(torch.from_numpy(x)[None], torch.arange(len(x))[None])
    second = out_of_box(box, network.head_out(states[0, -1]).detach().numpy())
    np.testing.assert_allclose([lon[row, 1], lat[row, 1]], second, atol=2e-6)


def test_the_box_is_there_and_back():
    box = np.array([[9.0, 49.0], [11.0, 52.0]])
    lon, lat = np.array([9.0, 10.0, 11.5]), np.array([49.0, 50.5, 50.0])
    np.testing.assert_allclose(into_box(box, lon, lat)[0], [-1, -1])
    np.testing.assert_allclose(
        out_of_box(box, into_box(box, lon, lat)), np.stack([lon, lat], -1), atol=1e-6
    )


def test_it_is_a_row_of_the_evaluation(run, nano_run, days_file, tmp_path):
    report = tmp_path / "report"
    evaluate(["forecast", "--tracks", str(days_file), "--family", "long", "--windows", "40", "--per-user", "2",
              "--raw-paper", str(run), "--output", str(report)])  # fmt: skip
    result = json.loads(report.with_suffix(".json").read_text())["long"]
    assert result["methods"]["raw-paper"]["mean_m"] > 0 and result["best_simple"] != "raw-paper"
    with pytest.raises(InputError, match="no run of the preset raw-paper"):
        forecast_windows(nano_run, cut(read(str(days_file))[0], "long", limit=2))
