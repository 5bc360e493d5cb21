# SPDX-License-Identifier: GPL-2.0-or-later
"""Flipped, cut, emptied and lost files: caches, shards and checkpoints serve nothing wrong, and say
what they did.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from small import write_bundle, write_tracks  # noqa: E402

from model.data import corpus  # noqa: E402
from model.data.batches import Batches  # noqa: E402
from model.pretrain import arguments  # noqa: E402
from model.training.run import TrainingRun, open_world  # noqa: E402
from raw_qgis_plugin.core.bundle.bundle import open_bundle  # noqa: E402
from raw_qgis_plugin.core.bundle.runtime import Model  # noqa: E402
from raw_qgis_plugin.core.embedding import cache  # noqa: E402
from raw_qgis_plugin.core.errors import InputError  # noqa: E402
from raw_qgis_plugin.core.sources.readers import read  # noqa: E402

Rounds = Callable[[int, int], int]


def damage(data: bytes, chance: Random) -> tuple[str, bytes]:
    """A way in which disks and copies damage files, and what it leaves of `data`."""
    how = chance.choice(["a bit", "a bit", "50 bits", "cut", "zeros", "noise", "empty"])
    changed, at = bytearray(data), chance.randrange(len(data))
    if how in ("a bit", "50 bits"):
        for _ in range(1 if how == "a bit" else 50):
            changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif how == "cut":
        del changed[at:]
    elif how == "empty":
        changed.clear()
    else:
        block = min(512, len(data) - at)
        changed[at : at + block] = bytes(block) if how == "zeros" else chance.randbytes(block)
    return how, bytes(changed)


def refuse(message: str) -> None:
    raise AssertionError(f"nothing was to be warned of: {message}")


@pytest.fixture(scope="module")
def tracks_file(tmp_path_factory: Any) -> Path:
    return write_tracks(tmp_path_factory.mktemp("tracks") / "tracks.parquet")


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: Any, tracks_file: Path) -> tuple[Any, Any, bytes, np.ndarray]:
    """Tracks, a model, its whole cache, and what it holds."""
    folder = tmp_path_factory.mktemp("cache")
    model, tracks = (
        Model(open_bundle(write_bundle(folder / "bundle")), "cpu", 1),
        read(tracks_file)[0],
    )
    vectors = cache.embed_cached(tracks, model, folder, warn=refuse)
    return tracks, model, (folder / cache.FILE).read_bytes(), vectors


def test_a_damaged_cache_serves_no_wrong_vector(
    embedded: tuple, tmp_path: Path, rounds: Rounds
) -> None:
    tracks, model, whole, vectors = embedded
    cases = rounds(20, 150)
    for case in range(cases):
        how, data = damage(whole, Random(case))
        file = tmp_path / f"{case}" / cache.FILE
        file.parent.mkdir()
        file.write_bytes(data)
        said: list[str] = []
        for warn in (said.append, said.append, refuse):  # whole again at the end
            found = cache.embed_cached(tracks, model, file.parent, warn=warn)
            np.testing.assert_allclose(found, vectors, atol=1e-5, err_msg=f"{how}, case {case}")
        assert len(said) <= 1, said


@pytest.fixture(scope="module")
def run(tmp_path_factory: Any, tracks_file: Path) -> Path:
    """A run of raw-nano with a checkpoint of step 4."""
    folder = tmp_path_factory.mktemp("run")
    training, batches = new_run(folder), Batches([corpus.load(str(tracks_file), cache=folder)], 512)
    for number in range(4):
        training.train_on(iter([batches.batch(number)]), 1e-3)
    training.save()
    return folder


def new_run(folder: Path) -> TrainingRun:
    words = [
        "--preset",
        "raw-nano",
        "--device",
        "cpu",
        "--no-compile",
        "--corpus",
        "x",
        "--output",
        str(folder),
    ]
    return TrainingRun(arguments(words), open_world("cpu"))


def resumed(folder: Path) -> TrainingRun:
    """A new run that goes on from the checkpoint in a folder."""
    run = new_run(folder)
    run.resume()
    return run


def same(run: TrainingRun, other: TrainingRun) -> bool:
    ours, theirs = run.tensors(), other.tensors()
    return run.progress.step == other.progress.step and all(
        torch.equal(values, theirs[name]) for name, values in ours.items()
    )


def test_a_damaged_checkpoint_is_refused(run: Path, tmp_path: Path, rounds: Rounds) -> None:
    file, refused, cases = run / "state.safetensors", 0, rounds(10, 100)
    last, whole = file.read_bytes(), resumed(run)
    header = 8 + int.from_bytes(last[:8], "little")
    for case in range(cases):
        chance = Random(case)
        how, changed = damage(last, chance)
        if case % 3 == 0:  # the header is small, and every bit of it counts
            how, changed = damage(last[:header], chance)
            changed += last[header:]
        (tmp_path / file.name).write_bytes(changed)
        try:
            found = resumed(tmp_path)
        except InputError as error:
            refused += "damaged or no checkpoint" in str(error)
            continue
        assert same(found, whole), f"{how}, case {case}"  # as a space of the header
    assert refused > 0.8 * cases


@pytest.mark.parametrize("how", ["of 2^60 bytes", "of 90 MB", "another network"])
def test_crafted_checkpoints_are_refused(run: Path, tmp_path: Path, how: str) -> None:
    data = (run / "state.safetensors").read_bytes()
    header = 8 + int.from_bytes(data[:8], "little")
    told = json.loads(data[8:header])
    if how == "another network":
        told["__metadata__"]["about"] = told["__metadata__"]["about"].replace(
            '"width": 48', '"width": 30000'
        )
    text = b"[" * 90_000_000 if how == "of 90 MB" else json.dumps(told).encode()
    length = 2**60 if how == "of 2^60 bytes" else len(text)
    (tmp_path / "state.safetensors").write_bytes(
        length.to_bytes(8, "little") + text + data[header:]
    )
    with pytest.raises(InputError, match="damaged or no checkpoint"):
        resumed(tmp_path)
