# SPDX-License-Identifier: GPL-2.0-or-later
"""A backtest: honest windows, figures that add up, sentences that follow from them, a page that
holds together.
"""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation import backtest as bt
from raw_qgis_plugin.core.evaluation import verdicts as v
from raw_qgis_plugin.core.evaluation import windows
from raw_qgis_plugin.core.evaluation.backtest import ANONYMOUS, make_page, warning
from raw_qgis_plugin.core.evaluation.baselines import simple_methods
from raw_qgis_plugin.core.evaluation.metrics import inside_areas
from raw_qgis_plugin.core.evaluation.windows import Windows, errors_m
from raw_qgis_plugin.core.forecasting.predict import Queries, predict
from raw_qgis_plugin.core.specs import BacktestSpec
from raw_qgis_plugin.core.tracks import Tracks

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


def run(
    model: Model, tracks: Tracks | None = None, folds: int = 3, step_min: float = 1.0, **more
) -> bt.Backtest:
    """A backtest at two horizons."""
    spec = BacktestSpec(2 * step_min, step_min, folds)
    return bt.backtest(drivers() if tracks is None else tracks, model, spec, **more)


@pytest.fixture(scope="module")
def done(model):
    return run(model)


def test_windows_ask_in_every_fold_and_know_nothing_of_the_answer():
    tracks = drivers()
    w, fold, last = windows.cut_windows(tracks, HORIZONS, 3)
    np.testing.assert_array_equal([tracks.t[last], tracks.user[last]], [w.t[:, -1], w.user])
    assert np.bincount(fold).min() > 10 and len(np.unique(w.user)) == 6
    assert np.bincount(w.user * 3 + fold).max() <= windows.MAX_PER_USER // 3
    ahead = (w.query_t - w.t[:, -1:]) / 1000
    assert (np.abs(ahead - HORIZONS)[w.known] < 30).all() and (ahead == HORIZONS)[
        w.known
    ].mean() > 0.9
    assert (np.diff(w.t, axis=1) >= 0).all() and not np.isnan(w.lon[:, -1]).any()
    row = (
        np.searchsorted(tracks.t[:150], w.query_t[:, 0])[w.known[:, 0]]
        + 150 * w.user[w.known[:, 0]]
    )
    np.testing.assert_array_equal(tracks.lon[row], w.true_lon[w.known[:, 0], 0])


def test_an_answer_is_the_nearest_fix_within_half_a_step():
    t = START + np.array([0, 10, 20, 75, 200]) * 1000
    tracks = build_tracks(None, None, t, 10 + np.arange(5) * 0.001, np.full(5, 50.0))[0]
    assert windows.find_truths(tracks, np.array([2]), HORIZONS).tolist() == [[3, -1]]


@pytest.mark.parametrize(("cadence_s", "fixes", "step_min"), [(1, 1500, 1.0), (5, 4000, 30.0)])
def test_what_is_tested_is_the_forecast(model, monkeypatch, cadence_s, fixes, step_min):
    """At each horizon, however near to the last fix, and whatever the other queries are."""
    monkeypatch.setattr(bt, "predict", partial(predict, adapt=False))
    tracks = drivers(users=2, cadence_s=cadence_s, fixes=fixes)
    done, horizons = run(model, tracks, 1, step_min), 60 * step_min * np.array([1.0, 2.0])
    on_time = (done.w.known & (done.w.query_t - done.w.t[:, -1:] == 1000 * horizons)).all(axis=1)
    row = int(np.argmax(done.w.t[:, -1] * on_time))
    end = int(
        tracks.user_offsets[done.w.user[row]] + np.searchsorted(tracks.t[:fixes], done.w.t[row, -1])
    )
    until = tracks.take(np.arange(tracks.user_offsets[done.w.user[row]], end + 1))
    whole = predict(until, model, Queries.ahead(until, horizons), adapt=False)
    here = np.nonzero(done.w.known)[0] == row
    assert (done.w.query_t[row] == whole.t).all() and here.sum() == len(horizons)
    np.testing.assert_allclose(
        [done.answer.lon[here], done.answer.lat[here]], [whole.lon, whole.lat], atol=1e-7
    )


def test_figures_add_up(done):
    columns = bt.columns_of(done)
    assert len(set(map(len, columns.values()))) == 1 and set(columns["horizon_min"]) == {1.0, 2.0}
    ours = columns["method"] == "model"
    assert ours.sum() == 2 == len(done.verdicts) and (columns["mean_m"] > 0).all()
    one = columns["horizon_min"] == 1.0
    best = columns["mean_m"][one & ~ours].min()
    assert columns["ratio"][one & ours][0] == pytest.approx(columns["mean_m"][one & ours][0] / best)
    assert (columns["ratio_low"] <= columns["ratio"])[ours].all() and np.isnan(
        columns["ratio"][~ours]
    ).all()
    stay, velocity = (columns["mean_m"][one & (columns["method"] == m)][0] for m in ("persistence",
                      "constant velocity, last step"))  # fmt: skip
    assert velocity < stay


def test_anonymous_tracks_are_users_of_their_own(model, done):
    people = drivers()
    nobodys = build_tracks(None, people.user_ids[people.user], people.t, people.lon, people.lat)[0]
    again = run(model, nobodys)
    assert again.anonymous and not done.anonymous and again.figures["people"] == 6
    assert again.figures["ratio"] == done.figures["ratio"] and again.verdicts == done.verdicts
    assert ANONYMOUS in make_page(again, "cars", open_bundle()).html() and ANONYMOUS not in page_of(
        done
    )


def test_a_simple_method_forecasts_where_it_was_the_nearest():
    # straight on, and nothing is known of 100 minutes
    tracks, horizons_s = drivers(turn=0.0), [60.0, 120.0, 6000.0]
    ends = tracks.track_offsets[1:] - 1
    past = tracks.take(np.setdiff1d(np.arange(len(tracks)), ends[:, None] - np.arange(12)))
    p = bt.predict_simply(past, horizons_s, with_areas=True)
    figures = {
        name: getattr(p, name).reshape(6, 3)
        for name in ("lon", "lat", "radius50_m", "radius80_m", "in_domain")
    }
    assert (
        p.reasons[0].startswith("1 min: constant velocity") and p.reasons[2] == "100 min: staying"
    )
    # fixes ten seconds apart, twelve of which were taken away
    for column, back in ((0, 6), (1, 0)):
        np.testing.assert_allclose(figures["lon"][:, column], tracks.lon[ends - back], atol=1e-5)
    assert (
        figures["in_domain"].tolist() == [[True, True, False]] * 6
        and np.isnan(figures["radius80_m"][:, 2]).all()
    )
    np.testing.assert_allclose(figures["lon"][:, 2], past.lon[past.track_offsets[1:] - 1])
    assert (figures["radius50_m"] <= figures["radius80_m"])[:, :2].all()
    assert p.areas.shape == (18, 2) and all(
        (area is None) == (row % 3 == 2) for row, area in enumerate(p.areas[:, 1])
    )
    with pytest.raises(InputError, match="100 min later"):
        bt.predict_simply(past, horizons_s[2:])
    nobody = bt.predict_simply(past.take(np.zeros(len(past), bool)), horizons_s, with_areas=True)
    assert nobody.areas.shape == (0, 2) and not len(nobody.lon) and not nobody.reasons


def test_radii_of_a_simple_method_are_quantiles_of_its_errors():
    tracks = drivers()
    w, _, _ = windows.cut_windows(tracks, HORIZONS, 1)
    p, errors = (
        bt.predict_simply(tracks, HORIZONS),
        {k: errors_m(w, f) for k, f in simple_methods(w, w.user).items()},
    )
    best = min(errors, key=lambda name: np.nanmean(errors[name][:, 1]))
    expected = np.nanquantile(errors[best][:, 1], [0.5, 0.8])
    np.testing.assert_allclose([p.radius50_m[1], p.radius80_m[1]], expected)
    assert p.reasons[1] == f"2 min: {v.in_words(best)}"


def page_of(done, **card):
    shipped = open_bundle()
    return make_page(done, "cars <A>", replace(shipped, card={**shipped.card, **card})).html()


def test_the_page_says_it_in_sentences(done):
    html = page_of(done)
    assert "cars &lt;A&gt;" in html
    assert (
        all(str(verdict).split(" (")[0] in html for verdict in done.verdicts) and "u0" not in html
    )


def test_a_model_of_ones_own_is_warned_of(done, tmp_path):
    shipped = open_bundle()
    assert not warning(shipped)
    (tmp_path / "weights.safetensors").write_bytes(
        (shipped.path / "weights.safetensors").read_bytes()
    )
    assert not warning(replace(shipped, path=tmp_path))  # the same network with other heads
    (tmp_path / "weights.safetensors").write_bytes(b"another")
    own = replace(shipped, path=tmp_path, card={**shipped.card, "name": "mine"})
    assert "mine is not the one that comes with RAW" in warning(
        own
    ) and "better than it is" in warning(own)
    assert warning(own) in make_page(done, "cars", own).html()


CONSTANT, DAMPED = (
    "constant velocity, last step",
    "constant velocity, last 3 steps, damped over 300 s",
)
FADING, BEFORE, STAYS = (
    "constant velocity, last 3 steps, fading over 300 s",
    "same time before",
    "persistence",
)
EARLIER = "where it was at that time of an earlier day"
BEATS = "beats saying that it stays where it is"
A = v.Advice


@pytest.mark.parametrize(
    ("best", "interval", "simple_over_staying", "over_staying", "advice", "words"),
    [
        (CONSTANT, [0.7, 0.9], [0.5, 0.6], [0.4, 0.5], A.MODEL, "use the model: it is 20 % nearer"),
        (FADING, [0.9, 1.1], [0.5, 0.6], [0.5, 0.6], A.SIMPLE, f"use a simple method ({DAMPED}); the model is n"),
        (STAYS, [1.1, 1.3], [1.0, 1.0], [1.1, 1.3], A.NOTHING, f"nothing clearly {BEATS}; the model is 20 % farther"),
        (STAYS, [0.9, 1.3], [1.0, 1.0], [0.9, 1.3], A.NOTHING, f"nothing clearly {BEATS}; the model is neither"),
        (BEFORE, [0.95, 1.2], [0.8, 1.1], [0.9, 0.9], A.SIMPLE, f"use a simple method ({EARLIER}); the model is n"),
        (BEFORE, [1.1, 1.3], [0.6, 1.1], [0.9, 0.9], A.SIMPLE, "use a simple method (where it was at that time"),
        (FADING, [0.75, 1.05], [0.5, 0.6], [0.5, 0.6], A.SIMPLE, f"use a simple method ({DAMPED}); the model is 11 % "
         "nearer, but this is not proved."),
    ],
)  # fmt: skip
def test_verdicts_follow_from_the_figures(
    best, interval, simple_over_staying, over_staying, advice, words
):
    ratio = 0.8 if interval[1] < 1 else 0.89 if interval[0] < 0.8 else 1.2
    figures = figures_of(best_simple=best, interval=interval, over_staying=over_staying,
                         best_over_staying=simple_over_staying, ratio=ratio)  # fmt: skip
    verdict = v.verdict(figures)
    assert verdict.advice is advice and str(verdict).startswith(f"At 15 min: {words}")
    assert "too few cases to say: 5, of 8 users or parts" in str(v.verdict(figures | {"cases": 5}))
    assert v.in_one_line([verdict]) == f"15 min: {advice.value}."
    assert v.from_json(v.to_json([verdict])) == [verdict]


@pytest.mark.parametrize(
    "text", ["", "{", "3", "[[300, 5, 1]]", f'[[{10**400}, "MODEL", "words"]]', "[" * 10**5]
)
def test_what_is_stored_may_be_no_verdicts(text):
    assert v.from_json(text) == []


def figures_of(**changes):
    """A horizon's figures of eight people, for whom the model is clearly the nearest."""
    means = {
        "RAW": {"mean_m": 90.0, "median_m": 80.0},
        "persistence": {"mean_m": 100.0, "median_m": 90.0},
    }
    return {"horizon_s": 900.0, "cases": 50, "people": 8, "groups": 8, "best_simple": "persistence", "ratio": 0.9,
            "mean_m": 90.0, "best_simple_mean_m": 100.0, "interval": [0.9, 0.9], "over_staying": [0.9, 0.9],
            "best_over_staying": [1.0, 1.0], "methods": means} | changes  # fmt: skip


def test_equal_verdicts_of_neighbouring_horizons_are_joined_in_one_line():
    horizons = (300.0, 600.0, 900.0, 1200.0, 1500.0)
    changes = ({}, {}, {"cases": 5}, {"people": 1, "groups": 1}, {})
    line = v.in_one_line(
        [
            v.verdict(figures_of(horizon_s=s, **more))
            for s, more in zip(horizons, changes, strict=True)
        ]
    )
    assert line == (
        "5 min to 10 min: use the model; 15 min to 20 min: too few cases to say; 25 min: use the model."
    )


def test_where_hardly_anything_moves_a_simple_method_is_enough():
    still = figures_of(best_simple_mean_m=0.0, ratio=4e9, interval=[3e9, 5e9], over_staying=[9, 9])
    for mean_m in (40.0, 0.4):
        assert v.verdict(still | {"mean_m": mean_m}).words.endswith(
            "(staying): it is less than a metre off."
        )


@pytest.mark.parametrize(("people", "groups"), [(1, 1), (1, 5), (5, 5)])
def test_few_people_get_no_verdict(people, groups):
    verdict = v.verdict(figures_of(people=people, groups=groups))
    assert (
        verdict.advice is A.TOO_FEW
        and f"too few cases to say: 50, of {groups} users or parts" in str(verdict)
    )
    assert v.verdict(figures_of(people=1, groups=6)).advice is A.MODEL


def test_one_user_in_one_fold_gets_no_verdict_and_no_interval(model):
    done = run(model, drivers(users=1), 1)
    assert all(verdict.advice is A.TOO_FEW for verdict in done.verdicts)
    (h, _) = done.figures["horizons"]
    assert (
        h["groups"] == 1
        and h["cases"] >= v.MIN_CASES
        and f"{h['ratio']:.2f} [" not in page_of(done)
    )


@pytest.mark.parametrize(
    ("last", "area", "truth"), [(179.95, 180.1, -179.9), (-179.95, -180.1, 179.9), (10, 10.1, 10.1)]
)
def test_areas_across_the_antimeridian_hold_their_truths(last, area, truth):
    shapely = pytest.importorskip("shapely")
    one = np.array([[float(last)]])
    w = Windows("backtest", np.array([0]), np.array([[START]]), one, one * 0, HORIZONS[:1],
                np.array([[START + 60_000]]), np.array([[truth]]), one * 0)  # fmt: skip
    areas = shapely.buffer(shapely.points([[area, 0.0], [area + 5, 0.0]]), 0.05)
    answer = SimpleNamespace(areas=areas[None])
    assert inside_areas(w, answer).tolist() == [[[1.0]], [[0.0]]]


def test_what_cannot_be_tested_is_said(model):
    with pytest.raises(InputError, match="30 min – 60 min later"):
        run(model, drivers(fixes=50), step_min=30.0)
    for wrong in (
        {"folds": 0},
        {"horizon_min": 5.0, "step_min": 10.0},
        {"horizon_min": 100.0, "step_min": 1.0},
    ):
        with pytest.raises(InputError, match="FOLDS|STEP"):
            BacktestSpec(**wrong).horizons_s()
