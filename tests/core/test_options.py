# SPDX-License-Identifier: GPL-2.0-or-later
"""An option is declared once: the parameter, the flag and the limits follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from model.cli import Parser, add_options, spec_of
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.options import Spec, option, options_of
from raw_qgis_plugin.core.specs import ForecastSpec


@dataclass(frozen=True)
class Shapes(Spec):
    """What is declared."""

    size_m: float = option(50.0, "Size", unit="m", minimum=5)
    n_max: int = option(3, "Most", minimum=1, maximum=9)
    unit: str = option("user", "For each", choices=("user", "track"))
    pooling: str | None = option(None, "Pooling", choices=("sum", "mean"))
    limit_min: float | None = option(None, "Limit", unit="min", minimum=0)
    whole: bool = option(False, "Whole")


def test_names_are_made_of_the_field() -> None:
    assert [o.parameter for o in options_of(Shapes)] == [
        "SIZE",
        "N_MAX",
        "UNIT",
        "POOLING",
        "LIMIT",
        "WHOLE",
    ]
    assert [o.flag for o in options_of(Shapes)][:2] == ["--size", "--n-max"]
    assert [o.kind for o in options_of(Shapes)] == [float, int, str, str, float, bool]


@pytest.mark.parametrize(
    "wrong",
    [
        {"size_m": 4.9},
        {"n_max": 0},
        {"n_max": 10},
        {"unit": "day"},
        {"limit_min": -1},
        {"unit": None},
    ],
)
def test_what_is_not_allowed_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong)).split("_")[0].upper()):
        Shapes(**wrong)


def test_limits_themselves_are_allowed() -> None:
    assert Shapes(size_m=5, n_max=9, unit="track", pooling="mean", limit_min=0)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("", Shapes()),
        ("--size 7.5 --n-max 9 --unit track --pooling sum --limit 3 --whole",
         Shapes(7.5, 9, "track", "sum", 3.0, True)),
    ],
)  # fmt: skip
def test_commands_have_the_options_as_flags(flags: str, expected: Shapes) -> None:
    parser = Parser("a command")
    add_options(parser, Shapes)
    assert spec_of(parser.parse_args(flags.split()), Shapes) == expected


@pytest.mark.parametrize(
    ("horizon", "step", "minutes"),
    [
        (30, 5, [5, 10, 15, 20, 25, 30]),
        (30, 12, [12, 24, 30]),
        (30, 20, [20, 30]),
        (30, 29, [30]),
        (5, 5, [5]),
        (0.3, 0.1, [0.1, 0.2, 0.3]),
    ],
)
def test_the_horizon_that_was_asked_for_is_answered(
    horizon: float, step: float, minutes: list[float]
) -> None:
    horizons_s = ForecastSpec(horizon_min=horizon, step_min=step).horizons_s()
    assert horizons_s == pytest.approx([60 * each for each in minutes])
    assert horizons_s[-1] == 60 * horizon
