# SPDX-License-Identifier: GPL-2.0-or-later
"""Sources of pretraining: tracks in columns, and their runs at any cadence."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from model.data.shards import give_back, make_once, mapped, open_shards, shards_of
from raw_qgis_plugin.core.arrays import Array, Columns, expand_ranges, run_starts
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.specs import FORMATS
from raw_qgis_plugin.core.times import HOUR_MS

COARSE_S = 300  # from this cadence on, a sequence is a person's days and continues over silences
SHORTEST = 8  # fixes of a run
VIEW_COLUMNS = {"rows": np.int64, "slot": np.int32, "start": np.int64, "length": np.int32}


class Source:
    """One part of a corpus: memory-mapped columns t, lon, lat, and which of its people are used.

    exact: simulated positions without recording error. folder: of the shards. validation: as in
    `load`. A pickled source, for the processes that make batches, is opened again from its files.
    """

    def __init__(
        self, name: str, weight: float, exact: bool, folder: Path, validation: bool | None
    ) -> None:
        self.name = name
        self.weight = weight
        self.exact = exact
        self.validation = validation
        self.shards = open_shards(folder)
        self.t = self.shards.t
        self.lon = self.shards.lon
        self.lat = self.shards.lat
        self.views: dict[tuple[int, bool], View | None] = {}

    def __reduce__(self) -> tuple:
        return Source, (self.name, self.weight, self.exact, self.shards.folder, self.validation)

    def view(self, cadence: int, filled: bool = False) -> View | None:
        """The runs of this source at `cadence` seconds, or None where it has none.

        Under COARSE_S: trips, the first fix of each bin. From COARSE_S on: days, the last fix of
        each bin or, if filled, the last fix before every multiple of the cadence.
        """
        key = cadence, filled
        if key not in self.views:
            too_fine = cadence < COARSE_S and self.shards.typical_s > 1.5 * cadence
            self.views[key] = None if too_fine else self._stored(cadence, filled)

        return self.views[key]

    def _stored(self, cadence: int, filled: bool) -> View | None:
        """A view from the files beside the shards, which are made if missing."""
        folder = self.shards.folder / f"{self.validation}-{cadence}{'-filled' * filled}"
        make_once(folder, lambda fresh: _write_view(self, cadence, filled, fresh))
        columns = {name: mapped(folder / name, dtype) for name, dtype in VIEW_COLUMNS.items()}
        if not len(columns["start"]):
            return None
        slot = columns.pop("slot")
        share = np.cumsum(columns["length"], dtype=np.float64)
        return View(slot=slot if filled else None, share=share / share[-1], **columns)


@dataclass(frozen=True)
class View:
    """Runs of fixes at one cadence."""

    rows: Array  # (m,) rows of the source
    slot: Array | None  # (m,) times as multiples of the cadence, or None for the fixes' own
    start: Array  # (r,) where runs begin in `rows`
    length: Array  # (r,) fixes of the runs
    share: Array  # (r,) cumulative share of all fixes


def _write_view(s: Source, cadence: int, filled: bool, folder: Path) -> None:
    """Write VIEW_COLUMNS, a shard at a time."""
    wanted = np.ones(len(s.shards.unseen), bool)
    if s.validation is not None:
        wanted = s.shards.unseen == s.validation

    sample = _filled if filled else _resampled
    count = 0
    with ExitStack() as opened:
        files = {name: opened.enter_context((folder / name).open("wb")) for name in VIEW_COLUMNS}
        for begin, end in pairwise([0, *s.shards.ends]):
            row = np.flatnonzero(wanted[s.shards.user[begin:end]]) + begin
            if not len(row):
                continue

            columns = sample(s.shards.user[row], s.t[row], cadence)
            columns["rows"] = row[columns["rows"]]
            columns["start"] = columns["start"] + count

            for name, dtype in VIEW_COLUMNS.items():
                columns[name].astype(dtype).tofile(files[name])

            count += len(columns["rows"])
            give_back()


def _resampled(user: Array, t: Array, cadence: int) -> Columns:
    """VIEW_COLUMNS of fixes (n,) at a cadence, without slots."""
    coarse = cadence >= COARSE_S
    chosen = run_starts(t // (1000 * cadence), user)
    if coarse:  # the last fix in each bin instead of the first one
        chosen = np.append(chosen[1:], True)

    rows = np.flatnonzero(chosen)
    gap_s = 3 * 86_400 if coarse else 6 * cadence
    new = run_starts(user[rows])
    new[1:] |= np.diff(t[rows]) > 1000 * gap_s
    start, length = _runs(new, t[rows] if coarse else None)

    return {"rows": rows, "slot": rows[:0], "start": start, "length": length}


def _filled(user: Array, t: Array, cadence: int) -> Columns:
    """VIEW_COLUMNS of fixes (n,) filled round the clock; a fix is held for twelve hours at most."""
    step = 1000 * cadence
    last = np.append(run_starts(user)[1:], True)
    # the first slot at or after each fix
    slot = -(-t // step)
    until = np.append(slot[1:], 0)
    until[last] = slot[last] + 1
    until = np.minimum(until, (t + 12 * HOUR_MS) // step + 1)
    count = np.maximum(until - slot, 0)
    rows = np.repeat(np.arange(len(t)), count)
    slots = expand_ranges(slot, count)
    new = run_starts(user[rows])
    new[1:] |= np.diff(slots) > 1
    start, length = _runs(new, slots * step)

    return {"rows": rows, "slot": slots, "start": start, "length": length}


def _runs(new: Array, t: Array | None) -> tuple[Array, Array]:
    """Starts and lengths of the runs that begin where `new`, with at least SHORTEST fixes.

    Where times t (ms) are given, runs also take at least six hours.
    """
    start = np.flatnonzero(new)
    length = np.diff(np.append(start, len(new)))
    enough = length >= SHORTEST
    if t is not None:
        enough &= t[start + length - 1] - t[start] >= 6 * HOUR_MS

    return start[enough], length[enough]


def load(spec: str, *, validation: bool | None = False, cache: Path | None = None) -> Source:
    """Open one source; its shards (model/data/shards.py) are made unless `cache` has them.

    spec: [WEIGHT*][exact:|kind:]PATH. validation: the people held out for validation (True), the
    others (False), or all (None). cache: by default a temporary folder of this process. Cabs and
    devices held out for reports (heldout.py) are never read from the published sources, which are
    known by their columns. Raises InputError where nothing is left.
    """
    weight, path, exact = parse(spec)
    source = Source(Path(path).stem, weight, exact, shards_of(path, cache), validation)
    if validation is not None and not (source.shards.unseen == validation).any():
        purpose = "to validate with" if validation else "to train on"
        raise InputError(f"{path} holds no tracks {purpose}.")

    return source


def load_both(specs: Sequence[str], cache: Path | None = None) -> tuple[list[Source], list[Source]]:
    """The sources with the people who train, and those with the people who are held out, if any."""
    training = [load(spec, cache=cache) for spec in specs]
    held_out = []

    for spec in specs:
        with suppress(InputError):  # a small source may have nobody to spare
            held_out.append(load(spec, validation=True, cache=cache))

    return training, held_out


def parse(spec: str) -> tuple[float, str, bool]:
    """Weight, [kind:]PATH and exactness of a source. Raises InputError for a wrong weight."""
    weight, star, rest = spec.rpartition("*")
    try:
        value = float(weight) if star else 1.0
    except ValueError:
        value = 0.0

    if not 0 < value < float("inf"):
        raise InputError(
            f"The weight in '{spec}' is no positive number: write for instance 2*PATH."
        )

    return value, rest.removeprefix("exact:"), rest.startswith("exact:")


def source_name(spec: str) -> str:
    """A source as a card names it: weight, kind and the end of the path.

    It has no folders of this machine, and not the name of its user.
    """
    weight, star, rest = spec.rpartition("*")
    kind, colon, path = rest.partition(":")
    if kind not in (*FORMATS, "exact"):
        path = rest
        kind = ""
        colon = ""

    at_home = Path(path).absolute().parent == Path.home()
    end = Path(path).parts[-1:] if at_home else Path(path).parts[-2:]
    return weight + star + kind + colon + "/".join(end)
