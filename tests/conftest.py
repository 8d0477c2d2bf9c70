"""What all tests use: a real PostgreSQL of this test run, with empty tables for each test, and the service over it."""

import os
import signal
from collections.abc import AsyncIterator, Iterator

import httpx
import hypothesis
import pytest
from sqlalchemy import delete

from api.app import create_app
from api.settings import Settings
from migrations.history import upgrade
from resolvers.store.database import Database
from resolvers.store.embedded import EmbeddedPostgres
from resolvers.store.tables import backtests, tokens, trial_ledger
from tests.client import Client
from tests.properties.profiles import THOROUGH
from tests.resolvers.store.servers import passable_folder
from tests.service import Service

hypothesis.settings.register_profile(THOROUGH, deadline=None)
# How long an example takes is no fault: the first one may load scipy, on a machine that is busy.
hypothesis.settings.register_profile("untimed", parent=hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("untimed")

SETTINGS = {"fsync": "off", "full_page_writes": "off"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-bulk-execution", action="store_true", help="have graphql-core complete every value: nothing may change"
    )
    parser.addoption("--slow", action="store_true", help="run the tests that take long, too")


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a script; commands would inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("--no-bulk-execution"):
        os.environ["BACKTEST_GRAPH_BULK_EXECUTION"] = "false"  # for the services that tests start


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="takes long: --slow runs it"))


@pytest.fixture(scope="session")
def bulk(request: pytest.FixtureRequest) -> bool:
    """Whether lists are completed column by column."""
    return not request.config.getoption("--no-bulk-execution")


@pytest.fixture(scope="session")
def settings(bulk: bool) -> Settings:
    """The settings of an application in process."""
    return Settings(bulk_execution=bulk)


@pytest.fixture(scope="session")
async def dsn() -> AsyncIterator[str]:
    """A server of this test process, with the tables of today."""
    with passable_folder() as folder:
        async with EmbeddedPostgres(folder / "data", say=lambda _: None, settings=SETTINGS) as server:
            await upgrade(server.dsn)
            yield server.dsn


@pytest.fixture(scope="session")
async def shared_database(dsn: str) -> AsyncIterator[Database]:
    database = await Database.connect(dsn)
    yield database
    await database.close()


@pytest.fixture
async def database(shared_database: Database) -> Database:
    """The database, with no row in it."""
    async with shared_database.transaction() as transaction:
        await transaction.fetch(delete(backtests))
        await transaction.fetch(delete(tokens))
        await transaction.fetch(delete(trial_ledger))
    return shared_database


@pytest.fixture
async def client(database: Database, settings: Settings) -> AsyncIterator[Client]:
    """A client of the application, in process, over HTTP."""
    transport = httpx.ASGITransport(create_app(database, settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as http:
        yield Client(http)


@pytest.fixture(scope="session")
def service_url() -> Iterator[str]:
    """The address of the service with the demo, as a process of its own with a data folder of its own."""
    with passable_folder() as folder, Service("--demo", "--data-dir", str(folder / "data")) as service:
        yield service.url
