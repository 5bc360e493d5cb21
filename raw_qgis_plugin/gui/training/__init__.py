# SPDX-License-Identifier: GPL-2.0-or-later
"""The training window: pages that describe a training, and one that shows its run. `dialog.TrainingDialog` opens it."""
