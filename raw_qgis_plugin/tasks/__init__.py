# SPDX-License-Identifier: GPL-2.0-or-later
"""Work beside the windows: QgsTasks, and training in a child process."""
