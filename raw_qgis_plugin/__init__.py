# SPDX-License-Identifier: GPL-2.0-or-later
"""RAW for QGIS: profiles, region scores and forecasts of movement data by a pretrained trajectory
model.
"""

from __future__ import annotations

from typing import Any


def classFactory(iface: Any) -> Any:  # noqa: N802 - the name QGIS calls
    """Make the plugin. iface: QgisInterface, or None in qgis_process."""
    from .plugin import RawPlugin

    return RawPlugin(iface)
