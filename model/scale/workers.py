# SPDX-License-Identifier: GPL-2.0-or-later
"""Embedding more tracks than memory holds: by parts of the users, in one process or by Ray's workers.

    1. split   every group of input files is read as a stream and written as one file, sorted by part: a hash of the
               user gives the part, so that a user's fixes in different files come together
    2. embed   every part is read from those files, cut into units and embedded

Both steps write one file a piece of work into a private folder, under a temporary name, and then rename it: a file
with its final name is complete. After a kill, of a worker or of the command, only missing files are made.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from model.cli import is_whole, units_of
from model.data.shards import count_rows
from raw_qgis_plugin.core.embedding.embed import embed
from raw_qgis_plugin.core.embedding.profiles import most_visited
from raw_qgis_plugin.core.errors import InputError, Progress, RawError, no_progress, part_of
from raw_qgis_plugin.core.scratch import Scratch, complete
from raw_qgis_plugin.core.sources.columns import ids_of
from raw_qgis_plugin.core.sources.fields import Layout
from raw_qgis_plugin.core.sources.readers import PARQUET, find_source, stream
from raw_qgis_plugin.core.tracks import Skipped, Tracks, build_tracks, encode_ids

if TYPE_CHECKING:
    import pyarrow as pa

    from raw_qgis_plugin.core.bundle.runtime import Model

ID_COLUMNS = ("user_id", "track_id")


@dataclass(frozen=True)
class Plan:
    """The input and the options of the work; a folder is resumed with an equal plan alone."""

    source: str
    kind: str
    files: list[list[Any]]  # path, bytes, time of the last change
    groups: list[list[str]]  # paths
    parts: int
    unit: str
    fields: list[str | None]
    timezone: str
    bundle: str  # '' for the shipped one
    device: str
    recipe: str  # key of the model and of the way in which it embeds


def make_plan(
    source: str, unit: str, fields: list[str | None], timezone: str, bundle: str, device: str, recipe: str, pieces: int
) -> Plan:
    """List and group the input's files. pieces: the least number of parts, for workers to share."""
    path, kind = find_source(source)
    files = [path]
    if kind == "parquet" and path.is_dir():
        files = sorted(f for f in path.rglob("*") if f.suffix.lower() in PARQUET and not f.name.startswith((".", "_")))
    status = [(str(file.resolve()), file.stat()) for file in files]
    rows = count_rows(path, kind)
    parts = min(max(-(-rows // 2_000_000), pieces), 4096)  # a part's fixes fit into memory
    size = max(sum(s.st_size for _, s in status) / 256, 64 * 2**20)  # step 2 opens one file a group
    groups: list[list[str]] = []
    room = 0.0
    for name, stat in status:
        if room < stat.st_size:
            groups.append([])
            room = size
        groups[-1].append(name)
        room -= stat.st_size
    seen = [[name, s.st_size, s.st_mtime_ns] for name, s in status]
    bundle = str(Path(bundle).resolve()) if bundle else ""
    return Plan(str(path.resolve()), kind, seen, groups, parts, unit, fields, timezone, bundle, device, recipe)


def open_work(folder: Path, plan: Plan) -> Plan:
    """Make the private folder of the work, or resume the work in it. InputError where it holds something else."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file, begun = folder / "plan.json", None
    if file.exists():
        with suppress(TypeError, ValueError):  # of another form
            begun = Plan(**json.loads(file.read_text("utf-8")))
    if begun is None and any(folder.iterdir()):
        raise InputError(f"{folder} is in use for something else. Name another folder with --work.")
    if begun is not None and replace(begun, parts=plan.parts, device=plan.device) != plan:
        raise InputError(
            f"{folder} holds unfinished work on other tracks, with another model or with other options. Remove the "
            "folder to start again, or name another one with --work."
        )
    folder.chmod(0o700)
    if begun is not None:
        return replace(begun, device=plan.device)
    with _complete(file) as temporary:
        temporary.write_text(json.dumps(asdict(plan)), "utf-8")
    return plan


def part_files(folder: Path, plan: Plan) -> list[Path]:
    """The files of the finished work, in order."""
    return [_part_file(folder, number) for number in range(plan.parts)]


# --- the two steps -------------------------------------------------------------------------------------------------


def split(folder: Path, plan: Plan, group: int) -> None:
    """Step 1 for one group of input files."""
    import pyarrow as pa
    from pyarrow import parquet

    target = _split_file(folder, group)
    if target.exists():
        return
    skipped = Skipped()
    types = {"part": pa.int32(), "user": pa.string(), "track": pa.string(), "t": pa.int64()}
    schema = pa.schema({**types, "lon": pa.float64(), "lat": pa.float64()})
    with _complete(target) as temporary, parquet.ParquetWriter(temporary, schema, compression="zstd") as writer:
        held: list[pa.Table] = []
        for table in _tables(plan, group, skipped):
            held.append(_with_part(table, plan.parts, plan.unit).cast(schema))
            if sum(map(len, held)) >= 2_000_000:
                _write_sorted(writer, held)
        _write_sorted(writer, held)
        writer.add_key_value_metadata({"raw": json.dumps({"skipped": dict(skipped)})})


def embed_part(folder: Path, plan: Plan, number: int, model: Model, progress: Progress = no_progress) -> None:
    """Step 2 for one part."""
    from pyarrow import dataset, parquet

    target = _part_file(folder, number)
    if target.exists():
        return
    files = [str(_split_file(folder, group)) for group in range(len(plan.groups))]
    fixes = dataset.dataset(files, format="parquet").to_table(filter=dataset.field("part") == number)
    columns = (fixes[name].to_numpy() for name in ("t", "lon", "lat"))
    tracks, skipped = build_tracks(ids_of(fixes, "user"), ids_of(fixes, "track"), *columns)
    units = units_of(tracks, plan.unit)
    table = table_of(units, plan.unit, embed(units, model, progress))
    report = {
        "skipped": dict(skipped),
        "fixes": len(tracks),
        "units": units.n_tracks,
        "short": int(np.count_nonzero(np.diff(units.track_offsets) < 2)),
        "whole": {id_: all(map(is_whole, table[id_].to_pylist())) for id_ in ID_COLUMNS if id_ in table.column_names},
    }
    with _complete(target) as temporary:
        parquet.write_table(table.replace_schema_metadata({"raw": json.dumps(report)}), temporary)


def table_of(units: Tracks, unit: str, vectors: np.ndarray) -> pa.Table:
    """user_id, track_id or day, lon and lat of the most visited place (a 500 m grid), and e000, e001, …"""
    import pyarrow as pa

    columns: dict[str, Any] = {"user_id": pa.array(units.user_ids[units.track_user], pa.string())}
    if unit != "user":
        columns["day" if unit == "day" else "track_id"] = pa.array(units.track_ids, pa.string())
    columns["lon"], columns["lat"] = most_visited(units)
    columns.update({f"e{number:03d}": vectors[:, number] for number in range(vectors.shape[1])})
    return pa.table(columns)


def _tables(plan: Plan, group: int, skipped: Skipped) -> Iterator[pa.Table]:
    user, track, moment = plan.fields
    layout = Layout(user, track, moment, timezone=plan.timezone)
    for path in plan.groups[group]:
        _, tables = stream(path, plan.kind, layout, skipped)
        yield from tables


def _with_part(table: pa.Table, parts: int, unit: str) -> pa.Table:
    """Columns part, user and track (as text), t, lon, lat. Without users all fixes are one user's; without tracks a
    user's fixes are one track.

    Where the units are tracks and there are no users, a hash of the track gives the part.
    """
    import pyarrow as pa

    ids: dict[str, Any] = {}
    for role in ("user", "track"):
        found = ids_of(table, role)
        if found is None:
            ids[role] = ids.get("user", pa.repeat("all", len(table)).dictionary_encode())
            continue
        coded = encode_ids(found)
        codes = pa.array(coded.codes, pa.int32(), mask=coded.codes < 0)
        ids[role] = pa.DictionaryArray.from_arrays(codes, pa.array(coded.names, pa.string()))
    together = ids["track" if unit == "track" and ids_of(table, "user") is None else "user"]
    of_name = np.array([zlib.crc32(name.encode()) % parts for name in together.dictionary.to_pylist()] + [0], np.int32)
    codes = together.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    text = {role: column.cast(pa.string()) for role, column in ids.items()}
    return pa.table({"part": of_name[codes], **text, **{name: table[name] for name in ("t", "lon", "lat")}})


def _write_sorted(writer: Any, held: list[pa.Table]) -> None:
    """Write the held tables, a row group a part, so that a part is read without the others; and clear the list."""
    import pyarrow as pa

    if not held:
        return
    table = pa.concat_tables(held)
    part = table["part"].to_numpy()
    order = np.argsort(part, kind="stable")
    start = np.flatnonzero(np.append(True, np.diff(part[order]) != 0))
    for rows in np.split(order, start[1:]) if len(order) else []:
        writer.write_table(table.take(rows))
    held.clear()


def _split_file(folder: Path, group: int) -> Path:
    return folder / f"split-{group:05d}.parquet"


def _part_file(folder: Path, number: int) -> Path:
    return folder / f"part-{number:05d}.parquet"


def _complete(target: Path) -> AbstractContextManager[Path]:
    """`complete` under a name of its own: two workers, even of two machines with one process id, may make one piece."""
    return complete(target, uuid4().hex)


# --- in one process or by Ray --------------------------------------------------------------------------------------


def work_alone(folder: Path, plan: Plan, model: Model, progress: Progress) -> None:
    """Both steps in this process."""
    pieces = len(plan.groups)
    for group in range(pieces):
        split(folder, plan, group)
        progress(0.2 * (group + 1) / pieces)
    for number in range(plan.parts):
        shares = [0.2 + 0.8 * (number + done) / plan.parts for done in (0, 1)]
        embed_part(folder, plan, number, model, part_of(progress, *shares))
    progress(1.0)


def work_on_ray(folder: Path, plan: Plan, workers: int, address: str | None, progress: Progress) -> None:
    """Both steps by Ray Data's workers, here or on the cluster at `address`. All workers must see the folder.

    A worker that dies is replaced, and its piece of work is repeated. RawError or OSError of a worker is raised here,
    as InputError.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # Ray sends no statistics
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # a worker's error is raised here in one sentence
    with ExitStack() as at_end:
        here = _alone(at_end) if address is None else {}
        import ray.data

        if tuple(map(int, ray.__version__.split(".")[:2])) < (2, 54):
            raise InputError(f"Ray {ray.__version__} asks nobody for a token: pip install 'ray[data]>=2.54'.")
        if address is None:
            here |= {"num_cpus": workers, "object_store_memory": 128 * 2**20, "include_dashboard": False}
            # Even so a process of the dashboard starts, and asks the network for the metadata of a cloud.
            ray._private.node.Node.start_api_server = lambda *_, **__: None  # type: ignore[method-assign]
        at_end.callback(ray.shutdown)
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, configure_logging=True, **here)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        where = str(folder), asdict(plan)
        todo = [group for group in range(len(plan.groups)) if not _split_file(folder, group).exists()]
        tasks: dict[str, Any] = {"fn_args": where, "concurrency": min(workers, max(len(todo), 1)), "num_cpus": 1}
        _map(split_row, todo, tasks, part_of(progress, 0.0, 0.2))
        todo = [number for number in range(plan.parts) if not _part_file(folder, number).exists()]
        threads = max((os.cpu_count() or 1) // workers, 1) if address is None else 1
        actors = {"fn_constructor_args": (*where, threads), "concurrency": min(workers, max(len(todo), 1))}
        needs = {"num_gpus": 1} if plan.device == "cuda" else {"num_cpus": 1}
        _map(Embedder, todo, {**actors, **needs}, part_of(progress, 0.2, 1.0))


def _alone(at_end: ExitStack) -> dict[str, Any]:
    """Arguments of ray.init for a Ray that no other user can reach, before Ray is imported. at_end: clears its folder.

    By itself Ray listens on all interfaces, and everyone may read and write in its folder. So that one lies in a
    private folder, with the token that Ray asks callers for; and as it is to know no clusters, it listens on loopback.
    """
    place = Path("/tmp") if os.name == "posix" else None  # nosec B108: private, and names of sockets must be short
    private = Path(at_end.enter_context(Scratch("raw-ray-", place)))
    token = private / "token"
    token.touch(0o600)
    token.write_text(secrets.token_hex(32), "ascii")
    os.environ.pop("RAY_AUTH_TOKEN", None)  # would go before the file
    os.environ["RAY_AUTH_MODE"], os.environ["RAY_AUTH_TOKEN_PATH"] = "token", str(token)
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    return {"_temp_dir": str(private / "ray")}


def _map(doer: Any, todo: list[int], how: dict[str, Any], progress: Progress) -> None:
    """Let Ray do the numbered pieces, each a block of its own."""
    import ray.data

    if not todo:
        return
    items = ray.data.from_items([{"number": number} for number in todo], override_num_blocks=len(todo))
    done = items.map(doer, **how)
    for count, row in enumerate(done.iter_rows(), 1):
        if row["error"]:
            raise InputError(row["error"])
        progress(count / len(todo))


def _with_error(row: dict[str, int], work: Callable[[], None]) -> dict[str, Any]:
    """The row of a piece of work with its error, '' for none: Ray wraps what is raised, and the sentence is lost."""
    try:
        work()
    except (RawError, OSError) as error:
        return {**row, "error": str(error)}
    return {**row, "error": ""}


def split_row(row: dict[str, int], folder: str, plan: dict[str, Any]) -> dict[str, Any]:
    """Step 1 for one of Ray's rows."""
    return _with_error(row, lambda: split(Path(folder), Plan(**plan), int(row["number"])))


class Embedder:
    """A worker of step 2, with a model of its own."""

    def __init__(self, folder: str, plan: dict[str, Any], threads: int) -> None:
        from raw_qgis_plugin.core.bundle.bundle import open_bundle
        from raw_qgis_plugin.core.bundle.runtime import Model

        self.folder, self.plan = Path(folder), Plan(**plan)
        self.model = Model(open_bundle(self.plan.bundle), self.plan.device, threads)

    def __call__(self, row: dict[str, int]) -> dict[str, Any]:
        """Embed one part."""
        return _with_error(row, lambda: embed_part(self.folder, self.plan, int(row["number"]), self.model))


def reports(folder: Path, plan: Plan) -> tuple[Skipped, int, int, int, dict[str, bool]]:
    """Sums over the finished work: fixes skipped, fixes, units, units too short, and which ids are whole numbers."""
    from pyarrow import parquet

    skipped, counts, whole = Skipped(), Counter[str](), dict.fromkeys(ID_COLUMNS, True)
    splits = [_split_file(folder, group) for group in range(len(plan.groups))]
    for file in (*splits, *part_files(folder, plan)):
        report = json.loads(parquet.read_metadata(file).metadata[b"raw"])
        for reason, count in report["skipped"].items():
            skipped.add(reason, count)
        counts.update({name: report[name] for name in ("fixes", "units", "short") if name in report})
        for name, flag in report.get("whole", {}).items():
            whole[name] &= flag
    return skipped, counts["fixes"], counts["units"], counts["short"], whole
