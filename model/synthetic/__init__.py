# SPDX-License-Identifier: GPL-2.0-or-later
"""The synthetic city: people whose plans we know, moved by Eclipse SUMO.

streets.py   street plans from a seed or from OpenStreetMap, and where on earth they lie
sumo.py      running SUMO's programs and reading what they write
movement.py  vehicle kinds, trips, stops and one simulated scenario
rail.py      railway lines with stations, and trains on them
corpus.py    a corpus of movement alone, from many street plans
city.py      homes, jobs, points of interest, stations, bus lines and region cells of one city
plans.py     who lives there and what they do in which week
highway.py   the way out of town, without a street plan
laws.py      what is known of how people move, measured on the plans
travel.py    the observed people's trips as SUMO moves them
recording.py what their devices record of it
days.py      what everybody's phones record, from the plans alone
truth.py     the tables of what is true
"""
