# SPDX-License-Identifier: GPL-2.0-or-later
"""The fields and the time zone of a layer of tracks: a box of zones, and what is stored with the
layer.
"""

from __future__ import annotations

from contextlib import suppress

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import Qt, QTimer, QTimeZone
from qgis.PyQt.QtGui import QFocusEvent
from qgis.PyQt.QtWidgets import QComboBox, QCompleter

from ...core.errors import InputError
from ...core.times import find_zone
from ...layers.reading import ROLES, Schema
from ...layers.words import ZONE
from ...processing.words import tr


class ZoneBox(QComboBox):
    """A box that lists the time zones, and is searched by any part of their names."""

    def __init__(self, name: str) -> None:
        """name: of the object."""
        tip = tr("Of times that are written without a zone; others ignore it.")
        narrow = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        super().__init__(
            objectName=name, toolTip=tip, sizeAdjustPolicy=narrow, minimumContentsLength=12
        )
        self.addItems(
            ["UTC", *sorted(bytes(zone).decode() for zone in QTimeZone.availableTimeZoneIds())]
        )
        self.setMaxVisibleItems(16)
        # else some styles list them over the whole height of the screen
        self.setStyleSheet("combobox-popup: 0;")
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.completer().setFilterMode(Qt.MatchFlag.MatchContains)
        self.completer().setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.lineEdit().editingFinished.connect(self._settle)

    def _settle(self) -> None:
        """Take the zone that alone has what was typed, else keep the chosen one."""
        typed = self.currentText().strip().lower().replace(" ", "_")
        found = [at for at in range(self.count()) if typed and typed in self.itemText(at).lower()]
        if len(found) == 1:
            self.setCurrentIndex(found[0])
        self.setEditText(self.zone())

    def zone(self) -> str:
        """The zone that is chosen, whatever is being typed."""
        return self.itemText(self.currentIndex())

    def focusInEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802 - Qt's name
        """Select the whole name when the box is entered, so that typing replaces it."""
        super().focusInEvent(event)
        QTimer.singleShot(0, self.lineEdit().selectAll)

    def choose(self, zone: str) -> None:
        """Choose a zone, and list it, such as an offset; UTC where there is no such zone."""
        if self.findText(zone) < 0:
            with suppress(InputError):
                find_zone(zone)
                self.addItem(zone)
        self.setCurrentIndex(max(0, self.findText(zone)))


def remember(layer: QgsVectorLayer, fields: Schema, zone: str) -> None:
    """Store the fields and the time zone with a layer, as custom properties."""
    for role in ROLES:
        layer.setCustomProperty(f"raw/{role}_field", getattr(fields, role) or "")
    layer.setCustomProperty(ZONE, zone)
