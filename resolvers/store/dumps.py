"""Archives of a database: pg_dump writes them, pg_restore reads them; both come with the embedded PostgreSQL.

Of an archive only the rows are used, through COPY: no statement that stands in a file is ever run.
"""

import asyncio
import os
import re
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from resolvers.store.binaries import find_program
from resolvers.store.database import plain

_FAILED = {"pg_dump": "The backup cannot be made", "pg_restore": "The backup cannot be read"}
LOCK_SECONDS = 60
"""How long a backup waits for a migration or a restore that is under way."""
_CHUNK_BYTES = 2**18
_END_OF_ROWS = b"\n\\.\n"
_COPY = re.compile(rb'^COPY (?:"(?:[^"]|"")+"|\w+)\.\w+ \((.+)\) FROM stdin;$')
_TABLE_DATA = re.compile(r"^\d+; \d+ \d+ TABLE DATA \S+ (\w+) ", re.MULTILINE)
_QUERY_PASSWORD = re.compile(r"(^|&)password=([^&]*)")


class ArchiveError(Exception):
    """A backup cannot be made, read or restored; the message says why and what helps."""


async def write_archive(dsn: str, file: Path | None, *, schema: str, snapshot: str, without: Sequence[str]) -> None:
    """Write what a snapshot sees of a schema to a file, or to what is piped out: compressed, in the custom format.

    `without` are tables whose rows are left out.

    Raises:
        ArchiveError: pg_dump failed; the message has its reason.
    """
    address, password = _part_password(dsn)
    options = ["--format=custom", "--no-password", "--encoding=UTF8", f"--lock-wait-timeout={LOCK_SECONDS}s"]
    options += [f'--schema="{schema}"', f"--snapshot={snapshot}"]
    options += [f"--exclude-table-data={table}" for table in without]
    # Not to a descriptor: only in a file of its own it notes at the end where each table begins.
    options += [f"--dbname={address}"] + ([f"--file={file}"] if file else [])
    async with _running("pg_dump", *options, output=None, password=password) as process:
        await _end_well(process, "pg_dump")


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive in a file that is open for reading."""

    file: IO[bytes]
    tables: frozenset[str]

    async def revision(self) -> str:
        """Return the revision of the tables it was made of."""
        if "alembic_version" not in self.tables:
            raise ArchiveError("The file is a backup of another program's database: it names no revision of ours.")
        async with self.rows("alembic_version") as (_, chunks):
            return b"".join([chunk async for chunk in chunks]).strip().decode()

    @asynccontextmanager
    async def rows(self, table: str) -> AsyncIterator[tuple[list[str], AsyncIterator[bytes]]]:
        """Give the columns of a table and its rows, as COPY takes them in its text format.

        Raises:
            ArchiveError: the file is damaged, at the end of the rows at the latest.
        """
        if table not in self.tables:
            raise ArchiveError(f"The backup is not whole: it lacks the table {table}.")
        options = ("--data-only", f"--table={table}", "--file=-")
        async with _running("pg_restore", *options, file=self.file, output=PIPE) as process:
            columns = await _read_columns(process)
            yield columns, _read_rows(process)


async def open_archive(file: IO[bytes]) -> Archive:
    """Return what a file holds, which must be seekable.

    Raises:
        ArchiveError: it is no archive, or it is damaged at its head.
    """
    async with _running("pg_restore", "--list", file=file, output=PIPE) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        contents, _ = await asyncio.gather(process.stdout.read(), _end_well(process, "pg_restore"))
    return Archive(file, frozenset(_TABLE_DATA.findall(contents.decode(errors="replace"))))


async def _read_columns(process: Process) -> list[str]:
    """Read up to where the rows begin."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    async for line in process.stdout:
        if found := _COPY.match(line.rstrip(b"\n")):
            return [name.strip().strip('"') for name in found[1].decode().split(",")]
    await _end_well(process, "pg_restore")
    raise ArchiveError("The backup is damaged: a table in it has no rows' beginning.")


async def _read_rows(process: Process) -> AsyncIterator[bytes]:
    """Yield the rows until the line that ends them; no row can look like it."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    kept = b"\n"  # where there is no row, the end follows at once
    is_first = True
    while _END_OF_ROWS not in kept:
        chunk = await process.stdout.read(_CHUNK_BYTES)
        if not chunk:
            await _end_well(process, "pg_restore")
            raise ArchiveError("The backup is damaged: the rows of a table have no end.")
        kept += chunk
        if _END_OF_ROWS not in kept and len(kept) > len(_END_OF_ROWS):
            yield kept[is_first : -len(_END_OF_ROWS)]
            kept, is_first = kept[-len(_END_OF_ROWS) :], False
    yield kept[is_first : kept.index(_END_OF_ROWS) + 1]
    while await process.stdout.read(_CHUNK_BYTES):
        pass
    await _end_well(process, "pg_restore")


async def _end_well(process: Process, name: str) -> None:
    """Wait for the end, and raise ArchiveError where it is a bad one."""
    assert process.stderr is not None  # noqa: S101 - it is a pipe
    said = (await process.stderr.read()).decode(errors="replace")
    status = await process.wait()
    if status < 0:
        raise ArchiveError(f"{name} was killed by signal {-status}.")
    if status:
        lines = [line.partition("error: ")[2] or line for line in said.splitlines()]
        reason = next(iter(lines), f"it ended with status {status}")
        raise ArchiveError(f"{_FAILED[name]}: {reason}")


@asynccontextmanager
async def _running(
    program: str,
    *options: str,
    output: int | None,
    file: IO[bytes] | None = None,
    password: str | None = None,
) -> AsyncIterator[Process]:
    """Run a program as long as the block lasts; a session of its own keeps Ctrl-C from it, which is for us to hear."""
    if file is not None:
        file.seek(0)
    # libpq finds in the environment what asyncpg finds there, too.
    environment = {**os.environ, "LC_ALL": "C"} | ({"PGPASSWORD": password} if password is not None else {})
    process = await asyncio.create_subprocess_exec(
        find_program(program),
        *options,
        stdin=DEVNULL if file is None else file,
        stdout=output,
        stderr=PIPE,
        env=environment,
        start_new_session=True,
        limit=_CHUNK_BYTES,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await _empty(process)
        await process.wait()


async def _empty(process: Process) -> None:
    """Read what a killed process has left: before, asyncio does not notice its end where a pipe is full."""
    for pipe in (process.stdout, process.stderr):
        while pipe is not None and await pipe.read(_CHUNK_BYTES):
            pass


def _part_password(dsn: str) -> tuple[str, str | None]:
    """Return the address without its password, which every user could read on a command line, and the password."""
    parts = urlsplit(plain(dsn))
    user, _, hosts = parts.netloc.rpartition("@")
    user, _, secret = user.partition(":")
    if found := _QUERY_PASSWORD.search(parts.query):
        secret = found[2]
    query = _QUERY_PASSWORD.sub("", parts.query).lstrip("&")
    address = f"{parts.scheme}://{user}{'@' if user else ''}{hosts}{parts.path}{'?' if query else ''}{query}"
    return address, unquote(secret) if secret else None
