# SPDX-License-Identifier: GPL-2.0-or-later
"""A bundle's card: card.json for programs, and README.md with the same for people."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from raw_qgis_plugin.core.bundle.checking import write_sums
from raw_qgis_plugin.core.embedding.applicability import UNLIMITED
from raw_qgis_plugin.core.errors import BundleError
from raw_qgis_plugin.core.evaluation.verdicts import MODEL

NUMBERS = re.compile(r"\[\s+([-+.,\deE\s]+)\s+\]")  # a list of them in JSON
FORECASTS = (
    "Mean error of the model and of the best simple method on the same windows of people and "
    "vehicles outside the training set, and their ratio with its 95 % interval. 5s to 60s: the "
    "interval between fixes, the next five predicted; long: 15 to 150 minutes ahead; filled: the "
    "same round the clock."
)
WORDS = {"accuracy": "accuracy", "macro_f1": "macro-F1", "mae": "mean absolute error", "r2": "R²"}


def write_card(bundle: Path, card: dict) -> None:
    """Write card.json, README.md and their checksums into a bundle's folder."""
    try:
        text = describe(card)
    except (LookupError, TypeError, ValueError, AttributeError) as error:  # of another's model
        raise BundleError(
            f"The card of the model {card['name']} lacks what its README names: {error}."
        ) from error

    entries = json.dumps(card, indent=1, ensure_ascii=False)
    # each list of numbers in one line
    entries = NUMBERS.sub(lambda row: f"[{' '.join(row[1].split())}]", entries)
    (bundle / "card.json").write_text(entries + "\n", "utf-8")
    (bundle / "README.md").write_text(text, "utf-8")
    write_sums(bundle)


def describe(card: dict) -> str:
    """The card in Markdown: what the model does and how well, where it holds, and its training."""
    heads = card["heads"]
    figures = card.get("forecast_figures", {})
    titles = [str(head.get("title") or head["name"]).lower() for head in heads]
    has_heads = f", and has heads for {', '.join(titles)}" if heads else ""
    parts = [
        f"# {card['name']}",
        f"This model forecasts where people and vehicles go{has_heads}. It sees the distances and "
        "times between fixes, never a place.",
        "## Forecasts",
        FORECASTS,
        _forecast_table(figures) if figures else "Not measured yet.",
        "## Heads",
        _head_table(heads) if heads else "None.",
        "Figures come from cross-validation over people (regions: over blocks), unless another "
        "source is named.",
        "## Where it holds",
        "\n".join(_range(name, *limits) for name, limits in card["domain"].items()),
        "## Training",
        f"A causal transformer with {card['parameters'] / 1e6:.2f} million parameters. Corpora are "
        "weight*kind:source.",
        _training(card["training"]),
    ]
    if data := card.get("data"):
        parts.append(data)
    if widened := card.get("widened_on"):
        people = ", ".join(widened)
        parts.append(
            f"Areas were widened until they covered people of {people}, who trained nothing."
        )

    return "\n\n".join(parts) + "\n"


def _range(name: str, low: float, high: float) -> str:
    """One line about what the model holds for."""
    end = f"to {high:g}" if high < UNLIMITED else "or more"
    return f"- {name}: {low:g} {end}"


def _training(t: dict) -> str:
    """One line a run, the first one first."""
    corpora = ", ".join(f"`{c}`" for c in t["corpus"])
    text = (
        f"- {t['points'] / 1e6:.1f} million fixes, {t['step']:,} steps, "
        f"{t['seconds'] / 60:.0f} minutes on {t['device']}, seed {t['seed']}: {corpora}."
    )
    if t.get("command"):
        text += f" Command: `{t['command']}`"
    if t.get("before"):
        text = f"{_training(t['before'])}\n{text}"

    return text


def _row(cells: list[Any]) -> str:
    """A row of a table in Markdown."""
    return f"| {' | '.join(map(str, cells))} |"


def _forecast_table(figures: dict[str, dict]) -> str:
    lines = [
        "| data | family | model, m | best simple method, m | ratio | in 50 % | in 80 % |",
        "|---" * 7 + "|",
    ]
    for name, families in figures.items():
        for family, r in families.items():
            mean_m = {method: m["mean_m"] for method, m in r["methods"].items()}
            low, high = r["interval"]
            cells = [
                name,
                family,
                f"{mean_m[MODEL]:.1f}",
                f"{mean_m[r['best_simple']]:.1f} ({r['best_simple']})",
                f"**{r['ratio']:.3f}** [{low:.3f}, {high:.3f}]",
                _share(r["inside50"]),
                _share(r["inside80"]),
            ]
            lines.append(_row(cells))

    return "\n".join(lines)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _head_table(heads: list[dict]) -> str:
    lines = [
        "| head | of a | answers | head | baseline | units | trained on |",
        "|---|---|---|---|---|---|---|",
    ]
    for h in heads:
        answer = h.get("unit_of_measure") or "a number"
        if h.get("classes"):
            answer = ", ".join(h["classes"])

        m = h["metrics"]
        simple = _scores(m["baseline"])
        cells = [h["name"], h["unit"], answer, _scores(m["head"]), simple]
        lines.append(_row([*cells, m["units"], h["trained_on"]]))

    for h in heads:
        sources = h.get("sources", {}) | h.get("elsewhere", {})
        lines += [_of_source(h["name"], source, r) for source, r in sources.items()]

    return "\n".join(lines)


def _of_source(head: str, source: str, r: dict) -> str:
    """A sentence about a head on one source."""
    own = _scores(r.get("head") or {"accuracy": r["accuracy"]})
    text = f"\n{head} on {source}: {own} on {r['units']} units"
    if "baseline" in r:
        text += f", the baseline {_scores(r['baseline'])}"
    if "sure" in r:
        right = r["accuracy_where_sure"] or 0
        text += f"; sure of {r['sure']:.0%}, then right in {right:.1%}"

    return f"{text}."


def _scores(metrics: dict[str, float]) -> str:
    return ", ".join(f"{WORDS[k]} {v:.3f}" for k, v in metrics.items())
