#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the shipped bundle, from the data to the card. It takes some six hours of two CPU cores, and goes on where it
# was stopped when it is started again.
#   docs/scripts/make_shipped.sh DATA WORK [--preset raw-base --device cuda …]
# DATA holds cabspotting/points.parquet, gotrack/, streets/*.osm.gz and labelled/, and (for the card alone) geolife/ and
# labelled/essnet_ssi.
# WORK is the folder of the corpora, the run and the bundle. What follows is given to model.pretrain.
set -euo pipefail
cd "$(dirname "$0")/../.."
data=$1 work=$2
shift 2
export PYTHONPATH=.
python=.venv/bin/python
labelled=$data/labelled

# step NAME COMMAND…: runs a command, unless WORK/done says that it ended before. Delete done/NAME to run it again.
mkdir -p "$work/done"
step() {
    local done=$work/done/$1
    [ -e "$done" ] || { "${@:2}" && touch "$done"; }
}

# Training data: movement on many street plans, synthetic cities, taxis, a few phones, couriers, logged rides, buses. A
# tenth of the taxis and ten of the phones are held out (model/data/heldout.py). GeoLife and Austin are not trained on.
osm=()
for file in "$data"/streets/*.osm.gz; do osm+=("$file"); done
step movement $python -m model.synthetic --movement-only --seed 31 --fixes 55e6 --osm "${osm[@]}" \
    --output "$work/movement"
step city21 $python -m model.synthetic --people 10000 --weeks 4 --seed 21 --output "$work/city21"
days=()
for seed in 201 202 203 204; do
    step "days$seed" \
        $python -m model.synthetic --days-only --people 2500 --weeks 3 --seed "$seed" --output "$work/days$seed"
    days+=("4*$work/days$seed/days.parquet")
done
corpus=(
    "7*exact:$work/movement/movement" "8*$data/cabspotting/points.parquet" "0.15*gotrack:$data/gotrack"
    "4*$work/city21/tracks.parquet" "${days[@]}" "1*$labelled/goal/points.parquet"
    "1*$labelled/mobilitynet/points.parquet" "0.3*$labelled/aalto_helsinki/points.parquet"
    "0.3*$labelled/liverpool_bus/points.parquet"
)
step pretrain $python -m model.pretrain --preset raw-small --steps 15000 --seed 1 --corpus "${corpus[@]}" \
    --output "$work/run" "$@" $([ ! -e "$work/run/state.safetensors" ] || echo --resume)

bundle=$work/raw-small
step export $python -m model.export --run "$work/run" --output "$bundle" --data "$(cat model/shipped/data.md)"

# Sedentary behaviour is learned only from synthetic people. Areas of the bundle that ships (kinds held and days) were
# also widened on 10,000 people of another city, by model.calibrate of commit 7f4c953.

# The scorer, which weighs continuations of a layer in the forecasts of every bundle.
step scorer $python -m model.shipped.retrieval.train --bundle "$bundle" --output "$work/scorer" --examples 430000 --epochs 9 --corpus \
    "4*$data/cabspotting/points.parquet" "2*$work/city21/tracks.parquet" "1*gotrack:$data/gotrack" \
    "0.5*$work/days201/days.parquet" "1*$labelled/goal/points.parquet" "1*$labelled/mobilitynet/points.parquet" \
    "0.3*$labelled/aalto_helsinki/points.parquet" "0.3*$labelled/liverpool_bus/points.parquet"

# The bridge, which says where tracks were in gaps. (That in resources/bridge was trained with the people of a smaller
# city, resources/bridge/README.md.)
step bridge $python -m model.shipped.fill.train --output "$work/bridge" --examples 220000 --epochs 12 --corpus \
    "5*$data/cabspotting/points.parquet" "4*$work/city21/tracks.parquet" "1*gotrack:$data/gotrack" \
    "1*$labelled/goal/points.parquet" "1*$labelled/mobilitynet/points.parquet" \
    "0.3*$labelled/aalto_helsinki/points.parquet" "0.3*$labelled/liverpool_bus/points.parquet"

# The mode of transport learns from couriers, phones, vehicles, GoTrack's cars and buses, trips of taxis and, untested,
# simulated movement, which also has trams. Groups (couriers' chunks, routes, people, vehicles) stay on one side of a
# split. From here to the head it takes half an hour of one core. (The head that ships was taught by the recipe of an
# earlier version: docs/evidence/labels.md.)
step trips $python -m model.synthetic --movement-only --seed 31 --fixes 4e6 --osm "${osm[@]}" --output "$work/trips"
step segments $python -m model.data.labelled --source "$work/trips/movement" --per-mode 450 --seed 41 \
    --output "$work/segments"
modes=(car="motor vehicle" bus="motor vehicle" tram=rail subway=rail train=rail e-scooter=bike)
sources=(goal mobilitynet aalto_helsinki capmetrics_austin liverpool_bus)
step labelled $python -m model.data.labelled --source "${sources[@]/#/$labelled/}" "$data/gotrack" "$data/cabspotting" \
    --per-mode 400 --output "$work/real"
step labelled_essnet $python -m model.data.labelled --source "$labelled/essnet_ssi" --output "$work/essnet"
step transport_mode $python -m model.finetune --minutes 600 \
    --tracks "$work/real/tracks.parquet" --labels "$work/real/labels.csv" --sources \
    --beside "$work/segments/tracks.parquet" "$work/segments/labels.csv" \
    --unit track --task-name transport_mode --title "Transport mode" --field mode --rename "${modes[@]}" \
    --classes bike "motor vehicle" rail walk --bundle "$bundle" --output "$bundle" --cache "$work/embeddings" \
    --trained-on "couriers, scripted trips, logged rides, taxis and vehicle fleets, beside simulated movement by Eclipse SUMO"
# The place head: homes, places of work, commuters.
step places $python -m model.shipped.places --howde "$labelled/howde" --output resources/places

# The card's figures, on units outside the training set.
step taxis $python -m model.evaluate forecast --tracks "$data/cabspotting/points.parquet" --held-out-cabs \
    --family 60s long filled --per-user 100 --bundle "$bundle" --record "San Francisco cabs held apart"
step essnet $python -m model.evaluate profiles --tracks "$work/essnet/tracks.parquet" \
    --labels "$work/essnet/labels.csv" --field mode --task transport_mode --bundle "$bundle" \
    --baseline "$work/real/tracks.parquet" "$work/real/labels.csv" \
    --rename "${modes[@]}" --record "ESSnet diaries (Netherlands), which trained nothing"
if [ -d "$data/geolife" ]; then
    step geolife_forecast $python -m model.evaluate forecast --tracks "$data/geolife/points.parquet" \
        --bundle "$bundle" --windows 1500 --per-user 40 --record "GeoLife people (Beijing), zero-shot"
    step geolife_modes $python -m model.evaluate profiles --tracks "$data/geolife/points.parquet" \
        --labels "$data/geolife/labels.csv" --field mode --task transport_mode --bundle "$bundle" --per-class 150 \
        --record "GeoLife people, zero-shot, at most 150 labels a mode" \
        --rename bus="motor vehicle" car="motor vehicle" taxi="motor vehicle" subway=rail train=rail
fi
