"""The PostgreSQL that comes along: started, watched and stopped by the processes which use its data folder."""

import asyncio
import fcntl
import logging
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import asyncpg
import psutil

from resolvers.store import cluster as clusters
from resolvers.store.accounts import Account, choose_account, obstacle
from resolvers.store.binaries import find_binaries, remove_old_copies
from resolvers.store.folders import (
    DataFolder,
    EmbeddedError,
    default_data_dir,
    exclusively,
    log_tail,
    make_data_dir,
    open_private,
    trim_log,
    try_lock,
)
from resolvers.store.sockets import choose_socket_folder, make_private, remove_short, socket_dsn, socket_exists

__all__ = ["DATABASE", "EmbeddedError", "EmbeddedPostgres", "default_data_dir"]

DATABASE = "backtest_graph"
_START_SECONDS = 60.0
_STOP_PATIENCE_SECONDS = 2.0
_WATCH_SECONDS = 1.0
_RETRY_SECONDS = 0.1
# What a server that is starting, stopping, recovering or full answers.
_NOT_NOW = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
)
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Programs:
    account: Account
    binaries: Path


class EmbeddedPostgres:
    """Use the embedded server of a data folder: the first user starts it, the last one stops it.

    Several processes may use one folder at once. Each holds a shared lock, which the system releases even after
    kill -9; a server that was left running so is used by the next start and stopped by its clean stop.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        say: Callable[[str], None] = _logger.info,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._folder = DataFolder(data_dir.resolve())
        self._say = say
        self._settings = dict(settings)
        self._users_lock: int | None = None
        self._programs: _Programs | None = None
        self._socket: Path | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def dsn(self) -> str:
        """The URL of the database, for asyncpg."""
        if self._socket is None:
            raise EmbeddedError("The embedded PostgreSQL has not been started.")
        return socket_dsn(self._socket, DATABASE)

    async def start(self) -> str:
        """Start the server, or attach to the one that runs; make what is missing; return its DSN.

        Raises:
            EmbeddedError: It cannot be started; nothing is left running.
        """
        if self._users_lock is None:
            try:
                await self._start()
            except (OSError, asyncpg.PostgresError) as error:
                raise EmbeddedError(
                    f"PostgreSQL cannot use {self._folder.path} ({error}): choose another folder with --data-dir, "
                    "or use a server of your own with --database-url."
                ) from error
        return self.dsn

    async def stop(self) -> None:
        """Stop using the server, and stop it if nobody else uses it; harmless when not started."""
        await self._end_watch()
        if self._users_lock is None:
            return
        try:
            async with exclusively(self._folder.start_lock, seconds=_STOP_PATIENCE_SECONDS):
                await self._leave()
        except TimeoutError:
            # Somebody else is busy starting it, so it is theirs now.
            self._release()
        except FileNotFoundError:
            # The data folder was removed, so nobody else can come.
            await self._leave()

    async def has_other_users(self) -> bool:
        """Tell whether another process uses the data folder, too.

        Raises:
            TimeoutError: somebody is starting or stopping the server all the time.
        """
        if self._users_lock is None:
            raise EmbeddedError("The embedded PostgreSQL has not been started.")
        async with exclusively(self._folder.start_lock, seconds=_START_SECONDS):
            is_alone = try_lock(self._users_lock, fcntl.LOCK_EX)
            fcntl.flock(self._users_lock, fcntl.LOCK_SH)
        return not is_alone

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def _start(self) -> None:
        make_data_dir(self._folder.path)
        self._tell(f"PostgreSQL data directory: {self._folder.path}")
        async with exclusively(self._folder.start_lock, seconds=_START_SECONDS) as lock:
            self._users_lock = open_private(self._folder.users_lock)
            try:
                fcntl.flock(self._users_lock, fcntl.LOCK_SH)  # never waits: others change it under the start lock only
                await self._prepare(lock)
                launched = await self._bring_up()
            except BaseException:
                await self._leave()
                raise
        if not launched:
            self._tell("PostgreSQL was running already")
        self._tell(f"PostgreSQL listens on the socket {self._socket}")
        self._watcher = asyncio.create_task(self._watch(), name="watch-postgres")

    def _tell(self, line: str) -> None:
        try:
            self._say(line)
        except OSError:  # a terminal that was closed must not end the watch
            _logger.info(line)

    async def _prepare(self, lock: int) -> None:
        """Settle who runs the server from which programs, and make the cluster where there is none."""
        exists = clusters.cluster_exists(self._folder.cluster)
        account = choose_account(self._folder.cluster, self._tell)
        blocking = obstacle(self._folder.path, account)
        if account.switch and blocking is not None:
            raise EmbeddedError(
                f"The user {account.name}, as whom PostgreSQL runs since it refuses root, cannot enter {blocking}: "
                f"choose another folder (--data-dir {default_data_dir()}), run as an ordinary user, "
                "or use a server of your own with --database-url."
            )
        self._programs = _Programs(account, find_binaries(self._folder.path, account, self._tell))
        if not exists:
            await clusters.make_cluster(self._folder, account, self._programs.binaries, lock)

    async def _bring_up(self) -> bool:
        """Under the start lock: launch the server unless it runs, until it answers. Return whether it was launched."""
        await self._end_unreachable()
        attempt: int | None = None
        deadline = time.monotonic() + _START_SECONDS
        while True:
            # Asked first: a server of another container is not seen among the processes, and yet it may answer.
            problem = await self._try_to_connect()
            if problem is None:
                return attempt is not None
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"PostgreSQL in {self._folder.path} did not answer within {_START_SECONDS:.0f} s ({problem}); "
                    f"{self._folder.log} ends with:\n{log_tail(self._folder.log)}"
                )
            if not self._is_alive():
                self._raise_if_failed(attempt)
                attempt = self._launch(attempt)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _end_unreachable(self) -> None:
        """Stop a server whose socket was removed: it serves nobody and would never be reached again."""
        server = clusters.find_server(self._folder.cluster)
        folder = clusters.find_socket_folder(self._folder.cluster)
        if server is not None and not (folder and socket_exists(folder)):
            self._tell("The socket of PostgreSQL has disappeared; PostgreSQL is stopped")
            await clusters.end_server(server, self._folder.cluster)

    def _is_alive(self) -> bool:
        child_lives = self._child is not None and self._child.poll() is None
        return child_lives or clusters.find_server(self._folder.cluster) is not None

    def _launch(self, attempt: int | None) -> int | None:
        """Launch the server once all processes of its predecessor are gone; return where its log begins."""
        if self._programs is None:
            raise EmbeddedError("The embedded PostgreSQL has not been started.")
        folder, programs = self._folder, self._programs
        clusters.kill_orphans(folder.cluster)
        server_lock = open_private(folder.server_lock)
        try:
            if not try_lock(server_lock, fcntl.LOCK_EX):
                return attempt
            clusters.remove_pid_file(folder.cluster)
            remove_old_copies(folder.path, programs.binaries)
            socket = self._socket or choose_socket_folder(folder.path, programs.account)
            make_private(socket, programs.account)
            self._socket = socket
            trim_log(folder.log)
            begin = folder.log.stat().st_size
            self._child = clusters.launch(
                folder,
                programs.account,
                binaries=programs.binaries,
                socket=socket,
                settings=self._settings,
                lock=server_lock,
            )
        finally:
            os.close(server_lock)
        return begin

    def _raise_if_failed(self, attempt: int | None) -> None:
        """Give up if the server that was just launched has ended by itself, except for memory that is freed soon."""
        tail = "" if attempt is None else log_tail(self._folder.log, since=attempt)
        if attempt is not None and "is still in use" not in tail:
            raise EmbeddedError(
                f"PostgreSQL in {self._folder.path} did not start; {self._folder.log} ends with:\n{tail}"
            )

    async def _try_to_connect(self) -> str | None:
        """Return None once the database answers, else what is in the way."""
        listening = clusters.find_socket_folder(self._folder.cluster)
        if listening is None:
            return "it does not listen yet; if nothing runs here, perhaps another container uses the folder"
        self._socket = listening
        try:
            await _ping(self.dsn)
        except asyncpg.InvalidCatalogNameError:
            return await self._make_database()
        except _NOT_NOW as error:
            return str(error)
        return None

    async def _make_database(self) -> str | None:
        if self._socket is None:
            return "it does not listen yet"
        try:
            await _ping(socket_dsn(self._socket, "postgres"), f"CREATE DATABASE {DATABASE}")
        except _NOT_NOW as error:
            return str(error)
        return None

    async def _watch(self) -> None:
        complaint = ""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            try:
                await self._check()
                complaint = ""
            except Exception as error:  # noqa: BLE001 - whatever happened, the server is to come back
                if complaint != (complaint := f"PostgreSQL is not running, and it is tried again: {error}"):
                    self._tell(complaint)

    async def _check(self) -> None:
        trim_log(self._folder.log)
        if self._is_alive() and self._socket is not None and socket_exists(self._socket):
            return
        async with exclusively(self._folder.start_lock, seconds=_START_SECONDS):
            if await self._bring_up():
                self._tell("PostgreSQL had stopped; started again")

    async def _end_watch(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait([self._watcher])
            self._watcher = None

    async def _leave(self) -> None:
        """Under the start lock: stop the server if nobody else uses it, and no longer be one of its users."""
        if self._users_lock is not None and try_lock(self._users_lock, fcntl.LOCK_EX):
            await self._end_server()
        else:
            self._tell("PostgreSQL keeps running: another process uses it")
        self._release()

    async def _end_server(self) -> None:
        server = clusters.find_server(self._folder.cluster)
        if server is None and self._child is not None and self._child.poll() is None:
            server = psutil.Process(self._child.pid)
        if server is not None:
            await clusters.end_server(server, self._folder.cluster)
            self._tell("PostgreSQL stopped")
        if self._socket is not None:
            remove_short(self._socket, self._folder.path)

    def _release(self) -> None:
        if self._users_lock is not None:
            os.close(self._users_lock)
            self._users_lock = None
        self._socket = None


async def _ping(dsn: str, statement: str = "SELECT 1") -> None:
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        await connection.execute(statement)
    finally:
        await connection.close(timeout=5)
