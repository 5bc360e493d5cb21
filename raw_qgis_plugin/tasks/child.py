# SPDX-License-Identifier: GPL-2.0-or-later
"""Training runs: child processes that outlive QGIS, each with its state in a folder.

A run's folder holds run.json (module and arguments), log.jsonl and errors.txt (standard output and
standard error), and end.json once the run has ended. All readers follow these files: a Processing
thread, a dialog, a QGIS started tomorrow.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess  # nosec B404
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..core import errors
from ..core.errors import Cancelled, RawError
from ..core.scratch import is_locked
from ..environment.folders import runs_folder, venv_folder, why_not_writable
from ..environment.interpreter import base_python, module_command, python_of_venv
from .child_side import ABOUT, END, LOCK, PID, Line, write

LOG = "log.jsonl"
ERRORS = "errors.txt"
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


class Child:
    """A training run, identified by its folder."""

    patience_s = 30.0  # between SIGTERM and SIGKILL, in which a checkpoint is written

    def __init__(self, folder: Path) -> None:
        """Attach to the run in a folder. RawError where there is none."""
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._read = 0  # bytes of the log that `lines` has returned
        self.about = _read_about(folder)

    @classmethod
    def start(cls, module: str, arguments: Sequence[str], folder: Path, **notes: Any) -> Child:
        """Start `python -m MODULE ARGUMENTS` with its state in `folder`. notes: more for run.json,
        such as a title.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # it will hold people's tracks
        about = {
            "module": module,
            "arguments": list(map(str, arguments)),
            "started": "",
            "stopped": False,
        }
        write(folder / ABOUT, about | {"language": errors.speaks} | notes)
        child = cls(folder)
        child._launch()
        return child

    def resume(self) -> None:
        """Start an ended run again, with --resume."""
        if not self.running:
            self.about["arguments"] = [
                *(each for each in self.about["arguments"] if each != "--resume"),
                "--resume",
            ]
            self._launch()

    def _launch(self) -> None:
        for name in (END, PID, ERRORS):
            (self.folder / name).unlink(missing_ok=True)
        self.about |= {
            "started": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            "stopped": False,
        }
        write(self.folder / ABOUT, self.about)
        detached: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
            detached = {"creationflags": flags | subprocess.BELOW_NORMAL_PRIORITY_CLASS}
        python = python_of_venv(venv_folder(), sys.platform) or base_python()
        command = module_command(python, f"{__package__}.child_side", str(self.folder))
        with (self.folder / LOG).open("ab") as log, (self.folder / ERRORS).open("wb") as err:
            self._process = subprocess.Popen(  # nosec B603
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=err,
                cwd=self.folder,
                **detached,
            )
        end = time.monotonic() + 10
        while self.running and not (self.folder / PID).exists() and time.monotonic() < end:
            time.sleep(0.01)  # until others can see that it runs: a fifth of a second

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return (
            is_locked(self.folder / LOCK) if self._process is None else self._process.poll() is None
        )

    @property
    def status(self) -> str:
        """'running', 'finished', 'stopped' by the user, 'failed' (see `error`) or 'interrupted', as
        by a power cut.
        """
        if self.running:
            return "running"
        # another object, perhaps in another QGIS, may have stopped it
        with contextlib.suppress(RawError):
            self.about = _read_about(self.folder)
        try:
            code = json.loads((self.folder / END).read_text("utf-8"))["code"]
        except (OSError, ValueError):
            return "stopped" if self.about["stopped"] else "interrupted"
        return "finished" if code == 0 else "stopped" if self.about["stopped"] else "failed"

    def lines(self) -> list[Line]:
        """The output since the last call, one dict a line. A line that is no JSON object becomes
        {'text': line}.
        """
        with contextlib.suppress(FileNotFoundError), (self.folder / LOG).open("rb") as log:
            log.seek(self._read)
            data = log.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._read += len(whole)
            return [
                _parse(line)
                for line in whole.decode("utf-8", "replace").splitlines()
                if line.strip()
            ]
        return []

    def errors(self) -> str:
        """The end of standard error since the last start."""
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / ERRORS).read_bytes()[-20_000:].decode("utf-8", "replace")
        return ""

    def error(self) -> RawError | None:
        """Why the run ended; None while it runs or after it finished."""
        status = self.status
        if status in ("running", "finished"):
            return None
        if status == "stopped":
            return Cancelled("The training was stopped.")
        lines = [line.strip() for line in self.errors().splitlines() if line.strip(" ~^")]
        ours = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
        if status == "failed" and ours:
            return RawError(ours[-1])
        words = (
            "The training ended without a message, as when memory runs out or power fails. "
            "The log is in {folder}."
        )
        words = (
            "The training failed: {line}. The log is in {folder}."
            if status == "failed" and lines
            else words
        )
        return RawError(words, line="".join(lines[-1:]), folder=self.folder)

    def follow(
        self, on_line: Callable[[Line], None], is_cancelled: Callable[[], bool] = bool
    ) -> None:
        """Pass every line to `on_line` until the run ends. Blocks.

        Raises the error that the run ended with, or Cancelled if `is_cancelled` returned True and
        the process is gone.
        """
        ended = False
        while not ended:
            ended = not self.running  # checked first, so that no last line is missed
            for line in self.lines():
                on_line(line)
            if is_cancelled():
                self.cancel()
            time.sleep(0.0 if ended else 0.2)
        error = self.error()
        if error is not None:
            raise error

    def cancel(self) -> None:
        """Ask the run to stop, which may write a checkpoint, then kill it. Returns when the process
        is gone.
        """
        if self.running:
            self.about["stopped"] = True
            with contextlib.suppress(OSError):  # a full disk must not keep it running
                write(self.folder / ABOUT, self.about)
        for signal_, patience_s in ((signal.SIGTERM, self.patience_s), (KILL, 5.0)):
            self.send(signal_)
            end = time.monotonic() + patience_s
            while self.running and time.monotonic() < end:
                time.sleep(0.05)

    def delete(self) -> None:
        """Stop the run, and delete its folder."""
        self.cancel()
        shutil.rmtree(self.folder)

    def send(self, signal_: int) -> None:
        """Send a signal to the process; KILL to its workers too."""
        if not self.running:  # afterwards the process id may be another process's
            return
        with contextlib.suppress(OSError, ValueError):  # it has already ended, or not yet begun
            pid = (
                self._process.pid if self._process else int((self.folder / PID).read_text("ascii"))
            )
            (os.killpg if signal_ == KILL and hasattr(os, "killpg") else os.kill)(pid, signal_)


def runs(max_age_s: float = 86_400.0) -> list[Child]:
    """All runs, the latest first. Copies of tracks whose run a killed QGIS never started are
    deleted after a day.
    """
    found = []
    for folder in runs_folder().glob("*/"):
        with contextlib.suppress(RawError, OSError):
            if (folder / ABOUT).exists():
                found.append(Child(folder))
            elif time.time() - folder.stat().st_mtime > max_age_s:
                shutil.rmtree(folder)
    return sorted(found, key=lambda child: child.about["started"], reverse=True)


def new_folder(name: str) -> Path:
    """Make a folder for a new run, readable by its owner only. RawError where the profile cannot be
    written.
    """
    if problem := why_not_writable():
        raise RawError("{problem}", problem=problem)
    runs_folder().mkdir(parents=True, exist_ok=True)
    return Path(
        tempfile.mkdtemp(prefix=f"{datetime.now():%Y-%m-%d_%H-%M-%S}_{name}_", dir=runs_folder())
    )


def _read_about(folder: Path) -> Line:
    """The contents of run.json. RawError where they are none."""
    kinds = {"module": str, "arguments": list, "started": str, "stopped": bool}
    with contextlib.suppress(OSError, ValueError, AttributeError):
        about = json.loads((folder / ABOUT).read_text("utf-8"))
        if all(isinstance(about.get(key), kind) for key, kind in kinds.items()):
            return about
    raise RawError(
        "{folder} holds no training run: {file} is missing or broken.", folder=folder, file=ABOUT
    )


def _parse(line: str) -> Line:
    with contextlib.suppress(ValueError):
        value = json.loads(line)
        return value if isinstance(value, dict) else {"text": line}
    return {"text": line}
