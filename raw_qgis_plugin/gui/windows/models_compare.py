# SPDX-License-Identifier: GPL-2.0-or-later
"""Two models' cards side by side, as HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from ...processing.words import tr

if TYPE_CHECKING:
    from ...core.bundle.library import Entry


def comparison(one: Entry, other: Entry) -> str:
    """A table of what is known of both models. The better figure of a row is bold."""
    cards = [entry.card or {} for entry in (one, other)]
    rows = [_row(words, [escape(read(card)) for card in cards]) for words, read in (
        (tr("Size, parameters"), _size), (tr("Last training: fixes, time, device"), _training),
        (tr("Heads"), lambda card: ", ".join(h["name"] for h in card["heads"]) or tr("none")),
    )]  # fmt: skip
    figures = [_forecasts(card) | _heads(card) for card in cards]
    for words, smaller in dict.fromkeys([*figures[0], *figures[1]]):
        values = [each.get((words, smaller)) for each in figures]
        known = [v for v in values if v is not None]
        best = (min if smaller else max)(known) if len(set(known)) == 2 else None
        cells = ["–" if v is None else f"<b>{v:.3f}</b>" if v == best else f"{v:.3f}" for v in values]
        rows.append(_row(words, cells))
    names = [escape(entry.name) for entry in (one, other)]
    return (
        f"<h3>{' | '.join(names)}</h3><table cellspacing='0' cellpadding='5' border='1' "
        f"style='border-collapse: collapse'>{_row('', names)}{''.join(rows)}</table>"
        f"<p>{escape(tr('Figures are comparable only where both were measured on the same data: see the cards.'))}</p>"
    )


def _size(card: dict[str, Any]) -> str:
    return f"{card['config'].get('preset', '?')}, {(card.get('parameters') or 0) / 1e6:.2f} M"


def _training(card: dict[str, Any]) -> str:
    t = card.get("training") or {}
    return f"{(t.get('points') or 0) / 1e6:.1f} M, {(t.get('seconds') or 0) / 60:.0f} min, {t.get('device', '?')}"


def _forecasts(card: dict[str, Any]) -> dict[tuple[str, bool], float]:
    """Forecast errors relative to the best simple method by what they are of, and that smaller is better."""
    words = tr("Forecast error / simple method's: {0}, {1}")
    return {
        (words.format(data, family), True): r["ratio"]
        for data, families in card.get("forecast_figures", {}).items()
        for family, r in families.items()
        if r.get("ratio") is not None
    }


def _heads(card: dict[str, Any]) -> dict[tuple[str, bool], float]:
    """The figures of each head and of its simple method."""
    called = {"accuracy": tr("accuracy"), "macro_f1": "macro-F1", "r2": "R²", "mae": tr("mean absolute error")}
    who = {"head": "{name}: {measure}", "baseline": tr("{name}: {measure} of a simple method")}
    return {
        (words.format(name=h["name"], measure=called.get(measure, measure)), measure == "mae"): value
        for h in card["heads"]
        for which, words in who.items()
        for measure, value in h.get("metrics", {}).get(which, {}).items()
        if value is not None
    }


def _row(words: str, cells: list[str]) -> str:
    return f"<tr><td>{escape(words)}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
