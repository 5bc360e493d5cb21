# SPDX-License-Identifier: GPL-2.0-or-later
"""With this folder on PYTHONPATH, a Python notes in $RAW_CALLS whom it looks up or connects to, but
for loopback.

The second line of defence, for machines that allow no network namespaces: it sees Python's own
calls alone. There $RAW_REFUSE is set, and the calls are refused.
"""

import os
import sys


def note(event: str, arguments: tuple) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a Unix socket has a path
    elif event == "socket.gethostbyname":
        host = arguments[0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else host
    if name and name not in ("localhost", "::1", "::", "0.0.0.0") and not name.startswith("127."):
        with open(os.environ["RAW_CALLS"], "a", encoding="utf-8") as file:
            file.write(f"{event} {name}\n")
        if "RAW_REFUSE" in os.environ:
            raise ConnectionRefusedError(name)


if "RAW_CALLS" in os.environ:
    sys.addaudithook(note)
