# SPDX-License-Identifier: GPL-2.0-or-later
"""Layers that are wrong in every way, through processing.run: answered or refused in words, and
never with nonsense.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qgis.core import (
    QgsApplication,
    QgsCircularString,
    QgsCompoundCurve,
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsLineString,
    QgsMultiPoint,
    QgsPoint,
    QgsProcessingException,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDateTime, QMetaType, Qt, QVariant

NAN, INF = float("nan"), float("inf")
NASTY = [
    NAN,
    INF,
    -INF,
    1e308,
    -1e308,
    0.0,
    180.0,
    -180.0,
    190.0,
    540.5,
    -270.0,
    90.0,
    -90.0,
    91.0,
    5e-324,
]
CRSS = ["EPSG:4326"] * 9 + [
    "OGC:CRS84",
    "",
    "EPSG:3857",
    "EPSG:32650",
    "EPSG:3031",
    "EPSG:4978",
    "ESRI:54030",
]
CENTRES = [(116.4, 39.9)] * 4 + [
    (0, 0),
    (179.999, -16.5),
    (-179.9999, 60),
    (10, 89.9999),
    (0, -89.99),
    (180, 0),
]
NAMES = [
    "who", "user id", 'us"er', "us'er", "fid", "select", "👤", "naïve", "x" * 120, "none", "n_users", "{user}", "%s",
    "a,b", "a.b", "ogc_fid", "NULL", "$id", "@map", "user_id ", "<b>x</b>",
]  # fmt: skip
IDS = [
    "u1", "U1", "u1 ", " u1", "é", "e\u0301", "", "NULL", "nan", "None", "<img src=x>", "a" * 10_000, "\u202eabc",
    "a\tb", "a\nb", "7", "7.0", "07", "-0", "'", '"', "%s", "{0}", "'; DROP TABLE x; --", "ß", "SS", "\ufeffu1",
]  # fmt: skip
GARBAGE = ["", "yesterday", "2020-13-45", "25:61", "-", "20200101", "1e400", "１２３", "9" * 60, "\0", "NaT",
           "2020-01-01T00:00:00+99:99"]  # fmt: skip
EXTREME = [2**63 - 1, -(2**63), 0, 1, -1, 2**53, 10**18, -(10**18), 20200101, 20200101000000]
TEXT, INT, WHOLE, NUMBER, BOOL, MOMENT, DATE, TIME = (
    QMetaType.Type.QString, QMetaType.Type.Int, QMetaType.Type.LongLong, QMetaType.Type.Double, QMetaType.Type.Bool,
    QMetaType.Type.QDateTime, QMetaType.Type.QDate, QMetaType.Type.QTime,
)  # fmt: skip


# ---- layers
# ----------------------------------------------------------------------------------------------------------


def places(rng: random.Random, n: int) -> np.ndarray:
    """(n, 2) coordinates of a walk, of one spot, of a traveller, of nonsense."""
    g, how = np.random.default_rng(rng.randrange(2**32)), rng.choice("wwwnpsoja")
    xy = np.array(rng.choice(CENTRES)) + g.normal(
        0, rng.choice([1e-7, 1e-5, 1e-4, 1e-3, 0.1]), (n, 2)
    ).cumsum(axis=0)
    if how == "n":
        xy = g.choice(NASTY, (n, 2))
    elif how == "p":
        xy[:] = xy[:1]
    elif how == "s":
        some = g.random(n) < 0.2
        xy[some] = g.choice(NASTY, (some.sum(), 2))
    elif how == "o":
        xy = np.column_stack([g.uniform(-180, 180, n), g.uniform(-90, 90, n)])
    elif how == "j":
        xy[::2] = g.uniform(-80, 80, xy[::2].shape)
    elif how == "a":
        xy[:, 0] = (179.99 + np.abs(xy[:, 0] - 180).cumsum() * 1e-4 + 180) % 360 - 180
    return xy


def times(rng: random.Random, n: int) -> tuple[Any, list[Any]]:
    """The type of a field, and its values."""
    start = rng.choice([1.6e9] * 6 + [0, -1e9, -6e10, 4.2e9, 7e9, 2.5e11, 253402300000])
    step = rng.choice([0, 1, 5, 15, 60, 900, 86400, -60, 0.001])
    seconds = [start + step * i for i in range(n)]
    if rng.random() < 0.2:
        rng.shuffle(seconds)
    moments = [QDateTime.fromMSecsSinceEpoch(int(1000 * s), Qt.TimeSpec.UTC) for s in seconds]
    text = [moment.toString(Qt.DateFormat.ISODateWithMs).rstrip("Z") or "?" for moment in moments]
    mixed = [
        rng.choice([iso, str(int(s)), str(1000 * s), "", "x"]) for iso, s in zip(text, seconds)
    ]
    odd = [s if rng.random() > 0.1 else rng.choice([NAN, INF, 1e308, -1e308, 0.0]) for s in seconds]
    local = [QDateTime(m.date(), m.time(), Qt.TimeSpec.LocalTime) for m in moments]
    zoned = [iso + rng.choice(["Z", "+08:00", " UTC", "-0330"]) for iso in text]
    kinds = [
        *[(MOMENT, moments)] * 3, (MOMENT, local), (TEXT, text), (TEXT, zoned), (WHOLE, [int(s) for s in seconds]),
        (WHOLE, [int(1000 * s) for s in seconds]), (NUMBER, odd), (DATE, [m.date() for m in moments]),
        (TIME, [m.time() for m in moments]), (TEXT, [rng.choice(GARBAGE) for _ in seconds]), (TEXT, mixed),
        (WHOLE, [rng.choice(EXTREME) for _ in seconds]), (MOMENT, [QVariant()] * n),
        (BOOL, [i % 2 > 0 for i in range(n)]),
    ]  # fmt: skip
    return rng.choice(kinds)


def ids(rng: random.Random, n: int) -> tuple[Any, list[Any]]:
    """The type of a field, and its values."""
    number = [i * rng.choice([1, 2, 3, 12, 30]) // max(n, 1) for i in range(n)]
    kinds = [
        *[(TEXT, [f"user{k}" for k in number])] * 4, (INT, number), (TEXT, [f"u{i}" for i in range(n)]),
        (WHOLE, [rng.choice([2**63 - 1, -(2**63), 2**53 + 1, 2**53, 0, -1]) for _ in range(n)]),
        (TEXT, [IDS[i * len(IDS) // n] if rng.random() < 0.8 else rng.choice(IDS) for i in range(n)]),
        (NUMBER, [rng.choice([1.0, 2.0, 2.5, NAN, 1e308, INF, -0.0]) for _ in range(n)]),
        (TEXT, [QVariant() if rng.random() < 0.5 else "u" for _ in range(n)]), (BOOL, [i % 2 > 0 for i in range(n)]),
    ]  # fmt: skip
    return rng.choice(kinds)


def point(rng: random.Random, kind: str, x: float, y: float) -> QgsGeometry:
    chance = rng.random()
    if chance < 0.03:
        return QgsGeometry() if chance < 0.02 else QgsGeometry(QgsPoint())
    if kind == "MultiPoint":
        made = QgsMultiPoint()
        for _ in range(rng.choice([1, 1, 1, 0, 2])):
            made.addGeometry(QgsPoint(x, y))
        return QgsGeometry(made)
    one = QgsPoint(x, y)
    if "Z" in kind:
        one.addZValue(rng.choice([0.0, 5.0, NAN, 1e308]))
    if "M" in kind:
        one.addMValue(rng.choice([0.0, NAN, 1.6e9]))
    return QgsGeometry(one)


def layer_of(
    kind: str, crs: str, fields: dict[str, Any], rows: list[tuple[QgsGeometry, list[Any]]]
) -> QgsVectorLayer:
    layer = QgsVectorLayer(f"{kind}?crs={crs}", "layer", "memory")
    layer.dataProvider().addAttributes([QgsField(name, field) for name, field in fields.items()])
    layer.updateFields()
    features = []
    for geometry, values in rows:
        feature = QgsFeature(layer.fields())
        feature.setGeometry(geometry)
        feature.setAttributes(values)
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def points(
    rng: random.Random, folder: Path, saved: Callable
) -> tuple[QgsVectorLayer, dict[str, str]]:
    """A layer of points, in memory or in a file, and the parameters of its fields."""
    n, crs = rng.choice([0, 1, 2, 3, 10, 60, 200, 600]), rng.choice(CRSS)
    kind = rng.choice(["Point"] * 6 + ["PointZ", "PointM", "PointZM", "MultiPoint"])
    names = rng.sample(NAMES, 3) if rng.random() < 0.4 else ["user_id", "t", "track_id"]
    columns = dict(zip(names, [ids(rng, n), times(rng, n), ids(rng, n)][: rng.choice([2, 3])]))
    rows = [
        (point(rng, kind, *map(float, xy)), [values[i] for _, values in columns.values()])
        for i, xy in enumerate(places(rng, n))
    ]
    layer = layer_of(kind, crs, {name: field for name, (field, _) in columns.items()}, rows)
    form = rng.choice(["memory", "memory", ".gpkg", ".gpkg", ".fgb", ".geojson", ".shp", ".csv"])
    if form != "memory":
        try:
            other = saved(layer, folder / f"t{rng.randrange(10**9)}{form}")
            layer = other if other.isSpatial() else layer
        except AssertionError:  # the format cannot hold it
            pass
        if rng.random() < 0.2:
            layer.setSubsetString(rng.choice(["1=0", "1=1", "fid > 3"]))
    there = layer.fields().names()
    chosen = {
        f"{role}_FIELD": name
        for role, name in zip(("USER", "TIME", "TRACK"), names)
        if name in there
    }
    if rng.random() < 0.3:
        chosen.pop("TRACK_FIELD", "")
    if rng.random() < 0.15:
        chosen["USER_FIELD"] = rng.choice(["none", "", "absent"])
    return layer, chosen


def lines(rng: random.Random) -> tuple[QgsVectorLayer, dict[str, str]]:
    """A layer of lines whose M values are times, or ought to be."""
    kind, crs = (
        rng.choice(
            ["LineStringM", "LineStringZM", "MultiLineStringM", "CompoundCurveM", "LineString"]
        ),
        "",
    )
    crs, rows = rng.choice(CRSS), []
    for number in range(rng.choice([0, 1, 3, 12])):
        n = rng.choice([0, 1, 2, 5, 100])
        m = [
            rng.choice([1.6e9, NAN, -1e12, 1e308]) if rng.random() < 0.05 else 1.6e9 + 60 * i
            for i in range(n)
        ]
        vertices = [QgsPoint(float(x), float(y), m=when) for (x, y), when in zip(places(rng, n), m)]
        line = QgsLineString(vertices)
        if kind.startswith("Compound"):
            line = QgsCompoundCurve()
            if n >= 3:
                line.addCurve(QgsCircularString(*vertices[:3]))
        if "Z" in kind:
            line.addZValue(0.0)
        geometry = QgsGeometry(line)
        if kind.startswith("Multi"):
            geometry.convertToMultiType()
        rows.append(
            (
                geometry if rng.random() > 0.05 else QgsGeometry(),
                [rng.choice(["a", "b", QVariant()]), f"{number}"],
            )
        )
    return layer_of(kind, crs, {"user_id": TEXT, "track_id": TEXT}, rows), {}


# ---- the attack
# ------------------------------------------------------------------------------------------------------


def question(rng: random.Random, layer: QgsVectorLayer) -> tuple[str, dict[str, Any]]:
    """An algorithm and its own parameters."""
    name = rng.choice(["forecasttracks", "profileusers", "diary", "fillgaps", "embedtracks"])
    asked: dict[str, Any] = {"INPUT": layer}
    if rng.random() < 0.15:
        asked["TIMEZONE"] = rng.choice(
            ["Europe/Berlin", "Mars/Olympus", "", "../etc/passwd", "Asia/Kathmandu"]
        )
    if name == "forecasttracks":
        horizon = rng.choice([0.01, 1, 10, 150, 1e5, 1e7])
        asked |= {
            "HORIZON": horizon,
            "STEP": horizon / rng.choice([1, 3, 7]),
            "UNIT": rng.choice(["user", "track"]),
        }
        asked |= {"OUTPUT_TRACKS": "TEMPORARY_OUTPUT", "OUTPUT_AREAS": "TEMPORARY_OUTPUT"}
    elif name == "diary":
        asked |= {"OUTPUT_STOPS": "TEMPORARY_OUTPUT", "OUTPUT_TRIPS": "TEMPORARY_OUTPUT"}
    elif name == "fillgaps":
        asked |= {"STEP": rng.choice([0.5, 1, 10]), "MAX_GAP": rng.choice([20, 60, 1e5])}
    else:
        asked["UNIT"] = rng.choice(["user", "track", "day"])
    return name, asked


def nonsense(layer: QgsVectorLayer) -> Iterator[str]:
    """What no result may hold."""
    names, degrees = layer.fields().names(), not layer.crs().isValid() or layer.crs().isGeographic()
    for feature in layer.getFeatures():
        row = dict(zip(names, feature.attributes()))
        yield from (
            f"{k} = {v}" for k, v in row.items() if isinstance(v, float) and not math.isfinite(v)
        )
        for name in ("radius50_m", "radius80_m"):
            if isinstance(row.get(name), float) and not 0 <= row[name] < 4.1e7:
                yield f"{name} = {row[name]}"
        box = feature.geometry().boundingBox()
        if feature.hasGeometry() and not box.isFinite():
            yield "a place that is not finite"
        elif (
            degrees
            and feature.hasGeometry()
            and (abs(box.center().y()) > 90 or abs(box.center().x()) > 541)
        ):
            yield f"a place outside the world: {box.toString(4)}"


@pytest.fixture
def unplanned(processing: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The errors in the algorithms' own code for which there are no words; QGIS would show their
    text all the same.
    """
    from raw_qgis_plugin.core.errors import RawError

    found: list[str] = []

    def watched(own: Callable) -> Callable:
        def call(*args: Any, **options: Any) -> Any:
            try:
                return own(*args, **options)
            except (RawError, OSError, ImportError, QgsProcessingException):
                raise
            except BaseException as error:
                found.append(repr(error)[:300])
                raise

        return call

    provider = QgsApplication.processingRegistry().providerById("raw")
    for kind in {type(algorithm) for algorithm in provider.algorithms()}:
        for name in ("run_on", "prepareAlgorithm", "checkParameterValues", "initAlgorithm"):
            monkeypatch.setattr(kind, name, watched(getattr(kind, name)))
    return found


def test_bad_layers_are_answered_or_refused_in_words(
    run: Callable, saved: Callable, unplanned: list[str], feedback: Any, bundle: str, tmp_path: Path,
    rounds: Callable[[int, int], int],
) -> None:  # fmt: skip
    cases, answered, wrong = rounds(60, 600), 0, []
    for seed in range(cases):
        rng = random.Random(seed)
        layer, chosen = points(rng, tmp_path, saved) if rng.random() < 0.8 else lines(rng)
        name, asked = question(rng, layer)
        try:
            done = run(f"raw:{name}", MODEL=bundle, **chosen, **asked)
        except QgsProcessingException as error:
            if len(str(error).split()) < 4 or "Traceback" in str(error):
                wrong.append(f"{seed}, {name}: no sentence: {error!s}")
        except Exception as error:
            wrong.append(f"{seed}, {name}: {error!r}")
        else:
            answered += 1
            outputs = [key for key in done.values if key.startswith("OUTPUT") and done.values[key]]
            wrong += [
                f"{seed}, {name}, {key}: {what}"
                for key in outputs
                for what in {*nonsense(done.layer(key))}
            ]
        wrong += [f"{seed}, {name}: {what}" for what in unplanned]
        unplanned.clear()
    assert not wrong, "\n".join(wrong)
    assert 0.3 * cases < answered < 0.9 * cases  # the layers are neither all good nor all hopeless
