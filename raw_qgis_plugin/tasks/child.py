# SPDX-License-Identifier: GPL-2.0-or-later
"""Training runs: child processes, each with its state in a folder. They outlive QGIS, unless they are bound to it.

A run's folder holds run.json (module and arguments), log.jsonl and errors.txt (standard output and standard error), and
end.json once the run has ended. All readers follow these files: a Processing thread, a dialog, a QGIS started tomorrow.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess  # nosec B404
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..core.errors import Cancelled, MissingLibrary, RawError, packages_of
from ..core.scratch import is_locked
from ..environment import packages
from ..environment.folders import runs_folder, why_not_writable
from ..environment.interpreter import find_python, module_command
from .runner import ABOUT, BOUND, END, LOCK, PID, read_about, write

LOG, ERRORS = "log.jsonl", "errors.txt"
CHECKPOINT = ".state.safetensors.partial"  # under way, in the folder of model.pretrain or one below
NEEDED = "runtime", "train"  # groups of packages


class Child:
    """A training run, identified by its folder."""

    start_s = 30.0  # a run younger than this may not have its lock yet
    patience_s = 5.0  # between SIGTERM and SIGKILL
    flush_s = 60.0  # a checkpoint may take so long to reach the disk after its last byte was written

    def __init__(self, folder: Path) -> None:
        """Attach to the run in a folder. RawError where there is none."""
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._read = 0  # bytes of the log that `lines` has returned
        self._terminated = ""  # the `started` of the run that this object has terminated
        try:
            self.about = _checked_about(folder)
        except (OSError, ValueError, OverflowError) as error:
            raise RawError(f"{folder} holds no training run: {error}.") from error

    @classmethod
    def start(cls, module: str, arguments: Sequence[str], folder: Path, needs: Sequence[str] | None = None,
              bound: bool = False, **notes: Any) -> Child:  # fmt: skip
        """Start `python -m MODULE ARGUMENTS` with its state in `folder`. Returns at once.

        needs: modules that the run cannot work without; None: those of training. bound: whether the run is stopped
        when this process ends, however it ends. notes: more for run.json, such as a title; with resumable=False the
        folder is deleted where a run is stopped so.
        """
        if needs is None:
            needs = [package.module for group in NEEDED for package in packages.check(group)]
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)  # it will hold people's tracks
        about = {"module": module, "arguments": list(map(str, arguments)), "needs": list(needs)}
        write(folder / ABOUT, about | notes | {"started": _now(), "stopped": False})
        child = cls(folder)
        child._launch(bound)
        return child

    def resume(self, *more: str) -> None:
        """Start an ended run again. more: arguments to add unless the run has them, such as --resume."""
        if not self.running:
            arguments = self.about["arguments"]
            self.about["arguments"] = [*arguments, *(word for word in more if word not in arguments)]
            self._launch()

    def _launch(self, bound: bool = False) -> None:
        for name in (END, PID, ERRORS):
            (self.folder / name).unlink(missing_ok=True)
        self.about |= {"started": _now(), "stopped": False}
        write(self.folder / ABOUT, self.about)
        detached: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
            detached = {"creationflags": flags | subprocess.BELOW_NORMAL_PRIORITY_CLASS}
        runner = f"{__package__}.runner"
        command = module_command(find_python(), runner, str(self.folder), *([BOUND] if bound else []))
        stdin = subprocess.PIPE if bound else subprocess.DEVNULL  # a pipe closes when this process ends
        with (self.folder / LOG).open("ab") as log, (self.folder / ERRORS).open("wb") as errors:
            self._process = subprocess.Popen(  # nosec B603
                command, stdin=stdin, stdout=log, stderr=errors, cwd=self.folder, **detached
            )

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        if self._process is not None:
            return self._process.poll() is None
        if (self.folder / END).exists():
            return False
        young = abs(_age_s(self.about)) < self.start_s  # of a run from before the clock was set back it is negative
        return is_locked(self.folder / LOCK) or (young and not (self.folder / PID).exists())

    @property
    def status(self) -> str:
        """'running', 'finished', 'stopped' by the user, 'failed' (see `error`) or 'interrupted', as by a power cut."""
        if self.running:
            return "running"
        self._reread()
        end = self._end()
        if end is not None and end["code"] == 0:
            return "finished"
        return "stopped" if self.about["stopped"] else "interrupted" if end is None else "failed"

    @property
    def saving(self) -> bool:
        """Whether the run writes its checkpoint, without which what it has learned since the one before is lost."""
        with contextlib.suppress(OSError):  # it may be complete by now
            written = [path.stat().st_mtime for path in self.folder.rglob(CHECKPOINT)]
            return any(abs(time.time() - moment) < self.flush_s for moment in written)
        return False

    def lines(self) -> list[dict[str, Any]]:
        """The output since the last call, one dict a line. A line that is no JSON object becomes {'text': line}."""
        with contextlib.suppress(FileNotFoundError), (self.folder / LOG).open("rb") as log:
            log.seek(self._read)
            data = log.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._read += len(whole)
            return [_parse(line) for line in whole.decode("utf-8", "replace").splitlines() if line.strip()]
        return []

    def errors(self) -> str:
        """The end of standard error since the last start."""
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / ERRORS).read_bytes()[-20_000:].decode("utf-8", "replace")
        return ""

    def error(self) -> RawError | None:
        """Why the run ended; None while it runs or after it finished."""
        if self.status in ("running", "finished"):
            return None
        if self.status == "stopped":
            return Cancelled("The training was stopped.")
        end = self._end() or {}
        if end.get("missing"):
            return MissingLibrary(how_to_train(end["missing"]))
        lines = [line.strip() for line in self.errors().splitlines() if line.strip(" ~^")]
        ours = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
        if end and ours:
            return RawError(ours[-1])
        if end and lines:
            return RawError(f"The training failed: {lines[-1]}. The log is in {self.folder}.")
        return RawError(
            "The training ended without a message, as when memory runs out or the machine is switched off. "
            f"The log is in {self.folder}."
        )

    def follow(
        self, on_line: Callable[[dict[str, Any]], None], is_cancelled: Callable[[], bool] = lambda: False,
        every_s: float = 0.2,
    ) -> None:  # fmt: skip
        """Pass every line to `on_line` until the run ends. Blocks.

        Raises the error that the run ended with, or Cancelled if `is_cancelled` returned True and the process is gone.
        """
        ended = False
        while not ended:
            ended = not self.running  # checked first, so that no last line is missed
            for line in self.lines():
                on_line(line)
            if is_cancelled():
                self.cancel()
            time.sleep(0.0 if ended else every_s)
        error = self.error()
        if error is not None:
            raise error

    def terminate(self) -> None:
        """Ask the run to stop. It may write a checkpoint first."""
        if not self.running:
            return
        self.about["stopped"], self._terminated = True, self.about["started"]
        with contextlib.suppress(OSError):  # a full disk must not keep it running
            write(self.folder / ABOUT, self.about)
        self._signal(signal.SIGTERM)

    def kill(self, started: str = "") -> None:
        """Kill the process and its workers. started: as in run.json; a run that was started later is left alone."""
        self._reread()
        if started in ("", self.about["started"]):
            self._signal(getattr(signal, "SIGKILL", signal.SIGTERM), group=True)

    def cancel(self, patience_s: float | None = None) -> None:
        """Terminate, then kill, though not while it saves. Returns when the process is gone. patience_s: None for the
        class's.
        """
        self.terminate()
        for last in (self.patience_s if patience_s is None else patience_s, self.patience_s):
            end = time.monotonic() + last
            while self.running and (time.monotonic() < end or self.saving):
                time.sleep(0.05)
            if not self.running:
                return
            self.kill()

    def delete(self) -> None:
        """Delete the run's folder. RawError while the run is running."""
        if self.running:
            raise RawError("The training still runs: stop it first.")
        shutil.rmtree(self.folder)

    def _reread(self) -> None:
        """Read what another object, perhaps in another QGIS, has changed."""
        with contextlib.suppress(OSError, ValueError, OverflowError):
            self.about = _checked_about(self.folder)
            self.about["stopped"] |= self.about["started"] == self._terminated  # a full disk may not

    def _end(self) -> dict[str, Any] | None:
        try:
            return json.loads((self.folder / END).read_text("utf-8"))
        except (OSError, ValueError):
            return None

    def _signal(self, what: int, group: bool = False) -> None:
        if not self.running:  # afterwards the process id may be another process's
            return
        with contextlib.suppress(OSError, ValueError):  # it has already ended, or not yet begun
            pid = self._process.pid if self._process else int((self.folder / PID).read_text("ascii"))
            (os.killpg if group and hasattr(os, "killpg") else os.kill)(pid, what)


def runs() -> list[Child]:
    """All runs, the latest first. Deletes folders of runs that a killed QGIS never started."""
    found = []
    for folder in runs_folder().glob("*/"):
        if not (folder / ABOUT).exists():
            _clear_unstarted(folder)
            continue
        with contextlib.suppress(RawError):
            found.append(Child(folder))
    return sorted(found, key=lambda child: child.about["started"], reverse=True)


def _clear_unstarted(folder: Path, max_age_s: float = 86_400.0) -> None:
    with contextlib.suppress(OSError):  # another QGIS may clear it too
        written = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
        if folder.match("????-??-??_??-??-??_*") and time.time() - written > max_age_s:
            shutil.rmtree(folder)  # a copy of people's tracks


def new_folder(name: str) -> Path:
    """Make a folder for a new run, readable by its owner only. RawError where the profile cannot be written."""
    if problem := why_not_writable():
        raise RawError(problem)
    stem = f"{datetime.now():%Y-%m-%d_%H-%M-%S}_{name}"
    for n in range(1000):
        folder = runs_folder() / (stem if n == 0 else f"{stem}_{n}")
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700, parents=True)
            return folder
    raise RawError(f"There is no free name for a run in {runs_folder()}.")


def how_to_train(missing: Sequence[str]) -> str:
    """The message for packages that training needs and that are missing."""
    names = packages_of(missing)
    return (
        f"Training needs more Python packages: {', '.join(names)}. Plugins → RAW → Packages… "
        f"installs them, or: {find_python()} -m pip install {' '.join(names)}"
    )


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def _age_s(about: dict[str, Any]) -> float:
    """Seconds since a run was started."""
    return (datetime.now(timezone.utc) - datetime.fromisoformat(about["started"]).astimezone()).total_seconds()


def _checked_about(folder: Path) -> dict[str, Any]:
    """The contents of run.json. OSError, ValueError or OverflowError where they are none."""
    about = read_about(folder)
    kinds = {"module": str, "arguments": list, "started": str, "stopped": bool}
    if not isinstance(about, dict) or not all(isinstance(about.get(key), kind) for key, kind in kinds.items()):
        raise ValueError(f"{ABOUT} is broken")
    _age_s(about)
    return about


def _parse(line: str) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        value = json.loads(line)
        if isinstance(value, dict):
            return value
    return {"text": line}
