# SPDX-License-Identifier: GPL-2.0-or-later
"""What in a layer could name somebody, before it is published: found in the layer alone, as others would see it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from ..sources.schema import find_columns, plain
from .differences import SETTINGS

COUNTS = ("n_users", "users", "people", "n_people")  # fields with numbers of people
TIMES = ("t_start", "t_end", "t_arrive", "t_leave", "t_first", "t_last")  # of RAW's results, perhaps as text
PARTS = ("stop_id", "trip_id", "track_id")
HOMES = ("home", "work")  # of the field `kind`
FIGURES = ("n_points", "n_visits", "dwell_min", "home_share")


def findings(
    columns: Mapping[str, Sequence[Any]], shape: str, polygons: np.ndarray, min_users: int,
    dated: Sequence[str] = (), has_m: bool = False,
) -> list[str]:  # fmt: skip
    """What could name somebody, a sentence or two each, the worst first.

    columns: values by field, None for a missing one. shape: 'point', 'line', 'polygon' or ''. polygons: (n,) in lon/lat
    or None, for the shape 'polygon'. dated: the fields of dates and times. has_m: whether geometries have M values.
    """
    figures = _about_figures(columns, shape, polygons, min_users)
    return [*_about_people(columns, shape, dated, has_m), *figures]


def page(layer: str, found: Sequence[str], min_users: int) -> str:
    """The findings as a page of HTML."""
    items = "".join(f"<li>{escape(each)}</li>" for each in found) or "<li>Nothing was found.</li>"
    title = escape(f"Before you publish {layer}")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><body style="font: 16px/1.5 '
        f'sans-serif; max-width: 46em; margin: 2em auto"><h1>{title}</h1><ul>{items}</ul><p>Fewest people: '
        f"{min_users}. The check reads this layer alone. It cannot see other layers, maps or tables that were or will "
        "be published and could be subtracted from this one, nor what others know of the people.</p></body></html>\n"
    )


def _about_people(columns: Mapping[str, Sequence[Any]], shape: str, dated: Sequence[str], has_m: bool) -> Iterator[str]:
    """Encounters, homes, raw fixes, ids in the clear, embeddings."""
    n_rows = len(next(iter(columns.values()), ()))
    if not n_rows:
        return
    guess = find_columns(list(columns))
    ids = guess.user or next((name for name in columns if plain(name) == "id" and "similarity" in columns), None)
    parts = [name for name in columns if name == guess.track or plain(name) in PARTS]
    located = shape in ("point", "line") or guess.positioned
    if {"user_a", "user_b"} <= columns.keys():
        yield f"Encounters: {n_rows:,}. They tell who knows whom. Do not publish them."
    kind = next((name for name in columns if plain(name) == "kind"), None)
    n_homes = sum(value in HOMES for value in columns[kind]) if kind and located else 0
    if n_homes:
        yield f"Homes and places of work: {n_homes:,} (field {kind}). Others may know whose they are. Delete them."
    times = _times(columns, guess.time, dated, has_m) if located else ""
    if times:
        what = "tracks" if shape == "line" else "fixes" if guess.time else "places"
        yield (
            f"{n_rows:,} {what} with their times ({times}): where somebody was at four times singles out most people. "
            "Publish figures of regions instead."
        )
    if (ids or parts) and shape in ("point", "line") and not (guess.time or n_homes):
        line = "tracks of single people: many begin or end at somebody's home."
        point = "places of single people: where somebody spends most time is often their home."
        yield f"{n_rows:,} {line if shape == 'line' else point} Publish figures of regions instead."
    elif located and not (times or n_homes) and _people_field(columns) is None:
        what = "lines" if shape == "line" else "points"
        yield f"No field has the number of people, so it is unknown whether these {what} are of single people."
    if n_ids := _n_values(columns, ids):
        yield f"Ids of people in the clear: {n_ids:,} (field {ids}). Others may know whose they are. Delete the field."
    for name in parts:
        if n_ids := _n_values(columns, name):
            yield (
                f"Ids of tracks, trips or stops: {n_ids:,} (field {name}). They show which rows are of one person, and "
                "may contain the person's id. Delete the field."
            )
    if any(re.fullmatch(r"e\d{3}", name) for name in columns):
        yield "Embeddings: somebody with tracks of a person finds the person among them. Do not publish them."


def _times(columns: Mapping[str, Sequence[Any]], guessed: str | None, dated: Sequence[str], has_m: bool) -> str:
    """Where a layer has the times of single people: a field, M values or ''. Figures of many people may have a date."""
    named = [name for name in columns if plain(name) in TIMES]
    many = _people_field(columns) is not None
    others = [] if many else [name for name in dated if _n_values(columns, name)]
    name = next((name for name in (guessed, *named, *others) if name), None)
    return f"field {name}" if name else "M values" if has_m and not many else ""


def _n_values(columns: Mapping[str, Sequence[Any]], name: str | None) -> int:
    """How many different values a field has; 0 without a field."""
    return len({str(value) for value in columns[name] if value is not None}) if name else 0


def _people_field(columns: Mapping[str, Sequence[Any]]) -> str | None:
    """The field with numbers of people."""
    return next((name for name in columns if plain(name) in COUNTS), None)


def _about_figures(
    columns: Mapping[str, Sequence[Any]], shape: str, polygons: np.ndarray, min_users: int
) -> Iterator[str]:
    """Figures of few people, and figures that can be subtracted."""
    name = _people_field(columns)
    if name is None:
        if shape == "polygon":
            yield "No field has the number of people, so it is unknown whether figures are of too few people."
        return
    people = np.array([value if isinstance(value, (int, float)) else np.nan for value in columns[name]], float)
    if few := np.count_nonzero((people > 0) & (people < min_users)):
        yield f"Rows of fewer than {min_users} people: {few:,} of {len(people):,} (field {name}). Withhold them."
    bare = [
        any(columns[figure][row] is not None for figure in FIGURES if figure in columns)
        for row in np.flatnonzero(np.isnan(people))
    ]
    if any(bare):
        yield f"Rows with figures but no number of people (field {name}): {sum(bare):,}. Withhold them too."
    if shape == "polygon" and (pairs := _subtractable(polygons, people, min_users)):
        yield (
            f"Pairs of regions in one another or nearly so, which differ by fewer than {min_users} people: {pairs:,}. "
            "Subtracted, they are figures of so few. Publish one of each pair."
        )


def _subtractable(polygons: np.ndarray, people: np.ndarray, min_users: int) -> int:
    """The number of pairs of polygons that share most of the smaller one, and differ by few people."""
    import shapely

    some = np.flatnonzero(~np.isnan(people) & ~shapely.is_missing(polygons))
    shapes = shapely.make_valid(polygons[some])
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    apart = np.abs(people[some][one] - people[some][other])
    close = (apart > 0) & (apart < min_users)
    one, other = one[close], other[close]
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    least = np.minimum(shapely.area(shapes[one]), shapely.area(shapes[other]))
    return int(np.count_nonzero(shared > SETTINGS.overlap * least))
