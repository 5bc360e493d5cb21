# SPDX-License-Identifier: GPL-2.0-or-later
"""What one user's tracks say, as a card: labels, usual places, the day, the most alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QLabel, QVBoxLayout, QWidget

from ...core.bundle.bundle import Bundle
from ...core.embedding.profiles import GRID_M, UNKNOWN
from ...core.embedding.user_view import Places
from ...core.regions.view import City
from ...core.similarity import similar
from ...core.typicality import outside
from ...layers.styling import short, title_of
from ...processing.words import tr
from ..regions.card import escaped, plain
from .charts import DayPlot

ALIKE = 5


class UserCard(QWidget):
    """One user of a city."""

    def __init__(self, city: City, row: int, places: Places, bundle: Bundle, go_to: Callable[[int], None]) -> None:
        """row: of city.users. go_to: called with the row of a user whose name was clicked."""
        super().__init__()
        self.setObjectName("raw_user_card")
        self.city, self.row, self.places, self.bundle, self.go_to = city, row, places, bundle, go_to
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(4)
        self._facts()
        self._labels()
        self._places()
        self._alike()
        self.column.addStretch()

    def _add(self, words: str, heading: bool = False) -> QLabel:
        label = QLabel(f"<b>{words}</b>" if heading else words)
        label.setWordWrap(True)
        self.column.addWidget(label)
        return label

    def _facts(self) -> None:
        users = self.city.users
        start, stop = users.user_offsets[self.row], users.user_offsets[self.row + 1]
        first, last = np.datetime_as_string(users.t[[start, stop - 1]].astype("datetime64[ms]"), unit="m")
        self._add(tr("User {name}").format(name=escaped(users.user_ids[self.row])), heading=True)
        words = tr("{n:,} fixes, {first} to {last} UTC")
        self._add(words.format(n=stop - start, first=first.replace("T", " "), last=last.replace("T", " ")))

    def _labels(self) -> None:
        """A line a head: what it says and how sure it is."""
        heads = self.bundle.heads("user")
        if not heads:
            self._add(tr("The model has no head for users."))
        before = ""  # heads in a row with the same warning share it
        for head in heads:
            stats = {name: values[[self.row]] for name, values in self.city.stats.items()}
            _, why = outside(stats, head.get("domain", {}), np.ones(1, bool), "users")
            reasons = "; ".join(words.partition(": ")[2] for words in why)
            if reasons != before:
                self._warn(before)
            before = reasons
            label = self._add(f"{title_of(head)}: {self._said(head)}")
            label.setToolTip(str(head.get("verdict", "")))
        self._warn(before)

    def _warn(self, reasons: str) -> None:
        if reasons:
            self._add(tr("⚠ Unlike what this was trained on: {reasons}.").format(reasons=reasons))

    def _said(self, head: dict[str, Any]) -> str:
        name, columns = head["name"], self.city.answers[head["name"]]
        value = columns[name][self.row]
        experimental = f" <i>({tr('experimental')})</i>" if head.get("experimental") else ""
        if head["kind"] == "number":
            low, high = columns[f"{name}_low"][self.row], columns[f"{name}_high"][self.row]
            words = f"<b>{short(value)}</b> {head.get('unit_of_measure', '')} ({short(low)} – {short(high)})"
            return words + experimental
        p = columns[f"{name}_p"][self.row]
        if value == UNKNOWN:
            words = tr("<b>unknown</b>: the likeliest answer has {p:.0%} only") if p == p else tr("<b>unknown</b>")
            return words.format(p=p) + experimental
        return f"<b>{plain(str(value))}</b> {p:.0%}{experimental}"

    def _places(self) -> None:
        self._add(tr("Usual places"), heading=True)
        names = [chr(ord("A") + i) for i in range(len(self.places.share))]
        if not names:
            self._add(tr("None: there is no place with a share of the time."))
            return
        shares = ", ".join(f"{name} {share:.0%}" for name, share in zip(names, self.places.share))
        words = tr("{shares} of the time. Cells of {size:.0f} m on the map, not addresses.")
        self._add(words.format(shares=shares, size=GRID_M))
        plot = DayPlot(self.places.day, [*names, tr("elsewhere"), tr("no data")])
        plot.setObjectName("raw_day")
        self.column.addWidget(plot)

    def _alike(self) -> None:
        """The users who move most alike, each a click away."""
        known = not np.isnan(self.city.embeddings[self.row]).any()
        if not known or self.city.users.n_users < 2:
            return
        rows, likeness = similar(self.city.embeddings, np.array([self.row]), min(ALIKE, self.city.users.n_users - 1))
        self._add(tr("Most similar users"), heading=True)
        links = [
            f'<a href="{row}">{escaped(self.city.users.user_ids[row])}</a> ({value:+.2f})'
            for row, value in zip(rows[0], likeness[0])
            if row >= 0 and value > 0
        ]
        label = self._add(", ".join(links) or tr("Nobody: none is more alike than any two users are."))
        label.setToolTip(tr("1: moves the same way; 0: no more alike than any two users of this layer"))
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        label.linkActivated.connect(lambda row: self.go_to(int(row)))
