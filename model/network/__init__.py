# SPDX-License-Identifier: GPL-2.0-or-later
"""The network: raw.py from the features of fixes to a forecast, config.py its sizes."""
