# SPDX-License-Identifier: GPL-2.0-or-later
"""Charts of reports: errors and coverage of areas by horizon. Black and white follow the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

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


def by_horizon(r: dict, words: Callable[[str], str]) -> Figure:
    """Two panels of figures (metrics.measure). Left: the mean errors of the model, the best simple method and others
    that fit the scale. Right: the share of truths inside the areas. words: function of a method that returns its label.
    """
    figure, ((left, right),) = new_figure(8.8, 3.2, 2)
    horizons, best = r["horizons"], r["best_simple"]
    at = np.arange(len(horizons))
    means = {n: np.array([h["methods"][n]["mean_m"] for h in horizons]) for n in r["methods"]}
    top = 1.05 * max(1.0, *(means[n].max() for n in (best, MODEL, "persistence")))
    names = ("persistence", "constant velocity, last step", "toward the median place")
    others = [n for n in names if n != best and means[n].min() < top]
    lines = [(n, words(n), colour) for n, colour in zip(others, GREYS, strict=False)]
    lines += [(best, f"best simple: {words(best)}", BEST), (MODEL, "the model", OURS)]
    for name, label, colour in lines:
        left.plot(at, means[name], color=colour, marker="o", markersize=3.5, label=label)
    for level, colour in zip(LEVELS, (OURS, TRUTH), strict=True):
        held = [np.nan if h[f"inside{level}"] is None else 100 * h[f"inside{level}"] for h in horizons]
        right.axhline(level, color=colour, linestyle=(0, (4, 3)), linewidth=1)
        right.plot(at, held, color=colour, marker="o", markersize=3.5, label=f"{level} % area")
    ticks = at[:: -(-len(at) // 6)]
    for axis, unit, end in ((left, "mean error (m)", top), (right, "truth inside (%)", 100)):
        axis.set_xticks(ticks, [horizon_words(horizons[k]["horizon_s"]) for k in ticks])
        axis.set_ylim(0, end)
        axis.set_xlabel("horizon", fontsize=9)
        axis.set_ylabel(unit, fontsize=9)
        axis.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(-0.02, -0.2))  # hides no line
    return figure
