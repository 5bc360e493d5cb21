# SPDX-License-Identifier: GPL-2.0-or-later
"""A backtest as a table of columns and as a page for others."""

from __future__ import annotations

import re

import numpy as np

from ..bundle.bundle import Bundle
from .backtest import SETTINGS, Backtest, in_words, same
from .metrics import MODEL
from .plots import case_maps, coverage_by_horizon, error_by_horizon, horizon_words
from .report import Page
from .windows import errors_m, spread

APART = "No field says who moved, so each track counts as a user of its own."


def columns_of(b: Backtest) -> dict[str, np.ndarray]:
    """One row a horizon and method, the smallest error first; ratio, interval and coverage in the rows of the model."""
    rows: list[tuple] = []
    nothing = (np.nan,) * 6
    for h, verdict in zip(b.figures["horizons"], b.verdicts, strict=True):
        for name, e in sorted(h["methods"].items(), key=lambda item: item[1]["mean_m"]):
            shares = (np.nan if h[k] is None else h[k] for k in ("inside50", "inside80", "in_domain"))
            own = (h["ratio"], *h["interval"], *shares) if name == MODEL else nothing
            rows.append(
                (h["horizon_s"] / 60, "model" if name == MODEL else name, h["cases"], h["people"], e["mean_m"],
                 e["median_m"], e["p90_m"], *own, str(verdict) if name == MODEL else None)
            )  # fmt: skip
    names = ("horizon_min", "method", "n_cases", "n_users", "mean_m", "median_m", "p90_m", "ratio", "ratio_low",
             "ratio_high", "inside50", "inside80", "in_domain_share", "verdict")  # fmt: skip
    return {
        name: np.array(values, object if name in ("method", "verdict") else None)
        for name, values in zip(names, zip(*rows, strict=True), strict=True)
    }


def warning(model: Bundle) -> str:
    """A warning about a model whose network is not the one that comes with the plugin; else ''."""
    if model.has_shipped_network:
        return ""
    return (
        f"The model {model.card['name']} is not the one that comes with RAW: where it was trained on these tracks or "
        "people, they make it look better than it is. Test it on tracks that it has never seen."
    )


def trained_on(card: dict) -> list[str]:
    """The training data that a card names, those of the last training first; there may be none.

    A card may hold anything, so nothing about its contents is assumed.
    """
    sources: list[str] = []
    training = card.get("training")
    while isinstance(training, dict):
        corpus = training.get("corpus")
        sources += map(str, corpus if isinstance(corpus, list) else [])
        training = training.get("before")
    weight_and_kind = re.compile(r"([\d.]+\*)?([a-z]+:)?")  # as in 2*exact:folder/file
    return list(dict.fromkeys(weight_and_kind.sub("", source, count=1) for source in sources))


def _training(card: dict, most: int = 8) -> str:
    sources = trained_on(card)
    if not sources:
        return f"The card of {card['name']} does not say what it was trained on."
    more = f" and {len(sources) - most} more" if len(sources) > most else ""
    return f"By its card {card['name']} was trained on {', '.join(sources[:most])}{more}."


def make_page(b: Backtest, name: str, model: Bundle) -> Page:
    """The page. name: of the tracks."""
    w, r = b.w, b.figures
    first, last = np.datetime_as_string(np.array([w.t[:, -1].min(), w.t[:, -1].max()], "datetime64[ms]"), unit="D")
    page = Page(
        f"Forecasts of {name}: what to use, and how far off",
        f"{w.known.sum():,} queries with a known truth, of {_users(r['people'])} between {first} and {last}: "
        f"the model {model.card['name']} against {len(r['methods']) - 1} simple methods.",
    )
    page.heading("What to use")
    for verdict in b.verdicts:
        page.sentence(str(verdict), "key")
    if warning(model):
        page.sentence(warning(model), "key")
    page.sentence("The mean error is judged.")
    page.sentence(_domain(r["in_domain"]))
    page.heading("How far off")
    page.figure(
        error_by_horizon({"": r}, in_words),
        "Mean distance between forecast and truth. The bands hold the mean in 95 % of draws of users.",
    )
    page.table(
        ["horizon", "answers", "users", "model, mean (m)", "median (m)", "best simple method", "mean (m)",
         "staying (m)", "ratio [95 %]"],
        [_row(h) for h in r["horizons"]],
    )  # fmt: skip
    page.sentence("Ratio: the model's mean over the best simple method's. Below 1 the model comes nearer.")
    page.heading("How sure")
    page.figure(
        coverage_by_horizon({"": r}),
        "Share of truths inside the areas of the model. The dashed lines are the shares that the areas should hold.",
    )
    page.heading("What it looks like")
    page.figure(
        case_maps(w, b.answer, typical(b)), "Above, three queries of median error; below, three of the worst tenth."
    )
    page.heading("How this was measured")
    page.sentence(
        "Queries start at random fixes of every user, in equal parts of the time. The model and the simple methods use "
        "the fixes up to there. The truth is the user's fix nearest to the horizon, at most half a step from it. "
        f"{f'{APART} ' * b.apart}{_drawn(r['people'])}"
    )
    page.sentence(f"The backtest itself trains nothing. {_training(model.card)}")
    order = sorted(r["methods"], key=lambda m: r["methods"][m]["mean_m"])
    rows = [
        [
            "the model" if m == MODEL else in_words(m),
            *(f"{r['methods'][m][k]:,.0f}" for k in ("mean_m", "median_m", "p90_m")),
        ]
        for m in order
    ]
    page.table(["all horizons together", "mean (m)", "median (m)", "90 % below (m)"], rows, [order.index(MODEL)])
    return page


def _domain(share: float) -> str:
    if share > 0.995:
        return "All queries are like those that the model was trained for."
    return (
        f"{100 * share:.0f} % of the queries are like those that the model was trained for (time between fixes, "
        "speed, length of the record, horizon); do not rely on its forecasts for the others."
    )


def _drawn(people: int) -> str:
    if people >= SETTINGS.min_groups:
        return "Intervals: users drawn with replacement, 2,000 times."
    return f"With {_users(people)} the intervals draw parts of the time, so they do not hold for other users."


def _users(count: int) -> str:
    return f"{count:,} user{'s' * (count != 1)}"


def _row(h: dict) -> list:
    low, high = h["interval"]
    interval = f" [{low:.2f}, {high:.2f}]" if h["groups"] >= SETTINGS.min_groups else ""  # else none
    means = (h["methods"][m] for m in (MODEL, h["best_simple"], "persistence"))
    ours, best, staying = means
    return [
        horizon_words(h["horizon_s"]), h["cases"], h["people"], f"{ours['mean_m']:,.0f}", f"{ours['median_m']:,.0f}",
        in_words(h["best_simple"]), f"{best['mean_m']:,.0f}",
        f"{staying['mean_m']:,.0f}", "both under 1 m" if same(h) else f"{h['ratio']:.2f}{interval}",
    ]  # fmt: skip


def typical(b: Backtest) -> np.ndarray:
    """Six (window, horizon) cases (n, 2) of the middle horizon: three of median error, three of the worst tenth."""
    w = b.w
    errors = errors_m(w, (spread(w, b.answer.lon), spread(w, b.answer.lat)))
    count, middle = w.known.sum(axis=0), errors.shape[1] // 2
    h = min(np.flatnonzero(2 * count >= count.max()), key=lambda k: abs(k - middle))
    order = np.argsort(errors[:, h])[: w.known[:, h].sum()]  # nan comes last
    at = np.unique([int(q * (len(order) - 1)) for q in (0.49, 0.5, 0.51, 0.9, 0.92, 0.95)])
    return np.stack([order[at], np.full(len(at), h)], axis=1)
