# SPDX-License-Identifier: GPL-2.0-or-later
"""All commands of 0.2.0 are there, with the same flags, defaults and choices. The rest is in tests/qgis."""

import json

import pytest
from published import record

COMMANDS = json.loads(record.FILE.read_text("utf-8"))["commands"]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_takes_what_it_took(name):
    before, now = COMMANDS[name], record.command(name)
    assert not record.missing(before, now)
    must = {flag for flag, facts in now.items() if facts.get("required")}
    assert must <= {flag for flag, facts in before.items() if facts.get("required")}, "calls from before would fail"


def test_what_goes_or_changes_is_found():
    before = {"--a": {"default": 1, "choices": ["x", "y"]}, "--b": {"required": True}, "--c": {}}
    assert not record.missing(before, before | {"--b": {}, "--d": {}})
    now = {"--a": {"default": 2, "choices": ["y", "x"]}, "--b": {"required": True}}
    assert len(record.missing(before, now)) == 3
