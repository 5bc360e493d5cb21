# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables of how people move, and what their columns may hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KINDS = HOME, WORK, OTHER = "home", "work", "other"  # of places
MODES = ("walk", "bike", "motor vehicle", "rail")
SHORT_MODES = ("walk", "bike", "motor", "rail")  # MODES in the names of fields


@dataclass(frozen=True)
class Journeys:
    """n journeys, from where somebody stays to where they stay next. user: (n,) row of user_ids. t_start, t_end: (n,) epoch ms. begin, end: (n, 2) lon
    and lat, degrees. metres: (n,). mode_p: (n, 4) probabilities of SHORT_MODES; what is missing to
    1 is not known. complete: (n,) bool, whether the record shows where a journey begins and ends.
    """

    user_ids: np.ndarray
    user: np.ndarray
    t_start: np.ndarray
    t_end: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    metres: np.ndarray
    mode_p: np.ndarray
    complete: np.ndarray

    @property
    def minutes(self) -> np.ndarray:
        """(n,) minutes that each takes."""
        return (self.t_end - self.t_start) / 60_000
