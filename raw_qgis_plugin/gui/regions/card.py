# SPDX-License-Identifier: GPL-2.0-or-later
"""What one region says, as a card: figures, people, hours, labels, likeness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from ...core.regions.view import RegionView, nearly_same, rank
from ...core.similarity import similar
from ...layers.styling import class_colours, short, title_of
from ...processing.words import tr
from ..dock.charts import MixBar, WeekStrip

if TYPE_CHECKING:
    from ...core.bundle.bundle import Bundle

MOST_ALIKE = 3
FEWEST_ALIKE = 4  # regions: likeness is among them


@dataclass(eq=False)  # two of one name and shape are two
class Region:
    """A region that is kept."""

    name: str
    polygon: Any  # shapely, lon/lat
    view: RegionView
    bundle: Bundle  # of the model that gave the view
    feature: int  # its id in the layer


class RegionCard(QWidget):
    """A region among its like. Nothing of a suppressed one but why, and no answers of another model."""

    def __init__(self, region: Region, regions: Sequence[Region], bundle: Bundle | None, min_users: int) -> None:
        """bundle: of the model that is chosen; None while it is being opened."""
        super().__init__()
        self.setObjectName("raw_region_card")
        self.region, self.regions, self.min_users = region, list(regions), min_users
        self.answered = [each for each in regions if each.bundle is bundle]  # others have another model's figures
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(4)
        self._add(f"<b>{escaped(region.name)}</b>")
        view = region.view
        if view.suppressed:
            words = tr(
                "Fewer than {n} people were seen in {area}, so nothing is shown: it could tell about one of them."
            )
            self._add(words.format(n=min_users, area=square_km(view.area_km2)))
        else:
            words = tr("{people:,} people · {fixes:,} fixes · {area}")
            self._add(words.format(people=view.n_users, fixes=view.n_points, area=square_km(view.area_km2)))
            self._warn()
            if region in self.answered:
                self._scores()
            else:
                words = tr(
                    "The chosen model has not looked at this region yet. "
                    "If that was cancelled, read the layer again (button at the top)."
                )
                self._add(words).setObjectName("raw_not_looked")
            self._week()
            if region in self.answered:
                self._mix()
                self._alike()
        self.column.addStretch()

    def _add(self, words: str, heading: bool = False) -> QLabel:
        label = QLabel(f"<b>{words}</b>" if heading else words)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.column.addWidget(label)
        return label

    def _warn(self) -> None:
        """Regions that could be subtracted from this one, and what the model was not made for."""
        close = [
            escaped(other.name)
            for other in self.regions
            if other is not self.region and nearly_same(self.region.view, other.view, self.min_users)
        ]
        if close:
            words = tr(
                "⚠ Nearly the same people as {names}: the difference would speak of fewer than {n}. "
                "Do not publish both."
            )
            label = self._add(words.format(names=", ".join(close), n=self.min_users))
            label.setObjectName("raw_differencing")
        if self.region in self.answered and not self.region.view.in_domain:
            words = tr("⚠ Unlike what the model was trained on: {reasons}.")
            self._add(words.format(reasons="; ".join(self.region.view.reasons) or tr("see its card")))

    def _scores(self) -> None:
        """A row a head: its figure, interval and rank."""
        every = self.region.bundle.heads("region")
        if not every:
            self._add(tr("The model has no head for regions: counts alone."))
            return
        heads = [head for head in every if "hours" not in head]  # as core.region_view.look asks them
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        for row, head in enumerate(heads):
            for column, words in enumerate(self._score(head)):
                label = QLabel(words)
                label.setWordWrap(column == 0)
                label.setToolTip(str(head.get("verdict", "")))
                right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                label.setAlignment(right if column else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
                grid.addWidget(label, row, column)
        self.column.addLayout(grid)
        if others := [title_of(head) for head in every if head not in heads]:
            words = tr("Of stretches of tracks, so that Score regions alone answers: {names}.")
            self._add(words.format(names=", ".join(others)))

    def _score(self, head: dict[str, Any]) -> tuple[str, str]:
        name, columns = head["name"], self.region.view.columns
        title = title_of(head) + (f" <i>({tr('experimental')})</i>" if head.get("experimental") else "")
        if head["kind"] != "number":
            return title, f"<b>{plain(str(columns[name]))}</b> {columns[f'{name}_p']:.0%}"
        place = rank([other.view.columns.get(name) for other in self.answered], self.answered.index(self.region))
        low, high = columns[f"{name}_low"], columns[f"{name}_high"]
        value = f"<b>{short(columns[name])}</b> {head.get('unit_of_measure', '')}<br>{short(low)} – {short(high)}"
        if place and place[1] > 1:
            value += " · " + tr("rank {a} of {b}").format(a=place[0], b=place[1])
        return title, value

    def _week(self) -> None:
        week = self.region.view.week
        self._add(tr("People by hour of the week"), heading=True)
        if week is None or (week < 0).all():
            self._add(tr("No hour of the week has {n} people or more.").format(n=self.min_users))
            return
        strip = WeekStrip(week, self.min_users)
        strip.setObjectName("raw_week")
        self.column.addWidget(strip)
        words = tr("Solar time; full colour is {n:,} people; hatched: fewer than {k}.")
        self._add(f"<small>{words.format(n=int(week.max()), k=self.min_users)}</small>")

    def _mix(self) -> None:
        for head in self.region.bundle.heads("user"):
            mix = self.region.view.mix.get(head["name"])
            if mix is None:
                continue
            self._add(title_of(head), heading=True)
            if all(people is None for people in mix.values()):
                words = tr("No label can be shown without giving away fewer than {n} people.")
                self._add(words.format(n=self.min_users))
                continue
            parts = [(plain(word), people) for word, people in mix.items()]
            few = tr("withheld to protect fewer than {n} people").format(n=self.min_users)
            colours = {plain(word): colour for word, colour in class_colours(head).items()}
            self.column.addWidget(MixBar(parts, int(self.region.view.n_users or 0), few, colours))

    def _alike(self) -> None:
        """The regions whose people move most alike, where there are enough regions to tell what is alike."""
        shown = [(region, c) for region in self.answered if (c := region.view.character) is not None]
        at = next((i for i, (region, _) in enumerate(shown) if region is self.region), None)
        if at is None or len(shown) < FEWEST_ALIKE or np.isnan(shown[at][1]).any():
            return
        rows, likeness = similar(np.stack([character for _, character in shown]), np.array([at]), MOST_ALIKE)
        found = [
            f"{escaped(shown[row][0].name)} ({value:+.2f})"
            for row, value in zip(rows[0], likeness[0])
            if row >= 0 and value > 0
        ]
        self._add(tr("Most similar regions"), heading=True)
        self._add("<br>".join(found) or tr("None: none is more alike than any two regions are."))


def plain(word: str) -> str:
    """A class in words, under a heading that says what it is of."""
    return word.replace("_", " ")


def square_km(area: float) -> str:
    """An area in words."""
    return f"{area:.2g} km²" if area < 10 else f"{area:,.0f} km²"


def escaped(text: str) -> str:
    """A name in rich text."""
    return text.replace("&", "&amp;").replace("<", "&lt;")
