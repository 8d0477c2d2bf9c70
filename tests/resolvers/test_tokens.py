"""Tokens: made once, found by what is shown, revoked for good."""

import asyncio
import re
from uuid import UUID

import pytest
from sqlalchemy import select, update

from resolvers.callers import Scope
from resolvers.errors import BadUserInput, NotFound
from resolvers.saving import now
from resolvers.store.database import Database
from resolvers.store.tables import tokens
from resolvers.tokens import create_token, find_tokens, list_tokens, note_use, revoke_token
from tests.statements import counted_statements

READ = [Scope.READ]
MINUTE = 60_000_000


async def test_a_token_is_found_by_its_text_and_its_secret_is_stored_nowhere(database: Database) -> None:
    made, text = await create_token(database, name=" notebook ", scopes=[Scope.READ, Scope.WRITE], expires_at=2**52)
    assert re.fullmatch(r"bgt_[0-9a-f]{32}_[A-Za-z0-9_-]{43}", text)
    assert (made.name, made.expires_at) == ("notebook", 2**52)
    assert made.scopes == {Scope.READ, Scope.WRITE}
    assert await find_tokens(database, [text]) == [made]
    [row] = await database.fetch(select(tokens))
    assert text.encode()[37:] not in bytes(repr(dict(row)), "ascii")
    assert len(row["secret_hash"]) == 32


async def test_no_two_tokens_are_alike(database: Database) -> None:
    secrets = {(await create_token(database, name=str(number), scopes=READ))[1][37:] for number in range(20)}
    assert len(secrets) == 20


async def test_another_secret_or_id_or_form_finds_nothing(database: Database) -> None:
    _, text = await create_token(database, name="one", scopes=READ)
    _, other = await create_token(database, name="two", scopes=READ)
    last = "A" if text[-1] != "A" else "B"
    wrong = [text[:-1] + last, text[:37] + other[37:], f"bgt_{UUID(int=0).hex}_{text[37:]}", text + "A", text[:-1], ""]
    wrong += [text.upper(), f" {text}", f"{text}\n", "bgt_", "' OR 1=1 --", "\x00", "é" * 80]
    assert await find_tokens(database, wrong) == [None] * len(wrong)


async def test_many_are_found_by_one_statement_and_none_is_needed_for_what_has_no_form(database: Database) -> None:
    texts = [(await create_token(database, name=str(number), scopes=READ))[1] for number in range(5)]
    with counted_statements() as statements:
        found = await find_tokens(database, [*texts, "nothing"])
        assert await find_tokens(database, ["nothing"]) == [None]
    assert [token.name if token else None for token in found] == ["0", "1", "2", "3", "4", None]
    assert len(statements) == 1


async def test_the_name_of_a_live_token_is_taken(database: Database) -> None:
    first, _ = await create_token(database, name="ci", scopes=READ)
    with pytest.raises(BadUserInput, match="live token with the name ci"):
        await create_token(database, name="ci", scopes=READ)
    await revoke_token(database, "ci")
    again, _ = await create_token(database, name="ci", scopes=READ, expires_at=now() - 1)
    third, _ = await create_token(database, name="ci", scopes=READ)
    assert [token.id for token in await list_tokens(database)] == [third.id, again.id, first.id]


async def test_of_many_who_want_one_name_at_once_one_gets_it(database: Database) -> None:
    tries = [create_token(database, name="ci", scopes=READ) for _ in range(8)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, BadUserInput) for result in results) == 7
    assert len(await list_tokens(database)) == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "two\nlines", "a\x00b"])
async def test_a_name_that_is_none_is_refused(database: Database, name: str) -> None:
    with pytest.raises(BadUserInput, match="1 to 100 printable"):
        await create_token(database, name=name, scopes=READ)


async def test_a_token_without_a_scope_is_refused(database: Database) -> None:
    with pytest.raises(BadUserInput, match="needs a scope"):
        await create_token(database, name="ci", scopes=[])


async def test_revoked_by_name_or_id_it_is_live_no_more_and_cannot_be_revoked_again(database: Database) -> None:
    for named in (True, False):
        made, text = await create_token(database, name="ci", scopes=READ)
        assert made.is_live(now())
        asked = "ci" if named else str(made.id)
        assert (await revoke_token(database, asked)).id == made.id
        [found] = await find_tokens(database, [text])
        assert found is not None
        assert not found.is_live(now())
        with pytest.raises(NotFound, match=asked):
            await revoke_token(database, asked)


async def test_an_expired_token_is_live_until_its_instant(database: Database) -> None:
    made, _ = await create_token(database, name="ci", scopes=READ, expires_at=1_000)
    assert (made.is_live(999), made.is_live(1_000)) == (True, False)


async def test_uses_are_stored_once_a_minute(database: Database) -> None:
    made, _ = await create_token(database, name="ci", scopes=READ)
    at = now()
    seen = []
    for later in (0, MINUTE - 1, MINUTE, 0):
        await note_use(database, made.id, at + later)
        [token] = await list_tokens(database)
        seen.append(token.last_used_at)
    assert seen == [at, at, at + MINUTE, at + MINUTE]


async def test_a_scope_that_is_not_known_allows_nothing(database: Database) -> None:
    _, text = await create_token(database, name="ci", scopes=READ)
    async with database.transaction() as transaction:
        await transaction.fetch(update(tokens).values(scopes=["everything", "write"]))
    [token] = await find_tokens(database, [text])
    assert token is not None
    assert token.scopes == {Scope.WRITE}
