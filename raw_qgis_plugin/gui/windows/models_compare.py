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
    rows = [_row(tr(words), [str(read(card)) for card in cards]) for words, read in ABOUT]
    rows += _forecasts(cards) + _heads(cards)
    head = _row("", [one.name, other.name], "th")
    return (
        f"<h3>{escape(one.name)} | {escape(other.name)}</h3><table cellspacing='0' cellpadding='5' border='1' "
        f"style='border-collapse: collapse'>{head}{''.join(rows)}</table>"
        f"<p>{escape(tr('Figures are comparable only where both were measured on the same data: see the cards.'))}</p>"
    )


def _size(card: dict[str, Any]) -> str:
    return f"{card.get('config', {}).get('preset', '?')}, {(card.get('parameters') or 0) / 1e6:.2f} M"


def _training(card: dict[str, Any]) -> str:
    t = card.get("training", {})
    return f"{(t.get('points') or 0) / 1e6:.1f} M, {(t.get('seconds') or 0) / 60:.0f} min, {t.get('device', '?')}"


ABOUT = (
    ("Size, parameters", _size),
    ("Last training: fixes, time, device", _training),
    ("Heads", lambda card: ", ".join(h["name"] for h in card["heads"]) or tr("none")),
)


def _forecasts(cards: list[dict[str, Any]]) -> list[str]:
    """Rows of forecast errors relative to the best simple method, by data and cadence; smaller is better."""
    figures = [
        {
            (data, family): r
            for data, families in card.get("forecast_figures", {}).items()
            for family, r in families.items()
        }
        for card in cards
    ]
    rows = []
    for key in dict.fromkeys([*figures[0], *figures[1]]):
        values = [f.get(key, {}).get("ratio") for f in figures]
        rows.append(_figures(tr("Forecast error / simple method's: {0}, {1}").format(*key), values, least=True))
    return rows


def _heads(cards: list[dict[str, Any]]) -> list[str]:
    """Rows of each head's figures, with the simple method's in brackets."""
    rows = []
    called = {"accuracy": tr("accuracy"), "macro_f1": "macro-F1", "r2": "R²", "mae": tr("mean absolute error")}
    heads = [{h["name"]: h for h in card["heads"]} for card in cards]
    for name in dict.fromkeys([*heads[0], *heads[1]]):
        own = [h.get(name, {}).get("metrics", {}) for h in heads]
        for measure in dict.fromkeys(key for m in own for key in m.get("head", {})):
            values = [m.get("head", {}).get(measure) for m in own]
            simple = [m.get("baseline", {}).get(measure) for m in own]
            words = f"{name}: {called.get(measure, measure)} ({tr('simple method')})"
            rows.append(_figures(words, values, least=measure == "mae", beside=simple))
    return rows


def _figures(words: str, values: list[Any], least: bool, beside: list[Any] | None = None) -> str:
    known = [v for v in values if isinstance(v, (int, float))]
    best = (min if least else max)(known) if len(set(known)) == 2 else None
    cells = []
    for n, value in enumerate(values):
        text = "–" if value is None else f"{value:.3f}"
        if value is not None and value == best:
            text = f"<b>{text}</b>"
        if beside is not None and isinstance(beside[n], (int, float)):
            text += f" ({beside[n]:.3f})"
        cells.append(text)
    return f"<tr><td>{escape(words)}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _row(words: str, cells: list[str], tag: str = "td") -> str:
    return f"<tr><{tag}>{escape(words)}</{tag}>{''.join(f'<{tag}>{escape(c)}</{tag}>' for c in cells)}</tr>"
