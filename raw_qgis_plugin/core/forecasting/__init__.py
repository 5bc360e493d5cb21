# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecasts: where a track will be at a time, as a point and as areas that hold 50 and 80 %.

Start at predict.py. A query (a track and a time) passes through these steps:

1. context: which past fixes it may use, and whether they show a trip or days.
2. scoring: the network predicts. Candidates (for days) and neighbours (earlier continuations of the layer, found by
   time_forest) add components. The scorer decides how much each component counts.
3. mixture: its spatial median is the point. areas: its highest-density set.
4. predict.calibrated: the levels of areas, by the card (model/training/calibrate.py). adaptation: a backtest of the
   layer corrects them, so that areas hold 50 and 80 %.
5. paths: the components of all horizons of a track, linked and clustered, are its likely movements.

A track of three fixes has a short context, a forecast with in_domain False (the card's domain), and no backtest of its
own (adaptation.SETTINGS.min_fixes).

A forecast uses only what was known at the last fix of its query: contexts, continuations, truths of the backtest.
"""
