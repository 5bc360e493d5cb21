# SPDX-License-Identifier: GPL-2.0-or-later
"""What the small networks that weigh places share, the scorers and the gap imputer: examples,
training, figures.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from model.cli import Argv, Parser, Report, from_zero, positive
from model.network.raw import Mixture, nll, spatial_median
from model.training.onnx_export import export_graph
from raw_qgis_plugin.core.arrays import Array, Columns, join_rows, take_rows
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.forecasting import mixture as arrays
from raw_qgis_plugin.core.forecasting.areas import nonconformity


class Training:
    """How a small network is trained."""

    batch: int = 1024
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.05
    warm_up_steps: int = 50
    average: float = 0.99  # decay of the moving average that is kept
    likelihood: float = 0.1  # weight of the likelihood beside the error of the point
    # share of the batches without movements of others, as in a layer of one short track
    alone: float = 0.1


@dataclass(frozen=True)
class Examples:
    """m examples. inputs: of the network's graph. target_m: (m, 2) where the track was, in the
    frame. unit_m: (m,) the unit of the mixture. typical_m: (m,) an error that counts as one.
    seconds: (m,) from the last fix, or of the gap. kind: (m,) ContextKind.
    """

    inputs: Columns
    target_m: Array
    unit_m: Array
    typical_m: Array
    seconds: Array
    kind: Array

    def __len__(self) -> int:
        return len(self.target_m)

    def tensors(self) -> dict[str, Tensor]:
        """The inputs, float32 or bool."""
        found = {}
        for name, values in self.inputs.items():
            as_given = values if values.dtype == bool else values.astype(np.float32)
            found[name] = torch.from_numpy(as_given)

        return found


MixtureOf = Callable[[Examples], Mixture]  # the mixtures of examples, in units


def layers_of(people: Array, sizes: tuple[int, int], rng: Generator) -> Iterator[Array]:
    """People parted into layers of some size, from … to, as analysts bring them."""
    people = rng.permutation(people)
    least, most = np.log(sizes)

    while len(people):
        size = int(np.exp(rng.uniform(least, most)))
        yield people[:size]
        people = people[size:]


def errors(mix: Mixture, some: Examples) -> tuple[Tensor, Tensor]:
    """Errors of the points over the typical ones (m,), and negative log likelihoods (m,)."""
    unit = torch.from_numpy(some.unit_m).float()
    typical = torch.from_numpy(some.typical_m).float()
    target = torch.from_numpy(some.target_m).float() / unit[:, None]
    off = torch.linalg.vector_norm(spatial_median(mix) - target + 1e-6, dim=-1)

    return off * unit / typical, nll(mix, target)


def train_averaged(
    network: nn.Module,
    mixture_of: MixtureOf,
    examples: Examples,
    epochs: int,
    settings: type[Training],
    rng: Generator,
    change: Callable[[Examples], Examples],
    report: Report,
) -> None:
    """Train a network on batches of examples as `change` leaves them; at the end it has its moving
    average.

    report: is given the mean loss after each epoch.
    """
    size = min(settings.batch, len(examples))
    each = len(examples) // size
    optimizer = torch.optim.AdamW(
        network.parameters(),
        settings.learning_rate,
        betas=(0.9, 0.98),
        weight_decay=settings.weight_decay,
    )
    pace = pace_of(epochs * each, settings.warm_up_steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, pace.__getitem__)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(settings.average))

    for epoch in range(epochs):
        losses = []
        order = rng.permutation(len(examples))[: each * size]

        for rows in np.split(order, each):
            some = change(take_rows(examples, rows))
            off, likelihood = errors(mixture_of(some), some)
            loss = off.mean() + settings.likelihood * likelihood.mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            average.update_parameters(network)
            losses.append(loss.item())

        mean = round(float(np.mean(losses)), 4)
        report({"epoch": epoch + 1, "epochs": epochs, "loss": mean})

    network.load_state_dict(average.module.state_dict())
    network.eval()


def pace_of(steps: int, warm_up_steps: int) -> Array:
    """(steps + 1,) shares of the learning rate: it rises in the first steps, and falls to 2 %."""
    number = np.arange(steps + 1)
    falling = 0.51 + 0.49 * np.cos(np.pi * number / steps)
    return np.minimum((number + 1) / warm_up_steps, 1.0) * falling


@dataclass(frozen=True)
class Judged:
    """Of m examples: errors over the typical ones (m,), negative log likelihoods (m,), and of areas
    errors over radii (m, 2) and levels (m,).
    """

    error: Array
    nll: Array
    ratio: Array
    level: Array


@torch.no_grad()
def judge(
    mixture_of: MixtureOf,
    unseen: Examples,
    narrow: Callable[[Array, arrays.Mixture], arrays.Mixture],
    batch: int,
) -> Judged:
    """Judge a network on examples that trained nothing. narrow: function of kinds and mixtures,
    which are condensed for areas.
    """
    found = []
    for rows in np.array_split(np.arange(len(unseen)), -(-len(unseen) // batch)):
        some = take_rows(unseen, rows)
        mix = mixture_of(some)
        m = in_metres(mix, some.unit_m)
        ratio, level = nonconformity(narrow(some.kind, m), arrays.spatial_median(m), some.target_m)
        error, likelihood = errors(mix, some)
        found.append(Judged(error.numpy(), likelihood.numpy(), ratio.T, level))

    return join_rows(found)


def in_metres(mix: Mixture, unit_m: Array) -> arrays.Mixture:
    """Mixtures in units as arrays in metres. unit_m: (m,)."""
    unit = unit_m.astype(np.float64)
    centre, log_scale, log_weight = (a.numpy().astype(np.float64) for a in mix)
    scale = np.exp(log_scale) * unit[:, None]
    return arrays.Mixture(centre * unit[:, None, None], scale, np.exp(log_weight))


def export(
    network: nn.Module,
    some: Examples,
    path: Path,
    outputs: Sequence[str],
    second_axes: dict[str, str],
) -> None:
    """Write a network as ONNX and compare it with PyTorch on some examples. RawError where they
    differ.

    second_axes: of inputs whose second axis may have any length, a name for it. That of the first
    may always.
    """
    inputs = some.tensors()
    names = {"m", *second_axes.values()}
    sizes = {name: torch.export.Dim(name, min=1) for name in names}
    axes = {}

    for name in inputs:
        axes[name] = {0: sizes["m"]}
        if name in second_axes:
            axes[name][1] = sizes[second_axes[name]]

    export_graph(network, inputs, path, list(outputs), axes)


def parse(
    command: str,
    doc: str | None,
    argv: Argv,
    file: str,
    examples: int,
    epochs: int,
    more: str = "",
) -> argparse.Namespace:
    """The arguments of a command that trains a small network and leaves it in `file`. more: a flag
    with its help.
    """
    p = Parser(
        f"python -m {command}",
        description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = p.add_argument

    if more:
        flag, _, text = more.partition(" ")
        add(flag, metavar="B", help=text)

    tracks = "tracks to learn from, as of model.pretrain"
    add("--corpus", required=True, nargs="+", metavar="S", help=tracks)
    folder = f"folder for {file} and card.json"
    add("--output", required=True, type=Path, metavar="DIR", help=folder)
    add("--examples", type=positive, default=examples, metavar="N", help="default %(default)s")
    passes = "passes over them (default %(default)s)"
    add("--epochs", type=positive, default=epochs, metavar="N", help=passes)
    drawn = "of what is drawn (default %(default)s)"
    add("--seed", type=from_zero, default=0, metavar="S", help=drawn)
    args = p.parse_args(argv)

    if args.output.is_file():
        raise InputError(f"--output {args.output} is a file; a folder is needed.")
    if (args.output / "card.json").exists() and not (args.output / file).exists():
        raise InputError(
            f"--output {args.output} holds a card.json of something else: choose another folder."
        )

    return args
