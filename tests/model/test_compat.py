# SPDX-License-Identifier: GPL-2.0-or-later
"""A training run that 0.2.0 was stopped in goes on (tests/compat)."""

import json
import shutil

from compat import make_020
from safetensors import safe_open

from model.config import PRESETS
from model.pretrain import main as pretrain
from raw_qgis_plugin.core.bundle.bundle import open_bundle


def test_a_run_is_resumed_and_makes_a_bundle(tmp_path, lines, monkeypatch):
    monkeypatch.setitem(PRESETS, "raw-nano", PRESETS["raw-nano"])  # put back after the test
    make_020.tiny(PRESETS)
    run = shutil.copytree(make_020.FOLDER / "run", tmp_path / "run")
    corpus = ["--corpus", str(make_020.FOLDER / "tracks.parquet"), "--output", str(run)]
    pretrain([*make_020.RUN, *corpus, "--resume"])
    assert [line["step"] for line in lines() if "loss" in line] == [8]  # the first four steps were made before
    with safe_open(run / "state.safetensors", "np") as file:
        about = json.loads(file.metadata()["about"])
    assert about["step"] == 8 and len(about["watch"]["losses"]) == 2
    card = open_bundle(run / "bundle").card
    assert card["training"]["step"] == 8 and card["calibration"]
