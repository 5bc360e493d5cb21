# SPDX-License-Identifier: GPL-2.0-or-later
"""What each preset takes: parameters, memory, arithmetic and expected speed, by formula: python -m model.sizes

Nothing is measured here; docs/reference/presets.md shows this table, docs/evidence/speed.md what was measured.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from model.cli import Parser
from model.config import PRESETS, Config
from model.raw import Raw

QUESTIONS = 4  # a fix
STATE_BYTES = 16  # a parameter, fp32: weight, gradient, momentum, moving average; four more of the few that AdamW has
CPU_FLOPS = 170e9  # what raw-small reached on two cores with AMX: 10,200 fixes/s
H100_FLOPS = 989e12  # bf16, dense
UTILISATION = 0.4  # of that: what well-fed transformers reach
EIGHT = 7.2  # times one card: what exchanging gradients leaves of eight
NARROW = 512  # smaller networks leave a card waiting for its next batch: no figure

FORMULA = """\
FLOPs a fix, forward  = 2 N + 2 T D layers + 2 (Q - 1) N_question
                        N parameters, each used once a fix; attention of T fixes of context, causal, so T/2 each;
                        N_question those of the head that answer each of Q = {questions} questions
            training  = 3 x forward; 4 x where layers are computed twice (--checkpointing)
memory                = {state} bytes a parameter, and of each fix of a batch, in bf16,
                        layers (12 D + 4 H) + 34 D numbers; with --checkpointing layers 3 D + 12 D + 4 H + 34 D
fixes/s               = FLOP/s / FLOPs. Two cores: {cpu:.0f} GFLOP/s, which raw-small reached (measured). An H100:
                        {utilisation:.0%} of 989 TFLOP/s (bf16, dense). Eight: {eight} times one. Narrow networks
                        leave a card waiting for batches and get no figure
"""


@dataclass(frozen=True)
class Size:
    """One preset's figures. flops: of training, a fix. state, kept, kept_twice: bytes, the latter two a fix."""

    parameters: int
    flops: float
    state: float
    kept: float
    kept_twice: float

    @property
    def points_per_s(self) -> float:
        """Expected fixes a second on one H100, as the formula says."""
        return UTILISATION * H100_FLOPS / self.flops

    @property
    def points_per_s_cpu(self) -> float:
        """The same on two cores."""
        return CPU_FLOPS / self.flops


def size(c: Config, context: int = 256) -> Size:
    """The figures of a configuration. context: fixes in a row."""
    with torch.device("meta"):
        network = Raw(c)
    n = sum(p.numel() for p in network.parameters())
    asked = sum(
        p.numel() for part in (network.head_query, network.head_mix, network.head_out) for p in part.parameters()
    )
    forward = 2 * n + 2 * context * c.width * c.layers + 2 * (QUESTIONS - 1) * asked
    layer, head = 12 * c.width + 4 * c.hidden, 34 * c.width
    return Size(
        n, 3.0 * forward, float(STATE_BYTES * n), 2.0 * (c.layers * layer + head),
        2.0 * (c.layers * 3 * c.width + layer + head),
    )  # fmt: skip


def table(points: int = 32_768) -> str:
    """The table in Markdown. points: fixes a batch."""
    lines = [
        f"| preset | parameters | layers × width | MFLOPs a fix | state | batch of {points:,} fixes (computed twice) "
        "| fixes/s, two cores | one H100 | eight |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, c in PRESETS.items():
        s = size(c)
        batch = f"{_bytes(s.kept * points)} ({_bytes(s.kept_twice * points)})"
        on_cards = [_short(s.points_per_s * k) if c.width >= NARROW else "–" for k in (1, EIGHT)]
        cells = [
            name, _short(s.parameters), f"{c.layers} × {c.width}", f"{s.flops / 1e6:,.0f}", _bytes(s.state), batch,
            _short(s.points_per_s_cpu), *on_cards,
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def formula() -> str:
    """How the figures of the table come about."""
    return FORMULA.format(
        questions=QUESTIONS, state=STATE_BYTES, utilisation=UTILISATION, eight=EIGHT, cpu=CPU_FLOPS / 1e9
    )


def _short(n: float) -> str:
    unit, letter = next((u, name) for u, name in ((1e9, " G"), (1e6, " M"), (1e3, " k"), (1, "")) if n >= u)
    return f"{n / unit:.2g}{letter}" if n < 10 * unit else f"{n / unit:.0f}{letter}"


def _bytes(n: float) -> str:
    return f"{n / 2**30:.2g} GB" if n >= 2**30 else f"{n / 2**20:.0f} MB"


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = Parser("python -m model.sizes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--points", type=int, default=32_768, help="fixes a batch (default: %(default)s)")
    args = p.parse_args(argv)
    print(formula())
    print(table(args.points))
