# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs graphs of foreign bundles in a process of their own: limited memory and time, no network, ended by Cancel.

On Linux the process limits itself before it loads a graph. Elsewhere only its time is limited, by the parent.
Both sides exchange JSON and plain numbers: nothing that one of them sends is ever executed by the other.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import math
import os
import platform
import signal
import subprocess  # nosec B404
import sys
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

import numpy as np

from ..errors import BundleError, check_cancelled
from .external_data import DataFile, Graph, Part, views

Reply = tuple[dict[str, Any], list[np.ndarray]]


@dataclass(frozen=True)
class WorkerLimits:
    """What the graphs of one foreign bundle may use. Large graphs may use more, in proportion to their files."""

    memory_bytes: int = 800 * 2**20  # beside the libraries, which take some 100 MB
    copies: int = 4  # of its weights that ONNX Runtime may hold
    load_or_run_s: float = 10.0  # of the processor
    bytes_a_s: int = 4 * 2**20  # a graph may take a second for so many bytes, if that is more
    patience: float = 3.0  # times that long by the clock, for busy machines and systems that limit no process
    start_s: float = 60.0
    threads: int = 8  # each takes memory
    look_s: float = 0.05  # between two looks whether the user has cancelled


class Value(NamedTuple):
    """An input or output of a graph, with the attributes that ONNX Runtime's have."""

    name: str
    shape: list[Any]


class Worker:
    """The process of one bundle. It starts with the first graph, and again after it was ended."""

    def __init__(self, python: Callable[[], Path], threads: int, limits: WorkerLimits = WorkerLimits()) -> None:
        """python: finds an interpreter like the running one; within QGIS sys.executable may be QGIS."""
        self.limits = limits
        self._python, self._threads = python, threads
        self._process: subprocess.Popen[bytes] | None = None
        self._end: Callable[[], object] = tuple
        self._loaded: set[int] = set()
        self._lock = RLock()  # tasks of QGIS may share a model

    def load(self, number: int, name: str, graph: Graph) -> dict[str, Any]:
        """Load a graph, unless the process has it. Returns its 'inputs' and 'outputs'."""
        with self._lock:
            if self._process is None:
                self._start()
            memory = self.limits.copies * graph.size
            about = {"load": number, "seconds": self._seconds(graph), "memory": memory, "parts": graph.parts}
            facts, _ = self._ask(name, about, [np.frombuffer(graph.data, np.uint8)], graph.file)
            self._loaded.add(number)
            return facts

    def run(
        self, number: int, name: str, graph: Graph, outputs: list[str] | None, feed: dict[str, np.ndarray]
    ) -> list[np.ndarray]:
        """The outputs of a graph. Raises BundleError where it fails or uses too much, and Cancelled."""
        with self._lock:
            if self._process is None or number not in self._loaded:
                self.load(number, name, graph)
            about = {"run": number, "outputs": outputs, "inputs": list(feed), "seconds": self._seconds(graph)}
            return self._ask(name, about, list(feed.values()))[1]

    def end(self) -> None:
        """End the process at once, whatever it does."""
        self._end()
        self._process, self._loaded = None, set()

    def _start(self) -> None:
        threads = min(self._threads or os.cpu_count() or 1, self.limits.threads)
        about = json.dumps({**asdict(self.limits), "threads": threads})
        path = "\n".join(os.path.abspath(folder) for folder in sys.path)  # the libraries of this process
        command = (
            "import sys; sys.path[:] = sys.argv[2].split('\\n'); import json; "
            f"from {__package__}.runtime import serve; serve(json.loads(sys.argv[1]))"
        )
        apart: dict[str, Any] = {"start_new_session": True}  # Ctrl-C is for the parent
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NO_WINDOW}
        try:
            process = self._process = subprocess.Popen(  # nosec B603
                [str(self._python()), "-B", "-c", command, about, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, env={**os.environ, "MALLOC_ARENA_MAX": "2"}, **apart,
            )  # fmt: skip
        except OSError as error:
            raise self._not_started(str(error)) from error
        self._end = weakref.finalize(self, _kill, process)
        errors: Any = process.stderr
        with errors:  # until it answers: then it closes its own end
            try:
                self._wait("The model", self.limits.start_s, lambda: _receive(process.stdout))
            except BundleError as error:  # it has ended
                lines = errors.read().decode("utf-8", "replace").splitlines()
                last = next((line.strip() for line in reversed(lines) if line.strip()), f"code {process.returncode}")
                raise self._not_started(last) from error

    def _seconds(self, graph: Graph) -> float:
        return max(self.limits.load_or_run_s, graph.size / self.limits.bytes_a_s)

    def _ask(self, name: str, about: dict[str, Any], arrays: list[np.ndarray], file: DataFile | None = None) -> Reply:
        process = self._process

        def exchange() -> Reply:
            _send(process and process.stdin, about, arrays, file)
            return _receive(process and process.stdout, 2**30)

        facts, answer = self._wait(name, about["seconds"], exchange)
        if "alloc" in facts.get("error", ""):  # std::bad_alloc, or ONNX Runtime's words
            raise self._too_large(name, "it needs")
        if "error" in facts:
            raise BundleError(f"ONNX Runtime cannot {next(iter(about))} {name}: {facts['error']}")
        return facts, answer

    def _wait(self, name: str, seconds: float, exchange: Callable[[], Reply]) -> Reply:
        """What the process answers; it is ended where it takes longer than `seconds`, or the user cancels."""
        pool = ThreadPoolExecutor(1)
        future, until = pool.submit(exchange), time.monotonic() + self.limits.patience * seconds
        too_long = (
            f"{name} was stopped: it takes longer than the {seconds:.0f} s that a graph of a model from elsewhere may "
            "take. Use another model."
        )
        try:
            while not wait([future], self.limits.look_s).done:
                check_cancelled()
                if time.monotonic() > until:
                    raise BundleError(too_long)
            return future.result()
        except (OSError, EOFError, ValueError, LookupError, TypeError) as e:
            if self._exit_code() == -getattr(signal, "SIGXCPU", math.inf):
                raise BundleError(too_long) from e
            raise self._too_large(name, "it crashed, or needs") from e
        finally:
            if not future.done() or future.exception():
                self.end()
            pool.shutdown(wait=False)

    def _exit_code(self, patience_s: float = 0.5) -> int | None:
        """How a process ended that no longer answers; None if it has not ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(patience_s) if self._process else None
        return None

    def _not_started(self, why: str) -> BundleError:
        return BundleError(
            f"The process that runs models from elsewhere did not start: {why}. Plugins → RAW → Diagnostics shows what "
            "is broken; the model that comes with RAW needs no such process."
        )

    def _too_large(self, name: str, what: str) -> BundleError:
        return BundleError(
            f"{name} was stopped: {what} more memory than the {self.limits.memory_bytes // 2**20} MB that a model from "
            "elsewhere may take. Use another model."
        )


class ForeignGraph:
    """A graph that runs in a worker, with the methods of ONNX Runtime's sessions that the plugin uses."""

    def __init__(self, worker: Worker, number: int, name: str, graph: Graph) -> None:
        """number: of the graph within the worker. name: for messages."""
        self._worker, self._key = worker, (number, name, graph)
        facts = worker.load(*self._key)
        self._inputs, self._outputs = ([Value(*v) for v in facts[part]] for part in ("inputs", "outputs"))

    def get_inputs(self) -> list[Value]:
        """Names and shapes of the inputs."""
        return self._inputs

    def get_outputs(self) -> list[Value]:
        """Names and shapes of the outputs."""
        return self._outputs

    def get_providers(self) -> list[str]:
        """The CPU: a card's memory cannot be limited."""
        return ["CPUExecutionProvider"]

    def run(self, outputs: list[str] | None, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        """The named outputs, or all."""
        return self._worker.run(*self._key, outputs, feed)


Load = Callable[[bytes, int, Callable[[], dict[str, np.ndarray]]], Any]


def answer_requests(settings: dict[str, Any], load: Load) -> None:
    """The worker's side: answer requests until the parent is gone.

    load: makes a session of a graph's bytes, threads, and what gives the weights that the graph does not hold.
    """
    requests, replies, nowhere = sys.stdin.buffer, os.fdopen(os.dup(1), "wb"), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # a library may print
    _restrict(settings["memory_bytes"])
    os.dup2(nowhere, 2)  # the parent reads errors of the start alone
    _send(replies, {}, [])
    sessions: dict[int, Any] = {}
    with contextlib.suppress(EOFError):
        while True:
            about, arrays = _receive(requests, allow=_allow)
            try:
                _send(replies, *_answer(about, arrays, sessions, load, settings["threads"]))
            except Exception as e:  # of ONNX Runtime, whose classes differ by version
                _send(replies, {"error": str(e)[:500]}, [])


def _answer(
    about: dict[str, Any], arrays: list[np.ndarray], sessions: dict[int, Any], load: Load, threads: int
) -> Reply:
    if "load" in about:
        graph, parts = arrays.pop(0).tobytes(), [Part(*part) for part in about["parts"]]  # one copy of each only
        session = sessions[about["load"]] = load(graph, threads, lambda: views(parts, arrays.pop()) if parts else {})
        facts = {"inputs": session.get_inputs(), "outputs": session.get_outputs()}
        return {part: [(v.name, v.shape) for v in values] for part, values in facts.items()}, []
    return {}, sessions[about["run"]].run(about["outputs"], dict(zip(about["inputs"], arrays, strict=True)))


def _allow(about: dict[str, Any]) -> None:
    """Set the limits of a request, before its arrays are received."""
    _limit("RLIMIT_CPU", int(time.process_time() + about["seconds"]))
    if "load" in about:
        _limit("RLIMIT_DATA", about["memory"], more=True)


def _restrict(memory_bytes: int) -> None:
    """Limit this process for good, as far as the system can."""
    with contextlib.suppress(OSError):  # not Linux
        data_pages = int(Path("/proc/self/statm").read_text("ascii").split()[5])
        _limit("RLIMIT_DATA", data_pages * os.sysconf("SC_PAGE_SIZE") + memory_bytes)
        _forbid_calls()
    _limit("RLIMIT_CORE", 0)
    _limit("RLIMIT_FSIZE", 0)


def _limit(name: str, value: int, more: bool = False) -> None:
    """Set a limit of this process, or add to it; nothing where the system has none."""
    with contextlib.suppress(ImportError, AttributeError, OSError, ValueError):
        import resource

        kind = getattr(resource, name)
        now, most = resource.getrlimit(kind)
        resource.setrlimit(kind, (now + value if more and now >= 0 else value, most))


def _forbid_calls() -> None:
    """Linux: no sockets, no other programs, no tracing of other processes. Such calls fail from now on."""
    # Of each machine: its number for the kernel, and of its system calls socket, execve, execveat, ptrace,
    # io_uring_setup (which can make sockets), process_vm_readv and process_vm_writev.
    machines = {
        "x86_64": (0xC000003E, [41, 59, 322, 101, 425, 310, 311]),
        "aarch64": (0xC00000B7, [198, 221, 281, 117, 425, 270, 271]),
    }
    if platform.machine() not in machines:
        return
    number, calls = machines[platform.machine()]

    # Berkeley Packet Filter: (operation, jump if true, jump if false, value)
    load, equal, at_least, answer, denied, allowed = 0x20, 0x15, 0x35, 0x06, 0x00050001, 0x7FFF0000
    last = len(calls)
    lines = [(load, 0, 0, 4), (equal, 0, last + 3, number), (load, 0, 0, 0), (at_least, last + 1, 0, 0x40000000)]
    lines += [(equal, last - n, 0, call) for n, call in enumerate(calls)]
    lines += [(answer, 0, 0, allowed), (answer, 0, 0, denied)]
    program = np.array(lines, [("code", "<u2"), ("jt", "u1"), ("jf", "u1"), ("k", "<u4")])

    class Filter(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("lines", ctypes.c_void_p)]

    libc = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, seccomp, by_filter = 38, 22, 2
    libc.prctl(no_new_privileges, 1, 0, 0, 0)
    libc.prctl(seccomp, by_filter, ctypes.byref(Filter(len(lines), program.ctypes.data)), 0, 0)


def _send(stream: Any, about: dict[str, Any], arrays: Sequence[np.ndarray], file: DataFile | None = None) -> None:
    """Write a message: what it is about, and arrays of numbers, the last of them from a file."""
    arrays = [np.ascontiguousarray(a) for a in arrays]
    if any(a.dtype.kind not in "fiub" for a in arrays):
        raise TypeError("The graph answers something else than numbers.")
    from_file = [("|u1", (file.size,))] if file else []
    about = {**about, "arrays": [(a.dtype.str, a.shape) for a in arrays] + from_file}
    words = json.dumps(about).encode()
    stream.write(len(words).to_bytes(8, "big") + words)
    for a in arrays:
        stream.write(a.reshape(-1).view(np.uint8).data)
    for block in file.blocks() if file else ():
        stream.write(block)
    stream.flush()


def _receive(stream: Any, most: int = 2**33, allow: Callable[[dict[str, Any]], object] = lambda _: None) -> Reply:
    """Read a message of `_send`. allow: is told what it is about, before its arrays come.

    Raises EOFError where the other side has ended, ValueError where it makes no sense.
    """
    about = json.loads(_read(stream, int.from_bytes(_read(stream, 8, 8), "big"), 2**20))
    allow(about)
    arrays = []
    for code, shape in about.pop("arrays"):
        kind = np.dtype(str(code))
        if kind.kind not in "fiub" or any(size < 0 for size in shape):
            raise ValueError("no numbers")
        count = int(np.prod([1, *shape], dtype=object))
        most -= count * kind.itemsize
        arrays.append(np.frombuffer(_read(stream, count * kind.itemsize, most), kind).reshape(shape))
    return about, arrays


def _read(stream: Any, size: int, most: int) -> bytearray:
    if not 0 <= size <= most:
        raise ValueError("too long")
    data = bytearray()
    while len(data) < size:
        part = stream.read(min(size - len(data), 2**20))
        if not part:
            raise EOFError
        data += part
    return data


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for stream in filter(None, (process.stdin, process.stdout)):
        with contextlib.suppress(OSError):
            stream.close()
    process.wait()
