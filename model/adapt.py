# SPDX-License-Identifier: GPL-2.0-or-later
"""Go on pretraining on tracks of your own, and see what it did: python -m model.adapt --tracks T --output RUN

Trains by model.pretrain; compares the new model with the one before on the same forecasts of people who were held out;
teaches the heads again on a synthetic city, since the embeddings have moved, and drops those that no longer beat a
simple method. Leaves RUN/bundle and RUN/report.html. What is done already is not done again with --resume.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model import finetune, pretrain
from model.cli import Parser, run
from model.config import PRESETS
from model.data.corpus import load, parts, source_name
from model.data.persons import hash_runs, runs_of
from model.evaluate.adapt_report import write_report
from model.evaluate.forecast import ask_model, simple_forecasts
from model.evaluate.windows import FAMILIES, cut
from model.training.card import without_heads, write_card
from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import Bundle, open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import InputError, RawError
from raw_qgis_plugin.core.evaluation.metrics import interval_by_person
from raw_qgis_plugin.core.evaluation.windows import errors_m, spread
from raw_qgis_plugin.core.paths import RESOURCES
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

PROGRESS = "progress.jsonl"
DONE = (PROGRESS, "begun.json", "trained/done", "figures.json", "heads.json")  # by which a resumed run knows its past
CACHE = ".raw-cache"  # a folder of the user's own has another name
HEAD_MINUTES = 3.0
SAMPLE = RESOURCES / "sample"
FEW = 3  # people, under which an interval says nothing
MATTERS = 0.005  # of the error: a smaller difference is none, however sure it is
LITTLE = 0.02  # by which a ratio may lie over 1 and nobody minds
FAMILY_WORDS = {"long": "15 to 150 min ahead", "filled": "15 to 150 min ahead round the clock"}


@dataclass(frozen=True)
class City:
    """A synthetic city with its truth: files that heads are taught from, by unit."""

    tracks: Path
    labels: dict[str, Path]
    regions: Path

    @classmethod
    def at(cls, folder: Path) -> City:
        """The output of model.synthetic, or the sample city. InputError where it is neither."""
        if (folder / "city_tracks.parquet").is_file():
            names, tracks, regions = "city_truth_{}.csv", "city_tracks.parquet", "city_regions.gpkg"
            trips = "city_truth_tracks.csv"
        else:
            names, tracks, regions = "truth_{}.csv", "tracks.parquet", "regions.geojson"
            trips = "truth_segments.csv"
        labels = {"user": names.format("users"), "track": trips, "region": names.format("regions")}
        lacking = [name for name in (tracks, *labels.values(), regions) if not (folder / name).is_file()]
        if lacking:
            raise InputError(f"--city {folder} is no city of model.synthetic: there is no {', '.join(lacking)}.")
        return cls(folder / tracks, {unit: folder / name for unit, name in labels.items()}, folder / regions)


class Tee:
    """Standard output that also goes to a file, from which the report draws its curves, after a resume too."""

    def __init__(self, path: Path) -> None:
        self.out, self.file = sys.stdout, path.open("a", encoding="utf-8")

    def write(self, text: str) -> int:
        """Write to both."""
        self.file.write(text)
        return self.out.write(text)

    def flush(self) -> None:
        """Flush both."""
        self.file.flush()
        self.out.flush()


def say(**values: Any) -> None:
    """One JSON line."""
    print(json.dumps(values, ensure_ascii=False), flush=True)


def held_out(source: str, keep: Sequence[str] = ()) -> Tracks | None:
    """The people of a source who train neither there nor in the sources `keep`; None where there are none."""
    try:
        shards = load(source, validation=True).shards
    except InputError:
        return None
    own = shards.unseen[shards.user]
    user, t, lon, lat = (a[own] for a in (shards.user, shards.t, shards.lon, shards.lat))
    tracks = build_tracks(user, None, t, lon, lat)[0]
    runs, whose = runs_of(tracks)
    trained = np.zeros(tracks.n_users, bool)
    for other in map(load, keep):
        for part in parts(other):
            theirs, _ = hash_runs(part.user, part.t, other.lon[part.row], other.lat[part.row])
            trained[whose[np.isin(runs, theirs)]] = True
    if trained.any():
        say(warning=f"{trained.sum()} of {len(trained)} people held out train in --keep: they are not asked.")
    return None if trained.all() else tracks.take(~trained[tracks.user])


def compare(tracks: Tracks | None, before: Bundle, after: Bundle, seed: int = 0) -> dict[str, dict]:
    """Both models and the best simple method on the same windows of people held out, by family of windows.

    Each with people, windows, the three mean errors in metres, the ratio new / old with its 95 % interval by person,
    and the share of truths in both models' 50 and 80 % areas. Empty where nobody has windows.
    """
    results: dict[str, dict] = {}
    models = {"before": Model(before, "cpu"), "after": Model(after, "cpu")}
    if tracks is None:
        return results
    for family in FAMILIES:
        w = cut(tracks, family, limit=600, per_user=60, seed=seed)
        if not len(w):
            continue
        simple = {k: float(np.nanmean(errors_m(w, f))) for k, f in simple_forecasts(w, seed).items()}
        best = min(simple, key=lambda k: simple[k])
        row: dict[str, Any] = {"people": len(np.unique(w.user)), "windows": len(w), "best_simple": best}
        row["simple_m"] = simple[best]
        errors = {}
        for name, model in models.items():
            answer = ask_model(w, model)
            errors[name] = errors_m(w, (spread(w, answer.lon), spread(w, answer.lat)))
            row[f"{name}_m"] = float(np.nanmean(errors[name]))
            row[f"{name}_inside50"] = float((errors[name][w.known] <= answer.radius50_m).mean())
            row[f"{name}_inside80"] = float((errors[name][w.known] <= answer.radius80_m).mean())
        row["ratio"] = row["after_m"] / max(row["before_m"], 1e-9)
        row["interval"] = interval_by_person(errors["after"], errors["before"], w.user, seed)
        results[re.sub(r"(\d)s$", r"\1 s", w.family)] = row
    return results


def judge(figures: dict[str, dict]) -> tuple[bool | None, str]:
    """Whether to use the new model (None: it can't be said), and why, in one sentence."""
    if not figures:
        return None, (
            "It can't be said whether the new model is better: nobody could be held out whose tracks are long enough "
            "(45 fixes at 5, 15 or 60 s, or days)."
        )
    sure = {k: r for k, r in figures.items() if r["people"] >= FEW and not r["interval"][0] <= 1 <= r["interval"][1]}
    at = {k: FAMILY_WORDS.get(k, f"with fixes every {k}") for k in figures}
    better = [k for k, r in sure.items() if r["ratio"] < 1 - MATTERS]
    worse = [k for k, r in sure.items() if r["ratio"] > 1 + MATTERS]
    perhaps = [k for k, r in figures.items() if r["ratio"] > 1 + LITTLE and k not in worse]
    n = max(r["people"] for r in figures.values())
    people = f"{n} {'person' if n == 1 else 'people'}"
    against = ", ".join(f"{r['before_m']:.0f} m before, {r['after_m']:.0f} m now {at[k]}" for k, r in figures.items())
    on = f"how far off it was on average, for {people} held out from training: {against}"
    if worse and not better:
        return False, f"Don't use it: it forecasts worse than the model before ({on})."
    if better and (worse or perhaps):
        parts = (("better", better), ("worse", worse), ("perhaps worse", perhaps))
        said = "; ".join(f"{word} {', '.join(at[k] for k in some)}" for word, some in parts if some)
        return None, f"It depends: {said} ({on})."
    if better:
        return True, f"Use it: it forecasts better than the model before ({on})."
    return None, f"No difference that these tracks can show ({on}). Keep the model before, or train longer or on more."


def teach_again(bundle: Path, before: Bundle, city: City) -> list[dict]:
    """Teach each head on the city from the new embeddings, into the bundle; heads of trips see none, and stay as they
    are. Returns what happened, a row a head.
    """
    rows, heads = [], sorted(before.card["heads"], key=lambda head: head["unit"] != "trip")  # the others hear it
    for n, head in enumerate(heads):
        say(stage="heads", head=head["name"], done=n, of=len(heads))
        row = {"head": head["name"], "unit": head["unit"], "before": head.get("metrics", {}).get("head")}
        try:
            taught = _carry(bundle, before, head) if head["unit"] == "trip" else _teach(bundle, head, city)
            key = next(k for k in ("accuracy", "r2", *taught["metrics"]["head"]) if k in taught["metrics"]["head"])
            ours, simple = (taught["metrics"][who][key] for who in ("head", "baseline"))
            row |= {"measure": key, "after": ours, "baseline": simple}
            if taught is not head and not ours > simple:
                raise RawError("from the new embeddings it does no better than a simple method")
            how = "as it was" if taught is head else "taught again on the synthetic city"
            row["kept"], row["why"] = True, f"{how}, {taught['metrics']['units']} units"
        except RawError as error:
            write_card(bundle, without_heads(bundle, open_bundle(bundle).card, [head["name"]]))
            row["kept"], row["why"] = False, str(error).rstrip(".")
        rows.append(row)
    return rows


def _carry(bundle: Path, before: Bundle, head: dict) -> dict:
    card = without_heads(bundle, open_bundle(bundle).card, [head["name"]])
    shutil.copy(before.path / "heads" / f"{head['name']}.onnx", bundle / "heads")
    write_card(bundle, card | {"heads": [*card["heads"], head]})
    return head


def _teach(bundle: Path, head: dict, city: City) -> dict:
    unit = "track" if head["unit"] == "day" else head["unit"]
    labels = city.labels[unit]
    field = str(head.get("task", head["name"]))
    with labels.open(encoding="utf-8") as f:
        if field not in f.readline().strip().split(",") or head["unit"] == "day":
            raise RawError("the synthetic city has no such labels; teach it again with your own")
    arguments = [
        "--tracks", str(city.tracks), "--labels", str(labels), "--field", field, "--unit", head["unit"],
        "--task-name", head["name"], "--title", head.get("title", ""), "--bundle", str(bundle),
        "--unit-of-measure", head.get("unit_of_measure", ""), "--minutes", str(HEAD_MINUTES),
        "--trained-on", "the synthetic city that comes with RAW", "--experimental", "--output", str(bundle),
    ]  # fmt: skip
    if head["unit"] == "region":
        arguments += ["--regions", str(city.regions), "--id", "region_id"]
    if "asks" not in head:
        arguments.append("--alone")
    if "motor vehicle" in head.get("classes", []):
        arguments += ["--rename", "car=motor vehicle", "bus=motor vehicle"]
    finetune.main(arguments)
    return open_bundle(bundle).head(head["name"])


@contextlib.contextmanager
def recorded(folder: Path) -> Iterator[None]:
    """Keep what is printed in the run's folder as well."""
    tee = Tee(folder / PROGRESS)
    with contextlib.redirect_stdout(tee), tee.file:  # type: ignore[type-var]
        yield


def once(path: Path, make: Callable[[], Any]) -> Any:
    """What `make` returns, kept as JSON in a file so that a resumed run has it."""
    if not path.exists():
        beside = path.with_suffix(".partial")
        beside.write_text(json.dumps(make(), indent=1), "utf-8")
        beside.replace(path)
    return json.loads(path.read_text("utf-8"))


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = Parser("python -m model.adapt", description=__doc__)
    p.add_argument("--tracks", required=True, metavar="T", help="your tracks: Parquet, CSV or a GeoLife folder")
    p.add_argument("--init", default="shipped", metavar="BUNDLE", help="bundle to go on from ('none': begin anew)")
    p.add_argument(
        "--preset", choices=[name for name in PRESETS if name != "raw-1b"], default="raw-small",  # it has no bundle
        help="size of a network begun anew (default: %(default)s)",
    )  # fmt: skip
    p.add_argument(
        "--keep", action="append", default=[], metavar="SOURCE",
        help="more tracks to train on as well, so that what was learnt elsewhere is not forgotten",
    )  # fmt: skip
    p.add_argument("--city", type=Path, default=SAMPLE, help="output of model.synthetic (default: the sample city)")
    p.add_argument("--name", default="", help="of the new model, for its card")
    p.add_argument("--resume", action="store_true", help="go on with the run in RUN")
    p.add_argument("--output", type=Path, required=True, metavar="RUN", help="folder of the run")
    p.epilog = "Other arguments, such as --minutes, --device, --lr and --seed, go to model.pretrain."
    return p


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args, others = parser().parse_known_args(argv)
    folder = args.output
    if any(word.partition("=")[0] == "--stop-after" for word in others):
        raise InputError("--stop-after is for model.pretrain alone: give fewer --minutes, or stop it and --resume.")
    if not args.resume and (folder / "trained" / "state.safetensors").exists():
        raise InputError(f"{folder} holds a run already: go on with --resume, or choose another --output.")
    library.check_target(folder / "bundle")
    city = City.at(args.city)
    folder.mkdir(parents=True, exist_ok=True)
    check_same(args)
    os.environ["XDG_CACHE_HOME"] = str(folder / CACHE)  # shards are personal data: they go when the run goes
    before = open_bundle(None if args.init == "none" else args.init)
    with recorded(folder):
        trained, bundle = folder / "trained", folder / "bundle"
        if not (trained / "done").exists():
            say(stage="training")
            pretrain.main(_pretraining(args, others, trained))
            (trained / "done").touch()
        say(stage="comparing")
        after = open_bundle(trained / "bundle")
        figures = once(folder / "figures.json", lambda: compare(held_out(args.tracks, args.keep), before, after))
        if not (folder / "heads.json").exists():  # a bundle half taught is made anew
            library.copy(trained / "bundle", bundle)
            name = args.name or f"{after.card['name']}, own"
            write_card(bundle, after.card | {"name": name, "data": "Tracks of the user's own.", "own_figures": figures})
        heads = once(folder / "heads.json", lambda: teach_again(bundle, before, city))
        use, verdict = judge(figures)
        say(stage="report")
        write_report(folder, before.card, open_bundle(bundle).card, figures, heads, verdict)
        shutil.rmtree(folder / CACHE, ignore_errors=True)  # the tracks, tokenised
        say(stage="done", bundle=str(bundle), report=str(folder / "report.html"), use=use, verdict=verdict)


def check_same(args: argparse.Namespace) -> None:
    """InputError where a run is gone on with other tracks or from another bundle than it was begun with: what is done
    already would be told of these. Folders are not compared, as a run may be moved. A new run knows nothing of another.
    """
    for name in () if args.resume else DONE:
        (args.output / name).unlink(missing_ok=True)
    now = {name: source_name(getattr(args, name)) for name in ("tracks", "init")}
    for name, value in once(args.output / "begun.json", lambda: now).items():
        if value != now[name]:
            raise InputError(f"The run in {args.output} was begun with --{name} {value}: choose another --output.")


def _pretraining(args: argparse.Namespace, others: list[str], trained: Path) -> list[str]:
    arguments = ["--corpus", args.tracks, "--output", str(trained), *others]
    arguments += ["--keep", *args.keep] if args.keep else []
    arguments += ["--preset", args.preset] if args.init == "none" else ["--init", args.init]
    if args.resume and (trained / "state.safetensors").exists():
        arguments.append("--resume")
    return arguments


if __name__ == "__main__":
    sys.exit(run(main))
