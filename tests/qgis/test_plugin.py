# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin in QGIS: registered, taken back, fast, and of use without its libraries."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsApplication

ROOT = Path(__file__).parents[2]
KEPT: list[Any] = []
PAGE = (ROOT / "docs/reference/algorithms.md").read_text("utf-8")
IDS = re.findall(r"^## .*`(raw:\w+)`", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", IDS)
def test_every_algorithm_explains_itself(processing: Any, name: str) -> None:
    algorithm = QgsApplication.processingRegistry().algorithmById(name)
    assert len(algorithm.shortHelpString()) > 400 and algorithm.shortDescription()
    assert algorithm.shortHelpString().startswith("<p>")
    assert algorithm.icon().pixmap(24, 24).toImage().pixelColor(12, 12).isValid()
    assert algorithm.group() and algorithm.groupId() and algorithm.canExecute()[0]


def test_the_provider_has_the_version_of_the_plugin(processing: Any) -> None:
    version = QgsApplication.processingRegistry().providerById("raw").versionInfo()
    assert (
        f"\nversion={version}\n" in (ROOT / "metadata.txt").read_text("utf-8")
        and version[0].isdigit()
    )


def test_load_unload_load(processing: Any, qgis_iface: Any) -> None:
    from raw_qgis_plugin import classFactory

    registry = QgsApplication.processingRegistry()
    before = registry.providerById("raw")
    registry.removeProvider(before)
    for _ in range(2):
        plugin = classFactory(qgis_iface)
        plugin.initProcessing()
        assert {a.id() for a in registry.providerById("raw").algorithms()} >= set(IDS)
        plugin.unload()
        assert registry.providerById("raw") is None
        plugin.unload()  # twice does no harm
    plugin = classFactory(qgis_iface)
    plugin.initProcessing()
    KEPT.append(plugin)  # as QGIS does: the provider lives as long as its plugin


def test_a_profile_that_cannot_be_written_starts_the_plugin_and_says_so(
    qgis_iface: Any, monkeypatch: Any
) -> None:
    from raw_qgis_plugin import classFactory
    from raw_qgis_plugin.core.bundle import library
    from raw_qgis_plugin.core.errors import RawError
    from raw_qgis_plugin.environment.folders import models_folder
    from raw_qgis_plugin.tasks import child

    monkeypatch.setattr(
        QgsApplication, "qgisSettingsDirPath", staticmethod(lambda: "/dev/null/profile")
    )
    plugin = classFactory(qgis_iface)
    assert plugin.problem.startswith(
        "RAW cannot write into /dev/null/profile/raw: Not a directory."
    )
    assert [entry.shipped for entry in library.entries(models_folder())] == [
        True
    ] and child.runs() == []
    with pytest.raises(RawError, match="RAW cannot write into"):
        child.new_folder("teach")
    plugin.unload()


LOAD = """
import re
import sys
for name in {blocked!r}: sys.modules[name] = None
sys.path.insert(0, {stage!r})
sys.path.append("/usr/share/qgis/python/plugins")
from qgis.core import QgsApplication
app = QgsApplication([], False); app.initQgis()
heavy = ("torch", "onnxruntime", "shapely", "scipy", "pyarrow", "pyproj")
there = [name for name in heavy if sys.modules.get(name)]  # QGIS itself looks for shapely
import raw_qgis_plugin
plugin = raw_qgis_plugin.classFactory(None)
plugin.initProcessing()
print("heavy", [name for name in heavy if sys.modules.get(name) and name not in there])
for algorithm in plugin.provider.algorithms():
    print(algorithm.id(), *algorithm.canExecute())
"""


def load(blocked: tuple[str, ...]) -> str:
    code = LOAD.format(blocked=blocked, stage=str(ROOT / "build"))
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert "scoreregions" in done.stdout, done.stderr
    return done.stdout


def test_loads_without_its_libraries_and_says_what_to_install() -> None:
    words = load(("onnxruntime", "shapely", "scipy", "pyarrow", "torch"))
    # the same for all, though the import needs pyarrow alone
    names = "scipy, shapely, pyarrow, onnxruntime"
    for name in ("forecasttracks", "scoreregions", "importtracks"):
        assert (
            f"raw:{name} False RAW needs Python packages that QGIS's Python lacks: {names}" in words
        )
    assert "-m pip install --user" in words


def test_loading_imports_nothing_heavy() -> None:
    """How long it takes beside QGIS's own Processing: tests/gui/test_desktop.py."""
    assert "heavy []" in load(())


def test_a_stage_moves_the_bar_and_stops_at_a_cancel(staged: None) -> None:
    from qgis.core import QgsProcessingFeedback

    from raw_qgis_plugin.core.errors import Cancelled
    from raw_qgis_plugin.processing.form import Stage
    from raw_qgis_plugin.processing.words import time_left

    feedback = QgsProcessingFeedback()
    stage = Stage(feedback, "Profiling", 20, 60)
    stage(0.5)
    assert feedback.progress() == 40
    feedback.cancel()
    with pytest.raises(Cancelled):
        stage(0.6)
    assert [time_left(s) for s in (33, 600, 9000)] == ["about 35 s", "about 10 min", "about 2.5 h"]


def test_a_package_that_does_not_load_is_named_with_a_reason(
    processing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qgis.core import QgsProcessingContext, QgsProcessingException, QgsProcessingFeedback

    algorithm = QgsApplication.processingRegistry().createAlgorithmById("raw:importtracks")

    def broken(*_: Any) -> Any:
        raise ImportError("libarrow.so.2600: cannot open shared object file", name="pyarrow.lib")

    monkeypatch.setattr(type(algorithm), "run_on", broken)
    with pytest.raises(
        QgsProcessingException,
        match=r"pyarrow is installed but does not work: libarrow\.so.*Packages",
    ):
        algorithm.processAlgorithm({}, QgsProcessingContext(), QgsProcessingFeedback())


def test_proxy_of_qgis_becomes_a_url(staged: None) -> None:
    from qgis.core import QgsSettings

    from raw_qgis_plugin.environment.install import qgis_proxy

    login = {"User": "a@b", "Password": "c:d"}  # pragma: allowlist secret
    for more, url in (
        (
            {"Enabled": True, "Type": "HttpProxy", "Host": "proxy.gov", "Port": "3128"},
            "http://proxy.gov:3128",
        ),
        (
            {"Type": "Socks5Proxy", **login},
            "socks5://a%40b:c%3Ad@proxy.gov:3128",  # pragma: allowlist secret
        ),  # pragma: allowlist secret
        ({"Type": "DefaultProxy"}, ""),
        ({"Type": "HttpProxy", "Enabled": False}, ""),
    ):
        for name, value in more.items():
            QgsSettings().setValue(f"proxy/proxy{name}", value)
        assert qgis_proxy() == url
    QgsSettings().remove("proxy")


def test_qgis_reads_the_whole_description(staged: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As its plugin manager does, with a ConfigParser that a percent sign would stop."""
    if find_spec("pyplugin_installer") is None:
        monkeypatch.syspath_prepend("/usr/share/qgis/python")
    from pyplugin_installer.installer_data import Plugins
    from qgis import utils

    utils.plugin_paths = getattr(utils, "plugin_paths", [])
    stage = ROOT / "build" / "raw_qgis_plugin"
    text = (stage / "metadata.txt").read_text(encoding="utf-8")
    found = Plugins().getInstalledPlugin("raw_qgis_plugin", str(stage), True)
    assert not found["error"] and found["version_installed"] == "1.0.0"
    last = re.search(r"(?ms)^about=(.*?)(?=^\w+=)", text)[1].strip().splitlines()[-1].strip()
    assert found["about"].strip().endswith(last) and len(found["about"]) > 300
