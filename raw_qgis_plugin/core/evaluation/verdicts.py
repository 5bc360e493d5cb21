# SPDX-License-Identifier: GPL-2.0-or-later
"""What a backtest advises at each horizon, in one sentence: the model, a simple method, nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from ..errors import translated

MIN_CASES = 30  # for a verdict
MIN_GROUPS = 6  # users, or parts of their time; five agree by chance once in sixteen
MODEL = "RAW"  # among the names of methods
WORDS = {
    "persistence": "staying",
    "same time before": "where it was at that time of an earlier day",
    "toward the median place": "on the way back to the middle of its places",
    "constant velocity, last step": "constant velocity, last step",
    "constant velocity, last 3 steps": "constant velocity, last 3 steps",
}


class Advice(Enum):
    """What to use, in short."""

    MODEL = "use the model"
    SIMPLE = "use a simple method"
    NOTHING = "nothing clearly beats staying"
    TOO_FEW = "too few cases to say"


@dataclass(frozen=True)
class Verdict:
    """What to use at one horizon. words: the advice and its figures. As text a sentence: 'At 5 min:
    use …'.
    """

    horizon_s: float
    advice: Advice
    words: str

    @property
    def horizon(self) -> str:
        """Such as '15 min'."""
        return horizon_words(self.horizon_s)

    def __str__(self) -> str:
        return translated("At {horizon}: {words}", horizon=self.horizon, words=self.words)


def to_json(verdicts: Sequence[Verdict]) -> str:
    """Verdicts as text, to be stored with the table."""
    return json.dumps([(each.horizon_s, each.advice.name, each.words) for each in verdicts])


def from_json(text: str) -> list[Verdict]:
    """The verdicts of `to_json`. The text may come from anybody's project: none where it holds
    something else.
    """
    try:
        return [
            Verdict(float(at_s), Advice[advice], str(words))
            for at_s, advice, words in json.loads(text)
        ]
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError):
        return []


def verdict(h: dict) -> Verdict:
    """The verdict on the figures of a horizon (`metrics.measure`)."""
    return Verdict(h["horizon_s"], *_advise(h))


def _advise(h: dict) -> tuple[Advice, str]:
    if h["cases"] < MIN_CASES or h["groups"] < MIN_GROUPS:
        words = translated(
            "too few cases to say: {cases}, of {groups} users or parts of their time; {n} of {m} "
            "are needed.",
            cases=h["cases"],
            groups=h["groups"],
            n=MIN_CASES,
            m=MIN_GROUPS,
        )
        return Advice.TOO_FEW, words

    best = in_words(h["best_simple"])

    if h["best_simple_mean_m"] < 1:  # hardly anything moves: a ratio says nothing
        words = "use a simple method ({best}): it is less than a metre off."
        return Advice.SIMPLE, translated(words, best=best)

    percent = f"{100 * abs(1 - h['ratio']):.0f} %"

    if h["interval"][1] < 1 and percent != "0 %":
        words = translated(
            "use the model: it is {percent} nearer than the best simple method ({best}), with a "
            "mean error of {a} "
            "instead of {b}.",
            percent=percent,
            best=best,
            a=metres_words(h["mean_m"]),
            b=metres_words(h["best_simple_mean_m"]),
        )
        return Advice.MODEL, words

    model = _model_words(h, percent)

    if h["over_staying"][1] < 1 or h["best_over_staying"][1] < 1:
        words = "use a simple method ({best}); {model}."
        return Advice.SIMPLE, translated(words, best=best, model=model)

    words = "nothing clearly beats saying that it stays where it is; {model}."

    return Advice.NOTHING, translated(words, model=model)


def _model_words(h: dict, percent: str) -> str:
    """How the model compares, where it is not clearly better."""
    if percent != "0 %" and h["interval"][0] > 1:
        return translated("the model is {percent} farther off", percent=percent)

    if percent != "0 %" and h["ratio"] < 1:
        return translated("the model is {percent} nearer, but this is not proved", percent=percent)

    return translated("the model is neither clearly better nor clearly worse")


def in_one_line(verdicts: Sequence[Verdict]) -> str:
    """The verdicts in short, equal ones of neighbouring horizons joined: '5 min to 10 min: use the
    model; …'.
    """
    joined = []
    for advice, group in groupby(verdicts, key=lambda each: each.advice):
        first, *_, last = horizons = [each.horizon for each in group] * 2
        spans = first if len(horizons) == 2 else translated("{a} to {b}", a=first, b=last)
        joined.append(f"{spans}: {translated(advice.value)}")

    return "; ".join(joined) + "."


def in_words(method: str) -> str:
    """The name of a simple method in words for a first-time reader."""
    name, _, fading = method.partition(", fading over ")
    words = translated(WORDS[name]) if name in WORDS else name
    return (
        translated("{method}, damped over {time}", method=words, time=fading) if fading else words
    )


def horizon_words(seconds: float) -> str:
    """'15 s', '15 min', '2.5 h'."""
    for unit, size, least in (("h", 3600.0, 10_800.0), ("min", 60.0, 60.0)):
        if seconds >= least:
            return f"{seconds / size:.3g} {unit}"

    return f"{seconds:g} s"


def metres_words(metres: float) -> str:
    """'15 m', '1.5 km'."""
    return f"{metres / 1000:.1f} km" if metres >= 999.5 else f"{metres:.0f} m"
