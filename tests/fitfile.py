# SPDX-License-Identifier: GPL-2.0-or-later
"""A small writer of FIT files: messages with their fields, a header and the two checksums."""

from __future__ import annotations

import struct

FILE_ID, SESSION, RECORD = 0, 18, 20
# Field number, base type and format of the fields that the tests write
FIELDS = {
    (FILE_ID, "type"): (0, 0x00, "B"), (FILE_ID, "serial_number"): (3, 0x8C, "I"),
    (SESSION, "start_time"): (2, 0x86, "I"), (RECORD, "timestamp"): (253, 0x86, "I"),
    (RECORD, "position_lat"): (0, 0x85, "i"), (RECORD, "position_long"): (1, 0x85, "i"),
    (RECORD, "heart_rate"): (3, 0x02, "B"),
}  # fmt: skip
MISSING = {"B": 0xFF, "I": 0xFFFFFFFF, "i": 0x7FFFFFFF}
EPOCH_S = 631_065_600


def checksum(data: bytes) -> int:
    """CRC-16 with the polynomial 0xA001, as FIT has it."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


def fit_bytes(messages: list[tuple[int, dict[str, int | None]]]) -> bytes:
    """A FIT file of messages: a number and its fields; None stands for a value that is missing."""
    body, defined = b"", None
    for number, fields in messages:
        kinds = [FIELDS[number, name] for name in fields]
        if (number, *fields) != defined:
            sizes = b"".join(bytes([field, struct.calcsize(form), base]) for field, base, form in kinds)
            body += struct.pack("<BBBHB", 0x40, 0, 0, number, len(kinds)) + sizes
            defined = (number, *fields)
        values = [MISSING[form] if value is None else value for value, (_, _, form) in zip(fields.values(), kinds)]
        body += b"\0" + struct.pack("<" + "".join(form for _, _, form in kinds), *values)
    header = struct.pack("<BBHI4s", 14, 0x20, 2195, len(body), b".FIT")
    header += struct.pack("<H", checksum(header))
    return header + body + struct.pack("<H", checksum(header + body))


def record(t_s: float, lon: float | None, lat: float | None) -> tuple[int, dict[str, int | None]]:
    """A record at epoch seconds and degrees."""
    turns = {
        name: None if at is None else round(at * 2**31 / 180)
        for name, at in (("position_lat", lat), ("position_long", lon))
    }
    return RECORD, {"timestamp": int(t_s) - EPOCH_S, **turns, "heart_rate": 120}
