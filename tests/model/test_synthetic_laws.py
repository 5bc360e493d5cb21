# SPDX-License-Identifier: GPL-2.0-or-later
"""The synthetic city's laws, its roads out of town, its days without simulation, and its report."""

from __future__ import annotations

import csv
import json
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from model.cli import run
from model.synthetic import generate, report
from model.synthetic.__main__ import main
from model.synthetic.city.highway import path_out
from model.synthetic.laws import JumpLaw, fit_jumps, fit_zipf
from model.synthetic.population.days import _logged
from model.synthetic.population.plans import DAY_S
from model.synthetic.rules import Score
from raw_qgis_plugin.core.errors import RawError

DAYS = ["--days-only", "--people", "80", "--weeks", "1", "--across", "3"]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Seed 5 twice, seed 6 once."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate, "find_local", partial(generate.find_local, trial_people=40))
        for name, seed in (("one", "5"), ("again", "5"), ("other", "6")):
            found[name] = tmp_path_factory.mktemp(name)
            assert run(main, [*DAYS, "--seed", seed, "--output", str(found[name])]) == 0
    return found


@pytest.mark.parametrize("exponent", [1.4, 1.75, 2.3])
def test_the_fit_finds_the_exponent_that_was_put_in(exponent: float) -> None:
    grid = np.geomspace(0.01, 300, 20_000)
    share = np.cumsum(JumpLaw(exponent).density(grid) * np.gradient(grid))
    km = np.interp(np.random.default_rng(1).random(40_000), share / share[-1], grid)
    assert fit_jumps(km) == pytest.approx(exponent, abs=0.04)
    assert np.isnan(fit_jumps(km[:3]))
    shares = np.arange(1, 21) ** -exponent
    assert fit_zipf(shares / shares.sum()) == pytest.approx(exponent, abs=0.01)


@pytest.mark.parametrize(("mode", "most", "brakes"), [("car", 46.0, 6.5), ("rail", 80.0, 3.0)])
def test_a_road_out_of_town_is_driven_as_one_drives(mode: str, most: float, brakes: float) -> None:
    a, b = np.array([1000.0, 2000.0]), np.array([31_000.0, 42_000.0])
    there = path_out(a, b, mode, 3, np.random.default_rng(1))
    back = path_out(b, a, mode, 3, np.random.default_rng(2))
    for (seconds, x, y), (start, end) in ((there, (a, b)), (back, (b, a))):
        assert (np.diff(seconds) == 1).all()
        assert np.hypot(x[0] - start[0], y[0] - start[1]) < 1 and np.hypot(x[-1] - end[0], y[-1] - end[1]) < 20
        speed = np.hypot(np.diff(x), np.diff(y))
        assert speed.max() < most and np.median(speed) > 15 and np.abs(np.diff(speed)).max() < brakes
    on = np.column_stack(there[1:])
    off = [np.hypot(*(on - point).T).min() for point in np.column_stack(back[1:])[::60]]
    assert max(off) < 40  # the same road, run the other way


def test_days_are_sorted_regular_and_the_same_for_the_same_seed(days: dict[str, Path]) -> None:
    assert (days["one"] / "days.parquet").read_bytes() == (days["again"] / "days.parquet").read_bytes()
    assert (days["one"] / "days.parquet").read_bytes() != (days["other"] / "days.parquet").read_bytes()
    table = pq.read_table(days["one"] / "days.parquet")
    assert table.column_names == ["user_id", "t", "lon", "lat"]
    user, t = np.array(table["user_id"].to_pylist()), table["t"].to_numpy()
    same = user[1:] == user[:-1]
    assert (np.diff(t)[same] > 0).all() and (user[1:] >= user[:-1]).all()
    assert np.ptp(t) <= 7 * 86_400_000
    assert 240 <= np.median(np.diff(t)[same]) / 1000 <= 1000
    with (days["one"] / "truth_users.csv").open(encoding="utf-8") as file:
        known = [row["user_id"] for row in csv.DictReader(file)]
    assert len(known) == 80 and set(user) <= set(known) and len(set(user)) > 70


def test_people_of_days_come_home(days: dict[str, Path]) -> None:
    table = pq.read_table(days["one"] / "days.parquet")
    user = np.array(table["user_id"].to_pylist())
    xy = np.column_stack([table["lon"].to_numpy(), table["lat"].to_numpy()])
    shares = []
    for name in np.unique(user):
        own = xy[user == name]
        if len(own) > 200:
            cell = np.unique(np.round(own / 0.004), axis=0, return_counts=True)[1]
            shares.append(cell.max() / len(own))
    assert len(shares) > 30 and np.median(shares) > 0.3  # the commonest 400 metres hold much of a life


def test_loggers_on_outings_are_off_at_home_and_stay_there_on_some_days() -> None:
    rng = np.random.default_rng(0)
    person, t = np.repeat(np.arange(60), 14 * 48), np.tile(np.arange(0, 14 * DAY_S, 1800.0), 60)
    out = rng.random(len(t)) < 0.4
    keep = _logged(person, t, out & (rng.random(len(t)) < 0.5), out, np.full(60, "outings"), 14.0 * DAY_S, rng)
    assert keep.sum() > 1000 and not keep[~out].any()
    days = np.bincount((person * 14 + t // DAY_S).astype(int)[keep], minlength=60 * 14) > 0
    assert 0.2 < days.mean() < 0.8


def test_a_report_says_what_holds(days: dict[str, Path]) -> None:
    assert run(report.main, [str(days["one"])]) == 0
    found = json.loads((days["one"] / "report.json").read_text())
    assert {"jump lengths, exponent", "trips a day", "commuting time, median"} <= {c["name"] for c in found["checks"]}
    for check in found["checks"]:
        assert check["holds"] == (check["low"] <= check["value"] <= check["high"]) and check["source"]
    html = (days["one"] / "report.html").read_text()
    assert "<svg" in html and "Jump lengths" in html and found["city"]["people"] == 80


def test_a_folder_without_a_city_gives_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(report.main, [str(tmp_path)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and "laws.json" in lines[0]
    with pytest.raises(RawError):
        report.write_report(tmp_path)


def test_scores_of_classes_are_json_without_nan() -> None:
    score = Score("commuting", 10, "share right", 0.9, 0.5)
    assert json.loads(json.dumps(score._asdict(), allow_nan=False))["pearson"] is None
