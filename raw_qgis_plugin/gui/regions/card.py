# SPDX-License-Identifier: GPL-2.0-or-later
"""The card of one region: figures, people, hours and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.arrays import Array
from ...core.bundle.bundle import Bundle
from ...core.labels import cards_of
from ...core.regions.view import TOO_FEW, RegionView
from ...layers.legends import title_of, verdict_of
from ...layers.publishing import desk_note
from ...layers.words import count_fixes, count_people
from ...processing.words import tr
from ..widgets.card import Card, figure, unproven_mark
from ..widgets.charts import DAYS, hour_table
from ..widgets.layout import escaped, hinted, table


@dataclass
class Region:
    """A drawn region."""

    id: int  # of its feature
    name: str
    view: RegionView | None  # None while it is not scored


class RegionCard(Card):
    """A region. Suppressed ones and those not scored yet show the reason alone."""

    def __init__(
        self, region: Region, bundle: Bundle, min_users: int, beside: Sequence[Region] = ()
    ) -> None:
        """beside: regions shown together, with this one."""
        super().__init__("raw_region_card", region.name)
        self.region = region
        self.bundle = bundle
        self.min_users = min_users
        view = region.view
        if view is None:
            self.add(
                tr(
                    "The chosen model has not scored this region yet. If that was cancelled, read "
                    "the layer again (button at the top)."
                ),
                objectName="raw_not_scored",
            )
        elif view.suppressed:
            self.add(
                tr(
                    "Fewer than {n} people were seen in {area}. Nothing is shown, to protect "
                    "them: figures of so few could reveal one of them.",
                    n=min_users,
                    area=square_km(view.area_km2),
                )
            )
        else:
            self._show_figures(view)
            weeks = [
                each.view.week
                for each in (region, *beside)
                if each.view and each.view.week is not None
            ]
            self._show_week(np.asarray(view.week), max(1, *(int(week.max()) for week in weeks)))
        if beside:
            self.column.addStretch()
        else:
            self.add_save(bundle, remark(min_users))

    def _show_figures(self, view: RegionView) -> None:
        n = view.figures["n_points"]
        fixes = tr("fixes mostly of one person") if np.isnan(n) else count_fixes(int(n))
        people = count_people(int(view.figures["n_users"]))
        self.add(" · ".join([people, fixes, square_km(view.area_km2)]))
        self.add(table(self._figures(view)))
        if (clear := view.figures.get("n_labelled", np.nan)) == clear:
            words = tr(
                "Shares are expected values over all visitors who can be judged; of {n:.0f} it is "
                "clear whether they commute. A commuter has a place of work or study outside home "
                "and is there regularly."
            )
            self.add(f"<small>{words.format(n=clear)}</small>")
        if any(np.isnan(view.figures.get(head["name"], 0.0)) for head in cards_of("region", ())):
            words = tr("Unknown: fewer than {n} people with such a label.")
            self.add(words.format(n=self.min_users))
        if view.why:
            words = tr("⚠ Unlike what this was trained on: {reasons}.")
            self.add(words.format(reasons=escaped(view.why)))

    def _figures(self, view: RegionView) -> list[tuple[str, str]]:
        """A row per label of people and head of regions: its figure and interval."""
        heads = [
            head
            for head in cards_of("region", self.bundle.heads("region"))
            if head["name"] in view.figures
        ]
        titles = [
            hinted(escaped(title_of(head)), verdict_of(head)) + unproven_mark(head)
            for head in heads
        ]
        return [(title, figure(head, view.figures)) for title, head in zip(titles, heads)]

    def _show_week(self, week: Array, most: int) -> None:
        """People by hour. most: people of the full colour."""
        self.add(tr("People by hour of the week"), heading=True)
        if (week < 0).all():
            self.add(tr("No hour of the week has {n} people or more.").format(n=self.min_users))
            return
        shares = np.where(week >= 0, week / most, np.where(week == TOO_FEW, np.nan, 0))
        few = tr("fewer than {n} people").format(n=self.min_users)
        none = tr("no data")
        said = [
            [count_people(int(n)) if n >= 0 else few if n == TOO_FEW else none for n in day]
            for day in week
        ]
        self.add(hour_table([tr(day) for day in DAYS], ["#2f7fc4"] * 7, shares, said))
        words = tr(
            "Solar time; full colour is {n:,} people; a dot: fewer than {k}; empty: no data of so "
            "many."
        )
        self.add(f"<small>{words.format(n=most, k=self.min_users)}</small>")


def remark(min_users: int) -> str:
    """What a reader of a region's page has to know."""
    words = tr(
        "Figures of fewer than {n} people are withheld. The recorded people are not the population."
    )
    return f"{words.format(n=min_users)} {desk_note()}"


def square_km(area: float) -> str:
    """An area in words."""
    return f"{area:.2g} km²" if area < 10 else f"{area:,.0f} km²"
