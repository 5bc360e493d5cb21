# SPDX-License-Identifier: GPL-2.0-or-later
"""Export a bundle of more than 2 GB, or embed a layer with it; prints seconds of processors, and peaks of memory.

python large_child.py WAY FOLDER      WAY: train (writes the run of an untrained, widened raw-nano), export (run to
                                      bundle), embed (open the bundle and embed 20 users)
"""

import json
import os
import resource
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np


def train(folder: Path) -> dict:
    """A run whose network has 2.4 GiB of weights in single precision."""
    import torch

    from model.config import PRESETS
    from model.raw import Raw
    from model.training.checkpoint import save

    torch.manual_seed(0)
    network = Raw(replace(PRESETS["raw-nano"], width=4096, hidden=16_384))
    about = {"points": 0, "step": 0, "seconds": 0.0, "device": "cpu", "seed": 0, "corpus": [], "command": ""}
    (folder / "run").mkdir()
    save(folder / "run" / "state.safetensors", network.state_dict(), about | {"config": network.config.to_dict()})
    return {"parameters": sum(p.numel() for p in network.parameters())}


def export(folder: Path) -> dict:
    """The bundle of the run."""
    from model.export import export as to_bundle

    to_bundle(folder / "run", folder / "bundle")
    return {name: (folder / "bundle" / name).stat().st_size for name in ("backbone.onnx", "backbone.bin")}


def embed(folder: Path) -> dict:
    """Embeddings of 20 users of 60 fixes."""
    from raw_qgis_plugin.core.bundle.bundle import open_bundle
    from raw_qgis_plugin.core.bundle.runtime import Model
    from raw_qgis_plugin.core.bundle.worker import ForeignGraph
    from raw_qgis_plugin.core.embedding.embed import embed as embeddings
    from raw_qgis_plugin.core.tracks import build_tracks

    rng = np.random.default_rng(0)
    t = 1_700_000_000_000 + np.arange(60) * 60_000
    metres = np.cumsum(rng.normal(0, 100, (2, 20, 60)), axis=2).reshape(2, -1)
    lon, lat = 10 + metres[0] / 71_500, 50 + metres[1] / 111_200
    tracks, _ = build_tracks(np.repeat(np.arange(20), 60), None, np.tile(t, 20), lon, lat)
    model = Model(open_bundle(folder / "bundle"), "cpu", 1)
    found = embeddings(tracks, model)
    np.save(folder / f"{'foreign' if isinstance(model._backbone, ForeignGraph) else 'own'}.npy", found)
    model._worker.end()  # so that its memory is counted
    return {"users": len(found), "foreign": isinstance(model._backbone, ForeignGraph)}


if __name__ == "__main__":
    way, folder = sys.argv[1:]
    result = {"train": train, "export": export, "embed": embed}[way](Path(folder))
    peaks = {f"{who}_gb": resource.getrusage(which).ru_maxrss / 2**20
             for who, which in (("peak", resource.RUSAGE_SELF), ("worker", resource.RUSAGE_CHILDREN))}  # fmt: skip
    print(json.dumps({**result, "seconds": sum(os.times()[:4]), **peaks}))
