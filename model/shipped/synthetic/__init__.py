# SPDX-License-Identifier: GPL-2.0-or-later
"""The synthetic city: people whose plans are known, moved by Eclipse SUMO.

generate.py  a city: its tables from a seed
corpus.py    a corpus of movement alone, from many street plans
sumo.py      running SUMO's programs and reading what they write
city/        streets, rail, roads out of town, traffic, and the layout of one city
population/  people, their plans, their trips as simulated, and what their phones record
"""
