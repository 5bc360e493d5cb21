# SPDX-License-Identifier: GPL-2.0-or-later
"""Encounters: who was near whom at the same time, seen in fixes or likely in gaps."""
