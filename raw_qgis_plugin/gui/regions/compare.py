# SPDX-License-Identifier: GPL-2.0-or-later
"""The window that compares two drawn regions."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QWidget

from ...core.labels import UNKNOWN, CardData, cards_of
from ...layers.legends import short, title_of
from ...processing.words import tr
from ..widgets.card import figure, save_page, save_table, unproven_mark
from ..widgets.dialog import RawDialog
from ..widgets.layout import buttons, column, escaped, row, scrolling, table, wrapped
from .card import RegionCard, remark


class Comparison(RawDialog):
    """The differences of two regions, and their cards."""

    def __init__(self, one: RegionCard, other: RegionCard, parent: QWidget) -> None:
        super().__init__(parent, "raw_compare", tr("Compare regions"))
        names = [one.region.name, other.region.name]
        rows = [["", *map(escaped, names), tr("First minus second")], *differences(one, other)]
        words = tr(
            "Counts of this layer's devices have no interval: a small difference may be chance."
        )
        head = f"{table([[f'<b>{cell}</b>' for cell in rows[0]], *rows[1:]])}<small>{words}</small>"
        both = row(scrolling(one), scrolling(other), spacing_px=18)
        title = tr("{one} and {other}").format(one=names[0], other=names[1])
        texts = [head]
        for card in (one, other):
            texts += [f"<h2>{escaped(card.title)}</h2>", *card.texts]
        made = buttons(
            "raw_compare_",
            (
                "save",
                tr("Save…"),
                tr("The comparison as a page of HTML"),
                lambda: save_page(self, title, one.bundle, remark(one.min_users), texts),
            ),
            (
                "table",
                tr("Save table…"),
                tr("The figures and differences as a table (CSV)"),
                lambda: save_table(self, title, rows),
            ),
        )
        self.head = wrapped(head, textFormat=Qt.TextFormat.RichText)
        self.setLayout(
            column(self.head, both, self.buttons(*made.values(), page="scoreregions"), stretch=both)
        )
        self.resize(860, 660)


def differences(one: RegionCard, other: RegionCard) -> list[list[str]]:
    """Rows of rich text: a title, both figures, and how they differ."""
    a = one.region.view
    b = other.region.view
    if a is None or b is None:
        return []
    rows = [
        counted(title, *(view.figures.get(name) for view in (a, b)))
        for title, name in (
            (tr("People"), "n_users"),
            (tr("Fixes"), "n_points"),
            (tr("Visits"), "n_visits"),
            (tr("Median visit, minutes"), "dwell_min"),
        )
    ]
    people = [
        view.figures["n_users"] / max(view.area_km2, 1e-9) if view.figures else None
        for view in (a, b)
    ]
    rows += [
        counted(tr("Area, km²"), a.area_km2, b.area_km2),
        counted(tr("People per km²"), *people),
    ]
    for head in cards_of("region", one.bundle.heads("region")):
        name = head["name"]
        if name in a.figures and name in b.figures:
            figures = [figure(head, view.figures) for view in (a, b)]
            title = escaped(title_of(head)) + unproven_mark(head)
            rows.append([title, *figures, difference(head, a.figures, b.figures)])
    return rows


def counted(title: str, a: float | None, b: float | None) -> list[str]:
    """A row of a figure that has no interval. None or nan: it is withheld."""
    known = [value for value in (a, b) if value is not None and value == value]
    shown = [number(value) if value in known else tr("withheld") for value in (a, b)]
    return [title, *shown, more(known[0] - known[1]) if len(known) == 2 else ""]


def number(value: Any) -> str:
    """A count with all its digits, another figure as in a legend."""
    return f"{value:,.0f}" if value == int(value) else short(value)


def difference(head: CardData, a: dict[str, Any], b: dict[str, Any]) -> str:
    """How a head's figures of two regions differ, as rich text. a, b: figures of the regions."""
    name = head["name"]
    if any(figures[name] != figures[name] or figures[name] == UNKNOWN for figures in (a, b)):
        return tr("unknown")
    if head["kind"] != "number":
        return tr("the same") if a[name] == b[name] else tr("different")
    least = max(a[f"{name}_low"] - b[f"{name}_high"], b[f"{name}_low"] - a[f"{name}_high"])
    if least <= 0:
        return tr("<b>not distinguishable</b>: the intervals overlap")
    return tr("{more}, at least {least}").format(more=more(a[name] - b[name]), least=short(least))


def more(value: float) -> str:
    """A difference with its sign."""
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{number(abs(value))}"
