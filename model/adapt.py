# SPDX-License-Identifier: GPL-2.0-or-later
"""Continue pretraining on your own tracks, and report the effect: python -m model.adapt --tracks T

It trains as model.pretrain does, compares the new model with the earlier one on the same forecasts
of people who were held out, and writes RUN/bundle and RUN/report.html. The bundle has no heads,
since the embeddings have changed: train them again with model.finetune. With --resume, finished
steps are not repeated.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.cli import Argv, Parser, print_line, run
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
from raw_qgis_plugin.core.evaluation.windows import Windows, errors_m, spread
from raw_qgis_plugin.core.tracks import Tracks

SEED = 0  # of what is drawn
MATTERS = 0.005  # difference of a ratio from 1
FAMILY_WORDS = {"long": "15 to 150 min ahead", "filled": "15 to 150 min ahead round the clock"}


def compare(tracks: Tracks, before: Bundle, after: Bundle) -> dict[str, dict]:
    """Both models and the best simple method on the same windows of people held out, by family of
    windows.

    Each family has its numbers of people and windows, the three mean errors in metres, and the
    ratio new / old with its 99 % interval by person. Empty where nobody has windows.
    """
    results: dict[str, dict] = {}
    models = [Model(before, "cpu"), Model(after, "cpu")]
    for family in FAMILIES if len(tracks) else ():
        w = cut(tracks, family, limit=600, per_user=60)
        if len(w):
            results[re.sub(r"(\d)s$", r"\1 s", w.family)] = compare_on(w, models)
    return results


def compare_on(w: Windows, models: list[Model]) -> dict:
    """The figures of the models before and after on the windows of a family."""
    simple = {}
    for name, forecast in simple_methods(w, w.user, SEED).items():
        simple[name] = float(np.nanmean(errors_m(w, forecast)))
    best = min(simple, key=lambda name: simple[name])
    errors = []
    for model in models:
        answer = predict_windows(w, model)
        errors.append(errors_m(w, (spread(w, answer.lon), spread(w, answer.lat))))
    old, new = errors
    before_m = float(np.nanmean(old))
    after_m = float(np.nanmean(new))
    return {
        "people": len(np.unique(w.user)),
        "windows": len(w),
        "best_simple": best,
        "simple_m": simple[best],
        "before_m": before_m,
        "after_m": after_m,
        "ratio": after_m / max(before_m, 1e-9),
        "interval": interval_by_person(new, old, w.user, SEED, 1 - 0.05 / len(FAMILIES)),
    }


def family_words(k: str) -> str:
    """A family of windows in words, such as 'with fixes every 15 s'."""
    if k in FAMILY_WORDS:
        return translated(FAMILY_WORDS[k])
    return translated("with fixes every {s}", s=k)


@dataclass(frozen=True)
class Judgement:
    """Whether to use a new model, in words."""

    use: bool | None  # None where that is open
    advice: str  # one or two sentences
    errors: str  # a sentence: the mean errors, or why there are none


def judge(figures: dict[str, dict]) -> Judgement:
    """Whether to use the new model.

    Intervals are of 99 %, since there are five families. As in backtests it takes six people: five
    agree by chance once in sixteen times.
    """
    if not figures:
        unknown = "It can't be said whether the new model is better."
        why = (
            "Nobody could be held out whose tracks are long enough (45 fixes at 5, 15 or 60 s, "
            "or days)."
        )
        return Judgement(None, translated(unknown), translated(why))
    n = max(r["people"] for r in figures.values())
    each = []
    for family, r in figures.items():
        pair = f"{r['before_m']:.0f} → {r['after_m']:.0f} m"
        each.append(f"{pair} {family_words(family)}")
    errors = translated(
        "Mean error, before → now, for people held out from training ({n}): {pairs}.",
        n=n,
        pairs=", ".join(each),
    )
    if n < MIN_GROUPS:
        words = (
            "It can't be said whether the new model is better: that takes {n} people held out, "
            "so {m} or more."
        )
        return Judgement(None, translated(words, n=MIN_GROUPS, m=5 * MIN_GROUPS), errors)
    use, advice = advise(figures)
    return Judgement(use, advice, errors)


def advise(figures: dict[str, dict]) -> tuple[bool | None, str]:
    """Whether to use the new model, and why, from the differences that are certain."""
    better = []
    worse = []
    for family, r in figures.items():
        low, high = r["interval"]
        if r["people"] < MIN_GROUPS or low <= 1 <= high:
            continue
        if r["ratio"] < 1 - MATTERS:
            better.append(family_words(family))
        if r["ratio"] > 1 + MATTERS:
            worse.append(family_words(family))
    if better and worse:
        words = "It depends: better {better}; worse {worse}."
        return None, translated(words, better=", ".join(better), worse=", ".join(worse))
    if worse:
        return False, translated("Don't use it: it forecasts worse than the model before.")
    if better:
        return True, translated("Use it: it forecasts better than the model before.")
    words = "No difference is visible. Keep the model before, or train longer or on more."
    return None, translated(words)


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
    add_figures(page, before["name"], figures)
    if before["calibration"] == after["calibration"]:
        words = (
            "The areas stay as they were: too few people could be held out to calibrate them again."
        )
        page.sentence(translated(words))
    titles = [translated(head.get("title") or head["name"]) for head in before["heads"]]
    if titles:
        words = (
            "The new model has no labels ({names}), since embeddings have changed. "
            "Teach your own again."
        )
        page.sentence(translated(words, names=", ".join(titles)))
    page.write(file)


def add_figures(page: Page, name: str, figures: dict[str, dict]) -> None:
    """Add the table of forecasts to a report. name: of the model before."""
    page.heading(translated("Forecasts before and after"))
    page.sentence(
        translated(
            "Mean error in metres on the same forecasts of people held out: the next five fixes "
            "after forty, or 15 to 150 minutes ahead. Below 1 the new model is better; the "
            "interval (99 %, since there are five such comparisons) is by person."
        )
    )
    columns = (
        "forecasts | people | windows | best simple method | before ({name}) | after "
        "| after / before"
    )
    rows = []
    for family, r in figures.items():
        ratio = ratio_words(r) if r["people"] > 1 else f"{r['ratio']:.3f}"
        simple = f"{r['simple_m']:.1f} ({in_words(r['best_simple'])})"
        counts = [int(r["people"]), int(r["windows"])]
        rows.append([family_words(family), *counts, simple, r["before_m"], r["after_m"], ratio])
    names = translated(columns).split(" | ")
    page.table([words.format(name=name) for words in names], rows)


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = Parser("python -m model.adapt", description=__doc__)
    add = p.add_argument
    tracks = "your tracks: Parquet, CSV or a GeoLife folder"
    add("--tracks", required=True, metavar="T", help=tracks)
    start = "bundle to start from ('none': random weights)"
    add("--init", default="shipped", metavar="BUNDLE", help=start)
    sizes = [name for name in PRESETS if name != "raw-1b"]
    size = "size of a network with random weights (default: %(default)s)"
    add("--preset", choices=sizes, default="raw-small", help=size)
    add("--name", default="", help="of the new model, for its card")
    add("--resume", action="store_true", help="continue the run in RUN")
    add("--output", type=Path, required=True, metavar="RUN", help="folder of the run")
    p.epilog = (
        "Other arguments, such as --minutes, --keep, --device, --lr and --seed, go to "
        "model.pretrain."
    )
    return p


def main(argv: Argv = None) -> None:
    """Run the command."""
    args, others = parser().parse_known_args(argv)
    trained = args.output / "trained"
    bundle = args.output / "bundle"
    library.check_target(bundle)
    before, after = train(args, trained, others)
    print_line({"stage": "comparing"})
    figures = compare(held_out_tracks(args.tracks), before, after)
    library.copy(trained / "bundle", bundle)
    own = {
        "name": args.name or f"{after.card['name']}, own",
        "data": "Tracks of the user's own.",
        "own_figures": figures,
    }
    write_card(bundle, after.card | own)
    found = judge(figures)
    verdict = f"{found.advice} {found.errors}"
    print_line({"stage": "report"})
    report = args.output / "report.html"
    write_report(report, before.card, open_bundle(bundle).card, figures, verdict)
    done = {"stage": "done", "bundle": str(bundle), "report": str(report)}
    print_line(done | {"use": found.use, "verdict": verdict, "advice": found.advice})


def train(args: argparse.Namespace, folder: Path, others: list[str]) -> tuple[Bundle, Bundle]:
    """Train in a folder, unless it was done; the bundles before and after.

    others: arguments of model.pretrain.
    """
    words = ["--corpus", args.tracks, "--output", str(folder)]
    init = None
    if args.init == "none":
        words += ["--preset", args.preset]
    else:
        init = args.init
        words += ["--init", init]
    resuming = args.resume and (folder / "state.safetensors").exists()
    if resuming:
        words.append("--resume")
    options = arguments([*words, *others])
    before = open_bundle(init)
    if not (resuming and (folder / "bundle").exists()):
        print_line({"stage": "training"})
        pretrain(options)
    return before, open_bundle(folder / "bundle")


def held_out_tracks(source: str) -> Tracks:
    """The tracks of the people of a source who were held out from training."""
    shards = load(source, validation=None).shards
    own = shards.unseen[shards.user]
    lon = shards.lon[own]
    return build_tracks(shards.user[own], None, shards.t[own], lon, shards.lat[own])[0]


if __name__ == "__main__":
    sys.exit(run(main))
