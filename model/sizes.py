# SPDX-License-Identifier: GPL-2.0-or-later
"""What each preset takes: parameters, memory, arithmetic and expected speed, by formula: python -m model.sizes

Nothing is measured here; docs/reference/presets.md shows this table, docs/evidence/speed.md what was measured.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from model.cli import Parser, positive, run
from model.config import BUNDLES, PRESETS, Config
from model.raw import Raw

CPU_FLOPS = 170e9  # of raw-small on two cores with AMX: 10,200 fixes/s (measured)
CARD_FLOPS = 0.4 * 989e12  # of an H100 in bf16, dense: the share that well-fed transformers reach
EIGHT_CARDS = 7.2  # times one card: the rest is exchange of gradients
QUERIES = 4  # for a fix
FORMULA = """\
FLOPs a fix, forward  = 2 N + 2 T D layers + 2 (Q - 1) N_question
                        N parameters, each used once a fix; attention of T fixes of context, causal, so T/2 each;
                        N_question those of the head that answer each of Q = 4 questions
            training  = 3 x forward; 4 x where layers are computed twice (--checkpointing)
memory                = 16 bytes a parameter, and of each fix of a batch, in bf16,
                        layers (12 D + 4 H) + 34 D numbers; with --checkpointing layers 3 D + 12 D + 4 H + 34 D
fixes/s               = FLOP/s / FLOPs. Two cores: 170 GFLOP/s, which raw-small reached (measured). An H100:
                        40% of 989 TFLOP/s (bf16, dense). Eight: 7.2 times one. Narrow networks
                        leave a card waiting for batches and get no figure
"""


@dataclass(frozen=True)
class Size:
    """The figures of a preset. flops: of training on a fix. state: bytes of the parameters. kept, kept_twice: bytes of
    activations for a fix, without and with --checkpointing.
    """

    parameters: int
    flops: float
    state: float
    kept: float
    kept_twice: float


def size(c: Config, context: int = 256) -> Size:
    """The figures of a configuration. context: fixes in a row."""
    with torch.device("meta"):
        network = Raw(c)
    n, per_query = (
        sum(p.numel() for part in parts for p in part.parameters())
        for parts in ([network], [network.head_query, network.head_mix, network.head_out])
    )
    forward = 2 * n + 2 * context * c.width * c.layers + 2 * (QUERIES - 1) * per_query
    layer, head = 12 * c.width + 4 * c.hidden, 34 * c.width
    kept, kept_twice = c.layers * layer + head, c.layers * 3 * c.width + layer + head
    # 16 bytes: weight, gradient, momentum and moving average in fp32
    return Size(n, 3.0 * forward, 16.0 * n, 2.0 * kept, 2.0 * kept_twice)


def table(points: int = 32_768) -> str:
    """The table in Markdown. points: fixes a batch."""
    lines = [
        f"| preset | parameters | layers × width | MFLOPs a fix | state | batch of {points:,} fixes (computed twice) "
        "| fixes/s, two cores | one H100 | eight |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name in BUNDLES:
        c, s = PRESETS[name], size(PRESETS[name])
        batch = f"{_bytes(s.kept * points)} ({_bytes(s.kept_twice * points)})"
        cards = [CARD_FLOPS / s.flops * k for k in (1, EIGHT_CARDS)]
        cells = [
            name, _short(s.parameters), f"{c.layers} × {c.width}", f"{s.flops / 1e6:,.0f}", _bytes(s.state), batch,
            _short(CPU_FLOPS / s.flops), *(_short(speed) if c.width >= 512 else "–" for speed in cards),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _short(n: float) -> str:
    unit, letter = next((u, name) for u, name in ((1e9, " G"), (1e6, " M"), (1e3, " k"), (1, "")) if n >= u)
    return f"{n / unit:.2g}{letter}" if n < 10 * unit else f"{n / unit:.0f}{letter}"


def _bytes(n: float) -> str:
    return f"{n / 2**30:.2g} GB" if n >= 2**30 else f"{n / 2**20:.0f} MB"


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = Parser("python -m model.sizes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--points", type=positive, default=32_768, help="fixes a batch (default: %(default)s)")
    args = p.parse_args(argv)
    print(FORMULA)
    print(table(args.points))


if __name__ == "__main__":
    sys.exit(run(main))
