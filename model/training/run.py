# SPDX-License-Identifier: GPL-2.0-or-later
"""A training run in its folder: network, moving average and optimizers; for one process or many."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.utils.checkpoint import checkpoint

from model.data.batches import Batch
from model.data.corpus import source_name
from model.network.config import PRESETS
from model.network.raw import Raw
from model.training.checkpoint import load, network_of, optimizer_tensors, restore_optimizers, save
from model.training.distributed import World, local, spread_like, whole
from model.training.loss import losses, place_loss
from model.training.published import Places
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.errors import InputError

HIDDEN = ("layers.", "encoder.2.", "head_state.", "head_query.2.", "head_mix.")  # parameters between states, for Muon
LARGE = ("raw-large", "raw-1b")  # presets with checkpointed layers
RESUMED = (  # attributes of a run that its checkpoint keeps
    "step", "batches", "seconds", "points", "before", "box", "calibration", "calibration_before", "domain", "corpus",
)  # fmt: skip


class TrainingRun:
    """A training run. It uses each batch once, however many processes share them and wherever it is resumed.

    batches: made so far, of all processes. before, calibration_before: of the bundle that the run starts from. domain:
    ranges of the training data. box: corners in degrees, for the network as published.
    """

    def __init__(self, args: argparse.Namespace, world: World) -> None:
        self.folder, self.world, self.accumulate = args.output, world, args.accumulate
        self.state = args.output / "state.safetensors"
        self.step, self.batches, self.seconds, self.points = 0, 0, 0.0, 0
        self.before, self.box = None, list[list[float]]()
        self.calibration, self.calibration_before, self.domain = dict[str, dict](), dict[str, dict](), dict[str, list]()
        self.corpus = list(dict.fromkeys(map(source_name, [*args.corpus, *args.keep])))  # as the card names them
        torch.manual_seed(args.seed)
        if args.init:
            bundle = open_bundle(args.init)
            self.network = network_of(bundle).train()
            self.before, self.calibration = bundle.card.get("training"), dict(bundle.card["calibration"])
            self.domain = {k: v for k, v in bundle.card.get("domain", {}).items() if k == "cadence_s"}
            self.calibration_before = self.calibration
            if args.preset not in (None, self.network.config.preset):
                raise InputError(f"--init is a {self.network.config.preset}, not a {args.preset}: leave out --preset.")
        else:
            self.network = Raw(PRESETS[args.preset or "raw-small"])
        self.network.to(world.device)
        large = self.network.config.preset in LARGE
        prepare_layers(self.network, args.checkpointing if args.checkpointing is not None else large, args.compile)
        self.loss = sharded(self.network, world)
        self.optimizers = optimizers(self.network)
        self.average = {k: p.detach().clone() for k, p in self.network.named_parameters()}

    def train_on(self, batches: Iterator[Batch], lr: float) -> Tensor:
        """Take one step on the next batches; returns the loss of this process's batches."""
        total = torch.zeros((), device=self.world.device)
        for n in range(self.accumulate):
            batch, last = next(batches), n == self.accumulate - 1  # gradients are exchanged after the last one alone
            if self.world.size > 1:
                self.loss.set_requires_gradient_sync(last)  # type: ignore[operator]
            loss = self.loss(batch) / self.accumulate
            loss.backward()
            total += loss.detach()
            self.points += batch.points * self.world.size
            self.batches += self.world.size
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        step(self.optimizers, lr)
        self.step += 1
        keep = min(0.999, self.step / (self.step + 10))  # share of the moving average that a step keeps
        with torch.no_grad():
            old, now = ([local(p) for p in some] for some in (self.average.values(), self.network.parameters()))
            torch._foreach_lerp_(old, now, 1 - keep)
        return total

    def save(self, about: dict) -> None:
        """Write the checkpoint: all processes gather it, the first one writes. about: further entries for the card."""
        tensors = {name: tensor.detach().cpu() for name, tensor in self._tensors() if self.world.first}
        if self.world.first:
            own = {"config": self.network.config.to_dict(), "device": self.device_name()}
            save(self.state, tensors, own | {name: getattr(self, name) for name in RESUMED} | about)

    def _tensors(self) -> Iterator[tuple[str, Tensor]]:
        for name, parameter in self.network.named_parameters():
            yield f"network.{name}", whole(parameter.detach())
            yield f"average.{name}", whole(self.average[name])
        yield from optimizer_tensors(self.optimizers, self.network)

    def resume(self) -> dict:
        """Resume from the checkpoint, which every process reads.

        Returns its `about`. Raises InputError where it is damaged or of another network.
        """
        tensors, about = load(self.state)
        ours, theirs = self.network.config.to_dict(), about.get("config", {})
        if ours != theirs:
            name = theirs.get("preset")
            whose = f"of {name}" if name != ours["preset"] else "of another version of it"
            raise InputError(f"The checkpoint in {self.folder} is {whose}, not of {ours['preset']}: use its --preset.")
        try:
            with torch.no_grad():
                for name, parameter in self.network.named_parameters():
                    parameter.copy_(spread_like(tensors[f"network.{name}"], parameter))
                    self.average[name].copy_(spread_like(tensors[f"average.{name}"], parameter))
            restore_optimizers(self.optimizers, self.network, tensors)
        except (KeyError, ValueError, RuntimeError) as error:
            why = str(error).partition("\n")[0]
            raise InputError(f"The checkpoint in {self.folder} is not as a run writes it: {why}.") from error
        corpus = self.corpus
        for name in RESUMED:
            setattr(self, name, about[name])
        self.corpus = list(dict.fromkeys([*self.corpus, *corpus]))  # resumed with another one, its card names both
        return about

    def averaged(self) -> Raw | None:
        """The moving average for validation and export, in the first process; all processes must call this."""
        tensors = {name: whole(tensor) for name, tensor in self.average.items()}
        if not self.world.first:
            return None
        with torch.device("meta"):
            network = Raw(self.network.config)
        network.load_state_dict(tensors, assign=True)
        for name, buffer in self.network.named_buffers():
            setattr(network, name, buffer)
        return network.eval()

    def device_name(self) -> str:
        """The devices, as a card names them."""
        cuda = self.world.device.type == "cuda"
        threads = f"CPU, {torch.get_num_threads()} threads"
        name = torch.cuda.get_device_name(self.world.device) if cuda else threads
        return f"{self.world.size} × {name}" if self.world.size > 1 else name


def optimizers(network: Raw, lr: float = 1e-3) -> list[torch.optim.Optimizer]:
    """Muon for the matrices between states; AdamW for matrices at inputs and outputs and for vectors.

    Muon's steps are scaled to AdamW's, so that one learning rate serves both; `step` sets it.
    """
    named = list(network.named_parameters())
    hidden = [p for n, p in named if p.ndim == 2 and n.startswith(HIDDEN)]
    edges = [p for n, p in named if p.ndim == 2 and not n.startswith(HIDDEN)]
    vectors = [p for _, p in named if p.ndim < 2]
    groups = [{"params": edges, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}]
    return [
        torch.optim.Muon(hidden, lr=lr, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.98), fused=True),
    ]


def step(optimizers: list[torch.optim.Optimizer], lr: float) -> None:
    """Take a step at a learning rate, and clear the gradients."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)


def prepare_layers(network: Raw, checkpointing: bool, compiled: bool) -> None:
    """Compile each layer, and recompute it in the backward pass instead of keeping its activations, as the flags say.

    Layers are compiled one by one: they share a compiled program, and FSDP's work around a layer stays outside of it.
    Only `forward` is replaced, so that the parameters keep their names.
    """
    for layer in network.layers:
        forward = torch.compile(layer.forward) if compiled else layer.forward
        layer.forward = partial(checkpoint, forward, use_reentrant=False) if checkpointing else forward
    if compiled:
        network.predict = torch.compile(network.predict)  # type: ignore[method-assign]


class Loss(nn.Module):
    """The loss of a batch as a module, which FSDP can shard."""

    def __init__(self, network: Raw, device: torch.device, all_used: bool) -> None:
        super().__init__()
        self.network, self.device, self.all_used = network, device, all_used

    def forward(self, batch: Batch | Places) -> Tensor:
        """The mean loss of a batch."""
        if isinstance(batch, Places):
            return place_loss(self.network, batch, self.device)
        loss, _, _ = losses(self.network, batch, self.device)
        if self.all_used:  # some batches do not use all of the head, yet every process must send every gradient
            layers = {id(p) for p in self.network.layers.parameters()}
            loss = loss + 0.0 * sum(p.sum() for p in self.network.parameters() if id(p) not in layers)
        return loss


def sharded(network: Raw, world: World) -> Loss:
    """The loss of a network, whose parameters are sharded over the processes (FSDP2)."""
    loss = Loss(network, world.device, world.size > 1)
    if world.size > 1:
        from torch.distributed.fsdp import fully_shard

        mesh = dist.init_device_mesh(world.device.type, (world.size,))
        for part in (*network.layers, loss):
            fully_shard(part, mesh=mesh)
    return loss
