"""All settings: one frozen object, read once; each from a flag, else from the environment, else a default."""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar

import click

from api.http.guard import Patience
from resolvers.store.embedded import default_data_dir
from resolvers.store.time_limits import TimeLimits
from schema.limits import Limits

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
        "Address to listen on; one that others can reach needs --authentication or a provider of JWTs.",
        default="127.0.0.1",
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
    most_connections: int = _setting(
        "Most open connections of clients, for each worker; who comes then is answered with 503.",
        default=1000,
        kind=click.IntRange(1, 100_000),
    )
    head_seconds: float = _setting(
        "Longest time that the head of a request takes to arrive.", default=10.0, kind=click.FloatRange(0.1, 3600)
    )
    body_seconds: float = _setting(
        "Longest pause of a client that sends a body; all of it has 20 times as long.",
        default=30.0,
        kind=click.FloatRange(0.1, 3600),
    )
    send_seconds: float = _setting(
        "Longest pause of a client that reads an answer; all of it has 20 times as long.",
        default=60.0,
        kind=click.FloatRange(0.1, 3600),
    )
    read_seconds: float = _setting(
        "Longest time that a statement of a question may take in the database.",
        default=5.0,
        kind=click.FloatRange(0.05, 3600),
    )
    save_seconds: float = _setting(
        "Longest time that a statement of a change may take in the database.",
        default=60.0,
        kind=click.FloatRange(0.05, 3600),
    )
    wait_seconds: float = _setting(
        "Longest wait for one of the connections to the database.", default=5.0, kind=click.FloatRange(0.05, 3600)
    )
    documents: Path | None = _setting(
        "Folder of the only documents that are executed: .graphql files, and manifests that client tools write.",
        kind=click.Path(path_type=Path, exists=True, file_okay=False),
    )
    most_query_characters: int = _setting(
        "Longest query that is taken, in characters.", default=100_000, kind=click.IntRange(1_000, 10_000_000)
    )
    most_tokens: int = _setting(
        "Most tokens of a query, comments included.", default=5_000, kind=click.IntRange(100, 1_000_000)
    )
    most_depth: int = _setting("Most levels that a query nests.", default=12, kind=click.IntRange(1, 100))
    most_aliases: int = _setting(
        "Most aliases of a query, those of a fragment at each use.", default=30, kind=click.IntRange(0, 10_000)
    )
    most_directives: int = _setting(
        "Most directives of a query, those of a fragment at each use.", default=50, kind=click.IntRange(0, 10_000)
    )
    most_cost: int = _setting(
        "Most that a query may cost: 1 for each object, times the sizes of the pages around it.",
        default=50_000,
        kind=click.IntRange(1, 1_000_000_000),
    )
    most_values: int = _setting(
        "Most values in the variables of a query, such as the ids of a filter; what is saved is not counted.",
        default=100_000,
        kind=click.IntRange(100, 10_000_000),
    )
    most_points: int = _setting(
        "Most points of equity and drawdown curves that are read for one answer; a year of minutes has 525,600.",
        default=10_000_000,
        kind=click.IntRange(1_000, 1_000_000_000),
    )
    introspection: bool = _setting(
        "Answer questions about the schema itself, which GraphiQL and code generators ask.", default=True, kind=bool
    )
    most_listeners: int = _setting(
        "Most WebSockets and streams of events at a time, for each worker; each is one of its connections, too.",
        default=500,
        kind=click.IntRange(0, 100_000),
    )
    most_socket_operations: int = _setting(
        "Most operations at a time over one WebSocket.", default=100, kind=click.IntRange(1, 10_000)
    )
    most_waiting_changes: int = _setting(
        "Changes that may wait for one subscription when more come; with more it is ended.",
        default=1000,
        kind=click.IntRange(1, 1_000_000),
    )
    socket_init_seconds: float = _setting(
        "How long a WebSocket may stay silent at its beginning, in seconds.",
        default=10.0,
        kind=click.FloatRange(0.1, 600),
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

    authentication: bool = _setting(
        "Answer only callers with a token, also on loopback. Without it, whoever can reach loopback may do all.",
        default=False,
        kind=bool,
    )
    jwt_issuer: str | None = _setting(
        "Take JWTs of this OpenID provider, and ask for a token as --authentication does: the URL that stands in "
        "their claim iss."
    )
    jwt_audience: str | None = _setting("What has to stand in the claim aud of a JWT: this service's name there.")
    jwt_keys: str | None = _setting(
        "File or URL of the provider's keys (JWKS). Without it, they are where the provider's "
        "/.well-known/openid-configuration says."
    )
    jwt_scope_claim: str = _setting(
        "Claim with a JWT's scopes, as words of a text or a list; dots reach into nested ones: realm_access.roles.",
        default="scope",
    )
    jwt_scopes: str | None = _setting(
        "Which of its values stand for which scopes: value=scope,value=scope with read, write, delete and admin. "
        "Without it, these words themselves."
    )
    jwt_name_claim: str = _setting("Claim with the name of a JWT's caller.", default="sub")
    allowed_hosts: str | None = _setting(
        "Names that the service is called by, beside the address it listens on: host,host, each with any port. "
        "Requests for others are refused."
    )
    cors_origins: str | None = _setting(
        "Sites whose pages may call the service: https://app.example.com,https://other.example.com. "
        "Without it, only its own page may."
    )
    trusted_proxies: str | None = _setting(
        "Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: address,address. "
        "Without it, nobody's are."
    )

    @property
    def allowed_hosts_list(self) -> list[str]:
        """The names that the service is called by, beside its address."""
        return _split(self.allowed_hosts)

    @property
    def cors_origins_list(self) -> list[str]:
        """The sites whose pages may call the service."""
        return _split(self.cors_origins)

    @property
    def trusted_proxies_list(self) -> list[str]:
        """The addresses of proxies that are believed."""
        return _split(self.trusted_proxies)

    @property
    def limits(self) -> Limits:
        """What one query may take."""
        return Limits(
            characters=self.most_query_characters,
            tokens=self.most_tokens,
            depth=self.most_depth,
            aliases=self.most_aliases,
            directives=self.most_directives,
            cost=self.most_cost,
            values=self.most_values,
            points=self.most_points,
            introspection=self.introspection,
        )

    @property
    def most_body_bytes(self) -> int:
        """The longest request that is taken."""
        return self.most_body_megabytes * 2**20

    @property
    def patience(self) -> Patience:
        """How long clients may take."""
        return Patience(head=self.head_seconds, body=self.body_seconds, send=self.send_seconds)

    @property
    def time_limits(self) -> TimeLimits:
        """How long the database may take for what clients ask."""
        return TimeLimits(read=self.read_seconds, save=self.save_seconds, wait=self.wait_seconds)


def _split(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


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
