# SPDX-License-Identifier: GPL-2.0-or-later
"""Tiny wheels for tests of the installer."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path


def make_wheel(
    folder: Path,
    name: str,
    code: str,
    version: str = "1.0",
    needs: tuple[str, ...] = (),
    module: str = "",
) -> Path:
    """A wheel of one module, named as the package unless said otherwise."""
    info = f"{name}-{version}.dist-info"
    about = [
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}",
        *(f"Requires-Dist: {n}" for n in needs),
    ]
    files = {
        f"{module or name}.py": code,
        f"{info}/METADATA": "\n".join(about) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{n},sha256={digest(t)},{len(t.encode())}" for n, t in files.items()] + [
        f"{info}/RECORD,,"
    ]
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in {**files, f"{info}/RECORD": "\n".join(record) + "\n"}.items():
            wheel.writestr(file, text)
    return path


def digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
