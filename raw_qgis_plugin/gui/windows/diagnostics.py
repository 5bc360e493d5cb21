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
    python = base_python(this_layout())
    versions = diagnostics.versions()
    wide = max(len(name) for name in versions) + 2
    lines = [f"{name:<{wide}}{version or 'not installed'}" for name, version in versions.items()]
    lines += [f"{'Interpreter':<{wide}}{python}", ""]
    progress(0.1)
    names = packages.gpus()
    lines.append(f"{'NVIDIA GPU':<{wide}}{', '.join(names) or 'none, or no driver'}")
    if not versions["onnxruntime"]:
        return [*lines, "", "The model cannot run: onnxruntime is not installed. RAW → Packages installs it."]
    found = diagnostics.onnx_runtime(python, path)
    progress(0.4)
    if found.broken:
        return [*lines, f"{'ONNX Runtime':<{wide}}does not load: {found.broken}"]
    lines.append(f"{'Built for':<{wide}}{', '.join(p.removesuffix('ExecutionProvider') for p in found.providers)}")
    if diagnostics.both_installed():
        lines.append("onnxruntime and onnxruntime-gpu are both installed: remove both, then install the second alone.")
    if names and found.missing:
        lines.append(f"{'CUDA':<{wide}}cannot be used, as this library is missing: {found.missing}")
    tracks = random_walks()
    devices = ["CPU", *(["CUDA"] if names else [])]
    lines += ["", f"The model on {len(tracks):,} fixes of {tracks.n_users} users:"]
    for i, device in enumerate(devices):
        lines.append(f"{device:<{wide}}{time_model(device, tracks)}")
        progress(0.5 + 0.5 * (i + 1) / len(devices))
    return lines


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
