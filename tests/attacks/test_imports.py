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
import pytest
from fitfile import FILE_ID, SESSION, checksum, fit_bytes, record
from google.transit.gtfs_realtime_pb2 import FeedMessage
from pyarrow import parquet

from raw_qgis_plugin.core.errors import InputError, RawError
from raw_qgis_plugin.core.sources.preview import preview
from raw_qgis_plugin.core.sources.readers import FORMATS, read
from raw_qgis_plugin.core.sources.schema import Schema
from raw_qgis_plugin.core.tracks import YEARS_MS

GEO = [
    "{}", "[]", '{"columns": []}', '{"columns": {"geometry": {"crs": 5}}}', '{"columns": {"geometry": null}}',
    '{"columns": {"geometry": {"crs": "EPSG:99999"}}}', '{"columns": {"geometry": {"crs": {"a": 1}}}}', "\0",
    "[" * 5000,
]  # fmt: skip


# ---- files that are nearly good ------------------------------------------------------------------------------------


def csv_bytes(rng: random.Random, rows: int = 50) -> bytes:
    sign = rng.choice(",;\t| ")
    fixes = [
        (f"u{i % 3}", f"2024-07-01 08:{i % 60:02d}:00", f"{116.4 + i * 1e-4:.5f}", f"{39.9 + i * 1e-4:.5f}")
        for i in range(rows)
    ]
    return "\n".join(sign.join(row) for row in [("user_id", "t", "lon", "lat"), *fixes]).encode()


def plt_bytes(rows: int = 30) -> bytes:
    lines = [b"39.%d,116.4,0,492,39744.1,2008-10-23,02:%02d:04" % (9000 + i, i) for i in range(rows)]
    return b"\r\n".join([b"head"] * 6 + lines)


def gpx_bytes(rows: int = 30) -> bytes:
    points = [f'<trkpt lat="39.9{i:02}" lon="116.4"><time>2024-07-01T08:{i:02}:00Z</time></trkpt>' for i in range(rows)]
    return f"<?xml version='1.0'?><gpx><trk><trkseg>{''.join(points)}</trkseg></trk></gpx>".encode()


def json_bytes(rng: random.Random, rows: int = 30) -> bytes:
    places = [(f"2024-07-01T08:{i:02}:00Z", 39.9 + i / 1e3, 116.4) for i in range(rows)]
    return json.dumps(rng.choice([
        {"locations": [{"latitudeE7": y * 1e7, "longitudeE7": x * 1e7, "timestamp": t} for t, y, x in places]},
        [{"startTime": t, "visit": {"topCandidate": {"placeLocation": f"geo:{y},{x}"}}} for t, y, x in places],
        {"semanticSegments": [{"startTime": places[0][0], "timelinePath": [
            {"point": f"{y}°, {x}°", "time": t} for t, y, x in places]}]},
        [{"_type": "location", "tid": "an", "lat": y, "lon": x, "tst": 1_720_000_000} for _, y, x in places],
        [{"t": rng.choice([t, 5, None, [1], {}, True, 1e400]), "lat": y, "lon": str(x), "user": i}
         for i, (t, y, x) in enumerate(places)],
    ]), ensure_ascii=False).encode()  # fmt: skip


def recording_bytes(rng: random.Random, rows: int = 30) -> bytes:
    """A FIT file; half of the damaged ones have the right checksums, so that what is inside them is read."""
    records = [record(1_720_000_000 + i, 116.4 + i * 1e-4, 39.9) for i in range(rows)]
    whole = fit_bytes([(FILE_ID, {"type": 4, "serial_number": 7}), *records, (SESSION, {"start_time": 1_088_934_400})])
    data = broken(rng, whole[14:-2])
    if rng.random() < 0.5:
        return broken(rng, whole)
    header = whole[:4] + len(data).to_bytes(4, "little") + whole[8:12]
    made = header + checksum(header).to_bytes(2, "little") + data
    return made + checksum(made).to_bytes(2, "little")


def feed_bytes(rng: random.Random, rows: int = 30) -> bytes:
    message = FeedMessage()
    message.header.gtfs_realtime_version = "2.0"
    for i in range(rows):
        entity = message.entity.add(id=str(i))
        entity.vehicle.vehicle.id, entity.vehicle.trip.trip_id = f"bus {i % 3}", rng.choice(["", "1", "x" * 1000])
        entity.vehicle.position.longitude, entity.vehicle.position.latitude = rng.choice([116.4, 1e30]), 39.9
        entity.vehicle.timestamp = rng.choice([1_720_000_000 + i, 1_720_000_000 + i, 0, 2**64 - 1])
    return message.SerializeToString()


def devices_bytes(rng: random.Random) -> bytes:
    return rng.choice([b"id,id_android\n1,a\n2,b\n", b"id,phone\n1,a\n", b"", b"id,id_android\n1\n", b"\xff\xfe\0"])


def columns(n: int = 40) -> dict[str, list[pa.Array]]:
    """Columns of all types that Arrow has, those that are meant first."""
    count, made = np.arange(n), pa.array
    ids = [
        made([f"u{i % 3}" for i in range(n)]), made(count), made([[1]] * n), made([{"a": 1}] * n), made([b"\xff"] * n),
        pa.nulls(n), made([1.5] * n), made(["x"] * n).dictionary_encode(), made([True] * n),
        made([None, "a"] * (n // 2)),
        made([2**64 - 1] * n, pa.uint64()), made(["z"] * n, pa.large_string()), made([1] * n, pa.decimal128(10, 2)),
        made([1] * n, pa.date32()),
    ]  # fmt: skip
    since = count * 1000 + 1_700_000_000_000
    times = [
        made(since, pa.timestamp("ms")), made(count, pa.timestamp("ns")), made([2**62] * n, pa.timestamp("us")),
        made(since / 1000), made([f"2024-01-01 00:00:{i % 60:02d}" for i in range(n)]), made(count, pa.time64("ns")),
        made(count.astype(np.int32), pa.time32("s")), made(count, pa.duration("s")), pa.nulls(n), made([b"x"] * n),
        made([[1]] * n), made([1] * n, pa.decimal128(12, 3)), made([2**64 - 1] * n, pa.uint64()),
        made([None, 5] * (n // 2)), made(["x"] * n).dictionary_encode(), made([True] * n),
        made([1.0] * n, pa.float32()),
        made(since, pa.timestamp("ms", tz="Asia/Shanghai")), made(count, pa.timestamp("ms", tz="+99:99")),
        made([-(2**63)] * n), made([1e300] * n), made(count * 86_400_000, pa.date64()),
    ]  # fmt: skip
    places = [
        made(116.4 + count * 1e-4), made(["116,4"] * n), made([float("nan")] * n), made([1e308] * n), pa.nulls(n),
        made([[1.0]] * n), made([1164] * n, pa.decimal128(10, 1)), made(["116.4"] * n).dictionary_encode(),
        made([b"1"] * n), made([True] * n), made([np.float16(116)] * n), made([{"x": 1.0}] * n),
    ]  # fmt: skip
    points = [
        made([b"\x01\x01\0\0\0" + np.array([1.5, 2.5]).tobytes()] * n), made([b"junk"] * n), made(["POINT(1 1)"] * n),
        pa.nulls(n), made([b""] * n), made([{"x": 1.0}] * n), made([b"\x01\x02\0\0\0\xff\xff\xff\x7f"] * n),
    ]  # fmt: skip
    shown = [made(["false"] * n), made([True] * n), pa.nulls(n), made([[1]] * n), made([1] * n)]
    return {"user_id": ids, "t": times, "lon": places, "geometry": points, "visible": shown, "track_id": ids}


def parquet_bytes(rng: random.Random) -> bytes:
    every = columns()
    chosen = {"user_id": 1.0, "t": 1.0, "lon": 0.85, "geometry": 0.3, "visible": 0.2, "track_id": 0.2}
    table = {
        name: every[name][0] if rng.random() < 0.5 else rng.choice(every[name])
        for name, share in chosen.items()
        if rng.random() < share
    }
    made = pa.table({**table, "lat": pa.array(39.9 + np.arange(40) * 1e-4)})
    if rng.random() < 0.3:
        made = made.replace_schema_metadata({"geo": rng.choice(GEO)})
    sink = io.BytesIO()
    parquet.write_table(made, sink)
    return sink.getvalue()


def broken(rng: random.Random, data: bytes) -> bytes:
    """Bits turned, bytes cut, zeroed, doubled or put in; sometimes nothing."""
    made = bytearray(data)
    at = rng.randrange(len(made) or 1)
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
        made[at:at] = rng.choice([b'"', b"\xff\xfe", b"\n\n\n", b",,,,", b"\0", b"\xef\xbb\xbf", b"\r", b"a" * 100_000])
    return bytes(made)


def odd(rng: random.Random) -> bytes:
    head = b"user_id,t,lon,lat\n"
    years = b"".join(b"u,%d,1,%d.5\n" % (10 ** (i % 25), i % 80) for i in range(300))
    return rng.choice([
        b"", head, b"\n\n\n", b"t,t,lon,lon,lat\n1,2,3,4,5\n", rng.randbytes(3000), b"PK\3\4" + rng.randbytes(300),
        head + b"a" * 5_000_000 + b",1,2,3\n", b'{"a": 1}', b"t\n1\n2\n", head + b'"u,1,2,3\n' * 500, head + years,
        b"\0" * 1000, head.replace(b"t", b"\0"), head + b"\0,\0,\0,\0\n" * 9,
    ])  # fmt: skip


def make(rng: random.Random, folder: Path) -> tuple[Path, str]:
    """A file or folder, and the format that is asked for."""
    kinds = ["csv", "csv", "csv", "parquet", "parquet", "parquet", "plt", "plt", "gz", "odd", "folder"]
    kind = rng.choice([*kinds, "gpx", "json", "json", "fit", "fit", "pb", "pb"])
    path, format = folder / f"f{rng.randrange(10**9)}", "auto"
    if kind == "folder":
        path.mkdir()
        for _ in range(rng.choice([0, 1, 3])):
            names = ["a.csv", "b.parquet", "c.plt", "x/d.csv", "_t/e.csv", "go_track_trackspoints.csv"]
            name = rng.choice([*names, "go_track_tracks.csv"])
            good = {"parquet": parquet_bytes, "plt": lambda _: plt_bytes()}.get(name.rpartition(".")[2], csv_bytes)
            data = (devices_bytes if "tracks." in name else good)(rng)
            (path / name).parent.mkdir(exist_ok=True)
            (path / name).write_bytes(broken(rng, data) if rng.random() < 0.5 else data)
        if rng.random() < 0.2:
            (path / "loop").symlink_to(path)
        return path, rng.choice(["auto", *FORMATS])
    if kind == "csv":
        data = broken(rng, csv_bytes(rng))
        if rng.random() < 0.2:
            other = rng.choice(["utf-16", "utf-16-be", "latin-1", "utf-8-sig", "utf-32"])
            data = data.decode("utf8", "replace").encode(other, "replace")
        path = path.with_suffix(rng.choice([".csv", ".txt", ".tsv", ".CSV", ""]))
    elif kind == "parquet":
        data = parquet_bytes(rng)
        data, path = broken(rng, data) if rng.random() < 0.4 else data, path.with_suffix(".parquet")
    elif kind == "plt":
        data, path, format = broken(rng, plt_bytes()), path.with_suffix(".plt"), rng.choice(["auto", "geolife"])
    elif kind in ("gpx", "json"):
        data, path = gpx_bytes() if kind == "gpx" else json_bytes(rng), path.with_suffix(f".{kind}")
        data = broken(rng, data) if rng.random() < 0.7 else data
    elif kind in ("fit", "pb"):
        data, path = (recording_bytes if kind == "fit" else feed_bytes)(rng), path.with_suffix(f".{kind}")
        data = broken(rng, data) if kind == "pb" and rng.random() < 0.7 else data
    elif kind == "gz":
        data, path = broken(rng, gzip.compress(csv_bytes(rng))), path.with_suffix(".csv.gz")
    else:
        data, path, format = odd(rng), path.with_suffix(".csv"), rng.choice(FORMATS)
    path.write_bytes(data)
    return path, format


# ---- the attack ----------------------------------------------------------------------------------------------------


def test_broken_files_are_read_or_refused_in_words(rounds: Callable[[int, int], int], tmp_path: Path) -> None:
    cases, read_well, unplanned = rounds(60, 600), 0, []
    for seed in range(cases):
        rng = random.Random(seed)
        path, format = make(rng, tmp_path)
        fields = {"user": ["lon", "absent", "t"], "time": ["t", "absent", "lat"]}
        schema = Schema(**{name: rng.choice(names) for name, names in fields.items() if rng.random() < 0.1})
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
            assert len(tracks) and (np.abs(tracks.lon) <= 180).all() and (np.abs(tracks.lat) <= 90).all()
            assert YEARS_MS[0] <= tracks.t.min() and tracks.t.max() < YEARS_MS[1]
    assert not unplanned, "\n".join(unplanned)
    assert 0.2 * cases < read_well < 0.8 * cases  # the files are neither all good nor all hopeless


@pytest.mark.parametrize("kind", ["list", "struct", "map"])
def test_ids_that_are_no_single_values_are_named(kind: str, tmp_path: Path) -> None:
    values = {
        "list": pa.array([[1]]), "struct": pa.array([{"a": 1}]),
        "map": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int8())),
    }  # fmt: skip
    table = {"user_id": values[kind], "t": pa.array([1.7e9]), "lon": pa.array([1.0]), "lat": pa.array([1.0])}
    parquet.write_table(pa.table(table), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=rf"The user column holds {kind}<.*>, not ids"):
        read(tmp_path / "a.parquet")


def test_one_broken_byte_costs_one_fix_of_a_plt_file(tmp_path: Path) -> None:
    for byte in (b"\xff", b'"'):
        (tmp_path / "a.plt").write_bytes(plt_bytes().replace(b"39.9010,", b"39.9010" + byte))
        tracks, skipped, _ = read(tmp_path / "a.plt")
        assert len(tracks) == 29 and skipped == {"unreadable row": 1}


def test_gotracks_table_of_devices_is_checked(tmp_path: Path) -> None:
    points = "id,latitude,longitude,track_id,time\n" + "".join(
        f"{i},-10.{i},-37.{i},1,{i + 1.7e9:.0f}\n" for i in range(9)
    )
    (tmp_path / "go_track_trackspoints.csv").write_text(points)
    for devices, words in (
        ("id,phone\n1,a\n", "no track column 'id_android'"),
        ("id,id_android\n1\n", "Rows of go_track_tracks"),
    ):
        (tmp_path / "go_track_tracks.csv").write_text(devices)
        with pytest.raises(InputError, match=words):
            read(tmp_path)
    (tmp_path / "go_track_tracks.csv").write_text("id,id_android\n1,phone\n")
    assert read(tmp_path)[0].user_ids.tolist() == ["phone"]
