# SPDX-License-Identifier: GPL-2.0-or-later
"""The windows of the drawn regions: two of them compared, and what could name somebody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QDialog, QGridLayout, QLabel, QWidget

from ...core.embedding.profiles import UNKNOWN
from ...layers.legends import short, title_of
from ...processing.words import tr
from ..widgets.card import experimental_mark, plain
from ..widgets.layout import column, escaped, row, scrolling, wrapped
from .card import RegionCard


class Comparison(QDialog):
    """The differences of two regions, and their cards."""

    def __init__(self, cards: Sequence[RegionCard], parent: QWidget) -> None:
        super().__init__(parent, objectName="raw_compare", windowTitle=tr("Compare regions"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setColumnStretch(3, 1)
        names = [escaped(card.region.name) for card in cards]
        for line, cells in enumerate([["", *names, tr("First minus second")], *differences(*cards)]):
            for at, words in enumerate(cells):
                label = QLabel(f"<b>{words}</b>" if line == 0 else words, textFormat=Qt.TextFormat.RichText)
                grid.addWidget(label, line, at)
        both = row(*(scrolling(card) for card in cards), spacing_px=18)
        self.setLayout(column(grid, both, stretch=both))
        self.resize(820, 600)


class PublishCheck(QDialog):
    """What could name somebody in the layer of drawn regions."""

    def __init__(self, found: Sequence[str], parent: QWidget) -> None:
        """found: of `layers.publishing.check_layer`."""
        super().__init__(parent, objectName="raw_check", windowTitle=tr("Before you publish the drawn regions"))
        words = found or [tr("Nothing in this layer was found that could name somebody.")]
        self.setLayout(column(*(wrapped(each, textFormat=Qt.TextFormat.PlainText) for each in words)))
        self.resize(460, 240)


def differences(one: RegionCard, other: RegionCard) -> list[list[str]]:
    """Rows of rich text: a title, both figures, and how they differ. None for regions that show no figures."""
    a, b = one.region.view, other.region.view
    if a.suppressed or b.suppressed or a.n_users is None or b.n_users is None:
        return [[tr("People"), *(tr("withheld") if view.suppressed else f"{view.n_users:,}" for view in (a, b)), ""]]
    rows = [[tr("People"), f"{a.n_users:,}", f"{b.n_users:,}", more(a.n_users - b.n_users)]]
    heads = one.region.bundle.heads("region") if all(card.region in card.answered for card in (one, other)) else []
    for head in heads:
        if head["name"] in a.columns and head["name"] in b.columns:
            figures = [figure(head, view.columns) for view in (a, b)]
            title = escaped(title_of(head)) + experimental_mark(head)
            rows.append([title, *figures, difference(head, a.columns, b.columns)])
    return rows


def figure(head: dict[str, Any], columns: dict[str, Any]) -> str:
    """A head's figure as rich text."""
    value = columns[head["name"]]
    if value != value or value == UNKNOWN:
        return tr("unknown")
    if head["kind"] != "number":
        return escaped(plain(str(value)))
    low, high = (short(columns[head["name"] + end]) for end in ("_low", "_high"))
    return f"{short(value)} ({low} – {high}) {escaped(str(head.get('unit_of_measure', '')))}"


def difference(head: dict[str, Any], a: dict[str, Any], b: dict[str, Any]) -> str:
    """How a head's figures of two regions differ, as rich text. a, b: columns of the regions."""
    name = head["name"]
    if any(columns[name] != columns[name] or columns[name] == UNKNOWN for columns in (a, b)):
        return tr("unknown")
    if head["kind"] != "number":
        return tr("the same") if a[name] == b[name] else tr("different")
    least = max(a[f"{name}_low"] - b[f"{name}_high"], b[f"{name}_low"] - a[f"{name}_high"])
    if least <= 0:
        return tr("<b>not distinguishable</b>: the intervals overlap")
    return tr("{more}, at least {least}").format(more=more(a[name] - b[name]), least=short(least))


def more(value: float) -> str:
    """A difference with its sign."""
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{short(abs(value))}"
