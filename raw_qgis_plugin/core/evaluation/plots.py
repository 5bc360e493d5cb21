# SPDX-License-Identifier: GPL-2.0-or-later
"""Charts of reports: errors and coverage of areas by horizon. Black and white follow the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MODEL = "RAW"
LEVELS = (50, 80)
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


def by_horizon(results: dict[str, dict], words: Callable[[str], str] = str) -> Figure:
    """A row of two panels for each family of results. Left: the mean error of the model and the best simple method with
    95 % bands, and of other methods that fit the scale. Right: the share of truths inside the 50 and 80 % areas.

    words: function of the name of a method that returns its label.
    """
    figure, rows = new_figure(8.8, 3.2 * len(results), 2, len(results))
    for (left, right), (family, r) in zip(rows, results.items(), strict=True):
        at, horizons, best = np.arange(len(r["horizons"])), r["horizons"], r["best_simple"]
        means = {n: np.array([h["methods"][n]["mean_m"] for h in horizons]) for n in horizons[0]["methods"]}
        bands = {
            n: np.array([h["methods"][n]["mean_interval_m"] for h in horizons]).T for n in (best, MODEL)
        }  # fmt: skip
        top = 1.05 * max(1.0, *(band[1].max() for band in bands.values()), means["persistence"].max())
        names = ("persistence", "constant velocity, last step", "toward the median place")
        others = [n for n in names if n in means and n != best and means[n].min() < top]
        for name, colour in zip(others, GREYS, strict=False):
            left.plot(at, means[name], color=colour, marker="o", markersize=3.5, linewidth=1.2, label=words(name))
        for name, label, colour in ((best, f"best simple: {words(best)}", BEST), (MODEL, "the model", OURS)):
            left.plot(at, means[name], color=colour, marker="o", markersize=3.5, linewidth=1.8, label=label)
            left.fill_between(at, *bands[name], color=colour, alpha=0.18, linewidth=0)
        for level, colour in zip(LEVELS, (OURS, TRUTH), strict=True):
            held = [np.nan if h[f"inside{level}"] is None else 100 * h[f"inside{level}"] for h in horizons]
            right.axhline(level, color=colour, linestyle=(0, (4, 3)), linewidth=1)
            right.plot(at, held, color=colour, marker="o", markersize=3.5, label=f"{level} % area")
        for axis, unit, end in ((left, "mean error (m)", top), (right, "truth inside (%)", 100)):
            _finish(axis, [horizon_words(h["horizon_s"]) for h in horizons], family, unit, end)
    return figure


def _finish(axis: Axes, horizons: list[str], title: str, unit: str, top: float) -> None:
    """Scale, ticks, title and labels of a panel, and a legend under it, where it hides no line."""
    at = np.arange(0, len(horizons), -(-len(horizons) // 6))
    axis.set_xticks(at, [horizons[k] for k in at])
    axis.set_ylim(0, top)
    axis.set_title(title, fontsize=10)
    axis.set_xlabel("horizon", fontsize=9)
    axis.set_ylabel(unit, fontsize=9)
    axis.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(-0.02, -0.2))
