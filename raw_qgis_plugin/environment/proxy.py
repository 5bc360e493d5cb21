# SPDX-License-Identifier: GPL-2.0-or-later
"""The proxy of QGIS's settings, for child processes that go to the network."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

SCHEMES = {"HttpProxy": "http", "HttpCachingProxy": "http", "Socks5Proxy": "socks5"}


def qgis_proxy() -> str:
    """The proxy as a URL, with name and password where they are given; '' where QGIS uses none or the system's."""
    from qgis.core import QgsSettings

    settings = QgsSettings()
    names = ("proxyType", "proxyHost", "proxyPort", "proxyUser", "proxyPassword")
    if not settings.value("proxy/proxyEnabled", False, type=bool):
        return ""
    return proxy_url({name: settings.value(f"proxy/{name}", "") for name in names})


def proxy_url(settings: dict[str, Any]) -> str:
    """A URL of QGIS's proxy settings; '' for kinds that pip does not know, such as the system's default."""
    scheme, host = SCHEMES.get(str(settings["proxyType"])), str(settings["proxyHost"] or "")
    if scheme is None or not host:
        return ""
    user, secret = str(settings["proxyUser"] or ""), str(settings["proxyPassword"] or "")
    login = f"{quote(user, safe='')}:{quote(secret, safe='')}@" if user else ""
    port = f":{settings['proxyPort']}" if settings["proxyPort"] else ""
    return f"{scheme}://{login}{host}{port}"
