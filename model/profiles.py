# SPDX-License-Identifier: GPL-2.0-or-later
"""Label users, tracks or days: `python -m model.profiles --tracks T [--unit U] --output P`."""

from __future__ import annotations

import sys

from model.cli import (
    Argv,
    id_columns,
    make_parser,
    meter,
    open_model,
    read_tracks,
    run,
    units_of,
    warn_of,
    write_table,
)
from raw_qgis_plugin.core.embedding.profiles import UNITS, profile
from raw_qgis_plugin.core.errors import part_of
from raw_qgis_plugin.core.labels import choose_labels
from raw_qgis_plugin.core.mobility.diary import label_users
from raw_qgis_plugin.core.mobility.people import add_labels

EPILOG = """
P has the id columns (user_id, and track_id or day), and for users commuter ('unknown' where too
little is on record) and commuter_p (of yes), work_days, weekdays_seen, share_walk, share_bike,
share_motor, share_rail (of trips), main_mode, rail_user, rail_trips (a week) and trips_a_day with
their 80 % intervals, rail_p (of yes), n_days_seen and coverage; for each head of
the model NAME, NAME_p and NAME_guess, the label, its probability and the likeliest answer, also
where the label is 'unknown', or NAME, NAME_low and NAME_high, the number and its 80 % interval;
in_domain, why it is not, and evidence, what the labels rest on.
--task asks for some labels alone.
"""
NOT_SHOWN = ("n_points", "n_days", "t_first", "t_last")


def main(argv: Argv = None) -> None:
    """Read, profile, write."""
    parser = make_parser(
        "profiles", "Label users, tracks or days from their tracks.", EPILOG, tasks=True
    )
    each = "one answer for each (default: the head's own unit, else user)"
    parser.add_argument("--unit", choices=UNITS, help=each)
    args = parser.parse_args(argv)
    model = open_model(args)
    chosen = choose_labels("user", model.bundle.heads("user"), args.task)
    unit = args.unit or ("user" if chosen else model.bundle.head(args.task[0])["unit"])
    tracks, guess = read_tracks(args)
    units = units_of(tracks, unit)
    progress = meter("profiling")
    if unit == "user" and chosen:
        labels = label_users(units, model, part_of(progress, 0.0, 0.6))
        answer = profile(units, model, unit, args.task, part_of(progress, 0.6, 1.0))
        answer = add_labels(answer, labels.columns, chosen)
    else:
        answer = profile(units, model, unit, args.task, progress)
    warn_of(answer.reasons)
    columns = {name: values for name, values in answer.columns.items() if name not in NOT_SHOWN}
    write_table(args.output, {**columns, **id_columns(columns, args, guess)})


if __name__ == "__main__":
    sys.exit(run(main))
