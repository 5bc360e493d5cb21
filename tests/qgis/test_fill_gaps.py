# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:fillgaps: inferred points, lines and areas in gaps, marked as such, and gaps that stay open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qgis.core import QgsProcessingException, QgsProject, QgsWkbTypes

OUTPUTS = {"OUTPUT_TRACKS": "TEMPORARY_OUTPUT", "OUTPUT_AREAS": "TEMPORARY_OUTPUT"}


@pytest.fixture
def gappy(fixes: Any) -> Any:
    """The invented users without the fixes of ten minutes and of more than an hour, a fix a minute."""
    number = np.arange(len(fixes.t)) % 120
    kept = np.flatnonzero(~(((number > 15) & (number < 26)) | ((number > 40) & (number < 105))))
    return type(fixes)(
        *([column[k] for k in kept] for column in (fixes.user_id, fixes.t, fixes.lon, fixes.lat)),
        {},
    )


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32650"])
def test_gaps_are_filled_and_marked(run: Callable, make: Callable, gappy: Any, crs: str) -> None:
    done = run("raw:fillgaps", INPUT=make(gappy, crs), **OUTPUTS)
    points, lines, areas = (done.rows(name) for name in ("OUTPUT", "OUTPUT_TRACKS", "OUTPUT_AREAS"))
    assert list(points[0]) == ["user_id", "track_id", "t", "inferred", "radius50_m", "radius80_m"]
    assert list(lines[0]) == [
        "user_id",
        "track_id",
        "t_first",
        "t_last",
        "duration_min",
        "inferred",
    ]
    assert list(areas[0]) == ["user_id", "track_id", "level", "t", "inferred"]
    assert all(row["inferred"] for row in (*points, *lines, *areas))
    assert len(points) == 12 * 10 and len(lines) == 12 and len(areas) == 2 * len(points)
    assert all(0 < row["radius50_m"] <= row["radius80_m"] for row in points)
    assert any("12 gaps longer than 60 minutes" in w for w in done.feedback.warnings)
    assert done.values["N_POINTS"] == len(gappy.t)
    layer = done.layer("OUTPUT_TRACKS")
    assert layer.wkbType() == QgsWkbTypes.LineStringM and layer.crs().authid() == crs
    line = next(layer.getFeatures())
    assert line.geometry().constGet().numPoints() == 12
    for end, name in (
        (line.geometry().constGet().startPoint(), "t_first"),
        (line.geometry().constGet().endPoint(), "t_last"),
    ):
        assert end.m() == line[name].toMSecsSinceEpoch() / 1000
    by_time = {(f["user_id"], f["t"]): f.geometry().asPoint() for f in done.layer().getFeatures()}
    box = line.geometry().boundingBox()
    box.grow(1e-9)
    assert all(box.contains(at) for (user, _), at in by_time.items() if user == line["user_id"])


def test_filled_tracks_are_tracks(run: Callable, make: Callable, gappy: Any) -> None:
    lines = run("raw:fillgaps", INPUT=make(gappy), **OUTPUTS).layer("OUTPUT_TRACKS")
    again = run("raw:fillgaps", INPUT=lines, STEP=0.5)
    assert again.values["N_USERS"] == 12 and len(again.rows()) == 12 * 11


def test_nothing_to_fill(run: Callable, make: Callable, fixes: Any, gappy: Any) -> None:
    whole = run("raw:fillgaps", INPUT=make(fixes), **OUTPUTS)
    assert whole.rows() == whole.rows("OUTPUT_TRACKS") == whole.rows("OUTPUT_AREAS") == []
    empty = run("raw:fillgaps", INPUT=make(type(fixes)([], [], [], [], {})), **OUTPUTS)
    assert empty.rows() == [] and any(
        "no track with two usable fixes" in w for w in empty.feedback.warnings
    )
    with pytest.raises(QgsProcessingException, match="STEP"):
        run("raw:fillgaps", INPUT=make(gappy), STEP=60, MAX_GAP=30)
    with pytest.raises(QgsProcessingException, match="longer step"):
        run("raw:fillgaps", INPUT=make(years_apart(fixes)), STEP=0.01, MAX_GAP=1e9)
    QgsProject.instance().clear()


def years_apart(fixes: Any) -> Any:
    """Two fixes of one user, years apart."""
    return type(fixes)(
        ["a", "a"], [fixes.t[0], fixes.t[0] + 10**11], fixes.lon[:2], fixes.lat[:2], {}
    )
