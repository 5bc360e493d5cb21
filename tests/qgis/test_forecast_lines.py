# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:forecasttracks: the line of a track."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

OUTPUTS = {"OUTPUT_TRACKS": "TEMPORARY_OUTPUT", "OUTPUT_AREAS": "TEMPORARY_OUTPUT"}


def test_a_line_is_in_domain_where_all_of_its_forecasts_are(
    run: Callable, make: Callable, fixes: Any, bundle: str
) -> None:
    done = run(
        "raw:forecasttracks", INPUT=make(fixes), MODEL=bundle, HORIZON=300, STEP=100, **OUTPUTS
    )
    expected = {(100.0, True), (200.0, False), (300.0, False)}
    assert {(row["horizon_min"], row["in_domain"]) for row in done.rows()} == expected
    assert {(row["horizon_min"], row["in_domain"]) for row in done.rows("OUTPUT_TRACKS")} == {
        (300.0, False)
    }


def test_a_line_goes_the_short_way_across_180_degrees(
    run: Callable, make: Callable, fixes: Any, bundle: str
) -> None:
    east = 179.971 + np.arange(len(fixes.t)) % 120 * 0.00024  # ends 40 m from it
    over = type(fixes)(fixes.user_id, fixes.t, list(east), fixes.lat, {})
    done = run("raw:forecasttracks", INPUT=make(over), MODEL=bundle, HORIZON=10, STEP=5, **OUTPUTS)
    lines = list(done.layer("OUTPUT_TRACKS").getFeatures())
    x = [[p.x() for p in line.geometry().asPolyline()] for line in lines]
    assert all(max(along) - min(along) < 1.0 for along in x)
    assert sum(max(along) > 180.0 for along, line in zip(x, lines) if line["path"] == 1) > 6


def test_paths_have_probabilities_and_one_is_enough(
    run: Callable, make: Callable, fixes: Any, bundle: str
) -> None:
    asked = {"INPUT": make(fixes), "MODEL": bundle, "HORIZON": 10, "STEP": 2.5, **OUTPUTS}
    done = run("raw:forecasttracks", **asked)
    lines = done.rows("OUTPUT_TRACKS")
    by_user: dict[str, list[tuple[int, float]]] = {}
    for line in lines:
        by_user.setdefault(line["user_id"], []).append((line["path"], line["probability"]))
    assert len(by_user) == 12 and max(map(len, by_user.values())) == 3
    for paths in by_user.values():
        numbers, shares = zip(*sorted(paths))
        assert numbers == tuple(range(1, len(paths) + 1))
        assert (
            list(shares) == sorted(shares, reverse=True)
            and shares[-1] > 0
            and sum(shares) <= 1 + 1e-9
        )

    single = run("raw:forecasttracks", **asked, PATHS=1)
    first = [line for line in lines if line["path"] == 1]
    assert single.rows("OUTPUT_TRACKS") == first and len(first) == 12
    assert single.rows() == done.rows(), "the points do not depend on the number of paths"


def test_a_simple_method_needs_no_model_and_has_no_paths(
    run: Callable, make: Callable, fixes: Any, feedback: Any
) -> None:
    asked = {
        "INPUT": make(fixes),
        "MODEL": "nowhere",
        "METHOD": "simple",
        "HORIZON": 10,
        "STEP": 5,
        **OUTPUTS,
    }
    done = run("raw:forecasttracks", **asked)
    assert (
        len(done.rows()) == 24
        and len(done.rows("OUTPUT_AREAS")) == 48
        and "OUTPUT_TRACKS" not in done.values
    )
    assert all(
        0 <= row["radius50_m"] <= row["radius80_m"] and row["in_domain"] for row in done.rows()
    )
    assert [
        words for words in feedback.warnings if words.startswith("In place of the model: 5 min: ")
    ]
