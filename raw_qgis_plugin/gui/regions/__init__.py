# SPDX-License-Identifier: GPL-2.0-or-later
"""The dock's tab of regions, and the layer that keeps the drawn regions with the project.
`tab.RegionsTab` opens it.
"""
