# SPDX-License-Identifier: GPL-2.0-or-later
"""The card of one region: figures, people, hours, labels, and the most similar regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QGridLayout, QLabel

from ...core.applicability import format_reasons
from ...core.bundle.bundle import Bundle
from ...core.regions.disclosure import DIFFERENCE, DOMINATED
from ...core.regions.view import City, RegionView, rank
from ...layers.legends import class_colours, title_of, verdict_of
from ...layers.words import count_fixes, count_people
from ...processing.words import tr
from ..widgets.card import Card, figure, most_similar, plain, unproven_mark
from ..widgets.charts import MixBar, WeekStrip
from ..widgets.layout import escaped, tip


@dataclass(eq=False)  # two regions of one name and shape are two
class Region:
    """A region of the book."""

    name: str
    polygon: Any  # shapely, lon/lat
    found: RegionView  # of the region alone
    bundle: Bundle  # of the model that made the view
    city: City | None  # that the view is of
    feature: int  # its id in the layer
    values: dict[str, Any] = field(default_factory=dict)  # of the layer's fields, when the region was removed
    view: RegionView = field(init=False)  # what may be shown beside the other regions

    def __post_init__(self) -> None:
        self.view = self.found


class RegionCard(Card):
    """A region among the others. Suppressed ones and those not scored yet show the reason alone."""

    def __init__(
        self, region: Region, regions: Sequence[Region], city: City | None, min_users: int,
        beside: Sequence[Region] = (),
    ) -> None:  # fmt: skip
        """city: of the layer and model; None while they are read. beside: regions shown together, with this one."""
        super().__init__("raw_region_card")
        self.beside = beside
        self.region, self.regions, self.min_users = region, list(regions), min_users
        self.answered = [each for each in regions if each.city is city]  # of this reading and model
        self.add(escaped(region.name), heading=True)
        view = region.view
        if region not in self.answered:
            words = tr(
                "The chosen model has not scored this region yet. "
                "If that was cancelled, read the layer again (button at the top)."
            )
            self.add(words, objectName="raw_not_scored")
        elif view.suppressed:
            self.add(self._why().format(n=min_users, area=square_km(view.area_km2)))
        else:
            self.add(
                " · ".join([count_people(view.n_users or 0), count_fixes(view.n_points or 0), square_km(view.area_km2)])
            )
            self._warn()
            self._show_scores()
            self._show_week()
            self._show_mix()
            self._show_similar()
        if beside:
            self.column.addStretch()
        else:
            self.add_save(region.name, region.bundle, remark(min_users))

    def add(self, words: str, heading: bool = False, **properties: Any) -> QLabel:
        """Add a text, which can be copied."""
        selectable = Qt.TextInteractionFlag.TextSelectableByMouse
        return super().add(words, heading, textInteractionFlags=selectable, **properties)

    def _why(self) -> str:
        """Why nothing is shown, with places for the least number of people and the area."""
        if self.region.view.why == DIFFERENCE:
            return tr(
                "Nothing is shown: subtracted from the other regions, the figures of these {area} would reveal fewer "
                "than {n} people. Remove the other region to see this one."
            )
        if self.region.view.why == DOMINATED:
            return tr("Nothing is shown: one person makes up most of what was recorded in {area}.")
        return tr(
            "Fewer than {n} people were seen in {area}. Nothing is shown, to protect them: figures of so few could "
            "reveal one of them."
        )

    def _warn(self) -> None:
        """Warn of tracks unlike those of the training."""
        if not self.region.view.in_domain:
            words = tr("⚠ Unlike what the model was trained on: {reasons}.")
            self.add(words.format(reasons=escaped(format_reasons(self.region.view.reasons)) or tr("see its card")))

    def _show_scores(self) -> None:
        """A row per head: its figure, interval and rank."""
        every = self.region.bundle.heads("region")
        if not every:
            return
        heads = [head for head in every if "hours" not in head]  # those that core.regions.view.look predicts
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        sides = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        for row, head in enumerate(heads):
            for at, (words, side) in enumerate(zip(self._score(head), sides)):
                label = QLabel(words, wordWrap=at == 0, toolTip=tip(verdict_of(head)))
                label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                grid.addWidget(label, row, at)
        self.column.addLayout(grid)
        if others := [escaped(title_of(head)) for head in every if head not in heads]:
            words = tr("Scored on stretches of tracks, by Score regions alone: {names}.")
            self.add(words.format(names=", ".join(others)))

    def _score(self, head: dict[str, Any]) -> tuple[str, str]:
        """The title and the figure of a head, as rich text."""
        name, columns = head["name"], self.region.view.columns
        title = escaped(title_of(head)) + unproven_mark(head)
        value = figure(head, columns, "<br>{low} – {high}")
        if head["kind"] != "number" or columns[name] != columns[name]:
            return title, value
        every = [[other.view.columns.get(name + end, np.nan) for end in ("_low", "_high")] for other in self.answered]
        place = rank(np.array(every, float), self.answered.index(self.region))
        if place and place[2] > 1:
            words = tr("rank {a} of {n}") if place[0] == place[1] else tr("rank {a} to {b} of {n}")
            value += " · " + words.format(a=place[0], b=place[1], n=place[2])
        return title, value

    def _show_week(self) -> None:
        """People by hour, in one scale for all regions beside this one, which say together where they have no hours."""
        week, most = self.region.view.week, busiest_hour(self.beside or [self.region])
        if self.beside and most < 0:
            return
        self.add(tr("People by hour of the week"), heading=True)
        if week is None or (week < 0).all():
            self.add(no_hours(self.min_users))
            return
        strip = WeekStrip(week, self.min_users, most)
        strip.setObjectName("raw_week")
        self.column.addWidget(strip)
        zone = escaped(self.region.view.zone)
        clock = tr("Time of {zone}").format(zone=zone) if zone else tr("Solar time")
        words = tr("{clock}; full colour is {n:,} people; hatched: fewer than {k}.")
        self.add(f"<small>{words.format(clock=clock, n=strip.most, k=self.min_users)}</small>")

    def _show_mix(self) -> None:
        """A bar per head of users: how many people have each label."""
        withheld = False
        for head in self.region.bundle.heads("user"):
            mix = self.region.view.mix.get(head["name"])
            if mix is None:
                continue
            self.add(escaped(title_of(head)) + unproven_mark(head), heading=True)
            if all(people is None for people in mix.values()):
                words = tr("No label can be shown without revealing fewer than {n} people.")
                self.add(words.format(n=self.min_users))
                continue
            parts = [(plain(word), people) for word, people in mix.items()]
            withheld |= None in mix.values()
            colours = {plain(word): colour for word, colour in class_colours(head).items()}
            self.column.addWidget(MixBar(parts, int(self.region.view.n_users or 0), tr("withheld"), colours))
        if withheld:
            words = tr("Withheld: labels of fewer than {n} people each, and a label that would reveal them.")
            self.add(f"<small>{words.format(n=self.min_users)}</small>")

    def _show_similar(self, min_regions: int = 4) -> None:
        """The regions whose people move most similarly. min_regions: with fewer, similarity means nothing."""
        known = [(region, c) for region in self.answered if (c := region.view.character) is not None]
        at = next((i for i, (region, _) in enumerate(known) if region is self.region), None)
        if at is None or len(known) < min_regions or np.isnan(known[at][1]).any():
            return
        found = most_similar(np.stack([character for _, character in known]), at, 3)
        names = [f"{escaped(known[row][0].name)} ({value:+.2f})" for row, value in found]
        self.add(tr("Most similar regions"), heading=True)
        self.add("<br>".join(names) or tr("None: no region is more similar than two regions usually are."))


def remark(min_users: int) -> str:
    """What a reader of a region's page has to know."""
    words = tr("Figures of fewer than {n} people are withheld. The recorded people are not the population.")
    return words.format(n=min_users)


def busiest_hour(regions: Sequence[Region]) -> int:
    """The most people in an hour of the week of any region; -1 where no hour is shown."""
    return max((int(region.view.week.max()) for region in regions if region.view.week is not None), default=-1)


def no_hours(min_users: int) -> str:
    """Said of regions without an hour that can be shown."""
    return tr("No hour of the week has {n} people or more.").format(n=min_users)


def square_km(area: float) -> str:
    """An area in words."""
    return f"{area:.2g} km²" if area < 10 else f"{area:,.0f} km²"
