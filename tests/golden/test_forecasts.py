# SPDX-License-Identifier: GPL-2.0-or-later
"""The shipped model's forecasts are those that were recorded when the forecasting engine was last changed on purpose.

They are apart from test_answers.py, whose answers are those of b64f30a: forecasting changes on purpose more often. A
change that is meant to move forecasts records them anew (record.py), with the reason in the commit.

Points, the borders of areas and radii are held to TOLERANCE of the forecast's scale, which is its 80 % radius or a
metre; the size of areas to twice that of the 80 % area or of a circle of a metre. Times, which forecasts there are, and
whether they lie in the domain are held exactly.
"""

from __future__ import annotations

import pytest
from golden import compare, record

TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def recorded() -> record.Answers:
    return {name: values for name, values in record.load().items() if record.is_forecast(name)}


@pytest.fixture(scope="module")
def forecasts() -> record.Answers:
    said: record.Answers = {}
    record.forecasts(said)
    return said


def of_layer(said: record.Answers, layer: str) -> record.Answers:
    """The columns of a layer's forecasts."""
    return {name.removeprefix(layer + "/"): values for name, values in said.items() if name.startswith(layer + "/")}


def test_forecasts_are_those_recorded(recorded: record.Answers, forecasts: record.Answers) -> None:
    assert forecasts.keys() == recorded.keys()
    layers = dict.fromkeys(name.rpartition("/")[0] for name in recorded if "/forecast/" in name)
    wrong = [
        line
        for layer in layers
        for line in compare.forecasts_differ(of_layer(recorded, layer), of_layer(forecasts, layer), TOLERANCE, layer)
    ]
    assert not wrong, "\n".join(wrong)
