# SPDX-License-Identifier: GPL-2.0-or-later
"""A nano network trained for a moment on invented tracks, and its bundle."""

import csv
import json
import os
import signal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from model.head_training import fit
from model.pretrain import main as pretrain
from model.training.run import TrainingRun

# nano networks gain nothing from more, and on a busy machine threads wait for each other
torch.set_num_threads(1)
fit.Settings.trees = 10  # fewer are enough for tests
START_MS = 1_700_000_000_000


@pytest.fixture(scope="session", autouse=True)
def folders_of_its_own(tmp_path_factory):
    """What RAW remembers goes where the tests' other files go; for children as well."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        yield


def write_tracks(path: Path, users: int = 120, fixes: int = 200, seed: int = 0) -> Path:
    """Invented people who turn smoothly: even ones walk, odd ones drive. A fix about every 10 s."""
    rng = np.random.default_rng(seed)
    speed = np.where(np.arange(users) % 2, 12.0, 1.3)[:, None] * rng.uniform(0.8, 1.2, (users, 1))
    dt = rng.integers(8, 13, (users, fixes))
    turn = rng.normal(0, 0.05, (users, 1)) + rng.normal(0, 0.02, (users, fixes))
    heading = rng.uniform(0, 2 * np.pi, (users, 1)) + np.cumsum(turn, axis=1)
    metres = speed * dt
    lon = (
        10 + rng.uniform(0, 0.1, (users, 1)) + np.cumsum(metres * np.cos(heading), axis=1) / 71_500
    )
    lat = (
        50 + rng.uniform(0, 0.1, (users, 1)) + np.cumsum(metres * np.sin(heading), axis=1) / 111_200
    )
    table = {
        "user_id": np.repeat([f"u{i}" for i in range(users)], fixes),
        "t": (START_MS + np.cumsum(dt, axis=1) * 1000).ravel(),
        "lon": lon.ravel(),
        "lat": lat.ravel(),
    }
    pq.write_table(pa.table(table), path)
    return path


def write_csv(path: Path, rows: list[dict]) -> Path:
    """A table of rows, with the names of the first one's columns."""
    with path.open("w", newline="") as f:
        writer = csv.DictWriter(f, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="session")
def tracks_file(tmp_path_factory) -> Path:
    return write_tracks(tmp_path_factory.mktemp("tracks") / "tracks.parquet")


@pytest.fixture(scope="session")
def days_file(tmp_path_factory):
    """Thirty people who go to and fro between two places, a fix every 15 min for three days."""
    rng = np.random.default_rng(0)
    users, n = 30, 3 * 96
    way = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / 96 + rng.uniform(0, 6, (users, 1)))
    home, work = rng.uniform(0, 0.1, (2, users, 1, 2))
    xy = home + (work - home) * way[..., None]
    t = 1_700_000_000_000 + np.tile(np.arange(n) * 900_000 + 60_000, users)
    path = tmp_path_factory.mktemp("days") / "days.parquet"
    columns = {"user_id": np.repeat([f"u{i}" for i in range(users)], n), "t": t}
    pq.write_table(
        pa.table(columns | {"lon": 10 + xy[..., 0].ravel(), "lat": 50 + xy[..., 1].ravel()}), path
    )
    return path


@pytest.fixture(scope="session")
def nano_run(tmp_path_factory, tracks_file) -> Path:
    """A finished run of raw-nano; its lines of progress are in RUN/lines.json."""
    run = tmp_path_factory.mktemp("nano") / "run"
    pretrain(nano_arguments(tracks_file, run))
    return run


def nano_arguments(tracks: Path, run: Path, *more: str) -> list[str]:
    few = [
        "--preset",
        "raw-nano",
        "--steps",
        "120",
        "--points",
        "1024",
        "--validate-every",
        "40",
        "--device",
        "cpu",
    ]
    return [*few, "--corpus", str(tracks), "--output", str(run), *more]


def pretrain_until(step: int, arguments: list[str]) -> None:
    """A run that is paused after a step, as the plugin does."""
    train_on = TrainingRun.train_on

    def counted(run, batches, lr):
        loss = train_on(run, batches, lr)
        if run.progress.step == step:
            os.kill(os.getpid(), signal.SIGTERM)
        return loss

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(TrainingRun, "train_on", counted)
        pretrain(arguments)


@pytest.fixture
def quick(monkeypatch):
    """Runs of pretraining end with their checkpoint: no areas are calibrated, and no bundle is
    made.
    """
    monkeypatch.setattr("model.pretrain.calibrate", lambda *_: {})
    monkeypatch.setattr("model.pretrain.export", lambda *_: None)


@pytest.fixture
def lines(capsys):
    """The JSON lines that a command printed."""
    return lambda: [
        json.loads(x) for x in capsys.readouterr().out.splitlines() if x.startswith("{")
    ]
