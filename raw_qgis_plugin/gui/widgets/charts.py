# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures by the hour of the day, as tables in rich text: a card shows and saves them like its
words.
"""

from __future__ import annotations

from collections.abc import Sequence

from qgis.PyQt.QtGui import QColor

from ...core.arrays import Array
from .layout import hinted

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def hour_table(
    names: Sequence[str], colours: Sequence[str], shares: Array, words: Sequence[Sequence[str]]
) -> str:
    """A row a name and a column an hour, in a stronger colour where there is more.

    names: (k,) plain text. colours: (k,). shares: (k, 24) of the full colour, nan: a dot for a
    figure that is withheld. words: (k, 24) plain text, of the cell under the mouse.
    """
    rows = []
    for name, colour, line, said in zip(names, colours, shares, words):
        paint = "rgba({}, {}, {}, {{:.0%}})".format(*QColor(colour).getRgb()[:3])
        cells = []
        for hour, (share, text) in enumerate(zip(line, said)):
            inside = hinted(
                "·" if share != share else "&nbsp;",
                f"{name} {hour:02d}:00-{hour + 1:02d}:00: {text}",
            )
            style = f"background-color: {paint.format(0.12 + 0.88 * share if share > 0 else 0)}"
            cells.append(f'<td width="3.5%" align="center" style="{style}">{inside}</td>')
        rows.append(f'<tr><td width="16%">{name.replace(" ", "&nbsp;")}</td>{"".join(cells)}</tr>')
    hours = "".join(f'<td colspan="6"><small>{hour}:00</small></td>' for hour in range(0, 24, 6))
    lines = "".join([*rows, f"<tr><td></td>{hours}</tr>"])
    return f'<table width="100%" cellspacing="1" cellpadding="0">{lines}</table>'
