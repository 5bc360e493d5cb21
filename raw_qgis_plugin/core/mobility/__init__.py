# SPDX-License-Identifier: GPL-2.0-or-later
"""How people move: fixes become stops, stops places, ways between stops legs, legs journeys.

`tables` names the columns; `diary` is the story: a verb from each of the other files, in order.
"""
