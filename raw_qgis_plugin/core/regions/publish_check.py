# SPDX-License-Identifier: GPL-2.0-or-later
"""What in a layer could name somebody, before it is published: found in the layer alone, as others would see it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from ..sources.fields import guess_fields, plain
from .differences import SETTINGS

COUNTS = ("n_users", "users", "people", "n_people")  # fields with numbers of people
FIGURES = ("n_points", "n_visits", "dwell_min", "home_share")


def findings(columns: Mapping[str, Sequence[Any]], shape: str, polygons: np.ndarray, min_users: int) -> list[str]:
    """What could name somebody, a sentence or two each, the worst first.

    columns: values by field, None for a missing one. shape: 'point', 'line', 'polygon' or ''. polygons: (n,) in lon/lat
    or None, for the shape 'polygon'.
    """
    return [*_about_people(columns, shape), *_about_figures(columns, shape, polygons, min_users)]


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


def _about_people(columns: Mapping[str, Sequence[Any]], shape: str) -> Iterator[str]:
    """Raw fixes, homes, ids in the clear, embeddings."""
    guess = guess_fields(columns)
    ids = guess.user or next((name for name in columns if plain(name) == "id" and "similarity" in columns), None)
    n_ids = len({value for value in columns[ids] if value is not None}) if ids else 0
    n_rows = len(next(iter(columns.values()), ()))
    if not n_rows:
        return
    if guess.time and (shape in ("point", "line") or guess.positioned):
        what = "tracks" if shape == "line" else "fixes"
        yield (
            f"{n_rows:,} {what} with their times (field {guess.time}): where somebody was at four times singles out "
            "most people. Publish figures of regions instead."
        )
    elif ids and shape in ("point", "line"):
        line = "tracks of single people: many begin or end at somebody's home."
        point = "places of single people: where somebody spends most time is often their home."
        yield f"{n_rows:,} {line if shape == 'line' else point} Publish figures of regions instead."
    if {"user_a", "user_b"} <= columns.keys():
        yield f"Encounters: {n_rows:,}. They tell who knows whom. Do not publish them."
    if n_ids:
        yield f"Ids of people in the clear: {n_ids:,} (field {ids}). Others may know whose they are. Delete the field."
    if any(re.fullmatch(r"e\d{3}", name) for name in columns):
        yield "Embeddings: somebody with tracks of a person finds the person among them. Do not publish them."


def _about_figures(
    columns: Mapping[str, Sequence[Any]], shape: str, polygons: np.ndarray, min_users: int
) -> Iterator[str]:
    """Figures of few people, and figures that can be subtracted."""
    name = next((name for name in columns if plain(name) in COUNTS), None)
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
