# SPDX-License-Identifier: GPL-2.0-or-later
"""Writing embeddings as they come: GeoParquet, CSV, or a table of PostGIS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from raw_qgis_plugin.core.errors import InputError, require
from raw_qgis_plugin.core.scratch import complete

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa
    from psycopg import sql

DATABASES = ("postgresql://", "postgres://")
OURS = "RAW embeddings"  # the comment of a table written here begins so


def is_database(output: str) -> bool:
    """Whether an output is a connection to PostgreSQL."""
    return output.startswith(DATABASES)


def save_parquet(path: Path, tables: Iterator[pa.Table]) -> int:
    """Write tables with lon and lat as GeoParquet 1.1: points as WKB in `geometry`. Returns the number of rows.

    The complete file gets its name.
    """
    require("shapely")
    import pyarrow as pa
    import shapely
    from pyarrow import parquet

    # Without a CRS GeoParquet means longitude and latitude. pyarrow reads the metadata of the schema alone.
    column = {"encoding": "WKB", "geometry_types": ["Point"]}
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    writer, rows = None, 0
    with complete(path) as temporary, ExitStack() as opened:  # closed before it gets its name, as Windows demands
        for table in tables:
            place = table.column_names.index("lon")
            points = shapely.to_wkb(shapely.points(table["lon"].to_numpy(), table["lat"].to_numpy()))
            table = table.drop_columns(["lon", "lat"]).add_column(place, "geometry", pa.array(points, pa.binary()))
            table = table.replace_schema_metadata({"geo": json.dumps(geo)})
            writer = writer or opened.enter_context(parquet.ParquetWriter(temporary, table.schema))
            writer.write_table(table)
            rows += len(table)
        if writer is None:
            raise InputError("There is nothing to write.")
    return rows


def connect(output: str) -> psycopg.Connection:
    """Connect to PostgreSQL with PostGIS. InputError names what is missing, without the password."""
    require("psycopg")
    import psycopg

    try:
        connection = psycopg.connect(output)
    except psycopg.Error as error:
        raise InputError(f"The database cannot be reached: {' '.join(str(error).split())}") from error
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        connection.commit()
    except psycopg.Error as error:
        connection.close()
        raise InputError(
            f"The database has no PostGIS, and it cannot be added: {' '.join(str(error).split())} Have its "
            "administrator install PostGIS and run CREATE EXTENSION postgis."
        ) from error
    return connection


def check_table(connection: psycopg.Connection, name: str) -> None:
    """InputError for what is no name, an unknown schema, and a table that `save_postgis` did not write."""
    quoted = _identifier(name).as_string(connection)  # unquoted, PostgreSQL would look for it in small letters
    schema = quoted.rpartition('."')[0] or "public"
    if connection.execute("SELECT to_regnamespace(%s)", (schema,)).fetchone() == (None,):
        raise InputError(f"The database has no schema {schema}. Create it, or name another one with --table.")
    found = connection.execute("SELECT to_regclass(%s), obj_description(to_regclass(%s))", (quoted, quoted)).fetchone()
    if found and found[0] is not None and not str(found[1] or "").startswith(OURS):
        raise InputError(f"The table {name} exists and holds something else. Name another one with --table.")


def _identifier(name: str) -> sql.Composed:
    """A table's name, or schema.table, as SQL. Raises InputError for anything else."""
    from psycopg import sql

    parts, longest = name.split("."), 63  # bytes, to which PostgreSQL would cut it
    if len(parts) > 2 or "\0" in name or not all(0 < len(part.encode()) <= longest for part in parts):
        raise InputError(f"{name!r} is no name of a table. Give --table TABLE or SCHEMA.TABLE, {longest} bytes each.")
    return sql.SQL(".").join(map(sql.Identifier, parts))


def save_postgis(connection: psycopg.Connection, name: str, tables: Iterator[pa.Table], about: str) -> int:
    """Write tables with lon and lat as the table `name` (it may name a schema, as schema.table). Returns the rows.

    Columns: id, user_id, track_id or day, geom (Point, 4326) and embedding (real[], NULL where there is none). It is
    one transaction: others see the old table until the new one is complete. about: for the table's comment.
    """
    from psycopg import Error, sql

    check_table(connection, name)
    table = _identifier(name)
    rows = 0
    try:
        with connection.transaction():
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
            for batch in tables:
                if not rows:
                    connection.execute(_create(table, batch.schema))
                rows += _copy(connection, table, batch, rows)
            if not rows:
                raise InputError("There is nothing to write.")
            connection.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY (id)").format(table))
            connection.execute(sql.SQL("CREATE INDEX ON {} USING gist (geom)").format(table))
            connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(table, sql.Literal(f"{OURS}: {about}")))
        connection.execute(sql.SQL("ANALYZE {}").format(table))
        connection.commit()
    except Error as error:
        raise InputError(f"The table {name} cannot be written: {' '.join(str(error).split())}") from error
    return rows


def _create(table: Any, schema: pa.Schema) -> Any:
    import pyarrow as pa
    from psycopg import sql

    kinds = ["id bigint"]
    for field in schema:
        if field.name in ("user_id", "track_id", "day"):
            kind = "date" if field.name == "day" else "bigint" if pa.types.is_integer(field.type) else "text"
            kinds.append(f"{field.name} {kind}")
    columns = ", ".join([*kinds, "geom geometry(Point, 4326)", "embedding real[]"])
    return sql.SQL("CREATE TABLE {} ({})").format(table, sql.SQL(columns))


def _copy(connection: psycopg.Connection, table: Any, batch: pa.Table, done: int) -> int:
    """COPY a table's rows, numbered from done + 1. Returns how many."""
    from psycopg import sql

    ids = [name for name in batch.column_names if name in ("user_id", "track_id", "day")]
    figures = [name for name in batch.column_names if name[:1] == "e" and name[1:].isdecimal()]
    names = sql.SQL(", ").join(map(sql.Identifier, ["id", *ids, "geom", "embedding"]))
    with connection.cursor().copy(sql.SQL("COPY {} ({}) FROM STDIN").format(table, names)) as copy:
        for start in range(0, len(batch), 5000):
            some = batch.slice(start, 5000)
            vectors = np.column_stack([some[name].to_numpy() for name in figures])
            rows = zip(*(some[name].to_pylist() for name in ids), some["lon"].to_pylist(), some["lat"].to_pylist())
            for number, ((*key, lon, lat), vector) in enumerate(zip(rows, vectors), done + start + 1):
                array = None if np.isnan(vector).any() else "{" + ",".join(map(repr, vector.tolist())) + "}"
                copy.write_row((number, *key, f"SRID=4326;POINT({lon!r} {lat!r})", array))
    return len(batch)
