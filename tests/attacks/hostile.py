# SPDX-License-Identifier: GPL-2.0-or-later
"""Spoils a bundle in many ways and uses what still opens: `hostile.py BUNDLE WORK FIRST LAST`
prints what came of it.

It runs in a process of its own, so that a crash, or gigabytes, are the test's finding and not its
end.
"""

from __future__ import annotations

import copy
import json
import resource
import shutil
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.checking import write_sums
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.cleaning import build_tracks
from raw_qgis_plugin.core.embedding.profiles import profile
from raw_qgis_plugin.core.errors import RawError
from raw_qgis_plugin.core.forecasting.predict import Queries, predict
from raw_qgis_plugin.core.tracks import Tracks

JUNK: list[Any] = [
    None, True, -1, 0, 1, 2**63, 1e300, float("nan"), "", "x", "\0", "\ud800", "y" * 100_000, "[% env('HOME') %]", [],
    {}, [[]], [1, 2], {"a": 1}, [None], ["a", "b", "c"], {"x": {"low": 1}}, 65_536,
]  # fmt: skip


def json_of(value: Any, chance: Random) -> Any:
    """A value of JSON with something else in one or more of its places."""
    value = copy.deepcopy(value)
    for _ in range(chance.choice([1, 1, 3])):
        place, key = {"": value}, ""
        while isinstance(place[key], (dict, list)) and len(place[key]) and chance.random() < 0.85:
            place = place[key]
            key = chance.choice(list(place) if isinstance(place, dict) else list(range(len(place))))
        if chance.random() < 0.15 and isinstance(place, dict):
            place.pop(key)
        else:
            place[key] = copy.deepcopy(chance.choice(JUNK))
    return value


def damaged(file: Path, chance: Random) -> None:
    """Bits of a file, half of them in its first kilobytes, and its end."""
    data = bytearray(file.read_bytes())
    for _ in range(chance.choice([1, 3, 30])):
        data[chance.randrange(chance.choice([len(data), min(4096, len(data))]))] ^= (
            1 << chance.randrange(8)
        )
    file.write_bytes(data[: chance.choice([len(data), len(data), chance.randrange(len(data))])])


def card(folder: Path, chance: Random) -> None:
    """Values of the card."""
    made = json.dumps(json_of(json.loads((folder / "card.json").read_text()), chance))
    (folder / "card.json").write_text("[" * 50_000 if chance.random() < 0.02 else made)


def header(file: Path, chance: Random) -> None:
    """Names, kinds, shapes and places in the header of a safetensors."""
    data = file.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    text = json.dumps(json_of(json.loads(data[8:end]), chance)).encode()
    length = chance.choice([len(text)] * 9 + [2**62])
    file.write_bytes(length.to_bytes(8, "little") + text + data[end:])


def values(file: Path, chance: Random) -> None:
    """Numbers in arrays: not finite, huge, tiny, or pointing elsewhere; other shapes; arrays gone
    or more.
    """
    arrays = load_file(file)
    for name in chance.sample(sorted(arrays), min(len(arrays), chance.choice([1, 1, 5, 100]))):
        a, how = arrays[name].copy(), chance.random()
        if how < 0.1:
            arrays.pop(name)
        elif how < 0.2:
            arrays[name] = np.concatenate([a, a]) if a.ndim else np.zeros(3, a.dtype)
        elif a.dtype.kind == "i":
            a.flat[chance.randrange(a.size)] = chance.choice([-1, 2**31 - 1, a.size, 0, 10_000])
            arrays[name] = a
        else:
            with np.errstate(over="ignore"):
                a[...] = chance.choice([np.nan, np.inf, 1e38, -1e38, 0, 1e-42, 60_000])
            arrays[name] = a
    if chance.random() < 0.1:
        arrays[chance.choice(["9.centre", "../x", "x" * 1000])] = np.zeros(1, np.float32)
    save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, file)


def one_of(*ways: Callable[[Path, Random], None]) -> Callable[[Path, Random], None]:
    """Spoil the weights or a head."""

    def spoil(folder: Path, chance: Random) -> None:
        files = [folder / "weights.safetensors", *folder.glob("heads/*"), *folder.glob("heads/*")]
        chance.choice(ways)(chance.choice(files), chance)

    return spoil


WAYS = [card, card, card, one_of(header), one_of(values), one_of(values), one_of(damaged, header)]


def use(folder: Path, tracks: Tracks) -> None:
    """Do with a bundle what RAW would."""
    bundle = open_bundle(folder)
    model = Model(bundle, "cpu", 1)
    predict(tracks, model, Queries.ahead(tracks, [60, 1800]), with_areas=True)
    for unit in ("user", "track"):
        if bundle.heads(unit):
            profile(tracks, model, unit)


def main() -> None:
    """Try the cases FIRST to LAST."""
    good, work, first, last = Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:])
    at = np.arange(100)
    tracks = build_tracks(
        at % 2, None, 1_600_000_000_000 + 45_000 * at, 10 + 1e-4 * at, 50 + 1e-4 * np.sin(at)
    )[0]
    use(good, tracks)
    found: dict[str, Any] = {"refused": 0, "answered": 0, "unplanned": [], "slowest_s": 0.0}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for case in range(first, last):
        chance, folder = Random(case), work / "bundle"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(good, folder)
        WAYS[case % len(WAYS)](folder, chance)
        write_sums(folder)
        began = time.monotonic()
        try:
            with np.errstate(all="ignore"):
                use(folder, tracks)
            found["answered"] += 1
        except RawError as error:
            found["refused"] += 1
            if len(str(error).split()) < 5 or len(str(error)) > 2000:
                found["unplanned"].append(f"{case}: no sentence: {str(error)[:200]}")
        except Exception:
            found["unplanned"].append(f"{case}: {traceback.format_exc()[-700:]}")
        found["slowest_s"] = max(found["slowest_s"], time.monotonic() - began)
    found["more_mb"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps(found))


if __name__ == "__main__":
    main()
