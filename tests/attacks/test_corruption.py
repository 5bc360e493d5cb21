# SPDX-License-Identifier: GPL-2.0-or-later
"""Flipped, cut, emptied and lost files: caches, shards and checkpoints serve nothing wrong, and say what they did."""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from compat import make_020  # noqa: E402
from golden import layers, record  # noqa: E402

from model.config import PRESETS  # noqa: E402
from model.data import corpus  # noqa: E402
from model.data.batches import Batches  # noqa: E402
from model.pretrain import parser  # noqa: E402
from model.training.checkpoint import before, load_network, save_weights  # noqa: E402
from model.training.distributed import open_world  # noqa: E402
from model.training.run import TrainingRun  # noqa: E402
from raw_qgis_plugin.core.embedding import cache  # noqa: E402
from raw_qgis_plugin.core.errors import InputError  # noqa: E402

TRACKS = make_020.FOLDER / "tracks.parquet"


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


# ---- the cache of embeddings --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: Any) -> tuple[Any, Any, bytes, np.ndarray]:
    """Tracks, a model of 0.2.0, its whole cache, and what it holds."""
    model = record.Model(record.open_bundle(make_020.FOLDER / "bundle.zip"), "cpu", 1)
    tracks, folder = layers.read(TRACKS)[0], tmp_path_factory.mktemp("cache")
    vectors = cache.embed_cached(tracks, model, folder, warn=refuse)
    return tracks, model, (folder / cache.FILE).read_bytes(), vectors


def test_a_damaged_cache_serves_no_wrong_vector(
    embedded: tuple, tmp_path: Path, rounds: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracks, model, whole, vectors = embedded
    keys, embed, again = cache.unit_keys(tracks, b""), cache.embed, 0
    right = {key: {vector.tobytes()} for key, vector in zip(keys, vectors, strict=True)}
    asked: list[int] = []

    def noting(some: Any, *rest: Any) -> np.ndarray:
        made = embed(some, *rest)
        for key, vector in zip(cache.unit_keys(some, b""), made, strict=True):
            right[key].add(vector.tobytes())  # equal to rounding
        asked.append(some.n_tracks)
        return made

    def wrong(found: np.ndarray) -> int:
        return sum(vector.tobytes() not in right[key] for key, vector in zip(keys, found, strict=True))

    monkeypatch.setattr(cache, "embed", noting)
    cases = rounds(20, 150)
    for case in range(cases):
        how, data = damage(whole, Random(case))
        file = tmp_path / f"{case}" / cache.FILE
        file.parent.mkdir()
        file.write_bytes(data)
        said: list[str] = []
        for _ in range(2):
            assert not wrong(cache.embed_cached(tracks, model, file.parent, warn=said.append)), f"{how}, case {case}"
        assert len(said) <= 1, said
        again += bool(asked or said)
        asked.clear()
        assert not wrong(cache.embed_cached(tracks, model, file.parent, warn=refuse))
        assert not asked, f"{how}, case {case}: not for good"
        shutil.rmtree(file.parent)
    assert again > cases / 2


OTHERWISE = {
    "another table": "DROP TABLE units; CREATE TABLE units (a)",
    "a view": "ALTER TABLE units RENAME TO u2; CREATE VIEW units AS SELECT * FROM u2",
    "zeros": "UPDATE units SET vector = zeroblob(length(vector))",
    "text": "UPDATE units SET vector = 'abc'",
    "rows exchanged": "UPDATE units SET vector = (SELECT vector FROM units u WHERE u.rowid = units.rowid % 84 + 1)",
    "used in a far future": "UPDATE units SET used = 99999999999",
    "a log of its own": "PRAGMA journal_mode = WAL",
    "another version": "PRAGMA user_version = 3",
}


@pytest.mark.parametrize("how", [*OTHERWISE, "a journal of noise", "a folder"])
def test_a_cache_that_is_another_file_serves_nothing_wrong(how: str, embedded: tuple, tmp_path: Path) -> None:
    tracks, model, whole, vectors = embedded
    file = tmp_path / cache.FILE
    file.write_bytes(whole)
    if how in OTHERWISE:
        with closing(sqlite3.connect(file)) as database:
            database.executescript(OTHERWISE[how])
    elif how == "a folder":
        file.unlink()
        file.mkdir()
    else:
        Path(f"{file}-journal").write_bytes(Random(0).randbytes(5000))
    said: list[str] = []
    for _ in range(2):
        np.testing.assert_allclose(cache.embed_cached(tracks, model, tmp_path, warn=said.append), vectors, atol=1e-5)
    assert len(said) <= 1 + (how == "a folder"), said


@pytest.mark.parametrize("column", ["fixes", "recipe", "vector"])
def test_every_bit_of_a_row_is_under_the_checksum(column: str, embedded: tuple) -> None:
    """Also its keys: an index that leads to another row serves no vector of somebody else."""
    width = embedded[3].shape[1]
    row = {"fixes": b"f" * 16, "recipe": b"r" * 16, "vector": embedded[3][0].tobytes()}
    sealed = cache._seal(*row.values())
    assert (cache._open_sealed(row["fixes"], row["recipe"], sealed, width) == embedded[3][0]).all()
    chance = Random(0)
    for _ in range(200):
        data = bytearray(row[column] if column != "vector" else sealed)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        bad = {**row, "vector": sealed, column: bytes(data)}
        assert cache._open_sealed(bad["fixes"], bad["recipe"], bad["vector"], width) is None


# ---- shards -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tokenised(tmp_path_factory: Any) -> Path:
    folder = tmp_path_factory.mktemp("shards")
    drawn(folder)
    return folder


def drawn(folder: Path) -> list[Any]:
    """Two batches from the shards in a folder, one of a view that is made for it."""
    batches = Batches([corpus.load(str(TRACKS), cache=folder)], 512)
    return [batches.batch(0, 30), batches.batch(1, 900, filled=True)]


def alike(some: list[Any], others: list[Any]) -> bool:
    return all(np.array_equal(vars(a)[name], vars(b)[name], equal_nan=name != "piece") if vars(a)[name] is not None
               else vars(b)[name] is None for a, b in zip(some, others, strict=True) for name in vars(a))  # fmt: skip


def test_a_damaged_shard_is_told_and_made_again(
    tokenised: Path, tmp_path: Path, rounds: Callable, capsys: pytest.CaptureFixture
) -> None:
    truth, chance = drawn(tokenised), Random(1)
    names = sorted(path.relative_to(tokenised) for path in tokenised.rglob("*") if path.is_file())
    assert len(names) > 20  # shards and views
    cases = rounds(14, 100)
    for case in range(cases):
        folder = Path(shutil.copytree(tokenised, tmp_path / str(case)))
        name = chance.choice(names)
        file, data = folder / name, (folder / name).read_bytes()
        how, changed = damage(data, chance)
        file.write_bytes(changed)
        if case % 7 == 0:
            how, changed = "gone", b"?"
            file.unlink()
        capsys.readouterr()
        assert alike(drawn(folder), truth), f"{name} {how}, case {case}"
        said = capsys.readouterr().err
        assert said.count("is damaged. It is made again from the tracks.") == said.count("\n") == (changed != data), (
            said
        )
        assert file.read_bytes() == data
        assert alike(drawn(folder), truth) and not capsys.readouterr().err
        shutil.rmtree(folder)


def test_pickles_in_shards_do_not_run(tokenised: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder = Path(shutil.copytree(tokenised, tmp_path / "shards"))
    mark = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple:
            return Path.touch, (mark,)

    for file in [*folder.rglob("*.npy")]:
        np.save(file, np.array([Evil()], object), allow_pickle=True)
    assert alike(drawn(folder), drawn(tokenised)) and not mark.exists()


# ---- checkpoints --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory: Any) -> Iterator[Path]:
    """A run of a tiny network, with checkpoints of steps 2 and 4, and its weights as in a bundle."""
    folder, nano = tmp_path_factory.mktemp("run"), PRESETS["raw-nano"]
    make_020.tiny(PRESETS)
    training, batches = new_run(folder), Batches([corpus.load(str(TRACKS), cache=folder)], 512)
    for number in range(4):
        training.train_on(iter([batches.batch(number)]), 1e-3)
        if number % 2:
            training.save({"watch": {}})
    save_weights(training.network, folder)
    yield folder
    PRESETS["raw-nano"] = nano


def new_run(folder: Path) -> TrainingRun:
    arguments = ["--preset", "raw-nano", "--device", "cpu", "--corpus", "x", "--output", str(folder)]
    return TrainingRun(
        argparse.Namespace(**vars(parser().parse_args(arguments)) | {"compile": False}), open_world("cpu")
    )


def resumed(folder: Path) -> tuple[TrainingRun, list[dict]]:
    """A new run that goes on from the checkpoint in a folder, and what it said."""
    said: list[dict] = []
    run = new_run(folder)
    run.resume(said.append)
    return run, said


def state(run: TrainingRun) -> dict[str, Any]:
    return {name: tensor.clone() for name, tensor in run._tensors()} | {"step": run.step, "seconds": run.seconds}


def equal(some: dict[str, Any], others: dict[str, Any]) -> bool:
    return some.keys() == others.keys() and all(
        torch.equal(a, others[name]) if isinstance(a, torch.Tensor) else a == others[name] for name, a in some.items()
    )


def test_a_damaged_checkpoint_gives_way_to_the_one_before(run: Path, tmp_path: Path, rounds: Callable) -> None:
    file = run / "state.safetensors"
    last, first = (path.read_bytes() for path in (file, before(file)))
    header = 8 + int.from_bytes(last[:8], "little")
    (tmp_path / file.name).write_bytes(first)
    older = state(resumed(tmp_path)[0])
    newer, said = resumed(run)
    newer = state(newer)
    assert (older["step"], newer["step"], said) == (2, 4, [])
    back = refused = 0
    cases = rounds(14, 100)
    for case in range(cases):
        chance = Random(case)
        how, changed = damage(last, chance)
        if case % 3 == 0:  # the header is small, and every bit of it counts
            how, changed = damage(last[:header], chance)
            changed += last[header:]
        if changed == last:
            continue
        folder = tmp_path / str(case)
        folder.mkdir()
        (folder / file.name).write_bytes(changed)
        before(folder / file.name).write_bytes(first)
        found, said = resumed(folder)
        if said:
            assert equal(state(found), older), f"{how}, case {case}"
            assert len(said) == 1 and "resumes from the one before, of step 2" in said[0]["warning"]
            assert (folder / file.name).read_bytes() == first, "a save deletes the one before, and may fail"
            back += 1
        else:  # as a space of the header
            assert equal(state(found), newer), f"{how}, case {case}"
        if said:
            (folder / file.name).write_bytes(changed)
            with pytest.raises(InputError, match="None before it is kept: start again with another --output"):
                resumed(folder)
            refused += 1
        shutil.rmtree(folder)
    assert back == refused > 0.9 * cases


CRAFTED: list[dict[str, Any]] = [
    {"config": []}, {"config": "x"}, {"config": {"width": 10**6}}, {"step": "x"}, {"step": None}, {"watch": []},
    {"seconds": float("nan")}, {"seconds": -1e9}, {"seconds": float("inf")}, {"calibration": []}, {"before": 3},
]  # fmt: skip


@pytest.mark.parametrize("change", CRAFTED, ids=str)
def test_what_is_told_of_a_run_is_checked(run: Path, tmp_path: Path, change: dict) -> None:
    """As in a checkpoint of 0.2.0, which has no checksum."""
    data = (run / "state.safetensors").read_bytes()
    header = 8 + int.from_bytes(data[:8], "little")
    told = json.loads(data[8:header])
    about = json.loads(told["__metadata__"]["about"]) | change
    text = json.dumps(told | {"__metadata__": {"about": json.dumps(about)}}).encode()
    (tmp_path / "state.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data[header:])
    with pytest.raises(InputError):
        resumed(tmp_path)


@pytest.mark.parametrize("how", ["of 2^60 bytes", "of 90 MB", "deep", "a list"])
def test_other_headers_are_refused(run: Path, tmp_path: Path, how: str) -> None:
    data = (run / "state.safetensors").read_bytes()
    header = 8 + int.from_bytes(data[:8], "little")
    about = {"deep": "[" * 100_000, "a list": "[]"}.get(how, "")
    text = json.dumps(json.loads(data[8:header]) | {"__metadata__": {"about": about}}).encode()
    made = len(text).to_bytes(8, "little") + text + data[header:]
    if how == "of 2^60 bytes":
        made = (2**60).to_bytes(8, "little") + data[8:]
    elif how == "of 90 MB":
        made = (90_000_000).to_bytes(8, "little") + b"[" * 90_000_000
    (tmp_path / "state.safetensors").write_bytes(made)
    with pytest.raises(InputError, match="damaged or no checkpoint"):
        resumed(tmp_path)


@pytest.mark.parametrize(
    "change",
    [{"width": 30_000}, {"layers": 10**9}, {"width": -1}, {"heads": 0}, {"width": "x"}, {"y": 1}, {"layers": 0}],
    ids=str,
)
def test_weights_of_another_size_than_is_told_cost_nothing(run: Path, tmp_path: Path, change: dict) -> None:
    data = (run / "weights.safetensors").read_bytes()
    header = 8 + int.from_bytes(data[:8], "little")
    told = json.loads(data[8:header])
    config = json.loads(told["__metadata__"]["about"])["config"] | change
    text = json.dumps(told | {"__metadata__": {"about": json.dumps({"config": config})}}).encode()
    (tmp_path / "weights.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data[header:])
    with pytest.raises(InputError, match="does not hold the weights"):
        load_network(tmp_path / "weights.safetensors")
