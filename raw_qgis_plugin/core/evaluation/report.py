# SPDX-License-Identifier: GPL-2.0-or-later
"""A report as one page of HTML: no network, fit to print, dark where the system is dark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from .. import errors
from ..scratch import complete

STYLE = """
:root { color-scheme: light dark;
  --paper: #fff; --ink: #1c2430; --faint: #667085; --line: #d9dee6; }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #14181f; --ink: #e6e9ee; --line: #333b47; } }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
h2 { margin: 2.6rem 0 .6rem; padding-top: .9rem; border-top: 1px solid var(--line); }
p { max-width: 46rem; }
p.lead { color: var(--faint); }
p.key { max-width: none; font-size: 1.1rem; border-left: 4px solid #1f6feb; padding-left: .9rem; }
div.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { padding: .38rem .65rem; text-align: right; vertical-align: top;
  border-bottom: 1px solid var(--line); }
td.text { min-width: 9rem; }
:first-child, td.text { text-align: left; }
@media print { main { max-width: none; padding: 0; } tr { break-inside: avoid; }
  table { font-size: 8pt; }
  td.text { min-width: 0; } }
"""


class Page:
    """A page that grows from top to bottom. All texts are plain: what looks like markup is shown as
    it is.
    """

    def __init__(self, title: str, lead: str = "") -> None:
        self.title = title
        self._parts = [f"<h1>{escape(title)}</h1>"]

        if lead:
            self.sentence(lead, "lead")

    def heading(self, text: str) -> None:
        """A new section."""
        self._parts.append(f"<h2>{escape(text)}</h2>")

    def sentence(self, text: str, kind: str = "") -> None:
        """A paragraph; kind 'key' sets apart what a reader in a hurry has to see."""
        name = f' class="{escape(kind)}"' if kind else ""
        self._parts.append(f"<p{name}>{escape(text)}</p>")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """A table; a text that is no figure stands to the left.

        Numbers are shown with three significant digits, None and nan as a dash; format them
        yourself for more.
        """
        head = _line("th", columns)
        body = "".join(_line("td", map(_words, row)) for row in rows)
        table = f"<thead>{head}</thead><tbody>{body}</tbody>"
        self._parts.append(f'<div class="wide"><table>{table}</table></div>')

    def markup(self, html: str) -> None:
        """A part that is HTML already: whoever makes it has escaped the texts in it."""
        self._parts.append(html)

    def html(self) -> str:
        """The whole page."""
        language = Path(errors.speaks).stem.removeprefix("raw_") or "en"
        return (
            f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(self.title)}</title><style>{STYLE}</style></head>\n<body><main>\n"
            + "\n".join(self._parts)
            + "\n</main></body></html>\n"
        )

    def write(self, path: str | Path) -> None:
        """Write the page, UTF-8."""
        with complete(Path(path)) as beside:
            beside.write_text(self.html(), "utf-8")


def _line(tag: str, cells: Iterable[str]) -> str:
    """A line of a table, whose cells are <th> or <td>."""
    parts = []
    for cell in cells:
        is_figure = re.match(r"[-−+±<>–\d]", cell)
        kind = "" if is_figure else ' class="text"'
        parts.append(f"<{tag}{kind}>{escape(cell)}</{tag}>")

    return f"<tr>{''.join(parts)}</tr>"


def _words(value: Any) -> str:
    if value is None or value != value:
        return "–"

    if isinstance(value, (str, bool)):
        return str(value)

    return f"{value:,.0f}" if abs(value) >= 999.5 or float(value).is_integer() else f"{value:.3g}"
