"""GraphiQL subscribes where a token is needed, which stands in its editor of headers."""

import asyncio
import json
from pathlib import Path

import httpx

from resolvers.callers import Scope
from resolvers.store.database import Database
from tests.api.access.conftest import bearer, new_token
from tests.api.access.test_graphiql import HEADERS
from tests.api.browser import launched_browser
from tests.api.test_graphiql import EDITOR_IS_READY, needs_build, needs_chromium
from tests.client import Client
from tests.operations import save_id
from tests.service import Service

CHANGES = "[...document.querySelectorAll('.graphiql-tab-button')].find(tab => tab.innerText.trim() === 'Changes')"


@needs_build
@needs_chromium
async def test_a_token_in_the_headers_is_shown_to_the_socket(database: Database, dsn: str, tmp_path: Path) -> None:
    token = await new_token(database, Scope.READ, Scope.WRITE)
    with await asyncio.to_thread(Service, "--authentication", "--database-url", dsn) as service:
        async with (
            launched_browser(tmp_path / "profile") as browser,
            httpx.AsyncClient(base_url=service.url, headers=bearer(token), timeout=20) as http,
        ):
            await browser.open(f"{service.url}/graphql")
            await browser.wait_for(EDITOR_IS_READY)
            await browser.evaluate(f"{CHANGES}.click()")
            await browser.wait_for(
                "document.querySelector('.graphiql-query-editor')?.innerText.includes('backtestChanged')"
            )
            await browser.click("button[data-name='headers']")
            await browser.click(f"{HEADERS} textarea, {HEADERS} .native-edit-context")
            await browser.type(json.dumps(bearer(token)))
            await browser.click(".graphiql-execute-button")
            await asyncio.sleep(1)
            await save_id(Client(http), symbol="LIVE")
            await browser.wait_for("document.querySelector('.graphiql-response')?.innerText.includes('LIVE')")
