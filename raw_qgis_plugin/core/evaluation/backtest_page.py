# SPDX-License-Identifier: GPL-2.0-or-later
"""A backtest as a page for others."""

from __future__ import annotations

import numpy as np

from ..bundle.bundle import Bundle
from .backtest import Backtest
from .report import Page
from .verdicts import MODEL, SETTINGS, horizon_words, in_words

ANONYMOUS = "No field says who moved, so each track counts as a user of its own."


def warning(model: Bundle) -> str:
    """A warning about a model whose network is not the one that comes with the plugin; else ''."""
    if model.has_shipped_network:
        return ""
    return (
        f"The model {model.card['name']} is not the one that comes with RAW: where it was trained on these tracks or "
        "people, they make it look better than it is. Test it on tracks that it has never seen."
    )


def make_page(b: Backtest, name: str, model: Bundle) -> Page:
    """The page. name: of the tracks."""
    w, r = b.w, b.figures
    users = f"{r['people']:,} user{'s' * (r['people'] != 1)}"
    first, last = np.datetime_as_string(np.array([w.t[:, -1].min(), w.t[:, -1].max()], "datetime64[ms]"), unit="D")
    page = Page(
        f"Forecasts of {name}: what to use, and how far off",
        f"{w.known.sum():,} queries with a known truth, of {users} between {first} and {last}: "
        f"the model {model.card['name']} against {len(r['methods']) - 1} simple methods.",
    )
    page.heading("What to use")
    for sentence in [*map(str, b.verdicts), warning(model)]:
        if sentence:
            page.sentence(sentence, "key")
    page.sentence(
        f"The mean error is judged. {100 * r['in_domain']:.0f} % of the queries are like those that the model was "
        "trained for (time between fixes, speed, length of the record, horizon). Do not rely on the other forecasts."
    )
    page.heading("How far off, and how sure")
    page.table(
        ["horizon", "answers", "users", "model, mean (m)", "median (m)", "best simple method", "mean (m)",
         "staying (m)", "ratio [95 %]", "in 50, 80 % area"],
        [_row(h) for h in r["horizons"]],
    )  # fmt: skip
    page.sentence("Ratio: the model's mean over the best simple method's. Below 1 the model comes nearer.")
    page.heading("How this was measured")
    drawn = "users" if r["people"] >= SETTINGS.min_groups else "parts of the time (so they do not hold for other users)"
    page.sentence(
        "Queries start at random fixes of every user, in equal parts of the time. The model and the simple methods use "
        "the fixes up to there. The truth is the user's fix nearest to the horizon, at most half a step from it. "
        f"{f'{ANONYMOUS} ' * b.anonymous}Intervals: {drawn} drawn with replacement, 2,000 times. Nothing is trained."
    )
    return page


def _row(h: dict) -> list:
    low, high = h["interval"]
    interval = f" [{low:.2f}, {high:.2f}]" if h["groups"] >= SETTINGS.min_groups else ""  # else none
    ours, best, staying = (h["methods"][m] for m in (MODEL, h["best_simple"], "persistence"))
    return [
        horizon_words(h["horizon_s"]), h["cases"], h["people"], ours["mean_m"], ours["median_m"],
        in_words(h["best_simple"]), best["mean_m"], staying["mean_m"],
        f"{h['ratio']:.2f}{interval}",
        f"{100 * h['inside50']:.0f}, {100 * h['inside80']:.0f} %",
    ]  # fmt: skip
