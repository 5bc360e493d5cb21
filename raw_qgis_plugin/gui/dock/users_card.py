# SPDX-License-Identifier: GPL-2.0-or-later
"""The card of one user: labels, usual places and hours of the day."""

from __future__ import annotations

import numpy as np

from ...core.bundle.bundle import Bundle
from ...core.embedding.applicability import format_reasons, outside
from ...core.embedding.places import GRID_M, UsualPlaces
from ...core.labels import UNKNOWN
from ...core.regions.view import VisitorIndex
from ...layers.legends import CLASS_COLOURS, GREY, title_of, verdict_of
from ...processing.words import tr
from ..widgets.card import Card, figure, unproven_mark
from ..widgets.charts import hour_table
from ..widgets.layout import escaped, hinted
from .people import describe_person


class UserCard(Card):
    """One user of a city."""

    def __init__(self, city: VisitorIndex, row: int, places: UsualPlaces, bundle: Bundle) -> None:
        """row: of city.users."""
        users = city.users
        super().__init__("raw_user_card", tr("User {name}").format(name=users.user_ids[row]))
        self.city = city
        self.row = row
        self.places = places
        self.bundle = bundle
        start = users.user_offsets[row]
        stop = users.user_offsets[row + 1]
        ends = np.datetime_as_string(users.t[[start, stop - 1]].astype("datetime64[ms]"), unit="m")
        first, last = (text.replace("T", " ") for text in ends)
        self.add(
            tr("{n:,} fixes, {first} to {last} UTC").format(n=stop - start, first=first, last=last)
        )
        if city.labels is not None:
            for words in describe_person(
                {name: values[row] for name, values in city.labels.columns.items()}
            ):
                self.add(words)
        self._show_heads()
        self._show_places()
        words = tr(
            "This page is about one person: keep it as you keep the tracks, and do not publish it."
        )
        self.add_save(bundle, words)

    def _show_heads(self) -> None:
        for head in self.bundle.heads("user"):
            name = head["name"]
            values = {column: rows[self.row] for column, rows in self.city.answers[name].items()}
            p = values.get(f"{name}_p", np.nan)
            words = figure(head, values)
            if values[name] == UNKNOWN and p == p:
                likeliest = max(p, 1 - p) if len(head["classes"]) == 2 else p
                words = tr("<b>unknown</b>: the likeliest answer has {p:.0%} only").format(
                    p=likeliest
                )
            self.add(
                f"{hinted(escaped(title_of(head)), verdict_of(head))}: {words}{unproven_mark(head)}"
            )
            stats = {each: numbers[[self.row]] for each, numbers in self.city.stats.items()}
            if reasons := format_reasons(outside(stats, head.get("domain", {}), np.ones(1, bool))):
                self.add(
                    tr("⚠ Unlike what this was trained on: {reasons}.").format(
                        reasons=escaped(reasons)
                    )
                )

    def _show_places(self) -> None:
        """The usual places, in the colours that they have on the map."""
        self.add(tr("Usual places"), heading=True)
        names = [tr("place {n}").format(n=n + 1) for n in range(len(self.places.share))]
        if not names:
            self.add(tr("None: there is no place with a share of the time."))
            return
        listed = ", ".join(f"{name} {share:.0%}" for name, share in zip(names, self.places.share))
        words = tr(
            "{shares} of the time. Cells of {size:.0f} m on the map, not addresses. Hours: solar "
            "time."
        )
        self.add(words.format(shares=listed, size=GRID_M))
        colours = [*CLASS_COLOURS[: len(names)], GREY, GREY]
        shares = self.places.day.T
        said = [[f"{share:.0%}" for share in line] for line in shares]
        self.add(hour_table([*names, tr("elsewhere"), tr("no data")], colours, shares, said))
