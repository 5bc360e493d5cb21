# SPDX-License-Identifier: GPL-2.0-or-later
"""What each preset takes, by formula: python -m model.sizes (see model/training/sizes.py)."""

import sys

from model.cli import run
from model.training.sizes import main

if __name__ == "__main__":
    sys.exit(run(main))
