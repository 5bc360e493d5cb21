# SPDX-License-Identifier: GPL-2.0-or-later
"""A basemap below the layers, from one of QGIS's own XYZ connections: off until the user has read whom QGIS asks."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from qgis.core import QgsProject, QgsRasterLayer, QgsSettings
from qgis.PyQt.QtWidgets import QComboBox, QDialogButtonBox

from ...processing.words import tr
from ..desktop import Desktop
from ..widgets.dialog import RawDialog
from ..widgets.layout import column, escaped, wrapped

CONNECTIONS = "connections/xyz/items"  # where QGIS stores them
AGREED = "raw/basemap"  # the address of tiles whose requests the user has agreed to
MARK = "raw/basemap"  # property of the layer
OSM = "https://www.openstreetmap.org/copyright"


def connections() -> dict[str, dict[str, Any]]:
    """QGIS's XYZ connections by name: their url, zmin and zmax."""
    settings = QgsSettings()
    settings.beginGroup(CONNECTIONS)
    found = {name: {key: settings.value(f"{name}/{key}") for key in ("url", "zmin", "zmax")}
             for name in settings.childGroups()}  # fmt: skip
    return {name: values for name, values in found.items() if values["url"]}


def basemap() -> QgsRasterLayer | None:
    """The basemap of the project, if there is one."""
    return next((layer for layer in QgsProject.instance().mapLayers().values() if layer.customProperty(MARK)), None)


def toggle(desktop: Desktop, on: bool) -> None:
    """Add the basemap to the project if the user agrees, or remove it."""
    layer = basemap()
    if not on and layer is not None:
        QgsProject.instance().removeMapLayer(layer)
        desktop.iface.mapCanvas().refresh()
    elif on and layer is None and (name := _agreed(desktop)):
        add(name, connections()[name])


def _agreed(desktop: Desktop) -> str:
    """The connection that the user has agreed to, or agrees to now; '' for none."""
    known, agreed = connections(), QgsSettings().value(AGREED, "")
    name = next((name for name, values in known.items() if values["url"] == agreed), "")
    if name:
        return name
    question = BasemapQuestion(desktop, known)
    if not question.exec() or not known:
        return ""
    name = question.choice.currentText()
    QgsSettings().setValue(AGREED, known[name]["url"])
    return name


def add(name: str, values: dict[str, Any]) -> QgsRasterLayer:
    """Add the tiles of a connection to the project, below all layers."""
    parts = {
        "type": "xyz",
        "url": quote(values["url"], safe=":/{}"),
        "zmin": values["zmin"] or 0,
        "zmax": values["zmax"] or 18,
    }
    layer = QgsRasterLayer("&".join(f"{key}={value}" for key, value in parts.items()), name, "wms")
    layer.setCustomProperty(MARK, True)
    if "openstreetmap.org" in values["url"]:
        metadata = layer.metadata()
        metadata.setRights([tr("Basemap: © OpenStreetMap contributors ({address})").format(address=OSM)])
        layer.setMetadata(metadata)
    QgsProject.instance().addMapLayer(layer, False)
    QgsProject.instance().layerTreeRoot().addLayer(layer)  # at the bottom
    return layer


class BasemapQuestion(RawDialog):
    """Explains what a basemap sends and to whom, before the first request."""

    def __init__(self, desktop: Desktop, known: dict[str, dict[str, Any]]) -> None:
        super().__init__(desktop.iface.mainWindow(), "raw_basemap_question", tr("Basemap"))
        self.known = known
        self.choice = QComboBox(objectName="raw_basemap_choice", currentTextChanged=self._explain)
        self.words = wrapped(objectName="raw_basemap_words")
        kinds = QDialogButtonBox.StandardButton
        answers = QDialogButtonBox(kinds.Yes | kinds.No, accepted=self.accept, rejected=self.reject)
        answers.button(kinds.Yes).setText(tr("Show the basemap"))
        answers.button(kinds.Yes).setEnabled(bool(known))
        answers.button(kinds.No).setDefault(True)
        self.choice.addItems(list(known))
        self.setLayout(column(self.choice, self.words, answers))
        if not known:
            self.words.setText(
                tr("QGIS has no XYZ connection. Add one in its Browser panel: XYZ Tiles → New connection.")
            )
        self.setMinimumWidth(460)

    def _explain(self, name: str) -> None:
        host = urlsplit(self.known[name]["url"]).hostname if name else ""
        words = tr(
            "QGIS will ask <b>{host}</b> for pictures of the area that you look at, and again each time you move the "
            "map. The server learns your address on the Internet and which area it is: with tracks of people on the "
            "screen, that can be where they live. No track, label or figure is sent. While the basemap is off, "
            "nothing is asked."
        )
        self.words.setText(words.format(host=escaped(str(host))))
