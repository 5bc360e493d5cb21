# SPDX-License-Identifier: GPL-2.0-or-later
"""The card of one region: figures, people, hours and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QGridLayout, QLabel

from ...core.bundle.bundle import Bundle
from ...core.regions.people import CARDS
from ...core.regions.view import RegionView
from ...layers.legends import title_of, verdict_of
from ...layers.publishing import desk_note
from ...layers.words import count_fixes, count_people
from ...processing.words import tr
from ..widgets.card import Card, figure, unproven_mark
from ..widgets.charts import WeekStrip
from ..widgets.layout import escaped, tip


@dataclass
class Region:
    """A drawn region."""

    id: int  # of its feature
    name: str
    view: RegionView | None  # None while it is not scored


class RegionCard(Card):
    """A region. Suppressed ones and those not scored yet show the reason alone."""

    def __init__(self, region: Region, bundle: Bundle, min_users: int, beside: Sequence[Region] = ()) -> None:
        """beside: regions shown together, with this one."""
        super().__init__("raw_region_card")
        self.region, self.bundle, self.min_users, self.beside = region, bundle, min_users, beside
        self.add(escaped(region.name), heading=True)
        view = region.view
        if view is None:
            words = tr(
                "The chosen model has not scored this region yet. "
                "If that was cancelled, read the layer again (button at the top)."
            )
            self.add(words, objectName="raw_not_scored")
        elif view.suppressed:
            words = tr(
                "Fewer than {n} people were seen in {area}. Nothing is shown, to protect them: figures of so few could "
                "reveal one of them."
            )
            self.add(words.format(n=min_users, area=square_km(view.area_km2)))
        else:
            figures = view.figures
            n = figures["n_points"]
            fixes = tr("fixes mostly of one person") if np.isnan(n) else count_fixes(int(n))
            self.add(" · ".join([count_people(int(figures["n_users"])), fixes, square_km(view.area_km2)]))
            self._show_figures(view)
            self._show_week(view)
        if beside:
            self.column.addStretch()
        else:
            self.add_save(region.name, bundle, remark(min_users))

    def _show_figures(self, view: RegionView) -> None:
        """A row per label of people and head of regions: its figure and interval."""
        every = self.bundle.heads("region")
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        sides = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        heads = [head for head in (*CARDS, *every) if head["name"] in view.figures]
        for row, head in enumerate(heads):
            cells = escaped(title_of(head)) + unproven_mark(head), figure(head, view.figures)
            for at, (words, side) in enumerate(zip(cells, sides)):
                label = QLabel(words, wordWrap=at == 0, toolTip=tip(verdict_of(head)) if head in every else "")
                label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                grid.addWidget(label, row, at)
        self.column.addLayout(grid)

    def _show_week(self, view: RegionView) -> None:
        """People by hour, in one scale for all regions beside this one."""
        self.add(tr("People by hour of the week"), heading=True)
        if view.week is None or (view.week < 0).all():
            self.add(tr("No hour of the week has {n} people or more.").format(n=self.min_users))
            return
        weeks = [each.view.week for each in self.beside if each.view is not None and each.view.week is not None]
        strip = WeekStrip(view.week, self.min_users, max((int(week.max()) for week in weeks), default=0))
        strip.setObjectName("raw_week")
        self.column.addWidget(strip)
        clock = tr("Time of {zone}").format(zone=escaped(view.zone)) if view.zone else tr("Solar time")
        words = tr("{clock}; full colour is {n:,} people; hatched: fewer than {k}; empty: no data of so many.")
        self.add(f"<small>{words.format(clock=clock, n=strip.most, k=self.min_users)}</small>")


def remark(min_users: int) -> str:
    """What a reader of a region's page has to know."""
    words = tr("Figures of fewer than {n} people are withheld. The recorded people are not the population.")
    return f"{words.format(n=min_users)} {desk_note()}"


def square_km(area: float) -> str:
    """An area in words."""
    return f"{area:.2g} km²" if area < 10 else f"{area:,.0f} km²"
