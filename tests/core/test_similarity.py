# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is similar to whom, and whether the reasons are true."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.embedding.explanations import (
    Trait,
    hour_spans,
    reasons,
    user_traits,
)
from raw_qgis_plugin.core.embedding.similarity import similar, similar_users
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.regions.similar import similar_regions

MONDAY = 1_700_438_400_000  # 2023-11-20 00:00 UTC; at longitude 0 the clock is the solar one
KM = 1 / 111.195  # degrees of latitude


def commuters(kilometres, leave, days=7, noise_m=3.0):
    """Users at longitude 0 who leave a place at one hour and come back nine hours later, a fix in
    five minutes.

    kilometres, leave: of each user; the way takes half an hour.
    """
    rng = np.random.default_rng(0)
    minutes = np.arange(0, days * 1440, 5)
    columns = [[], [], [], []]
    for user, (far, hour) in enumerate(zip(kilometres, leave)):
        clock = minutes % 1440 / 60
        out = np.clip((clock - hour) / 0.5, 0, 1) - np.clip((clock - hour - 9) / 0.5, 0, 1)
        lat = 50 + user + (out * far + rng.normal(0, noise_m / 1000, len(minutes))) * KM
        parts = (
            np.full(len(minutes), user),
            MONDAY + minutes * 60_000,
            np.zeros(len(minutes)),
            lat,
        )
        for column, part in zip(columns, parts):
            column.append(part)
    user, t, lon, lat = map(np.concatenate, columns)
    return build_tracks(user, None, t, lon, lat)[0]


def test_the_nearest_is_found_and_never_the_target_itself():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 8)).astype(np.float32)
    x[30] = x[7] + 0.01
    x[5] = np.nan
    for whiten in (True, False):
        for target, nearest in ((7, 30), (30, 7)):
            rows, value = similar(x, target, 3, whiten)
            assert rows.shape == value.shape == (3,)
            assert rows[0] == nearest and value[0] > 0.99 and (np.diff(value) <= 0).all()
            assert not {5, target} & {*rows}
    assert len(similar(x, 1, 50)[0]) == 38
    with pytest.raises(InputError):
        similar(x, 5, 3)


def test_many_columns_that_agree_count_as_few():
    """Forty columns of one habit and one of another: whitened, the other habit counts."""
    habits = np.concatenate(
        [[[1, 1], [1, -0.5], [1, 3]], np.random.default_rng(0).normal(size=(400, 2))]
    )
    x = habits[:, [0] * 40 + [1]].astype(np.float32)
    for whiten, nearer in ((False, 1), (True, 2)):
        rows, _ = similar(x, 0, 402, whiten)
        assert next(row for row in rows if row in (1, 2)) == nearer


def test_hours_of_a_just_common_share_do_not_stand_out():
    hours = np.repeat([1 / 16, 0.0], [16, 8])
    trait = Trait(hours[None], 1.0, "busiest")
    more = 1.01 * hours
    assert trait.words(hours, more) == trait.words(more, hours) == "" != trait.words(more, more)


def test_facts_measure_what_they_say():
    users = commuters([4.0, 10.0], [7.0, 12.0])
    said = [fact.words(fact.values[0], fact.values[0]) for fact in user_traits(users)]
    assert user_traits(users)[0].distance(0) == pytest.approx([0, 1]), "they move at other hours"
    assert said[0] == "both mostly move at 7–8 and 16–17 h"
    assert "both: median trip 4.0 km" in said
    assert "both 2.0 trips a day" in said
    assert "both: mean speed on the way 8 km/h" in said
    assert "both: recorded about every 300 s" in said
    assert "both 29 % of the way on weekends" in said  # 2 days of 7
    assert (
        next(text for text in said if "of one place" in text)
        == "both 61 % of the time within 300 m of one place"
    )


def test_reasons_name_what_agrees_and_is_unusual():
    far = [4.0, 4.2, *np.linspace(8, 30, 10)]
    leave = [7.0, 7.0, *[6 + k % 6 for k in range(10)]]
    users = commuters(far, leave)
    text = reasons(user_traits(users), 0, np.array([1]))[0]
    assert "median trip 4.2 km against 4.0 km" in text
    assert "recorded about" not in text  # that is so of everybody
    assert text.count(";") <= 2
    strange = reasons(user_traits(users), 0, np.array([11]))[0]
    assert "trip 30" not in strange and "speed" not in strange


def test_users_by_id():
    users = commuters([4.0, 9.0, 4.1, 12.0], [7.0, 10.0, 7.0, 11.0], days=2)
    vectors = np.array([[0.0, 1], [5, 5], [0.1, 1], [9, -4]], np.float32)
    for asked, wanted in (("0", "2"), ("2", "0")):
        found = similar_users(users, asked, 2, lambda tracks, progress: vectors)
        assert users.user_ids[found.rows[0]] == wanted
        assert len(found.rows) == len(found.similarity) == len(found.reasons) == 2
    with pytest.raises(InputError, match="no user 'x' .* ids are: 0, 1, 2, 3.$"):
        similar_users(users, "x", 2, lambda tracks, progress: vectors)


def town(sizes):
    """Users in boxes side by side, so many in each; the users of even boxes have one embedding, of
    odd ones another.
    """
    box = np.repeat(np.arange(len(sizes)), sizes)
    n = 20
    lon = np.repeat(box + 0.5, n)
    t = np.tile(MONDAY + np.arange(n) * 3_600_000, len(box))
    users = build_tracks(np.repeat(np.arange(len(box)), n), None, t, lon, np.full(len(lon), 0.5))[0]
    polygons = [shapely.box(k, 0, k + 1, 1) for k in range(len(sizes))]
    rng = np.random.default_rng(0)
    vectors = np.column_stack([box % 2, 1 - box % 2, rng.normal(0, 0.05, len(box))]).astype(
        np.float32
    )

    def embed(tracks, progress):
        return vectors[tracks.user_ids.astype(int)]

    return users, polygons, embed


def test_regions_of_few_are_neither_target_nor_answer():
    users, polygons, embed = town([12, 30, 9, 25, 12, 40, 3])
    found, suppressed = similar_regions(users, polygons, 0, 10, embed)
    assert suppressed.tolist() == [False, False, True, False, False, False, True]
    assert found.rows[0] == 4 and set(found.rows) == {1, 3, 4, 5}
    assert "both 12 visitors" in found.reasons[0]
    with pytest.raises(InputError, match="fewer than 10 users"):
        similar_regions(users, polygons, 2, 10, embed)
    found, suppressed = similar_regions(users, polygons, 2, 10, embed, min_users=3)
    assert not suppressed.any() and set(found.rows[:3]) == {0, 4, 6}


def test_reasons_tell_nothing_of_one_resident():
    users, polygons, embed = town([10] * 12)
    n = users.n_users
    # everybody comes for an hour of a weekday, each region's people at their own
    day = MONDAY + 9 * 3_600_000
    t = day + (np.arange(n) // 10 % 9)[:, None] * 3_600_000 + np.arange(7) * 600_000
    # and one each of two regions is there the whole of two nights, of a Saturday too
    home = np.array([30, 70])
    nights = (
        MONDAY + 86_400_000 * np.array([1, 5])[:, None] + 3_600_000 * 2 + np.arange(7) * 600_000
    )
    # everybody's last fix is of a night, without any time after it
    seen = np.setdiff1d(np.arange(n), home)
    who = np.concatenate([np.repeat(np.arange(n), 7), np.repeat(home, 14), seen])
    when = np.concatenate(
        [t.ravel(), np.tile(nights.ravel(), 2), np.full(len(seen), nights[1, 0] + 86_400_000)]
    )
    tracks = build_tracks(who, None, when, who // 10 + 0.5, np.full(len(who), 0.5))[0]

    def told(min_users):
        found, _ = similar_regions(tracks, polygons, 3, 11, embed, min_users)
        return found.reasons[found.rows.tolist().index(7)]

    assert "at night" in told(1) and "on weekends" in told(1) and " h" in told(1)
    # in all that ten people do, the regions are alike
    assert told(10).startswith("alike as a whole")


@pytest.mark.parametrize(
    ("hours", "words"),
    [([7, 8, 17], "7–9 and 17–18"), ([23, 0, 1], "23–2"), ([23], "23–24"), ([0, 5, 12], "0–1, 5–6 and 12–13"),
     ([], ""), (range(24), "")],
)  # fmt: skip
def test_hours_in_words(hours, words):
    busy = np.zeros(24, bool)
    busy[list(hours)] = True
    assert hour_spans(busy) == words
