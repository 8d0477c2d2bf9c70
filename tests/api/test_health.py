"""Readiness tells the truth in time, whatever the database does, and takes next to nothing for it."""

import asyncio

from api.app import create_app
from api.settings import Settings
from resolvers.store.database import Database
from resolvers.store.embedded import EmbeddedPostgres
from tests.api.observation.test_observing import http_of
from tests.resolvers.store.servers import passable_folder, postmaster


async def test_a_database_that_hangs_is_told_within_a_second_and_holds_one_connection() -> None:
    with passable_folder() as folder:
        async with EmbeddedPostgres(folder / "data", say=lambda _: None) as server:
            database = await Database.connect(server.dsn, connections=3)
            async with http_of(create_app(database, Settings())) as http:
                assert (await http.get("/ready")).json() == {"status": "ready"}
                leader = postmaster(folder / "data")
                hanging = [*leader.children(), leader]
                for each in hanging:
                    each.suspend()
                try:
                    await asyncio.sleep(1.1)  # so long the last answer counts
                    async with asyncio.timeout(10):
                        answers = await asyncio.gather(*(http.get("/ready") for _ in range(20)))
                        answers.append(await http.get("/ready"))
                        alive = await http.get("/health")
                    assert database.usage().lent == 1
                finally:
                    for each in hanging:
                        each.resume()
                await asyncio.sleep(1.1)
                again = await http.get("/ready")
            await database.close()
    assert {(answer.status_code, answer.headers["retry-after"]) for answer in answers} == {(503, "2")}
    assert answers[0].json() == {"status": "unavailable", "reason": "The database does not answer."}
    assert (alive.status_code, again.status_code) == (200, 200)


async def test_a_service_that_is_stopping_is_not_ready(database: Database, settings: Settings) -> None:
    app = create_app(database, settings)
    async with http_of(app) as http:
        assert (await http.get("/ready")).status_code == 200
        app.state.readiness.is_stopping = True
        answer = await http.get("/ready")
    assert (answer.status_code, answer.json()["reason"]) == (503, "The service is stopping.")


async def test_however_many_ask_the_database_is_asked_once_a_second(database: Database, settings: Settings) -> None:
    app = create_app(database, settings)
    async with http_of(app) as http:
        await http.get("/ready")
        asked = app.state.readiness._asked
        await asyncio.gather(*(http.get("/ready") for _ in range(20)))
        assert app.state.readiness._asked is asked
