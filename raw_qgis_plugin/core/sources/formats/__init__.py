# SPDX-License-Identifier: GPL-2.0-or-later
"""Parsers, one for each kind of file that is no table: the columns of its positions, as the file has them."""
