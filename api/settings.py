"""All settings: one frozen object, read once; each from a flag, else from the environment, else a default."""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar

import click

from resolvers.store.embedded import default_data_dir

Command = TypeVar("Command", bound=Callable[..., Any])


def _setting(description: str, *, default: Any = None, default_factory: Any = None, kind: Any = str) -> Any:
    metadata = {"description": description, "kind": kind}
    if default_factory is not None:
        return field(default_factory=default_factory, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What can be set; each has a default that works."""

    host: str = _setting(
        "Address to listen on: one of this machine's own loopback, since nothing asks who calls.", default="127.0.0.1"
    )
    port: int = _setting("Port to listen on.", default=8000, kind=click.IntRange(0, 65535))
    database_url: str | None = _setting(
        "A PostgreSQL server of your own, 15 or newer: postgresql://user:password@host/name. "
        "Without it, the service runs one of its own."
    )
    data_dir: Path = _setting(
        "Folder for the data of the service's own PostgreSQL.",
        default_factory=default_data_dir,
        kind=click.Path(path_type=Path, file_okay=False),
    )
    database_connections: int = _setting(
        "Most connections to the database at a time, for each worker.", default=10, kind=click.IntRange(1, 1000)
    )
    workers: int = _setting(
        "Processes that answer, each with connections of its own.", default=1, kind=click.IntRange(1, 64)
    )
    most_body_megabytes: int = _setting(
        "Longest request that is taken, in MB before compression: a run with a year of minutes has 42.",
        default=64,
        kind=click.IntRange(1, 1024),
    )
    bulk_execution: bool = _setting(
        "Complete lists column by column; off, graphql-core completes every value: slower, for comparison.",
        default=True,
        kind=bool,
    )
    demo: bool = _setting("Load real backtests of GOOG to look at, once.", default=False, kind=bool)
    log_level: str = _setting(
        "How much is logged; info logs every request, debug every statement, too.",
        default="info",
        kind=click.Choice(["debug", "info", "warning", "error"]),
    )
    log_format: str = _setting(
        "How it is logged: json, an object a line; text, for people; auto, text on a terminal and json elsewhere.",
        default="auto",
        kind=click.Choice(["auto", "json", "text"]),
    )
    otlp_endpoint: str | None = _setting(
        "Where OpenTelemetry spans go, by OTLP over HTTP: http://host:4318. Without it, there are none."
    )

    @property
    def most_body_bytes(self) -> int:
        """The longest request that is taken."""
        return self.most_body_megabytes * 2**20


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address, or all addresses of a name."""
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        return False
    return all(ip_address(str(address[4][0]).partition("%")[0]).is_loopback for address in found)


def environment_name(name: str) -> str:
    """Return the name of a setting in the environment."""
    return f"BACKTEST_GRAPH_{name.upper()}"


def environment_with(added: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of this process and more, for one that it starts."""
    return {**os.environ, **added}


def settings_options(*names: str) -> Callable[[Command], Command]:
    """Give a command a flag for each of these settings; their values come as keyword arguments."""
    known = {each.name: each for each in fields(Settings)}

    def decorate(command: Command) -> Command:
        for name in reversed(names):
            command = _option(known[name])(command)
        return command

    return decorate


def _option(setting: Any) -> Callable[[Command], Command]:
    is_flag = setting.metadata["kind"] is bool
    name = setting.name.replace("_", "-")
    default = setting.default_factory if callable(setting.default_factory) else setting.default
    return click.option(
        f"--{name}/--no-{name}" if is_flag and setting.default else f"--{name}",
        setting.name,
        default=default,
        type=setting.metadata["kind"],
        is_flag=is_flag,
        envvar=environment_name(setting.name),
        show_envvar=True,
        show_default=not is_flag and default is not None,
        help=setting.metadata["description"],
    )
