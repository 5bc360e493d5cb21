# SPDX-License-Identifier: GPL-2.0-or-later
"""The documents: links and file names lead somewhere, and drawings that a script makes are up to
date.
"""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(p for top in ("docs", "resources", "model") for p in (ROOT / top).rglob("*.md")),
    ]
)
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FILE = re.compile(r"`((?:raw_qgis_plugin|core|model|tests|resources|docs)/[\w/.-]+\.\w+)`")


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return re.sub(r"(?m)^ {4}.*$", "", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """What links may name after a #: the headings as GitHub writes them."""
    headings = re.findall(r"(?m)^#+ (.*)$", page.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_there_are_pages_with_links() -> None:
    assert {"README.md", "CONTRIBUTING.md", "docs/README.md"} <= set(NAMES)
    assert len(LINK.findall(prose(ROOT / "README.md"))) > 5


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    page, lost = ROOT / name, []
    for link in LINK.findall(prose(page)):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if re.match(r"\w+:", link):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert not lost


@pytest.mark.parametrize("name", [n for n in NAMES if n != "CHANGELOG.md"])
def test_files_that_are_named_exist(name: str) -> None:
    named = {path.replace("core/", "raw_qgis_plugin/core/", 1) if path.startswith("core/") else path
             for path in FILE.findall(prose(ROOT / name))}  # fmt: skip
    assert not [
        path
        for path in named
        if not (ROOT / path).exists() and not path.startswith("resources/help/ID")
    ]


def test_every_page_of_docs_is_in_its_index() -> None:
    linked = {
        (ROOT / "docs" / link).resolve() for link in LINK.findall(prose(ROOT / "docs/README.md"))
    }
    pages = {page for page in PAGES if (ROOT / "docs") in page.parents} - {ROOT / "docs/README.md"}
    assert not [str(page) for page in pages - linked]


def test_the_picture_of_the_rooms_is_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "docs/scripts/architecture.py"))
    assert script["picture"]() == (ROOT / "docs/architecture.svg").read_text("utf-8"), (
        "run `make docs`"
    )


def test_the_flows_are_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "docs/scripts/figures.py"))
    for name in script["FLOWS"]:
        drawn = (ROOT / f"docs/how-it-works/{name}.svg").read_text("utf-8")
        assert script["flow"](name) == drawn, "run `make docs`"


def test_pictures_of_the_help_are_those_of_the_guide() -> None:
    """So that `make pictures` renews them; they showed windows of an earlier version once."""
    help_pages = "".join(
        page.read_text("utf-8") for page in (ROOT / "resources/help").glob("*.html")
    )
    pictures = {
        picture.name: picture.read_bytes() for picture in (ROOT / "resources/help/images").iterdir()
    }
    assert set(re.findall(r'src="images/([^"]+)"', help_pages)) == set(pictures)
    for name, content in pictures.items():
        assert content == (ROOT / "docs/guide" / name).read_bytes(), "run `make pictures`"
