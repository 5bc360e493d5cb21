# SPDX-License-Identifier: GPL-2.0-or-later
"""Signs of a training that fails, each told once, and patience."""

import pytest

from model.training.monitor import Monitor, score


def test_known_signs_of_failure_are_told_once():
    flat = Monitor()
    told = [flat.check(k * 100, k / 20, 2.0 - 1e-4 * k, 0.9) for k in range(1, 20)]
    assert sum(told, []) == [words for words in sum(told, []) if "flat" in words] and len(sum(told, [])) == 1
    assert not any(told[:4]) and "--lr" in sum(told, [])[0]
    apart = Monitor()
    told = [apart.check(k, k / 20, 2.0 - 0.1 * k, 0.9 + 0.02 * abs(k - 5)) for k in range(1, 20)]
    words = sum(told, [])
    assert len(words) == 1 and "since step 5" in words[0] and "memorises" in words[0]
    good = Monitor()
    assert not any(good.check(k, k / 20, 2.0 - 0.1 * k, 1.0 - 0.02 * k) for k in range(1, 20))
    assert (
        "under 60 %" in good.check_profiles(0.55)[0]
        and not good.check_profiles(0.5)
        and not Monitor().check_profiles(0.7)
    )


def test_patience_counts_validations_without_a_better_one():
    monitor = Monitor(patience=3)
    for k, value in enumerate([1.0, 0.9, 0.95, 0.93]):
        monitor.check(k, 0.1, 1.0, value)
        assert not monitor.done
    monitor.check(5, 0.1, 1.0, 0.91)
    assert monitor.done and not Monitor(patience=0, scores=[1.0, 2.0, 3.0]).done
    assert score({"ratio_5s": 0.5, "ratio_60s": 2.0, "metres_5s": 9.0}) == pytest.approx(1.0) and score({}) is None
