#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How the shipped bundle was made, from the data to the card. Two CPU cores, some four hours.
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
for file in "$data"/streets/*.osm.gz; do osm+=("$file"); done
for seed in 1 11; do
    $python -m model.synthetic --movement-only --seed "$seed" --fixes 36e6 --osm "${osm[@]}" --output "$work/movement$seed"
done
for seed in 1 2; do
    $python -m model.synthetic --people 6000 --weeks 2 --seed "$seed" --output "$work/city$seed"
done
days=()
for seed in 101 102 103 104 105 106; do
    $python -m model.synthetic --days-only --people 2500 --weeks 3 --seed "$seed" --output "$work/days$seed"
    days+=("3*$work/days$seed/days.parquet")
done
corpus=(
    "3*exact:$work/movement1/movement" "0.5*exact:$work/movement1/movement/01-lower_saxony_main_roads.parquet"
    "3*exact:$work/movement11/movement" "0.7*exact:$work/movement11/movement/01-lower_saxony_main_roads.parquet"
    "8*$data/cabspotting/points.parquet" "0.15*gotrack:$data/gotrack" "1.5*$work/city1/tracks.parquet" "${days[@]}"
)
# The weights in resources/models were made in steps, which their card lists: 69 minutes on the first movement corpus, the
# first city and 1.5 parts of taxis; 45 on both movement corpora, at last with the days; and 48 on the corpus above. One
# run of as many minutes takes their place here.
$python -m model.pretrain --preset raw-small --minutes 160 --seed 1 --corpus "${corpus[@]}" --output "$work/run"

bundle=$work/raw-small
$python -m model.export --run "$work/run" --output "$bundle" --data "$(cat model/shipped_data.md)"

# Heads, on a city that did not train the network, each judged by cross-validation over people or blocks.
truth=$work/city2
teach=($python -m model.finetune --tracks "$truth/tracks.parquet" --bundle "$bundle" --output "$bundle" --experimental)
plans="the synthetic city's weekly plans"
"${teach[@]}" --unit user --task-name commuter --title "Commuter" \
    --labels "$truth/truth_users.csv" --field commuter --trained-on "$plans"
"${teach[@]}" --unit user --task-name metro_user --title "Metro user" \
    --labels "$truth/truth_users.csv" --field metro_user --trained-on "$plans"
"${teach[@]}" --unit user --task-name trips_a_day --title "Trips a day" --unit-of-measure "per day" \
    --labels "$truth/truth_users.csv" --field trips_a_day --trained-on "$plans"
"${teach[@]}" --unit track --task-name transport_mode --title "Transport mode" \
    --labels "$truth/truth_segments.csv" --field mode --per-class 1200 \
    --rename car="motor vehicle" bus="motor vehicle" --trained-on "the synthetic city, movement by Eclipse SUMO"
"${teach[@]}" --unit region --task-name poi_density --title "Points of interest" --unit-of-measure "per km²" \
    --labels "$truth/truth_regions.csv" --field poi_density_km2 \
    --regions "$truth/regions.geojson" --id region_id --trained-on "the synthetic city"

# The card's figures, on units that trained nothing.
$python -m model.evaluate forecast --tracks "$data/cabspotting/points.parquet" --held-out-cabs --family 60s long filled \
    --bundle "$bundle" --record "San Francisco cabs held apart"
if [ -d "$data/geolife" ]; then
    $python -m model.evaluate forecast --tracks "$data/geolife/points.parquet" --bundle "$bundle" \
        --record "GeoLife people (Beijing), zero-shot"
    $python -m model.evaluate profiles --tracks "$data/geolife/points.parquet" --labels "$data/geolife/labels.csv" \
        --field mode --task transport_mode --per-class 300 --bundle "$bundle" --record "GeoLife people, zero-shot" \
        --rename bus="motor vehicle" car="motor vehicle" taxi="motor vehicle" subway=rail train=rail
fi
