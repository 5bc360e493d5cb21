# SPDX-License-Identifier: GPL-2.0-or-later
"""The pictures of README and guide are taken anew: pictures.py. `make pictures` keeps them in
docs/guide.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
KEPT = Path(os.environ.get("RAW_PICTURES_TO") or HERE.parents[1] / "build" / "pictures").resolve()
HELP = HERE.parents[1] / "resources" / "help" / "images"  # which ships some of them
LARGEST = 150_000  # bytes


def test_pictures_of_the_guide(drive: Callable[..., dict[str, Any]], sample: Path) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    found = drive(
        HERE / "pictures.py", "1366x768", RAW_SAMPLE=sample, RAW_PICTURES=KEPT, timeout=1500
    )
    assert len(found["names"]) == 6
    for name in found["names"]:
        picture = KEPT / f"{name}.png"
        shrink(picture)
        assert 10_000 < picture.stat().st_size < LARGEST
        if KEPT.name == "guide" and (HELP / picture.name).exists():
            shutil.copy(picture, HELP)


def shrink(picture: Path) -> None:
    """Few colours are enough for a window: the most frequent, and those that cover the rest."""
    from PIL import Image

    image = Image.open(picture).convert("RGB")
    frequent = [colour for _, colour in sorted(image.getcolors(1 << 24), reverse=True)]
    for colours in (128, 64, 32, 16):
        rest = image.quantize(colours, Image.Quantize.MAXCOVERAGE).getpalette()[: 3 * colours]
        palette = Image.new("P", (1, 1))
        palette.putpalette([*(part for colour in frequent[:colours] for part in colour), *rest])
        image.quantize(palette=palette, dither=Image.Dither.NONE).save(picture, optimize=True)
        if picture.stat().st_size < LARGEST:
            break
