# SPDX-License-Identifier: GPL-2.0-or-later
"""What ids, titles and project files of others may do in QGIS, and what logs and layers tell of
people.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsProcessingException,
    QgsVectorLayer,
)
from qgis.PyQt.QtWidgets import QLabel

HOSTILE = [
    "<img src='http://127.0.0.1:9/x'>", "<script>alert(1)</script>", "[% env('HOME') %]", "a & b < c",
    "' || \"x\" || '", "</b><h1>", "%]<i>", "&lt;img src=x&gt;",
]  # fmt: skip
# with what they say in quotes, escaped
OURS = re.compile(r'</?(b|i|br|small|span|table|tr|td|a)( [a-z]+="[^"<>]*")*>')
COORDINATES = re.compile(r"\b(10[.,]65|50[.,]12)")  # where the people of the test are


def test_cards_show_names_and_titles_as_text(staged: None) -> None:
    from raw_qgis_plugin.core.regions.view import RegionView
    from raw_qgis_plugin.gui.regions.card import Region, RegionCard

    tried = 0
    for words in HOSTILE:
        number = {
            "name": "n",
            "kind": "number",
            "title": words,
            "unit_of_measure": words,
            "verdict": words,
        }
        label = {"name": "c", "kind": "class", "title": words, "classes": [words], "verdict": words}
        shown = {"region": [number, label]}
        bundle = SimpleNamespace(heads=lambda unit, shown=shown: shown.get(unit, []), name="m")
        figures = {
            "n": 1.0,
            "n_low": 0.5,
            "n_high": 2.0,
            "c": words,
            "c_p": 0.9,
            "in_domain": False,
        }
        view = RegionView(
            1.0, False, figures | {"n_users": 20, "n_points": 200}, np.zeros((7, 24), int)
        )
        card = RegionCard(Region(1, words, view), bundle, 10)
        for widget in card.findChildren(QLabel):
            for html in (widget.text(), widget.toolTip()):
                assert not re.findall("<[^>]*>", OURS.sub("", html)), html
                tried += 1


def test_logs_hold_no_coordinates(
    run: Callable, make: Callable, fixes: Any, bundle: str, tmp_path: Any
) -> None:
    said: list[str] = []
    log = QgsApplication.messageLog()
    log.messageReceived.connect(keep := lambda words, tag, level: said.append(words))
    rows = [(f"anna {k}", 1_700_000_000_000 + 60_000 * i) for k in range(3) for i in range(200)]
    g = np.random.default_rng(0)
    lon, lat = 10.654 + g.normal(0, 2e-5, len(rows)), 50.123 + g.normal(0, 2e-5, len(rows))
    user, t = (list(column) for column in zip(*rows, strict=True))
    alone = make(type(fixes)(user, t, lon.tolist(), lat.tolist()))
    regions = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string", "r", "memory")
    feature = QgsFeature(regions.fields())
    feature.setGeometry(QgsGeometry.fromWkt("POLYGON((20 20,21 20,21 21,20 21,20 20))"))
    regions.dataProvider().addFeatures([feature])
    report = tmp_path / "backtest.html"
    asked = [
        ("forecasttracks", {}), ("profileusers", {}), ("scoreregions", {"REGIONS": regions}), ("embedtracks", {}),
        ("scoreregions", {"REGIONS": regions, "MIN_USERS": 1}), ("similarusers", {"TARGET": "anna 0"}),
        ("similarusers", {"TARGET": "nobody"}), ("similarregions", {"REGIONS": regions, "TARGET": "$id = 1"}),
        ("backtest", {"HORIZON": 10, "STEP": 5, "REPORT": str(report)}),
        ("diary", {"OUTPUT_STOPS": "TEMPORARY_OUTPUT", "OUTPUT_TRIPS": "TEMPORARY_OUTPUT"}),
        ("fillgaps", {"OUTPUT_AREAS": "TEMPORARY_OUTPUT"}), ("encounters", {}),
    ]  # fmt: skip
    for name, parameters in asked:
        model = {} if name in ("fillgaps", "encounters") else {"MODEL": bundle}
        try:
            feedback = run(f"raw:{name}", INPUT=alone, **model, **parameters).feedback
            said += feedback.infos + feedback.warnings + feedback.errors
        except QgsProcessingException as error:
            said.append(str(error))
    log.messageReceived.disconnect(keep)
    assert len(said) > 30 and report.exists()
    assert not [words for words in said if COORDINATES.search(words)]
    assert not re.search(
        r"\b(10\.65|50\.12)\d", report.read_text("utf-8")
    ) and "anna" not in report.read_text("utf-8")
