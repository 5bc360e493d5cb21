# SPDX-License-Identifier: GPL-2.0-or-later
"""Labels as people write them: spellings, gaps, ids, times, and who must stay together when a head
is judged.
"""

import numpy as np
import pytest
import shapely

from model.data.join import Labelled, cut_intervals, join, label_units
from model.data.labels import clean, label_words, read_table, usable
from model.head_training.examples import blocks
from model.head_training.fit import encode
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.errors import InputError

N = 40  # fixes of a user


def walkers(ids, seed=0, per_track=N):
    """Users who wander, N fixes each, a minute apart."""
    rng = np.random.default_rng(seed)
    lon, lat = (
        10 + rng.uniform(0, 0.1, (len(ids), 1)) + rng.normal(0, 1e-4, (len(ids), N))
        for _ in range(2)
    )
    user, k = np.repeat(np.array(ids, object), N), np.tile(np.arange(N), len(ids))
    track = np.array([f"{u}-{i}" for u, i in zip(user, k // per_track, strict=True)], object)
    return build_tracks(user, track, 60_000 * k, lon.ravel(), lat.ravel())[0]


def renamed(tracks, also):
    """The same tracks once more under other ids, out of step."""
    whole, part = np.arange(len(tracks)), np.arange(3, len(tracks))
    rows = np.concatenate([whole, part])
    user = tracks.user_ids[tracks.user]
    ids = np.concatenate([user, np.array([also[u] for u in user[part]], object)])
    return build_tracks(ids, None, tracks.t[rows], tracks.lon[rows], tracks.lat[rows])[0]


def table_of(**columns):
    return {name: np.array([*values, None], object)[:-1] for name, values in columns.items()}


def same(labelled: Labelled) -> list[set[int]]:
    return [set(np.flatnonzero(labelled.group == g)) for g in np.unique(labelled.group)]


@pytest.mark.parametrize("bad", [None, "", "some day"])
def test_an_interval_without_both_times_labels_nobody(bad):
    tracks, told = walkers(["a", "b", "c", "d"]), []
    table = table_of(
        user_id=["a", "a", "c", "c", "d", "zoe"],
        start=[
            "1970-01-01T00:00",
            bad,
            "1970-01-01T00:00",
            "1970-01-01T00:20",
            "1970-01-01T00:05",
            "0",
        ],
        end=[
            "1970-01-01T00:15",
            "1970-01-01T00:30",
            bad,
            "1970-01-01T00:35",
            "1970-01-01T00:20",
            "1",
        ],
    )
    cut, row = cut_intervals(tracks, table, told.append)
    assert row.tolist() == [0, 3, 4] and cut.user_ids[cut.track_user].tolist() == ["a", "c", "d"]
    assert np.diff(cut.track_offsets).tolist() == [16, 16, 16] and cut.t[16] == 20 * 60_000
    assert cut.lon.tolist() == tracks.lon[np.r_[0:16, 100:116, 125:141]].tolist()
    assert (
        "2 whose start and end are not two times" in told[0]
        and "1 of users that are not in the tracks" in told[0]
    )


@pytest.mark.parametrize("unit", ["user", "day"])
def test_intervals_are_of_tracks_alone(unit):
    table = table_of(
        user_id=["a"] * 12,
        day=["1970-01-01"] * 12,
        start=[0] * 12,
        end=[900] * 12,
        y=["x", "z"] * 6,
    )
    with pytest.raises(InputError, match="use --unit track, or leave these columns out"):
        label_units(walkers(["a"]), table, unit, "y")


def test_spellings_that_differ_in_case_or_blanks_are_one_label():
    assert clean(["Bus", "bus ", "bus", " BUS", None, "", " ", "NULL", float("nan"), 3.5]).tolist() == [
        "bus", "bus", "bus", "bus", None, None, None, None, None, 3.5
    ]  # fmt: skip
    words = label_words(["Yes", "no", "yes ", "NO", True, 0, "", "true"])
    assert words.tolist() == ["yes", "no", "yes", "no", "yes", "no", None, "yes"]
    assert label_words([1.0, 0.0, None]).tolist() == ["yes", "no", None]
    assert label_words([0, 1, 2.0]).tolist() == ["0", "1", "2"]
    assert label_words(["Car", "car", "Foot"], {"car": "motor", "FOOT": ""}).tolist() == [
        "motor",
        "motor",
        None,
    ]
    table = {"user_id": np.arange(8), "y": words}
    assert usable(table, "user", "y", classes=["YES", "maybe"])["y"].tolist() == ["yes"] * 4
    assert usable(table, "user", "y", per_class=2)["y"].tolist() == ["yes", "no"] * 2
    coded = {"user_id": np.arange(3), "y": np.array(["0", "1", "2"])}
    assert usable(coded, "user", "y", classes=["0", "1"])["y"].tolist() == ["0", "1"]


def test_no_missing_label_becomes_a_class():
    tracks = walkers([f"u{i}" for i in range(16)])
    ids, told = [f"u{i}" for i in range(16)], []
    words = ["Yes", "no", "yes ", "NO", None, "", "NULL", "yes"] * 2
    _, found = label_units(tracks, table_of(user_id=ids, y=words), "user", "y", warn=told.append)
    assert encode(found.value)[0].classes == ("no", "yes") and len(found.unit) == 10
    assert told == ["Rows of the labels were left out: 6 without a label."]
    numbers = table_of(user_id=ids, y=[1.5, 2, 3, 4, 5, None, float("nan"), 7] * 2)
    assert encode(label_units(tracks, numbers, "user", "y")[1].value)[0].kind == "number"
    pieces = table_of(user_id=ids, start=[0] * 16, end=["1970-01-01T00:30"] * 16, y=words)
    pieces["start"][:] = "1970-01-01T00:00"
    _, found = label_units(tracks, pieces, "track", "y")
    assert encode(found.value)[0].classes == ("no", "yes") and len(found.unit) == 10
    with pytest.raises(InputError, match="left to learn from: 16 without a label"):
        label_units(tracks, table_of(user_id=ids, y=[""] * 16), "user", "y")


@pytest.mark.parametrize(
    "ids", [[float(i) for i in range(12)] + [None], [f"{i}.0" for i in range(12)] + [""]]
)
def test_ids_are_read_as_those_of_tracks(ids, tmp_path):
    table, told = table_of(user_id=ids, y=["a", "b"] * 6 + ["a"]), []
    _, found = label_units(walkers(list(range(12))), table, "user", "y", warn=told.append)
    assert found.value.tolist() == ["a", "b"] * 6 and told == [
        "Rows of the labels were left out: 1 without an id of the user."
    ]
    start, end = ["1970-01-01T00:00"] * 13, ["1970-01-01T00:30"] * 13
    assert (
        len(
            label_units(
                walkers(list(range(12))), table | table_of(start=start, end=end), "track", "y"
            )[1].unit
        )
        == 12
    )
    regions = join(
        np.array([*range(12), None], object),
        np.arange(13),
        table_of(id=ids, y=table["y"]),
        "region",
        "y",
    )
    assert regions.unit.tolist() == list(range(12))


def test_two_labels_of_one_unit_are_no_label_and_strangers_are_counted():
    ids, told = [f"u{i}" for i in range(12)], []
    table = table_of(user_id=[*ids, "u3", "u4", "zoe"], y=[*["yes", "no"] * 6, "yes", "NO ", "no"])
    table["y"][4] = "no"
    found = join(np.array(ids, object), np.arange(12), table, "user", "y", warn=told.append)
    assert 3 not in found.unit and 4 in found.unit and len(found.unit) == 11
    assert (
        "2 labelled in two ways" in told[0]
        and told[1] == "1 labels are of no user that is there, such as 'zoe'; there is 'u0'."
    )
    merged = table_of(user_id=[*ids, "u0"], y=[*["car", "walk"] * 6, "bus"])
    _, found = label_units(walkers(ids), merged, "user", "y", {"car": "motor", "bus": "motor"})
    assert len(found.unit) == 12  # after renaming they say the same
    with pytest.raises(
        InputError,
        match="Only 0 of 12 users .* of no user that is there, such as 'x0'; there is 'u0'",
    ):
        join(
            np.array(ids, object),
            np.arange(12),
            table_of(user_id=[f"x{i}" for i in range(12)], y=ids),
            "user",
            "y",
        )


def test_a_label_of_an_id_that_several_have_is_nobodys():
    """Tracks numbered from one for each user, and labels without the user."""
    ids = np.array([str(i) for i in [*range(1, 11), *range(1, 4)]], object)
    table = {"track_id": np.arange(1, 14), "mode": np.array(list("abcdefghijklm"), object)}
    told = []
    with pytest.raises(InputError, match="Only 7 of 13 tracks"):
        join(
            ids,
            np.arange(13),
            table,
            "track",
            "mode",
            np.array(["a"] * 10 + ["b"] * 3, object),
            warn=told.append,
        )
    ids = np.append(ids, ["11", "12", "13"])
    found = join(
        ids, np.arange(16), table, "track", "mode", np.array(["a"] * 16, object), warn=told.append
    )
    assert (
        found.value.tolist() == list("defghijklm")
        and "3 ids, such as '1', are of several tracks" in told[-1]
    )
    table = {"region_id": np.arange(1, 14), "mode": table["mode"]}
    join(ids, np.arange(16), table, "region", "mode", warn=told.append)
    assert "dissolve the regions" in told[-1]


def squares(west, south, size):
    return shapely.box(west, south, np.asarray(west) + size, np.asarray(south) + size)


def test_regions_that_overlap_stay_together():
    told = []
    two = np.array(
        [shapely.box(0.0001, 0.001, 0.0397, 0.019), shapely.box(0.0005, 0.001, 0.0401, 0.019)]
    )
    far = squares([0.5, 0.9], [0.5, 0.9], 0.01)
    block = blocks(np.append(two, far), told.append)
    assert block[0] == block[1] and len(set(block)) == 3
    assert told == ["Some regions overlap, so that 4 blocks of two kilometres are joined into 3."]
    bow = shapely.Polygon([(0, 0), (0.03, 0.03), (0.03, 0), (0, 0.03)])  # crosses itself
    assert blocks(np.append(bow, squares([0.021], [0.001], 0.019))).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("encoding", "separator"), [("utf-8", ","), ("latin-1", ";"), ("utf-16", "\t")]
)
def test_labels_come_in_the_encodings_and_separators_of_tracks(tmp_path, encoding, separator):
    rows = [
        "user_id,mode,note,note",
        "007,Fußgänger,x,1",
        "8,Straße,y,2.5",
        "9,NA,,NA",
        "10,NULL,,",
    ]
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(rows).replace(",", separator), encoding)
    table = read_table(path)
    assert table["user_id"].tolist() == ["007", "8", "9", "10"]
    assert clean(table["mode"]).tolist() == ["Fußgänger", "Straße", None, None]
    assert table["note 4"].tolist() == [1.0, 2.5, None, None] and clean([1.0, np.inf]).tolist() == [
        1.0,
        None,
    ]
