# SPDX-License-Identifier: GPL-2.0-or-later
"""The typical people in a card: who they are, which heads heed them, and who is told apart."""

import json
import shutil

import numpy as np
import pytest

from model.training.calibrate import main
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.profiles import profile
from raw_qgis_plugin.core.errors import BundleError, InputError
from raw_qgis_plugin.core.paths import shipped_bundle
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import build_tracks


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, sample):
    """The shipped bundle with the typical people of the sample city in its card."""
    folder = tmp_path_factory.mktemp("typical") / "bundle"
    shutil.copytree(shipped_bundle(), folder)
    main(["--bundle", str(folder), "--typical", str(sample / "city_tracks.parquet")])
    return folder


def test_only_experimental_heads_of_users_and_regions_heed_them(bundle):
    card = open_bundle(bundle).card
    assert 35 <= len(card["typical"]["user"]["units"]) <= 40  # one has too few fixes
    for head in card["heads"]:
        heeds = head["unit"] in ("user", "region") and head["experimental"]
        assert ("typicality" in head["domain"]) == heeds
        assert ("days" in head["domain"]) == (heeds and head["unit"] == "user")
        assert ("observed" in head["domain"]) == (head["unit"] == "track")


def test_the_typical_are_answered_and_a_taxi_is_not(bundle, sample):
    """One who drives day and night for four days, a fix a minute, is like nobody in the city."""
    model = Model(open_bundle(bundle, experimental=True), "cpu")
    people = profile(read(sample / "city_tracks.parquet")[0].by_user(), model).columns
    assert not people["in_domain"][people["n_days"] < 5].any()
    assert people["in_domain"][people["n_days"] >= 5].mean() > 0.85
    unsure = {"", *(f"{title}: no label is likely enough" for title in ("Commuter", "Metro user"))}
    assert {words for why in people["why"][people["in_domain"]] for words in why.split("; ")} <= unsure
    rng = np.random.default_rng(3)
    t = 1_700_000_000_000 + np.arange(4 * 1440) * 60_000
    lon, lat = (0.01 * np.cumsum(rng.normal(0, 0.3, len(t))) for _ in range(2))
    taxi, _ = build_tracks(None, None, t, lon, lat)
    answer = profile(taxi, model).columns
    assert answer["metro_user"][0] == "unknown" and np.isnan(answer["trips_a_day"][0])
    assert "likeness to the people who taught the label under 0.05" in answer["why"][0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda t: t.pop("mean"),
        lambda t: t.update(units=t["units"][:5]),
        lambda t: t["units"][0].pop(),
        lambda t: t.update(scale=[0.0] * len(t["scale"])),
        lambda t: t["units"][0].__setitem__(0, "x"),
    ],
)
def test_a_card_with_broken_typical_people_is_refused(bundle, tmp_path, spoil):
    broken = shutil.copytree(bundle, tmp_path / "broken")
    card = json.loads((broken / "card.json").read_text("utf-8"))
    spoil(card["typical"]["user"])
    (broken / "card.json").write_text(json.dumps(card), "utf-8")
    with pytest.raises(BundleError, match="no proper typical units"):
        open_bundle(broken)


def test_nothing_to_do_is_refused(bundle):
    with pytest.raises(InputError, match="--corpus, --typical or both"):
        main(["--bundle", str(bundle)])
