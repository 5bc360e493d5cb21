# SPDX-License-Identifier: GPL-2.0-or-later
"""Embeddings of users, tracks or days: `python -m model.embed --tracks T [--unit U] --output P`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from raw_qgis_plugin.core.embed import embed
from raw_qgis_plugin.core.profiles import UNITS

from .cli import id_columns, make_parser, meter, open_model, read_tracks, run, units_of, warn, write_table

EPILOG = """
P has the id columns (user_id, and track_id or day) and the embedding in e000, e001, ...; empty where there are fewer
than two fixes.
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Read, embed, write."""
    parser = make_parser("embed", "Embed users, tracks or days as vectors.", EPILOG)
    parser.add_argument("--unit", choices=UNITS, default="user", help="one vector for each of these (default: user)")
    args = parser.parse_args(argv)
    model = open_model(args)
    tracks, guess = read_tracks(args)
    units = units_of(tracks, args.unit)
    vectors = embed(units, model, meter("embedding"))
    short = np.count_nonzero(np.isnan(vectors).any(axis=1))
    if short:
        warn(f"{short:,} of {units.n_tracks:,} {args.unit}s have fewer than two fixes and no embedding")
    columns = {"user_id": units.user_ids[units.track_user]}
    if args.unit != "user":
        columns["day" if args.unit == "day" else "track_id"] = units.track_ids
    values = {f"e{number:03d}": vectors[:, number] for number in range(vectors.shape[1])}
    write_table(args.output, {**id_columns(columns, args, guess), **values})


if __name__ == "__main__":
    sys.exit(run(main))
