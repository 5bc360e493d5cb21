# SPDX-License-Identifier: GPL-2.0-or-later
"""Labels of people, built from below: from their places, and from their trips with the modes of
transport.
"""
