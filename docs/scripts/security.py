# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the table of attacks in docs/security.md from what the tests noted in build/attacks."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
HEAD = "| attack | in 0.2.0 | wanted | now | test |\n|---|---|---|---|---|\n"
PLACE = re.compile(r"(<!-- attacks -->\n).*(<!-- end of attacks -->)", re.DOTALL)


def main() -> None:
    """Replace what stands between the two marks of the page."""
    files = sorted((ROOT / "build" / "attacks").glob("*.json"))
    rows = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    rows.sort(key=lambda row: (row["test"], row["attack"]))
    lines = []
    for row in rows:
        cells = (
            row["attack"],
            row["in_020"] or "–",
            row["wanted"],
            row["now"],
            f"`{row['test'].removeprefix('tests/')}`",
        )
        lines.append(f"| {' | '.join(cells)} |\n")
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(PLACE.sub(lambda found: found[1] + HEAD + "".join(lines) + found[2], page), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(rows)} attacks")


if __name__ == "__main__":
    main()
