# SPDX-License-Identifier: GPL-2.0-or-later
"""Regions and maps in the desktop QGIS: maps.py, on a small screen."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from unicodedata import normalize

import pytest

HERE = Path(__file__).parent
Drive = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def tiles(out: Path) -> Iterator[str]:
    """A server of tiles on this machine, which notes what it is asked."""
    asked = out / "asked"
    asked.touch()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with asked.open("a") as file:
                file.write(self.path + "\n")
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def report(drive: Drive, sample: Path, out: Path, tiles: str) -> dict[str, Any]:
    return drive(
        HERE / "maps.py", "1366x768", RAW_SAMPLE=sample, RAW_OUT=out, RAW_TILES=tiles, RAW_ASKED=out / "asked"
    )  # fmt: skip


def test_a_region_is_removed_by_its_key_and_undone(report: dict[str, Any]) -> None:
    three = ["Region 1", "Region 2", "Region 3"]
    assert report["drawn"] == report["after Undo"] == three
    assert report["after Delete"] == three[:2]
    assert report["painted"] != "#ffffff", "the last region is on the map at once"
    assert report["zoomed"]


def test_regions_that_may_be_equal_are_not_distinguishable(report: dict[str, Any]) -> None:
    assert any("not distinguishable" in words for words in report["compared"])
    assert any("rank 1 to 2 of 2" in words for words in report["compared"])
    assert "not distinguishable" in report["legend"][0]


def test_a_basemap_asks_nobody_before_the_user_agrees(report: dict[str, Any]) -> None:
    assert any("127.0.0.1" in words and "address" in words for words in report["question"])
    assert report["asked after No"] == 0 < report["asked after Yes"]
    assert report["bottom"] == "Tiles" and "Tiles" not in report["layers without the basemap"]


def test_a_map_has_title_legend_model_and_caveats(report: dict[str, Any], out: Path) -> None:
    assert "raw-small" in report["notes"] and "Experimental" in report["notes"] and "40 users" in report["notes"]
    assert "fixes with their times" in report["warnings"]
    text = text_of((out / "map.pdf").read_bytes())
    for words in ("People of the synthetic city", "not distinguishable", "Points of interest", "Made on", "raw-small"):
        assert words in text
    assert (out / "map.png").stat().st_size > 100_000
    assert report["layouts"] == ["People of the synthetic city"]


def test_people_are_coloured_by_label_or_user_and_found_by_name(report: dict[str, Any]) -> None:
    assert report["labels"] == ["Commuter", "Metro user", "Trips a day", "Metro trips", "Each user"]
    assert report["colours"][0] == "A colour for each user"
    assert report["zoomed to a user"] and report["pieces"] > 5  # a line is cut at gaps and trips


def test_cards_are_pages(report: dict[str, Any], out: Path) -> None:
    region, user = ((out / f"{name}.html").read_text("utf-8") for name in ("region", "user"))
    for page, words in ((region, "per km²"), (user, "This page is about one person")):
        assert words in page and "data:image/png;base64," in page and "raw-small" in page and "<a " not in page


def test_the_dock_and_drawing_have_keys_that_qgis_lists(report: dict[str, Any]) -> None:
    assert [report[f"Ctrl+Alt+{key}"] for key in "KDB"] == ["raw_dock", "raw_draw", "raw_box"]


def test_the_animation_is_qgis_own(report: dict[str, Any]) -> None:
    assert report["animated"]


def text_of(pdf: bytes) -> str:
    """The text of a PDF as Qt writes it: numbers of glyphs, and a list of letters for each font by its number."""
    letters = {}
    for font, table in re.findall(rb"\n(\d+) 0 obj\n<<[^>]*?/Type0[^>]*?/ToUnicode (\d+) 0 R", pdf):
        ((first, codes),) = re.findall(rb"\n%s 0 obj.*?<(\w{4})> <\w{4}> \[(.*?)\]" % table, pdf, re.DOTALL)
        for at, code in enumerate(re.findall(rb"<(\w+)>", codes), int(first, 16)):
            letters[font, at] = chr(int(code, 16))
    words = []
    for body in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            drawing = zlib.decompress(body)
        except zlib.error:  # a picture
            continue
        for font, shown in re.findall(rb"BT\n/F(\d+) (.*?)ET", drawing, re.DOTALL):
            words.append("".join(letters[font, int(code, 16)] for code in re.findall(rb"<(\w{4})> Tj", shown)))
    return normalize("NFKC", " ".join(words)).replace("\t", " ")
