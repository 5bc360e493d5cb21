# SPDX-License-Identifier: GPL-2.0-or-later
"""What the installer knows before it installs: what is missing, its size, the proxy; and what
diagnostics tell.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

import pytest

from raw_qgis_plugin.core.errors import Cancelled, RawError, cancellable
from raw_qgis_plugin.environment import folders, install, packages, report
from raw_qgis_plugin.environment.advice import advice
from raw_qgis_plugin.environment.interpreter import base_python, isolated, module_command


def test_check_tells_old_from_new(tmp_path: Path) -> None:
    for line, words in (("numpy>=99", "older than 99"), ("numpy<1.0", "newer"), ("numpy>=1.2", "")):
        (tmp_path / "some.txt").write_text(line)
        (found,) = packages.check("some", tmp_path)
        assert words in found.problem and bool(words) == bool(found.problem)


def test_requirement_lines() -> None:
    line = "onnxruntime-gpu[cuda,cudnn]>=1.20,<2; sys_platform != 'darwin'"
    read = packages.parse(line)
    assert (read.name, read.module, read.lowest, read.below) == (
        "onnxruntime-gpu",
        "onnxruntime",
        (1, 20),
        (2,),
    )
    assert packages.numbers("2.0.2rc1") == (2, 0, 2)


def test_why_broken(tmp_path: Path) -> None:
    (tmp_path / "rawbroken.py").write_text("import rawdeeper\n")
    python, path = base_python(), [str(tmp_path), *sys.path]
    assert (
        packages.why_broken(python, "rawbroken", path)
        == "ModuleNotFoundError: No module named 'rawdeeper'"
    )
    assert packages.why_broken(python, "json", path) == ""


def test_a_cancel_ends_what_runs_and_begins_nothing(tmp_path: Path) -> None:
    installer = install.Installer(tmp_path / "venv", Path(sys.executable), lambda _: None)
    began = time.monotonic()
    with pytest.raises(Cancelled), cancellable(lambda: time.monotonic() > began + 0.5):
        installer._call([sys.executable, "-c", "import time; time.sleep(60)"], "Waiting")
    assert installer.child.returncode and time.monotonic() - began < 15
    with pytest.raises(Cancelled), cancellable(lambda: True):
        installer.run()


def test_nothing_that_lies_around_runs_in_a_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where QGIS was started in the folder of a downloaded project, with Python's variables set
    to another place.
    """
    mark = tmp_path / "ran"
    for name in (
        "json",
        "runpy",
        "pip",
        "venv",
        "ensurepip",
        "sitecustomize",
        "usercustomize",
        "importlib",
    ):
        for file in (tmp_path / name / "__init__.py", tmp_path / name / "__main__.py"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(f"open({str(mark)!r}, 'a').write({name!r})\n")
    monkeypatch.chdir(tmp_path)
    for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONSTARTUP"):
        monkeypatch.setenv(name, str(tmp_path))
    python, path = base_python(), [p for p in sys.path if p and p != str(tmp_path)]
    assert packages.why_broken(python, "json", path) == ""
    for command in (
        isolated(python, "-m", "venv", "-h"),
        module_command(python, "raw_qgis_plugin.tasks.child_side"),
    ):
        subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    installer = install.Installer(tmp_path / "v" / "venv", python, [].append)
    installer._call(isolated(python, "-c", "import json"), "Trying")
    assert installer._has(python, "json") and not mark.exists()


def test_what_pip_says_becomes_advice() -> None:
    for error, words in (
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "changed or damaged"),
        ("OSError: [Errno 28] No space left on device", "disk space"),
        (
            "ERROR: Could not install packages due to an OSError: [WinError 5] Access is denied: 'x.dll'",
            "virus scanner",
        ),
        ("PermissionError: [Errno 13] Permission denied", "virus scanner"),
        (
            "error: [WinError 32] The file is being used by another process: 'x.pyd'",
            "virus scanner",
        ),
        (
            "ProxyError('Cannot connect to proxy.') ERROR: No matching distribution found for x",
            "Set the proxy",
        ),
        (
            "ERROR: Could not find a version; ERROR: No matching distribution found for x",
            "connection to pypi.org",
        ),
        ("ReadTimeoutError: HTTPSConnectionPool: Read timed out.", "Set the proxy"),
        (
            "There was a problem confirming the ssl certificate: HTTPSConnectionPool(host='pypi.org'): "
            "Max retries exceeded (Caused by SSLError(SSLCertVerificationError(1, '[SSL: "
            "CERTIFICATE_VERIFY_FAILED] self-signed certificate in certificate chain')))",
            "PIP_CERT",
        ),
        (
            "ImportError: DLL load failed while importing onnxruntime_pybind11_state: "
            "A dynamic link library (DLL) initialization routine failed.",
            "Visual C++ Redistributable",
        ),
        ("failed to locate pyvenv.cfg: The system cannot find the file specified.", "not whole"),
        ("Error: [WinError 1314] A required privilege is not held by the client", "not whole"),
    ):
        assert words in advice(error), error
    assert "The folder w lacks it" in advice(
        "ERROR: No matching distribution found for x", Path("w")
    )


def test_training_is_refused_on_a_mac_with_an_intel_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    installer = install.Installer(tmp_path / "venv", Path(sys.executable), [].append)
    installer.groups = ("runtime", "train")
    with pytest.raises(RawError, match="PyTorch has no version for Macs with an Intel processor"):
        installer.run()
    assert not (tmp_path / "venv").exists()


def distribution(folder: Path, name: str, version: str) -> str:
    """A folder of packages with one in it."""
    about = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return str(folder)


def test_a_second_onnxruntime_that_comes_first_is_named(tmp_path: Path) -> None:
    """Of its packages, all with one module, an import takes the first on the search path."""
    other = distribution(tmp_path / "other", "onnxruntime-directml", "1.15.0")
    own = distribution(tmp_path / "own", "onnxruntime-gpu", "1.31.1")
    wanted = packages.parse("onnxruntime-gpu>=1.20,<2")
    assert packages.installed(wanted.name, [other, own]).version == "1.15.0"
    assert packages.installed(wanted.name, [own, other]).version == "1.31.1"
    assert packages.shadow(wanted, [other, own]).name == "onnxruntime-directml"
    assert packages.shadow(wanted, [own]) is None
    assert packages.shadow(packages.parse("onnxruntime-gpu>=1.10"), [other, own]) is None
    log: list[str] = []
    installer = install.Installer(tmp_path / "venv", Path("/usr/bin/python3"), log.append)
    words = r"onnxruntime-directml 1\.15\.0 in .*other.* /usr/bin/python3 -m pip uninstall onnxr"
    with pytest.raises(RawError, match=words):
        installer._try(wanted, [other, own])


def test_an_environment_without_pyvenv_cfg_gets_no_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a virus scanner holds the file back: its Python would be QGIS's own."""
    installer = install.Installer(tmp_path / "venv", base_python(), [].append)
    monkeypatch.setattr(installer, "_call", lambda command, what: None)
    with pytest.raises(
        RawError, match=r"pyvenv\.cfg.*want an administrator\. Nothing was installed"
    ):
        installer._pip()


def test_a_profile_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "user_folder", lambda: tmp_path / "raw")
    (tmp_path / "raw").write_text("a file in the place of the folder")
    assert re.match(
        r"RAW cannot write into .*raw: .*packages cannot be kept there\.$",
        folders.why_not_writable(),
    )
    (tmp_path / "raw").unlink()
    (tmp_path / "raw").mkdir()
    assert folders.why_not_writable() == "" and not list((tmp_path / "raw").iterdir())


def test_the_report_has_errors_and_nothing_of_people_or_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(report, "LAST_ERRORS", deque(maxlen=2))
    home = Path.home()
    for message in (
        "the oldest of three goes",
        f"{home}/tracks of anna.gpkg and /media/anna/usb/a.csv cannot be read at -10.9472, 37.07310",
        "C:\\Users\\Anna\\a.gpkg: onnxruntime 1.23.2 in C:\\Program Files\\QGIS\\x.dll\nfailed",
    ):
        report.remember(message)
    rows = [report.Row("scipy", "1.15.3", ""), report.Row("torch", "", "missing")]
    system = {"QGIS": "3.40.6 | Qt 6", "Python": f"3.13.5, {home}/venv/bin/python"}
    text = report.markdown("1.0.0", system, rows)
    assert text.startswith(
        "### RAW for QGIS 1.0.0\n\n|  |  |\n| --- | --- |\n| QGIS | 3.40.6 \\| Qt 6"
    )
    assert "| scipy | 1.15.3 |  |" in text and "| torch | – | missing |" in text
    assert "onnxruntime 1.23.2 in C:\\Program" in text and "oldest" not in text
    assert len(report.LAST_ERRORS) == 2
    for secret in (str(home), "anna", "Anna", "10.9", "37.0"):
        assert secret not in text


def test_diagnostics_name_the_library_that_cuda_lacks(tmp_path: Path) -> None:
    """An imitation of ONNX Runtime whose CUDA provider cannot be loaded, as on a machine without
    its libraries.
    """
    (tmp_path / "onnxruntime" / "capi").mkdir(parents=True)
    init = tmp_path / "onnxruntime" / "__init__.py"
    python, path = base_python(), [str(tmp_path), *sys.path]
    for text, words in (
        (
            "def get_available_providers(): return ['CUDAExecutionProvider']\n",
            "libonnxruntime_providers_shared.so: ",
        ),
        ("def get_available_providers(): return []\n", "CUDA is not built into ONNX Runtime"),
        ("raise ImportError('DLL load failed')\n", "ImportError: DLL load failed"),
    ):
        init.write_text(text)
        assert words in packages.why_broken(python, "", path, packages.CUDA_PROBE)
