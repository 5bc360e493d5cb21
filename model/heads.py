# SPDX-License-Identifier: GPL-2.0-or-later
"""Heads: small networks from embeddings to a label, whose arrays go into a bundle.

head_training/ fits them. Gradient-boosted trees (head_training/trees.py) can be a part of a head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Task:
    """What a head predicts. kind: 'binary', 'classes' or 'number'. classes: the labels. transform: the scale of a
    number. count: the number is whole and not negative.
    """

    kind: str
    classes: tuple[str, ...] = ()
    transform: str = "identity"
    count: bool = False

    @property
    def outputs(self) -> int:
        """Columns of the head's output."""
        return len(self.classes) or 1

    def in_unit(self, value: np.ndarray) -> np.ndarray:
        """Numbers in the scale of the head's output to their own unit."""
        return np.expm1(np.clip(value, 0.0, 500.0)) if self.transform == "log1p" else value


class Head(nn.Module):
    """Standardised inputs, squashed, then one hidden layer, or none where hidden is 0."""

    def __init__(self, inputs: int, outputs: int, hidden: int = 32) -> None:
        super().__init__()
        self.inputs = inputs
        self.register_buffer("centre", torch.zeros(inputs))
        self.register_buffer("spread", torch.ones(inputs))
        self.register_buffer("strength", torch.ones(inputs))
        self.register_buffer("offset", torch.zeros(outputs))
        self.register_buffer("gain", torch.ones(outputs))
        self.first = nn.Linear(inputs, hidden) if hidden else nn.Identity()
        self.second = nn.Linear(hidden or inputs, outputs)

    def standardise(self, x: Tensor) -> Tensor:
        """Standard scores of x (n, inputs) with logarithmic tails, so that sums over many users stay small."""
        z = (x - self.centre) / self.spread
        return torch.sign(z) * torch.log1p(z.abs()) * self.strength

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, inputs). Returns logits (n, classes), or a number (n, 1) in the task's scale."""
        h = self.standardise(x)
        if isinstance(self.first, nn.Linear):
            h = F.silu(F.linear(h, self.first.weight.float(), self.first.bias))
        return self.second(h) * self.gain + self.offset

    def noisy(self, x: Tensor) -> Tensor:
        """As `forward`, with dropout: to train a head with a hidden layer."""
        z = F.dropout(self.standardise(x), 0.1, self.training)
        return self.second(F.dropout(F.silu(self.first(z)), 0.3, self.training)) * self.gain + self.offset

    def set_scales(self, x: np.ndarray, y: np.ndarray, task: Task, strength: np.ndarray) -> None:
        """Set centres and spreads from inputs x (n, d) and labels y (n,). strength: (d,) the weight of each column."""
        self.centre = torch.from_numpy(x.mean(axis=0))
        self.spread = torch.from_numpy(x.std(axis=0) + 1e-3)
        # A column that hardly varies, such as the area of a grid's cells, has no weight.
        self.strength = torch.from_numpy((strength * (x.std(axis=0) > 0.02)).astype(np.float32))
        if not task.classes:
            self.offset = torch.tensor([float(np.median(y))])
            self.gain = torch.tensor([float(y.std()) + 1e-6])


def pack(part: nn.Module) -> None:
    """Keep a trained head's large weights in half precision, to halve its file. For `Module.apply`."""
    if isinstance(part, Head) and isinstance(part.first, nn.Linear):
        part.first.weight = nn.Parameter(part.first.weight.half(), requires_grad=False)


class Ensemble(nn.Module):
    """Parts whose outputs are added, each times its share."""

    def __init__(self, members: Sequence[nn.Module], shares: Sequence[float]) -> None:
        super().__init__()
        self.members, self.inputs, self.shares = nn.ModuleList(members), members[0].inputs, list(shares)

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, inputs) to (n, outputs)."""
        total = self.members[0](x) * self.shares[0]
        for share, member in zip(self.shares[1:], self.members[1:], strict=True):
            total = total + member(x) * share
        return total


class Calibrated(nn.Module):
    """A head whose output is multiplied (classes: by the inverse of the temperature) and shifted; what is exported."""

    def __init__(self, head: nn.Module, gain: float = 1.0, shift: float = 0.0) -> None:
        super().__init__()
        self.head, self.gain, self.shift, self.inputs = head, gain, shift, head.inputs

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, inputs) to (n, outputs)."""
        return self.head(x) * self.gain + self.shift


def arrays_of(head: Calibrated) -> dict[str, np.ndarray]:
    """The arrays of a trained head, as core/bundle/heads.py evaluates them."""
    parts, shares = [head.head], [1.0]
    if isinstance(head.head, Ensemble):
        parts, shares = list(head.head.members), head.head.shares
    sizes = {"shares": shares, "gain": [head.gain], "shift": [head.shift]}
    arrays = {name: np.array(values, np.float32) for name, values in sizes.items()}
    for n, part in enumerate(parts):
        arrays |= {f"{n}.{k.removeprefix('trees.')}": v.numpy() for k, v in part.state_dict().items()}
    return arrays


@torch.no_grad()
def predict(head: nn.Module, x: np.ndarray) -> np.ndarray:
    """A head's output (n, outputs) float64 for inputs x (n, inputs)."""
    return head(torch.from_numpy(x)).double().numpy()
