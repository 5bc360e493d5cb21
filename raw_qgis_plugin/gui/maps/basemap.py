# SPDX-License-Identifier: GPL-2.0-or-later
"""A basemap below the layers, from one of QGIS's own XYZ connections: off until the user has read whom QGIS asks."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from qgis.core import QgsProject, QgsRasterLayer, QgsSettings
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QComboBox, QDialogButtonBox, QWidget

from ...processing.words import tr
from ..widgets.dialog import RawDialog
from ..widgets.layout import column, escaped, wrapped

CONNECTIONS = "connections/xyz/items"  # where QGIS stores them
MARK = "raw/basemap"  # property of the layer
OSM = "https://www.openstreetmap.org/copyright"


def connections() -> dict[str, str]:
    """The addresses of QGIS's XYZ connections by name. OpenStreetMap comes first."""
    settings = QgsSettings()
    settings.beginGroup(CONNECTIONS)
    found = {name: str(settings.value(f"{name}/url") or "") for name in settings.childGroups()}
    ordered = sorted(found, key=lambda name: "openstreetmap" not in found[name])
    return {name: found[name] for name in ordered if found[name]}


def basemap() -> QgsRasterLayer | None:
    """The basemap of the project, if there is one."""
    return next((layer for layer in QgsProject.instance().mapLayers().values() if layer.customProperty(MARK)), None)


def toggle(iface: Any, on: bool) -> None:
    """Add the basemap to the project if the user agrees, or remove it."""
    layer, known = basemap(), connections()
    if not on and layer is not None:
        QgsProject.instance().removeMapLayer(layer)
        iface.mapCanvas().refresh()
    elif on and layer is None:
        question = BasemapQuestion(iface.mainWindow(), known)
        if question.exec():
            add(question.choice.currentText(), known[question.choice.currentText()])
        question.deleteLater()


def add(name: str, address: str) -> QgsRasterLayer:
    """Add the tiles of a connection to the project, below all layers."""
    nearest = QgsSettings().value(f"{CONNECTIONS}/{name}/zmax") or 18  # else QGIS asks for tiles that are not there
    layer = QgsRasterLayer(f"type=xyz&url={quote(address, safe=':/{}')}&zmin=0&zmax={nearest}", name, "wms")
    layer.setCustomProperty(MARK, True)
    if "openstreetmap.org" in address:
        metadata = layer.metadata()
        metadata.setRights([tr("Basemap: © OpenStreetMap contributors ({address})").format(address=OSM)])
        layer.setMetadata(metadata)
    QgsProject.instance().addMapLayer(layer, False)
    QgsProject.instance().layerTreeRoot().addLayer(layer)  # at the bottom
    return layer


class BasemapQuestion(RawDialog):
    """Explains what a basemap sends and to whom, before the first request."""

    def __init__(self, parent: QWidget, known: dict[str, str]) -> None:
        super().__init__(parent, "raw_basemap_question", tr("Basemap"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        self.known = known
        self.words = wrapped(objectName="raw_basemap_words")
        self.words.setText(tr("QGIS has no XYZ connection. Add one in its Browser panel: XYZ Tiles → New connection."))
        self.choice = QComboBox(objectName="raw_basemap_choice", currentTextChanged=self._explain)
        kinds = QDialogButtonBox.StandardButton
        answers = QDialogButtonBox(kinds.Yes | kinds.No, accepted=self.accept, rejected=self.reject)
        answers.button(kinds.Yes).setText(tr("Show the basemap"))
        answers.button(kinds.Yes).setEnabled(bool(known))
        answers.button(kinds.No).setDefault(True)
        self.choice.addItems(list(known))
        self.setLayout(column(self.choice, self.words, answers))
        self.setMinimumWidth(460)

    def _explain(self, name: str) -> None:
        words = tr(
            "QGIS will ask <b>{host}</b> for pictures of the area that you look at, and again each time you move the "
            "map. The server learns your address on the Internet and which area it is: with tracks of people on the "
            "screen, that can be where they live. No track, label or figure is sent. While the basemap is off, "
            "nothing is asked."
        )
        self.words.setText(words.format(host=escaped(str(urlsplit(self.known[name]).hostname))))
