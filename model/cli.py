# SPDX-License-Identifier: GPL-2.0-or-later
"""Shared by the commands: arguments, tables, progress with the time left, errors in one line."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import numpy as np

from raw_qgis_plugin.core.arrays import Array, Columns
from raw_qgis_plugin.core.embedding.applicability import format_reasons
from raw_qgis_plugin.core.errors import InputError, Progress, RawError, require
from raw_qgis_plugin.core.options import Option, Spec, options_of
from raw_qgis_plugin.core.scratch import complete
from raw_qgis_plugin.core.sources.files import KINDS, find_source
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.sources.schema import Schema
from raw_qgis_plugin.core.specs import FORMATS
from raw_qgis_plugin.core.tracks import Tracks

if TYPE_CHECKING:
    import pyarrow as pa

    from raw_qgis_plugin.core.bundle.runtime import Model

S = TypeVar("S", bound=Spec)
Report = Callable[[dict], None]  # takes one line of progress
Argv = Sequence[str] | None  # the words of a command; None for those of the process
DEVICES = ("auto", "cpu", "cuda")
LARGEST_SEED = 2**31 - 1  # of SUMO


class Parser(argparse.ArgumentParser):
    """An argument parser that reports an error in one line."""

    def error(self, message: str) -> NoReturn:
        """Print the line and exit with 2."""
        self.exit(2, f"{self.prog}: {message}. See {self.prog} --help.\n")


def make_parser(
    command: str,
    description: str,
    epilog: str | None = None,
    tasks: bool = False,
    output: str = "the table to write: .parquet or .csv",
    bundle: bool = True,
) -> Parser:
    """The parser of `python -m model.COMMAND`, with the arguments of all commands on tracks.

    tasks: and on heads. output: what that is. bundle: a model bundle is used.
    """
    parser = Parser(
        f"python -m model.{command}",
        description=description,
        epilog=epilog,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    formats = ", ".join(FORMATS[1:])
    tracks = "fixes: a Parquet or CSV file or folder, a GeoLife folder, "
    add("--tracks", required=True, metavar="T", help=f"{tracks}or kind:path ({formats})")
    add("--user-field", metavar="F", help="column of the user (default: guessed)")
    add("--track-field", metavar="F", help="column of the track (default: guessed)")
    add("--time-field", metavar="F", help="column of the time (default: guessed)")
    zone = "zone of times without one (IANA; default: UTC)"
    add("--tz", default="UTC", metavar="ZONE", help=zone)
    if bundle:
        shipped = "model bundle, a folder or .zip (default: the shipped one)"
        add("--bundle", metavar="B", help=shipped)
        add("--device", choices=DEVICES, default="auto", help="where it runs (default: auto)")
    add("--output", required=True, metavar="P", help=output)
    if tasks:
        names = "a label, or a head of the model; may be given several times (default: all)"
        add("--task", action="append", metavar="NAME", help=names)
    return parser


def add_options(parser: argparse._ActionsContainer, spec: type[Spec]) -> None:
    """Add the options of an operation as flags."""
    for each in options_of(spec):
        common = {"dest": each.name, "default": each.default, "help": _help(each)}
        if each.kind is bool:
            parser.add_argument(each.flag, action=argparse.BooleanOptionalAction, **common)
            continue
        metavar = None
        if not each.choices:
            metavar = each.unit.upper() or each.kind.__name__[0].upper()
        choices = each.choices or None
        parser.add_argument(each.flag, type=each.kind, choices=choices, metavar=metavar, **common)


def _help(option: Option) -> str:
    """The help of an option: its label with the unit, what it says, its default."""
    label = f"{option.label[0].lower()}{option.label[1:]}"
    if option.unit:
        label += f" ({option.unit})"
    default = "" if option.default in (None, "") else "Default: %(default)s"
    return " ".join(filter(None, (f"{label}.", option.help, default)))


def spec_of(args: argparse.Namespace, spec: type[S]) -> S:
    """The options of an operation as they were given. InputError where a value is not allowed."""
    return spec(**{each.name: getattr(args, each.name) for each in options_of(spec)})


def pair(text: str) -> tuple[str, str]:
    """An argument FROM=TO, for argparse."""
    name, sign, other = text.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError(f"'{text}' is not FROM=TO")
    return name, other


def over_zero(text: str) -> float:
    """A number over zero, for argparse."""
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' is not over zero")
    return value


def from_zero(text: str, least: int = 0) -> int:
    """A whole number from 0, such as a seed, for argparse."""
    if not text.isdecimal() or not least <= int(text) <= LARGEST_SEED:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no whole number from {least} to {LARGEST_SEED}"
        )
    return int(text)


def positive(text: str) -> int:
    """A whole number from 1, for argparse."""
    return from_zero(text, 1)


def run(main: Callable[[Argv], None], argv: Argv = None) -> int:
    """Run a command. Returns its exit code: 2 after a RawError or OSError, 130 for Ctrl-C.

    The error is one line on stderr.
    """
    try:
        main(argv)
    except (RawError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    return 0


def print_line(line: dict) -> None:
    """Print one line of progress as JSON on stdout, as the plugin reads it."""
    print(json.dumps(line), flush=True)


def warn(message: str) -> None:
    """Print a warning on stderr."""
    print(f"warning: {message}", file=sys.stderr)


def warn_of(reasons: Sequence[str]) -> None:
    """Print the remarks of the core on its answers as warnings, in the words of the plugin."""
    for reason in reasons:
        warn(format_reasons([reason]))


def count(n: int, what: str, plural: str = "s") -> str:
    """'1 row', '1,200 rows'."""
    return f"{n:,} {what}{plural if n != 1 else ''}"


def meter(what: str, every_s: float = 2.0) -> Progress:
    """A progress that prints the finished share and the time left on stderr, now and then."""
    start = shown = time.monotonic()

    def show(share: float) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown >= every_s or (share >= 1 and shown > start):
            shown = now
            left = f", {(now - start) * (1 - share) / share:,.0f} s left" if 0 < share < 1 else ""
            print(f"{what}: {100 * share:.0f} %{left}", file=sys.stderr, flush=True)

    return show


def read_tracks(args: argparse.Namespace, drop_spikes: bool = True) -> tuple[Tracks, Schema]:
    """The fixes of --tracks; prints what was read and skipped on stderr."""
    check_output(args.output, args)
    schema = Schema(args.user_field, args.track_field, args.time_field, zone=args.tz)
    tracks, skipped, guess = read(args.tracks, "auto", schema, meter("reading"), drop_spikes)
    first = np.datetime64(int(tracks.t.min() // 1000), "s")
    last = np.datetime64(int(tracks.t.max() // 1000), "s")
    counts = [
        count(len(tracks), "fix", "es"),
        count(tracks.n_users, "user"),
        count(tracks.n_tracks, "track"),
    ]
    print(f"{', '.join(counts)}, {first} to {last} UTC ({guess})", file=sys.stderr)
    if skipped:
        warn(str(skipped))
    return tracks, guess


def open_model(args: argparse.Namespace) -> Model:
    """The model of --bundle on --device; prints where it runs on stderr."""
    from raw_qgis_plugin.core.bundle.bundle import open_bundle
    from raw_qgis_plugin.core.bundle.runtime import Model

    model = Model(open_bundle(args.bundle), args.device, warn=warn)
    print(f"model {model.card['name']} on {model.provider}", file=sys.stderr)
    return model


def check_output(path: str, args: argparse.Namespace, flag: str = "--output") -> None:
    """Raise InputError, before any work, for an output that cannot be written or is an input.

    flag: of an output beside --output, which has to be another file.
    """
    if Path(path).suffix.lower() not in (*KINDS["parquet"], ".csv"):
        raise InputError(f"{flag} must end in .parquet or .csv, not '{path}'.")
    if not Path(path).expanduser().absolute().parent.is_dir():
        raise InputError(f"There is no folder '{Path(path).parent}' to write the output into.")
    file = Path(path).expanduser().resolve()
    if flag != "--output" and file == Path(args.output).expanduser().resolve():
        raise InputError(f"{flag} and --output are one file, {path}: give each its own.")
    check_not_read(file, [args.tracks, getattr(args, "at", None)])


def check_not_read(file: Path, sources: Iterable[str | Path | None]) -> None:
    """Raise InputError, before any work, for an output that is what is read, or a file in it."""
    file = file.expanduser().resolve()
    for source in sources:
        read_from = find_source(source, "csv")[0].resolve() if source else None  # of any kind
        if read_from == file or (file.exists() and read_from in file.parents):
            raise InputError(
                f"{file} is what is read, or lies in it, and would be lost: choose another output."
            )


def write_table(path: str, columns: Mapping[str, Any]) -> None:
    """Write columns, NumPy or Arrow arrays, in the format of the path's suffix.

    nan is null, an empty cell in CSV. The file gets its name when it is complete.
    """
    require("pyarrow")
    import pyarrow as pa
    from pyarrow import csv, parquet

    text = Path(path).suffix.lower() == ".csv"
    arrays = {}
    for name, values in columns.items():
        if isinstance(values, np.ndarray):
            values = pa.array(values, from_pandas=True)
        arrays[name] = values
    table = pa.table(arrays)
    file = Path(path).expanduser()
    with complete(file) as beside:
        if text:
            csv.write_csv(table, beside, csv.WriteOptions(quoting_style="needed"))
        else:
            parquet.write_table(table, beside)
    print(f"{count(table.num_rows, 'row')} in {path}", file=sys.stderr)


def utc_times(ms: Array) -> pa.Array:
    """Epoch milliseconds as an Arrow column of times in UTC; NO_TIME is null."""
    import pyarrow as pa

    return pa.array(ms.astype("datetime64[ms]")).cast(pa.timestamp("ms", tz="UTC"))


def own_ids(ids: Array, source: str, column: str | None) -> Array:
    """Ids in the source's type: integers for a column of integers, else text.

    A CSV file has no types: ids that look like integers become integers, as in other readers.
    """
    path, kind = find_source(source)
    if column is None or kind == "geolife":
        return ids
    if not all(
        text.removeprefix("-").isdecimal() and str(int(text)) == text and len(text) < 19
        for text in ids
    ):
        return ids
    if kind == "parquet":
        import pyarrow as pa
        from pyarrow import dataset

        field = dataset.dataset(path, format="parquet", partitioning="hive").schema.field(column)
        if not pa.types.is_integer(field.type):
            return ids
    return np.array([int(text) for text in ids], np.int64)


def id_columns(columns: Mapping[str, Array], args: argparse.Namespace, guess: Schema) -> Columns:
    """user_id and track_id or day of a result, in the source's types."""
    fields = {"user_id": guess.user, "track_id": guess.track or guess.user, "day": None}
    return {
        name: own_ids(columns[name], args.tracks, field)
        for name, field in fields.items()
        if name in columns
    }


def units_of(tracks: Tracks, unit: str) -> Tracks:
    """The tracks divided so that each is one unit: 'user', 'track' or 'day'."""
    if unit == "user":
        return tracks.by_user()
    return tracks.by_day() if unit == "day" else tracks
