# SPDX-License-Identifier: GPL-2.0-or-later
"""Forecasts: where a track will be at a time, as a point and as areas that hold 50 and 80 %.

Start at predict.py. A query (a track and a time) passes through these steps:

1. context: which past fixes it may use, and whether they show a trip or days.
2. answer: the network reads them. Candidates (for days) and neighbours (earlier continuations of the layer, found by
   time_forest, and a model's prototypes) add places. The scorer (`score`) decides how much each of them counts.
3. mixture: its spatial median is the point. areas: its highest-density set.
4. adaptation: a backtest of the layer corrects the levels of areas, so that they hold 50 and 80 %, and gives the
   layer's past alone a share of the weight where that helps (days of fleets).
5. paths: the components of all horizons of a track, linked and clustered, are its likely movements.

A forecast uses only what was known at the last fix of its query. Three places see to that: a context ends there
(`Queries.end`), continuations of the layer have ended by then (`Neighbours`), and the answers of the backtest were
known by then (`adaptation`).
"""
