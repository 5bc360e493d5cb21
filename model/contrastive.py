# SPDX-License-Identifier: GPL-2.0-or-later
"""Contrastive pretraining, to compare with: python -m model.contrastive (see model/experiments/contrastive.py)."""

import sys

from model.cli import run
from model.experiments.contrastive import main

if __name__ == "__main__":
    sys.exit(run(main))
