# SPDX-License-Identifier: GPL-2.0-or-later
"""The zip: what the plugin repository accepts, and that it works in a clean profile."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from qgisrun import QgisProcess

ROOT = Path(__file__).parent.parent.parent
MANDATORY = (
    *("name", "description", "about", "version", "qgisMinimumVersion"),
    *("author", "email", "homepage", "tracker", "repository"),
)


def metadata(text: str) -> configparser.SectionProxy:
    # as QGIS and the plugin repository do: a percent sign ends it
    parser = configparser.ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser["general"]


@pytest.fixture(scope="module")
def package() -> Path:
    version = metadata((ROOT / "metadata.txt").read_text())["version"]
    path = ROOT / "build" / f"raw_qgis_plugin-{version}.zip"
    if not path.exists():
        pytest.fail("There is no package: run `make package` first.")
    return path


@pytest.fixture(scope="module")
def unzipped(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unzipped")
    zipfile.ZipFile(package).extractall(folder)
    return folder / "raw_qgis_plugin"


@pytest.fixture(scope="module")
def clean_qgis(unzipped: Path, tmp_path_factory: pytest.TempPathFactory) -> QgisProcess:
    return QgisProcess(tmp_path_factory.mktemp("profile") / "raw", unzipped)


def test_zip_is_what_the_plugin_repository_accepts(package: Path) -> None:
    assert package.stat().st_size < 25 * 1024 * 1024
    names = zipfile.ZipFile(package).namelist()
    assert {name.split("/")[0] for name in names} == {"raw_qgis_plugin"}
    assert {
        "raw_qgis_plugin/__init__.py",
        "raw_qgis_plugin/metadata.txt",
        "raw_qgis_plugin/LICENSE",
    } <= set(names)
    unwanted = (".pyc", ".so", ".dll", ".dylib", ".exe", ".plt", ".gpkg-shm", ".gpkg-wal")
    assert not [n for n in names if n.endswith(unwanted) or "__pycache__" in n or "/." in n]


def test_metadata_says_all_that_is_mandatory(unzipped: Path) -> None:
    general = metadata((unzipped / "metadata.txt").read_text(encoding="utf-8"))
    assert not [field for field in MANDATORY if not general.get(field, "").strip()]
    assert general["hasProcessingProvider"] == "yes"
    assert general["qgisMaximumVersion"] == "4.99"
    # QGIS 3 on Qt 6 refuses plugins without it; QGIS 4 does not read it
    assert general["supportsQt6"] == "yes"
    assert general["homepage"].endswith("/docs/README.md")
    first, *_ = general["about"].splitlines()
    assert "into an environment of RAW's own" in first
    assert "onnxruntime" in general["about"]


def test_model_commands_run_from_the_installed_plugin(unzipped: Path) -> None:
    env = os.environ | {"PYTHONPATH": f"{unzipped.parent}{os.pathsep}{unzipped}"}
    for command in ("forecast", "profiles", "regions", "pretrain", "finetune", "export"):
        done = subprocess.run(
            [sys.executable, "-m", f"model.{command}", "--help"],
            cwd=unzipped.parent,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_three_algorithms_run_in_a_clean_profile(
    clean_qgis: QgisProcess, sample: Path, tmp_path: Path
) -> None:
    common = {"INPUT": sample / "aracaju_tracks.gpkg", "DEVICE": "CPU"}
    profiles = clean_qgis.run("raw:profileusers", **common, OUTPUT=tmp_path / "p.gpkg")
    assert profiles["N_USERS"] == 10
    regions = sample / "aracaju_regions.gpkg"
    scores = clean_qgis.run(
        "raw:scoreregions", **common, REGIONS=regions, OUTPUT=tmp_path / "r.gpkg"
    )
    assert scores["N_POINTS"] + scores["N_SKIPPED"] == 9262  # some of its trips were recorded twice
    outputs = {
        name: tmp_path / f"{name}.gpkg" for name in ("OUTPUT", "OUTPUT_TRACKS", "OUTPUT_AREAS")
    }
    clean_qgis.run("raw:forecasttracks", **common, HORIZON=10, STEP=5, **outputs)
    assert all(
        path.exists() for path in [*outputs.values(), tmp_path / "p.gpkg", tmp_path / "r.gpkg"]
    )
