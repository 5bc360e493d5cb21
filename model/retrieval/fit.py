# SPDX-License-Identifier: GPL-2.0-or-later
"""How small networks learn from lessons to weigh the layer's past (model/neighbours.py, model/ways.py)."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from model.cli import Parser, from_zero, positive

BATCH, DECAY, WARM_UP, AVERAGED = 1024, 0.05, 50, 0.99
Head = TypeVar("Head", bound=nn.Module)
Tell = Callable[[dict], None]


def fit(
    head: Head, parameters: list[dict[str, Any]], count: int, loss: Callable[[np.ndarray], Tensor], epochs: int,
    rng: np.random.Generator, tell: Tell, judge: Callable[[Head], dict[str, float]],
) -> Head:  # fmt: skip
    """Train a head; its moving average. parameters: AdamW's groups. loss: of some of the `count` lessons, by their
    rows. judge: what is told of the average after each epoch.
    """
    optimizer = torch.optim.AdamW(parameters, weight_decay=DECAY, betas=(0.9, 0.98))
    size = min(BATCH, count)
    steps = epochs * (count // size)
    pace = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: min(1.0, (n + 1) / WARM_UP) * (0.51 + 0.5 * np.cos(np.pi * min(n / steps, 1.0)))
    )
    average = AveragedModel(head, multi_avg_fn=get_ema_multi_avg_fn(AVERAGED))
    began = time.monotonic()
    for epoch in range(epochs):
        order = rng.permutation(count)
        head.train()
        for batch in range(count // size):
            optimizer.zero_grad()
            loss(order[batch * size : (batch + 1) * size]).backward()
            nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            optimizer.step()
            pace.step()
            average.update_parameters(head)
        line = {"epoch": epoch + 1, "epochs": epochs, "minutes": round((time.monotonic() - began) / 60, 2)}
        tell(line | judge(average.module))
    return average.module.eval()


def make_parser(name: str, about: str | None, bundle: str, lessons: int, kilobytes: int) -> Parser:
    """The options that commands share. bundle: what its bundle is for. lessons: by default, of so many kilobytes."""
    p = Parser(f"python -m model.{name}", description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bundle", metavar="B", help=f"{bundle} (default: the shipped one)")
    p.add_argument("--corpus", required=True, nargs="+", metavar="S", help="tracks to learn from, as of model.pretrain")
    p.add_argument(
        "--lessons", type=positive, default=lessons, metavar="N",
        help=f"questions to learn from, {kilobytes} kB of memory each (default %(default)s)",
    )  # fmt: skip
    p.add_argument("--epochs", type=positive, default=6, metavar="N", help="how often each is learned from (default 6)")
    p.add_argument("--cache", type=Path, metavar="DIR", help="of the tokenised corpora, private (in your cache folder)")
    p.add_argument("--seed", type=from_zero, default=0, metavar="S", help="of what is drawn (default %(default)s)")
    return p
