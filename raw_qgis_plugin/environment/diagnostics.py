# SPDX-License-Identifier: GPL-2.0-or-later
"""The system that RAW runs on, as text to send along with a question. It contains no data paths and no positions."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import NamedTuple

from . import packages

# Runs in a child process, because a broken CUDA library would crash QGIS. The loader's error names a missing library.
PROBE = """
import ctypes, importlib
from pathlib import Path
onnxruntime = importlib.import_module("onnxruntime")
found = {"providers": onnxruntime.get_available_providers(), "missing": ""}
if "CUDAExecutionProvider" in found["providers"]:
    if hasattr(onnxruntime, "preload_dlls"):
        onnxruntime.preload_dlls()
    folder = Path(onnxruntime.__file__).parent / "capi"
    pattern = "onnxruntime_providers_{}.dll" if sys.platform == "win32" else "libonnxruntime_providers_{}.so"
    try:
        for name in ("shared", "cuda"):
            ctypes.CDLL(str(folder / pattern.format(name)), mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        found["missing"] = str(error)
print("\\n" + json.dumps(found))
"""


class OnnxRuntime(NamedTuple):
    """ONNX Runtime's providers. missing: the library that CUDA lacks, or ''. broken: why it does not load, or ''."""

    providers: list[str]
    missing: str
    broken: str


def versions() -> dict[str, str]:
    """Versions of QGIS, Qt, Python and the packages; '' for a package that is not installed."""
    from qgis.core import Qgis
    from qgis.PyQt.QtCore import QT_VERSION_STR

    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    found = {"QGIS": Qgis.version(), "Qt": QT_VERSION_STR, "Python": platform.python_version(), "System": system}
    names = ("numpy", "scipy", "shapely", "pyproj", "pyarrow", "onnxruntime", "torch", "onnx")
    return found | {name: packages.version_of(name) for name in names}


def onnx_runtime(python: Path, path: list[str]) -> OnnxRuntime:
    """Load ONNX Runtime in a child process with QGIS's search path."""
    said, broken = packages.run_probe(python, PROBE, path)
    if broken:
        return OnnxRuntime([], "", broken)
    found = json.loads(said.splitlines()[-1])
    return OnnxRuntime(found["providers"], library_in(found["missing"]), "")


def library_in(error: str) -> str:
    """The library in a loader's error: 'libcurand.so.10: cannot open …' -> 'libcurand.so.10'."""
    name = error.split(":")[0].strip()
    return name if " " not in name else error
