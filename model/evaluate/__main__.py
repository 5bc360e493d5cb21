# SPDX-License-Identifier: GPL-2.0-or-later
"""python -m model.evaluate."""

import sys

from model.cli import run
from model.evaluate import main

sys.exit(run(main))
