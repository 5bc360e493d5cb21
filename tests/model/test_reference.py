# SPDX-License-Identifier: GPL-2.0-or-later
"""The generated page of the commands."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/reference/commands.md"


def test_the_page_is_up_to_date():
    assert runpy.run_path(str(ROOT / "docs/scripts/reference.py"))["commands"]() == PAGE.read_text(
        "utf-8"
    )


def test_every_command_is_on_the_page():
    page = PAGE.read_text("utf-8")
    modules = [
        path.stem for path in (ROOT / "model").glob("*.py") if "__main__" in path.read_text("utf-8")
    ]
    assert modules and not [name for name in modules if f"`python -m model.{name}`" not in page]
