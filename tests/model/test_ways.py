# SPDX-License-Identifier: GPL-2.0-or-later
"""Ways that the layer's tracks went before are weighed as they deserve, whatever the model, left and right alike."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from model import ways
from model.data.corpus import load
from model.ways import Listening, WayHead, errors_m, lessons, main, mirrored, teach
from raw_qgis_plugin.core.bundle import runtime
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.forecasting.neighbours import ALIKE

from .conftest import write_tracks

DRIVERS, TRIPS, FIXES, BLOCK_M = 30, 6, 60, 300.0


@pytest.fixture(scope="module")
def streets(tmp_path_factory):
    """Drivers, a fix each 15 s, who turn where everybody turns: right, left and so on, every 300 m on average."""
    rng = np.random.default_rng(0)
    turns = rng.permutation(np.tile([-1, 1], 20))
    heading = np.cumsum(np.concatenate([[0], turns])) * np.pi / 2
    corners = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=1) * BLOCK_M, axis=0)
    along = np.append(0, np.cumsum(np.hypot(*np.diff(corners, axis=0).T)))
    begin, speed = rng.uniform(0, 2000, (DRIVERS, TRIPS, 1)), rng.uniform(8, 12, (DRIVERS, TRIPS, 1))
    way = begin + speed * 15 * np.arange(FIXES)
    x, y = (np.interp(way, along, corners[:, c]) + rng.normal(0, 4, way.shape) for c in (0, 1))
    t = 1_700_000_000_000 + np.arange(TRIPS)[:, None] * 86_400_000 + np.arange(FIXES) * 15_000
    t = np.broadcast_to(t, way.shape) + np.arange(DRIVERS)[:, None, None] * 600_000
    columns = {
        "user_id": np.repeat([f"u{i}" for i in range(DRIVERS)], TRIPS * FIXES), "t": t.ravel(),
        "lon": 10 + x.ravel() / 111_320, "lat": y.ravel() / 110_574,
    }  # fmt: skip
    path = tmp_path_factory.mktemp("streets") / "streets.parquet"
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture(scope="module")
def learned(streets, tmp_path_factory):
    source = load(str(streets), cache=tmp_path_factory.mktemp("cache"))
    return lessons(source, Listening(open_bundle(), "cpu"), 15, 3000, np.random.default_rng(0))


def without(some):
    return np.hypot(*(some.point - some.target).T)


def test_who_turns_where_others_turned_is_known(learned):
    assert len(learned.point) > 1000 and (learned.ways[..., ALIKE].max(axis=1) > 0).all()
    order = np.random.default_rng(0).permutation(len(learned.point))
    rest, apart = learned.take(order[500:]), learned.take(order[:500])
    told = []
    head = teach(rest, 12, 0, told.append, apart)
    assert errors_m(head, apart).mean() < 0.7 * without(apart).mean()
    assert told[-1]["share"] < told[0]["share"] and told[-1]["epoch"] == 12


def test_left_and_right_are_exchanged(learned):
    some = learned.take(np.arange(50))
    other = mirrored(some)
    np.testing.assert_allclose(without(other), without(some))
    np.testing.assert_allclose(mirrored(other).ways, some.ways)
    assert (other.ways[..., 1] == -some.ways[..., 1]).all() and (some.ways[..., 0] == other.ways[..., 0]).all()


def test_ways_that_are_alike_by_nothing_change_nothing(learned):
    some = learned.take(np.arange(20))
    some.ways[:] = 0.0
    torch.manual_seed(0)
    head = WayHead()
    for last in (head.weigh_way[-1], head.weigh_own[-1]):
        torch.nn.init.normal_(last.weight)
    with torch.no_grad():
        answer = head(*(torch.from_numpy(a) for a in (some.query, some.point, some.expected, some.ways)))
    np.testing.assert_allclose(answer.numpy(), some.point, atol=1e-2)


def test_the_command_leaves_a_file_that_any_model_asks(streets, learned, tmp_path, monkeypatch, capsys):
    few = ["--lessons", "2000", "--epochs", "4", "--cache", str(tmp_path / "cache")]
    main(["--corpus", str(streets), "--output", str(tmp_path / "ways"), *few])
    card = json.loads((tmp_path / "ways" / "card.json").read_text())
    assert card["lessons"] > 200 and card["corpus"][0].endswith("/streets.parquet") and card["share_of_error"] < 1
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert said[0]["cadence_s"] == 15 and said[-1]["epochs"] == 4
    monkeypatch.setattr(runtime, "WAYS", tmp_path / "ways" / "ways.onnx")
    some = learned.take(np.arange(300))
    answer = Model(open_bundle(), "cpu").weigh_ways(some.query, some.point, some.expected, some.ways)
    assert np.hypot(*(answer - some.target).T).mean() < without(some).mean()


def test_who_has_no_company_teaches_nothing(tmp_path, monkeypatch):
    one = write_tracks(tmp_path / "one.parquet", users=1, fixes=60)
    with pytest.raises(InputError, match="too few trips"):
        main(["--corpus", str(one), "--output", str(tmp_path / "w"), "--cache", str(tmp_path)])
    monkeypatch.setattr(ways, "open_bundle", lambda _: SimpleNamespace())
    with pytest.raises(InputError, match="is a file"):
        main(["--corpus", "nothing", "--output", str(one)])
