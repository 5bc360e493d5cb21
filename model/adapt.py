# SPDX-License-Identifier: GPL-2.0-or-later
"""Continue pretraining on your own tracks, and report the effect: python -m model.adapt --tracks T --output RUN

It trains as model.pretrain does, compares the new model with the earlier one on the same forecasts of people who were
held out, and writes RUN/bundle and RUN/report.html. The bundle has no heads, since the embeddings have changed: train
them again with model.finetune. With --resume, finished steps are not repeated.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.cli import Parser, print_line, run
from model.data.corpus import load, source_name
from model.evaluate.adapt_report import write_report
from model.evaluate.forecast import predict_windows
from model.evaluate.windows import FAMILIES, cut
from model.network.config import BUNDLES
from model.pretrain import parser as pretraining_parser
from model.pretrain import pretrain
from model.training.card import write_card
from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import Bundle, open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.baselines import simple_methods
from raw_qgis_plugin.core.evaluation.metrics import interval_by_person
from raw_qgis_plugin.core.evaluation.verdicts import SETTINGS as VERDICTS
from raw_qgis_plugin.core.evaluation.windows import errors_m, spread
from raw_qgis_plugin.core.scratch import complete
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

FINISHED = ("begun.json", "trained/done", "figures.json")  # what a resumed run has finished
CACHE = Path(".raw-cache/raw/shards")  # in the run's folder
FAMILY_WORDS = {"long": "15 to 150 min ahead", "filled": "15 to 150 min ahead round the clock"}


def held_out(source: str, cache: Path | None = None) -> Tracks | None:
    """The people of a source who do not train, one user each under whatever ids; None where there are none."""
    try:
        shards = load(source, validation=True, cache=cache).shards
    except InputError:
        return None
    own = shards.unseen[shards.user]
    user, t, lon, lat = (a[own] for a in (shards.user, shards.t, shards.lon, shards.lat))
    return build_tracks(shards.person[user], None, t, lon, lat)[0]


def compare(tracks: Tracks | None, before: Bundle, after: Bundle, seed: int = 0) -> dict[str, dict]:
    """Both models and the best simple method on the same windows of people held out, by family of windows.

    Each family has its numbers of people and windows, the three mean errors in metres, the ratio new / old with its
    99 % interval by person, and the coverage of both models' 50 and 80 % areas. Empty where nobody has windows.
    """
    results: dict[str, dict] = {}
    if tracks is None:
        return results
    models = {"before": Model(before, "cpu"), "after": Model(after, "cpu")}
    for family in FAMILIES:
        w = cut(tracks, family, limit=600, per_user=60, seed=seed)
        if not len(w):
            continue
        simple = {k: float(np.nanmean(errors_m(w, f))) for k, f in simple_methods(w, w.user, seed).items()}
        best = min(simple, key=lambda k: simple[k])
        row: dict[str, Any] = {"people": len(np.unique(w.user)), "windows": len(w), "best_simple": best}
        row["simple_m"] = simple[best]
        errors = {}
        for name, model in models.items():
            answer = predict_windows(w, model)
            errors[name] = errors_m(w, (spread(w, answer.lon), spread(w, answer.lat)))
            row[f"{name}_m"] = float(np.nanmean(errors[name]))
            row[f"{name}_inside50"] = float((errors[name][w.known] <= answer.radius50_m).mean())
            row[f"{name}_inside80"] = float((errors[name][w.known] <= answer.radius80_m).mean())
        row["ratio"] = row["after_m"] / max(row["before_m"], 1e-9)
        row["interval"] = interval_by_person(errors["after"], errors["before"], w.user, seed, 1 - 0.05 / len(FAMILIES))
        results[re.sub(r"(\d)s$", r"\1 s", w.family)] = row
    return results


def judge(figures: dict[str, dict]) -> tuple[bool | None, str, str]:
    """Whether to use the new model, None where that is open; the advice in one or two sentences; the errors in one.

    Where there are no errors, the last sentence gives the reason. Intervals are of 99 %, since there are five families.
    As in backtests it takes six people: five agree by chance once in sixteen times.
    """
    few, matters, tolerated = VERDICTS.min_groups, 0.005, 0.02  # people; differences of a ratio from 1
    unknown = "It can't be said whether the new model is better"
    if not figures:
        why = "Nobody could be held out whose tracks are long enough (45 fixes at 5, 15 or 60 s, or days)."
        return None, f"{unknown}.", why
    sure = {k: r for k, r in figures.items() if r["people"] >= few and not r["interval"][0] <= 1 <= r["interval"][1]}
    at = {k: FAMILY_WORDS.get(k, f"with fixes every {k}") for k in figures}
    better = [k for k, r in sure.items() if r["ratio"] < 1 - matters]
    worse = [k for k, r in sure.items() if r["ratio"] > 1 + matters]
    perhaps = [k for k, r in figures.items() if r["ratio"] > 1 + tolerated and k not in worse]
    n = max(r["people"] for r in figures.values())
    people = f"{n} {'person' if n == 1 else 'people'}"
    pairs = ", ".join(f"{r['before_m']:.0f} → {r['after_m']:.0f} m {at[k]}" for k, r in figures.items())
    errors = f"Mean error for {people} held out from training, before → now: {pairs}."
    if n < few:
        return None, f"{unknown}: that takes {few} people held out, so {5 * few} or more with such tracks.", errors
    if worse and not better:
        return False, "Don't use it: it forecasts worse than the model before.", errors
    if better and (worse or perhaps):
        groups = (("better", better), ("worse", worse), ("perhaps worse", perhaps))
        parts = "; ".join(f"{word} {', '.join(at[k] for k in names)}" for word, names in groups if names)
        return None, f"It depends: {parts}.", errors
    if better:
        return True, "Use it: it forecasts better than the model before.", errors
    undecided = "No difference is visible on these tracks. Keep the model before, or train longer or on more."
    return None, undecided, errors


def once(path: Path, make: Callable[[], Any]) -> Any:
    """The result of `make`, kept as JSON in a file for a resumed run."""
    if not path.exists():
        with complete(path) as beside:
            beside.write_text(json.dumps(make(), indent=1), "utf-8")
    return json.loads(path.read_text("utf-8"))


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = Parser("python -m model.adapt", description=__doc__)
    # fmt: off
    p.add_argument("--tracks", required=True, metavar="T", help="your tracks: Parquet, CSV or a GeoLife folder")
    p.add_argument("--init", default="shipped", metavar="BUNDLE", help="bundle to start from ('none': random weights)")
    p.add_argument("--preset", choices=[name for name in BUNDLES if name != "raw-1b"], default="raw-small",  # no bundle
                   help="size of a network with random weights (default: %(default)s)")
    p.add_argument("--keep", action="append", default=[], metavar="SOURCE",
                   help="further tracks to train on, so that earlier training is not forgotten")
    p.add_argument("--name", default="", help="of the new model, for its card")
    p.add_argument("--resume", action="store_true", help="continue the run in RUN")
    p.add_argument("--output", type=Path, required=True, metavar="RUN", help="folder of the run")
    # fmt: on
    p.epilog = "Other arguments, such as --minutes, --device, --lr and --seed, go to model.pretrain."
    return p


def pretraining(args: argparse.Namespace, others: Sequence[str]) -> argparse.Namespace:
    """The arguments of model.pretrain. others: those of the command line that are meant for it."""
    trained = args.output / "trained"
    p = pretraining_parser()
    options = p.parse_args(["--corpus", args.tracks, "--output", str(trained), *others])
    options.keep, options.resume = args.keep, args.resume and (trained / "state.safetensors").exists()
    options.cache = options.cache or args.output / CACHE  # tokenised tracks are personal: they go with the run
    if args.init == "none":
        options.preset = args.preset
    else:
        options.init = args.init
    return options


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args, others = parser().parse_known_args(argv)
    folder = args.output
    if any(word.partition("=")[0] == "--stop-after" for word in others):
        raise InputError("--stop-after is for model.pretrain alone: give fewer --minutes, or stop it and --resume.")
    if not args.resume and (folder / "trained" / "state.safetensors").exists():
        raise InputError(f"{folder} holds a run already: continue with --resume, or choose another --output.")
    library.check_target(folder / "bundle")
    options = pretraining(args, others)
    folder.mkdir(parents=True, exist_ok=True)
    check_same(args)
    before = open_bundle(None if args.init == "none" else args.init)
    trained, bundle = folder / "trained", folder / "bundle"
    if not (trained / "done").exists():
        print_line({"stage": "training"})
        pretrain(options)
        (trained / "done").touch()
    print_line({"stage": "comparing"})
    after = open_bundle(trained / "bundle")
    figures = once(folder / "figures.json", lambda: compare(held_out(args.tracks, options.cache), before, after))
    library.copy(trained / "bundle", bundle)
    name = args.name or f"{after.card['name']}, own"
    write_card(bundle, after.card | {"name": name, "data": "Tracks of the user's own.", "own_figures": figures})
    use, advice, errors = judge(figures)
    verdict = f"{advice} {errors}"
    print_line({"stage": "report"})
    write_report(folder, before.card, open_bundle(bundle).card, figures, verdict)
    shutil.rmtree(folder / CACHE.parts[0], ignore_errors=True)
    done = {"stage": "done", "bundle": str(bundle), "report": str(folder / "report.html")}
    print_line(done | {"use": use, "verdict": verdict, "advice": advice})


def check_same(args: argparse.Namespace) -> None:
    """Raise InputError where a run is resumed with other tracks or another bundle than before, whose finished steps it
    would take for its own. Folders are not compared, since a run may be moved. A new run removes finished steps.
    """
    for name in () if args.resume else FINISHED:
        (args.output / name).unlink(missing_ok=True)
    now = {name: source_name(getattr(args, name)) for name in ("tracks", "init")}
    for name, value in once(args.output / "begun.json", lambda: now).items():
        if value != now[name]:
            raise InputError(f"The run in {args.output} was begun with --{name} {value}: choose another --output.")


if __name__ == "__main__":
    sys.exit(run(main))
