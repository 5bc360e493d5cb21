# SPDX-License-Identifier: GPL-2.0-or-later
"""A card: texts and charts about one user or one region, one below the other."""

from __future__ import annotations

from html import escape
from typing import Any

from qgis.PyQt.QtWidgets import QLabel, QWidget

from .layout import column, wrapped


class Card(QWidget):
    """An empty card. `add` texts to it, and widgets to its `column`."""

    def __init__(self, name: str) -> None:
        """name: of the object."""
        super().__init__(objectName=name)
        self.column = column(margin=0)
        self.column.setSpacing(4)
        self.setLayout(self.column)

    def add(self, words: str, heading: bool = False, **properties: Any) -> QLabel:
        """Add a text, in Qt's rich text."""
        label = wrapped(f"<b>{words}</b>" if heading else words, **properties)
        self.column.addWidget(label)
        return label


def plain(word: str) -> str:
    """A class of a head in words: 'public_transport' is 'public transport'."""
    return word.replace("_", " ")


def escaped(words: str) -> str:
    """A name, to be put into rich text."""
    return escape(words, quote=False)
