# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a command where nothing leaves the machine, and notes whom it and its children call.

    unshare -n python3 tests/netwatch.py {nowhere,standin} REPORT COMMAND…

With `standin` a name server answers every name, every address is this machine, and whatever is sent
to another machine is noted, of every process in any language. It goes to REPORT, and any call is a
failure. With `nowhere` there is no route but to the machine itself. Standard library only; needs
`ip`.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

EVERY_FRAME, DNS = 3, 53
TCP, UDP = 6, 17
NOWHERE = ("link set lo up",)
# an interface that looks like a network, and all addresses of the world on this machine
STANDIN = (
    *(
        "link set lo up",
        "link add d0 type veth peer name d1",
        "addr add 192.0.2.2/24 dev d0",
        "link set d0 up",
    ),
    *(
        "link set d1 up",
        "route add local default dev lo src 192.0.2.2",
        "-6 route add local default dev lo",
    ),
)
MINE = ("127.", "192.0.2.2")


def call(frame: bytes) -> str:
    """'tcp 203.0.113.7:443' for a packet that begins a connection to, or is sent to, another
    machine or a name server; '' for others.
    """
    kind = int.from_bytes(frame[12:14], "big")
    if kind == 0x0800 and len(frame) >= 34:
        protocol, address, at = (
            frame[23],
            socket.inet_ntop(socket.AF_INET, frame[30:34]),
            14 + (frame[14] & 15) * 4,
        )
    elif kind == 0x86DD and len(frame) >= 54:
        protocol, address, at = frame[20], socket.inet_ntop(socket.AF_INET6, frame[38:54]), 54
    else:
        return ""
    sender, port = struct.unpack("!HH", frame[at : at + 4])
    mine = port != DNS and (address.startswith(MINE) or address == "::1")
    if (
        mine
        or protocol not in (TCP, UDP)
        or (protocol == TCP and frame[at + 13] & 0x12 != 2)
        or sender == DNS
    ):
        return ""
    return f"{'tcp' if protocol == TCP else 'udp'} {address}:{port}"


class Recorder:
    """calls: what was sent to other machines. names: what was asked of the name server."""

    def __init__(self, report: Path) -> None:
        self.report = report
        self.calls: set[str] = set()
        self.names: set[str] = set()
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY_FRAME))
        self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 26)
        threading.Thread(target=self.sniff, daemon=True).start()
        for line in Path("/etc/resolv.conf").read_text(encoding="utf-8").splitlines():
            kind, _, address = line.partition(" ")
            if kind == "nameserver":  # an answer has to come from the address that was asked
                server = socket.socket(
                    socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM
                )
                with contextlib.suppress(OSError):  # a kernel without IPv6
                    server.bind((address.strip(), DNS))
                threading.Thread(target=self.answer, args=(server,), daemon=True).start()

    def sniff(self) -> None:
        """Note every packet that would leave."""
        while True:
            found = call(self.wire.recv(128))
            if found and found not in self.calls:
                self.calls.add(found)
                self.save()

    def save(self) -> dict[str, list[str]]:
        """Write the report."""
        found = {"calls": sorted(self.calls), "names": sorted(self.names)}
        self.report.write_text(json.dumps(found), encoding="utf-8")
        return found

    def answer(self, server: socket.socket) -> None:
        """Be the name server: every name is 198.51.100.1, where nobody listens."""
        while True:
            query, asker = server.recvfrom(2000)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace"))
                at += query[at] + 1
            self.names.add(".".join(labels))
            answers = (
                b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc6\x33\x64\1"
                if query[at + 1 : at + 3] == b"\0\1"
                else b""
            )
            head = query[:2] + b"\x81\x80" + struct.pack("!HHHH", 1, len(answers) // 16, 0, 0)
            server.sendto(head + query[12 : at + 5] + answers, asker)


def main() -> int:
    """Set the namespace up, run the command and write the report. Returns the command's exit code,
    or 99 for calls.
    """
    where, report, *command = sys.argv[1:]
    for step in STANDIN if where == "standin" else NOWHERE:
        # a kernel may lack IPv6
        subprocess.run(["ip", *step.split()], check=not step.startswith("-6"))
    Path(report).parent.mkdir(parents=True, exist_ok=True)
    recorder = Recorder(Path(report)) if where == "standin" else None
    code = subprocess.run(command, check=False).returncode
    time.sleep(0.5)  # for packets on their way
    found = recorder.save() if recorder else {"calls": []}
    if found["calls"]:
        print(f"The network was called: {found}", file=sys.stderr)
    return code or (99 if found["calls"] else 0)


if __name__ == "__main__":
    sys.exit(main())
