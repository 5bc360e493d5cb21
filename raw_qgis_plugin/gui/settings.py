# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user sets once for all projects, in QGIS's own tree of settings (plugins/raw/…)."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsSettingsEntryInteger, QgsSettingsEntryString, QgsSettingsTree

from ..core.regions.scores import MIN_USERS

NODE = "raw"


class Settings:
    """The entries. Each has value(), setValue(), remove() and exists()."""

    def __init__(self) -> None:
        node = QgsSettingsTree.createPluginTreeNode(NODE)
        self.device = QgsSettingsEntryString("device", node, "auto", "auto, CPU or CUDA")
        self.model = QgsSettingsEntryString("model", node, "", "Model bundle; empty: the one that comes with RAW")
        self.min_users = QgsSettingsEntryInteger(
            "min-users", node, MIN_USERS, "Fewest users to show a region", minValue=1, maxValue=1000
        )

    def parameters(self) -> dict[str, Any]:
        """As parameters of algorithms, without those that say nothing but the default."""
        have = {"DEVICE": self.device, "MODEL": self.model, "MIN_USERS": self.min_users}
        return {name: entry.value() for name, entry in have.items() if entry.exists() and entry.value() != ""}


_settings: list[Settings] = []


def settings() -> Settings:
    """The settings, registered with QGIS when they are first asked for."""
    if not _settings:
        _settings.append(Settings())
    return _settings[0]


def unregister() -> None:
    """Take the entries out of QGIS's tree; what the user set stays."""
    if _settings:
        _settings.clear()
        QgsSettingsTree.unregisterPluginTreeNode(NODE)
