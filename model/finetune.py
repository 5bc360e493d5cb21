# SPDX-License-Identifier: GPL-2.0-or-later
"""Teach a head from labelled units: python -m model.finetune --tracks T --labels L --field F --unit U …

The labels are a table with an id column and the field; a table with start and end times labels intervals, each a
track, or (--unit trip) the trips that they cover, whose head those of users and days will hear. Two words are a yes or
no, more words classes, numbers are numbers, whole ones counts. The head is judged by cross-validation over people, ids
that share runs of fixes being one (regions: over blocks of two kilometres, joined where regions overlap), beside
gradient boosting on hand features (regions: on users, fixes and area) or one answer for all, and goes into a copy of
the bundle. With --backbone tuned the network itself is trained on first, and judged on a fifth of the people, left out.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from model.cli import DEVICES, Parser, add_hours, from_zero, over_zero, pair, positive, run, warn
from model.data.labels import Labelled, is_one_of, label_units, label_words, read_table, thin, usable
from model.head_training.examples import (
    BASELINE,
    BASELINES,
    Examples,
    ask_heads,
    examples_of,
    region_examples,
    some_days,
    strength_of,
    together,
    without_lone_classes,
)
from model.head_training.scoring import Told, compare, verdict, write_report
from model.head_training.trees import with_trees
from model.heads import (
    ENOUGH,
    UNKNOWN_BELOW,
    Calibrated,
    Ensemble,
    Task,
    boosting,
    encode,
    fit,
    folds,
    interval,
    pack,
    predict,
    recalibrate,
    ridge,
    temperature,
)
from model.training.card import without_heads, write_card
from model.training.onnx_export import export_graph
from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import HEAD_NAMES, Bundle, is_head_name, open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.cache import embed_cached
from raw_qgis_plugin.core.embedding.profiles import UNITS_WITH_TRIPS
from raw_qgis_plugin.core.errors import InputError, Progress
from raw_qgis_plugin.core.sources.polygons import read_polygons
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.tracks import Tracks

SAME_FOR_ALL = "the same answer for all, the most frequent or the middle one: nearer than gradient boosting here"
TUNING = 0.6  # share of --minutes for which the network is trained; embedding and heads take the rest
Splits = list[tuple[np.ndarray, np.ndarray]]


def say(**line: object) -> None:
    """A line of progress."""
    print(json.dumps(line), flush=True)


def tell(warning: str) -> None:
    """A warning as a line of progress."""
    say(warning=warning)


def teach(
    e: Examples, rename: dict[str, str], seed: int, minutes: float, splits: Splits | None = None
) -> tuple[Calibrated, Task, dict, Told]:
    """Cross-validate, calibrate and train. splits: train and test rows, five folds unless they are given.

    Returns the head, its task, what the card says, and the answers of the cross-validation.
    """
    e = without_lone_classes(e, rename, tell) if splits is None else e
    task, y = encode(e.label, rename)
    if task.classes and len(task.classes) < 2:
        raise InputError("All labels are equal: there is nothing to learn.")
    ways, simple = cross_validate(e, y, task, seed, minutes, splits)
    told = ~np.isnan(simple[0])
    if not told.any():
        raise InputError(
            "The labels are too few or in too few groups for a cross-validation, so nothing could be said of the head."
        )
    best = int(np.argmin([np.abs(off(answer[told], y[told], task)).mean() for answer in simple]))
    way = int(np.argmin([loss(out[told], y[told], task) for out in ways]))
    out = ways[way, told]
    gain, shift, card = 1.0, 0.0, {"kind": task.kind, "inputs": e.x.shape[1] - e.n_said, "domain": e.domain}
    if best == 0:
        card["baseline"] = SAME_FOR_ALL
    if task.classes:
        gain = 1 / temperature(out, y[told])
        answers = Told(out.argmax(axis=1), simple[best, told].astype(y.dtype), y[told], e.group[told])
        card |= {"classes": list(task.classes), "threshold": UNKNOWN_BELOW if task.kind == "binary" else 0.5}
    else:
        asked = ~np.isnan(ways[way, :, 0])  # parts of units too: of little is told less surely
        gain, shift = recalibrate(ways[way, asked, 0], y[asked], task)
        out = gain * out + shift
        answer, by_trees, truth = (task.in_unit(a) for a in (out[:, 0], simple[best, told], y[told]))
        answers = Told(answer, by_trees, truth, e.group[told])
        every = gain * ways[way, asked, 0] + shift
        width = interval(y[asked] - every, e.evidence[asked])
        card |= {"transform": task.transform, "halfwidth": width, "count": task.count}
    card["metrics"] = compare(answers, task, seed)
    head = (
        fit(e.x, y, e.group, task, seed, e.strength, n_said=e.n_said)
        if way
        else Ensemble([ridge(e.x, y, task, e.strength, e.n_said)])
    )
    if way == 2:
        head = with_trees(head, e.x, y, task, e.strength, seed)
    return Calibrated(head, gain, shift).eval(), task, card, answers


def cross_validate(
    e: Examples, y: np.ndarray, task: Task, seed: int, minutes: float, splits: Splits | None
) -> tuple[np.ndarray, np.ndarray]:
    """Answers to each unit of heads that did not learn from its group, NaN where `minutes` were over before.

    Of each way to make a head, a line, and with enough labels networks too and trees too: (ways, n, outputs). And what
    heads have to beat, in the task's scale, of whole units: the same for all, trees that learn all that the head
    learns, and, where some units are parts of others, trees that learn whole ones alone: (2 or 3, n).
    """
    enough = int(e.whole.sum()) >= ENOUGH
    ways = np.full((3 if enough else 1, len(y), task.outputs), np.nan)
    simple = np.full((2 if e.whole.all() else 3, len(y)), np.nan)
    began = time.monotonic()
    until = began + 60 * minutes
    splits = folds(y, e.group, task, seed) if splits is None else splits
    for fold, (learn, test) in enumerate(splits):
        taught = e.x[learn], y[learn]
        if enough:
            head = fit(*taught, e.group[learn], task, seed + fold, e.strength, until, e.n_said)
            tried = [head.members[0], head, with_trees(head, *taught, task, e.strength, seed + fold)]
        else:
            tried = [ridge(*taught, task, e.strength, e.n_said)]
        for way, answer in enumerate(tried):
            ways[way, test] = predict(answer, e.x[test])
        test, whole = test[e.whole[test]], learn[e.whole[learn]]
        simple[0, test] = np.bincount(y[whole]).argmax() if task.classes else np.median(y[whole])
        for way, rows in enumerate((learn, whole)[: len(simple) - 1], start=1):
            simple[way, test] = boosting(e.hand[rows], y[rows], task, seed).predict(e.hand[test])
        say(fold=fold + 1, of=len(splits), seconds=round(time.monotonic() - began, 1))
        if time.monotonic() > until:
            break
    return ways, simple


def off(answer: np.ndarray, y: np.ndarray, task: Task) -> np.ndarray:
    """(n,) by how much answers are off the truth: wrong or not, or in the task's own unit."""
    return answer != y if task.classes else task.in_unit(answer) - task.in_unit(y)


def loss(out: np.ndarray, y: np.ndarray, task: Task) -> float:
    """Log loss at the best temperature, or the mean absolute error in the task's own unit."""
    if not task.classes:
        return float(np.abs(task.in_unit(out[:, 0]) - task.in_unit(y)).mean())
    logits = torch.from_numpy(out / temperature(out, y))
    return float(nn.functional.cross_entropy(logits, torch.from_numpy(y)))


def add_head(bundle: Bundle, output: Path, name: str, head: Calibrated, card: dict) -> None:
    """Write a copy of the bundle with the head in it, in the place of one of that name; whole or not at all."""
    with tempfile.TemporaryDirectory(prefix="raw-head-") as beside:
        fresh = Path(shutil.copytree(bundle.path, Path(beside) / "fresh"))
        (fresh / "heads").mkdir(exist_ok=True)
        head.apply(pack)
        x = torch.zeros(2, head.inputs)
        rows = {"x": {0: torch.export.Dim("rows", min=1)}}
        deaf = [h["name"] for h in bundle.card["heads"] if card["unit"] == "trip" and h["unit"] in UNITS_WITH_TRIPS]
        if deaf:
            tell(f"The heads {', '.join(deaf)} did not hear what this one says, and are not in the new bundle.")
        kept = without_heads(fresh, bundle.card, [*deaf, name])
        export_graph(head, {"x": x}, fresh / "heads" / f"{name}.onnx", ["answer"], rows)
        write_card(fresh, kept | {"heads": [*kept["heads"], {"name": name, **card}]})
        library.copy(fresh, output)


def tuned(
    bundle: Bundle, tracks: Tracks, found: Labelled, args: argparse.Namespace, rename: dict[str, str], beside: Path
) -> tuple[Bundle, Examples, Splits]:
    """Train the network on labelled units but for a fifth of their groups. Returns a bundle without heads with that
    network in it, the examples that it makes, and the one split to judge them by.
    """
    from model.head_training.tune import tune, write_tuned

    bare = replace(bundle, card=bundle.card | {"heads": []})  # what they say is not for a network to learn
    before = examples_of(tracks, found, args.unit, Model(bare, args.device))
    enough = np.diff(tracks.track_offsets) >= 2
    if not enough.all():
        raise InputError("Some labelled units have a single fix: remove their labels before tuning the network.")
    task, y = encode(before.label, rename)
    splits = folds(y, before.group, task, args.seed)[:1]
    if not splits:
        raise InputError("The labels are too few or in too few groups to tune the network: use --backbone frozen.")
    learn = splits[0][0]
    chosen = np.isin(tracks.track, learn)
    network = tune(
        bundle, tracks.take(chosen), y[learn], task, before.x[learn],
        strength_of(before.x.shape[1], Model(bundle)), TUNING * args.minutes, args.seed,
    )  # fmt: skip
    dropped = [h["name"] for h in bundle.card["heads"]]
    if dropped:
        say(
            warning=f"The other heads ({', '.join(dropped)}) knew the network as it was, and are not in the new bundle."
        )
    folder = Path(shutil.copytree(bundle.path, beside / "tuned"))
    write_tuned(folder, network, bundle.card, f"the labels '{args.field}' of {len(learn)} {args.unit}s")
    fresh = open_bundle(folder)
    after = examples_of(tracks, found, args.unit, Model(fresh, args.device))
    return fresh, replace(after, label=before.label), splits


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = Parser("python -m model.finetune", description=__doc__)
    p.add_argument(
        "--tracks", required=True, nargs="+", metavar="T",
        help="Parquet, CSV or a GeoLife folder; several, with as many labels, are learned from together",
    )  # fmt: skip
    p.add_argument("--labels", required=True, nargs="+", metavar="L", help="CSV or Parquet: an id column and the field")
    p.add_argument("--field", required=True, metavar="F", help="column of the labels to learn")
    p.add_argument("--unit", required=True, choices=("user", "track", "day", "region", "trip"))
    p.add_argument("--task-name", required=True, metavar="NAME", help="name of the head: small letters, digits, _")
    p.add_argument("--regions", nargs="+", metavar="R", help="GeoJSON or GeoPackage, for --unit region")
    p.add_argument("--id", metavar="FIELD", help="field of the regions that the labels' ids are of")
    p.add_argument(
        "--rename",
        nargs="+",
        type=pair,
        default=[],
        metavar="FROM=TO",
        help="labels to call by another name, so as to merge classes",
    )
    p.add_argument("--classes", nargs="+", metavar="C", help="only these labels (after renaming); leave out the others")
    p.add_argument(
        "--also-days", type=positive, nargs="+", default=[], metavar="N",
        help="of users: learn also from what N days show of them, so that the head can be asked after few days",
    )  # fmt: skip
    add_hours(p)
    p.add_argument("--per-class", type=positive, metavar="N", help="at most N labels a class, drawn at random")
    p.add_argument("--title", default="", help="the task in words, for legends")
    p.add_argument("--unit-of-measure", default="", help="of a number, such as 'per km²'")
    p.add_argument("--trained-on", default="", help="what the labels speak for, for the card")
    p.add_argument(
        "--alone",
        action="store_true",
        help="learn from embeddings alone, not also from what the heads that came with the model say; others may then "
        "learn from this one",
    )
    p.add_argument("--experimental", action="store_true", help="mark the head: only synthetic data speaks for it")
    p.add_argument(
        "--backbone", choices=("frozen", "tuned"), default="frozen",
        help="frozen: the network stays as it is and so do its other heads; tuned: it is trained on first, which takes "
        "most of --minutes and drops the other heads",
    )  # fmt: skip
    p.add_argument("--minutes", type=over_zero, default=30.0, help="take no longer than about this (default: 30)")
    p.add_argument("--bundle", help="model bundle (default: the shipped one)")
    p.add_argument("--device", choices=DEVICES, default="auto", help="where embeddings are made (default: auto)")
    p.add_argument("--cache", type=Path, metavar="DIR", help="keep embeddings here, and use what is here")
    p.add_argument("--seed", type=from_zero, default=0, metavar="S", help="of what is drawn (default %(default)s)")
    p.add_argument("--report", type=Path, metavar="FILE", help="write a page about the head: .html")
    p.add_argument("--output", type=Path, required=True, metavar="BUNDLE", help="folder of the new bundle")
    return p


def labels_of(path: str, args: argparse.Namespace, rename: dict[str, str]) -> dict[str, np.ndarray]:
    """The table of labels, without those that are not to be learned."""
    table = usable(read_table(path), args.unit, args.field, rename, tell)
    if args.classes:
        words = label_words(table[args.field], rename)
        chosen = is_one_of(words, args.classes)
        if not chosen.any():
            there = ", ".join(sorted(set(words)))
            raise InputError(f"No label is one of {', '.join(args.classes)}; there are: {there}.")
        table = {name: values[chosen] for name, values in table.items()}
    return thin(table, args.field, rename, args.per_class, args.seed) if args.per_class else table


def check(args: argparse.Namespace, bundle: Bundle) -> None:
    """InputError where arguments do not go together, or the output would take the place of something else."""
    library.check_target(args.output)
    if args.unit == "region" and not args.regions:
        raise InputError("--unit region needs --regions.")
    if args.hours and args.unit != "region":
        raise InputError("--hours is for --unit region.")
    if args.unit in ("region", "trip") and args.backbone == "tuned":
        raise InputError(f"The network cannot be tuned on {args.unit}s: use --backbone frozen.")
    counts = {len(args.tracks), len(args.labels), *([len(args.regions)] if args.unit == "region" else [])}
    if len(counts) > 1:
        raise InputError("Give as many --labels (and --regions) as --tracks, in the same order.")
    if args.backbone == "tuned" and len(args.tracks) > 1:
        raise InputError("The network is tuned on one source: give one --tracks, or use --backbone frozen.")
    if args.report and not args.report.parent.is_dir():
        raise InputError(f"There is no folder {args.report.parent} for --report.")
    akin = [h["name"] for h in bundle.card["heads"] if args.task_name in h.get("asks", [])]
    if akin and args.backbone == "frozen":
        raise InputError(f"{', '.join(akin)} learned from what the head '{args.task_name}' says: choose another name.")
    if args.also_days and (args.unit != "user" or args.backbone == "tuned"):
        raise InputError("--also-days is for users and a frozen network.")


def gather(
    args: argparse.Namespace, bundle: Bundle, rename: dict[str, str], beside: Path
) -> tuple[Bundle, Examples, Splits | None]:
    """Read tracks and labels. Returns the bundle that the head goes into, what it learns from, and how it is judged:
    None for folds. beside: a folder for a tuned bundle.
    """
    splits, parts, model = None, [], Model(bundle, args.device)

    def cached(units: Tracks, progress: Progress) -> np.ndarray:
        return embed_cached(units, model, args.cache, progress, warn)

    tables = [labels_of(path, args, rename) for path in args.labels]
    for n, (path, table) in enumerate(zip(args.tracks, tables, strict=True)):
        tracks, skipped, guess = read(path)
        say(fields=str(guess), skipped=str(skipped), provider=model.provider)
        if args.unit == "region":
            regions = read_polygons(args.regions[n], args.id)
            ways = embedded, cached, tell, args.hours
            parts.append(region_examples(tracks, regions, table, args.field, model, args.seed, *ways))
            continue
        tracks, found = label_units(tracks, table, args.unit, args.field, rename, tell)
        if args.backbone == "tuned":
            bundle, examples, splits = tuned(bundle, tracks, found, args, rename, beside)
            parts.append(examples)
            continue
        examples = examples_of(tracks, found, args.unit, model, embedded, cached)
        if args.also_days:
            more = some_days(tracks, found, model, args.also_days, args.seed, embedded, cached)
            examples = together([examples, more], apart=False)
        parts.append(examples)
    examples = together(parts, tell=tell)
    args.alone |= args.unit == "trip"
    if not args.alone and args.backbone == "frozen":  # a tuned network has no heads yet
        examples = ask_heads(examples, args.unit, args.task_name, model)
    return bundle, examples, splits


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parser().parse_args(argv)
    if not is_head_name(args.task_name):
        raise InputError(f"'{args.task_name}' is no name for a head: {HEAD_NAMES}.")
    bundle = open_bundle(args.bundle)
    check(args, bundle)
    rename = dict(args.rename)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="raw-tuned-") as beside:
        bundle, examples, splits = gather(args, bundle, rename, Path(beside))
        left = args.minutes - (time.monotonic() - began) / 60
        head, task, card, told = teach(examples, rename, args.seed, max(left, 1.0), splits)
        card = {"baseline": BASELINES.get(args.unit, BASELINE)} | card | {
            "unit": args.unit, "task": args.field, "title": args.title or args.task_name.replace("_", " "),
            "unit_of_measure": args.unit_of_measure, "trained_on": args.trained_on, "experimental": args.experimental,
            "verdict": verdict(card["metrics"]),
        }  # fmt: skip
        if args.hours:
            card["hours"] = args.hours
        if not args.alone:
            card["asks"] = list(examples.asks)
        add_head(bundle, args.output, args.task_name, head, card)
    if args.report:
        write_report(args.report, args.task_name, task, told, card)
    say(**card["metrics"], verdict=card["verdict"])


_said = 0.0


def embedded(share: float) -> None:
    """Say how far embedding is, now and then."""
    global _said
    if time.monotonic() - _said > 2 or share >= 1:
        _said = time.monotonic()
        say(embedded=round(share, 3))


if __name__ == "__main__":
    sys.exit(run(main))
