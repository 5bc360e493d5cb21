# SPDX-License-Identifier: GPL-2.0-or-later
"""A backtest: honest windows, figures that add up, sentences that follow from them, a page that holds together."""

import numpy as np
import pytest

from raw_qgis_plugin.core import backtest as bt
from raw_qgis_plugin.core.backtest_page import columns_of, make_page
from raw_qgis_plugin.core.bundle import open_bundle
from raw_qgis_plugin.core.errors import Cancelled, InputError
from raw_qgis_plugin.core.runtime import Model
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

START = 1_700_000_000_000
HORIZONS = np.array([60.0, 120.0])


def drivers(users: int = 6, fixes: int = 150, cadence_s: int = 10, turn: float = 0.05) -> Tracks:
    """People who drive and turn smoothly."""
    rng = np.random.default_rng(0)
    heading = rng.uniform(0, 6, (users, 1)) + np.cumsum(rng.normal(0, turn, (users, fixes)), axis=1)
    lon = 10 + np.cumsum(np.cos(heading), axis=1) * 12 * cadence_s / 71_500
    lat = 50 + np.cumsum(np.sin(heading), axis=1) * 12 * cadence_s / 111_200
    user = np.repeat([f"u{i}" for i in range(users)], fixes)
    t = START + np.tile(np.arange(fixes) * cadence_s * 1000, users)
    return build_tracks(user, None, t, lon.ravel(), lat.ravel())[0]


@pytest.fixture(scope="module")
def model():
    return Model(open_bundle(), "cpu")


@pytest.fixture(scope="module")
def done(model):
    return bt.backtest(drivers(), model, HORIZONS, folds=3)


def test_windows_ask_in_every_fold_and_know_nothing_of_the_answer():
    tracks = drivers()
    w, fold = bt.cut_windows(tracks, HORIZONS, 3)
    assert np.bincount(fold).min() > 10 and len(np.unique(w.user)) == 6
    assert np.bincount(w.user * 3 + fold).max() <= bt.PER_USER // 3
    ahead = (w.asked - w.t[:, -1:]) / 1000
    assert (np.abs(ahead - HORIZONS)[w.known] < 30).all() and (ahead == HORIZONS)[w.known].mean() > 0.9
    assert (np.diff(w.t, axis=1) >= 0).all() and not np.isnan(w.lon[:, -1]).any()
    row = np.searchsorted(tracks.t[:150], w.asked[:, 0])[w.known[:, 0]] + 150 * w.user[w.known[:, 0]]
    np.testing.assert_array_equal(tracks.lon[row], w.true_lon[w.known[:, 0], 0])


def test_an_answer_is_the_nearest_fix_within_half_a_step():
    t = START + np.array([0, 10, 20, 75, 200]) * 1000
    tracks = build_tracks(None, None, t, 10 + np.arange(5) * 0.001, np.full(5, 50.0))[0]
    goal, known = bt._answers(tracks, np.array([2]), HORIZONS)
    assert goal[0, 0] == 3 and known.tolist() == [[True, False]]


def test_the_model_sees_what_it_would_see_of_the_whole_track(model):
    from raw_qgis_plugin.core.forecast import forecast

    tracks = drivers(users=2, cadence_s=1, fixes=1500)
    w, _ = bt.cut_windows(tracks, HORIZONS, 1)
    row = int(w.t[:, -1].argmax())
    end = int(tracks.user_offsets[w.user[row]] + np.searchsorted(tracks.t[:1500], w.t[row, -1]))
    until = tracks.take(np.arange(tracks.user_offsets[w.user[row]], end + 1))
    whole = forecast(until, model, [HORIZONS[-1]], ask_past=False)
    thin = forecast(w.contexts().take(np.flatnonzero(w.contexts().track == row)), model, [HORIZONS[-1]], ask_past=False)
    np.testing.assert_allclose([whole.lon, whole.lat], [thin.lon, thin.lat], atol=1e-7)
    assert len(until) > 300 > len(w.t[row])


def test_figures_add_up(done):
    columns = columns_of(done)
    assert len(set(map(len, columns.values()))) == 1 and set(columns["horizon_min"]) == {1.0, 2.0}
    ours = columns["method"] == "model"
    assert ours.sum() == 2 == len(done.verdicts) and (columns["mean_m"] > 0).all()
    one = columns["horizon_min"] == 1.0
    best = columns["mean_m"][one & ~ours].min()
    assert columns["ratio"][one & ours][0] == pytest.approx(columns["mean_m"][one & ours][0] / best)
    assert (columns["ratio_low"] <= columns["ratio"])[ours].all() and np.isnan(columns["ratio"][~ours]).all()
    stay, velocity = (columns["mean_m"][one & (columns["method"] == m)][0] for m in ("persistence",
                      "constant velocity, last step"))  # fmt: skip
    assert velocity < stay


def test_the_page_says_it_in_sentences(done):
    html = make_page(done, "cars <A>", "raw-small").html()
    assert "cars &lt;A&gt;" in html and html.count("<figure>") == 3
    assert all(sentence.split(" (")[0] in html for sentence in done.verdicts) and "u0" not in html


STAYS = "nothing beats saying that it stays where it is"


@pytest.mark.parametrize(
    ("best", "interval", "over_staying", "words"),
    [
        ("constant velocity, last step", [0.7, 0.9], [0.5, 0.6], "use the model: it is 20 % nearer"),
        (
            "constant velocity, last 3 steps, fading over 300 s",
            [0.9, 1.1],
            [0.5, 0.6],
            "use a simple method (straight "
            "on as fast as in the last 3 steps, slower and slower over 5 min); the model is neither",
        ),
        ("persistence", [1.1, 1.3], [1.0, 1.0], f"{STAYS}; the model is 20 % farther"),
        ("same time before", [0.95, 1.2], [0.9, 1.1], f"{STAYS}; the model is neither"),
    ],
)
def test_verdicts_follow_from_the_figures(best, interval, over_staying, words):
    ratio = 0.8 if interval[1] < 1 else 1.2
    figures = {"horizon_s": 900.0, "cases": 50, "best_simple": best, "ratio": ratio, "interval": interval,
               "best_over_staying": over_staying}  # fmt: skip
    assert bt.verdict(figures).startswith(f"At 15 min: {words}")
    assert "too few" in bt.verdict(figures | {"cases": 5})


def test_what_cannot_be_answered_is_said(model):
    with pytest.raises(InputError, match="60 min later"):
        bt.backtest(drivers(), model, np.array([3600.0]))
    with pytest.raises(InputError, match="FOLDS"):
        bt.backtest(drivers(), model, HORIZONS, folds=0)

    def stop(share):
        raise Cancelled

    with pytest.raises(Cancelled):
        bt.backtest(drivers(), model, HORIZONS, progress=stop)
