#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How the shipped bundle was made, from the data to the card. Two CPU cores, some two hours.
#   model/make_shipped.sh DATA WORK
# DATA holds cabspotting/points.parquet, gotrack/ and streets/*.osm.gz, and (for the card alone) geolife/.
# WORK takes the corpora, the run and the bundle.
set -euo pipefail
cd "$(dirname "$0")/.."
data=$1 work=$2
export PYTHONPATH=.
python=.venv/bin/python

# What trains: movement on many street plans, a city with known truth, taxis, a few phones. A tenth of the taxis and ten
# of the phones are held apart (model/heldout.py). GeoLife trains nothing.
osm=()
for file in "$data"/streets/*.osm.gz; do osm+=(--osm "$file"); done
$python -m model.synthetic --movement-only --seed 1 --fixes 33e6 "${osm[@]}" --output "$work/movement"
for seed in 1 2; do
    $python -m model.synthetic --people 6000 --weeks 2 --seed "$seed" --output "$work/city$seed"
done
corpus=(
    "4*exact:$work/movement/movement" "1*exact:$work/movement/movement/01-lower_saxony_main_roads.parquet"
    "1.5*$data/cabspotting/points.parquet" "0.1*gotrack:$data/gotrack" "1*$work/city1/tracks.parquet"
)
# The weights in resources/models were made in these two steps, the first of them before simulated tracks were enlarged
# (model/batches.py) and without the city for its first 800 steps.
$python -m model.pretrain --preset raw-small --minutes 57 --seed 1 --corpus "${corpus[@]}" --output "$work/run"
$python -m model.pretrain --init "$work/run/bundle" --lr 1e-3 --minutes 12 --seed 2 --corpus "${corpus[@]}" \
    --output "$work/run2"

bundle=$work/raw-small
$python -m model.export --run "$work/run2" --output "$bundle" --data "$(cat model/shipped_data.md)"

# Heads, on a city that did not train the network, each judged by cross-validation over people or blocks.
city=(--tracks "$work/city2/tracks.parquet" --bundle "$bundle" --output "$bundle" --experimental)
$python -m model.finetune "${city[@]}" --unit track --task-name transport_mode --title "Transport mode" \
    --labels "$work/city2/truth_segments.csv" --field mode --per-class 1200 \
    --rename car="motor vehicle" bus="motor vehicle" --trained-on "the synthetic city, movement by Eclipse SUMO"
$python -m model.finetune "${city[@]}" --unit region --task-name poi_density --title "Points of interest" \
    --labels "$work/city2/truth_regions.csv" --field poi_density_km2 --unit-of-measure "per km²" \
    --regions "$work/city2/regions.geojson" --id region_id --trained-on "the synthetic city"
$python -m model.finetune "${city[@]}" --unit user --task-name commuter --title "Commuter" \
    --labels "$work/city2/truth_users.csv" --field commuter --trained-on "the synthetic city's weekly plans"

# The card's figures, on units that trained nothing.
$python -m model.evaluate forecast --tracks "$data/cabspotting/points.parquet" --held-out-cabs --cadence 60 \
    --bundle "$bundle" --record "San Francisco cabs held apart"
if [ -d "$data/geolife" ]; then
    $python -m model.evaluate forecast --tracks "$data/geolife/points.parquet" --bundle "$bundle" \
        --record "GeoLife people (Beijing), zero-shot"
    $python -m model.evaluate profiles --tracks "$data/geolife/points.parquet" --labels "$data/geolife/labels.csv" \
        --field mode --task transport_mode --per-class 300 --bundle "$bundle" --record "GeoLife people, zero-shot" \
        --rename bus="motor vehicle" car="motor vehicle" taxi="motor vehicle" subway=rail train=rail
fi
