# SPDX-License-Identifier: GPL-2.0-or-later
"""The language of what RAW says: that of QGIS, where resources/i18n has it."""

from __future__ import annotations

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QLocale, QTranslator

from .core.paths import RESOURCES


def install(locale: str = "") -> QTranslator | None:
    """Install the translator for a locale such as 'pt_BR', QGIS's where it is empty; None where there is none."""
    translator = QTranslator()
    name = locale or QgsApplication.locale()
    if not translator.load(QLocale(name), "raw", "_", str(RESOURCES / "i18n"), ".qm"):
        return None
    QCoreApplication.installTranslator(translator)
    return translator
