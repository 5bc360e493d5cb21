# SPDX-License-Identifier: GPL-2.0-or-later
"""Training, evaluation and the commands `python -m model.X`. Nothing here is imported by the plugin."""
