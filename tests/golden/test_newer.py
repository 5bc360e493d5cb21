# SPDX-License-Identifier: GPL-2.0-or-later
"""What is newer says of the same layers what it said on 2026-11-29: diaries, gaps, encounters, likely paths.

Numbers are held to 1e-4, counts, times and words exactly. A change that is meant to move them records them anew
(`golden.record --newer`), with the reason in the commit.
"""

from __future__ import annotations

import numpy as np
import pytest
from golden import compare, record


@pytest.fixture(scope="module")
def recorded() -> record.Answers:
    return {name: values for name, values in record.load().items() if record.is_newer(name)}


@pytest.fixture(scope="module")
def answers() -> record.Answers:
    said: record.Answers = {}
    record.newer(said)
    return said


@pytest.mark.parametrize("what", record.NEWER)
def test_what_is_newer_stays(recorded: record.Answers, answers: record.Answers, what: str) -> None:
    names, before = ({name for name in said if name.split("/")[1] == what} for said in (answers, recorded))
    assert names and names == before
    wrong = []
    for name in sorted(names):
        old, new = recorded[name], answers[name]
        same = old.shape == new.shape and old.dtype.kind == new.dtype.kind
        if same and old.dtype.kind == "f":
            near = 1e-5 if name.endswith(("lon", "lat")) else 1e-4
            same = np.allclose(new, old, rtol=1e-4, atol=near, equal_nan=True)
        elif same:
            same = np.array_equal(old, new)
        if not same:
            wrong.append(compare.difference(name, old, new))
    assert not wrong, "\n".join(wrong)
