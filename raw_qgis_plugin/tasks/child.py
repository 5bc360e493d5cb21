# SPDX-License-Identifier: GPL-2.0-or-later
"""Training runs: child processes that outlive QGIS, each with its state in a folder.

A run's folder holds run.json (what was started), log.jsonl and errors.txt (what it printed), and end.json once it has
ended. Readers follow the files, so that a Processing thread, a dialog and a QGIS started tomorrow read a run alike.
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

from ..core.errors import Cancelled, MissingLibrary, RawError
from ..core.paths import PACKAGE, ROOT
from ..environment.folders import runs_folder
from ..environment.interpreter import NoPython, find_python
from .runner import ABOUT, END, PID, is_locked, write

LOG, ERRORS = "log.jsonl", "errors.txt"
TRAINING_NEEDS = ("numpy", "pyarrow", "scipy", "onnxruntime", "torch", "safetensors", "onnx", "onnxscript", "sklearn")
PIP_NAMES = {"sklearn": "scikit-learn"}
STARTING_S = 30.0  # a run without a lock is not given up as long as its Python may still be starting
UNSTARTED_S = 86_400.0  # nobody reads tracks for longer before a run is started


class Child:
    """A training run, known by its folder."""

    patience_s = 5.0  # between asking the process to end and killing it

    def __init__(self, folder: Path) -> None:
        """Attach to the run in a folder. RawError where there is none."""
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._read = 0  # bytes of the log
        self._ended = ""  # when that was started which this object has asked to end
        try:
            self.about: dict[str, Any] = json.loads((folder / ABOUT).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise RawError(f"{folder} holds no training run: {error}.") from error

    @classmethod
    def start(cls, module: str, arguments: Sequence[str], folder: Path, needs: Sequence[str] = TRAINING_NEEDS,
              **notes: Any) -> Child:  # fmt: skip
        """Start `python -m MODULE ARGUMENTS` with its state in `folder`.

        needs: modules without which it can't run. notes: more for run.json, such as a title. Returns at once.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)  # it will hold people's tracks
        about = {"module": module, "arguments": list(map(str, arguments)), "needs": list(needs), **notes}
        _write_about(folder, about)
        child = cls(folder)
        child._launch()
        return child

    def resume(self, *more: str) -> None:
        """Start again an ended run, with arguments added that it does not have, such as --resume."""
        if self.running:
            return
        arguments = self.about["arguments"]
        self.about["arguments"] = [*arguments, *(word for word in more if word not in arguments)]
        self._launch()

    def _launch(self) -> None:
        for name in (END, PID):
            (self.folder / name).unlink(missing_ok=True)
        self.about |= {"started": datetime.now(timezone.utc).isoformat(timespec="milliseconds"), "stopped": False}
        errors_file = self.folder / ERRORS
        self.about["errors_from"] = errors_file.stat().st_size if errors_file.exists() else 0  # before are old ones
        _write_about(self.folder, self.about)
        apart: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
            apart = {"creationflags": flags | subprocess.BELOW_NORMAL_PRIORITY_CLASS}
        command = [str(python()), "-m", "raw_qgis_plugin.tasks.runner", str(self.folder)]
        with (self.folder / LOG).open("ab") as log, (self.folder / ERRORS).open("ab") as errors:
            self._process = subprocess.Popen(  # nosec B603
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=errors,
                env=environment(),
                cwd=self.folder,
                **apart,
            )

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        if self._process is not None:
            return self._process.poll() is None
        if (self.folder / END).exists():
            return False
        started = datetime.fromisoformat(self.about["started"])
        age = (datetime.now(timezone.utc) - started).total_seconds()
        return is_locked(self.folder) or (not (self.folder / PID).exists() and age < STARTING_S)

    @property
    def status(self) -> str:
        """'running'; 'finished'; 'stopped' by the user; 'failed' with `error`; 'interrupted', as by a power cut."""
        if self.running:
            return "running"
        self._reread()
        end = self._end()
        if end is not None and end["code"] == 0:
            return "finished"
        if self.about["stopped"]:
            return "stopped"
        return "interrupted" if end is None else "failed"

    def lines(self) -> list[dict[str, Any]]:
        """What it printed since the last call, a dict a line; a line that is no JSON object comes as {'text': line}."""
        try:
            with (self.folder / LOG).open("rb") as log:
                log.seek(self._read)
                data = log.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        return [_parse(line) for line in whole.decode("utf-8", "replace").splitlines() if line.strip()]

    def errors(self) -> str:
        """What it wrote on standard error since it was last started, the end of it."""
        try:
            written = (self.folder / ERRORS).read_bytes()[self.about.get("errors_from", 0) :]
            return written[-20_000:].decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def error(self) -> RawError | None:
        """Why it ended, in words; None where it goes on or ended well."""
        if self.status in ("running", "finished"):
            return None
        if self.status == "stopped":
            return Cancelled("The training was stopped.")
        end = self._end() or {}
        if end.get("missing"):
            return MissingLibrary(how_to_train(end["missing"]))
        told = [line.strip() for line in self.errors().splitlines() if line.strip(" ~^")]
        ours = [line.removeprefix("error: ") for line in told if line.startswith("error: ")]
        if end and ours:
            return RawError(ours[-1])
        if end and told:
            return RawError(f"The training failed: {told[-1]}. The log is in {self.folder}.")
        return RawError(
            "The training ended without a word, as when memory runs out or the machine is switched off. "
            f"The log is in {self.folder}."
        )

    def follow(self, told: Callable[[dict[str, Any]], None], is_cancelled: Callable[[], bool] = lambda: False,
               every_s: float = 0.2) -> None:  # fmt: skip
        """Give every line to `told` until the run ends, in a thread that may wait.

        Raises Cancelled after `is_cancelled` said so and the process is gone, or the error that it ended with.
        """
        while True:
            ended = not self.running  # asked before the last lines are read
            for line in self.lines():
                told(line)
            if ended:
                break
            if is_cancelled():
                self.cancel()
            time.sleep(every_s)
        error = self.error()
        if error is not None:
            raise error

    def terminate(self) -> None:
        """Ask it to end. Returns at once."""
        if not self.running:
            return
        self.about["stopped"], self._ended = True, self.about["started"]
        with contextlib.suppress(OSError):  # a full disk is no reason to go on
            _write_about(self.folder, self.about)
        self._signal(signal.SIGTERM)

    def kill(self, started: str = "") -> None:
        """End it, and the workers it has started. started: as in run.json, to spare one that was started since then."""
        self._reread()
        if started not in ("", self.about["started"]):
            return
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM), group=True)

    def cancel(self, patience_s: float | None = None) -> None:
        """Terminate, then kill. Returns when the process is gone."""
        self.terminate()
        for last in (self.patience_s if patience_s is None else patience_s, self.patience_s):
            end = time.monotonic() + last
            while self.running and time.monotonic() < end:
                time.sleep(0.05)
            if not self.running:
                return
            self.kill()

    def delete(self) -> None:
        """Remove the run with all it wrote; RawError while it goes on."""
        if self.running:
            raise RawError("The training still runs: stop it first.")
        shutil.rmtree(self.folder)

    def _reread(self) -> None:
        """Learn what another object, as of another QGIS, has done with the run."""
        with contextlib.suppress(OSError, ValueError):
            self.about = json.loads((self.folder / ABOUT).read_text("utf-8"))
            self.about["stopped"] |= self.about["started"] == self._ended  # which a full disk may not have taken

    def _end(self) -> dict[str, Any] | None:
        try:
            return json.loads((self.folder / END).read_text("utf-8"))
        except (OSError, ValueError):
            return None

    def _signal(self, what: int, group: bool = False) -> None:
        if not self.running:  # so that the number is not yet another process's
            return
        try:
            pid = self._process.pid if self._process else int((self.folder / PID).read_text("ascii"))
            if group and hasattr(os, "killpg"):
                os.killpg(pid, what)
            else:
                os.kill(pid, what)
        except (OSError, ValueError):  # it has ended by itself, or has not begun
            return


def runs() -> list[Child]:
    """All runs there are, the latest first. Clears what a QGIS that was killed left of those it had yet to start."""
    for folder in runs_folder().glob("????-??-??_??-??-??_*/"):  # as new_folder calls them
        _clear_unstarted(folder)
    found = []
    for about in runs_folder().glob(f"*/{ABOUT}"):
        try:
            found.append(Child(about.parent))
        except RawError:
            continue
    return sorted(found, key=lambda child: child.about["started"], reverse=True)


def _clear_unstarted(folder: Path) -> None:
    with contextlib.suppress(OSError):  # another QGIS may clear it too
        if not (folder / ABOUT).exists():
            written = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
            if time.time() - written > UNSTARTED_S:
                shutil.rmtree(folder)  # a copy of people's tracks


def new_folder(name: str) -> Path:
    """A folder for a new run, made, and seen by its owner only."""
    stem = f"{datetime.now():%Y-%m-%d_%H-%M-%S}_{name}"
    for n in range(1000):
        folder = runs_folder() / (stem if n == 0 else f"{stem}_{n}")
        try:
            folder.mkdir(mode=0o700, parents=True)
            return folder
        except FileExistsError:
            continue
    raise RawError(f"There is no free name for a run in {runs_folder()}.")


def python() -> Path:
    """The Python that trains: that of RAW's own environment where there is one, else QGIS's. RawError without any."""
    try:
        return find_python()
    except NoPython as error:
        raise RawError(str(error)) from error


def environment() -> dict[str, str]:
    """The child's environment: the plugin's parent and root come before what its Python finds by itself."""
    here = dict.fromkeys([str(PACKAGE.parent), str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    own = {"PYTHONPATH": os.pathsep.join(filter(None, here)), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
    return {**os.environ, **own, "PYTHONDONTWRITEBYTECODE": "1"}


def how_to_train(missing: Sequence[str]) -> str:
    """What to install so that models can be trained."""
    names = [PIP_NAMES.get(name, name) for name in missing]
    return (
        f"Training needs more Python packages: {', '.join(names)}. Plugins → RAW → Packages… "
        f"installs them, or: {python()} -m pip install {' '.join(names)}"
    )


def _write_about(folder: Path, about: dict[str, Any]) -> None:
    write(folder / ABOUT, json.dumps(about, indent=1, ensure_ascii=False))


def _parse(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"text": line}
