# SPDX-License-Identifier: GPL-2.0-or-later
"""What a backtest advises at each horizon: the model, a simple method, or nothing, in one sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from .plots import MODEL, horizon_words, metres_words


@dataclass(frozen=True)
class VerdictSettings:
    """The least evidence for a verdict."""

    min_cases: int = 30
    min_groups: int = 6  # users, or parts of their time; five agree by chance once in sixteen
    same_m: float = 1.0  # smaller errors do not differ
    nearer: float = 0.8  # of the model's median error: a simple method with less is nearer in half of the cases


SETTINGS = VerdictSettings()
STAYING = "saying that it stays where it is"
WORDS = {
    "persistence": "staying",
    "same time before": "where it was at that time of an earlier day",
    "most frequent place at that hour": "where it is most often at that hour",
    "Markov chain over places": "where it mostly goes from there",
    "toward the median place": "on the way back to the middle of its places",
}


class Advice(Enum):
    """What to use, in short."""

    MODEL = "use the model"
    EITHER = "use the model or a simple method"
    SIMPLE = "use a simple method"
    SIMPLE_UNPROVED = "not proved better: use a simple method"
    NOTHING = "nothing beats staying"
    NOTHING_CLEARLY = "nothing clearly beats staying"
    FEW_ANSWERS = "too few answers to say"
    FEW_PEOPLE = "too few people to say"


@dataclass(frozen=True)
class Verdict:
    """What to use at one horizon. words: the advice and its figures. As text a sentence: 'At 5 min: use …'."""

    horizon_s: float
    advice: Advice
    words: str

    @property
    def horizon(self) -> str:
        """Such as '15 min'."""
        return horizon_words(self.horizon_s)

    def __str__(self) -> str:
        return f"At {self.horizon}: {self.words}"


def to_json(verdicts: Sequence[Verdict]) -> str:
    """Verdicts as text, to be stored with the table."""
    return json.dumps([(each.horizon_s, each.advice.name, each.words) for each in verdicts])


def from_json(text: str) -> list[Verdict]:
    """The verdicts of `to_json`. The text may come from anybody's project: none where it holds something else."""
    try:
        return [Verdict(float(at_s), Advice[advice], str(words)) for at_s, advice, words in json.loads(text)]
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError):
        return []


def verdict(h: dict) -> Verdict:
    """The verdict on the figures of a horizon (`metrics.measure`)."""
    return Verdict(h["horizon_s"], *_advise(h))


def _advise(h: dict) -> tuple[Advice, str]:
    if h["cases"] < SETTINGS.min_cases:
        return Advice.FEW_ANSWERS, f"too few answers to say ({h['cases']})."
    if h["groups"] < SETTINGS.min_groups:
        users = f"{h['people']} user{'s' * (h['people'] != 1)}"
        parts = "" if h["groups"] == h["people"] else f" in {h['groups']} parts of the time"
        return Advice.FEW_PEOPLE, f"too few people to say ({users}{parts}; at least {SETTINGS.min_groups} are needed)."
    best, (low, high) = h["best_simple"], h["interval"]
    words, percent = in_words(best), _percent(h["ratio"])
    simple = f"the best simple method ({words})"
    if same(h):
        return Advice.EITHER, f"use either: the model and {simple} are both less than a metre off."
    found = nearer_in_half({name: e["median_m"] for name, e in h["methods"].items() if "median_m" in e})
    half = f" But in half of all cases a simple method is nearer: {found}." if found else ""
    if high < 1 and percent != "0 %":
        means = f"a mean error of {metres_words(h['mean_m'])} instead of {metres_words(h['best_simple_mean_m'])}"
        return Advice.MODEL, f"use the model: it is {percent} nearer than {simple}, with {means}.{half}"
    worse = low > 1 and percent != "0 %"
    model_beats, simple_beats = (h[name][1] < 1 for name in ("over_staying", "best_over_staying"))  # staying
    if model_beats and not simple_beats and not worse:
        nearer = _percent(h["methods"][MODEL]["mean_m"] / h["methods"]["persistence"]["mean_m"])
        return Advice.EITHER, (
            f"use the model or a simple method ({words}): neither is clearly nearer than the other, and only the "
            f"model is clearly nearer than {STAYING}, by {nearer}.{half}"
        )
    clear = model_beats or simple_beats  # better than staying
    than = "" if clear or best == "persistence" else f" than {simple}"
    unproved = not worse and h["ratio"] < 1 and percent != "0 %"
    if unproved:
        model = f"{percent} nearer{than}, but this is not proved"
    else:
        model = f"{percent} farther off{than}" if worse else f"neither clearly better nor clearly worse{than}"
    if clear:
        advice = Advice.SIMPLE_UNPROVED if unproved else Advice.SIMPLE
        return advice, f"use a simple method ({words}); the model is {model}."
    if worse and not than:
        return Advice.NOTHING, f"nothing beats {STAYING}; the model is {model}."
    return Advice.NOTHING_CLEARLY, f"nothing clearly beats {STAYING}; the model is {model}."


def nearer_in_half(medians: Mapping[str, float]) -> str:
    """Which simple method is clearly nearer than the model in half of the cases: the mean, by which methods are judged,
    depends on large errors. medians: metres by method, 'RAW' or 'model' among them. '' where none is.
    """
    simple = {name: value for name, value in medians.items() if name not in (MODEL, "model")}
    ours = medians.get(MODEL, medians.get("model", 0.0))
    best = min(simple, key=lambda name: simple[name], default="")
    if not best or ours < SETTINGS.same_m or simple[best] > SETTINGS.nearer * ours:
        return ""
    return f"{in_words(best)} is within {metres_words(simple[best])}, the model within {metres_words(ours)}"


def in_one_line(verdicts: Sequence[Verdict], means: Sequence[tuple[float, float]] = ()) -> str:
    """The verdicts in short, equal ones of neighbouring horizons joined: '5 min to 10 min: use the model; …'.

    means: of each verdict, the mean errors of the model and of the best simple method in metres, to be named.
    """
    joined, judged = [], {Advice.MODEL: 0, Advice.SIMPLE: 1, Advice.SIMPLE_UNPROVED: 1}
    for advice, group in groupby(range(len(verdicts)), key=lambda n: verdicts[n].advice):
        rows, which = list(group), judged.get(advice)
        errors = [means[n][which] for n in rows] if means and which is not None else []
        ends = dict.fromkeys(metres_words(end) for end in (min(errors), max(errors))) if errors else {}
        error = f" (mean error {' to '.join(ends)})" if ends else ""
        at = " to ".join(dict.fromkeys(verdicts[n].horizon for n in (rows[0], rows[-1])))
        joined.append(f"{at}: {advice.value}{error}")
    return "; ".join(joined) + "."


def same(h: dict) -> bool:
    """Whether the errors of the model and the best simple method are too small to differ."""
    return max(h["mean_m"], h["best_simple_mean_m"]) < SETTINGS.same_m


def _percent(ratio: float) -> str:
    return f"{100 * abs(1 - ratio):.0f} %"


def in_words(method: str) -> str:
    """The name of a simple method in words for a first-time reader."""
    found = re.fullmatch(r"constant velocity, (last step|last \d+ steps)(?:, fading over (\d+) s)?", method)
    if found is None:
        return WORDS.get(method, method)
    damped = f", damped over {horizon_words(float(found[2]))}" if found[2] else ""
    return f"constant velocity of the {found[1]}{damped}"
