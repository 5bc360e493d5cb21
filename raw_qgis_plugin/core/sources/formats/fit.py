# SPDX-License-Identifier: GPL-2.0-or-later
"""The records of FIT files, as watches and bike computers of Garmin, Wahoo, Coros and others write them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from io import BytesIO
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import InputError, Progress, RawError, require
from ..files import read_bytes

FILE_ID, SESSION, RECORD = 0, 18, 20  # numbers of messages
EPOCH_S = 631_065_600  # 1989-12-31, from which FIT counts
FIRST_UTC_S = 0x10000000  # lower times count from when the device was switched on
SEMICIRCLE = 180 / 2**31  # degrees


def fit_tables(file: Path, progress: Progress, names: Mapping[Path, str]) -> Iterator[pa.Table]:
    """The columns device, if the file names its serial number, track, time, lon and lat: one table of all records.

    A file is a track of its name in `names`; of several sessions in it, such as a triathlon's, each is a track.
    Without records there is no table. Raises InputError if the file is broken; MissingLibrary without fitdecode.
    """
    require("fitdecode")
    import fitdecode

    data = read_bytes(file)
    stream, device, starts, values = BytesIO(data), None, array("d"), array("d")
    strictness = {"check_crc": fitdecode.CrcCheck.RAISE, "error_handling": fitdecode.ErrorHandling.IGNORE}
    try:
        with fitdecode.FitReader(stream, processor=None, **strictness) as frames:
            for number, frame in enumerate(frames):
                if number % 1000 == 0:
                    progress(stream.tell() / len(data))
                if frame.frame_type != fitdecode.FIT_FRAME_DATA:
                    continue
                if frame.global_mesg_num == RECORD:
                    values.extend(_numbers(frame, "timestamp", "position_long", "position_lat"))
                elif frame.global_mesg_num == SESSION:
                    starts.extend(_numbers(frame, "start_time"))
                elif frame.global_mesg_num == FILE_ID:
                    device = device or frame.get_raw_value("serial_number", fallback=None)
    except RawError:
        raise
    except Exception as error:  # of hostile bytes the library also says KeyError, AssertionError and others
        reason = str(error) or type(error).__name__
        raise InputError(
            f"{file.name} is no complete FIT file: {reason}. Copy it from the device again, or take it out of the "
            "folder."
        ) from error
    if values:
        yield _table(names[file], device, np.array(starts), np.array(values).reshape(-1, 3).T)


def _numbers(frame: Any, *names: str) -> list[float]:
    """Values of a message, nan where there is none."""
    values = [frame.get_raw_value(name, fallback=None) for name in names]
    return [value if isinstance(value, int) else nan for value in values]


def _table(name: str, device: Any, starts: np.ndarray, values: np.ndarray) -> pa.Table:
    """starts: (sessions,) seconds. values: (3, records) seconds, and longitudes and latitudes in semicircles."""
    seconds, lon, lat = values
    starts = np.sort(starts[np.isfinite(starts)])
    session = np.searchsorted(starts[1:], seconds, "right").astype(np.int32)
    names = [f"{name}.{number + 1}" for number in range(len(starts))] if len(starts) > 1 else [name]
    utc = seconds >= FIRST_UTC_S
    moments = np.where(utc, (seconds + EPOCH_S) * 1000, 0).astype(np.int64).astype("datetime64[ms]")
    columns = {
        "track": pa.DictionaryArray.from_arrays(session, names),
        "time": pa.array(moments, mask=~utc).cast(pa.timestamp("ms", "UTC")),
        "lon": lon * SEMICIRCLE, "lat": lat * SEMICIRCLE,
    }  # fmt: skip
    if device is not None:
        columns = {"device": pa.repeat(str(device), len(lon)).dictionary_encode(), **columns}
    return pa.table(columns)
