# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests do with the tabs of the dock: let them read a layer, draw a region, look at its
people.
"""

from __future__ import annotations

from typing import Any

from qgis.core import QgsApplication, QgsGeometry, QgsProject, QgsRectangle, QgsVectorLayer

from .waiting import until

HOME = QgsRectangle(116.395, 39.895, 116.405, 39.905)  # in the middle of the invented people


def read(session: Any, layer: QgsVectorLayer) -> None:
    """Let the session read a layer and embed its users."""
    session.set_layer(QgsProject.instance().addMapLayer(layer))
    until(lambda: session.city is not None or session.problem)
    assert not session.problem
    QgsApplication.processEvents()


def draw(tab: Any, box: QgsRectangle = HOME) -> Any:
    """Draw a region as a tool of the map does, and return it."""
    tab.take_drawn(QgsGeometry.fromRect(box))
    return tab.shown[-1]


def people(tab: Any) -> list[int | None]:
    """The number of people of each region, None where it is withheld or not scored."""
    return [region.view and region.view.figures.get("n_users") for region in tab.shown]
