# SPDX-License-Identifier: GPL-2.0-or-later
"""The report of diagnostics: versions, devices, a missing library by name, and one timed inference per device."""

from __future__ import annotations

import time

from ...core.errors import Progress, RawError
from ...core.tracks import Tracks
from ...environment import diagnostics, packages
from ...environment.interpreter import base_python, this_layout


def report(path: list[str], progress: Progress) -> list[str]:
    """The whole report, a line an entry, in English, which most who get it can read. Runs in a task, for seconds.

    path: QGIS's search path.
    """
    python, gpus = base_python(this_layout()), packages.gpus()
    found = {name: version or "not installed" for name, version in diagnostics.versions().items()}
    found |= {"Interpreter": str(python), "NVIDIA GPU": ", ".join(gpus) or "none, or no driver"}
    progress(0.1)
    runtime = diagnostics.onnx_runtime(python, path)
    progress(0.4)
    if runtime.broken:
        words = "RAW → Packages installs it." if found["onnxruntime"] == "not installed" else runtime.broken
        found["The model"] = f"cannot run, as onnxruntime does not load: {words}"
    else:
        found["Built for"] = ", ".join(name.removesuffix("ExecutionProvider") for name in runtime.providers)
        if gpus and runtime.missing:
            found["CUDA"] = f"cannot be used, as this library is missing: {runtime.missing}"
        tracks = random_walks()
        for device in ("CPU", "CUDA") if gpus else ("CPU",):
            found[f"Model on {device}"] = f"{time_model(device, tracks)} for {len(tracks):,} fixes"
            progress(0.9)
    wide = max(map(len, found)) + 2
    return [f"{name:<{wide}}{words}" for name, words in found.items()]


def time_model(device: str, tracks: Tracks) -> str:
    """Embed tracks on a device: how long it took, or why it failed, in words."""
    from ...core.bundle.bundle import open_bundle
    from ...core.bundle.runtime import Model
    from ...core.embedding.embed import embed

    try:
        model = Model(open_bundle(None), device.lower())
        embed(tracks, model)  # the first run allocates memory and compiles kernels
        began = time.perf_counter()
        embed(tracks, model)
        spent_ms = 1000 * (time.perf_counter() - began)
    except (RawError, ImportError, OSError) as error:
        return str(error)
    done = f"{spent_ms:,.0f} ms, on {model.provider}"
    return f"{done} ({model.warning})" if model.warning else done


def random_walks(users: int = 20, fixes: int = 200) -> Tracks:
    """People who walk at random in the Atlantic, so that no real data are used."""
    import numpy as np

    rng = np.random.default_rng(0)
    lon, lat = rng.normal(0, 2e-4, (2, users, fixes)).cumsum(axis=2).reshape(2, -1)
    names = np.array([f"user {i}" for i in range(users)], object)
    owner = np.arange(users, dtype=np.int32)
    t = np.tile(1_600_000_000_000 + 60_000 * np.arange(fixes, dtype=np.int64), users)
    return Tracks(names, names, owner, np.repeat(owner, fixes), t, lon, lat)
