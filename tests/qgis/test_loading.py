# SPDX-License-Identifier: GPL-2.0-or-later
"""Results as Processing loads them: their style, their name, and errors in a style."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.core import QgsProcessingContext, QgsVectorLayer

from .test_styling import COMMUTER, layer_of, legend_of


def test_post_processors_outlive_the_call() -> None:
    import gc

    from raw_qgis_plugin.layers import styling

    layer = layer_of("Point", "&field=t:datetime", [[None]])
    context = QgsProcessingContext()
    context.addLayerToLoadOnCompletion(layer.id(), QgsProcessingContext.LayerDetails("out", None))
    layer.setName("out")
    styling.on_load(context, layer.id(), styling.Fixes(), "out")
    gc.collect()
    details = context.layerToLoadOnCompletionDetails(layer.id())
    assert details.groupName == "RAW"
    details.postProcessor().postProcessLayer(layer, context, None)
    assert layer.name() == "Fixes"


def load(
    layer: QgsVectorLayer, style: Any, feedback: Any, name: str = "Output", file: str = ""
) -> None:
    """As Processing does it after a run. name: that was asked for. file: the name by which it is
    shown, if that is.
    """
    from raw_qgis_plugin.layers import styling

    context = QgsProcessingContext()
    context.addLayerToLoadOnCompletion(layer.id(), QgsProcessingContext.LayerDetails(name, None))
    styling.on_load(context, layer.id(), style, "Output")
    details = context.layerToLoadOnCompletionDetails(layer.id())
    layer.setName(file or details.name)
    details.postProcessor().postProcessLayer(layer, context, feedback)


def test_a_table_is_loaded(
    saved: Callable[..., QgsVectorLayer], feedback: Any, tmp_path: Path
) -> None:
    """It has no symbols."""
    from raw_qgis_plugin.layers import styling

    rows = [["a", "yes", True], ["b", "no", True]]
    fields = "&field=user_id:string&field=commuter:string&field=in_domain:bool"
    table = saved(layer_of("Point", fields, rows), tmp_path / "profiles.csv")
    assert not table.isSpatial()
    load(table, styling.Profiles([COMMUTER], "user"), feedback)
    assert table.name() == "Users"
    assert not feedback.warnings


def test_an_error_in_a_style_is_told_and_no_more(feedback: Any) -> None:
    """QGIS's Layers panel would stay frozen."""
    from raw_qgis_plugin.layers import styling

    layer = layer_of("Point", "&field=commuter:string", [["yes"]])
    # a head without classes
    load(layer, styling.Profiles([{"name": "commuter", "kind": "binary"}]), feedback)
    assert len(feedback.warnings) == 1 and "classes" in feedback.warnings[0] and layer.isValid()


def test_a_name_that_was_given_is_kept(feedback: Any) -> None:
    """By the user, by a model's output, or by the file where QGIS is set so."""
    from raw_qgis_plugin.layers import styling

    for asked, file, name in (
        ("Output", "", "Users: Commuter"),
        ("Staff", "", "Staff"),
        ("Output", "may", "may"),
    ):
        layer = layer_of("Point", "&field=commuter:string&field=in_domain:bool", [["yes", True]])
        load(layer, styling.Profiles([COMMUTER]), feedback, asked, file)
        assert layer.name() == name and legend_of(layer) == [["Commuter: yes"]]
