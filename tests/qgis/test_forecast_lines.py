# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:forecasttracks: the line of a track."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

OUTPUTS = {"OUTPUT_TRACKS": "TEMPORARY_OUTPUT", "OUTPUT_AREAS": "TEMPORARY_OUTPUT"}


def test_a_line_is_in_domain_where_all_of_its_forecasts_are(
    run: Callable, make: Callable, fixes: Any, bundle: str
) -> None:
    done = run("raw:forecasttracks", INPUT=make(fixes), MODEL=bundle, HORIZON=300, STEP=100, **OUTPUTS)
    assert {(row["horizon_min"], row["in_domain"]) for row in done.rows()} == {
        (100.0, True), (200.0, False), (300.0, False),
    }  # fmt: skip
    assert {(row["horizon_min"], row["in_domain"]) for row in done.rows("OUTPUT_TRACKS")} == {(300.0, False)}


def test_a_shapefile_is_said_to_cut_names(
    run: Callable, make: Callable, fixes: Any, bundle: str, tmp_path: Path
) -> None:
    path = str(tmp_path / "forecast.shp")
    done = run("raw:forecasttracks", INPUT=make(fixes), MODEL=bundle, HORIZON=10, STEP=5, OUTPUT=path)
    assert done.layer().fields().names()[3] == "horizon_mi"
    (warning,) = [words for words in done.feedback.warnings if "ten letters" in words]
    assert "horizon_min" in warning and "in_domain" not in warning


def test_a_line_goes_the_short_way_across_the_antimeridian(
    run: Callable, make: Callable, fixes: Any, bundle: str
) -> None:
    east = 179.971 + np.arange(len(fixes.t)) % 120 * 0.00024  # ends 40 m from it
    over = type(fixes)(fixes.user_id, fixes.t, list(east), fixes.lat, {})
    done = run("raw:forecasttracks", INPUT=make(over), MODEL=bundle, HORIZON=10, STEP=5, **OUTPUTS)
    for line in done.layer("OUTPUT_TRACKS").getFeatures():
        x = [p.x() for p in line.geometry().asPolyline()]
        assert max(x) > 180.0 and max(x) - min(x) < 1.0
