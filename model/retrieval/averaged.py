# SPDX-License-Identifier: GPL-2.0-or-later
"""The training loop of the small networks, the scorer and the gap imputer: examples in memory, and a moving average."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from model.cli import Report


@dataclass(frozen=True)
class AveragedTraining:
    """How a small network is trained."""

    batch: int = 1024
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.05
    warm_up_steps: int = 50
    average: float = 0.99  # decay of the moving average that is kept
    likelihood: float = 0.1  # weight of the likelihood beside the error of the point
    alone: float = 0.1  # share of the batches without movements of others, as in a layer of one short track


def train_averaged(
    network: nn.Module, count: int, epochs: int, settings: AveragedTraining, rng: np.random.Generator,
    loss_of: Callable[[np.ndarray], Tensor], report: Report,
) -> None:  # fmt: skip
    """Train a network on batches of `count` examples; at the end it has its moving average.

    loss_of: of the examples at rows (batch,). report: is given the mean loss after each epoch.
    """
    size = min(settings.batch, count)
    steps, warm_up = epochs * (count // size), settings.warm_up_steps
    optimizer = torch.optim.AdamW(
        network.parameters(), settings.learning_rate, betas=(0.9, 0.98), weight_decay=settings.weight_decay
    )
    pace = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: min(1.0, (n + 1) / warm_up) * (0.51 + 0.49 * np.cos(np.pi * min(n / steps, 1.0)))
    )
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(settings.average))
    for epoch in range(epochs):
        losses = []
        for rows in np.split(rng.permutation(count)[: count // size * size], count // size):
            optimizer.zero_grad()
            loss = loss_of(rows)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            pace.step()
            average.update_parameters(network)
            losses.append(loss.item())
        report({"epoch": epoch + 1, "epochs": epochs, "loss": round(float(np.mean(losses)), 4)})
    network.load_state_dict(average.module.state_dict())
