# SPDX-License-Identifier: GPL-2.0-or-later
"""Files and tables to tracks."""
