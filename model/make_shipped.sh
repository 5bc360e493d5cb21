#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the shipped bundle, from the data to the card. It takes some six hours of two CPU cores.
#   model/make_shipped.sh DATA WORK
# DATA holds cabspotting/points.parquet, gotrack/, streets/*.osm.gz and labelled/, and (for the card alone) geolife/ and
# labelled/essnet_ssi.
# WORK is the folder of the corpora, the run and the bundle.
set -euo pipefail
cd "$(dirname "$0")/.."
data=$1 work=$2
export PYTHONPATH=.
python=.venv/bin/python

# Training data: movement on many street plans, synthetic cities, taxis, a few phones. A tenth of the taxis and ten of the
# phones are held out (model/data/heldout.py). GeoLife is not trained on.
osm=()
for file in "$data"/streets/*.osm.gz; do osm+=("$file"); done
$python -m model.synthetic --movement-only --seed 11 --fixes 36e6 --osm "${osm[@]}" --output "$work/movement11"
$python -m model.synthetic --movement-only --seed 31 --fixes 55e6 --osm "${osm[@]}" --output "$work/movement31"
$python -m model.synthetic --people 6000 --weeks 2 --seed 1 --output "$work/city1"
for seed in 21 22; do
    $python -m model.synthetic --people 10000 --weeks 4 --seed "$seed" --output "$work/city$seed"
done
days=()
for seed in 201 202 203 204; do
    $python -m model.synthetic --days-only --people 2500 --weeks 3 --seed "$seed" --output "$work/days$seed"
    days+=("4*$work/days$seed/days.parquet")
done
corpus=(
    "6*exact:$work/movement31/movement" "1.2*exact:$work/movement11/movement" "8*$data/cabspotting/points.parquet"
    "0.15*gotrack:$data/gotrack" "1*$work/city1/tracks.parquet" "3*$work/city21/tracks.parquet" "${days[@]}"
)
# The shipped weights were trained in steps, which their card lists: 161 minutes of one core on earlier and smaller
# corpora of the same kinds, and 66 on the corpus above, with AdamW alone.
# Here one run of as many minutes replaces them.
$python -m model.pretrain --preset raw-small --minutes 225 --seed 1 --corpus "${corpus[@]}" --output "$work/run"

bundle=$work/raw-small
$python -m model.export --run "$work/run" --output "$bundle" --data "$(cat model/shipped_data.md)"

# Sedentary behaviour is learned only from synthetic people; areas are widened on people of another city.
$python -m model.calibrate --bundle "$bundle" --corpus "$work/city22/tracks.parquet" --kinds held days

# The scorer, which weighs continuations of a layer in the forecasts of every bundle. (The bundle in resources/models still
# has a graph for days of fleets as well, which RAW 0.2.0 trained; its forecasts use both.)
labelled=$data/labelled
$python -m model.ways --bundle "$bundle" --output "$work/scorer" --lessons 430000 --epochs 9 --corpus \
    "4*$data/cabspotting/points.parquet" "2*$work/city21/tracks.parquet" "1*gotrack:$data/gotrack" \
    "0.5*$work/days201/days.parquet" "1*$labelled/goal/points.parquet" "1*$labelled/mobilitynet/points.parquet" \
    "0.3*$labelled/aalto_helsinki/points.parquet" "0.3*$labelled/liverpool_bus/points.parquet"

# The bridge, which says where tracks were in gaps. (That in resources/bridge was trained with the people of a smaller city,
# resources/bridge/README.md.)
$python -m model.fill.train --output "$work/bridge" --examples 220000 --epochs 12 --corpus \
    "5*$data/cabspotting/points.parquet" "4*$work/city21/tracks.parquet" "1*gotrack:$data/gotrack" \
    "1*$labelled/goal/points.parquet" "1*$labelled/mobilitynet/points.parquet" \
    "0.3*$labelled/aalto_helsinki/points.parquet" "0.3*$labelled/liverpool_bus/points.parquet"

# Heads, each cross-validated over people or blocks; heads of users also in another city, below. The head of trips comes
# first: heads of users use it. What is about the metro answers where two of a hundred trips go by rail (docs/evidence).
truth=$work/city21
teach=($python -m model.finetune --tracks "$truth/tracks.parquet" --bundle "$bundle" --output "$bundle" --experimental --alone)
plans="the synthetic city's weekly plans"
"${teach[@]}" --unit trip --task-name trip_mode --title "Mode of trips" --labels "$truth/truth_segments.csv" \
    --field mode --per-class 12000 --trained-on "the synthetic city, by Eclipse SUMO"
people=("${teach[@]}" --unit user --cache "$work/embeddings" --also-days)
"${people[@]}" 3 14 --task-name commuter --title "Commuter" \
    --labels "$truth/truth_users.csv" --field commuter --trained-on "$plans"
"${people[@]}" 3 3 3 3 5 7 14 --task-name metro_user --title "Metro user" --rail 2 \
    --labels "$truth/truth_users.csv" --field metro_user --trained-on "$plans"
"${people[@]}" 3 3 3 3 5 7 14 --task-name trips_a_day --title "Trips a day" --unit-of-measure "per day" \
    --labels "$truth/truth_users.csv" --field trips_a_day --trained-on "$plans"
"${people[@]}" 3 3 3 3 5 7 14 --task-name metro_trips --title "Metro trips" --unit-of-measure "a week" --rail 2 \
    --labels "$truth/truth_users.csv" --field metro_trips_a_week --trained-on "$plans"
$python -m model.synthetic.segments --movement "$work/movement31/movement" --per-mode 450 --seed 41 --output "$work/segments"
# The mode of transport learns from real people and vehicles, and from simulated movement beside them, which also has
# trams. Groups (couriers' chunks, routes, people, vehicles) stay on one side of a split.
modes=(car="motor vehicle" bus="motor vehicle" tram=rail subway=rail train=rail e-scooter=bike)
sources=(goal mobilitynet aalto_helsinki capmetrics_austin liverpool_bus)
$python -m model.data.labelled --source "$data/gotrack" --output "$work/real/gotrack"
for source in "${sources[@]}" essnet_ssi; do
    most=$([ "$source" = capmetrics_austin ] && echo 300 || echo 500)
    $python -m model.data.labelled --source "$labelled/$source" --per-mode "$most" --output "$work/real/$source"
done
real=("${sources[@]/#/$work/real/}" "$work/real/gotrack")
$python -m model.finetune --tracks "${real[@]/%//tracks.parquet}" "$work/segments/tracks.parquet" \
    --labels "${real[@]/%//labels.csv}" "$work/segments/labels.csv" --simulated 1 --also-parts 3 --states \
    --unit track --task-name transport_mode --title "Transport mode" --field mode --rename "${modes[@]}" \
    --classes bike "motor vehicle" rail walk --bundle "$bundle" --output "$bundle" --alone --cache "$work/embeddings" \
    --trained-on "couriers, scripted trips, logged rides and vehicle fleets, beside simulated movement by Eclipse SUMO"
places=("${teach[@]}" --unit region --regions "$truth/regions.geojson" --id region_id --labels "$truth/truth_regions.csv"
    --trained-on "the synthetic city" --cache "$work/embeddings")
"${places[@]}" --task-name poi_density --title "Points of interest" --unit-of-measure "per km²" --field poi_density_km2
"${places[@]}" --task-name boardings --title "Boardings" --unit-of-measure "a week of 10,000 people" --field boardings \
    --rail 2

# Heads that only simulated people taught are silent about people unlike these. (The card of the bundle in
# resources/models has users of a city of 800 people, 0.3 of them observed, seed 91.)
$python -m model.calibrate --bundle "$bundle" --typical "$truth/tracks.parquet"

# The card's figures, on units outside the training set.
$python -m model.evaluate forecast --tracks "$data/cabspotting/points.parquet" --held-out-cabs --family 60s long filled \
    --per-user 100 --bundle "$bundle" --record "San Francisco cabs held apart"
for task in commuter metro_user metro_trips trips_a_day; do
    field=${task/metro_trips/metro_trips_a_week}
    $python -m model.evaluate profiles --tracks "$work/city22/tracks.parquet" --labels "$work/city22/truth_users.csv" \
        --field "$field" --task "$task" --unit user --days 14 3 --bundle "$bundle" --record "another city" \
        --baseline-tracks "$truth/tracks.parquet" --baseline-labels "$truth/truth_users.csv"
done
$python -m model.evaluate profiles --tracks "$work/city22/tracks.parquet" --labels "$work/city22/truth_segments.csv" \
    --field mode --task trip_mode --unit trip --bundle "$bundle" --record "another city" \
    --baseline-tracks "$truth/tracks.parquet" --baseline-labels "$truth/truth_segments.csv"
$python -m model.evaluate profiles --tracks "$work/real/essnet_ssi/tracks.parquet" \
    --labels "$work/real/essnet_ssi/labels.csv" --field mode --task transport_mode --bundle "$bundle" \
    --rename "${modes[@]}" --record "ESSnet diaries (Netherlands), which trained nothing"
if [ -d "$data/geolife" ]; then
    $python -m model.evaluate forecast --tracks "$data/geolife/points.parquet" --bundle "$bundle" \
        --windows 1500 --per-user 40 --record "GeoLife people (Beijing), zero-shot"
    $python -m model.evaluate profiles --tracks "$data/geolife/points.parquet" --labels "$data/geolife/labels.csv" \
        --field mode --task transport_mode --bundle "$bundle" --record "GeoLife people, zero-shot" \
        --rename bus="motor vehicle" car="motor vehicle" taxi="motor vehicle" subway=rail train=rail
fi
