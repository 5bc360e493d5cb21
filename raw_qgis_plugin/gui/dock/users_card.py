# SPDX-License-Identifier: GPL-2.0-or-later
"""The card of one user: labels, usual places, hours of the day, and the most similar users."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.bundle.bundle import Bundle
from ...core.embedding.applicability import format_reasons, outside
from ...core.embedding.places import GRID_M, UsualPlaces
from ...core.embedding.profiles import UNKNOWN
from ...core.embedding.similarity import similar
from ...core.regions.view import VisitorIndex
from ...layers.legends import CLASS_COLOURS, title_of, verdict_of
from ...processing.words import tr
from ..widgets.card import Card, figure, unproven_mark
from ..widgets.charts import GREY, hour_table
from ..widgets.layout import escaped, hinted
from .people import describe_person


class UserCard(Card):
    """One user of a city."""

    def __init__(
        self, city: VisitorIndex, row: int, places: UsualPlaces, bundle: Bundle, labels: dict[str, Any],
        go_to: Callable[[int], None],
    ) -> None:  # fmt: skip
        """row: of city.users. labels: of the person, by `people.row_of`. go_to: called with the row of a user whose
        name was clicked.
        """
        users = city.users
        super().__init__("raw_user_card", tr("User {name}").format(name=users.user_ids[row]))
        self.city, self.row, self.places, self.bundle = city, row, places, bundle
        start, stop = users.user_offsets[row], users.user_offsets[row + 1]
        ends = np.datetime_as_string(users.t[[start, stop - 1]].astype("datetime64[ms]"), unit="m")
        first, last = (text.replace("T", " ") for text in ends)
        self.add(tr("{n:,} fixes, {first} to {last} UTC").format(n=stop - start, first=first, last=last))
        for words in describe_person(labels) or [tr("Press Label to see whether this user commutes, and by what.")]:
            self.add(words)
        self._show_heads()
        self._show_places()
        self._show_similar(go_to)
        words = tr("This page is about one person: keep it as you keep the tracks, and do not publish it.")
        self.add_save(bundle, words)

    def _show_heads(self) -> None:
        """A line per head of the model: its prediction and probability."""
        for head in self.bundle.heads("user"):
            name = head["name"]
            values = {column: rows[self.row] for column, rows in self.city.answers[name].items()}
            p, words = values.get(f"{name}_p", np.nan), figure(head, values)
            if values[name] == UNKNOWN and p == p:
                likeliest = max(p, 1 - p) if len(head["classes"]) == 2 else p
                words = tr("<b>unknown</b>: the likeliest answer has {p:.0%} only").format(p=likeliest)
            self.add(f"{hinted(escaped(title_of(head)), verdict_of(head))}: {words}{unproven_mark(head)}")
            stats = {each: numbers[[self.row]] for each, numbers in self.city.stats.items()}
            if reasons := format_reasons(outside(stats, head.get("domain", {}), np.ones(1, bool))):
                self.add(tr("⚠ Unlike what this was trained on: {reasons}.").format(reasons=escaped(reasons)))

    def _show_places(self) -> None:
        """The usual places, in the colours that they have on the map."""
        self.add(tr("Usual places"), heading=True)
        names = [tr("place {n}").format(n=n + 1) for n in range(len(self.places.share))]
        if not names:
            self.add(tr("None: there is no place with a share of the time."))
            return
        listed = ", ".join(f"{name} {share:.0%}" for name, share in zip(names, self.places.share))
        words = tr("{shares} of the time. Cells of {size:.0f} m on the map, not addresses. Hours: solar time.")
        self.add(words.format(shares=listed, size=GRID_M))
        colours, shares = [*CLASS_COLOURS[: len(names)], GREY, GREY], self.places.day.T
        said = [[f"{share:.0%}" for share in line] for line in shares]
        self.add(hour_table([*names, tr("elsewhere"), tr("no data")], colours, shares, said))

    def _show_similar(self, go_to: Callable[[int], None], most: int = 5) -> None:
        """The users whose movement is most similar, each with a link to its card."""
        embeddings, ids = self.city.embeddings, self.city.users.user_ids
        if np.isnan(embeddings[self.row]).any() or len(ids) < 2:
            return
        (rows,), (values,) = similar(embeddings, np.array([self.row]), min(most, len(ids) - 1))
        found = [(row, value) for row, value in zip(rows, values) if row >= 0 and value > 0]
        links = [f'<a href="{row}">{escaped(ids[row])}</a> ({value:+.2f})' for row, value in found]
        self.add(tr("Most similar users"), heading=True)
        label = self.add(
            ", ".join(links) or tr("None: no user is more similar than two users of this layer usually are."),
            toolTip=tr("1: moves the same way; 0: as similar as two users of this layer usually are"),
        )
        label.linkHovered.disconnect()  # the links are rows
        label.linkActivated.connect(lambda row: go_to(int(row)))
