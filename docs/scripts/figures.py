# SPDX-License-Identifier: GPL-2.0-or-later
"""Draw the figures of docs/how-it-works: flows as SVG, and three pictures that the plugin's own
core computes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from boxes import Box, draw

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs/how-it-works"


# Of each page: its width, the widest box, the rows of boxes (title | text | colour), and chains of
# arrows.
FLOWS = {
    "network": (760, 230, """
        fixes | t, lon, lat | grey
        features | displacements, speeds, hours/in the frame of the last movement/no coordinates | green
        encoder | feed-forward
        decoder layers | attention over earlier fixes ; query | where, Δt seconds later? | grey
        states | one a fix | purple ; query encoder | feed-forward
        answer | state + query
        point | a correction to the baseline | orange ; mixture | six components; first: stays | orange ; \
        scale and weight | of each candidate place (days) | orange
        """, """
        fixes > features > encoder > decoder layers > states > answer > point ;
        query > query encoder > answer > mixture ; answer > scale and weight
        """),
    "embeddings": (800, 240, """
        fixes of a unit | user, track or day | grey
        fine windows | 4 of 64 fixes ; quarter hours | up to ten days ; trips | runs of movement | green
        mean and spread | of the network's states ; activity features | own places, trips, motion | green
        embedding | about 900 figures, no coordinates | purple ; ride features | of tracks | green
        heads | linear and forest, calibrated | orange
        label | with its probability, or unknown ; number | with its 80 % interval ; in_domain | like the training data?
        """, """
        fixes of a unit > fine windows > mean and spread > embedding > heads > label ;
        fixes of a unit > quarter hours > mean and spread ;
        fixes of a unit > trips > activity features ;
        activity features > embedding ; ride features > heads > number ; heads > in_domain
        """),
    "forecasting": (860, 270, """
        query | track and time | grey
        context | trip, or days in quarter hours | green ; \
        neighbour index | situations in the layer's past | green
        network | its own components ; candidate places | stay, go on, own places (days) ; \
        continuations | where the k nearest led
        scorer | a weight and a scale for each component
        mixture | heavy-tailed components | purple
        point | spatial median | orange ; area | highest-density set, 50 and 80 % | orange
        adaptation | a backtest of the layer fits/the level of the area
        Prediction | point, radii, areas, in_domain | grey
        """, """
        query > context > network > scorer > mixture > point > Prediction ;
        context > candidate places > scorer ; query > neighbour index > continuations > scorer ;
        mixture > area > adaptation > Prediction
        """),
    "training": (900, 250, """
        real tracks | CSV, Parquet, GeoLife | grey ; simulated tracks | without recording errors | grey
        shards | cleaned, memory-mapped columns | green ; people held out | a fiftieth | green
        batches | one cadence each; noise, mirror ; validation | error over the baseline's
        loop | Muon and AdamW, moving average ; checkpoint | complete or absent | grey
        scorer | weighs continuations ; \
        calibration | areas on people held out ; heads | from labels
        bundle | weights, heads, card, checksums | orange
        """, """
        real tracks > shards > batches > loop ; simulated tracks > shards ; loop > checkpoint ;
        shards > people held out > validation > loop > calibration > bundle ; loop > scorer ;
        loop > heads > bundle
        """),
    "mobility": (860, 270, """
        fixes | user, t, lon, lat, accuracy | grey
        make_line | without vague fixes, thinned, smoothed | green
        find_stops | where the line stays | green
        Stops | user, arrive, leave (fixes), t_arrive,/t_leave, lon, lat, place
        judge_places | time there, then the place head | green ; \
        find_legs | ways between stops, cut by pace;/find_modes asks the model | green
        Places | user, lon, lat, n_visits, nights,/weekdays, kind, kind_p ; \
        Legs | user, begin, end (fixes), t_begin, t_end,/metres, stop_before, stop_after,/mode, mode_p, p, why
        describe_people | sums over places and legs | green ; \
        find_journeys | from anchor to anchor | green
        People | user_id, record, commuter_p, why,/home_nights, work_days, good_legs ; \
        Journeys | user, t_start, t_end, begin, end,/metres, mode_p, complete
        label_people | yes, no or unknown | orange ; flows | cells of zones | orange
        """, """
        fixes > make_line > find_stops > Stops > judge_places > Places > describe_people > People > label_people ;
        find_legs > Legs > find_journeys > Journeys > flows ; Stops > find_legs ;
        Legs > describe_people
        """),
    "synthetic-city": (640, 250, """
        seed | | grey ; OpenStreetMap extract | optional | grey
        streets | SUMO netgenerate, or real ones | green
        layout | homes, jobs, places, lines, regions | green
        people | kinds, homes, workplaces ; weeks | tours, errands, modes
        SUMO | every path simulated once ; truth | labels from the plans | orange
        recording | cadence, errors, silences
        tracks | | orange
        """, """
        seed > streets > layout > people > weeks > SUMO > recording > tracks ; OpenStreetMap extract > streets ;
        weeks > truth
        """),
}  # fmt: skip


def flow(name: str) -> str:
    """The SVG of one of FLOWS."""
    width, widest, rows, chains = FLOWS[name]
    boxes = [[_box(text) for text in row.split(" ; ")] for row in rows.strip().split("\n")]
    arrows: list[tuple[str, str]] = []
    for chain in " ".join(chains.split()).split(" ; "):
        titles = chain.split(" > ")
        arrows += zip(titles, titles[1:])
    return draw(boxes, list(dict.fromkeys(arrows)), width, widest)


def _box(text: str) -> Box:
    title, note, colour = ([part.strip() for part in text.split("|")] + ["", ""])[:3]
    return Box(title, note.replace("/", "\n"), colour or "blue")


def draw_cleaning(path: Path) -> None:
    """An invented walk with three faults, before and after `build_tracks`."""
    from matplotlib import pyplot as plt

    from raw_qgis_plugin.core.cleaning import build_tracks

    n, cadence_ms = 60, 2000
    rng = np.random.default_rng(3)
    heading = np.cumsum(rng.normal(0, 0.25, n))
    lon = 8.0 + np.cumsum(np.cos(heading)) * 0.0004
    lat = 50.0 + np.cumsum(np.sin(heading)) * 0.00026
    t = 1_700_000_000_000 + cadence_ms * np.arange(n)
    jump, missing, twice = 22, 38, 47
    lon[jump] += 0.009
    lat[jump] += 0.003
    t[twice] = t[twice - 1]
    raw = lon.copy(), lat.copy()
    lon[missing] = np.nan
    tracks, skipped = build_tracks(None, None, t, lon, lat)
    figure, axes = plt.subplots(
        1, 2, figsize=(9, 3.2), layout="constrained", sharex=True, sharey=True
    )
    axes[0].plot(*raw, ".-", color="#9aa5b1", lw=0.8)
    for row, name in ((jump, "impossible jump"), (missing, "no position"), (twice, "duplicate")):
        axes[0].plot(raw[0][row], raw[1][row], "o", mfc="none", color="#b5651d", ms=10)
        axes[0].annotate(
            name,
            (raw[0][row], raw[1][row]),
            xytext=(0, 11),
            textcoords="offset points",
            ha="center",
        )
    axes[1].plot(tracks.lon, tracks.lat, ".-", color="#2b6ca3", lw=0.8)
    axes[0].set_title(f"{n} fixes as recorded", loc="left", fontsize=10)
    axes[1].set_title(
        f"{len(tracks)} fixes kept, {skipped.total} skipped and counted", loc="left", fontsize=10
    )
    for ax in axes:
        ax.set(xticks=[], yticks=[], ymargin=0.12)
    figure.savefig(path, dpi=100, metadata={"Software": None})
    plt.close(figure)


def draw_regions(path: Path) -> None:
    """Distinct users of the synthetic city's hexagons; those of fewer than MIN_USERS are withheld."""
    import shapely
    from matplotlib import pyplot as plt

    from raw_qgis_plugin.core.regions.geometry import fixes_inside
    from raw_qgis_plugin.core.regions.heads import count_users
    from raw_qgis_plugin.core.sources.polygons import read_polygons
    from raw_qgis_plugin.core.sources.readers import read
    from raw_qgis_plugin.core.specs import MIN_USERS

    sample = ROOT / "resources/sample"
    users = read(sample / "city_tracks.parquet")[0].by_user()
    polygons = read_polygons(sample / "city_regions.gpkg").shapes
    count = np.diff(count_users(users, fixes_inside(users, polygons)).indptr)
    figure, ax = plt.subplots(figsize=(6, 4.9), layout="constrained")
    colours = plt.get_cmap("Blues")
    for region, n in zip(polygons, count, strict=True):
        xy = shapely.get_coordinates(region)
        shown = n >= MIN_USERS
        ax.fill(*xy.T, facecolor=colours(0.6 * n / count.max()) if shown else "white", edgecolor="#666666", lw=0.6,
                hatch=None if shown else "////")  # fmt: skip
        if shown:
            middle = shapely.centroid(region)
            ax.text(middle.x, middle.y, str(n), ha="center", va="center", fontsize=8)
    ax.plot(users.lon, users.lat, ",", color="#b5651d", alpha=0.25)
    ax.set_aspect(1 / np.cos(np.radians(users.lat.mean())))
    ax.set_axis_off()
    ax.set_title(
        f"distinct users of each region; hatched: fewer than {MIN_USERS}, withheld",
        loc="left",
        fontsize=10,
    )
    figure.savefig(path, dpi=100, metadata={"Software": None})
    plt.close(figure)


def draw_diary(path: Path) -> None:
    """Two people of the synthetic city: the fixes of a week, and the stops and trips in them."""
    from matplotlib import pyplot as plt

    from raw_qgis_plugin.core.bundle.bundle import open_bundle
    from raw_qgis_plugin.core.bundle.runtime import Model
    from raw_qgis_plugin.core.mobility.diary import find_diary
    from raw_qgis_plugin.core.sources.readers import read

    city = read(ROOT / "resources/sample/city_tracks.parquet")[0].by_user()
    city = city.take(np.isin(city.user_ids, ("u00154", "u00194"))[city.user])
    diary = find_diary(city, Model(open_bundle(None), "cpu"))
    figure, axes = plt.subplots(
        1, 2, figsize=(9, 4), layout="constrained", sharex=True, sharey=True
    )
    axes[0].plot(city.lon, city.lat, ".", color="#9aa5b1", ms=2)
    axes[0].set_title(
        f"{len(city):,} fixes of two invented people in a week", loc="left", fontsize=10
    )
    modes = {
        "walk": "#e69f00",
        "bike": "#009e73",
        "motor vehicle": "#cc79a7",
        "rail": "#0072b2",
        "unknown": "#c3c9d0",
    }
    for mode, colour in modes.items():
        for trip in np.flatnonzero(diary.legs.mode == mode):
            way = slice(*diary.leg_fixes.track_offsets[trip : trip + 2])
            axes[1].plot(diary.leg_fixes.lon[way], diary.leg_fixes.lat[way], color=colour, lw=1.4)
        axes[1].plot([], [], color=colour, lw=1.4, label=mode)
    for kind, mark, colour in (
        ("other", "o", "#5a6b7f"),
        ("work", "s", "#1f5f9e"),
        ("home", "^", "#b5651d"),
    ):
        there = diary.places.kind[diary.stops.place] == kind
        axes[1].plot(
            diary.stops.lon[there],
            diary.stops.lat[there],
            mark,
            color=colour,
            ms=7,
            mec="white",
            label=kind,
        )
    n_stops, n_trips = len(diary.stops.lon), diary.leg_fixes.n_tracks
    axes[1].set_title(
        f"their diaries: {n_stops} stops and {n_trips} trips", loc="left", fontsize=10
    )
    axes[1].legend(fontsize=8, ncols=2, frameon=False)
    for ax in axes:
        ax.set_aspect(1 / np.cos(np.radians(city.lat.mean())))
        ax.set_axis_off()
    figure.savefig(path, dpi=100, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    for page in FLOWS:
        (FOLDER / f"{page}.svg").write_text(flow(page), encoding="utf-8")
    draw_cleaning(FOLDER / "data.png")
    draw_regions(FOLDER / "regions.png")
    draw_diary(ROOT / "docs/guide/diary.png")
