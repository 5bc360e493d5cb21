# SPDX-License-Identifier: GPL-2.0-or-later
"""A training run in its folder: network, moving average and optimizers; for one process or many."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import partial

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint

from model.data.batches import Batch, Batches
from model.data.corpus import source_name
from model.network.config import PRESETS
from model.network.raw import Raw
from model.training.checkpoint import load, network_of, optimizer_tensors, restore_optimizers, save
from model.training.loss import losses, validate
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.errors import InputError

PEAK_LR = 2e-3  # peak learning rate from random weights
PEAK_LR_TRAINED = 1.2e-3  # peak learning rate from trained weights
# parameters between states, for Muon
HIDDEN = ("layers.", "encoder.2.", "head_state.", "head_query.2.", "head_mix.")
LARGE = ("raw-large", "raw-1b")  # presets with checkpointed layers
MAX_GRADIENT = 1.0  # norm to which gradients are clipped


@dataclass
class Progress:
    """How far a run is, and what the card tells of it. The checkpoint keeps these figures."""

    seed: int
    lr: float  # the peak learning rate
    corpus: list[str]  # sources, as the card names them
    step: int = 0
    batches: int = 0  # made so far, of all processes
    seconds: float = 0.0  # of training
    points: int = 0  # fixes trained on, of all processes
    before: dict | None = None  # training of the bundle that the run starts from
    calibration: dict[str, dict] = field(default_factory=dict)
    calibration_before: dict[str, dict] = field(default_factory=dict)  # of that bundle
    domain: dict[str, list] = field(default_factory=dict)  # ranges of the training data
    metrics: dict[str, float] = field(default_factory=dict)  # of the last validation


class TrainingRun:
    """A training run in its folder, of one process or of many.

    It uses each batch once, however many processes share them and wherever it is resumed.
    """

    def __init__(self, args: argparse.Namespace, world: World) -> None:
        self.args = args
        self.folder = args.output
        self.state = args.output / "state.safetensors"
        self.world = world
        corpus = list(dict.fromkeys(map(source_name, [*args.corpus, *args.keep])))
        lr = args.lr or (PEAK_LR_TRAINED if args.init else PEAK_LR)
        self.progress = Progress(args.seed, lr, corpus)
        torch.manual_seed(args.seed)
        if args.init:
            self.network = self._network_to_start_from()
        else:
            self.network = Raw(PRESETS[args.preset or "raw-small"])

        self.network.to(world.device)

        checkpointing = args.checkpointing
        if checkpointing is None:
            checkpointing = self.network.config.preset in LARGE

        prepare_layers(self.network, checkpointing, args.compile)
        self.loss: nn.Module = Loss(self.network, world.device)
        if world.size > 1:  # not every batch uses all of the head
            self.loss = DistributedDataParallel(
                self.loss, broadcast_buffers=False, find_unused_parameters=True
            )

        self.optimizers = optimizers(self.network)
        self.average = {k: p.detach().clone() for k, p in self.network.named_parameters()}

    def _network_to_start_from(self) -> Raw:
        """The network of the bundle --init, whose card the progress takes over."""
        bundle = open_bundle(self.args.init)
        card = bundle.card
        preset = card["config"]["preset"]
        if self.args.preset not in (None, preset):
            raise InputError(f"--init is a {preset}, not a {self.args.preset}: leave out --preset.")

        domain = card.get("domain", {})
        self.progress.before = card.get("training")
        self.progress.calibration = dict(card["calibration"])
        self.progress.calibration_before = dict(card["calibration"])
        self.progress.domain = {k: v for k, v in domain.items() if k == "cadence_s"}

        return network_of(bundle).train()

    def train_on(self, batches: Iterator[Batch], lr: float) -> Tensor:
        """Take one step on the next batches; returns the loss of this process's batches."""
        total = torch.zeros((), device=self.world.device)
        for n in range(self.args.accumulate):
            batch = next(batches)
            with ExitStack() as alone:  # gradients are exchanged after the last batch alone
                if isinstance(self.loss, DistributedDataParallel) and n < self.args.accumulate - 1:
                    alone.enter_context(self.loss.no_sync())

                loss = self.loss(batch) / self.args.accumulate
                loss.backward()

            total += loss.detach()
            self.progress.points += batch.points * self.world.size
            self.progress.batches += self.world.size

        torch.nn.utils.clip_grad_norm_(self.network.parameters(), MAX_GRADIENT)
        step(self.optimizers, lr)
        self.progress.step += 1
        # share of the moving average that a step keeps
        keep = min(0.999, self.progress.step / (self.progress.step + 10))

        with torch.no_grad():
            torch._foreach_lerp_([*self.average.values()], [*self.network.parameters()], 1 - keep)

        return total

    def validate(self, corpus: Batches | None) -> dict[str, float]:
        """The validation of the moving average: in the first process, if there is a corpus."""
        metrics: dict[str, float] = {}
        if corpus and self.world.first:
            metrics = validate(self.averaged(), corpus, self.world.device)

        self.progress.metrics = metrics
        return metrics

    def save(self) -> None:
        """Write the checkpoint, in the first process.

        It says how the run is resumed, and what a card tells of it.
        """
        if not self.world.first:
            return

        about = {
            "config": self.network.config.to_dict(),
            "device": self.world.devices(),
            "minutes": self.args.minutes,
            "command": self.args.command,
        }
        save(self.state, self.tensors(), about | vars(self.progress))

    def tensors(self) -> dict[str, Tensor]:
        """All that changes in training, by name."""
        found = {f"network.{k}": p.detach() for k, p in self.network.named_parameters()}
        found |= {f"average.{k}": values for k, values in self.average.items()}
        return found | optimizer_tensors(self.optimizers)

    def resume(self) -> None:
        """Resume from the checkpoint, which every process reads.

        A learning rate that was asked for stays. With another corpus than before the card names
        both. Raises InputError where the checkpoint is damaged or of another network.
        """
        tensors, about = load(self.state)
        self._check_config(about.get("config", {}))
        corpus = self.progress.corpus

        try:
            with torch.no_grad():
                for name, parameter in self.network.named_parameters():
                    parameter.copy_(tensors[f"network.{name}"])
                    self.average[name].copy_(tensors[f"average.{name}"])

            restore_optimizers(self.optimizers, tensors)
            self.progress = Progress(**{f.name: about[f.name] for f in fields(Progress)})
        except (KeyError, ValueError, RuntimeError) as error:
            why = str(error).partition("\n")[0]
            raise InputError(
                f"The checkpoint in {self.folder} is not as a run writes it: {why}."
            ) from error

        self.progress.corpus = list(dict.fromkeys([*self.progress.corpus, *corpus]))
        self.progress.lr = self.args.lr or self.progress.lr

    def _check_config(self, theirs: dict) -> None:
        """Raise InputError if the checkpoint is of a network of other sizes."""
        ours = self.network.config.to_dict()
        if ours == theirs:
            return

        name = theirs.get("preset")
        whose = f"of {name}" if name != ours["preset"] else "of another version of it"
        raise InputError(
            f"The checkpoint in {self.folder} is {whose}, not of {ours['preset']}: "
            "use its --preset."
        )

    def averaged(self) -> Raw:
        """The network with its moving average, for validation and export."""
        with torch.device("meta"):
            network = Raw(self.network.config)

        network.load_state_dict(self.average, assign=True)
        for name, buffer in self.network.named_buffers():
            setattr(network, name, buffer)

        return network.eval()


def optimizers(network: Raw) -> list[torch.optim.Optimizer]:
    """Muon for the matrices between states, AdamW for those at the ends and for vectors.

    Muon's steps are scaled to AdamW's, so that one learning rate serves both; `step` sets it.
    """
    named = list(network.named_parameters())
    hidden = [p for n, p in named if p.ndim == 2 and n.startswith(HIDDEN)]
    edges = [p for n, p in named if p.ndim == 2 and not n.startswith(HIDDEN)]
    vectors = [p for _, p in named if p.ndim < 2]
    groups = [{"params": edges, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}]

    return [
        torch.optim.Muon(hidden, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True),
    ]


def step(optimizers: list[torch.optim.Optimizer], lr: float) -> None:
    """Take a step at a learning rate, and clear the gradients."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = lr

        optimizer.step()
        optimizer.zero_grad(set_to_none=True)


def prepare_layers(network: Raw, checkpointing: bool, compiled: bool) -> None:
    """Compile each layer, and recompute it in the backward pass, as the flags say.

    To recompute saves the memory of its activations. Layers are compiled one by one, since they
    share a compiled program. Only `forward` is replaced, so that the parameters keep their names.
    """
    for layer in network.layers:
        if compiled:
            layer.forward = torch.compile(layer.forward)
        if checkpointing:
            layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)

    if compiled:
        network.predict = torch.compile(network.predict)  # type: ignore[method-assign]


class Loss(nn.Module):
    """The mean loss of a batch as a module, as DistributedDataParallel wants it."""

    def __init__(self, network: Raw, device: torch.device) -> None:
        super().__init__()
        self.network = network
        self.device = device

    def forward(self, batch: Batch) -> Tensor:
        """The loss."""
        return losses(self.network, batch, self.device)[0]


@dataclass(frozen=True)
class World:
    """The processes that train together. rank: the number of this one, of `size`."""

    rank: int
    size: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Does this process print, validate and save?"""
        return self.rank == 0

    def devices(self) -> str:
        """The devices of all processes, as a card names them."""
        if self.device.type == "cuda":
            name = torch.cuda.get_device_name(self.device)
        else:
            name = f"CPU, {torch.get_num_threads()} threads"

        return f"{self.size} × {name}" if self.size > 1 else name

    def broadcast(self, values: list[float]) -> list[float]:
        """The first process's numbers, in all processes."""
        if self.size == 1:
            return values

        # on the CPU, through gloo
        shared = torch.tensor(values, dtype=torch.float64)
        dist.broadcast(shared, 0)
        return shared.tolist()

    def leave(self) -> None:
        """Part once all processes are done."""
        if self.size > 1:
            dist.barrier()
            dist.destroy_process_group()

    @contextmanager
    def first_alone(self) -> Iterator[None]:
        """The first process runs the block before the others, which find the files it wrote."""
        if not self.first:
            self.broadcast([0.0])

        yield
        if self.first:
            self.broadcast([0.0])


def open_world(device: str) -> World:
    """Join the processes that torchrun started; without it this process is alone.

    Raises InputError for an unknown device.
    """
    size = int(os.environ.get("WORLD_SIZE", 1))
    rank = int(os.environ.get("RANK", 0))
    chosen = find_device(device)
    if size > 1:
        backend = "cpu:gloo,cuda:nccl" if chosen.type == "cuda" else "gloo"
        # The first process alone tokenises, validates and calibrates: the others wait for hours.
        dist.init_process_group(backend, timeout=timedelta(hours=6))

    return World(rank, size, chosen)


def find_device(name: str) -> torch.device:
    """The device of a name, 'auto', 'cpu', 'cuda' or 'cuda:N'. Raises InputError for others.

    Under torchrun each process has the card of its number.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"

    try:
        device = torch.device(name)
    except RuntimeError:
        device = torch.device("meta")

    if device.type not in ("cpu", "cuda"):
        raise InputError(
            f"There is no device '{name}' to train on: choose auto, cpu, cuda or cuda:N."
        )
    if device.type == "cuda":
        number = int(os.environ.get("LOCAL_RANK", device.index or 0))
        if not torch.cuda.is_available() or number >= torch.cuda.device_count():
            raise InputError(
                f"PyTorch sees no CUDA device {number} here: "
                "use --device cpu, or install its CUDA build."
            )

        device = torch.device("cuda", number)
        torch.cuda.set_device(device)
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True

    return device
