# SPDX-License-Identifier: GPL-2.0-or-later
"""The user's settings for all projects, in QGIS's own tree of settings (plugins/raw/…)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from qgis.core import QgsProject, QgsSettingsEntryInteger, QgsSettingsEntryString, QgsSettingsTree

from ..core.specs import MIN_USERS
from ..environment.folders import models_folder
from .layer_kinds import has_areas, has_fixes, is_own_table

NODE = "raw"


@cache
def settings() -> SimpleNamespace:
    """The entries, each with value(), setValue(), remove() and exists(). The first call registers
    them with QGIS.
    """
    node = QgsSettingsTree.createPluginTreeNode(NODE)
    model = QgsSettingsEntryString(
        "model", node, "", "Model bundle; empty: the one that comes with RAW"
    )
    min_users = QgsSettingsEntryInteger(
        "min-users", node, MIN_USERS, "Minimum users per region", minValue=1, maxValue=1000
    )
    device = QgsSettingsEntryString("device", node, "auto", "auto, CPU or CUDA")
    return SimpleNamespace(device=device, model=model, min_users=min_users)


def unregister() -> None:
    """Take the entries out of QGIS's tree; the user's values stay."""
    if settings.cache_info().currsize:
        settings.cache_clear()
        QgsSettingsTree.unregisterPluginTreeNode(NODE)


def start_values(algorithm: Any, current: Any, tracks: Any = None) -> dict[str, Any]:
    """The values that an algorithm's dialog starts with, by parameter.

    They are the user's settings, where they are not the default; the model of the project, where
    one was chosen; for INPUT, REGIONS and LABELS the current layer, else the only layer of the
    project that fits; for a new model a folder among the user's own. tracks: the layer in the dock,
    which is INPUT where that is tracks.
    """
    own = settings()
    (model, chosen) = QgsProject.instance().readEntry("raw", "model", "")
    entries = {"DEVICE": own.device, "MODEL": own.model, "MIN_USERS": own.min_users}
    values = {
        name: entry.value()
        for name, entry in entries.items()
        if entry.exists() and entry.value() != ""
    }
    values |= {"MODEL": model} if chosen else {}  # in the dock, for this project
    takes_tracks = algorithm.parameterDefinition("TIME_FIELD") is not None
    for name, fits in (("INPUT", has_fixes), ("REGIONS", has_areas), ("LABELS", is_own_table)):
        first = tracks if tracks is not None and name == "INPUT" and takes_tracks else current
        layer = _fitting_layer(first, fits)
        if layer is not None:
            values[name] = layer.id()
    values["BUNDLE"] = str(_new_folder())
    return {
        name: value
        for name, value in values.items()
        if algorithm.parameterDefinition(name) is not None
    }


def _fitting_layer(first: Any, fits: Callable[[Any], bool]) -> Any:
    """The first choice if it fits, else the only layer of the project that does, else None."""
    if fits(first):
        return first
    fitting = [layer for layer in QgsProject.instance().mapLayers().values() if fits(layer)]
    return fitting[0] if len(fitting) == 1 else None


def _new_folder() -> Path:
    """A folder for a new model, among the user's own."""
    names = (f"my model {n}" if n > 1 else "my model" for n in count(1))
    return next(path for name in names if not (path := models_folder() / name).exists())
