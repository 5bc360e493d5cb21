# SPDX-License-Identifier: GPL-2.0-or-later
"""Teach a bundle to weigh where the layer's tracks went on before: python -m model.neighbours --bundle B --corpus S …

A network without coordinates cannot know where a fleet heads from here at this hour; the layer's past does. The likest
fixes of the past (neighbours.py) become candidates of the mixture beside the asking track's own places, weighed by
a small network that is given the backbone's frozen states. So states, embeddings, heads and forecasts of trips stay as
they are. Asked are days of who roams, as fleets do: of who stays at places the others' say less than one's own.
"""

from __future__ import annotations

import argparse
import copy
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from model.cli import print_line, run
from model.data.corpus import Source, load, source_name
from model.raw import Mixture, Raw, mixture, nll, spatial_median
from model.retrieval.examples import DENSITIES, RECORDED, Lessons, densities, lessons, vectors_of
from model.retrieval.fit import BATCH, Tell, fit, make_parser
from model.training.calibrate import between, table
from model.training.card import write_card
from model.training.checkpoint import load_network
from model.training.loss import bf16
from model.training.onnx_export import LARGEST_DIFFERENCE, export_graph
from raw_qgis_plugin.core.bundle import library
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.contract import NEIGHBOURS_FILE
from raw_qgis_plugin.core.errors import InputError, RawError
from raw_qgis_plugin.core.forecasting import mixture as areas
from raw_qgis_plugin.core.forecasting.candidates import KINDS
from raw_qgis_plugin.core.forecasting.neighbours import ALIKE, DAYS, LEAST_ALIKE, VECTORS

PLACE_M = 300.0  # scale of a place where others went, to begin with
WIDTH, FACTS = 96, 18
OWN = ("head_state", "head_query", "head_mix", "head_out", "candidate_in", "candidate_asked", "candidate_out")
LR, OLD_LR = 1.5e-3, 0.75e-3
FEWEST = 200  # lessons
LIKELY = 0.1  # how much the likelihood counts beside the error of the point


class NeighbourHead(nn.Module):
    """The backbone's own head, to begin with, and a network that weighs neighbours and candidates beside it."""

    def __init__(self, network: Raw, width: int = WIDTH) -> None:
        super().__init__()
        for name in OWN:
            setattr(self, name, copy.deepcopy(getattr(network, name)))
        self.drop = nn.Dropout(0.1)
        self.asked = nn.Linear(network.config.width, width)
        self.place = nn.Linear(network.config.candidate + DENSITIES, width)
        self.neighbour = nn.Linear(FACTS + DENSITIES, width)
        self.weigh = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 3))
        nn.init.zeros_(self.weigh[-1].weight)
        nn.init.zeros_(self.weigh[-1].bias)

    def forward(
        self, states: Tensor, query: Tensor, scale: Tensor, candidates: Tensor, places: Tensor, neighbours: Tensor,
        density: Tensor | None = None, own_time: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
        """As Model.neighbours in core/bundle/runtime.py. density, own_time: of Lessons, where they are known."""
        if density is None or own_time is None:
            density, own_time = densities(candidates, places, neighbours)
        asked = self.head_state(self.drop(states)) + self.head_query(query)
        parameters = self.head_out(self.head_mix(asked))
        own = self.candidate_out(self.candidate_in(candidates) + self.candidate_asked(asked)[:, None])
        way, off, velocity = vectors_of(neighbours)
        alike, hours, days_ago, *flags = neighbours[..., 2 * VECTORS :].unbind(-1)
        leads, k = way + off, places.shape[1]
        far, gone = (v.square().sum(-1).clamp(min=1e-6).sqrt() for v in (leads, way))
        reach = far + scale[:, None]
        facts = [
            alike, torch.log(alike + 1e-4) / 5.0, torch.log1p(far / 50.0) / 8.0, far / reach,
            torch.log1p(gone / 50.0) / 8.0, hours / 3.0, torch.log1p(days_ago) / 3.0, *flags, *own_time.unbind(-1),
            *(leads / reach[..., None]).unbind(-1), *(off / DAYS.near_m).unbind(-1),
            *(velocity.clamp(-20.0, 20.0) / 5.0).unbind(-1),
        ]  # fmt: skip
        seen = torch.cat([
            self.place(torch.cat([candidates, density[:, :k]], dim=-1)),
            self.neighbour(torch.cat([torch.stack(facts, dim=-1), density[:, k:]], dim=-1)),
        ], dim=1)  # fmt: skip
        said = self.weigh(seen + self.asked(asked)[:, None]).float()
        others = torch.stack([
            said[:, k:, 0] + torch.log(PLACE_M / scale)[:, None], said[:, k:, 1] + torch.log(alike + 1e-6)
        ], dim=-1)  # fmt: skip
        leads = leads - torch.sigmoid(said[:, k:, 2:] - 3.0) * off  # to the same place, or the same way from here
        return parameters, torch.cat([own + said[:, :k, :2], others], dim=1), leads


def answers(head: NeighbourHead, some: Lessons) -> tuple[Mixture, Tensor]:
    """The mixtures of lessons, in units of their scale, and where the tracks went."""
    t = {k: torch.from_numpy(v).float() for k, v in some._asdict().items() if k != "kind"}
    parameters, options, leads = head(
        t["states"], t["query"], t["scale"], t["candidates"], t["places"], t["neighbours"], t["density"], t["own_time"]
    )
    known = torch.cat([t["candidates"][..., : len(KINDS)].any(-1), t["neighbours"][..., ALIKE] > LEAST_ALIKE], dim=1)
    unit = t["scale"][:, None]
    places = torch.cat([t["places"], leads], dim=1) / unit[..., None]
    return mixture(parameters, t["base"] / unit, (options, places, known)), t["target"] / unit


def errors_m(head: NeighbourHead, some: Lessons) -> np.ndarray:
    """Distances (m,) of the points from where the tracks went, metres."""
    head.eval()
    found = []
    with torch.no_grad():
        for part in np.array_split(np.arange(len(some.kind)), -(-len(some.kind) // BATCH)):
            mix, target = answers(head, some.take(part))
            found.append(torch.linalg.vector_norm(spatial_median(mix) - target, dim=-1).numpy() * some.scale[part])
    return np.concatenate(found)


def teach(network: Raw, learned: Lessons, watched: Lessons | None, epochs: int, seed: int, tell: Tell) -> NeighbourHead:
    """Train a head on lessons; the errors on those `watched` are only told."""
    torch.manual_seed(seed)
    head, rng = NeighbourHead(network), np.random.default_rng(seed)
    own = [p for name in OWN for p in getattr(head, name).parameters()]
    ids = {id(p) for p in own}
    new = [p for p in head.parameters() if id(p) not in ids]
    fast = bf16(torch.device("cpu"))

    def loss(rows: np.ndarray) -> Tensor:
        some = learned.take(rows)
        with torch.autocast("cpu", torch.bfloat16, enabled=fast):
            mix, target = answers(head, some)
        off = torch.linalg.vector_norm(spatial_median(mix) - target + 1e-6, dim=-1)
        near = (off * torch.from_numpy(some.scale / some.typical)).mean()
        return 2.0 * near + LIKELY * nll(mix, target).mean()

    def judge(average: NeighbourHead) -> dict[str, float]:
        return {} if watched is None else {"metres": round(float(errors_m(average, watched).mean()), 1)}

    groups = [{"params": own, "lr": OLD_LR}, {"params": new, "lr": LR}]
    return fit(head, groups, len(learned.kind), loss, epochs, rng, tell, judge)


@torch.no_grad()
def calibrated(head: NeighbourHead, some: Lessons, seed: int = 0) -> dict[str, dict[str, list[float]]]:
    """As model.calibrate, by kind of days, from lessons of people who taught nothing; of held records who moved."""
    moved = np.hypot(*some.target.T) > 1.0
    rows = np.flatnonzero(moved | ~np.char.endswith(some.kind, "held"))
    some = some.take(np.random.default_rng(seed).permutation(rows)[:20_000])
    ratio, deep = [], []
    for part in np.array_split(np.arange(len(some.kind)), -(-len(some.kind) // BATCH)):
        few = some.take(part)
        mix, target = answers(head, few)
        unit = few.scale.astype(np.float64)
        m = areas.Mixture(
            mix.centre.numpy() * unit[:, None, None], np.exp(mix.log_scale.numpy()) * unit[:, None],
            np.exp(mix.log_weight.numpy().astype(np.float64)),
        )  # fmt: skip
        point, goal = areas.spatial_median(m), target.numpy() * unit[:, None]
        m = areas.moving(m.heaviest(areas.HEAVIEST))
        ratio.append(np.linalg.norm(point - goal, axis=1)[:, None] / np.maximum(areas.radii(m, point), 1e-9))
        deep.append(areas.depth(m, goal))
    found = {}
    for kind in np.unique(some.kind):
        own = some.kind == kind
        found[str(kind)] = table(
            some.horizon[own], np.concatenate(ratio)[own], np.concatenate(deep)[own], np.ones(own.sum(), bool)
        )
    return {kind: t for kind, t in found.items() if t["horizon_s"]}


def export_head(head: NeighbourHead, some: Lessons, path: Path) -> None:
    """Write the head as ONNX. some: a few lessons, on which it is compared."""
    names = ("states", "query", "scale", "candidates", "places", "neighbours")
    inputs = {name: torch.from_numpy(getattr(some, name)).float() for name in names}
    m, n = torch.export.Dim("questions", min=1), torch.export.Dim("neighbours", min=1)
    dynamic = {name: {0: m} for name in names} | {"neighbours": {0: m, 1: n}}
    export_graph(head, inputs, path, ["parameters", "options", "leads"], dynamic)
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = head(**inputs)
    got = session.run(None, {k: v.numpy() for k, v in inputs.items()})
    worst = max(float(np.abs(e.numpy() - g).max()) for e, g in zip(expected[:2], got[:2], strict=True))
    if not worst < LARGEST_DIFFERENCE:
        raise RawError(f"The exported network differs from the trained one by {worst:g}: the training has diverged.")


def gathered(sources: list[Source], network: Raw, most: int, seed: int, tell: Tell) -> Lessons | None:
    """Some `most` lessons of sources, as many of each as its weight says; None where nobody roams."""
    found, total = [], sum(s.weight for s in sources)
    for s in sources:
        for recorded in RECORDED:
            some = lessons(s, network, recorded, int(most * s.weight / total / len(RECORDED)), seed)
            if some is not None:
                found.append(some)
            tell({"source": s.name, "recorded": recorded, "lessons": 0 if some is None else len(some.kind)})
    return Lessons(*(np.concatenate(column) for column in zip(*found, strict=True))) if found else None


def add(
    bundle: Path, sources: list[Source], held_out: list[Source], names: list[str], most: int, epochs: int, seed: int,
    tell: Tell,
) -> bool:  # fmt: skip
    """Teach the bundle in a folder, and calibrate its areas of who roams; False where a corpus has too few who do.

    names: of the sources, for the card. most: lessons.
    """
    network, _ = load_network(bundle / "weights.safetensors")
    learned = gathered(sources, network, most, seed, tell)
    watched = gathered(held_out, network, most // 10, seed, tell)
    if learned is None or len(learned.kind) < FEWEST:
        return False
    head = teach(network, learned, watched, epochs, seed, tell)
    card = json.loads((bundle / "card.json").read_text("utf-8"))
    card["neighbours"] = {
        "corpus": names, "lessons": len(learned.kind), "epochs": epochs, "seed": seed
    }  # fmt: skip
    if watched is not None:
        people = sum(len(np.unique(s.shards.person[s.shards.unseen])) for s in held_out)
        card["calibration"] = between(card["calibration"], calibrated(head, watched, seed), people)
        alone = watched._replace(neighbours=np.zeros_like(watched.neighbours))
        for name, who, some in (("metres", head, watched), ("metres_without", NeighbourHead(network), alone)):
            card["neighbours"][name] = round(float(errors_m(who, some).mean()), 1)
    export_head(head, learned.take(np.arange(5)), bundle / NEIGHBOURS_FILE)
    write_card(bundle, card)
    return True


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    p = make_parser("neighbours", __doc__, "the model that is taught", 400_000, 4)
    p.add_argument("--output", required=True, type=Path, metavar="B2", help="the model with what it learned, a folder")
    return p


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parser().parse_args(argv)
    bundle = open_bundle(args.bundle)
    library.check_target(args.output)
    sources = [load(spec, cache=args.cache) for spec in args.corpus]
    held_out = []
    for spec in args.corpus:
        with suppress(InputError):  # a small source may have nobody to spare
            held_out.append(load(spec, validation=True, cache=args.cache))
    with tempfile.TemporaryDirectory(prefix="raw-neighbours-") as beside:
        fresh = Path(shutil.copytree(bundle.path, Path(beside) / "fresh"))
        names = [source_name(spec) for spec in args.corpus]
        if not add(fresh, sources, held_out, names, args.lessons, args.epochs, args.seed, print_line):
            raise InputError("The corpus has nobody who roams for days, as taxis do, to learn from.")
        library.copy(fresh, args.output)


if __name__ == "__main__":
    sys.exit(run(main))
