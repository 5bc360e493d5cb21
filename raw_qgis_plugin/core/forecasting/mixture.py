# SPDX-License-Identifier: GPL-2.0-or-later
"""What the model says of a question: a mixture of heavy-tailed places where the track may be, its spatial median and
the areas that hold half and four fifths of it. model/raw.py trains the same mixture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TAIL = 3.0  # degrees of freedom of the components, bivariate Student t
STAYS = 4.0  # prior logit of staying where candidates are laid out
LEVELS = (0.5, 0.8)
ATOM_M = 3.0  # a component narrower than this repeats a position: it is no area
HEAVIEST = 32  # components of which areas are made
PLACE_M = 300.0  # scale of a place where others were
LEAST = 0.02  # weight of the others from which on areas are theirs
MEDIAN_STEPS = 40
BLOCK, PAIRS = 4096, 1_500_000  # questions, and pairs of their components, laid out at once
_RINGS, _FINE_RINGS = (8, 8), (24, 4)  # radii and directions by which a component is laid out


@dataclass(frozen=True)
class Mixture:
    """Of m questions. centre: (m, C, 2) and scale: (m, C), metres in the fix's frame. weight: (m, C), of sum one. The
    first component is 'stays'.
    """

    centre: np.ndarray
    scale: np.ndarray
    weight: np.ndarray

    def take(self, rows: np.ndarray) -> Mixture:
        """The mixtures of some questions."""
        return Mixture(self.centre[rows], self.scale[rows], self.weight[rows])

    def heaviest(self, count: int) -> Mixture:
        """Of each mixture the components that weigh most, `count` at most, the first one among them."""
        rest = np.argsort(-self.weight[:, 1:], axis=1, kind="stable")[:, : count - 1] + 1
        chosen = np.concatenate([np.zeros((len(rest), 1), int), rest], axis=1)
        weight = np.take_along_axis(self.weight, chosen, 1)
        weight = weight / weight.sum(axis=1, keepdims=True)
        return Mixture(
            np.take_along_axis(self.centre, chosen[..., None], 1), np.take_along_axis(self.scale, chosen, 1), weight
        )

    def replaced(self, rows: np.ndarray, other: Mixture) -> Mixture:
        """These mixtures, with the ones of some rows replaced by others of as many components or more."""
        more = other.weight.shape[1] - self.weight.shape[1]
        centre, scale, weight = (
            np.pad(a, [(0, 0), (0, more), *[(0, 0)] * (a.ndim - 2)], constant_values=fill)
            for a, fill in ((self.centre, 0.0), (self.scale, 1.0), (self.weight, 0.0))
        )
        centre[rows], scale[rows], weight[rows] = other.centre, other.scale, other.weight
        return Mixture(centre, scale, weight)


def mixture(
    parameters: np.ndarray, base: np.ndarray, unit: np.ndarray,
    candidates: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
) -> Mixture:  # fmt: skip
    """The mixture that forecast parameters (m, P) stand for.

    base: (m, 2) metres, the baseline's end. unit: (m,) metres, the query's scale. candidates: their log scales and
    logits (m, K, 2), their places (m, K, 2) in metres, and which there are, (m, K) bool.
    """
    rest = parameters[:, 4:].reshape(len(parameters), -1, 4).astype(np.float64)
    centre = np.concatenate(
        [np.zeros((len(parameters), 1, 2)), base[:, None] + rest[..., :2] * unit[:, None, None]], axis=1
    )
    log_scale = np.concatenate([parameters[:, 2:3], rest[..., 2]], axis=1)
    logit = np.concatenate([parameters[:, 3:4], rest[..., 3]], axis=1)
    if candidates is not None:
        options, place, known = candidates
        logit[:, 0] += STAYS
        centre = np.concatenate([centre, place], axis=1)
        log_scale = np.concatenate([log_scale, options[..., 0]], axis=1)
        logit = np.concatenate([logit, np.where(known, options[..., 1], -1e4)], axis=1)
    weight = np.exp(logit - logit.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    return Mixture(centre, np.exp(np.clip(log_scale, -8.0, 6.0)) * unit[:, None], weight)


def spatial_median(m: Mixture) -> np.ndarray:
    """The points (m, 2) of least expected distance: Weiszfeld's algorithm, then the best of its end and the centres."""
    n, components = m.weight.shape
    parts = np.array_split(np.arange(n), -(-n * components**2 // PAIRS) or 1)
    return np.concatenate([_spatial_median(m.take(part)) for part in parts])


def _spatial_median(m: Mixture) -> np.ndarray:
    smooth = m.scale**2
    x = (m.weight[..., None] * m.centre).sum(axis=1)
    for _ in range(MEDIAN_STEPS):
        pull = m.weight / np.sqrt(np.square(x[:, None] - m.centre).sum(-1) + smooth + 1e-6)
        x = (pull[..., None] * m.centre).sum(axis=1) / pull.sum(axis=1, keepdims=True)
    points = np.concatenate([x[:, None], m.centre], axis=1)  # (m, 1 + C, 2)
    away = np.square(points[:, :, None] - m.centre[:, None]).sum(-1) + smooth[:, None]
    best = (np.sqrt(away) * m.weight[:, None]).sum(axis=2).argmin(axis=1)
    return points[np.arange(len(points)), best]


def half_and_half(m: Mixture, places: np.ndarray, weight: np.ndarray) -> Mixture:
    """The mixture for one half, for the other the places (m, n, 2) by their weights (m, n); it alone where none has."""
    total = weight.sum(axis=1, keepdims=True)
    own = np.where(total > 0, 0.5, 1.0)
    return Mixture(
        np.concatenate([m.centre, places], axis=1),
        np.concatenate([m.scale, np.full(weight.shape, PLACE_M)], axis=1),
        np.concatenate([own * m.weight, (1 - own) * weight / np.where(total > 0, total, 1.0)], axis=1),
    )


def moving(m: Mixture) -> Mixture:
    """The mixture without the components that repeat a position exactly, where enough is left of it.

    Records that hold the last position round the clock repeat it in most cases; an area is for the others.
    """
    weight = np.where(m.scale < ATOM_M, 0.0, m.weight)
    left = weight.sum(axis=1, keepdims=True)
    return Mixture(m.centre, m.scale, np.where(left >= LEAST, weight / np.maximum(left, LEAST), m.weight))


def radii(m: Mixture, point: np.ndarray) -> np.ndarray:
    """Radii (m, 2) in metres around the points (m, 2) that hold 50 and 80 % of the mixture."""
    result = np.empty((len(point), len(LEVELS)))
    for part in np.array_split(np.arange(len(point)), -(-len(point) // BLOCK) or 1):
        spread, mass = _laid_out(m.take(part))
        distance = np.hypot(*np.moveaxis(spread - point[part][:, None], -1, 0))
        order = np.argsort(distance, axis=1)
        total = np.cumsum(np.take_along_axis(mass, order, 1), axis=1)
        for c, level in enumerate(LEVELS):
            at = np.minimum((total < level).sum(axis=1), distance.shape[1] - 1)
            result[part, c] = distance[np.arange(len(part)), order[np.arange(len(part)), at]]
    return result


def _laid_out(m: Mixture, rings: tuple[int, int] = _RINGS) -> tuple[np.ndarray, np.ndarray]:
    """Equally likely points of each component, and what each counts: (m, n, 2) metres and (m, n)."""
    u = (np.arange(rings[0]) + 0.5) / rings[0]
    reach = np.sqrt(TAIL * ((1 - u) ** (-2 / TAIL) - 1))
    turn = (np.arange(rings[1]) + 0.5 * (np.arange(rings[0]) % 2)[:, None]) * (2 * np.pi / rings[1])
    grid = (reach[:, None, None] * np.stack([np.cos(turn), np.sin(turn)], axis=-1)).reshape(-1, 2)
    points = m.centre[:, :, None] + m.scale[:, :, None, None] * grid
    return points.reshape(len(points), -1, 2), np.repeat(m.weight, len(grid), axis=1) / len(grid)


def discs(m: Mixture, level: np.ndarray) -> np.ndarray:
    """Radii (m, C) in metres of discs around the components that together hold the share `level` (m,) of the mixture
    where it is densest: two places are two discs. Zero where a component has none.
    """
    result = np.zeros(m.weight.shape)
    for part in np.array_split(np.arange(len(m.weight)), -(-len(m.weight) // 1024) or 1):
        some = m.take(part)
        points, mass = _laid_out(some, _FINE_RINGS)
        density = _density(some, points)
        order = np.argsort(-density, axis=1)
        total = np.cumsum(np.take_along_axis(mass, order, 1), axis=1)
        at = np.minimum((total < level[part, None]).sum(axis=1), density.shape[1] - 1)
        threshold = density[np.arange(len(part)), order[np.arange(len(part)), at]]
        peak = some.weight / (2 * np.pi * some.scale**2 * threshold[:, None])
        result[part] = some.scale * np.sqrt(TAIL * np.maximum(peak ** (1 / (TAIL / 2 + 1)) - 1, 0.0))
    return result


def depth(m: Mixture, position: np.ndarray) -> np.ndarray:
    """The least share (m,) of the mixture whose discs hold the positions (m, 2)."""
    result = np.empty(len(position))
    for part in np.array_split(np.arange(len(position)), -(-len(position) // 1024) or 1):
        some = m.take(part)
        points, mass = _laid_out(some, _FINE_RINGS)
        there = _density(some, position[part, None])
        result[part] = (mass * (_density(some, points) > there)).sum(axis=1)
    return result


def _density(m: Mixture, points: np.ndarray) -> np.ndarray:
    """The density per m² of each question's densest component at points (m, n, 2): (m, n)."""
    best = np.zeros(points.shape[:2])
    for c in range(m.weight.shape[1]):  # a component, not a question, at a time
        square = np.square(points - m.centre[:, None, c]).sum(-1) / (TAIL * m.scale[:, None, c] ** 2)
        height = m.weight[:, c] / (2 * np.pi * m.scale[:, c] ** 2)
        np.maximum(best, height[:, None] * (1 + square) ** -(TAIL / 2 + 1), out=best)
    return best
