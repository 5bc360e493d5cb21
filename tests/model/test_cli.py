# SPDX-License-Identifier: GPL-2.0-or-later
"""What the commands share."""

from __future__ import annotations

import pytest

from model import contrastive, finetune, neighbours, pretrain, raw_paper
from model.cli import LARGEST_SEED
from model.evaluate import regions

COMMANDS = (contrastive, finetune, neighbours, pretrain, raw_paper, regions)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
@pytest.mark.parametrize("seed", ["-1", "1.5", str(LARGEST_SEED + 1)])
def test_what_is_no_seed_is_told_in_a_line(command, seed, capsys):
    with pytest.raises(SystemExit) as end:
        command.main(["--seed", seed])
    said = capsys.readouterr().err
    assert end.value.code == 2 and f"'{seed}' is no whole number from 0" in said and said.count("\n") == 1
