# SPDX-License-Identifier: GPL-2.0-or-later
"""Learn to weigh the ways that the layer's tracks went before: python -m model.ways --corpus S … --output DIR

A network without coordinates cannot know streets and turns; the layer's past does (neighbours.py). A small network
is told where a model says that a trip goes, how far off it thinks that it is, and where the likest fixes of the layer's
past went; it answers where the trip goes. It sees no states of a model, so it serves all and is taught once.
The file that it leaves belongs in resources/ways.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from model.cli import print_line, run
from model.data.corpus import Source, load, source_name
from model.raw import weiszfeld
from model.retrieval.fit import BATCH, Tell, fit, make_parser
from model.training.onnx_export import LARGEST_DIFFERENCE, export_graph
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.errors import InputError, RawError, no_progress
from raw_qgis_plugin.core.features.featurizer import LATERAL_QUERY, N_QUERY, displacement
from raw_qgis_plugin.core.forecasting.adaptation import TRIPS
from raw_qgis_plugin.core.forecasting.context import Asked
from raw_qgis_plugin.core.forecasting.neighbours import LEAST_ALIKE, VECTORS, Retrieval
from raw_qgis_plugin.core.forecasting.predict import answers
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

WIDTH, FACTS = 96, 22
WITHIN = (0.1, 0.3, 1.0)  # of the error expected, within which ways speak for each other and for the model's point
ROUGH_M = 5.0  # differences under which say nothing
MEDIAN_STEPS = (6, 2)  # of Weiszfeld's algorithm, without and with gradient
CADENCES = {5: 2, 15: 2, 30: 1, 60: 3}  # seconds between fixes, and how many lessons of each
LAYERS = (15, 120)  # people in one, from … to
THINNED = 0.03  # of the runs of a layer stay at least: others than dense records are weighed too
AHEAD = (1, 2, 3, 4, 5, 8, 16, 32)  # fixes
WARM = 8  # fixes before a trip is asked
CONTEXTS = 4096  # a layer's, asked at once
LR = 1.5e-3
FEWEST = 200  # lessons


class Lessons(NamedTuple):
    """m questions of trips. query: (m, query). point, target: (m, 2) metres in the fixes' frames, where the model says
    and where they went. expected: (m,) metres. ways: (m, N, len(WAY)) of neighbours.py. typical: (m,) metres that
    the model is off in the same source at the same cadence, about as far ahead.
    """

    query: np.ndarray
    point: np.ndarray
    expected: np.ndarray
    ways: np.ndarray
    target: np.ndarray
    typical: np.ndarray

    def take(self, rows: np.ndarray) -> Lessons:
        """Some of them."""
        return Lessons(*(column[rows] for column in self))


class Listening(Model):
    """A model that keeps what it is told of ways, and says what it says without."""

    told: tuple[np.ndarray, ...] = ()

    def weigh_ways(self, query: np.ndarray, point: np.ndarray, expected: np.ndarray, ways: np.ndarray) -> np.ndarray:
        """Keep it."""
        self.told = query, point, expected, ways
        return point


class WayHead(nn.Module):
    """The model's point and the ways, each with a weight and a width: the answer is their spatial median."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.query = nn.Sequential(nn.Linear(N_QUERY, width), nn.SiLU(), nn.Linear(width, width))
        self.way, self.own = nn.Linear(FACTS, width), nn.Linear(3 + len(WITHIN) + 1, width)
        self.weigh_way, self.weigh_own = (
            nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 2)) for _ in range(2)
        )
        for last in (self.weigh_way[-1], self.weigh_own[-1]):
            nn.init.zeros_(last.weight)  # type: ignore[arg-type]
            nn.init.zeros_(last.bias)  # type: ignore[arg-type]

    def forward(self, query: Tensor, point: Tensor, expected: Tensor, ways: Tensor) -> Tensor:
        """As Model.weigh_ways in core/bundle/runtime.py."""
        way, off, velocity = ways[..., : 2 * VECTORS].unflatten(-1, (-1, 2)).unbind(-2)
        alike, hours, own, week = ways[..., 2 * VECTORS :].unbind(-1)
        error, total = expected[:, None] + ROUGH_M, alike.sum(-1, keepdim=True) + 1e-3
        beside = way - point[:, None]
        far, gone, aside = (_length(v) for v in (beside, way, off))
        reach = _length(point)[:, None] + error
        apart = (way[:, :, None] - way[:, None]).square().sum(-1)
        among = [
            (torch.exp(-0.5 * apart / (c * error[..., None]).square()) * alike[:, None]).sum(-1) / total for c in WITHIN
        ]
        near = [(torch.exp(-0.5 * (far / (c * error)).square()) * alike).sum(-1, keepdim=True) / total for c in WITHIN]
        facts = [
            alike, torch.log(alike + 1e-4) / 5.0, torch.log(far / error), torch.log(gone / reach),
            torch.log(error / 100.0).expand_as(alike), hours / 3.0, own, week, torch.log1p(total).expand_as(alike),
            *among, aside, *(way / (gone + error)[..., None]).unbind(-1),
            *(beside / (far + error)[..., None]).unbind(-1), *off.unbind(-1), *velocity.clamp(-6.0, 6.0).unbind(-1),
            (beside / error[..., None]).square().sum(-1).sqrt(),
        ]  # fmt: skip
        asked = self.query(query)
        of_ways = self.weigh_way(self.way(torch.stack(facts, -1).clamp(-6.0, 6.0)) + asked[:, None])
        spread = (alike * far).sum(-1, keepdim=True) / total / error
        of_point = torch.cat(
            [torch.log1p(total), torch.log(error / 100.0), torch.log(reach / error), *near, spread], -1
        )
        of_own = self.weigh_own(self.own(of_point) + asked)
        prior = torch.log(alike + 1e-6).masked_fill(alike <= LEAST_ALIKE, -1e4)
        weight = torch.softmax(torch.cat([of_own[:, :1] + 1.6, of_ways[..., 0] + prior], 1).float(), -1)
        width = torch.cat([of_own[:, 1:], of_ways[..., 1]], 1).float() - 1.0
        places, smooth = torch.cat([point[:, None], way], 1), (width.clamp(-5.0, 3.0).exp() * error).square()
        return weiszfeld(places, weight, smooth, (weight[..., None] * places).sum(1), MEDIAN_STEPS)


def _length(v: Tensor) -> Tensor:
    return (v.square().sum(-1) + 1.0).sqrt()


def lessons(s: Source, model: Listening, cadence: int, most: int, rng: np.random.Generator) -> Lessons | None:
    """Some `most` lessons of a source at a cadence, s; fewer of few people, None of none."""
    found: list[Lessons] = []
    count = 0
    for layer in _layers(s, cadence, rng):
        asked, lon, lat = _questions(layer, rng)
        for at, said in answers(layer, model, asked, Retrieval(layer), no_progress):
            if said.kind[0] == TRIPS and said.weighed.any():  # far ahead days are asked
                at, last = at[said.weighed], said.last[said.weighed]
                target = displacement(said.f, last, lon[at], lat[at])
                few = (*model.told, target, asked.horizon[at] / cadence)
                found.append(Lessons(*(a.astype(np.float32) for a in few)))
                count += len(at)
        if count >= most:
            break
    if not found:
        return None
    joined = Lessons(*(np.concatenate(column) for column in zip(*found, strict=True)))
    joined = joined.take(np.sort(rng.permutation(count)[:most]))
    off = np.hypot(*(joined.point - joined.target).T)
    octave = np.maximum(np.round(np.log2(np.maximum(joined.typical, 1.0))), 0).astype(int)
    typical = np.bincount(octave, off) / np.maximum(np.bincount(octave), 1)
    return joined._replace(typical=np.maximum(typical[octave], 1.0).astype(np.float32))


def _layers(s: Source, cadence: int, rng: np.random.Generator) -> Iterator[Tracks]:
    """Some people's runs of fixes at a cadence, each a track, people after people."""
    view = s.view(cadence)
    if view is None:
        return
    user = s.shards.user[view.rows[view.start]]
    people = rng.permutation(np.unique(user))
    while len(people):
        n = int(np.exp(rng.uniform(*np.log(LAYERS))))
        some, people = people[:n], people[n:]
        runs = np.flatnonzero(np.isin(user, some) & (rng.random(len(user)) < np.exp(rng.uniform(np.log(THINNED), 0))))
        if len(runs):
            length = view.length[runs]
            at = np.repeat(view.start[runs] - np.cumsum(length) + length, length) + np.arange(length.sum())
            rows, run_of = view.rows[at], np.repeat(runs, length)
            yield build_tracks(s.shards.user[rows], run_of, s.t[rows], s.lon[rows], s.lat[rows])[0]


def _questions(layer: Tracks, rng: np.random.Generator) -> tuple[Asked, np.ndarray, np.ndarray]:
    """Questions about a layer's trips, a fix each, and where they went, (m,) degrees each."""
    row = np.arange(len(layer))
    begin, end = layer.track_offsets[layer.track], layer.track_offsets[layer.track + 1]
    ahead = rng.choice(AHEAD, len(row))
    able = np.flatnonzero((row - begin >= WARM) & (row + ahead < end))
    some = np.sort(rng.permutation(able)[:CONTEXTS])
    goal = some + ahead[some]
    horizon = (layer.t[goal] - layer.t[some]) / 1000.0
    return Asked(begin[some], some + 1, np.arange(len(some)), horizon), layer.lon[goal], layer.lat[goal]


def errors_m(head: WayHead, some: Lessons) -> np.ndarray:
    """Distances (m,) of the answers from where the trips went, metres."""
    head.eval()
    with torch.no_grad():
        parts = [
            _off(head, some.take(p)) for p in np.array_split(np.arange(len(some.point)), -(-len(some.point) // BATCH))
        ]
    return torch.cat(parts).numpy()


def _off(head: WayHead, some: Lessons) -> Tensor:
    query, point, expected, ways, target, _ = (torch.from_numpy(column) for column in some)
    return ((head(query, point, expected, ways) - target).square().sum(-1) + 1e-3).sqrt()


def mirrored(some: Lessons) -> Lessons:
    """The same trips, left and right exchanged."""
    some = Lessons(*(column.copy() for column in some))
    some.query[:, LATERAL_QUERY] *= -1
    some.ways[..., [1, 3, 5]] *= -1
    for xy in (some.point, some.target):
        xy[:, 1] *= -1
    return some


def teach(learned: Lessons, epochs: int, seed: int, tell: Tell, watched: Lessons | None = None) -> WayHead:
    """Train a head on lessons; the errors on those `watched` are only told."""
    torch.manual_seed(seed)
    head, rng = WayHead(), np.random.default_rng(seed)

    def loss(rows: np.ndarray) -> Tensor:
        some = learned.take(rows)
        some = mirrored(some) if rng.random() < 0.5 else some
        return (_off(head, some) / torch.from_numpy(some.typical)).mean()

    def judge(average: WayHead) -> dict[str, float]:
        if watched is None:
            return {}
        return {"share": round(float((errors_m(average, watched) / watched.typical).mean()), 4)}

    groups = [{"params": list(head.parameters()), "lr": LR}]
    return fit(head, groups, len(learned.point), loss, epochs, rng, tell, judge)


def export_head(head: WayHead, some: Lessons, path: Path) -> None:
    """Write the head as ONNX. some: a few lessons, on which it is compared."""
    inputs = {name: torch.from_numpy(getattr(some, name)) for name in ("query", "point", "expected", "ways")}
    m, n = torch.export.Dim("questions", min=1), torch.export.Dim("ways", min=1)
    dynamic = {name: {0: m} for name in inputs} | {"ways": {0: m, 1: n}}
    export_graph(head, inputs, path, ["answer"], dynamic)
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = head(**inputs)
    worst = float(np.abs(expected.numpy() - session.run(None, {k: v.numpy() for k, v in inputs.items()})[0]).max())
    if not worst < 100 * LARGEST_DIFFERENCE:  # metres
        raise RawError(f"The exported network differs from the trained one by {worst:g} m.")


def gathered(sources: list[Source], model: Listening, most: int, seed: int, tell: Tell) -> Lessons | None:
    """Some `most` lessons of sources, as many of each as its weight and CADENCES say; None where nobody travels."""
    rng, found = np.random.default_rng(seed), []
    total = sum(s.weight for s in sources) * sum(CADENCES.values())
    for s in sources:
        for cadence, share in CADENCES.items():
            some = lessons(s, model, cadence, int(most * s.weight * share / total), rng)
            if some is not None:
                found.append(some)
                off = round(float(some.typical.mean()), 1)
                tell({"source": s.name, "cadence_s": cadence, "lessons": len(some.point), "metres_without": off})
    return Lessons(*(np.concatenate(column) for column in zip(*found, strict=True))) if found else None


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = make_parser("ways", __doc__, "the model whose trips are asked about", 200_000, 2)
    p.add_argument("--output", required=True, type=Path, metavar="DIR", help="folder for ways.onnx and card.json")
    return p


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parser().parse_args(argv)
    if args.output.is_file():
        raise InputError(f"--output {args.output} is a file; a folder is needed.")
    model = Listening(open_bundle(args.bundle), "cpu")
    sources = [load(spec, cache=args.cache) for spec in args.corpus]
    learned = gathered(sources, model, args.lessons, args.seed, print_line)
    if learned is None or len(learned.point) < FEWEST:
        raise InputError("The corpus has too few trips with others' ways beside them to learn from.")
    head = teach(learned, args.epochs, args.seed, print_line)
    args.output.mkdir(parents=True, exist_ok=True)
    export_head(head, learned.take(np.arange(5)), args.output / "ways.onnx")
    card = {
        "corpus": [source_name(spec) for spec in args.corpus], "lessons": len(learned.point), "epochs": args.epochs,
        "seed": args.seed, "model": model.card["name"],
        "share_of_error": round(float((errors_m(head, learned) / learned.typical).mean()), 4),
    }  # fmt: skip
    (args.output / "card.json").write_text(json.dumps(card, indent=1), "utf-8")


if __name__ == "__main__":
    sys.exit(run(main))
