# SPDX-License-Identifier: GPL-2.0-or-later
"""raw:encounters: pairs of users with their times, places and probabilities."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from qgis.core import QgsProcessingException, QgsProject

from .conftest import HOME, Fixes

T0, MINUTE, M_PER_DEGREE = 1_599_436_800_000, 60_000, 85_400.0


@pytest.fixture(scope="module")
def walkers() -> Fixes:
    """Ann and Ben walk along a street together for an hour, a fix each half minute, Ben without
    fixes from minute 20 to 30; four others walk there on other days.
    """
    columns = Fixes([], [], [], [])
    for number, user in enumerate(("ann", "ben", "c", "d", "e", "f")):
        minute = np.arange(0, 60, 0.5)
        minute = minute[(minute <= 20) | (minute >= 30)] if user == "ben" else minute
        columns.user_id += [user] * len(minute)
        columns.t += (
            np.rint(T0 + minute * MINUTE + max(number - 1, 0) * 86_400_000).astype(int).tolist()
        )
        columns.lon += (HOME[0] + (80 * minute + 5 * number) / M_PER_DEGREE).tolist()
        columns.lat += [HOME[1]] * len(minute)
    return columns


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32650"])
def test_two_who_walk_together_meet(
    run: Callable, make: Callable, walkers: Fixes, crs: str
) -> None:
    done = run("raw:encounters", INPUT=make(walkers, crs))
    (row,) = done.rows()
    assert list(row) == ["user_a", "user_b", "t_start", "t_end", "probability", "observed"]
    assert (row["user_a"], row["user_b"], row["probability"], row["observed"]) == (
        "ann",
        "ben",
        1.0,
        True,
    )
    assert (
        row["t_start"].toMSecsSinceEpoch() == T0
        and row["t_end"].toMSecsSinceEpoch() >= T0 + 59 * MINUTE
    )
    layer = done.layer()
    assert layer.crs().authid() == crs and next(layer.getFeatures()).hasGeometry()
    assert done.values["N_USERS"] == 6
    assert any("do not publish" in words for words in done.feedback.warnings)


def test_in_a_gap_they_meet_with_a_probability(
    run: Callable, make: Callable, walkers: Fixes
) -> None:
    """Without Ann's fixes but those of Ben's gap, nobody saw them together."""
    t, user = (np.array(walkers.t) - T0) / MINUTE, np.array(walkers.user_id)
    kept = np.flatnonzero((user != "ann") | ((t > 21) & (t < 29)))
    some = Fixes(
        *(
            [column[k] for k in kept]
            for column in (walkers.user_id, walkers.t, walkers.lon, walkers.lat)
        )
    )
    done = run("raw:encounters", INPUT=make(some), MIN_PROBABILITY=0.1)
    (row,) = done.rows()
    assert not row["observed"] and 0.1 <= row["probability"] < 1.0
    assert run("raw:encounters", INPUT=make(some), MAX_GAP=5).rows() == []


def test_fixes_rarer_than_the_longest_gap_are_no_proof_that_nobody_met(
    run: Callable, make: Callable
) -> None:
    minute = 62 * np.arange(48)
    rare = Fixes([], [], [], [])
    for user in ("ann", "ben"):
        rare.user_id += [user] * len(minute)
        rare.t += (T0 + minute * MINUTE).tolist()
        rare.lon += (HOME[0] + minute / M_PER_DEGREE).tolist()
        rare.lat += [HOME[1]] * len(minute)
    done = run("raw:encounters", INPUT=make(rare))
    assert done.rows() == [] and any(
        "100% of the gaps" in words for words in done.feedback.warnings
    )
    done.feedback.warnings.clear()
    done = run("raw:encounters", INPUT=make(rare), MAX_GAP=120)
    assert done.rows() and not any("MAX_GAP" in words for words in done.feedback.warnings)


def test_the_style_tells_observed_from_inferred(
    run: Callable, make: Callable, walkers: Fixes
) -> None:
    from raw_qgis_plugin.layers.styling import Encounters

    layer = run("raw:encounters", INPUT=make(walkers)).layer()
    Encounters().apply(layer)
    assert layer.name() == "Encounters" and layer.temporalProperties().endField() == "t_end"
    assert [rule.label() for rule in layer.renderer().rootRule().children()] == [
        "Observed: both have fixes"
    ]


def test_nobody_to_meet(run: Callable, make: Callable, walkers: Fixes) -> None:
    done = run("raw:encounters", INPUT=make(Fixes([], [], [], [])))
    assert done.rows() == [] and any(
        "fewer than two users" in words for words in done.feedback.warnings
    )
    assert run("raw:encounters", INPUT=make(walkers), USER_FIELD="none").rows() == []
    with pytest.raises(QgsProcessingException, match="DISTANCE"):
        run("raw:encounters", INPUT=make(walkers), DISTANCE=0)
    QgsProject.instance().clear()
