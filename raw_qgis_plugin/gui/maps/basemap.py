# SPDX-License-Identifier: GPL-2.0-or-later
"""A basemap below the layers, from one of QGIS's own XYZ connections: off until the user has read
whom QGIS asks.
"""

from __future__ import annotations

import textwrap
from urllib.parse import quote

from qgis.core import QgsProject, QgsRasterLayer, QgsSettings
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtWidgets import QInputDialog

from ...processing.words import tr
from ..desktop import Desktop

CONNECTIONS = "connections/xyz/items"  # where QGIS stores them


def ask(desktop: Desktop) -> None:
    """Add a basemap to the project if the user agrees. It is removed as any layer is."""
    iface = desktop.iface
    settings = QgsSettings()
    settings.beginGroup(CONNECTIONS)
    known = {name: str(settings.value(f"{name}/url") or "") for name in settings.childGroups()}
    if not known:
        words = tr(
            "QGIS has no XYZ connection. Add one in its Browser panel: XYZ Tiles → New connection."
        )
        iface.messageBar().pushWarning("RAW", words)
        return
    words = tr(
        "QGIS will ask this server for pictures of the area that you look at, and again each time "
        "you move the map. The server learns your address on the Internet and which area it is: "
        "with tracks of people on the screen, that can be where they live. No track, label or "
        "figure is sent. Without a basemap nothing is asked."
    )
    # OpenStreetMap comes first
    ordered = sorted(known, key=lambda name: "openstreetmap" not in known[name])
    servers = {f"{name} ({QUrl(known[name]).host()})": name for name in ordered if known[name]}
    title = f"RAW – {tr('Basemap')}"
    words = textwrap.fill(words, 80)
    server, agreed = QInputDialog.getItem(iface.mainWindow(), title, words, list(servers), 0, False)
    if agreed:
        add(servers[server], known[servers[server]])


def add(name: str, address: str) -> None:
    """Add the tiles of a connection to the project, below all layers."""
    # else QGIS asks for tiles that are not there
    nearest = QgsSettings().value(f"{CONNECTIONS}/{name}/zmax") or 18
    layer = QgsRasterLayer(
        f"type=xyz&url={quote(address, safe=':/{}')}&zmin=0&zmax={nearest}", name, "wms"
    )
    if "openstreetmap.org" in address:
        metadata = layer.metadata()
        metadata.setRights(
            [tr("Basemap: © OpenStreetMap contributors (https://www.openstreetmap.org/copyright)")]
        )
        layer.setMetadata(metadata)
    QgsProject.instance().addMapLayer(layer, False)
    QgsProject.instance().layerTreeRoot().addLayer(layer)  # at the bottom
