"""What the settings of access mean, and which do not go together."""

from collections.abc import Callable, Mapping
from shlex import quote

from api.access.sites import is_local
from api.settings import Settings, is_loopback
from resolvers.callers import Scope
from resolvers.saving import now
from resolvers.store.database import Database
from resolvers.tokens import list_tokens


class Misconfigured(Exception):
    """Settings that do not go together; the message has the remedy."""


def is_token_needed(settings: Settings) -> bool:
    """Tell whether whoever asks has to show something: unless only this machine can ask and nothing else was said."""
    return settings.authentication or settings.jwt_issuer is not None or _find_way_in(settings) is not None


def check_access(settings: Settings) -> None:
    """Refuse settings under which the service would be open to others, or that cannot work.

    Raises:
        Misconfigured: they are such.
    """
    way_in = _find_way_in(settings)
    if way_in and not (settings.authentication or settings.jwt_issuer):
        raise Misconfigured(
            f"{way_in}, and nothing asks who calls: add --authentication and make tokens by `backtest-graph token "
            "create`, or name an OpenID provider by --jwt-issuer and --jwt-audience, or listen on 127.0.0.1 for this "
            "machine alone."
        )
    if (settings.jwt_issuer is None) != (settings.jwt_audience is None):
        raise Misconfigured("--jwt-issuer and --jwt-audience belong together: one without the other is not safe.")
    if settings.jwt_issuer is None and (settings.jwt_keys or settings.jwt_scopes):
        raise Misconfigured("--jwt-keys and --jwt-scopes need --jwt-issuer and --jwt-audience.")
    if (
        settings.jwt_keys is None
        and settings.jwt_issuer
        and not settings.jwt_issuer.startswith(("http://", "https://"))
    ):
        raise Misconfigured("--jwt-issuer is the URL of a provider; for another issuer, name its keys by --jwt-keys.")
    read_scope_names(settings.jwt_scopes)
    for origin in settings.cors_origins_list:
        _check_origin(origin)


async def say_whether_somebody_can_ask(database: Database, settings: Settings, say: Callable[[str], None]) -> None:
    """Tell how to make a token where one is needed and there is none."""
    if not is_token_needed(settings) or settings.jwt_issuer:
        return
    if not any(token.is_live(now()) for token in await list_tokens(database)):
        where = f" --data-dir {quote(str(settings.data_dir))}" if settings.database_url is None else " --database-url …"
        say(f"Nobody can ask yet; make a token: backtest-graph token create NAME --scope read --scope write{where}")


def read_scope_names(text: str | None) -> Mapping[str, frozenset[Scope]]:
    """Return the scopes that each value of a provider's claim stands for; without a text, our own words do.

    Raises:
        Misconfigured: the text is not value=scope,value=scope with our scopes.
    """
    if text is None:
        return {str(scope): frozenset({scope}) for scope in Scope}
    found: dict[str, frozenset[Scope]] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        value, separator, scope = part.rpartition("=")
        if not separator or not value.strip() or scope.strip() not in set(Scope):
            raise Misconfigured(f"--jwt-scopes is value=scope,value=scope with {', '.join(Scope)}, and not {part!r}.")
        found[value.strip()] = found.get(value.strip(), frozenset()) | {Scope(scope.strip())}
    return found


def _find_way_in(settings: Settings) -> str | None:
    """Return how others than this machine can ask, None where they cannot."""
    if not is_loopback(settings.host):
        return f"{settings.host} can be reached by others"
    if settings.trusted_proxies_list:
        return "--trusted-proxies names a proxy, which others can reach"
    public = next((name for name in settings.allowed_hosts_list if not is_local(name)), None)
    return f"--allowed-hosts lists {public}, by which others can reach it through a proxy" if public else None


def _check_origin(origin: str) -> None:
    scheme, separator, rest = origin.partition("://")
    if scheme not in {"http", "https"} or not separator or not rest or set(rest) & set("/*?#@"):
        raise Misconfigured(
            f"--cors-origins lists origins as https://app.example.com, without path or wildcard, and not {origin!r}."
        )
