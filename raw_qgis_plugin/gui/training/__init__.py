# SPDX-License-Identifier: GPL-2.0-or-later
"""The training window: one page, what to learn beside the run. `dialog.TrainingDialog` opens it."""
