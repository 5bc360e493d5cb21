# SPDX-License-Identifier: GPL-2.0-or-later
"""Small things that many tests need: tracks in a file, and a bundle of a random raw-nano network
with a head.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

HEAD = "drives"


def write_tracks(path: Path, users: int = 20, fixes: int = 60, step_s: float = 15.0) -> Path:
    """People who walk along a road and turn, as Parquet."""
    import pyarrow as pa
    from pyarrow import parquet

    rng, step = np.random.default_rng(20), np.arange(fixes)
    east = 10.0 * step_s * np.minimum(step, 30) + rng.normal(0, 3, (users, fixes))
    north = 10.0 * step_s * np.maximum(step - 30, 0) + rng.normal(0, 3, (users, fixes))
    t = 1_700_006_400_000 + 1000 * (step_s * step + 3.0 * np.arange(users)[:, None])
    columns = {
        "user_id": pa.array(np.repeat([f"u{n:02}" for n in range(users)], fixes)),
        "t": pa.array(t.ravel().astype(np.int64), pa.timestamp("ms", "UTC")),
        "lon": 10 + east.ravel() / 111_320, "lat": north.ravel() / 110_574,
    }  # fmt: skip
    parquet.write_table(pa.table(columns), path)
    return path


def write_bundle(folder: Path, preset: str = "raw-nano", seed: int = 0) -> Path:
    """A bundle of a random network with the head HEAD of users, yes or no, which has one linear
    part and trees.
    """
    import torch
    from safetensors.numpy import save_file

    from model.export import card_of
    from model.network.config import PRESETS
    from model.network.raw import Raw
    from model.training.card import write_card
    from model.training.checkpoint import save_weights

    torch.manual_seed(seed)
    network = Raw(PRESETS[preset])
    for values in network.parameters():  # those that start at zero answer too
        torch.nn.init.normal_(values.data, std=0.05)
    training = {
        "corpus": ["made"],
        "device": "cpu",
        "seed": seed,
        "minutes": 1,
        "seconds": 60,
        "step": 1,
        "points": 1,
    }
    card = card_of(network, {"config": network.config.to_dict(), **training}, "") | {
        "onnx_difference": 0.0
    }
    inputs = card["embedding"]["width"]
    (folder / "heads").mkdir(parents=True)
    save_weights(network, folder)
    save_file(head_arrays(inputs), folder / "heads" / f"{HEAD}.safetensors")
    figures = {"accuracy": 0.9}
    metrics = {
        "head": figures,
        "baseline": figures,
        "ratio": [0.5, 0.4, 0.6],
        "units": 20,
        "groups": 20,
    }
    head = {
        "name": HEAD, "unit": "user", "kind": "binary", "classes": ["no", "yes"], "inputs": inputs, "threshold": 0.6,
        "trained_on": "made", "title": "drives", "metrics": metrics, "domain": {},
    }  # fmt: skip
    write_card(folder, card | {"heads": [head]})
    return folder


def head_arrays(inputs: int) -> dict[str, np.ndarray]:
    """A head of two classes: a linear part and two trees."""
    rng, f, i = np.random.default_rng(1), np.float32, np.int32
    one = np.ones(inputs, f)
    linear = {
        "centre": 0 * one, "spread": one, "strength": one, "gain": np.ones(2, f), "offset": np.zeros(2, f),
        "weight": rng.normal(0, 0.1, (2, inputs)).astype(f), "bias": np.zeros(2, f),
    }  # fmt: skip
    trees = {
        "columns": np.array([0, 2], i), "root": np.array([0, 3], i), "left": np.array([1, 1, 2, 4, 4, 5], i),
        "right": np.array([2, 1, 2, 5, 4, 5], i), "column": np.array([0, 0, 0, 1, 0, 0], i),
        "threshold": np.zeros(6, f), "value": np.array([[1, 0], [0.9, 0.1], [0.2, 0.8]] * 2, f),
        "depth": np.array([1], i), "start": np.zeros(1, f), "floor": np.array([0.005], f),
    }  # fmt: skip
    parts = {f"{n}.{name}": v for n, part in enumerate((linear, trees)) for name, v in part.items()}
    return {
        "shares": np.array([0.6, 0.4], f),
        "gain": np.array([1.5], f),
        "shift": np.zeros(1, f),
        **parts,
    }
