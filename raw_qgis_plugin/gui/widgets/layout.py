# SPDX-License-Identifier: GPL-2.0-or-later
"""Short ways to lay out, to change and to delete widgets.

Properties and signals of a widget are given to its constructor, as PyQt allows: QPushButton("Go",
toolTip="…", clicked=slot).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any, Literal, TypeAlias

from qgis.PyQt.QtCore import QSignalBlocker, Qt
from qgis.PyQt.QtGui import QCursor
from qgis.PyQt.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

Part: TypeAlias = "QWidget | QLayout | None"


def row(*parts: Part, **options: Any) -> QHBoxLayout:
    """Lay parts out side by side. None: a gap that takes the room left.

    stretch: the part that takes it instead. spacing_px: between the parts. margins_px: left, top,
    right and bottom, or 0 for none.
    """
    return _fill(QHBoxLayout(), parts, **options)


def column(*parts: Part, **options: Any) -> QVBoxLayout:
    """Lay parts out one below the other, with the options of `row`."""
    return _fill(QVBoxLayout(), parts, **options)


def _fill(
    layout: Any,
    parts: tuple[Part, ...],
    stretch: Part = None,
    spacing_px: int | None = None,
    margins_px: tuple[int, int, int, int] | Literal[0] | None = None,
) -> Any:
    for part in parts:
        if part is None:
            layout.addStretch(1)
        elif isinstance(part, QLayout):
            layout.addLayout(part)
        else:
            layout.addWidget(part)
    if stretch is not None:
        layout.setStretchFactor(stretch, 1)
    if spacing_px is not None:
        layout.setSpacing(spacing_px)
    if margins_px is not None:
        layout.setContentsMargins(*(margins_px or (0, 0, 0, 0)))
    return layout


def wrapped(words: str = "", **properties: Any) -> QLabel:
    """A label that wraps its words."""
    return QLabel(words, wordWrap=True, **properties)


def hinting(words: str = "", **properties: Any) -> QLabel:
    """A label of rich text that can be copied, and shows the hints of what is `hinted` in it."""
    browser = Qt.TextInteractionFlag.TextBrowserInteraction
    how = {"textFormat": Qt.TextFormat.RichText, "textInteractionFlags": browser} | properties
    return wrapped(
        words, **how, linkHovered=lambda hint: QToolTip.showText(QCursor.pos(), escaped(hint))
    )


def escaped(words: str) -> str:
    """A name or a message, to be put into rich text."""
    return escape(words, quote=False)


def hinted(words: str, hint: str) -> str:
    """Rich text with a hint, which `hinting` shows while the mouse is over it. hint: plain text, ''
    for none.
    """
    style = "text-decoration: none; color: palette(window-text)"
    return f'<a href="{escape(hint)}" style="{style}">{words}</a>' if hint else words


def table(rows: Iterable[Sequence[str]]) -> str:
    """A table in rich text, as wide as there is room. rows: of rich text; all columns but the first
    to the right.
    """
    sides = "left", "right"
    lines = (
        "".join(f'<td align="{sides[at > 0]}">{each}</td>' for at, each in enumerate(line))
        for line in rows
    )
    return f'<table width="100%" cellpadding="2"><tr>{"</tr><tr>".join(lines)}</tr></table>'


def buttons(prefix: str, *rows: tuple[str, str, str, Callable[[], Any]]) -> dict[str, QPushButton]:
    """Buttons by name. rows: name, words, tooltip, slot. prefix: of the names of their objects."""
    return {
        name: QPushButton(
            words,
            objectName=prefix + name,
            toolTip=tip,
            autoDefault=False,
            clicked=lambda _=False, slot=slot: slot(),
        )
        for name, words, tip, slot in rows
    }


def scrolling(page: QWidget) -> QScrollArea:
    """A page that scrolls where its window is small."""
    area = QScrollArea(widgetResizable=True)
    area.setWidget(page)
    area.setFrameShape(QFrame.Shape.NoFrame)
    return area


def delete(widget: QWidget) -> None:
    """Delete a widget. It disappears at once, not when Qt deletes it."""
    widget.setParent(None)
    widget.deleteLater()


@contextmanager
def silent(*widgets: QWidget) -> Iterator[None]:
    """Change widgets without signals of theirs."""
    blockers = [QSignalBlocker(widget) for widget in widgets]
    yield
    del blockers
