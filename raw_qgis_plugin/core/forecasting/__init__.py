# SPDX-License-Identifier: GPL-2.0-or-later
"""Where tracks go next. The way in is `predict.predict`: queries in, a Prediction out.

A query is where a track will be at a time. context.py cuts the past that the model may use; answer.py runs the network
on it and forms one mixture of the network's own components, candidate places (candidates.py) and continuations of
similar fixes of the layer (neighbours.py, time_forest.py) or of the model (prototypes.py). The mixture's spatial median
is the forecast's point (mixture.py) and its densest part the area (areas.py). adaptation.py backtests the layer and
corrects both. rollout.py, apart, goes step by step.
"""
