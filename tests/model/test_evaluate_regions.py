# SPDX-License-Identifier: GPL-2.0-or-later
"""What visitors are like is held against what only keeps who is where."""

import itertools

import numpy as np
from scipy.sparse import csr_matrix

from model.evaluate import regions


def test_controls_keep_which_regions_share_visitors():
    visits = csr_matrix(np.array([[3, 1, 0, 2, 0], [0, 2, 1, 2, 0]]))
    embeddings = np.arange(10, dtype=np.float32).reshape(5, 2)
    embeddings[3] = np.nan
    owners = np.array([regions.permuted(embeddings, visits, seed) for seed in range(40)])
    assert (np.sort(owners, axis=1) == np.arange(5)).all()
    assert (owners[:, 3:] == [3, 4]).all()  # who has no embedding, or came to no region, deals none out
    assert {tuple(owner) for owner in owners[:, :3]} == set(itertools.permutations(range(3)))
    noise = regions.noise_like(embeddings, 0)
    assert np.isnan(noise).any(axis=1).tolist() == [False, False, False, True, False]
    assert len(np.unique(noise[~np.isnan(noise)])) == 8


def proved(dealt, noise):
    more = {"more_r2_than_random": [0.2, 0.1, 0.3], "more_r2_than_dealt": dealt, "more_r2_than_noise": noise}
    one = {"r2": 0.5, "mae": 1.0, "rmse": 1.0, "rank_correlation": 0.5, "more_r2": [0, 0, 0], "error_ratio": [1, 1, 1]}
    found = {"methods": dict.fromkeys((regions.RAW, *regions.WHO), one | more), "truth": "shops"}
    return regions.page_of(found | {"regions": 64, "blocks": 9, "users": 100, "hours": None}).html()


def test_more_than_random_people_proves_nothing_of_what_visitors_are_like():
    better, worse, open_ = [0.1, 0.05, 0.2], [-0.1, -0.2, -0.05], [0.1, -0.05, 0.2]
    assert "says more than which regions" in proved(better, better)
    assert "says less than which regions" in proved(worse, worse)
    for dealt, noise in ((better, open_), (open_, better), (better, worse)):
        assert "is not proved to say more than which regions" in proved(dealt, noise)
