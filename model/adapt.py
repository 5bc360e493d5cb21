# SPDX-License-Identifier: GPL-2.0-or-later
"""Continue pretraining on your own tracks, and report the effect: python -m model.adapt --tracks T
--output RUN

It trains as model.pretrain does, compares the new model with the earlier one on the same forecasts
of people who were held out, and writes RUN/bundle and RUN/report.html. The bundle has no heads,
since the embeddings have changed: train them again with model.finetune. With --resume, finished
steps are not repeated.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.cli import Parser, print_line, run
from model.data.corpus import load
from model.evaluate import ratio_words
from model.evaluate.forecast import FAMILIES, cut, predict_windows
from model.network.config import PRESETS
from model.pretrain import arguments, pretrain
from model.training.card import write_card
from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import Bundle, open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.errors import translated
from raw_qgis_plugin.core.evaluation.baselines import simple_methods
from raw_qgis_plugin.core.evaluation.metrics import interval_by_person
from raw_qgis_plugin.core.evaluation.report import Page
from raw_qgis_plugin.core.evaluation.verdicts import MIN_GROUPS, in_words
from raw_qgis_plugin.core.evaluation.windows import errors_m, spread
from raw_qgis_plugin.core.tracks import Tracks

FAMILY_WORDS = {"long": "15 to 150 min ahead", "filled": "15 to 150 min ahead round the clock"}


def compare(tracks: Tracks, before: Bundle, after: Bundle, seed: int = 0) -> dict[str, dict]:
    """Both models and the best simple method on the same windows of people held out, by family of
    windows.

    Each family has its numbers of people and windows, the three mean errors in metres, and the
    ratio new / old with its 99 % interval by person. Empty where nobody has windows.
    """
    results: dict[str, dict] = {}
    models = Model(before, "cpu"), Model(after, "cpu")
    for family in FAMILIES if len(tracks) else ():
        w = cut(tracks, family, limit=600, per_user=60, seed=seed)
        if not len(w):
            continue
        simple = {
            k: float(np.nanmean(errors_m(w, f))) for k, f in simple_methods(w, w.user, seed).items()
        }
        best = min(simple, key=lambda k: simple[k])
        answers = (predict_windows(w, model) for model in models)
        old, new = (
            errors_m(w, (spread(w, answer.lon), spread(w, answer.lat))) for answer in answers
        )
        old_m, new_m = (float(np.nanmean(errors)) for errors in (old, new))
        results[re.sub(r"(\d)s$", r"\1 s", w.family)] = {
            "people": len(np.unique(w.user)),
            "windows": len(w),
            "best_simple": best,
            "simple_m": simple[best],
            "before_m": old_m,
            "after_m": new_m,
            "ratio": new_m / max(old_m, 1e-9),
            "interval": interval_by_person(new, old, w.user, seed, 1 - 0.05 / len(FAMILIES)),
        }
    return results


def family_words(k: str) -> str:
    """A family of windows in words, such as 'with fixes every 15 s'."""
    return (
        translated(FAMILY_WORDS[k])
        if k in FAMILY_WORDS
        else translated("with fixes every {s}", s=k)
    )


def judge(figures: dict[str, dict]) -> tuple[bool | None, str, str]:
    """Whether to use the new model, None where that is open; the advice in one or two sentences;
    the errors in one.

    Where there are no errors, the last sentence gives the reason. Intervals are of 99 %, since
    there are five families. As in backtests it takes six people: five agree by chance once in
    sixteen times.
    """
    few, matters = MIN_GROUPS, 0.005  # people; difference of a ratio from 1
    if not figures:
        why = "Nobody could be held out whose tracks are long enough (45 fixes at 5, 15 or 60 s, or days)."
        return (
            None,
            translated("It can't be said whether the new model is better."),
            translated(why),
        )
    at = {k: family_words(k) for k in figures}
    n = max(r["people"] for r in figures.values())
    pairs = ", ".join(
        f"{r['before_m']:.0f} → {r['after_m']:.0f} m {at[k]}" for k, r in figures.items()
    )
    errors = translated(
        "Mean error, before → now, for people held out from training ({n}): {pairs}.",
        n=n,
        pairs=pairs,
    )
    if n < few:
        words = "It can't be said whether the new model is better: that takes {n} people held out, so {m} or more."
        return None, translated(words, n=few, m=5 * few), errors
    sure = {
        k: r
        for k, r in figures.items()
        if r["people"] >= few and not r["interval"][0] <= 1 <= r["interval"][1]
    }
    better = ", ".join(at[k] for k, r in sure.items() if r["ratio"] < 1 - matters)
    worse = ", ".join(at[k] for k, r in sure.items() if r["ratio"] > 1 + matters)
    if better and worse:
        return (
            None,
            translated("It depends: better {better}; worse {worse}.", better=better, worse=worse),
            errors,
        )
    if worse:
        return False, translated("Don't use it: it forecasts worse than the model before."), errors
    if better:
        return True, translated("Use it: it forecasts better than the model before."), errors
    return (
        None,
        translated("No difference is visible. Keep the model before, or train longer or on more."),
        errors,
    )


def write_report(
    file: Path, before: dict, after: dict, figures: dict[str, dict], verdict: str
) -> None:
    """Write the report. before, after: cards. figures: of `compare`."""
    training = after["training"]
    page = Page(
        translated("{name}: what the training did", name=after["name"]),
        translated(
            "{n:,} fixes in {steps:,} steps and {minutes:.1f} minutes on {device}.",
            n=training["points"],
            steps=training["step"],
            minutes=training["seconds"] / 60,
            device=training["device"],
        ),
    )
    page.sentence(verdict, "key")
    page.heading(translated("Forecasts before and after"))
    page.sentence(
        translated(
            "Mean error in metres on the same forecasts of people held out: the next five fixes after forty, or 15 to 150 "
            "minutes ahead. Below 1 the new model is better; the interval (99 %, since there are five such comparisons) is "
            "by person."
        )
    )
    columns = "forecasts | people | windows | best simple method | before ({name}) | after | after / before"
    page.table(
        [words.format(name=before["name"]) for words in translated(columns).split(" | ")],
        [
            [
                family_words(k),
                int(r["people"]),
                int(r["windows"]),
                f"{r['simple_m']:.1f} ({in_words(r['best_simple'])})",
                r["before_m"],
                r["after_m"],
                ratio_words(r) if r["people"] > 1 else f"{r['ratio']:.3f}",
            ]
            for k, r in figures.items()
        ],
    )
    if before["calibration"] == after["calibration"]:
        words = (
            "The areas stay as they were: too few people could be held out to calibrate them again."
        )
        page.sentence(translated(words))
    if names := ", ".join(
        translated(head.get("title") or head["name"]) for head in before["heads"]
    ):
        words = "The new model has no labels ({names}), since embeddings have changed. Teach your own again."
        page.sentence(translated(words, names=names))
    page.write(file)


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = Parser("python -m model.adapt", description=__doc__)
    # fmt: off
    p.add_argument("--tracks", required=True, metavar="T", help="your tracks: Parquet, CSV or a GeoLife folder")
    p.add_argument("--init", default="shipped", metavar="BUNDLE", help="bundle to start from ('none': random weights)")
    # no bundle
    p.add_argument("--preset", choices=[name for name in PRESETS if name != "raw-1b"], default="raw-small",
                   help="size of a network with random weights (default: %(default)s)")
    p.add_argument("--name", default="", help="of the new model, for its card")
    p.add_argument("--resume", action="store_true", help="continue the run in RUN")
    p.add_argument("--output", type=Path, required=True, metavar="RUN", help="folder of the run")
    # fmt: on
    p.epilog = "Other arguments, such as --minutes, --keep, --device, --lr and --seed, go to model.pretrain."
    return p


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args, others = parser().parse_known_args(argv)
    trained, bundle = args.output / "trained", args.output / "bundle"
    library.check_target(bundle)
    start = ["--preset", args.preset] if args.init == "none" else ["--init", args.init]
    resume = ["--resume"] if args.resume and (trained / "state.safetensors").exists() else []
    words = ["--corpus", args.tracks, "--output", str(trained), *start, *resume, *others]
    options = arguments(words)
    before = open_bundle(None if args.init == "none" else args.init)
    if not (resume and (trained / "bundle").exists()):
        print_line({"stage": "training"})
        pretrain(options)
    print_line({"stage": "comparing"})
    after = open_bundle(trained / "bundle")
    shards = load(args.tracks, validation=None).shards
    own = shards.unseen[shards.user]
    tracks, _ = build_tracks(
        shards.user[own], None, shards.t[own], shards.lon[own], shards.lat[own]
    )
    figures = compare(tracks, before, after)
    library.copy(trained / "bundle", bundle)
    name = args.name or f"{after.card['name']}, own"
    write_card(
        bundle,
        after.card | {"name": name, "data": "Tracks of the user's own.", "own_figures": figures},
    )
    use, advice, errors = judge(figures)
    print_line({"stage": "report"})
    report = args.output / "report.html"
    write_report(report, before.card, open_bundle(bundle).card, figures, f"{advice} {errors}")
    done = {"stage": "done", "bundle": str(bundle), "report": str(report)}
    print_line(done | {"use": use, "verdict": f"{advice} {errors}", "advice": advice})


if __name__ == "__main__":
    sys.exit(run(main))
