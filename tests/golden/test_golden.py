# SPDX-License-Identifier: GPL-2.0-or-later
"""The shipped model says of the shipped samples and of invented layers what was recorded (record.py
says when).

Counts, times, words and what is withheld are held exactly, numbers as compare.py says: the same
code on the same processor gives the same to the last bit; another order of the sums, as another
processor or version of ONNX Runtime has it, moves numbers by some millionths. A deliberate change
of what is said is recorded anew, with the reason in the commit.
"""

from __future__ import annotations

import pytest
from golden import compare, record


@pytest.fixture(scope="module")
def recorded() -> record.Answers:
    return record.load()


@pytest.mark.parametrize("part", record.PARTS)
def test_the_same_is_answered(recorded: record.Answers, part: str) -> None:
    now = record.PARTS[part]()
    before = {name: values for name, values in recorded.items() if record.part_of(name) == part}
    assert now.keys() == before.keys()
    assert not (wrong := compare.differences(before, now, record.model().card["width"])), "\n".join(
        wrong
    )
