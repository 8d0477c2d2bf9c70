"""How long the database may take."""

from dataclasses import dataclass

MARGIN_SECONDS = 2.0
"""How much longer than PostgreSQL's own limit is waited: who says nothing by then hangs, and stops nothing itself."""
STATEMENTS = 5
"""A transaction may take as long as this many of its statements."""


class Overdue(Exception):
    """The database took longer than it may; the message has the limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimits:
    """Seconds for a reading statement, for one of a change, and for the wait for a connection; None is no limit."""

    read: float | None = None
    save: float | None = None
    wait: float | None = None

    @property
    def reading(self) -> float | None:
        """How long an answer is waited for."""
        return None if self.read is None else self.read + MARGIN_SECONDS

    @property
    def saving(self) -> float | None:
        """How long the end of a statement of a change is waited for."""
        return None if self.save is None else self.save + MARGIN_SECONDS

    @property
    def whole(self) -> float | None:
        """How long a transaction may take."""
        return None if self.save is None else self.save * STATEMENTS

    @property
    def server_settings(self) -> dict[str, str]:
        """The settings of a connection by which PostgreSQL keeps to the limit of a reading statement."""
        keepalives = {"tcp_keepalives_idle": "60", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3"}
        return keepalives | ({} if self.read is None else {"statement_timeout": _milliseconds(self.read)})

    @property
    def begin(self) -> str:
        """The statements that begin a transaction, in one message: its limits end with it."""
        if self.save is None:
            return "BEGIN"
        limit = _milliseconds(self.save)
        return f"BEGIN; SET LOCAL statement_timeout = {limit}; SET LOCAL idle_in_transaction_session_timeout = {limit}"


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))
