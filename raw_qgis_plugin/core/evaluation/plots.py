# SPDX-License-Identifier: GPL-2.0-or-later
"""Drawings of reports: errors by horizon, coverage of areas, maps of cases. Black and white follow the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..geodesy import offset_m
from .metrics import LEVELS, MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..forecasting.predict import Prediction
    from .windows import Windows

OURS, BEST, TRUTH = "#1f6feb", "#d9730d", "#1a9a5b"
GREYS = ("#8a93a0", "#b4bac3", "#5f6875")


def new_figure(width: float, height: float, columns: int = 1, rows: int = 1) -> tuple[Figure, np.ndarray]:
    """A figure (inches) outside of any window, and its axes (rows, columns) without a frame."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.25, linewidth=0.6)
        axis.tick_params(labelsize=9)
    return figure, axes


def horizon_words(seconds: float) -> str:
    """'15 s', '15 min', '2.5 h'."""
    for unit, size, least in (("h", 3600.0, 10_800.0), ("min", 60.0, 60.0)):
        if seconds >= least:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def metres_words(metres: float) -> str:
    """'15 m', '1.5 km'."""
    return f"{metres / 1000:.1f} km" if metres >= 999.5 else f"{metres:.0f} m"


def error_by_horizon(results: dict[str, dict], words: Callable[[str], str] = str) -> Figure:
    """Mean error by horizon, a panel a family: the model and the best simple method with their 95 % bands, and other
    methods that fit the scale. words: function of the name of a method that returns its label.
    """
    figure, panels = _panels(results, 3.5)
    for axis, (family, r) in zip(panels, results.items(), strict=True):
        best = r["best_simple"]
        bands = (_band(r, name)[1].max() for name in (MODEL, best))
        top = 1.05 * max(1.0, *bands, _means(r, "persistence").max())
        names = ("persistence", "constant velocity, last step", "toward the median place")
        others = [n for n in names if n in r["methods"] and n != best and _means(r, n).min() < top]
        for name, colour in zip(others, GREYS, strict=False):
            _line(axis, r, name, words(name), colour, band=False)
        _line(axis, r, best, f"best simple: {words(best)}", BEST)
        _line(axis, r, MODEL, "the model", OURS)
        _finish(axis, r, family, "mean error (m)", top, 1 if len(results) > 1 else 2)
    return figure


def coverage_by_horizon(results: dict[str, dict]) -> Figure:
    """Share of truths inside the stated 50 and 80 % areas by horizon, a panel a family."""
    figure, panels = _panels(results, 2.8)
    for axis, (family, r) in zip(panels, results.items(), strict=True):
        at = np.arange(len(r["horizons"]))
        for level, colour in zip(LEVELS, (OURS, TRUTH), strict=True):
            shares = [h[f"inside{level}"] for h in r["horizons"]]
            axis.axhline(level, color=colour, linestyle=(0, (4, 3)), linewidth=1)
            held = [np.nan if share is None else 100 * share for share in shares]
            axis.plot(at, held, color=colour, marker="o", markersize=3.5, label=f"{level} % area")
        _finish(axis, r, family, "truth inside (%)", 100, 2)
    return figure


def _grid(count: int, most_columns: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """Axes of so many panels of a size (inches)."""
    columns = min(most_columns, count)
    rows = -(-count // columns)
    figure, axes = new_figure(width * columns, height * rows, columns, rows)
    for axis in axes.flat[count:]:
        axis.set_visible(False)
    return figure, list(axes.flat[:count])


def _panels(results: dict[str, dict], height: float) -> tuple[Figure, list[Axes]]:
    """A panel a family, two in a row."""
    return _grid(len(results), 2, 4.4 if len(results) > 1 else 8.8, height)


def _finish(axis: Axes, r: dict, title: str, unit: str, top: float, legend_columns: int) -> None:
    """Scale, ticks, title and labels of a panel, and a legend under it, where it hides no line."""
    horizons = r["horizons"]
    at = np.arange(0, len(horizons), -(-len(horizons) // 6))
    axis.set_xticks(at, [horizon_words(horizons[k]["horizon_s"]) for k in at])
    axis.set_ylim(0, top)
    axis.set_title(title, fontsize=10)
    axis.set_xlabel("horizon", fontsize=9)
    axis.set_ylabel(unit, fontsize=9)
    axis.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(-0.02, -0.2), ncols=legend_columns)


def _means(r: dict, name: str) -> np.ndarray:
    return np.array([h["methods"][name]["mean_m"] for h in r["horizons"]])


def _band(r: dict, name: str) -> np.ndarray:
    return np.array([h["methods"][name]["mean_interval_m"] for h in r["horizons"]]).T


def _line(axis: Axes, r: dict, name: str, label: str, colour: str, band: bool = True) -> None:
    at = np.arange(len(r["horizons"]))
    axis.plot(
        at, _means(r, name), color=colour, marker="o", markersize=3.5, linewidth=1.8 if band else 1.2, label=label
    )
    if band:
        axis.fill_between(at, *_band(r, name), color=colour, alpha=0.18, linewidth=0)


def case_maps(w: Windows, answer: Prediction, cases: np.ndarray) -> Figure:
    """The track, the truth, the forecast and its 80 % area of some (window, horizon) cases (n, 2), in kilometres."""
    figure, axes = _grid(len(cases), 3, 3.1, 3.1)
    number = np.full(w.known.shape, -1)
    number[w.known] = np.arange(w.known.sum())
    for axis, (row, h) in zip(axes, cases, strict=True):
        _case(axis, w, answer, row, h, number[row, h])
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=8, frameon=False)
    return figure


def _case(axis: Axes, w: Windows, answer: Prediction, row: int, h: int, number: int) -> None:
    last = w.lon[row, -1], w.lat[row, -1]
    east, north = offset_m(w.lon[row], w.lat[row], *last).T / 1000
    true, guess = (
        offset_m(*place, *last) / 1000
        for place in ((w.true_lon[row, h], w.true_lat[row, h]), (answer.lon[number], answer.lat[number]))
    )
    radius = answer.radius80_m[number] / 1000
    for ring in _area(answer, number, last, guess, radius):
        axis.fill(*ring, color=OURS, alpha=0.14, linewidth=0)
    trail = slice(-20, None)  # fixes joined by a line; older ones are dots
    axis.plot(east[: trail.start], north[: trail.start], ".", color=GREYS[1], markersize=2, alpha=0.6, zorder=1)
    axis.plot(east[trail], north[trail], color=GREYS[0], linewidth=1, marker=".", markersize=3, label="track so far")
    axis.plot(0, 0, "o", color="black", markersize=5, label="last fix")
    axis.plot(*guess, "o", color=OURS, markersize=6, label="forecast, 80 % area")
    axis.plot(*true, "X", color=TRUTH, markersize=7, label="truth")
    error = np.hypot(*(true - guess))
    axis.set_title(f"{horizon_words(w.horizon_s[h])} ahead: {metres_words(1000 * error)} off", fontsize=9)
    far = max(np.abs([true, guess]).max(), 0.05)
    reach = 1.1 * max(far, min(np.abs(guess).max() + radius, 4.0 * far))
    axis.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axis.set_xlabel("km east", fontsize=8)
    axis.set_ylabel("km north", fontsize=8)
    axis.tick_params(labelsize=7.5)


def _area(answer: Prediction, number: int, last: tuple, guess: np.ndarray, radius: float) -> list[np.ndarray]:
    """The outer rings (2, n) of a forecast's 80 % area, in kilometres from the last fix."""
    if answer.areas is None or answer.areas[number, 1] is None:
        turn = np.linspace(0, 2 * np.pi, 73)
        return [guess[:, None] + radius * np.stack([np.cos(turn), np.sin(turn)])]
    import shapely

    rings = shapely.get_exterior_ring(shapely.get_parts(answer.areas[number, 1]))
    return [offset_m(*shapely.get_coordinates(ring).T, *last).T / 1000 for ring in rings]


def worst_cases(w: Windows, errors: np.ndarray, count: int = 6) -> np.ndarray:
    """The (window, horizon) cases (n, 2) of the largest errors, one a user, since more of the same user add little."""
    worst = np.argsort(np.where(np.isnan(errors), -1.0, errors), axis=None)[::-1]
    row, h = np.unravel_index(worst[: w.known.sum()], errors.shape)
    _, first = np.unique(w.user[row], return_index=True)
    first = np.sort(first)[:count]
    return np.stack([row[first], h[first]], axis=1)
