# SPDX-License-Identifier: GPL-2.0-or-later
"""RAW's texts in the language of QGIS, which update.py of resources/i18n collects."""

from __future__ import annotations

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QLocale, QTranslator

from .core import errors
from .core.paths import RESOURCES


def install(locale: str = "") -> QTranslator | None:
    """Install the translator of a locale such as 'pt_BR', '' for QGIS's. Returns None where there
    is none.
    """
    # also that of qgis --lang
    translator = QTranslator()
    spoken = QgsApplication.instance().translation()
    name = locale or (spoken if spoken not in ("", "C") else QgsApplication.locale())
    if not translator.load(QLocale(name), "raw", "_", str(RESOURCES / "i18n"), ".qm"):
        return None
    QCoreApplication.installTranslator(translator)
    errors.translate = lambda words: QCoreApplication.translate("RAW", words)
    errors.speaks = f"{translator.filePath().removesuffix('.qm')}.ts"
    return translator
