# SPDX-License-Identifier: GPL-2.0-or-later
"""Who makes what ships with the plugin? README.md says what is made from what."""
