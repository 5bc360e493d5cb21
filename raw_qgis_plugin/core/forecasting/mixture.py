# SPDX-License-Identifier: GPL-2.0-or-later
"""The mixture that answers a query: heavy-tailed components where the track may be.

model/network/raw.py trains the same mixture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..arrays import Array, softmax, take_rows

TAIL = 3.0  # degrees of freedom of a component, a bivariate Student t
STAY_LOGIT = 4.0  # prior logit of the component 'stays' where candidate places are laid out
ATOM_M = 3.0  # a component narrower than this repeats a position exactly


@dataclass(frozen=True)
class Mixture:
    """Mixtures of m queries in the frames of their last fixes. The first component is 'stays'."""

    centre: Array  # (m, C, 2) metres
    scale: Array  # (m, C) metres
    weight: Array  # (m, C), of sum one

    def beside(self, other: Mixture) -> Mixture:
        """The components of both."""
        centre = np.hstack([self.centre, other.centre])
        scale = np.hstack([self.scale, other.scale])
        weight = np.hstack([self.weight, other.weight])

        return Mixture(centre, scale, weight)

    def columns(self, part: slice) -> Mixture:
        """Some of the components."""
        return Mixture(self.centre[:, part], self.scale[:, part], self.weight[:, part])

    def joined(self, other: Mixture, share: Array | float = 0.5) -> Mixture:
        """These mixtures and the other ones, which get a share (m,) of the weight."""
        given = np.broadcast_to(share, len(self.weight))[:, None]
        ours = replace(self, weight=(1 - given) * self.weight)
        theirs = replace(other, weight=given * other.weight)

        return ours.beside(theirs)

    def replaced(self, rows: Array, other: Mixture) -> Mixture:
        """These mixtures, with rows (m,) bool replaced by others of as many components or more."""
        n_more = other.weight.shape[1] - self.weight.shape[1]
        more = [(0, 0), (0, n_more)]
        centre = np.pad(self.centre, [*more, (0, 0)])
        scale = np.pad(self.scale, more, constant_values=1.0)
        weight = np.pad(self.weight, more)
        centre[rows] = other.centre
        scale[rows] = other.scale
        weight[rows] = other.weight

        return Mixture(centre, scale, weight)

    def condensed(self, count: int) -> Mixture:
        """`count` components of each mixture: the first, the heaviest others, the rest as one."""
        if self.weight.shape[1] <= count:
            return self

        rank = -self.weight
        rank[:, 0] = -np.inf  # the first component stays the first
        order = np.argsort(rank, axis=1, kind="stable")
        centre = np.take_along_axis(self.centre, order[..., None], 1)
        scale = np.take_along_axis(self.scale, order, 1)
        weight = np.take_along_axis(self.weight, order, 1)
        ordered = Mixture(centre, scale, weight)
        kept = ordered.columns(slice(count - 1))
        rest = ordered.columns(slice(count - 1, None))

        return kept.beside(rest.merged())

    def merged(self) -> Mixture:
        """One component of the same mean and variance, which is three times the squared scale."""
        total = self.weight.sum(axis=1, keepdims=True)
        share = self.weight / np.maximum(total, 1e-30)
        centre = (share[..., None] * self.centre).sum(axis=1, keepdims=True)

        # The spread of the parts and what lies between them
        apart = np.square(self.centre - centre).sum(axis=-1)
        square = self.scale**2 + apart / 6
        mean_square = (share * square).sum(axis=1, keepdims=True)
        scale = np.where(total > 0, np.sqrt(mean_square), 1.0)

        return Mixture(centre, scale, total)

    def moving(self) -> Mixture:
        """Without the components that repeat a position exactly, unless hardly anything is left.

        Records that hold the last position have them. An area is for the cases that move.
        """
        least = 0.02
        weight = np.where(self.scale < ATOM_M, 0.0, self.weight)
        left = weight.sum(axis=1, keepdims=True)
        moving = weight / np.maximum(left, least)

        return replace(self, weight=np.where(left >= least, moving, self.weight))

    def expected_error_m(self, point: Array) -> Array:
        """The expected distance (m,) of points (m, 2) from the truth, as the mixture sees it."""
        *_, square = self.displacements_to(point)
        return _dot(np.sqrt(square), self.weight)

    def displacements_to(self, point: Array) -> tuple[Array, Array, Array]:
        """Metres x, y (m, C) from the components to the points (m, 2), and x² + y² + scale².

        x and y are apart since that is faster.
        """
        x = point[:, :1] - self.centre[..., 0]
        y = point[:, 1:] - self.centre[..., 1]
        square = x * x
        square += y * y
        square += self.scale**2

        return x, y, square


def _dot(a: Array, b: Array) -> Array:
    """Sums (m,) of the products of (m, C) and (m, C)."""
    return np.einsum("mc,mc->m", a, b)


def network_mixture(
    parameters: Array,
    baseline: Array,
    unit_m: Array,
    candidates: tuple[Array, Array, Array] | None = None,
) -> Mixture:
    """The mixture that the network's forecast parameters (m, P) describe.

    baseline: (m, 2) metres, where fading velocity leads. unit_m: (m,), the query's scale.
    candidates: their log scales and logits (m, K, 2), their places (m, K, 2) in metres, and which
    exist, (m, K) bool.
    """
    free = parameters[:, 4:].reshape(len(parameters), -1, 4).astype(np.float64)
    stays = np.zeros((len(parameters), 1, 2))

    # Free components lie around where fading velocity leads
    unit_m = unit_m[:, None]
    correction = free[..., :2] * unit_m[..., None]
    centre = np.hstack([stays, baseline[:, None] + correction])

    # Staying has parameters of its own
    log_scale = np.hstack([parameters[:, 2:3], free[..., 2]])
    logit = np.hstack([parameters[:, 3:4], free[..., 3]])

    if candidates is not None:
        options, place, known = candidates
        logit[:, 0] += STAY_LOGIT
        centre = np.hstack([centre, place])
        log_scale = np.hstack([log_scale, options[..., 0]])
        logit_of_place = np.where(known, options[..., 1], -1e4)
        logit = np.hstack([logit, logit_of_place])

    # Scales lie between 0.0003 and 400 units
    log_scale = np.clip(log_scale, -8.0, 6.0)
    weight = softmax(logit)

    return Mixture(centre, np.exp(log_scale) * unit_m, weight)


def spatial_median(m: Mixture, tolerance_m: float = 1e-3) -> Array:
    """The points (m, 2) of least expected distance.

    The expected distance to components of some scale is smooth and convex. Each step is Newton's
    where that lowers it and Weiszfeld's, which always does, elsewhere.
    """
    x = (m.weight[..., None] * m.centre).sum(axis=1)  # begin at the mean
    heaviest = m.centre[np.arange(len(x)), m.weight.argmax(axis=1)]
    better = m.expected_error_m(heaviest) < m.expected_error_m(x)
    x[better] = heaviest[better]
    open_rows: Array = np.arange(len(x))

    for _ in range(60):
        before = x[open_rows]
        after = _median_step(take_rows(m, open_rows), before)
        x[open_rows] = after
        moved = np.abs(after - before).max(axis=1, initial=0.0)
        open_rows = open_rows[moved > tolerance_m]

        if not len(open_rows):
            break

    return x


def _median_step(m: Mixture, x: Array) -> Array:
    """One step (n, 2) toward the spatial medians from the points (n, 2)."""
    off_x, off_y, square = m.displacements_to(x)
    square += 1e-6
    pull = m.weight / np.sqrt(square)
    total = pull.sum(axis=1)
    down_x = _dot(pull, off_x)
    down_y = _dot(pull, off_y)

    # Down the gradient: it always lowers the expected distance
    weiszfeld = x - np.column_stack([down_x, down_y]) / total[:, None]

    # the Hessian of the expected distance
    pull /= square
    xx = total - _dot(pull * off_x, off_x)
    yy = total - _dot(pull * off_y, off_y)
    xy = -_dot(pull * off_x, off_y)
    determinant = np.maximum(xx * yy - xy**2, 1e-18)
    step = np.column_stack([yy * down_x - xy * down_y, xx * down_y - xy * down_x])
    newton = x - step / determinant[:, None]

    # Whichever comes nearer
    better = m.expected_error_m(newton) < m.expected_error_m(weiszfeld)

    return np.where(better[:, None], newton, weiszfeld)
