# SPDX-License-Identifier: GPL-2.0-or-later
"""What users of 0.2.0 have on their disks goes on: their models answer the same, and their caches are made anew.

The files were made by make_020.py with the code of 0.2.0. Runs are resumed in tests/model/test_compat.py, projects are
opened in tests/qgis/test_compat.py.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from compat import make_020
from golden import compare, layers, record

from raw_qgis_plugin.core.embedding import cache

FOLDER = make_020.FOLDER


@pytest.fixture(scope="module")
def recorded() -> record.Answers:
    with np.load(FOLDER / "answers.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def answers() -> record.Answers:
    return make_020.answers(FOLDER)


@pytest.fixture(scope="module")
def tracks() -> record.Tracks:
    return layers.some_users(layers.read(FOLDER / "tracks.parquet")[0], make_020.CACHED)


def part(said: record.Answers, name: str) -> record.Answers:
    return {column.removeprefix(name + "/"): values for column, values in said.items() if column.startswith(name)}


def test_a_model_opens_with_all_that_it_brings() -> None:
    bundle = record.open_bundle(FOLDER / "bundle.zip")
    assert [head["name"] for head in bundle.heads("user")] == ["metres", "drives"]  # the latest first
    brought = {"neighbours.onnx", "typical_ways.bin", "weights.safetensors", "README.md"}
    assert brought <= {path.name for path in bundle.path.iterdir()}


def test_it_embeds_and_answers_the_same(recorded: record.Answers, answers: record.Answers) -> None:
    assert answers.keys() - recorded.keys() == {"profile/why", "profile/evidence"}
    width = record.open_bundle(FOLDER / "bundle.zip").card["width"]
    before, now = (said["embedding"] for said in (recorded, answers))
    assert not compare.wrong_embeddings(before, now, width).any()
    before, now = part(recorded, "profile"), part(answers, "profile")
    for name, values in before.items():
        numbers = values.dtype.kind == "f" and now[name].shape == values.shape
        same = not compare.wrong_numbers(values, now[name]).any() if numbers else np.array_equal(values, now[name])
        assert same, compare.difference(name, values, now[name])
    assert {"yes", "no"} >= set(before["drives"]) and np.isfinite(before["metres"]).all()


def test_it_forecasts_near_where_it_did(recorded: record.Answers, answers: record.Answers) -> None:
    """Today's engine answers with the networks of then otherwise: what they say of the same questions is alike."""
    before, now = part(recorded, "forecast"), part(answers, "forecast")
    for name in ("track", "t", "horizon_s", "in_domain"):
        assert np.array_equal(before[name], now[name])
    off = np.hypot(*(compare.metres(before[name], now[name], name == "lon", before["lat"]) for name in ("lon", "lat")))
    assert np.quantile(off / before["radius80_m"], 0.9) < 0.5
    assert (now["radius50_m"] > 0).all() and (now["radius80_m"] >= now["radius50_m"]).all()
    assert (now["area50_m2"] > 0).all() and (now["area80_m2"] > now["area50_m2"]).all()


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A copy of the cache: using it changes it."""
    return Path(shutil.copytree(FOLDER / "cache", tmp_path / "cache"))


def refuse(message: str) -> None:
    raise AssertionError(f"nothing was to be warned of: {message}")


@pytest.mark.parametrize("bundle", [None, FOLDER / "bundle.zip"], ids=["shipped", "own"])
def test_a_cache_is_replaced_in_words(kept: Path, tracks: record.Tracks, bundle: Path | None) -> None:
    """Its embeddings depended on who stood next in the table; what takes their place is used the next time."""
    model, said = record.Model(record.open_bundle(bundle), "cpu", 1), []
    for warn in (said.append, refuse):
        found = cache.embed_cached(tracks, model, kept, warn=warn)
        assert not compare.wrong_embeddings(record.embed(tracks, model), found, model.card["width"]).any()
    assert len(said) == 1 and "computed anew" in said[0]
