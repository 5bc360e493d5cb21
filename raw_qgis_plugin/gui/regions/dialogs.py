# SPDX-License-Identifier: GPL-2.0-or-later
"""The windows of the drawn regions: two of them compared, and what could name somebody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from ...core.embedding.profiles import UNKNOWN
from ...core.evaluation.report import Page
from ...core.regions.view import RegionView
from ...layers.legends import class_colours, short, title_of
from ...processing.words import tr
from ..widgets.card import figure, html_of, new_page, plain, save_page, unproven_mark
from ..widgets.dialog import RawDialog
from ..widgets.layout import column, escaped, row, scrolling, wrapped
from ..windows.help import open_help
from .card import RegionCard, busiest_hour, no_hours, remark


class Comparison(RawDialog):
    """The differences of two regions, and their cards."""

    def __init__(self, cards: Sequence[RegionCard], parent: QWidget) -> None:
        super().__init__(parent, "raw_compare", tr("Compare regions"))
        self.cards = cards
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setColumnStretch(3, 1)
        names = [escaped(card.region.name) for card in cards]
        for line, cells in enumerate([["", *names, tr("First minus second")], *differences(*cards)]):
            for at, words in enumerate(cells):
                label = QLabel(f"<b>{words}</b>" if line == 0 else words, textFormat=Qt.TextFormat.RichText)
                grid.addWidget(label, line, at)
        words = tr("Counts of this layer's devices have no interval: a small difference may be chance.")
        notes = [f"<small>{words}</small>"]
        shown = [card.region for card in cards if not card.region.view.suppressed]
        if shown and busiest_hour(shown) < 0:
            notes.append(no_hours(cards[0].min_users))
        self.head = column(grid, *(wrapped(each, textFormat=Qt.TextFormat.RichText) for each in notes))
        both = row(*(scrolling(card) for card in cards), spacing_px=18)
        tip = tr("The comparison as a page of HTML, with its charts")
        save = QPushButton(tr("Save…"), objectName="raw_compare_save", toolTip=tip, clicked=self.save)
        buttons = self.buttons(save, on_help=lambda: open_help("scoreregions", self))
        self.setLayout(column(self.head, both, buttons, stretch=both))
        self.resize(860, 660)

    def save(self) -> None:
        """Ask for a file, and write the page into it."""
        save_page(self, self.page(), tr("Save the comparison"))

    def page(self) -> Page:
        """The comparison as a page."""
        regions = [card.region for card in self.cards]
        title = tr("{one} and {other}").format(one=regions[0].name, other=regions[1].name)
        page = new_page(title, regions[0].bundle, remark(self.cards[0].min_users))
        for part in html_of(self.head):
            page.markup(part)
        for card in self.cards:
            page.heading(card.region.name)
            for part in card.parts():
                page.markup(part)
        return page


class PublishCheck(RawDialog):
    """What could name somebody in the layer of drawn regions."""

    def __init__(self, found: Sequence[str], parent: QWidget) -> None:
        """found: of `layers.publishing.check_layer`."""
        super().__init__(parent, "raw_check", tr("Before you publish the drawn regions"))
        words = found or [tr("Nothing in this layer was found that could name somebody.")]
        buttons = self.buttons(on_help=lambda: open_help("publishcheck", self))
        self.setLayout(column(*(wrapped(each, textFormat=Qt.TextFormat.PlainText) for each in words), None, buttons))
        self.resize(460, 240)


def differences(one: RegionCard, other: RegionCard) -> list[list[str]]:
    """Rows of rich text: a title, both figures, and how they differ."""
    if not all(card.region in card.answered for card in (one, other)):
        return []
    a, b = one.region.view, other.region.view
    rows = [
        counted(tr("People"), a.n_users, b.n_users),
        counted(tr("Fixes"), a.n_points, b.n_points),
        counted(tr("Visits"), a.n_visits, b.n_visits),
        counted(tr("Median visit, minutes"), a.dwell_min, b.dwell_min),
        counted(tr("Area, km²"), a.area_km2, b.area_km2),
        counted(tr("People per km²"), *(view.n_users and view.n_users / max(view.area_km2, 1e-9) for view in (a, b))),
    ]
    for head in one.region.bundle.heads("user"):
        if head["name"] in a.mix and head["name"] in b.mix:
            rows += labelled(head, a, b)
    for head in one.region.bundle.heads("region"):
        if head["name"] in a.columns and head["name"] in b.columns:
            figures = [figure(head, view.columns) for view in (a, b)]
            title = escaped(title_of(head)) + unproven_mark(head)
            rows.append([title, *figures, difference(head, a.columns, b.columns)])
    return rows


def counted(title: str, a: float | None, b: float | None) -> list[str]:
    """A row of a figure that has no interval. None: it is withheld."""
    shown = [tr("withheld") if value is None else number(value) for value in (a, b)]
    return [title, *shown, more(a - b) if a is not None and b is not None else ""]


def labelled(head: dict[str, Any], a: RegionView, b: RegionView) -> list[list[str]]:
    """A row for each label of users that a region shows: its share of the people, rounded as in the cards.

    A label that the other region does not show is withheld there if any label is, so that nobody can tell whether
    somebody has it; else nobody has it.
    """
    mixes, totals = [view.mix[head["name"]] for view in (a, b)], [max(1, view.n_users or 0) for view in (a, b)]
    shown = {word for mix in mixes for word, people in mix.items() if people is not None}
    rows = []
    for word in (word for word in (*class_colours(head), UNKNOWN) if word in shown):
        people = [mix.get(word, None if None in mix.values() else 0) for mix in mixes]
        shares = [None if n is None else round(100 * n / total) for n, total in zip(people, totals)]
        cells = [tr("withheld") if share is None else f"{share}%" for share in shares]
        known = [share for share in shares if share is not None]
        differs = tr("{more} points").format(more=more(known[0] - known[1])) if len(known) == 2 else ""
        rows.append([f"{escaped(title_of(head))}: {escaped(plain(word))}{unproven_mark(head)}", *cells, differs])
    return rows


def number(value: float) -> str:
    """A count with all its digits, another figure as in a legend."""
    return f"{value:,}" if isinstance(value, int) else short(value)


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
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{number(abs(value))}"
