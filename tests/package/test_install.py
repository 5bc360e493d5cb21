# SPDX-License-Identifier: GPL-2.0-or-later
"""The installer, with a real pip and a folder of tiny wheels: installed, appended, told when
broken, removed.
"""

from __future__ import annotations

import hashlib
import http.server
import importlib
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from wheels import make_wheel

from raw_qgis_plugin.core.errors import RawError
from raw_qgis_plugin.environment import locks, packages
from raw_qgis_plugin.environment.install import Installer
from raw_qgis_plugin.environment.interpreter import base_python, python_of_venv
from raw_qgis_plugin.environment.locks import Pin

NAME = "rawtinytest"


@pytest.fixture
def wanted(tmp_path: Path) -> dict[str, Any]:
    """A group of one tiny package, a folder with its wheel, and a lock with its sum."""
    (tmp_path / "tiny.txt").write_text(f"{NAME}>=1,<2\n")
    lock(tmp_path, make_wheel(tmp_path / "wheels", NAME, "ANSWER = 42\n", needs=("numpy",)))
    return {
        "groups": ("tiny",),
        "wheels": tmp_path / "wheels",
        "requirements": tmp_path,
        "locks": tmp_path,
    }


def lock(folder: Path, *wheels: Path) -> None:
    """A lock of the group `tiny` for this machine's NumPy."""
    pins = [
        (*wheel.name.split("-")[:2], hashlib.sha256(wheel.read_bytes()).hexdigest())
        for wheel in wheels
    ]
    lines = [
        Pin(name, version, "", (digest,), ("tiny",), "MIT").line() for name, version, digest in pins
    ]
    (folder / f"numpy{packages.version_of('numpy')[0]}.lock").write_text("\n".join(lines))


def installer(folder: Path, wanted: dict[str, Any], lines: list[str] | None = None) -> Installer:
    return Installer(
        folder / "venv", base_python(), (lines if lines is not None else []).append, **wanted
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an environment in it, as making one takes seconds."""
    folder = tmp_path_factory.mktemp("made")
    installer(folder, {})._pip()
    return folder


def test_install_use_and_install_again(tmp_path: Path, wanted: dict[str, Any]) -> None:
    lines: list[str] = []
    before = list(sys.path)
    assert packages.check("tiny", tmp_path)[0].problem == "missing"
    installer(tmp_path, wanted, lines).run()
    venv = tmp_path / "venv"
    assert python_of_venv(venv, sys.platform)
    assert any("Successfully installed" in line for line in lines)
    assert f"numpy=={packages.version_of('numpy')}" in (venv / "held-by-qgis.txt").read_text()
    assert not list(packages.site_packages(venv).glob("numpy*"))  # QGIS's own was good enough
    try:
        packages.activate(venv)
        assert sys.path == [*before, str(packages.site_packages(venv))]  # appended, once
        packages.activate(venv)
        assert len(sys.path) == len(before) + 1
        assert packages.check("tiny", tmp_path)[0].problem == ""
        assert importlib.import_module(NAME).ANSWER == 42
        lines.clear()
        installer(tmp_path, wanted, lines).run()  # nothing to do the second time
        assert not any(
            "Making the environment" in line or "Successfully installed" in line for line in lines
        )
        installer(tmp_path, {**wanted, "again": True}, lines).run()
        assert any("Making the environment" in line for line in lines)
    finally:
        sys.modules.pop(NAME, None)
        packages.deactivate(venv)
    assert sys.path == before and packages.check("tiny", tmp_path)[0].problem == "missing"


def test_a_package_that_does_not_import_is_reported_with_its_reason(
    made: Path, tmp_path: Path, wanted: dict[str, Any]
) -> None:
    lock(
        tmp_path,
        make_wheel(
            tmp_path / "wheels", NAME, "raise ImportError('libcurand.so.10 is not here')\n", "1.1"
        ),
    )
    with pytest.raises(RawError, match=r"rawtinytest.*does not work.*libcurand\.so\.10"):
        installer(made, wanted).run()


def test_a_half_finished_environment_is_made_again(tmp_path: Path, wanted: dict[str, Any]) -> None:
    """Without pyvenv.cfg its Python is QGIS's own: pip would install for everybody, or ask for an
    administrator.
    """
    run = installer(tmp_path, wanted)
    run._pip()
    half = packages.site_packages(run.venv) / "~umpy"
    half.mkdir()
    (run.venv / "pyvenv.cfg").unlink()
    run.run()
    assert (run.venv / "pyvenv.cfg").is_file() and list(
        packages.site_packages(run.venv).glob(f"{NAME}.py")
    )
    assert not half.exists()


@pytest.fixture
def intercepted(tmp_path: Path) -> Iterator[str]:
    """An index whose certificate nobody knows, as behind a firewall that opens what is encrypted."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *files], check=True, capture_output=True)
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://localhost:{server.server_port}/simple"
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")
def test_behind_a_firewall_that_opens_tls_real_pip_ends_in_words(
    made: Path, wanted: dict[str, Any], intercepted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", intercepted)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(RawError, match=r"opens the encrypted connection.*PIP_CERT"):
        installer(made, {**wanted, "wheels": None}).run()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"PIP_INDEX_URL": "http://127.0.0.1:9/simple"}, "Is there a connection to pypi.org"),
        ({}, "Set the proxy"),
    ],
)
def test_without_a_network_or_its_proxy_real_pip_ends_in_words(
    made: Path,
    wanted: dict[str, Any],
    settings: dict[str, str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIP_RETRIES", "1")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    proxy = "" if settings else "http://127.0.0.1:9"
    with pytest.raises(RawError, match=words):
        installer(made, {**wanted, "wheels": None, "proxy": proxy}).run()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_without_space_for_its_own_files_it_says_what_to_do(
    made: Path, wanted: dict[str, Any]
) -> None:
    held = made / "venv/held-by-qgis.txt"
    held.unlink(missing_ok=True)
    held.symlink_to("/dev/full")
    try:
        with pytest.raises(RawError, match="Free some disk space"):
            installer(made, wanted).run()
    finally:
        held.unlink()


def test_a_wheel_that_is_not_in_the_folder_is_named(
    made: Path, tmp_path: Path, wanted: dict[str, Any]
) -> None:
    absent = Pin("rawabsent", "3.0", "", ("0" * 64,), ("tiny",)).line()
    next(tmp_path.glob("numpy*.lock")).write_text(absent)
    with pytest.raises(RawError, match=r"(?s)rawabsent.*wheels lacks it"):
        installer(made, wanted).run()
    (tmp_path / "empty").mkdir()
    with pytest.raises(RawError, match="no wheel"):
        installer(tmp_path, {**wanted, "wheels": tmp_path / "empty"}).run()


def test_a_replaced_numpy_is_an_error(tmp_path: Path, wanted: dict[str, Any]) -> None:
    run = installer(tmp_path, wanted)
    (packages.site_packages(run.venv) / "numpy-9.9.dist-info").mkdir(parents=True)
    with pytest.raises(RawError, match="brought its own numpy"):
        run._verify()


def test_without_ensurepip_and_pip_it_says_what_to_do(
    tmp_path: Path, wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    has = Installer._has
    lacks = staticmethod(
        lambda python, module: module not in ("ensurepip", "pip") and has(python, module)
    )
    monkeypatch.setattr(Installer, "_has", lacks)
    with pytest.raises(RawError, match="python3-venv"):
        installer(tmp_path, wanted).run()
    assert python_of_venv(tmp_path / "venv", sys.platform)  # made all the same, without pip


def test_the_staged_groups_have_packages_and_a_size(stage: Path) -> None:
    for group, least in (("runtime", 6), ("cuda", 6), ("train", 5)):
        wanted = packages.check(group, stage / "requirements")
        assert (
            len(wanted) >= least
            and len({r.module for r in wanted}) == len(wanted)
            and packages.MEGABYTES[group]
        )


def test_a_wheel_that_was_changed_is_refused(
    made: Path, tmp_path: Path, wanted: dict[str, Any]
) -> None:
    # the name and version of the lock
    make_wheel(wanted["wheels"], NAME, "ANSWER = 'stolen'\n", needs=("numpy",))
    with pytest.raises(RawError, match="not the one that RAW was tested with"):
        installer(made, wanted).run()
    modules = packages.site_packages(made / "venv").glob(f"{NAME}.py")
    assert not [path for path in modules if "stolen" in path.read_text()]


def test_what_a_package_needs_is_locked_too(
    made: Path, tmp_path: Path, wanted: dict[str, Any]
) -> None:
    wheel = make_wheel(wanted["wheels"], NAME, "import rawneeded\n", needs=("rawneeded",))
    needed = make_wheel(wanted["wheels"], "rawneeded", "")
    lock(tmp_path, wheel)  # without what it needs
    with pytest.raises(RawError, match="versions pinned"):
        installer(made, wanted).run()
    lock(tmp_path, wheel, needed)
    file = next(tmp_path.glob("numpy*.lock"))
    elsewhere = Pin("rawelsewhere", "1.0", "sys_platform == 'mars'", ("0" * 64,), ("tiny",)).line()
    file.write_text(f"{file.read_text()}\n{elsewhere}")
    lines: list[str] = []
    installer(made, wanted, lines).run()
    fetching = next(i for i, line in enumerate(lines) if line.startswith("To fetch from"))
    assert f"{NAME}==1.0, rawneeded==1.0" in lines[fetching]
    assert fetching < next(i for i, line in enumerate(lines) if "Installing the packages" in line)


def test_without_a_lock_for_this_numpy_it_says_what_to_do(
    made: Path, wanted: dict[str, Any]
) -> None:
    python = dict(locks.PYTHONS)
    locks.PYTHONS.clear()
    try:
        with pytest.raises(
            RawError, match=r"no tested version for Python 3\.\d+ and NumPy .*Update RAW"
        ):
            installer(made, wanted).run()
    finally:
        locks.PYTHONS.update(python)
