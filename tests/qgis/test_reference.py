# SPDX-License-Identifier: GPL-2.0-or-later
"""The generated page of the algorithms, with the fields that they write for the sample."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def test_the_page_of_the_algorithms_is_up_to_date(processing: Any, tmp_path: Path) -> None:
    page = runpy.run_path(str(ROOT / "docs/scripts/reference.py"))["algorithms"](
        processing, tmp_path
    )
    assert page == (ROOT / "docs/reference/algorithms.md").read_text("utf-8"), "run `make docs`"
