# SPDX-License-Identifier: GPL-2.0-or-later
"""All that 0.2.0 published in QGIS is there under the same names.

That is ids, parameters, outputs, fields, functions of expressions, settings and files in the profile. What the commands
take is in tests/model/test_published.py. More may come; nothing may go or be called otherwise.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

PUBLISHED = json.loads((Path(__file__).parents[1] / "published" / "published.json").read_text("utf-8"))
ALGORITHMS = PUBLISHED["algorithms"]


@pytest.fixture(scope="module")
def record(processing: Any) -> Any:
    """The recorder, which imports the plugin: not before it is staged."""
    from published import record

    return record


@pytest.fixture(scope="module")
def provider(record: Any) -> dict[str, Any]:
    return record.provider()


@pytest.mark.parametrize("name", ALGORITHMS)
def test_parameters_and_outputs(record: Any, provider: dict[str, Any], name: str) -> None:
    assert name in provider
    assert not record.missing(ALGORITHMS[name], provider[name])
    before, now = ALGORITHMS[name]["parameters"], provider[name]["parameters"]
    new = [now[parameter] for parameter in now.keys() - before.keys()]
    assert all(facts["optional"] or facts["default"] is not None for facts in new), "calls from before would fail"


def test_geometry_and_fields_of_outputs(record: Any, tmp_path: Path) -> None:
    assert not record.missing(PUBLISHED["fields"], record.fields(record.runner(), tmp_path))


def test_functions_in_expressions(record: Any) -> None:
    now = record.expressions()
    assert not record.missing(PUBLISHED["expressions"], now)
    for name, before in PUBLISHED["expressions"].items():
        assert list(now[name])[: len(before)] == list(before)  # they are given by their place
        assert all(now[name][parameter]["optional"] for parameter in now[name].keys() - before.keys())


def test_settings_in_the_profile(record: Any) -> None:
    assert not record.missing(PUBLISHED["settings"], record.settings())


def test_where_a_user_s_own_things_lie(record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the tests' own cache
    assert PUBLISHED["user folder"] == record.user_folder()


def test_the_files_of_a_training_run(record: Any, tmp_path: Path) -> None:
    assert set(PUBLISHED["run folder"]) <= set(record.run_folder(tmp_path / "run"))


def test_kinds_of_input(record: Any) -> None:
    assert not record.missing(PUBLISHED["formats"], record.formats())
