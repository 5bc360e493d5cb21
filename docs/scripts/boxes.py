# SPDX-License-Identifier: GPL-2.0-or-later
"""Draw boxes in rows and the arrows between them, as SVG text that is the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

COLOURS = {
    "blue": ("#dbe9f6", "#2b6ca3"), "green": ("#def0dd", "#3b7f3a"), "orange": ("#fbe6cf", "#b5651d"),
    "grey": ("#ececec", "#666666"), "purple": ("#e9e0f3", "#6a4c93"),
}  # fmt: skip
# px: between boxes, between rows, a line of text, a title with its margins
GAP, SPACE, LINE, HEAD = 14, 40, 15, 26


@dataclass(frozen=True)
class Box:
    """A box: its title, the text under it (lines separated by a line feed), and a name of COLOURS."""

    title: str
    text: str = ""
    colour: str = "blue"

    @property
    def height(self) -> int:
        """Pixels."""
        return HEAD + (LINE * len(self.text.split("\n")) + 6 if self.text else 0)


def draw(
    rows: list[list[Box]], arrows: list[tuple[str, str]], width: int = 900, widest: int = 420
) -> str:
    """An SVG of rows of boxes, top to bottom. arrows: pairs of titles. width, widest: px, of the
    picture and a box.
    """
    places: dict[str, tuple[float, float, float, float]] = {}
    y = float(GAP)
    for row in rows:
        wide = min((width - GAP * (len(row) + 1)) / len(row), widest)
        left = (width - wide * len(row) - GAP * (len(row) - 1)) / 2
        tall = max(box.height for box in row)
        for number, box in enumerate(row):
            places[box.title] = (left + number * (wide + GAP), y, wide, box.height)
        y += tall + SPACE
    height = y - SPACE + GAP
    lines = [_arrow(places[start], places[end], width) for start, end in arrows]
    boxes = [_box(box, *places[box.title]) for row in rows for box in row]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:.0f}" '
        f'viewBox="0 0 {width} {height:.0f}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height:.0f}" fill="#ffffff"/>', *lines, *boxes, "</svg>\n",
    ])  # fmt: skip


def _box(box: Box, x: float, y: float, wide: float, tall: float) -> str:
    fill, edge = COLOURS[box.colour]
    parts = [
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{wide:.0f}" height="{tall:.0f}" rx="5" fill="{fill}" stroke="{edge}"/>',
        f'<text x="{x + wide / 2:.0f}" y="{y + 18:.0f}" text-anchor="middle" font-weight="bold" fill="#222222">'
        f"{escape(box.title)}</text>",
    ]
    for number, line in enumerate(box.text.split("\n") if box.text else []):
        at = y + HEAD + 8 + LINE * number
        parts.append(
            f'<text x="{x + wide / 2:.0f}" y="{at:.0f}" text-anchor="middle" fill="#333333">{escape(line)}</text>'
        )
    return "\n".join(parts)


def _arrow(start: tuple[float, ...], end: tuple[float, ...], width: int) -> str:
    """A curve from a box to another: side by side in a row, else from an edge to the edge that
    faces it.
    """
    (x0, y0, w0, h0), (x1, y1, w1, h1) = start, end
    if y0 == y1:
        right = x0 < x1
        a, b, y = (x0 + w0, x1, y0 + h0 / 2) if right else (x0, x1 + w1, y0 + h0 / 2)
        path, tip = f"M{a:.0f} {y:.0f}L{b:.0f} {y:.0f}", (b, y, 7 if right else -7, 0)
    else:
        down = y0 < y1
        a, b = (y0 + h0, y1) if down else (y0, y1 + h1)
        # Arrows leave toward where they go, so that those of one box do not lie on one another.
        lean = 0.35 * max(-1.0, min(1.0, (x1 + w1 / 2 - x0 - w0 / 2) / (0.6 * width)))
        p, q = x0 + w0 * (0.5 + lean), x1 + w1 * (0.5 - lean)
        middle = (a + b) / 2
        path = f"M{p:.0f} {a:.0f}C{p:.0f} {middle:.0f} {q:.0f} {middle:.0f} {q:.0f} {b:.0f}"
        tip = q, b, 0, 7 if down else -7
    x, y, along, across = tip
    head = f"M{x:.0f} {y:.0f}l{-along - across / 2:.1f} {-across - along / 2:.1f}l{across:.1f} {along:.1f}z"
    return f'<path d="{path}" fill="none" stroke="#555555"/><path d="{head}" fill="#555555"/>'
