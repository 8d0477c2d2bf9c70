"""Sockets that several processes listen on."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

BACKLOG = 2048
"""Clients that may wait to be let in, as uvicorn has it."""
STUCK_SECONDS = 30


class AddressTaken(Exception):
    """The address cannot be listened on."""


@contextmanager
def bind(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Give listening sockets, one for each address that a name has, that other processes may inherit.

    Raises:
        AddressTaken: somebody else listens there, or it is not an address of this machine.
    """
    with ExitStack() as stack:
        sockets: list[socket.socket] = []
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            bound = stack.enter_context(socket.socket(family, kind, protocol))
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                bound.bind(address)
                bound.listen(BACKLOG)
            except OSError as error:
                raise AddressTaken(f"{host} port {port}: {(error.strerror or str(error)).lower()}.") from error
            sockets.append(bound)
        yield sockets


def address_of(listening: socket.socket) -> str:
    """Return host and port as they stand in a URL."""
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def give_up_stuck_clients(descriptor: int) -> None:
    """Have the system end connections, of a socket that listens, whose clients take nothing of what is sent to them.

    Else a WebSocket whose client has stopped to read could not be closed: what it was sent last still waits.
    """
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        with socket.socket(fileno=os.dup(descriptor)) as listening:
            if listening.family in {socket.AF_INET, socket.AF_INET6}:
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_SECONDS * 1000)
