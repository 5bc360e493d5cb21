# SPDX-License-Identifier: GPL-2.0-or-later
"""Words in the language of QGIS."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication


def tr(text: str) -> str:
    """Translate a text of the plugin."""
    return QCoreApplication.translate("RAW", text)
