# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables of PostGIS: read by columns as by features, and by features where that is not sure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from qgis.core import QgsDataSourceUri, QgsProcessingFeatureSourceDefinition, QgsVectorLayer

from .test_reading import assert_both_ways, plan, read

START = "timestamptz '2024-07-01 12:00:00.25+00' + n * interval '1 minute'"
TABLE = '"Odd schema"."fixes ""of"" all"'
USER = 'the "user"'


@pytest.fixture(scope="module")
def host(database: str) -> str:
    """A table with columns of every type, whose server writes times in a style and zone of its own."""
    import psycopg

    with psycopg.connect(database, autocommit=True) as connection:
        for statement in (
            "CREATE EXTENSION IF NOT EXISTS postgis",
            "ALTER DATABASE postgres SET DateStyle = 'German'",
            "ALTER DATABASE postgres SET TimeZone = 'Asia/Kathmandu'",
            'CREATE SCHEMA "Odd schema"',
            f'CREATE TABLE {TABLE} AS SELECT n AS id, \'u\' || n % 7 AS "the ""user""", n % 5 AS number, '
            "(n % 5)::numeric AS exact, (n % 3 || 'b')::char(6) AS padded, md5((n % 4)::text)::uuid AS uuid, "
            f"n % 2 = 0 AS even, CASE WHEN n % 50 > 0 THEN {START} END AS zoned, "
            f"({START}) AT TIME ZONE 'UTC' AS plain, ({START})::date AS day, "
            f"extract(epoch FROM {START})::float8 AS seconds, to_char({START}, 'YYYY-MM-DD HH24:MI:SS') AS text, "
            "CASE WHEN n % 40 > 0 THEN ST_SetSRID(ST_MakePoint(116 + n / 1e4, 39.9), 4326) END::geometry(Point, 4326) "
            "AS geom FROM generate_series(1, 1000) n",
            f"ALTER TABLE {TABLE} ADD PRIMARY KEY (id)",
        ):
            connection.execute(statement)
    return database.rpartition("=")[2]


@pytest.fixture
def both_ways(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Reads by columns and never turns to features half-way, and by features: the same comes out."""
    from raw_qgis_plugin.layers import reading

    def both(layer: QgsVectorLayer, definition: Any = None, user: str = USER, **more: str) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(reading, "_read_points", None)
            read(plan(layer, definition, user=user, **more))
        return assert_both_ways(layer, definition, user=user, **more)

    return both


def opened(host: str, subset: str = "") -> QgsVectorLayer:
    uri = QgsDataSourceUri()
    uri.setConnection(host, "5432", "postgres", "raw", "secret")
    uri.setDataSource("Odd schema", 'fixes "of" all', "geom", subset, "id")
    layer = QgsVectorLayer(uri.uri(False), "fixes", "postgres")
    assert layer.isValid(), layer.error().message()
    return layer


@pytest.mark.parametrize("time", ["zoned", "plain", "day", "seconds", "text"])
def test_times_of_every_type(host: str, both_ways: Callable[..., Any], time: str) -> None:
    tracks, skipped = both_ways(opened(host), time=time, timezone="America/Maceio")
    assert skipped.get("no position") == (20 if time == "zoned" else 25)
    if time in ("zoned", "plain"):
        assert tracks.t.min() == 1719835260250 + (time == "plain") * 3 * 3_600_000


@pytest.mark.parametrize("user", [USER, "number", "exact", "padded", "uuid", "even"])
def test_ids_of_every_type(host: str, both_ways: Callable[..., Any], user: str) -> None:
    tracks, _ = both_ways(opened(host), user=user, time="zoned")
    assert tracks.n_users == {USER: 7, "padded": 3, "uuid": 4, "even": 2}.get(user, 5)


def test_filters_and_limits_count_and_a_password_is_not_shown(host: str, both_ways: Callable[..., Any]) -> None:
    layer = opened(host, "number < 3")
    assert "secret" not in repr(plan(layer, user=USER, time="zoned").file)
    assert len(both_ways(layer, time="plain")[0]) == 575
    limited = QgsProcessingFeatureSourceDefinition(layer.id(), False, 77)
    assert both_ways(layer, limited, time="plain")[0].n_users == 7
    layer.selectByExpression('"number" = 1')
    selected = QgsProcessingFeatureSourceDefinition(layer.id(), selectedFeaturesOnly=True)
    assert_both_ways(layer, selected, columns=False, user=USER, time="zoned")
