# SPDX-License-Identifier: GPL-2.0-or-later
"""Which devices can train, and how fast: python -m model.hardware (see model/training/hardware.py)."""

import sys

from model.cli import run
from model.training.hardware import main

if __name__ == "__main__":
    sys.exit(run(main))
