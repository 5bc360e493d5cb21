# SPDX-License-Identifier: GPL-2.0-or-later
"""ONNX Runtime's sessions on the CPU or on a CUDA device, which gives way to the CPU where it
fails.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from ..arrays import Array, Columns
from ..errors import translated

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"


class Session:
    """One of RAW's own graphs, for the graphics card or the CPU. failed: why the card gave way, or
    ''.
    """

    def __init__(
        self,
        graph: bytes,
        threads: int,
        cuda: bool = False,
        weights: Mapping[str, Array] | None = None,
    ) -> None:
        """threads: of the CPU, 0 for all cores. cuda: whether to try the card.

        weights: those that the graph does not hold, by name.
        """
        self._graph = graph
        self._threads = threads
        self.failed = ""
        # ONNX Runtime may use their memory as long as the session lives
        self._weights = dict(weights or {})
        try:
            self._session = self._open([CUDA, CPU] if cuda else [CPU])
        except Exception as e:  # ONNX Runtime raises its own classes, which differ by version
            if not cuda:
                raise
            self._give_way(e)

    def _open(self, providers: list[str]) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = self._threads
        # threads that wait keep a core busy
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        values = [
            onnxruntime.OrtValue.ortvalue_from_numpy(values) for values in self._weights.values()
        ]
        options.add_external_initializers(list(self._weights), values)
        return onnxruntime.InferenceSession(self._graph, options, providers=providers)

    def _give_way(self, why: Exception) -> None:
        self._session = self._open([CPU])
        self.failed = " ".join(str(why).split())[:300]

    @property
    def on_card(self) -> bool:
        """Whether it runs on the graphics card."""
        return self._session.get_providers()[0] == CUDA

    def shape(self, name: str) -> list[Any]:
        """The shape of an input or output: numbers, and names of sizes that vary."""
        return next(
            v.shape
            for v in (*self._session.get_inputs(), *self._session.get_outputs())
            if v.name == name
        )

    def run(self, outputs: Sequence[str] | None, feed: Columns) -> list[Array]:
        """The named outputs of the graph, or all. Raises what ONNX Runtime raises on the CPU."""
        try:
            return self._session.run(outputs, feed)
        except Exception as e:  # as above
            if not self.on_card:
                raise
            self._give_way(e)
            return self._session.run(outputs, feed)


@cache
def _loaded() -> list[str]:
    """ONNX Runtime's providers, after loading its CUDA libraries from pip's packages if they are
    there.
    """
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
    """Whether there is an NVIDIA driver. Without one the CUDA provider prints errors before it
    falls back.
    """
    try:
        cuda = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        return (
            cuda.cuInit(0) == 0
            and cuda.cuDeviceGetCount(ctypes.byref(count)) == 0
            and count.value > 0
        )
    except (OSError, AttributeError):
        return False


def why_not_cuda() -> str:
    """Why a session is not on the graphics card."""
    if not _has_gpu():
        return translated("No NVIDIA GPU and driver were found, so the CPU does the work.")
    if CUDA not in _loaded():
        return translated(
            "This ONNX Runtime has no CUDA support, so the CPU does the work. Install "
            "onnxruntime-gpu instead."
        )
    return translated(
        "ONNX Runtime could not load its CUDA libraries, so the CPU works. Install "
        "onnxruntime-gpu[cuda,cudnn]."
    )
