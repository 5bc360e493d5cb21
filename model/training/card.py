# SPDX-License-Identifier: GPL-2.0-or-later
"""A bundle's card: card.json for programs, and README.md with the same for people."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from raw_qgis_plugin.core.bundle.bundle import write_sums
from raw_qgis_plugin.core.embedding.applicability import UNLIMITED
from raw_qgis_plugin.core.errors import BundleError
from raw_qgis_plugin.core.evaluation.verdicts import MODEL

WORDS = {"accuracy": "accuracy", "macro_f1": "macro-F1", "mae": "mean absolute error", "r2": "R²"}


def write_card(bundle: Path, card: dict) -> None:
    """Write card.json, README.md and their checksums into a bundle's folder."""
    try:
        text = describe(card)
    except (
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
    ) as error:  # of a model from elsewhere
        raise BundleError(
            f"The card of the model {card['name']} lacks what its README names: {error}."
        ) from error
    entries = json.dumps(card, indent=1, ensure_ascii=False)
    # one line
    entries = re.sub(
        r"\[\s+([-+.,\deE\s]+)\s+\]", lambda row: f"[{' '.join(row[1].split())}]", entries
    )
    (bundle / "card.json").write_text(entries + "\n", "utf-8")
    (bundle / "README.md").write_text(text, "utf-8")
    write_sums(bundle)


def describe(card: dict) -> str:
    """The card in Markdown: what the model does and how well, then where it holds and how it was
    trained.
    """
    heads, figures = card["heads"], card.get("forecast_figures", {})
    names = ", ".join(str(head.get("title") or head["name"]).lower() for head in heads)
    parts = [
        f"# {card['name']}",
        f"This model forecasts where people and vehicles go{f', and has heads for {names}' if names else ''}. It sees "
        "the distances and times between fixes, never a place.",
        "## Forecasts",
        "Mean error of the model and of the best simple method on the same windows of people and vehicles outside the "
        "training set, and their ratio with its 95 % interval. 5s to 60s: the interval between fixes, the next five "
        "predicted; long: 15 to 150 minutes ahead; filled: the same round the clock.",
        _forecast_table(figures) if figures else "Not measured yet.",
        "## Heads",
        _head_table(heads) if heads else "None.",
        "Figures come from cross-validation over people (regions: over blocks), unless another source is named.",
        "## Where it holds",
        "\n".join(
            f"- {k}: {low:g} {f'to {high:g}' if high < UNLIMITED else 'or more'}"
            for k, (low, high) in card["domain"].items()
        ),
        "## Training",
        f"A causal transformer with {card['parameters'] / 1e6:.2f} million parameters. Corpora are weight*kind:source.",
        _training(card["training"]),
        *([card["data"]] if card.get("data") else []),
    ]
    if widened := card.get("widened_on"):
        parts.append(
            f"Areas were widened until they covered people of {', '.join(widened)}, who trained nothing."
        )
    return "\n\n".join(parts) + "\n"


def _training(t: dict) -> str:
    """One line a run, the first one first."""
    text = (
        f"- {t['points'] / 1e6:.1f} million fixes, {t['step']:,} steps, {t['seconds'] / 60:.0f} minutes on "
        f"{t['device']}, seed {t['seed']}: {', '.join(f'`{c}`' for c in t['corpus'])}."
        + (f" Command: `{t['command']}`" if t.get("command") else "")
    )
    return f"{_training(t['before'])}\n{text}" if t.get("before") else text


def _forecast_table(figures: dict[str, dict]) -> str:
    lines = [
        "| data | family | model, m | best simple method, m | ratio | in 50 % | in 80 % |",
        "|---" * 7 + "|",
    ]
    for name, families in figures.items():
        for family, r in families.items():
            m, (low, high) = r["methods"], r["interval"]
            best = f"{m[r['best_simple']]['mean_m']:.1f} ({r['best_simple']})"
            inside = ("–" if r[k] is None else f"{r[k]:.0%}" for k in ("inside50", "inside80"))
            ratio = f"**{r['ratio']:.3f}** [{low:.3f}, {high:.3f}]"
            model = f"{m[MODEL]['mean_m']:.1f}"
            lines.append(f"| {' | '.join([name, family, model, best, ratio, *inside])} |")
    return "\n".join(lines)


def without_heads(folder: Path, card: dict, names: Sequence[str]) -> dict:
    """A bundle's card without the named heads, whose files are removed from its folder."""
    for name in names:
        (folder / "heads" / f"{name}.safetensors").unlink(missing_ok=True)
    return card | {"heads": [h for h in card["heads"] if h["name"] not in names]}


def _head_table(heads: list[dict]) -> str:
    lines = [
        "| head | of a | answers | head | baseline | units | trained on |",
        "|---|---|---|---|---|---|---|",
    ]
    for h in heads:
        answer = (
            ", ".join(h["classes"]) if h.get("classes") else h.get("unit_of_measure") or "a number"
        )
        ours, simple = (_scores(h["metrics"][which]) for which in ("head", "baseline"))
        cells = h["name"], h["unit"], answer, ours, simple, h["metrics"]["units"], h["trained_on"]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    for h in heads:
        for source, r in (h.get("sources", {}) | h.get("elsewhere", {})).items():
            own = _scores(r.get("head") or {"accuracy": r["accuracy"]})
            simple = f", the baseline {_scores(r['baseline'])}" if "baseline" in r else ""
            sure = (
                f"; sure of {r['sure']:.0%}, then right in {r['accuracy_where_sure'] or 0:.1%}"
                if "sure" in r
                else ""
            )
            lines.append(f"\n{h['name']} on {source}: {own} on {r['units']} units{simple}{sure}.")
    return "\n".join(lines)


def _scores(metrics: dict[str, float]) -> str:
    return ", ".join(f"{WORDS[k]} {v:.3f}" for k, v in metrics.items())
