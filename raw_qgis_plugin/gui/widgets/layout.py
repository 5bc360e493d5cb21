# SPDX-License-Identifier: GPL-2.0-or-later
"""Short ways to lay out, to change and to delete widgets.

Properties and signals of a widget are given to its constructor, as PyQt allows: QPushButton("Go", toolTip="…",
clicked=slot).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from qgis.PyQt.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QScrollArea, QVBoxLayout, QWidget

Part: TypeAlias = "QWidget | QLayout | None"


def row(*parts: Part, stretch: Part = None, margin: int | None = None) -> QHBoxLayout:
    """Lay parts out side by side. None: a gap that takes the room left. stretch: the part that takes it instead."""
    return _fill(QHBoxLayout(), parts, stretch, margin)


def column(*parts: Part, stretch: Part = None, margin: int | None = None) -> QVBoxLayout:
    """Lay parts out one below the other; as `row`."""
    return _fill(QVBoxLayout(), parts, stretch, margin)


def _fill(layout: Any, parts: tuple[Part, ...], stretch: Part, margin: int | None) -> Any:
    for part in parts:
        if part is None:
            layout.addStretch(1)
        elif isinstance(part, QLayout):
            layout.addLayout(part)
        else:
            layout.addWidget(part)
    if stretch is not None:
        layout.setStretchFactor(stretch, 1)
    if margin is not None:
        layout.setContentsMargins(margin, margin, margin, margin)
    return layout


def wrapped(words: str = "", **properties: Any) -> QLabel:
    """A label that wraps its words."""
    return QLabel(words, wordWrap=True, **properties)


def scrolling(page: QWidget, area: QScrollArea | None = None) -> QScrollArea:
    """A page that scrolls where its window is small. area: to put the page into, instead of a plain one."""
    area = area or QScrollArea()
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    return area


def delete(widget: QWidget) -> None:
    """Delete a widget. It disappears at once, not when Qt deletes it."""
    widget.setParent(None)
    widget.deleteLater()


@contextmanager
def silent(*widgets: QWidget) -> Iterator[None]:
    """Change widgets without signals of theirs."""
    before = [widget.blockSignals(True) for widget in widgets]
    try:
        yield
    finally:
        for widget, blocked in zip(widgets, before):
            widget.blockSignals(blocked)
