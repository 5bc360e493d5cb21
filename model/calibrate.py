# SPDX-License-Identifier: GPL-2.0-or-later
"""Widen forecast areas for tracks that trained nothing: python -m model.calibrate (see model/training/calibrate.py)."""

import sys

from model.cli import run
from model.training.calibrate import main

if __name__ == "__main__":
    sys.exit(run(main))
