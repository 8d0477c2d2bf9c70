"""The names that the service is called by, and the sites whose pages may call it."""

from functools import lru_cache
from ipaddress import ip_address

from api.settings import Settings, is_loopback

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_MOST_KEPT = 1000
_LONGEST = 300
"""Bytes of a host with its port; names of more than 253 are none."""


class Sites:
    """Tells names of this service from others, and pages that may call it from others."""

    def __init__(self, settings: Settings) -> None:
        self._is_for_all = _is_wildcard(settings.host)
        self._is_local = self._is_for_all or is_loopback(settings.host)
        names = [settings.host, *settings.allowed_hosts_list, *(LOOPBACK if self._is_local else ())]
        self._names = frozenset(_read_name(name) or name.lower() for name in names)
        self._origins = frozenset(origin.lower().encode() for origin in settings.cors_origins_list)
        self._knows = lru_cache(_MOST_KEPT)(self._is_host)

    def is_host(self, host: bytes) -> bool:
        """Tell whether a Host header names this service."""
        return len(host) <= _LONGEST and self._knows(host)

    def is_origin(self, origin: bytes, host: bytes) -> bool:
        """Tell whether a page of this origin may call; the scheme is not compared, which a proxy may have changed."""
        origin = origin.lower()
        return origin.partition(b"://")[2] == host.lower() or origin in self._origins

    def _is_host(self, host: bytes) -> bool:
        """Read a Host header.

        A page that has its own name lead to this machine (DNS rebinding) still sends that name. Addresses cannot be
        used for that, so where the service listens on all, each of them will do.
        """
        name = _read_name(host.decode("latin-1"))
        if name is None:
            return False
        return name in self._names or (self._is_local and _is_address(name, only_loopback=not self._is_for_all))


def is_local(host: str) -> bool:
    """Tell whether a name, as it stands, is one of this machine alone; it is not looked up, which others may change."""
    name = _read_name(host) or host.lower()
    return name in LOOPBACK or name.endswith(".localhost") or _is_address(name, only_loopback=True)


def _is_wildcard(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return not host


def _is_address(name: str, *, only_loopback: bool) -> bool:
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or not only_loopback


def _read_name(host: str) -> str | None:
    """Return a host without its port and brackets, in lower case; None where it is malformed."""
    if host.startswith("["):
        name, bracket, port = host[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            return None
        port = port[1:]
    elif host.count(":") > 1:
        return None
    else:
        name, _, port = host.partition(":")
    return name.lower() if name and (not port or (port.isascii() and port.isdecimal())) else None
