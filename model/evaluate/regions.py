# SPDX-License-Identifier: GPL-2.0-or-later
"""Predict labels of regions from their visitors, beside simple methods: python -m model.evaluate regions …

With --labels and --field the truth is a column of a table. With --pickups it is the number of pick-ups by taxis in the
last week of the tracks (their flag turns from free to occupied). The inputs are then the tracks, before that week, of
the taxis held out from training, and the pick-ups those of the others; with --all-cabs, for a fleet outside the
training set, both are of all taxis. The flag is never an input. With --hours each stretch of a track counts as a user:
within weeks a taxi crosses everything, within two hours it does not. A linear regression uses each method's columns;
the controls are people drawn at random, a permutation of the visitors' embeddings among them, and noise. Blocks of
regions are never in both training and test. Several sources, such as two cities, are used together.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix
from scipy.stats import spearmanr

from model.cli import add_hours, positive
from model.data.heldout import held_out_cab
from model.data.labels import join, read_table
from model.evaluate import check_report, make_parser, write_report
from model.head_training.examples import COUNTS, REGIONS, blocks, strength_of, strength_of_counts
from model.head_training.fit import encode_numbers, folds, ridge
from model.head_training.hand_features import hand_features
from model.head_training.scoring import by_group, limits
from model.head_training.untrained import untrained
from model.heads import Task, predict
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.bundle.runtime import Model
from raw_qgis_plugin.core.embedding.embed import embed
from raw_qgis_plugin.core.errors import InputError
from raw_qgis_plugin.core.evaluation.report import Page
from raw_qgis_plugin.core.features.region_activity import REGION_ACTIVITY
from raw_qgis_plugin.core.regions.geometry import area_km2, fixes_inside
from raw_qgis_plugin.core.regions.scores import activity_of_regions, count_users, pool_users, region_inputs
from raw_qgis_plugin.core.sources.polygons import Polygons, read_polygons
from raw_qgis_plugin.core.sources.readers import read
from raw_qgis_plugin.core.times import DAY_MS
from raw_qgis_plugin.core.tracks import Tracks, build_tracks

WEEK_MS = 7 * DAY_MS
ALONE, RAW = "number of visitors alone", "RAW: embeddings, sum and mean, and how regions are used"
WHO, DRAWS = ("embeddings", "facts of the visitors"), 10
# Controls of WHO: permutations, and noise. Only the first does not keep which regions share visitors, which by itself
# predicts much.
RANDOM, PERMUTED, NOISE = "of random people", "dealt anew", "replaced by noise"
MORE = {RANDOM: "more_r2_than_random", PERMUTED: "more_r2_than_dealt", NOISE: "more_r2_than_noise"}
Columns = dict[str, tuple[np.ndarray, np.ndarray]]  # of each method: columns (n, d) and their weights (d,)


def methods(users: Tracks, visits: csr_matrix, area: np.ndarray, use: np.ndarray, model: Model, seed: int) -> Columns:
    """The columns by which each method predicts labels. visits: (n_regions, n_users). use: of
    `activity_of_regions`.
    """
    embeddings, random = embed(users, model), embed(users, untrained(model, seed))  # type: ignore[arg-type]
    hand = np.nan_to_num(hand_features(users)).astype(np.float32)
    hand = np.sign(hand) * np.log1p(np.abs(hand))
    one = strength_of(embeddings.shape[1], model)
    much = strength_of_counts(one)
    known = region_inputs(embeddings, visits, area, use)[:, -COUNTS:]
    counts = known[:, :3]

    def pooled(e: np.ndarray, v: csr_matrix = visits) -> list[np.ndarray]:
        return [pool_users(e, v), pool_users(e, v, "mean")]

    total, mean = pooled(embeddings)
    facts = slice(4 * model.card["width"], None)
    who = {
        WHO[0]: (embeddings, [one, one, much[:3]]),
        WHO[1]: (embeddings[:, facts], [one[facts], one[facts], much[:3]]),
    }
    columns = {
        ALONE: ([counts], [np.ones(3)]),
        "hand features of the visitors, mean": ([pooled(hand)[1], counts], [np.ones(hand.shape[1]), np.full(3, 3.0)]),
        "how regions are used": ([known], [np.append(np.full(3, 3.0), np.ones(len(REGION_ACTIVITY)))]),
        RAW: ([total, mean, known], [one, one, much]),
        "RAW, sum": ([total, known], [one, much]),
        "RAW, mean": ([mean, known], [one, much]),
        **{name: ([*pooled(e), counts], strength) for name, (e, strength) in who.items()},
        "embeddings from random weights": ([*pooled(random), counts], [one, one, much[:3]]),
    }
    for draw in range(DRAWS):
        others = shuffled(visits, seed + draw)
        owner, noise = permuted(embeddings, visits, seed + draw), noise_like(embeddings, seed + draw)
        for name, (e, strength) in who.items():
            columns[f"{name} {RANDOM}, {draw}"] = [*pooled(e, others), counts], strength
            columns[f"{name} {PERMUTED}, {draw}"] = [*pooled(e[owner]), counts], strength
            columns[f"{name} {NOISE}, {draw}"] = [*pooled(noise[:, : e.shape[1]]), counts], strength
    return {name: (np.concatenate(x, axis=1), np.concatenate(s)) for name, (x, s) in columns.items()}


def shuffled(visits: csr_matrix, seed: int) -> csr_matrix:
    """As many users for each region, with as many fixes, drawn at random from all users."""
    rng = np.random.default_rng(seed)
    n, size = visits.shape[1], np.diff(visits.indptr)
    users = [np.sort(rng.choice(n, k, replace=False)) for k in size]
    return csr_matrix((visits.data, np.concatenate([np.zeros(0, np.int64), *users]), visits.indptr), shape=visits.shape)


def permuted(embeddings: np.ndarray, visits: csr_matrix, seed: int) -> np.ndarray:
    """(n_users,) the user whose embedding each user gets: those known of visitors are permuted."""
    owner = np.arange(len(embeddings))
    came = np.flatnonzero((visits.getnnz(axis=0) > 0) & ~np.isnan(embeddings).any(axis=1))
    owner[came] = np.random.default_rng(seed).permutation(came)
    return owner


def noise_like(embeddings: np.ndarray, seed: int) -> np.ndarray:
    """(n_users, d) normal noise, nan where there is no embedding: it identifies users without describing them."""
    noise = np.random.default_rng(seed).normal(size=embeddings.shape).astype(np.float32)
    noise[np.isnan(embeddings).any(axis=1)] = np.nan
    return noise


def evaluate(columns: Columns, y: np.ndarray, task: Task, block: np.ndarray, seed: int = 0) -> dict:
    """Each method's R², mean absolute and root mean square error and rank correlation by cross-validation over blocks,
    and the gain of its R² over that of the visitors alone, with a 95 % interval by block. For WHO also the gain over
    the controls of MORE, averaged over the draws.

    y: (n,) truth in the task's scale.
    """
    truth = task.in_unit(y)
    answers: dict[str, np.ndarray] = {}
    for name, (x, strength) in columns.items():
        answers[name] = np.full(len(y), np.nan)
        for learn, test in folds(y, block, task, seed):
            head = ridge(x[learn], y[learn], task, strength)
            answers[name][test] = task.in_unit(predict(head, x[test])[:, 0])
    controls = [(name, control) for name in WHO for control in MORE]
    for name, control in controls:
        draws = [answers.pop(f"{name} {control}, {draw}") for draw in range(DRAWS)]
        answers[f"{name} {control}"] = np.stack(draws)
    found = {name: measure(answer, truth, answers[ALONE], block, seed) for name, answer in answers.items()}
    for name, control in controls:
        against = measure(answers[name], truth, answers[f"{name} {control}"], block, seed)
        found[name][MORE[control]] = against["more_r2"]
    return found


def measure(answer: np.ndarray, truth: np.ndarray, other: np.ndarray, block: np.ndarray, seed: int) -> dict:
    """The figures of a method beside another. answer, other: (n,), or (draws, n) whose errors are averaged. truth:
    (n,). All are in the unit of measure.
    """
    both = [np.atleast_2d(a) - truth for a in (answer, other)]
    square = np.stack([*((off**2).mean(axis=0) for off in both), (truth - truth.mean()) ** 2], axis=1)
    error = np.stack([np.abs(off).mean(axis=0) for off in both], axis=1)
    ranks = [spearmanr(a, truth).statistic for a in np.atleast_2d(answer)]
    drawn = by_group(np.concatenate([square, error], axis=1), block, seed)
    mean = np.concatenate([square, error], axis=1).mean(axis=0)
    return {
        "r2": float(1 - mean[0] / mean[2]), "mae": float(mean[3]), "rmse": float(np.sqrt(mean[0])),
        "rank_correlation": float(np.nan_to_num(ranks).mean()),
        "more_r2": [float((mean[1] - mean[0]) / mean[2]), *limits((drawn[:, 1] - drawn[:, 0]) / drawn[:, 2])],
        "error_ratio": [float(mean[3] / mean[4]), *limits(drawn[:, 3] / drawn[:, 4])],
    }  # fmt: skip


def pickups(path: str, regions: np.ndarray, all_cabs: bool = False) -> tuple[Tracks, np.ndarray, np.ndarray]:
    """Tracks of the held-out taxis before the last week; and pick-ups of the others in each region, (n_regions,), in
    the last week and the one before. all_cabs: both of all taxis. Raises InputError for a file without the flag.
    """
    from pyarrow import parquet

    try:
        table = parquet.read_table(path, columns=["cab_id", "t", "occupied", "lon_e6", "lat_e6"])
    except (OSError, KeyError, ValueError) as e:
        raise InputError(f"--pickups needs Parquet with cab_id, t, occupied, lon_e6 and lat_e6: {e}") from e
    cab = np.asarray(table["cab_id"].to_pylist(), object)
    t = table["t"].cast("timestamp[ms]").to_numpy().astype("datetime64[ms]").astype(np.int64)
    lon, lat = (table[name].to_numpy() / 1e6 for name in ("lon_e6", "lat_e6"))
    occupied = table["occupied"].to_numpy().astype(bool)
    order = np.lexsort((t, cab.astype(str)))
    cab, t, lon, lat, occupied = (a[order] for a in (cab, t, lon, lat, occupied))
    names, number = np.unique(cab.astype(str), return_inverse=True)
    apart = np.array([held_out_cab(str(name)) for name in names])[number]
    begins = np.append(False, occupied[1:] & ~occupied[:-1] & (cab[1:] == cab[:-1])) & (all_cabs | ~apart)
    split = t.max() - WEEK_MS
    counts = []
    for when in (t >= split, (t >= split - WEEK_MS) & (t < split)):
        row = np.flatnonzero(begins & when)
        points, _ = build_tracks(np.arange(len(row)), None, t[row], lon[row], lat[row])
        counts.append(np.array([len(rows) for rows in fixes_inside(points, regions)], float))
    seen = (all_cabs | apart) & (t < split)
    tracks, _ = build_tracks(cab[seen], None, t[seen], lon[seen], lat[seen])
    return tracks, counts[0], counts[1]


def read_source(args: argparse.Namespace, source: int, model: Model) -> tuple[Columns, np.ndarray, np.ndarray, int]:
    """Each method's columns for the regions of a source with enough users, their truth (n,) and polygons (n,), and the
    number of users. Raises InputError for too few regions.
    """
    regions = read_polygons(args.regions[source], args.id)
    if args.pickups:
        there = np.flatnonzero([p is not None and not p.is_empty for p in regions.shapes])
        regions = Polygons(regions.id_name, regions.ids[there], regions.shapes[there])
        tracks, value, before = pickups(args.tracks[source], regions.shapes, args.all_cabs)
        chosen: np.ndarray = np.arange(len(there))
    else:
        tracks, before = read(args.tracks[source])[0], None
        labels = read_table(args.labels[source])
        found = join(regions.ids, np.arange(len(regions.ids)), labels, "region", args.field)
        try:
            chosen, value = found.unit, found.value.astype(float)
        except ValueError as e:
            raise InputError(f"The column '{args.field}' must hold numbers: {e}.") from e
    users = tracks.by_hours(args.hours) if args.hours else tracks.by_user()
    inside = fixes_inside(users, regions.shapes[chosen])
    visits = count_users(users, inside)
    enough = np.flatnonzero(np.diff(visits.indptr) >= args.min_users)
    if len(enough) < 20:
        raise InputError(f"Only {len(enough)} regions were crossed by {args.min_users} users; at least 20 are needed.")
    visits, chosen, value = csr_matrix(visits[enough]), chosen[enough], value[enough]
    use = activity_of_regions(users, [inside[i] for i in enough])
    columns = methods(users, visits, area_km2(regions.shapes[chosen]), use, model, args.seed)
    if before is not None:
        last = np.log1p(before[enough]).astype(np.float32)[:, None]
        columns["pick-ups of the week before"] = last, np.ones(1)
        x, strength = columns[RAW]
        columns["RAW and the week before"] = np.concatenate([x, last], axis=1), np.append(strength, 10.0)
    return columns, value, regions.shapes[chosen], users.n_users


def run_all(args: argparse.Namespace) -> dict:
    """The figures of all methods."""
    if not args.pickups and not (args.labels and args.field):
        raise InputError("What is the truth? Give --labels and --field, or --pickups.")
    if args.all_cabs and not args.pickups:
        raise InputError("--all-cabs goes with --pickups.")
    if len({len(args.tracks), len(args.regions), len(args.tracks if args.pickups else args.labels)}) > 1:
        raise InputError("Give as many --regions (and --labels) as --tracks, in the same order.")
    model = Model(open_bundle(args.bundle))
    every, values, shapes, users = zip(*(read_source(args, n, model) for n in range(len(args.tracks))), strict=True)
    value = np.concatenate(values)
    columns = {k: (np.concatenate([c[k][0] for c in every]), strength) for k, (_, strength) in every[0].items()}
    block = blocks(np.concatenate(shapes))  # of all sources: a place in two of them is one
    if len(np.unique(block)) < 2:
        raise InputError("All regions lie within two kilometres, so none is far enough from the others to test on.")
    task, y = encode_numbers(value)
    return {
        "truth": "pick-ups in the last week" if args.pickups else args.field, "regions": len(value),
        "blocks": len(np.unique(block)), "users": sum(users), "hours": args.hours,
        "methods": evaluate(columns, y, task, block, args.seed),
    }  # fmt: skip


def page_of(results: dict) -> Page:
    """The page about the figures."""
    many = f"{results['users']:,}"
    who = f"{many} stretches of {results['hours']:g} h" if results["hours"] else f"the tracks of {many} users"
    page = Page("Regions", f"{results['truth'].capitalize()}, predicted from {who}.")
    raw = results["methods"][RAW]
    more, low, high = raw["more_r2"]
    proved = "proved better" if low > 0 else "worse" if high < 0 else "not proved better"
    page.sentence(
        f"RAW is {proved} than the number of visitors alone: R² {raw['r2']:.2f}, that is {more:+.2f} (95 % interval "
        f"{low:+.2f} to {high:+.2f}), on {results['regions']} regions in {results['blocks']} blocks.", "key"
    )  # fmt: skip
    rows = []
    for name, m in results["methods"].items():
        ratio, least, most = m["error_ratio"]
        rows.append([
            name, f"{m['r2']:.3f}", "{:+.3f} [{:+.3f}, {:+.3f}]".format(*m["more_r2"]), f"{m['mae']:.3g}",
            f"{ratio:.2f} [{least:.2f}, {most:.2f}]", f"{m['rmse']:.3g}", f"{m['rank_correlation']:.2f}",
        ])  # fmt: skip
    page.table(
        ["learned from", "R²", "above visitors alone", "mean error", "over visitors alone", "RMSE", "rank corr."], rows,
        strong=[i for i, row in enumerate(rows) if row[0] == RAW],
    )  # fmt: skip
    for name in WHO:
        than = {control: results["methods"][name][key] for control, key in MORE.items()}
        strict = [than[PERMUTED], than[NOISE]]
        more, less = all(low > 0 for _, low, _ in strict), all(high < 0 for *_, high in strict)
        say = "says more" if more else "says less" if less else "is not proved to say more"
        figures = {control: "R² {:+.3f} [{:+.3f}, {:+.3f}]".format(*figure) for control, figure in than.items()}
        page.sentence(
            f"What visitors are like ({name}) {say} than which regions share visitors: {figures[PERMUTED]} above the "
            f"same visits with the visitors' embeddings permuted, {figures[NOISE]} above noise in their place. "
            f"Beside as many people drawn at random for each region: {figures[RANDOM]}. Means of {DRAWS} draws."
        )
    page.sentence("Cross-validation over blocks of about two kilometres; intervals by drawing whole blocks.")
    return page


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    p = make_parser("regions", __doc__, several=True)
    p.add_argument("--regions", required=True, nargs="+", metavar="R", help="GeoJSON or GeoPackage, one a source")
    p.add_argument("--id", metavar="FIELD", help="field of the regions that the labels' ids are of")
    p.add_argument("--labels", nargs="+", metavar="L", help="a table with the regions' ids and the field, one a source")
    p.add_argument("--field", metavar="F", help="column of the labels: a number")
    p.add_argument("--pickups", action="store_true", help="the truth is where taxis of --tracks picked people up")
    p.add_argument("--all-cabs", action="store_true", help="with --pickups: look at all, and count their own pick-ups")
    add_hours(p)
    p.add_argument(
        "--min-users", type=positive, default=REGIONS.fewest_users, metavar="N", help="fewest users (default: 10)"
    )
    args = p.parse_args(argv)
    check_report(args)
    results = run_all(args)
    who = "stretches of tracks" if results["hours"] else "users"
    print(f"{results['truth']}: {results['regions']} regions, {results['users']:,} {who}")
    for name, m in results["methods"].items():
        print(f"  R² {m['r2']:6.3f}  {m['more_r2'][0]:+.3f} [{m['more_r2'][1]:+.3f}, {m['more_r2'][2]:+.3f}]  {name}")
    for name in WHO:
        for control, key in MORE.items():
            more, low, high = results["methods"][name][key]
            print(f"  {more:+.3f} [{low:+.3f}, {high:+.3f}]  {name}, above those {control}")
    if args.output:
        write_report(args.output, results, page_of(results))
