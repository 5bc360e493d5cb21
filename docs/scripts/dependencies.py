# SPDX-License-Identifier: GPL-2.0-or-later
"""The dependencies. `lock` writes resources/locks from pyproject.toml, with uv and pip; it alone
needs a network. `page` writes docs/reference/dependencies.md from the locks, `sbom FILE` a bill of
materials in CycloneDX.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import tomllib

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from raw_qgis_plugin.environment.locks import PYTHONS, Pin, read  # noqa: E402

LOCKS = ROOT / "resources" / "locks"
PAGE = ROOT / "docs" / "reference" / "dependencies.md"
# the groups that the plugin's own installer knows
SHIPPED = {"runtime", "cuda", "train", "installer"}
# A lock for each major NumPy, as QGIS's own stays: what works with the oldest of it works with
# later ones.
NUMPY = {
    1: ["numpy==1.26.4"],
    2: [
        "numpy==2.0.2; python_version < '3.13'",
        "numpy==2.1.3; python_version == '3.13'",
        "numpy==2.3.5; python_version > '3.13'",
    ],
}
SYSTEMS = (  # in the order in which uv writes them
    "(platform_machine == 'aarch64' and sys_platform == 'linux')",
    "(platform_machine == 'x86_64' and sys_platform == 'linux')",
    "(platform_machine == 'AMD64' and sys_platform == 'win32')",
    "sys_platform == 'darwin'",
)
WHEEL = re.compile(
    r"-(py3|py2\.py3|cp3\d+)-(none|abi3|cp3\d+)-(any|.*(manylinux.*_(x86_64|aarch64)|macosx\w*|win_(amd|arm)64))\.whl$"
)
TOO_OLD = re.compile(r"-cp3\d-(?!abi3)")  # wheels for Python 3.9 and before
LINUX = [f"manylinux_2_{minor}_x86_64" for minor in range(5, 40)] + [
    "manylinux2014_x86_64",
    "manylinux2010_x86_64",
]
PLATFORMS = (
    ("3.12", LINUX),
    ("3.10", LINUX),
    ("3.10", ["win_amd64"]),
    ("3.12", ["macosx_14_0_arm64"]),
)
CLASSIFIED = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
IN_WORDS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "NVIDIA Proprietary Software": "LicenseRef-NVIDIA-Proprietary",
}
# Of packages whose metadata names none: NVIDIA's package of packages holds no files.
UNSAID = {"cuda-toolkit": "LicenseRef-NVIDIA-Proprietary"}
# What may be combined with GPL-2.0-or-later: Apache-2.0 and LGPL-3.0 through its version 3.
COMPATIBLE = {
    *(
        "Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSL-1.0",
        "GPL-2.0-or-later",
    ),
    *(
        "ISC",
        "LGPL-3.0-only",
        "MIT",
        "MIT-CMU",
        "MPL-2.0",
        "PSF-2.0",
        "Zlib",
        "EPL-2.0 OR GPL-2.0-or-later",
        "HPND",
    ),
}
# loaded by PyTorch and ONNX Runtime as libraries of the graphics card
APART = "LicenseRef-NVIDIA-Proprietary"
GENERATED = (
    "<!-- Written by `make lock`. Do not edit: change pyproject.toml and run it again. -->\n"
)


def run(folder: Path, *command: str) -> str:
    """Run a command in a folder; its output."""
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


def groups() -> dict[str, list[str]]:
    """The requirements of each dependency group, with those it includes."""
    found = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "dependency-groups"
    ]

    def lines(group: str) -> Iterator[str]:
        for each in found[group]:
            yield from [each] if isinstance(each, str) else lines(each["include-group"])

    return {group: list(lines(group)) for group in found}


def compiled(folder: Path, requirements: Iterable[str], *more: str) -> str:
    """What uv resolves for every system and Python at once."""
    (folder / "in.txt").write_text("\n".join(requirements))
    command = [
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--no-header",
        "--no-annotate",
        *more,
        "in.txt",
    ]
    return run(folder, *command, "--python-version", "3.10")


def resolve(numpy: int, folder: Path) -> list[Pin]:
    """The pins for a major NumPy, without their licences."""
    wanted = {
        group: lines for group, lines in groups().items() if group in SHIPPED or numpy == max(NUMPY)
    }
    lowest, highest = [
        f"python_version {sign} '3.{v[1]}'"
        for sign, v in zip((">=", "<="), PYTHONS[numpy], strict=True)
    ]
    environments = [f"{system} and {lowest} and {highest}" for system in SYSTEMS]
    (folder / "pyproject.toml").write_text(
        f"[tool.uv]\nenvironments = {json.dumps(environments)}\n"
    )
    (folder / "numpy.txt").write_text("\n".join(NUMPY[numpy]))
    everything = [line for lines in wanted.values() for line in lines]
    text = compiled(folder, everything, "--constraint", "numpy.txt")
    (folder / "exact.txt").write_text(text)
    compiled(
        folder,
        everything,
        "--constraint",
        "numpy.txt",
        "--format",
        "pylock.toml",
        "-o",
        "pylock.toml",
    )
    markers = dict((line.split(" ; ") + [""])[:2] for line in text.splitlines())
    members = defaultdict(set)
    for group, lines in wanted.items():
        for line in compiled(folder, lines, "--constraint", "exact.txt").splitlines():
            members[line.split(" ; ")[0]].add(group)
    pins = []
    for package in tomllib.loads((folder / "pylock.toml").read_text())["packages"]:
        name, version = package["name"], package["version"]
        sums = {
            each["url"].rsplit("/", 1)[-1]: each["hashes"]["sha256"] for each in package["wheels"]
        }
        hashes = tuple(
            sums[file] for file in sorted(sums) if WHEEL.search(file) and not TOO_OLD.search(file)
        )
        if name != "numpy":  # QGIS's own stays
            pin = f"{name}=={version}"
            pins.append(
                Pin(
                    name, version, simpler(markers[pin], numpy), hashes, tuple(sorted(members[pin]))
                )
            )
    return pins


def simpler(marker: str, numpy: int) -> str:
    """A marker without what is true wherever the lock is used."""
    everywhere = " or ".join(SYSTEMS)
    above = f"python_full_version < '3.{PYTHONS[numpy][1][1] + 1}'"
    for always in (f"{above} and ", f" and {above}", f" and ({everywhere})", above):
        marker = marker.replace(always, "")
    return "" if marker in (everywhere, f"({everywhere})") else marker


def licences(pins: Iterable[Pin]) -> dict[str, str]:
    """The licence of each package as SPDX, from the metadata that pip reports; '' where it is not
    known.

    Of versions that the present locks hold pip is not asked again.
    """
    versions = {pin.name: pin.version for pin in pins}
    found = {pin.name: pin.licence for pin in all_pins() if versions.get(pin.name) == pin.version}
    for python, platforms in PLATFORMS:
        for name in [name for name in versions if name not in found]:
            command = [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--dry-run",
                "--ignore-installed",
                "--quiet",
                "--no-deps",
            ]
            command += [
                "--only-binary",
                ":all:",
                "--target",
                "nowhere",
                "--report",
                "-",
                "--python-version",
                python,
            ]
            command += [word for each in platforms for word in ("--platform", each)]
            done = subprocess.run(
                [*command, f"{name}=={versions[name]}"], capture_output=True, text=True, check=False
            )
            if done.returncode == 0:
                found[name] = licence(json.loads(done.stdout)["install"][0]["metadata"])
    return {name: UNSAID.get(name, found.get(name, "")) for name in versions}


def licence(metadata: dict[str, Any]) -> str:
    """The licence of a package as SPDX; '' where it is not known."""
    words = metadata.get("license", "").strip()
    said = [
        CLASSIFIED.get(each.split(" :: ")[-1], "")
        for each in metadata.get("classifier", [])
        if "License ::" in each
    ]
    return (
        metadata.get("license_expression")
        or (said[0] if len(said) == 1 else "")
        or IN_WORDS.get(words, words[:40])
    )


def lock() -> None:
    """Write every lock."""
    locked = {}
    for numpy in NUMPY:
        with tempfile.TemporaryDirectory() as folder:
            locked[numpy] = resolve(numpy, Path(folder))
    known = licences(pin for pins in locked.values() for pin in pins)
    LOCKS.mkdir(exist_ok=True)
    for numpy, pins in locked.items():
        lines = [replace(pin, licence=known[pin.name]).line() for pin in pins]
        (LOCKS / f"numpy{numpy}.lock").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(
            f"resources/locks/numpy{numpy}.lock: {len(pins)} versions of {len({pin.name for pin in pins})} packages"
        )


def all_pins() -> list[Pin]:
    """The pins of all locks, each once."""
    pins = {
        (pin.name, pin.version): pin for path in sorted(LOCKS.glob("*.lock")) for pin in read(path)
    }
    return [pins[key] for key in sorted(pins)]


def is_compatible(expression: str) -> bool:
    """Whether what has this licence may be combined with GPL-2.0-or-later."""
    if expression in COMPATIBLE:
        return True
    if " AND " in expression:
        return all(map(is_compatible, expression.split(" AND ")))
    return " OR " in expression and any(map(is_compatible, expression.split(" OR ")))


def page() -> str:
    """The page of the reference."""
    rows: dict[str, list[Pin]] = defaultdict(list)
    for pin in all_pins():
        rows[pin.name].append(pin)
    text = "| package | versions | licence | groups |\n|---|---|---|---|\n"
    for name, pins in rows.items():
        versions = ", ".join(dict.fromkeys(pin.version for pin in pins))
        members = ", ".join(sorted({group for pin in pins for group in pin.groups}))
        text += f"| {name} | {versions} | {pins[-1].licence} | {members} |\n"
    return (
        f"{GENERATED}# Dependencies and their licences\n\n"
        "The plugin holds none of these packages. Its installer fetches them when a user asks for it, in the versions\n"
        "of `resources/locks`, and pip refuses a file whose SHA-256 sum is not there. What QGIS has in a version that\n"
        "fits stays: NumPy and GDAL always. The groups are those of `pyproject.toml`. The installer knows runtime\n"
        "(everybody), cuda (NVIDIA's cards) and train; scale, synthetic and dev\n"
        "come with `make setup` alone.\n\n"
        "RAW is GPL-2.0-or-later. All licences below may be combined with it, Apache-2.0 and LGPL-3.0 through version\n"
        "3 of the GPL. NVIDIA's libraries are the exception: PyTorch and ONNX Runtime load them for a graphics card.\n"
        "RAW distributes none of them and works without.\n\n"
        f"`make sbom` writes the same list as CycloneDX, with the sums, to `build/raw_qgis_plugin.cdx.json`.\n\n{text}"
    )


def sbom() -> dict[str, Any]:
    """The bill of materials of what the plugin's installer may install, as CycloneDX 1.6."""
    version = re.search(r"(?m)^version=(.+)$", (ROOT / "metadata.txt").read_text("utf-8"))[1]  # type: ignore[index]
    components = [
        {
            "type": "library", "bom-ref": (purl := f"pkg:pypi/{pin.name}@{pin.version}"), "purl": purl,
            "name": pin.name, "version": pin.version, "licenses": [{"expression": pin.licence}],
            "properties": [{"name": "raw:groups", "value": " ".join(pin.groups)},
                           *({"name": "raw:sha256", "value": each} for each in pin.hashes)],
        }
        for pin in all_pins() if SHIPPED & set(pin.groups)
    ]  # fmt: skip
    plugin = {"type": "application", "bom-ref": "raw", "name": "RAW for QGIS", "version": version}
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, json.dumps(components))}",
        "metadata": {"component": {**plugin, "licenses": [{"license": {"id": "GPL-2.0-or-later"}}]}},
        "components": components,
        "dependencies": [{"ref": "raw", "dependsOn": [each["bom-ref"] for each in components]}],
    }  # fmt: skip


if __name__ == "__main__":
    what, *where = sys.argv[1:]
    if what == "lock":
        lock()
    elif what == "page":
        PAGE.write_text(page(), encoding="utf-8")
    else:
        Path(where[0]).write_text(json.dumps(sbom(), indent=1), encoding="utf-8")
