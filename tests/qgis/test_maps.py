# SPDX-License-Identifier: GPL-2.0-or-later
"""What stands beside a map: the model that made a layer, figures that are shown, a title and a legend for readers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsLayoutItemLegend, QgsProject, QgsRectangle, QgsVectorLayer

TEAM = {"name": "team", "unit": "user", "kind": "classes", "classes": ["weekdays", "weekend", "nights"]}


@pytest.fixture
def own(bundle: str, tmp_path: Path) -> Path:
    """A copy of the shipped model with a name of its own. Its card has the old name."""
    from raw_qgis_plugin.core.bundle.bundle import open_bundle

    return Path(shutil.copytree(open_bundle(bundle).path, tmp_path / "my model"))


def labelled(head: str, rows: list[list[Any]], kind: str = "string") -> QgsVectorLayer:
    fields = f"&field={head}:{kind}&field={head}_p:double&field=in_domain:bool"
    layer = QgsVectorLayer(f"Point?crs=EPSG:4326{fields}", "bare", "memory")
    for at, row in enumerate(rows):
        feature = QgsFeature(layer.fields())
        feature.setAttributes(row)
        feature.setGeometry(QgsGeometry.fromWkt(f"Point({10 + 10 * at} 50)"))
        layer.dataProvider().addFeatures([feature])
    return QgsProject.instance().addMapLayer(layer)


def show(menu: Any, *layers: QgsVectorLayer) -> Any:
    canvas = menu.iface.mapCanvas()
    canvas.setDestinationCrs(layers[0].crs())
    canvas.setLayers(list(layers))
    return canvas


def made_by(layer: QgsVectorLayer, model: str) -> None:
    from raw_qgis_plugin.gui.results import DockRun

    DockRun("profileusers", "tracks", "2026-01-01 00:00:00.000", {"MODEL": model}).mark(layer)


def test_the_notes_name_the_model_that_made_the_layer(session: Any, menu: Any, own: Path, bundle: str) -> None:
    from raw_qgis_plugin.core.bundle.bundle import open_bundle
    from raw_qgis_plugin.gui.maps.notes import notes
    from raw_qgis_plugin.layers import styling

    shipped = open_bundle(bundle)
    heads = shipped.heads("track")
    layer = labelled("transport_mode", [["walk", 0.9, True]])
    styling.Profiles(heads, "user").apply(layer)
    made_by(layer, str(own))
    first, of_mode, *_ = notes(show(menu, layer), None, shipped)
    assert "Model: my model." in first
    assert "sources weigh alike" in of_mode and "unknown counts as wrong" in of_mode and "2,009" not in of_mode
    made_by(layer, "")
    assert f"Model: {shipped.card['name']}." in notes(show(menu, layer), None, shipped)[0]
    shutil.rmtree(own)
    made_by(layer, str(own))
    assert "Model: my model." in notes(show(menu, layer), None, shipped)[0], "its name is left"


def test_the_notes_name_the_model_of_a_result_of_the_toolbox(
    session: Any, menu: Any, own: Path, make: Callable[..., Any], fixes: Any, bundle: str
) -> None:
    """Not that of the dock."""
    from raw_qgis_plugin.core.bundle.bundle import open_bundle
    from raw_qgis_plugin.gui.maps.notes import notes
    from raw_qgis_plugin.tasks.job import AlgorithmJob

    from .waiting import until

    made: list[QgsVectorLayer] = []
    tracks = QgsProject.instance().addMapLayer(make(fixes))
    for n, model in enumerate((str(own), ""), 1):
        AlgorithmJob(
            "raw:profileusers", {"INPUT": tracks, "UNIT": "track", "MODEL": model}, ["OUTPUT"], "Labels",
            lambda layer, _: made.append(QgsProject.instance().addMapLayer(layer)), print, print,
        ).start()  # fmt: skip
        until(lambda n=n: len(made) == n)
    shipped, mine = open_bundle(bundle), open_bundle(str(own))
    assert "Model: my model." in notes(show(menu, made[0]), None, shipped)[0]
    assert f"Model: {shipped.name}." in notes(show(menu, made[1]), None, mine)[0]


def test_the_notes_read_the_card_of_each_model_once(
    session: Any, menu: Any, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from raw_qgis_plugin.core.bundle import bundle as module
    from raw_qgis_plugin.gui.maps.notes import notes

    read, readings = module._read_text, []
    monkeypatch.setattr(module, "_read_text", lambda path, *more: readings.append(path) or read(path, *more))
    layers = [labelled("transport_mode", [["walk", 0.9, True]]) for _ in range(3)]
    for layer in layers:
        made_by(layer, str(own))
    assert "Model: my model." in notes(show(menu, *layers), None, None)[0]
    assert readings == [own / "card.json"]

    def broken(*_: Any) -> None:
        raise OSError("The network drive is gone")

    monkeypatch.setattr(module, "_read_text", broken)
    assert "Model: my model." in notes(show(menu, *layers), None, None)[0], "its name is left"


def test_the_data_of_the_notes_count_what_the_warning_counts(
    session: Any, menu: Any, make: Callable[..., Any], fixes: Any
) -> None:
    from raw_qgis_plugin.gui.maps.notes import notes, warnings

    from .tabs import read

    twice = type(fixes)(*(list(column) * 2 for column in (fixes.user_id, fixes.t, fixes.lon, fixes.lat)), {})
    layer = make(twice)
    read(session, layer)
    canvas = show(menu, layer)
    assert "12 users, 1,440 of 2,880 fixes" in notes(canvas, session, None)[0]
    assert "2,880 fixes with their times" in warnings(canvas.layers(), 10)[0]
    other = labelled("team", [["nights", 0.9, True]])
    assert "Data: " not in notes(show(menu, other), session, None)[0], "they are not on the map"
    other.setCustomProperty("raw/made_of", layer.name())
    assert "Data: fixes: " in notes(show(menu, other), session, None)[0]
    made_by(other, "")
    assert "Data: " not in notes(show(menu, other), session, None)[0]


def test_a_title_says_of_what_the_label_is(menu: Any, session: Any) -> None:
    from raw_qgis_plugin.gui.maps.window import title_for
    from raw_qgis_plugin.gui.results import UNIT
    from raw_qgis_plugin.layers import styling

    layer = labelled("team", [["weekend", 1.0, True]])
    styling.Profiles([TEAM], "user").apply(layer)
    assert title_for([layer]) == "Profiles: Team", "it may be anybody's layer"
    layer.setCustomProperty(UNIT, "user")
    assert title_for([layer]) == "Team of each user"
    layer.setName("Profiles: Team (2)")
    assert title_for([layer]) == "Team of each user"
    layer.setName("Staff")
    assert title_for([layer]) == "Staff"


def test_the_samples_title_is_for_maps_of_the_sample(menu: Any, session: Any, tmp_path: Path) -> None:
    from raw_qgis_plugin.gui.maps.fit import in_sight
    from raw_qgis_plugin.gui.maps.window import title_for
    from raw_qgis_plugin.gui.windows.sample import copy_of_sample, fill_project

    project = QgsProject.instance()
    fill_project(project, copy_of_sample(tmp_path / "sample"))
    ours = list(project.mapLayers().values())
    layer = labelled("team", [["weekend", 1.0, True]])
    layer.setName("Staff")
    canvas = show(menu, layer, *ours)
    for extent, title in ((layer.extent(), "Staff"), (ours[0].extent(), project.title())):
        extent.grow(0.5)
        canvas.setExtent(extent)
        assert title_for(in_sight(canvas)) == title
    project.setTitle("Mine")
    assert title_for([layer]) == "Mine"


def test_the_legend_lists_what_is_on_the_map(menu: Any, session: Any, tmp_path: Path) -> None:
    from raw_qgis_plugin.gui.maps.layout import SHEET, export, make_layout
    from raw_qgis_plugin.gui.results import UNIT
    from raw_qgis_plugin.layers import styling

    layer = labelled("team", [["weekend", 1.0, True], ["unknown", 0.4, True], ["nights", 1.0, True]])
    styling.Profiles([TEAM], "user").apply(layer)
    layer.setCustomProperty(UNIT, "user")
    canvas = show(menu, layer)
    canvas.setExtent(QgsRectangle(8, 48, 22, 52))  # without the third

    def legend() -> list[str]:
        layout = make_layout(QgsProject.instance(), canvas, "title", "notes")
        (item,) = (item for item in layout.items() if isinstance(item, QgsLayoutItemLegend))
        model = item.model()
        export(layout, tmp_path / "map.png")  # painting looks for what is on the map
        (node,) = model.rootGroup().findLayers()
        title = node.customProperty("legend/title-label")
        return [title, *(each.data(0) for each in model.layerLegendNodes(node))]

    title = "Team of each user\nExperimental (simulated data)"
    assert legend() == [title, "Weekend", "Unknown: not sure"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("raw_qgis_plugin.gui.maps.layout.SHEET", type(SHEET)(most_filtered=2, dpi=50))
        assert "Nights" in legend() and "Weekdays" in legend()


def test_the_legend_leaves_out_layers_that_lie_elsewhere(
    menu: Any, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where there are too many features to look through."""
    from raw_qgis_plugin.gui.maps.layout import SHEET, make_layout

    here, elsewhere = (labelled("team", [["weekend", 1.0, True]]) for _ in range(2))
    elsewhere.dataProvider().changeGeometryValues({1: QgsGeometry.fromWkt("Point(-37 -11)")})
    elsewhere.updateExtents()
    canvas = show(menu, here, elsewhere)
    monkeypatch.setattr("raw_qgis_plugin.gui.maps.layout.SHEET", type(SHEET)(most_filtered=1))
    for extent, listed in (((8, 48, 12, 52), [here]), ((-50, -20, 20, 60), [here, elsewhere])):
        canvas.setExtent(QgsRectangle(*extent))
        layout = make_layout(QgsProject.instance(), canvas, "title", "notes")
        (item,) = (item for item in layout.items() if isinstance(item, QgsLayoutItemLegend))
        assert {node.layer() for node in item.model().rootGroup().findLayers()} == set(listed)


def test_a_layer_of_many_features_is_a_picture_in_a_small_pdf(
    menu: Any, session: Any, make: Callable[..., Any], invented: Callable[..., Any], tmp_path: Path
) -> None:
    from raw_qgis_plugin.gui.maps.layout import SHEET, export, make_layout

    layer = QgsProject.instance().addMapLayer(make(invented(12, 2000)))
    canvas = show(menu, layer)
    canvas.setExtent(layer.extent())
    sizes, pictures = [], []
    for most in (layer.featureCount(), 1000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("raw_qgis_plugin.gui.maps.layout.SHEET", type(SHEET)(most_drawn=most))
            export(make_layout(QgsProject.instance(), canvas, "title", "notes"), tmp_path / "map.pdf")
        pdf = (tmp_path / "map.pdf").read_bytes()
        sizes.append(len(pdf))
        pictures.append(pdf.count(b"/Subtype /Image"))
        assert pdf.count(b"/Type /Font"), "text stays text"
    assert pictures[0] == 0 < pictures[1] and sizes[1] < 0.6 * sizes[0]
    assert not layer.renderer().forceRasterRender()


def test_a_long_legend_has_smaller_letters(menu: Any, session: Any, tmp_path: Path) -> None:
    from raw_qgis_plugin.gui.maps.layout import SHEET, export, make_layout
    from raw_qgis_plugin.layers import styling

    heights = []
    for n in (3, 35):
        head = {**TEAM, "classes": [f"class {at}" for at in range(n)]}
        layer = labelled("team", [[f"class {at}", 1.0, True] for at in range(n)])
        styling.Profiles([head], "user").apply(layer)
        canvas = show(menu, layer)
        canvas.setExtent(QgsRectangle(8, 40, 420, 60))
        layout = make_layout(QgsProject.instance(), canvas, "title", "notes")
        export(layout, tmp_path / "map.png")
        (item,) = (item for item in layout.items() if isinstance(item, QgsLayoutItemLegend))
        heights.append(item.sizeWithUnits().height())
        QgsProject.instance().removeMapLayer(layer)
    assert heights[0] < 40 and 120 < heights[1] < SHEET.height - SHEET.margin - SHEET.title_height


def test_a_card_with_wrong_sources_is_refused(own: Path) -> None:
    from raw_qgis_plugin.core.bundle.bundle import open_bundle, write_sums
    from raw_qgis_plugin.core.errors import BundleError

    card = json.loads((own / "card.json").read_text("utf-8"))
    head = next(head for head in card["heads"] if "sources" in head)
    head["sources"]["goal"]["sure"] = "all"
    (own / "card.json").write_text(json.dumps(card), "utf-8")
    write_sums(own)
    with pytest.raises(BundleError, match="sources"):
        open_bundle(own)
