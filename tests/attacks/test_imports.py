# SPDX-License-Identifier: GPL-2.0-or-later
"""Broken files of every kind: read or refused in words, and nothing read is nonsense."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from raw_qgis_plugin.core.cleaning import YEARS_MS
from raw_qgis_plugin.core.errors import RawError
from raw_qgis_plugin.core.sources.preview import preview
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.sources.schema import Schema
from raw_qgis_plugin.core.specs import FORMATS

N = 40  # fixes of a file
GEO = ["{}", "[]", '{"columns": []}', '{"columns": {"geometry": {"crs": 5}}}', "\0", "[" * 5000]


def csv_bytes(rng: random.Random) -> bytes:
    sign, rows = rng.choice(",;\t| "), [("user_id", "t", "lon", "lat")]
    rows += [
        (f"u{i % 3}", f"2024-07-01 08:{i:02d}:00", f"{116.4 + i * 1e-4:.5f}", "39.9")
        for i in range(N)
    ]
    return "\n".join(sign.join(row) for row in rows).encode()


def plt_bytes(rng: random.Random) -> bytes:
    lines = [b"39.%d,116.4,0,492,39744.1,2008-10-23,02:%02d:04" % (9000 + i, i) for i in range(N)]
    return b"\r\n".join([b"head"] * 6 + lines)


def gpx_bytes(rng: random.Random) -> bytes:
    points = [
        f'<trkpt lat="39.9{i:02}" lon="116.4"><time>2024-07-01T08:{i:02}:00Z</time></trkpt>'
        for i in range(N)
    ]
    coding = rng.choice(["", " encoding='none'", " encoding='utf-16'"])
    return f"<?xml version='1.0'{coding}?><gpx><trk><trkseg>{''.join(points)}</trkseg></trk></gpx>".encode()


def json_bytes(rng: random.Random) -> bytes:
    places = [(f"2024-07-01T08:{i:02}:00Z", 39.9 + i / 1e3, 116.4) for i in range(N)]
    return json.dumps(rng.choice([
        {"locations": [{"latitudeE7": y * 1e7, "longitudeE7": x * 1e7, "timestamp": t} for t, y, x in places]},
        [{"startTime": t, "visit": {"topCandidate": {"placeLocation": f"geo:{y},{x}"}}} for t, y, x in places],
        {"semanticSegments": [{"startTime": places[0][0], "timelinePath": [
            {"point": f"{y}°, {x}°", "time": t} for t, y, x in places]}]},
        [{"_type": "location", "tid": "a\ud800", "lat": y, "lon": x, "tst": 1_720_000_000} for _, y, x in places],
        [{"t": rng.choice([t, 5, None, [1], {}, True, 1e400]), "lat": y, "lon": str(x), "user": i}
         for i, (t, y, x) in enumerate(places)],
    ])).encode()  # fmt: skip


def parquet_bytes(rng: random.Random) -> bytes:
    count, made = np.arange(N), pa.array
    good = {
        "user_id": made([f"u{i % 3}" for i in range(N)]),
        "t": made(count * 1000 + 1_700_000_000_000, pa.timestamp("ms")),
        "lon": made(116.4 + count * 1e-4), "lat": made(39.9 + count * 1e-4),
        "geometry": made([b"\x01\x01\0\0\0" + np.array([1.5, 2.5]).tobytes()] * N), "track_id": made(count // 9),
    }  # fmt: skip
    odd = [
        made([[1]] * N), made([{"a": 1}] * N), made([b"\xff"] * N), pa.nulls(N), made([1.5] * N), made([True] * N),
        made(["x"] * N).dictionary_encode(), made([2**64 - 1] * N, pa.uint64()), made([1] * N, pa.decimal128(10, 2)),
        made([-(2**63)] * N), made([1e300] * N), made([float("nan")] * N), made([None, 5] * (N // 2)),
        made(["116,4"] * N), made(count, pa.time64("ns")), made(count, pa.duration("s")),
        made(count * 86_400_000, pa.date64()),
        made(count, pa.timestamp("ms", tz="+99:99")), made([2**62] * N, pa.timestamp("us")),
        made([b"\x01\x02\0\0\0\xff\xff\xff\x7f"] * N),
    ]  # fmt: skip
    shares = {"lon": 0.85, "geometry": 0.3, "track_id": 0.2}
    table = pa.table({
        name: values if rng.random() < 0.8 else rng.choice(odd)
        for name, values in good.items() if rng.random() < shares.get(name, 1.0)
    })  # fmt: skip
    sink = io.BytesIO()
    parquet.write_table(
        table.replace_schema_metadata({"geo": rng.choice(GEO)} if rng.random() < 0.3 else {}), sink
    )
    return sink.getvalue()


def broken(rng: random.Random, data: bytes) -> bytes:
    """Bits turned, bytes cut, zeroed, doubled or put in; sometimes nothing."""
    made, at = bytearray(data), rng.randrange(len(data) or 1)
    how = rng.choice(["flip", "flip", "cut", "zero", "double", "insert", "nothing"])
    if how == "flip" and made:
        for _ in range(rng.choice([1, 3, 30])):
            made[rng.randrange(len(made))] ^= 1 << rng.randrange(8)
    elif how == "cut":
        del made[at:]
    elif how == "zero":
        made[at : at + 20] = bytes(len(made[at : at + 20]))
    elif how == "double":
        made[at:at] = made[at : at + 200]
    elif how == "insert":
        made[at:at] = rng.choice(
            [b'"', b"\xff\xfe", b"\n\n\n", b",,,,", b"\0", b"\xef\xbb\xbf", b"\r", b"a" * 100_000]
        )
    return bytes(made)


KINDS: dict[str, Callable[[random.Random], bytes]] = {
    ".csv": csv_bytes, ".tsv": csv_bytes, "": csv_bytes, ".parquet": parquet_bytes, ".geoparquet": parquet_bytes,
    ".plt": plt_bytes, ".gpx": gpx_bytes, ".json": json_bytes, ".geojson": json_bytes,
    ".csv.gz": lambda rng: gzip.compress(csv_bytes(rng)),
}  # fmt: skip


def make(rng: random.Random, place: Path) -> Path:
    """A file, or a folder of some."""
    if rng.random() < 0.1:
        place.mkdir()
        for _ in range(rng.choice([0, 1, 3])):
            make(rng, place / f"f{rng.randrange(10**9)}")
        return place
    end = rng.choice(list(KINDS))
    data = KINDS[end](rng)
    if end == ".csv" and rng.random() < 0.2:
        data = data.decode().encode(rng.choice(["utf-16", "utf-16-be", "utf-8-sig", "utf-32"]))
    path = place.with_name(place.name + end)
    path.write_bytes(broken(rng, data) if rng.random() < 0.5 else data)
    return path


def test_broken_files_are_read_or_refused_in_words(
    rounds: Callable[[int, int], int], tmp_path: Path
) -> None:
    cases, read_well, unplanned = rounds(60, 600), 0, []
    for seed in range(cases):
        rng = random.Random(seed)
        path, format = (
            make(rng, tmp_path / f"f{seed}"),
            "auto" if rng.random() < 0.9 else rng.choice(FORMATS),
        )
        fields = {"user": ["lon", "absent", "t"], "time": ["t", "absent", "lat"]}
        schema = Schema(
            **{name: rng.choice(names) for name, names in fields.items() if rng.random() < 0.1}
        )
        try:
            with contextlib.suppress(RawError, OSError):
                preview(path, format, schema)
            tracks = read(path, format, schema)[0]
        except (RawError, OSError) as error:
            if len(str(error).split()) < 4:
                unplanned.append(f"{seed}: no sentence: {error!r}")
        except Exception as error:
            unplanned.append(f"{seed}: {path.name}: {error!r}")
        else:
            read_well += 1
            assert (
                len(tracks)
                and (np.abs(tracks.lon) <= 180).all()
                and (np.abs(tracks.lat) <= 90).all()
            )
            assert YEARS_MS[0] <= tracks.t.min() and tracks.t.max() < YEARS_MS[1]
    assert not unplanned, "\n".join(unplanned)
    assert 0.2 * cases < read_well < 0.8 * cases  # the files are neither all good nor all hopeless
