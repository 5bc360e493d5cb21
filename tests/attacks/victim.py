# SPDX-License-Identifier: GPL-2.0-or-later
"""A process whose children are killed: it imports once, and forks for every line on its standard
input.

A line is a JSON list: what to do, the most bytes of a file it may write (0: as many as it likes),
and arguments; the first arguments of the process are a file of tracks and a bundle. Two lines come
back: the child's process id, and, when it has ended, how (as of os.waitpid).
"""

from __future__ import annotations

import json
import os
import resource
import sys
from itertools import count
from pathlib import Path

import numpy as np
import torch

from model.cli import run
from model.pretrain import main as pretrain
from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.embedding.cache import embed_cached
from raw_qgis_plugin.core.sources.readers import read

TRACKS, BUNDLE = sys.argv[1], open_bundle(sys.argv[2])


def train(folder: str) -> None:
    """Train without end, with a checkpoint after nearly every step."""
    resume = ["--resume"] if Path(folder, "state.safetensors").exists() else []
    arguments = [
        "--preset",
        "raw-nano",
        "--device",
        "cpu",
        "--points",
        "512",
        "--steps",
        "1000000",
        "--corpus",
        TRACKS,
    ]
    pretrain([*arguments, "--validate-every", "1000000", "--checkpoint-every", "0.001", *resume,
              "--output", folder])  # fmt: skip


def embed(folder: str, first: str, last: str = "") -> None:
    """Embed ever more tracks into a cache, a transaction for every one: the same people, each time
    elsewhere.
    """
    model, tracks = Model(BUNDLE, "cpu", 1), read(TRACKS)[0]
    tracks = tracks.take(tracks.user < 10)
    for number in range(int(first), int(last)) if last else count(int(first)):
        some = build_tracks(tracks.user, None, tracks.t, tracks.lon + number / 1000, tracks.lat)[0]
        vectors = embed_cached(some, model, Path(folder), units_at_once=1)
        if not np.isfinite(vectors).all():
            raise ArithmeticError


def replace(folder: str) -> None:
    """Replace a model by itself again and again."""
    while True:
        library.copy(BUNDLE.path, Path(folder, "mine"))


def main() -> None:
    """Fork for every line."""
    torch.set_num_threads(1)
    do = {each.__name__: each for each in (train, embed, replace)}
    print("ready", flush=True)
    for line in sys.stdin:
        what, most, log, *arguments = json.loads(line)
        child = os.fork()
        if not child:
            out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(out, 1)
            os.dup2(out, 2)
            if most:
                resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
            code = run(lambda words: do[words[0]](*words[1:]), [what, *arguments])
            sys.stderr.flush()
            os._exit(code)
        print(child, flush=True)
        print(os.waitpid(child, 0)[1], flush=True)


if __name__ == "__main__":
    main()
