# SPDX-License-Identifier: GPL-2.0-or-later
"""The generated pages of the reference that need no QGIS: commands and presets."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["commands"])
def test_the_page_is_up_to_date(name):
    page = runpy.run_path(str(ROOT / "docs/scripts/reference.py"))[name]()
    assert page == (ROOT / f"docs/reference/{name}.md").read_text("utf-8"), "run `make docs`"


def test_every_command_is_on_the_page():
    page = (ROOT / "docs/reference/commands.md").read_text("utf-8")
    modules = [path.stem for path in (ROOT / "model").glob("*.py") if "__main__" in path.read_text("utf-8")]
    assert modules and not [name for name in modules if f"`python -m model.{name}`" not in page]
