# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecasts: where a track will be at a time, as a point and as areas that hold 50 and 80 %.

Start at predict.py.

1. context: which past fixes a query may use, and whether they show a trip or days.
2. scoring: the network predicts. candidates (places, of days) and neighbours (earlier continuations
   of the layer, found by nearest) add components. A scorer decides how much each counts.
3. mixture: its spatial median is the point. areas: its highest-density set.
4. adaptation: the levels at which areas hold their share, by the card and by a backtest of the
   layer.
5. paths: the components of all horizons of a track, linked and clustered (clusters), are its likely
   movements.

A track of three fixes has a short context, a forecast with in_domain False (the card's domain), and
no backtest.
"""
