# SPDX-License-Identifier: GPL-2.0-or-later
"""Training of the network: the run, its loop, its loss, its checkpoints, and the bundle's card and
graphs.
"""
