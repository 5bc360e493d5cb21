# SPDX-License-Identifier: GPL-2.0-or-later
"""What works on this system, and a report of it to send along with a question, without data paths and positions."""

from __future__ import annotations

import platform
from pathlib import Path

from ..core.errors import Progress
from . import packages

# Runs in a child process, because a broken CUDA library would crash QGIS. The loader's error names a missing library.
CUDA_PROBE = """
import ctypes, importlib
from pathlib import Path
onnxruntime = importlib.import_module("onnxruntime")
if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
    sys.exit("CUDA is not built into ONNX Runtime")
if hasattr(onnxruntime, "preload_dlls"):
    onnxruntime.preload_dlls()
folder = Path(onnxruntime.__file__).parent / "capi"
pattern = "onnxruntime_providers_{}.dll" if sys.platform == "win32" else "libonnxruntime_providers_{}.so"
for name in ("shared", "cuda"):
    ctypes.CDLL(str(folder / pattern.format(name)), mode=ctypes.RTLD_GLOBAL)
"""


def look(python: Path, path: list[str], progress: Progress) -> tuple[list[str], dict[str, str], dict[str, str]]:
    """The names of the GPUs, the reason for each module that does not import, and the report. Runs in a task.

    python: QGIS's interpreter. path: QGIS's search path. The report is in English, which most who get it can read.
    """
    from qgis.core import Qgis
    from qgis.PyQt.QtCore import QT_VERSION_STR

    gpus, broken = packages.gpus(), {}
    report = {
        "QGIS": f"{Qgis.version()}, Qt {QT_VERSION_STR}",
        "Python": f"{platform.python_version()}, {python}",
        "System": f"{platform.system()} {platform.release()} {platform.machine()}",
        "NVIDIA GPU": ", ".join(gpus) or "none, or no driver",
    }
    listed = [*packages.check("runtime"), *packages.check("train")]
    for i, package in enumerate(listed):
        progress(i / len(listed))
        if package.version and (reason := packages.why_broken(python, package.module, path)):
            broken[package.module] = reason
        said = (package.version, package.problem, broken.get(package.module))
        report[package.name] = ", ".join(filter(None, said))
    if gpus:
        report["CUDA lacks"] = packages.why_broken(python, "", path, CUDA_PROBE) or "nothing"
    return gpus, broken, report
