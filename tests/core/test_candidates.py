# SPDX-License-Identifier: GPL-2.0-or-later
"""Candidate places: a person who sleeps at home and works from nine to five, asked where they will
be.
"""

import numpy as np

from raw_qgis_plugin.core.features import featurizer as feat
from raw_qgis_plugin.core.forecasting.candidates import KINDS, N_CANDIDATES, candidates
from raw_qgis_plugin.core.geodesy import metres_per_degree

MONDAY = 1_704_067_200_000  # 2024-01-01T00:00Z
AT_HOUR, AFTER = 1, 3  # of the six weights


def commuter(days=5, lon0=0.0, lat0=50.0, work=(4000.0, 1000.0)):
    """Quarter hours at home (lon0, lat0), at work from 9 to 17, metres east and north of it."""
    t = MONDAY + 900_000 * np.arange(96 * days)
    hour = (t - MONDAY) / 3_600_000 % 24
    at_work = (hour >= 9) & (hour < 17)
    kx, ky = metres_per_degree(np.array(lat0))
    return t, lon0 + at_work * work[0] / kx, lat0 + at_work * work[1] / ky


def ask(t, lon, lat, row, dt_s):
    f = feat.featurize(np.zeros(len(t), int), t, lon, lat)
    row, dt_s = np.atleast_1d(row), np.atleast_1d(np.asarray(dt_s, float))
    query = feat.ask(f, row, dt_s)
    return f, candidates(f, row, dt_s, query)


def nearest(found, question, xy):
    """The own place nearest to xy, its columns and its distance from it."""
    places = range(len(KINDS) - 1, N_CANDIDATES)
    distance = {
        c: np.hypot(*(found.xy[question, c] - xy)) for c in places if found.x[question, c].any()
    }
    best = min(distance, key=distance.get)
    return found.x[question, best], distance[best]


def shares(x, radius=0):
    begin = len(KINDS) + 4 + 6 * radius
    return x[begin : begin + 6]


def test_home_and_work_are_own_places_with_their_hours():
    t, lon, lat = commuter()
    row = 4 * 96 + 34  # Friday 08:30, at home, asked about noon and about half past midnight
    f, found = ask(t, lon, lat, [row, row], [3.5 * 3600, 16 * 3600.0])
    work = feat.displacement(f, np.array([row]), lon[-50:-49], lat[-50:-49])[0]
    assert np.hypot(*work) > 4000
    for question, at_work in ((0, True), (1, False)):
        there, near = nearest(found, question, work)
        home, _ = nearest(found, question, np.zeros(2))
        assert near < 1.0
        assert (shares(there)[AT_HOUR] > 0.8) == at_work and (shares(home)[AT_HOUR] > 0.8) == (
            not at_work
        )
        both = shares(there) + shares(home)  # there is nowhere else; the week before is not known
        np.testing.assert_allclose(both, np.round(both), atol=1e-5)
        np.testing.assert_allclose(both[:2], 1.0, atol=1e-5)
    # after any time at home mostly still at home
    assert shares(nearest(found, 0, work)[0])[AFTER] < 0.3
