"""How many files this process may have open: each connection is one."""

import resource

OTHERS = 1_000
"""What is open beside the connections of clients: those to the database, pages, libraries."""


def allow_connections(count: int) -> None:
    """Raise the soft limit of open files up to the hard one: for so many connections, and as many to be refused."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * count + OTHERS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
