"""GraphiQL where a token is needed: the page opens, and works once it has one."""

import asyncio
import json
from pathlib import Path

from resolvers.callers import Scope
from resolvers.store.database import Database
from tests.api.access.conftest import bearer, new_token
from tests.api.browser import launched_browser
from tests.api.test_graphiql import EDITOR_IS_READY, needs_build, needs_chromium
from tests.service import Service

HEADERS = ".graphiql-editor-tool .graphiql-editor:not(.hidden)"
DOCS = "document.querySelector('.graphiql-doc-explorer')?.innerText"


@needs_build
@needs_chromium
async def test_graphiql_works_with_a_token_in_its_headers(database: Database, dsn: str, tmp_path: Path) -> None:
    token = await new_token(database, Scope.READ)
    with await asyncio.to_thread(Service, "--authentication", "--database-url", dsn) as service:
        async with launched_browser(tmp_path / "profile") as browser:
            await browser.open(f"{service.url}/graphql")
            await browser.wait_for(EDITOR_IS_READY)
            await browser.click(".graphiql-execute-button")
            await browser.wait_for(
                "document.querySelector('.graphiql-response')?.innerText.includes('UNAUTHENTICATED')"
            )

            await browser.click("button[data-name='headers']")
            await browser.click(f"{HEADERS} textarea, {HEADERS} .native-edit-context")
            await browser.type(json.dumps(bearer(token)))
            await browser.click(".graphiql-execute-button")
            await browser.wait_for("document.querySelector('.graphiql-response')?.innerText.includes('totalCount')")
            await browser.click("button[aria-label^='Re-fetch GraphQL schema']")
            await browser.click("button[aria-label='Show Documentation Explorer']")
            await browser.wait_for(f"{DOCS}?.includes('Mutation')")
            assert not await browser.evaluate(f"JSON.stringify(localStorage).includes('{token}')")
            refused = [problem for problem in browser.problems if "401" not in problem]
            assert refused == []
