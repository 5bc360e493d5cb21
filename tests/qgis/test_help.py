# SPDX-License-Identifier: GPL-2.0-or-later
"""The help pages: links lead to pages, and the Python examples run in the sample project."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsProject, QgsVectorLayer

HELP = Path(__file__).parents[2] / "resources" / "help"
PAGES = sorted(HELP.glob("*.html"))
EXAMPLES = {page.stem: html.unescape(code) for page in PAGES
            for code in re.findall(r"<pre>(.*?)</pre>", page.read_text("utf-8"), re.DOTALL)}  # fmt: skip


@pytest.fixture
def sample_project(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The layers of the sample project, and the files that the examples read from the working
    folder.
    """
    from raw_qgis_plugin.tasks import child

    for name, file in (("Tracks of ten phones", "aracaju_tracks"), ("Hexagons", "aracaju_regions")):
        QgsProject.instance().addMapLayer(QgsVectorLayer(str(sample / f"{file}.gpkg"), name, "ogr"))
    fixes = [f"a,2020-09-13 12:{minute:02d}:00,{-37 + minute / 1000},-10.9" for minute in range(30)]
    (tmp_path / "fixes.csv").write_text("\n".join(["user,time,lon,lat", *fixes]))
    (tmp_path / "labels.csv").write_text("user_id,night_worker\n0,yes\n4,no\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(child, "runs_folder", lambda: tmp_path / "runs")
    yield
    QgsProject.instance().clear()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_and_pictures_exist(page: Path) -> None:
    links = re.findall(r'(?:href|src)="([^"]+)"', page.read_text("utf-8"))
    assert not [link for link in links if not (HELP / link).is_file()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_window_shows_every_letter(page: Path) -> None:
    """Arrows and minus signs too: Qt reads a page without a charset as Latin-1."""
    from raw_qgis_plugin.gui.widgets.dialog import HelpWindow

    words = html.unescape(re.sub(r"<[^>]+>", "", page.read_text("utf-8")))
    # the last stands for a picture
    window, special = HelpWindow(page.stem), r"[^\x00-\x7f\xa0\ufffc]"
    assert {*re.findall(special, window.browser.toPlainText())} == {*re.findall(special, words)}
    window.deleteLater()


def test_every_algorithm_has_an_example(processing: Any) -> None:
    from raw_qgis_plugin.processing.provider import ALGORITHMS

    assert sorted(EXAMPLES) == sorted(algorithm.ID for algorithm in ALGORITHMS)


@pytest.mark.parametrize("page", sorted(EXAMPLES))
def test_the_example_runs(
    processing: Any,
    sample_project: None,
    at_once: None,
    capsys: pytest.CaptureFixture[str],
    page: str,
) -> None:
    """Training is replaced by a process that returns the shipped model at once."""
    code = EXAMPLES[page]
    assert f'"raw:{page}"' in code and code.count("\n") <= 8
    exec(
        compile(code, f"{page}.html", "exec"), {"processing": processing, "QgsProject": QgsProject}
    )
    assert capsys.readouterr().out.strip()
