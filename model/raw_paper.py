# SPDX-License-Identifier: GPL-2.0-or-later
"""The method as published, to compare with: python -m model.raw_paper (see model/experiments/raw_paper.py)."""

import sys

from model.cli import run
from model.experiments.raw_paper import main

if __name__ == "__main__":
    sys.exit(run(main))
