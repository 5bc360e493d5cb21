# SPDX-License-Identifier: GPL-2.0-or-later
"""A card: texts and charts about one user or one region, one below the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QLabel, QWidget

from ...core.bundle.bundle import Bundle
from ...core.similarity import similar
from ...layers.legends import doubt
from ...processing.words import tr
from .layout import column, wrapped


class Card(QWidget):
    """An empty card. `add` texts to it, and widgets to its `column`."""

    def __init__(self, name: str) -> None:
        """name: of the object."""
        super().__init__(objectName=name)
        self.column = column(spacing_px=4, margins_px=0)
        self.setLayout(self.column)

    def add(self, words: str, heading: bool = False, **properties: Any) -> QLabel:
        """Add a text, in Qt's rich text."""
        rich = Qt.TextFormat.RichText
        label = wrapped(f"<b>{words}</b>" if heading else words, textFormat=rich, **properties)
        self.column.addWidget(label)
        return label


def plain(word: str) -> str:
    """A class of a head in words: 'public_transport' is 'public transport'."""
    return word.replace("_", " ")


def experimental_mark(head: dict[str, Any]) -> str:
    """A mark in rich text for an experimental head; '' for others."""
    return f" <i>({tr('experimental')})</i>" if doubt(head) else ""


def no_heads(bundle: Bundle, unit: str) -> str:
    """Why no head of a unit answers."""
    if bundle.heads(unit, every=True):
        return tr("Labels that only simulation supports are off. <i>Settings → Options → RAW</i> switches them on.")
    return tr("The model has no head for this.")


def most_similar(vectors: np.ndarray, at: int, most: int) -> list[tuple[int, float]]:
    """The rows most similar to row `at`, at most `most`, and their similarities, all above that of any two rows.

    vectors: (n, d).
    """
    (rows,), (values,) = similar(vectors, np.array([at]), min(most, len(vectors) - 1))
    return [(int(row), float(value)) for row, value in zip(rows, values) if row >= 0 and value > 0]
