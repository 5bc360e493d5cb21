# SPDX-License-Identifier: GPL-2.0-or-later
"""The mixture that answers a query: heavy-tailed components where the track may be, and their
spatial median.

model/network/raw.py trains the same mixture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import softmax, take_rows

TAIL = 3.0  # degrees of freedom of a component, a bivariate Student t
STAY_LOGIT = 4.0  # prior logit of the component 'stays' where candidate places are laid out
ATOM_M = 3.0  # a component narrower than this repeats a position exactly


@dataclass(frozen=True)
class Mixture:
    """Mixtures of m queries. centre: (m, C, 2) and scale: (m, C), metres in the frame of the last
    fix. weight: (m, C), of sum one. The first component is 'stays'.
    """

    centre: np.ndarray
    scale: np.ndarray
    weight: np.ndarray

    def joined(self, other: Mixture, share: np.ndarray | float = 0.5) -> Mixture:
        """These mixtures and the other ones, which get a share (m,) of the weight."""
        other_share = np.broadcast_to(share, len(self.weight))[:, None]
        return Mixture(
            np.concatenate([self.centre, other.centre], axis=1),
            np.concatenate([self.scale, other.scale], axis=1),
            np.concatenate([(1 - other_share) * self.weight, other_share * other.weight], axis=1),
        )

    def replaced(self, rows: np.ndarray, other: Mixture) -> Mixture:
        """These mixtures, with those of some rows (m,) bool replaced by others of as many
        components or more.
        """
        more = other.weight.shape[1] - self.weight.shape[1]
        columns = (
            (self.centre, other.centre, 0.0),
            (self.scale, other.scale, 1.0),
            (self.weight, other.weight, 0.0),
        )
        result = []
        for own, new, fill in columns:
            whole = np.pad(own, [(0, 0), (0, more), (0, 0)][: own.ndim], constant_values=fill)
            whole[rows] = new
            result.append(whole)
        return Mixture(*result)

    def condensed(self, count: int) -> Mixture:
        """Of each mixture the first component, the heaviest others, and the rest as one of the same
        mean and variance, `count` together. The variance of a component is three times its squared
        scale.
        """
        if self.weight.shape[1] <= count:
            return self
        order = np.argsort(-self.weight[:, 1:], axis=1, kind="stable") + 1
        order = np.concatenate([np.zeros((len(order), 1), int), order], axis=1)
        weight, scale = (np.take_along_axis(a, order, 1) for a in (self.weight, self.scale))
        centre = np.take_along_axis(self.centre, order[..., None], 1)
        rest = weight[:, count - 1 :]
        total = rest.sum(axis=1, keepdims=True)
        share = rest / np.maximum(total, 1e-30)
        mean = (share[..., None] * centre[:, count - 1 :]).sum(axis=1, keepdims=True)
        apart = np.square(centre[:, count - 1 :] - mean).sum(axis=-1)
        spread = np.sqrt(
            (share * (np.square(scale[:, count - 1 :]) + apart / 6)).sum(axis=1, keepdims=True)
        )
        spread = np.where(total > 0, spread, 1.0)
        parts = ((centre, mean), (scale, spread), (weight, total))
        return Mixture(*(np.concatenate([a[:, : count - 1], b], axis=1) for a, b in parts))

    def moving(self) -> Mixture:
        """Without the components that repeat a position exactly, as records do that hold the last
        one, unless hardly anything is left: an area is for the cases that move.
        """
        least = 0.02
        weight = np.where(self.scale < ATOM_M, 0.0, self.weight)
        left = weight.sum(axis=1, keepdims=True)
        return Mixture(
            self.centre,
            self.scale,
            np.where(left >= least, weight / np.maximum(left, least), self.weight),
        )

    def expected_error_m(self, point: np.ndarray) -> np.ndarray:
        """The expected distance (m,) of the points (m, 2) from the truth, as the mixture sees it."""
        *_, square = self.displacements_to(point)
        return np.einsum("mc,mc->m", np.sqrt(square), self.weight)

    def displacements_to(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Metres x, y (m, C) from the components to the points (m, 2), apart since that is faster,
        and x² + y² + scale².
        """
        x, y = (point[:, k, None] - self.centre[..., k] for k in (0, 1))
        return x, y, x * x + y * y + self.scale**2


def network_mixture(
    parameters: np.ndarray,
    baseline: np.ndarray,
    unit_m: np.ndarray,
    candidates: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
) -> Mixture:
    """The mixture that the network's forecast parameters (m, P) describe.

    baseline: (m, 2) metres, where fading velocity leads. unit_m: (m,), the query's scale.
    candidates: their log scales and logits (m, K, 2), their places (m, K, 2) in metres, and which
    exist, (m, K) bool.
    """
    free = parameters[:, 4:].reshape(len(parameters), -1, 4).astype(np.float64)
    stays = np.zeros((len(parameters), 1, 2))
    centre = np.concatenate(
        [stays, baseline[:, None] + free[..., :2] * unit_m[:, None, None]], axis=1
    )
    log_scale = np.concatenate([parameters[:, 2:3], free[..., 2]], axis=1)
    logit = np.concatenate([parameters[:, 3:4], free[..., 3]], axis=1)
    if candidates is not None:
        options, place, known = candidates
        logit[:, 0] += STAY_LOGIT
        centre = np.concatenate([centre, place], axis=1)
        log_scale = np.concatenate([log_scale, options[..., 0]], axis=1)
        logit = np.concatenate([logit, np.where(known, options[..., 1], -1e4)], axis=1)
    return Mixture(centre, np.exp(np.clip(log_scale, -8.0, 6.0)) * unit_m[:, None], softmax(logit))


def spatial_median(m: Mixture, tolerance_m: float = 1e-3) -> np.ndarray:
    """The points (m, 2) of least expected distance.

    The expected distance to components of some scale is smooth and convex. Each step is Newton's
    where that lowers it and Weiszfeld's, which always does, elsewhere.
    """
    mean = (m.weight[..., None] * m.centre).sum(axis=1)
    heaviest = m.centre[np.arange(len(mean)), m.weight.argmax(axis=1)]
    x = np.where((m.expected_error_m(heaviest) < m.expected_error_m(mean))[:, None], heaviest, mean)
    open_rows: np.ndarray = np.arange(len(x))
    for _ in range(60):
        some = take_rows(m, open_rows)
        new = _median_step(some, x[open_rows])
        moved = np.abs(new - x[open_rows]).max(axis=1, initial=0.0)
        x[open_rows] = new
        open_rows = open_rows[moved > tolerance_m]
        if not len(open_rows):
            break
    return x


def _median_step(m: Mixture, x: np.ndarray) -> np.ndarray:
    """One step (n, 2) toward the spatial medians from the points (n, 2)."""
    away_x, away_y, square = m.displacements_to(x)
    square += 1e-6
    pull = m.weight / np.sqrt(square)
    total, bend = pull.sum(axis=1), pull / square
    gradient_x, gradient_y = (np.einsum("mc,mc->m", pull, away) for away in (away_x, away_y))
    weiszfeld = x - np.stack([gradient_x, gradient_y], axis=-1) / total[:, None]
    xx, yy, xy = (
        np.einsum("mc,mc,mc->m", bend, *axes)
        for axes in ((away_x, away_x), (away_y, away_y), (away_x, away_y))
    )
    xx, yy, xy = total - xx, total - yy, -xy  # the Hessian
    determinant = xx * yy - xy**2
    step = np.stack([yy * gradient_x - xy * gradient_y, xx * gradient_y - xy * gradient_x], axis=-1)
    newton = x - step / np.maximum(determinant, 1e-18)[:, None]
    better = m.expected_error_m(newton) < m.expected_error_m(weiszfeld)
    return np.where(better[:, None], newton, weiszfeld)
