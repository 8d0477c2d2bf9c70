"""What is different where the tables are distributed over the servers of a Citus cluster, by the id of the run.

A cluster refuses to lock rows that lie on several servers before it changes them, and to plan a statement once for all
values. So there locks are left out, which only keep transactions from waiting for each other or from ending in a
deadlock: where that happens, what was given up may be tried again. And every statement is planned for its values.

What a worker refuses of a COPY, a key that is there already for one, is an internal error (XX000) at the coordinator.
"""

from typing import Any

from sqlalchemy import func, literal_column
from sqlalchemy.dialects.postgresql import asyncpg

IS_CLUSTER = func.to_regproc(literal_column("'citus_version'")).is_not(None)
"""Whether the database has the extension; its tables are taken for distributed then."""


class _WithoutLocks(asyncpg.PGCompiler_asyncpg):
    """Writes statements without FOR UPDATE and the like."""

    def for_update_clause(self, *_: Any, **__: Any) -> str:
        return ""


CLUSTER_DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]
CLUSTER_DIALECT.statement_compiler = _WithoutLocks
