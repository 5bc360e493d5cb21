# SPDX-License-Identifier: GPL-2.0-or-later
"""ONNX Runtime's sessions on the CPU or on a CUDA device, which gives way to the CPU where it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .external_data import Graph

if TYPE_CHECKING:
    import onnxruntime

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


def open_session(
    graph: bytes, threads: int, providers: list[str], arena: bool = True,
    weights: Callable[[], Mapping[str, np.ndarray]] = dict,
) -> onnxruntime.InferenceSession:  # fmt: skip
    """ONNX Runtime's session of a checked graph. arena: whether it keeps memory for the next run.

    weights: gives those that the graph does not hold. ONNX Runtime copies them, so they take their memory twice until
    the session is made.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    options.enable_cpu_mem_arena = arena
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # threads that wait keep a core busy
    beside = {name: onnxruntime.OrtValue.ortvalue_from_numpy(values) for name, values in weights().items()}
    options.add_external_initializers(list(beside), list(beside.values()))
    return onnxruntime.InferenceSession(graph, options, providers=providers)


class CudaSession:
    """The session of a checked graph on the graphics card, and on the CPU once that fails, which `failed` is told."""

    def __init__(self, graph: Graph, threads: int, failed: Callable[[Exception], None]) -> None:
        self._graph, self._threads, self._failed = graph, threads, failed
        try:
            self._session = open_session(graph.data, threads, [CUDA, CPU], weights=graph.weights)
        except Exception as e:  # ONNX Runtime raises its own classes, which differ by version
            self._session = self._on_cpu(e)

    def _on_cpu(self, why: Exception) -> onnxruntime.InferenceSession:
        session = open_session(self._graph.data, self._threads, [CPU], weights=self._graph.weights)
        self._failed(why)
        return session

    def run(self, outputs: Sequence[str] | None, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        """The outputs of the graph. Raises what ONNX Runtime raises on the CPU."""
        try:
            return self._session.run(outputs, feed)
        except Exception as e:  # as above
            if self.get_providers()[0] != CUDA:
                raise
            self._session = self._on_cpu(e)
            return self._session.run(outputs, feed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


@cache
def _loaded() -> list[str]:
    """ONNX Runtime's providers, after loading its CUDA libraries from pip's packages if they are there."""
    import onnxruntime

    available = onnxruntime.get_available_providers()
    if CUDA in available and _has_gpu() and hasattr(onnxruntime, "preload_dlls"):
        onnxruntime.preload_dlls()
    return available


def has_cuda() -> bool:
    """Whether this machine has a graphics card and this ONNX Runtime is made for it."""
    return CUDA in _loaded() and _has_gpu()


@cache
def _has_gpu() -> bool:
    """Whether there is an NVIDIA driver. Without one the CUDA provider prints errors before it falls back."""
    import ctypes
    import sys

    try:
        cuda = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        return cuda.cuInit(0) == 0 and cuda.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
    except (OSError, AttributeError):
        return False


def why_not_cuda() -> str:
    """Why a session is not on the graphics card."""
    if not _has_gpu():
        return "No NVIDIA GPU and driver were found, so the CPU does the work."
    if CUDA not in _loaded():
        return "This ONNX Runtime has no CUDA support, so the CPU does the work. Install onnxruntime-gpu instead."
    return (
        "ONNX Runtime could not load its CUDA libraries, so the CPU does the work. Install onnxruntime-gpu[cuda,cudnn]."
    )
