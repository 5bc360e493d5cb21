# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of every operation, a frozen dataclass each (see options.py); of publishing they are
in disclosure/spec.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import InputError
from .options import Spec, option

MIN_USERS = 10  # behind a figure that is shown, unless the user asks for another minimum
MAX_ROWS = 10_000_000  # of a compressed file, which may unpack to any size
DEVICES = ("auto", "CPU", "CUDA")


@dataclass(frozen=True)
class ZoneSpec(Spec):
    """How times without a zone are read."""

    timezone: str | None = option(
        None,
        "Time zone of times without one (empty: the layer's own, else UTC)",
        "IANA name such as UTC, Europe/Berlin or Asia/Shanghai. Times that carry a zone ignore it.",
        advanced=True,
    )


@dataclass(frozen=True)
class DeviceSpec(Spec):
    """Where a model runs."""

    device: str = option(
        "auto",
        "Device",
        "auto uses the graphics card if it can. The log names the device.",
        choices=DEVICES,
        advanced=True,
    )


@dataclass(frozen=True)
class TaskSpec(Spec):
    """Which heads of a model answer."""

    tasks: str | None = option(
        None,
        "Tasks (empty: all that the model has)",
        "Names with commas between them, of labels or of the model's heads. "
        "The log lists its heads.",
    )


@dataclass(frozen=True)
class UnitSpec(Spec):
    """What a row of the result describes."""

    unit: str = option(
        "user",
        "One row for each",
        "user: all tracks of a user together. day: a user's day of mean solar time.",
        choices=("user", "track", "day"),
    )


@dataclass(frozen=True)
class EncounterSpec(Spec):
    """Who was near whom at the same time."""

    distance_m: float = option(
        50.0, "Distance", "Two users within this distance are near each other.", unit="m", minimum=1
    )
    min_minutes: float = option(
        1.0,
        "Minimum duration (minutes)",
        "Shorter encounters are left out: the two only pass.",
        minimum=0.1,
    )
    max_gap_min: float = option(
        60.0,
        "Longest gap",
        "In longer gaps between two fixes of a user there are no encounters.",
        unit="min",
        minimum=0,
        advanced=True,
    )
    min_probability: float = option(
        0.5,
        "Minimum probability",
        "Less likely encounters are left out.",
        minimum=0.01,
        maximum=1,
        advanced=True,
    )


FORMATS = ("auto", "geolife", "parquet", "csv", "gotrack", "gpx", "json", "layer")


@dataclass(frozen=True)
class ImportSpec(Spec):
    """How files of positions are written."""

    format: str = option("auto", "Format", "auto: recognised from the files.", choices=FORMATS)
    user_field: str | None = option(None, "User column (empty: guessed)")
    track_field: str | None = option(None, "Track column (empty: guessed)")
    time_field: str | None = option(None, "Time column (empty: guessed)")
    lon_field: str | None = option(None, "Longitude or x column (empty: guessed)", advanced=True)
    lat_field: str | None = option(None, "Latitude or y column (empty: guessed)", advanced=True)
    date_order: str = option(
        "auto",
        "First number of dates such as 01/02/2024",
        "auto: recognised where a day over 12 shows it. Where none does, the algorithm asks for "
        "it.",
        choices=("auto", "day", "month"),
        advanced=True,
    )
    encoding: str | None = option(
        None, "Encoding of text", "Empty: recognised. Or utf-8, latin-1, cp1252 …", advanced=True
    )
    max_rows: int = option(
        MAX_ROWS,
        "Maximum rows of a compressed file",
        "A file that unpacks to more is refused: it may be made to fill the disk or the memory.",
        minimum=1,
        advanced=True,
    )


@dataclass(frozen=True)
class RegionSpec(Spec):
    """Regions as the people who visit them."""

    min_users: int = option(
        MIN_USERS,
        "Minimum users per region",
        "A figure of fewer users is withheld, so that nobody is exposed.",
        minimum=1,
    )
    labels: bool = option(
        True,
        "Labels of the visitors",
        "Residents, workers, commuters and modes of transport, from the places and trips of "
        "visitors. This takes as "
        "long as a travel diary of them.",
    )


@dataclass(frozen=True)
class SimilarSpec(Spec):
    """The most similar users."""

    k: int = option(10, "How many", "The number of rows of the result.", minimum=1)


@dataclass(frozen=True)
class SimilarRegionSpec(SimilarSpec):
    """The most similar regions."""

    min_users: int = option(
        MIN_USERS,
        "Minimum users per region",
        "Regions of fewer users are neither compared nor found.",
        minimum=1,
    )


@dataclass(frozen=True)
class HorizonSpec(Spec):
    """How far ahead forecasts look."""

    horizon_min: float = option(
        30.0, "Horizon", "How far ahead of the last fix.", unit="min", minimum=0.01
    )
    step_min: float = option(
        5.0,
        "Step",
        "Time from one forecast to the next. There is always one at the horizon itself.",
        unit="min",
        minimum=0.01,
    )
    max_count = 1000

    def __post_init__(self) -> None:
        super().__post_init__()
        self.horizons_s()

    def horizons_s(self) -> list[float]:
        """Seconds after the last fix: every STEP up to HORIZON, and HORIZON itself.

        A time less than half a step before HORIZON gives way to it. Raises InputError for a STEP
        over HORIZON, or more times than `max_count`.
        """
        horizon = self.horizon_min
        step = self.step_min
        if step > horizon:
            raise InputError(
                "STEP ({a:g} min) must be no longer than HORIZON ({b:g} min).", a=step, b=horizon
            )
        n_before = int(horizon / step - 0.5 + 1e-9)
        count = n_before + 1
        if count > self.max_count:
            least = horizon / self.max_count
            raise InputError(
                "{n:,} steps are too many: choose a STEP of {m:g} min or more.", n=count, m=least
            )
        before = [k * step * 60.0 for k in range(1, count)]
        return [*before, horizon * 60.0]


@dataclass(frozen=True)
class ForecastSpec(HorizonSpec):
    """Where tracks will be after their last fix."""

    unit: str | None = option(
        None,
        "One forecast for each",
        "Empty: a track where a track field is chosen (or INPUT has no users), else a "
        "user, after the last fix of all the user's tracks.",
        choices=("user", "track"),
    )
    method: str = option(
        "model",
        "Method",
        "simple: the simple method that was nearest in the past of these tracks at each horizon; a "
        "backtest says where it is better than the model. Paths are the model's alone.",
        choices=("model", "simple"),
    )
    paths: int = option(
        3,
        "Paths",
        "At most so many likely paths for each track, each with its probability.",
        minimum=1,
        maximum=9,
    )


@dataclass(frozen=True)
class BacktestSpec(HorizonSpec):
    """Forecasts of a layer's own past, compared with simple methods."""

    max_count = 24  # a report cannot show more
    folds: int = option(
        5,
        "Folds",
        "The number of parts of time. Each part gives about the same number of cases.",
        minimum=1,
        maximum=50,
    )


@dataclass(frozen=True)
class FillSpec(Spec):
    """Where tracks were between two fixes."""

    step_min: float = option(
        1.0, "Step", "Time from one position in a gap to the next.", unit="min", minimum=0.01
    )
    max_gap_min: float = option(
        60.0,
        "Longest gap",
        "Longer gaps are left open. Gaps of up to an hour were measured.",
        unit="min",
        minimum=0.01,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.step_min < self.max_gap_min:
            words = "STEP ({a:g} min) must be shorter than MAX_GAP ({b:g} min)."
            raise InputError(words, a=self.step_min, b=self.max_gap_min)


@dataclass(frozen=True)
class TeachSpec(Spec):
    """Teach a label from examples."""

    unit: str = option(
        "user",
        "Unit of the labels",
        "What a row of the labels describes.",
        choices=("user", "track", "day", "region"),
    )
    task_name: str = option(
        "",
        "Label name",
        "Lower-case letters, digits and _. The field of the results has this name.",
    )
    minutes: float = option(30.0, "Minutes at most", minimum=0.1, advanced=True)


@dataclass(frozen=True)
class DiarySpec(Spec):
    """Where people stopped, and how they got from stop to stop."""

    min_stop_min: float = option(
        10.0,
        "Minimum stop duration",
        "Shorter halts are part of a trip. Ten minutes suit short and long stops.",
        unit="min",
        minimum=1,
    )


@dataclass(frozen=True)
class PretrainSpec(Spec):
    """More training of a model on tracks."""

    preset: str = option(
        "raw-small",
        "Model size",
        "raw-small suits a laptop; raw-base and raw-large need a graphics card. In another "
        "size than raw-small, training starts from random weights. A model of your own keeps its "
        "size.",
        choices=("raw-nano", "raw-small", "raw-base", "raw-large"),
    )
    minutes: float = option(
        30.0,
        "Minutes of training",
        "The learning rate falls over this time. The comparison with the model before "
        "takes some minutes more.",
        minimum=0.05,
    )


@dataclass(frozen=True)
class TripSpec(Spec):
    """Which trips are added up, where and when."""

    trips: str = option(
        "stops",
        "Trips",
        "From stop to stop, with modes; or each track of the track field is one, of unknown mode.",
        choices=("stops", "tracks"),
    )
    size_m: float = option(1000.0, "Size of hexagons", "Used without zones.", unit="m", minimum=50)
    slice: str = option(
        "all",
        "Slices of time",
        "Hours and days of departure, by the clock of the layer's time zone. Mean solar time where "
        "no zone but UTC is chosen, and in published figures.",
        choices=("all", "hour", "daypart", "weekend", "month"),
    )
    modes: str | None = option(
        None,
        "Modes (empty: all)",
        "Only trips of these modes count, such as: walk, bike, motor, rail.",
    )


@dataclass(frozen=True)
class FlowSpec(TripSpec):
    """Trips from zone to zone."""

    min_users: int = option(
        MIN_USERS,
        "Minimum users per pair of zones",
        "Pairs of fewer users are added up in one row.",
        minimum=1,
    )
