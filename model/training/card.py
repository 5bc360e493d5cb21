# SPDX-License-Identifier: GPL-2.0-or-later
"""A bundle's card: card.json for programs, and README.md with the same for people."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from raw_qgis_plugin.core.applicability import UNLIMITED
from raw_qgis_plugin.core.bundle.bundle import write_sums
from raw_qgis_plugin.core.errors import BundleError
from raw_qgis_plugin.core.evaluation.metrics import PAST, ZEROED
from raw_qgis_plugin.core.evaluation.plots import MODEL

WORDS = {"accuracy": "accuracy", "macro_f1": "macro-F1", "mae": "mean absolute error", "r2": "R²"}


def write_card(bundle: Path, card: dict) -> None:
    """Write card.json, README.md and their checksums into a bundle's folder."""
    try:
        text = describe(card)
    except (LookupError, TypeError, ValueError) as error:  # of a model from elsewhere
        raise BundleError(f"The card of the model {card['name']} lacks what its README names: {error}.") from error
    entries = json.dumps(card, indent=1, ensure_ascii=False)
    entries = re.sub(r"\[\s+([-+.,\deE\s]+)\s+\]", lambda row: f"[{' '.join(row[1].split())}]", entries)  # one line
    (bundle / "card.json").write_text(entries + "\n", "utf-8")
    (bundle / "README.md").write_text(text, "utf-8")
    write_sums(bundle)


def describe(card: dict) -> str:
    """The card in Markdown."""
    widened = card.get("widened_on", ())
    parts = [
        f"# {card['name']}",
        f"A RAW model bundle: a causal transformer of {card['parameters'] / 1e6:.2f} million parameters that predicts "
        "where tracks go, with small heads on its embeddings. It sees displacements and times, never a place.",
        "## Training",
        _training(card["training"]),
        *([f"Command: `{card['command']}`"] if card.get("command") else []),
        *([card["data"]] if card.get("data") else []),
        "## Forecasts",
        "Mean error over the best simple method's on the same windows, units outside the training set, 95 % bootstrap "
        "interval by person or vehicle. 5s to 60s: the interval between fixes, 40 of context, the next five predicted; "
        "long: quarter hours, 15 to 150 min ahead; filled: the same with the last fix held round the clock, areas for "
        "tracks that moved.",
        _forecast_table(card.get("forecast_figures", {})) if card.get("forecast_figures") else "Not measured yet.",
        "Zeroed: with its output at zero the network is the baseline that it corrects, damped constant velocity, for "
        "days staying. Past alone: the same with the layer's earlier continuations and adaptation.",
        *(
            [f"Areas were widened until they covered people outside the training set: {', '.join(widened)}."]
            if widened
            else []
        ),
        "## Heads",
        _head_table(card["heads"]) if card["heads"] else "None.",
        "Figures of heads and of their baselines come from cross-validation over people (regions: over blocks).",
        "## Where it holds",
        "\n".join(f"- {k}: {_range(low, high)}" for k, (low, high) in card["domain"].items()),
        f"Largest difference between ONNX Runtime and PyTorch: {card['onnx_difference']:.1e}.",
    ]
    return "\n\n".join(parts) + "\n"


def _range(low: float, high: float) -> str:
    return f"{low:g} to {high:g}" if high < UNLIMITED else f"{low:g} or more"


def _training(t: dict) -> str:
    text = (
        f"{t['points'] / 1e6:.1f} million fixes in {t['step']:,} steps and {t['seconds'] / 60:.0f} minutes on "
        f"{t['device']}; seed {t['seed']}; corpus (weight*kind:source): {', '.join(f'`{c}`' for c in t['corpus'])}."
        + (f" Command: `{t['command']}`." if t.get("command") else "")
    )
    return f"{_training(t['before'])}\n\nThen {text}" if t.get("before") else text


def _forecast_table(figures: dict[str, dict]) -> str:
    lines = [
        "| data | family | model (median) m | zeroed | past alone | best simple method | ratio | in 50 % | in 80 % |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, families in figures.items():
        for family, r in families.items():
            m, (low, high) = r["methods"], r["interval"]
            best = f"{m[r['best_simple']]['mean_m']:.1f} ({r['best_simple']})"
            model, past = m[MODEL], f"{m[PAST]['mean_m']:.1f}" if PAST in m else "–"
            lines.append(
                f"| {name} | {family} | {model['mean_m']:.1f} ({model['median_m']:.1f}) | {m[ZEROED]['mean_m']:.1f} | "
                f"{past} | {best} | **{r['ratio']:.3f}** [{low:.3f}, {high:.3f}] | "
                f"{_share(r['inside50'])} | {_share(r['inside80'])} |"
            )
    return "\n".join(lines)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def without_heads(folder: Path, card: dict, names: Sequence[str]) -> dict:
    """A bundle's card without the named heads, whose files are removed from its folder."""
    for name in names:
        (folder / "heads" / f"{name}.safetensors").unlink(missing_ok=True)
    return card | {"heads": [h for h in card["heads"] if h["name"] not in names]}


def _head_table(heads: list[dict]) -> str:
    lines = ["| head | of a | answers | head | baseline | units | trained on |", "|---|---|---|---|---|---|---|"]
    for h in heads:
        answer = ", ".join(h["classes"]) if h.get("classes") else h.get("unit_of_measure") or "a number"
        ours, simple = (_scores(h["metrics"][which]) for which in ("head", "baseline"))
        cells = h["name"], h["unit"], answer, ours, simple, h["metrics"]["units"], h["trained_on"]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += [
        "",
        *(f"{h['name']}, {name}: {_of_source(r)}" for h in heads for name, r in h.get("sources", {}).items()),
        *(f"{h['name']} on {name}: {_elsewhere(r)}" for h in heads for name, r in h.get("elsewhere", {}).items()),
    ]
    return "\n".join(lines)


def _elsewhere(r: dict) -> str:
    where = f"on {r['units']} units of {r['people']} people"
    text = f"{_scores(r['head'])} {where}" if "head" in r else f"accuracy {r['accuracy']:.3f} {where}"
    if "ratio" in r:
        ratio, low, high = r["ratio"]
        text += f"; error over the baseline's {ratio:.2f} [{low:.2f}, {high:.2f}]"
    if "inside" in r:
        return f"{text}; the 80 % interval holds {r['inside']:.0%}."
    return (
        f"{text} (always the most frequent class: {r['most_frequent']:.3f}); sure of {r['sure']:.0%}, then right in "
        f"{r['accuracy_where_sure'] or 0:.1%}."
    )


def _of_source(r: dict) -> str:
    return (
        f"{_scores(r['head'])}; the baseline's {_scores(r['baseline'])}; {r['units']} units in {r['groups']} groups "
        f"outside the training set; sure of {r['sure']:.0%}, then right in {r['accuracy_where_sure'] or 0:.1%}."
    )


def _scores(metrics: dict[str, float]) -> str:
    return ", ".join(f"{WORDS[k]} {v:.3f}" for k, v in metrics.items())
