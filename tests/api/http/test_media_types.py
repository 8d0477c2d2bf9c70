"""Which media type an answer gets."""

import pytest

from api.http.media_types import GRAPHQL_JSON, JSON, choose_media_type, is_json


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, {JSON};q=0.9", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.5, {JSON};q=0.9", JSON),
        (f"{JSON}, {GRAPHQL_JSON}", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, */*", GRAPHQL_JSON),
        (f"{JSON}, */*", JSON),
        (f"{JSON};q=0.1, */*", GRAPHQL_JSON),
        (f"{JSON};q=0, */*", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0, */*;q=0.1", JSON),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        ("APPLICATION/GraphQL-Response+JSON; Charset=UTF-8", GRAPHQL_JSON),
        (f'{GRAPHQL_JSON}; charset="utf-8"; q=1', GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}; charset=latin-1", None),
        (f"{GRAPHQL_JSON}; charset=latin-1, {JSON};q=0.1", JSON),
        ("text/html", None),
        ("text/event-stream", None),
        (f"{JSON};q=0", None),
        ("*/*;q=0", None),
        (f"{JSON};q=much", None),
        (",;,", None),
    ],
)
def test_a_client_gets_the_type_it_likes_best(accepted: str, chosen: str | None) -> None:
    assert choose_media_type(accepted) == chosen


@pytest.mark.parametrize(
    ("content_type", "taken"),
    [
        (JSON, True),
        ("Application/JSON; charset=UTF-8", True),
        ('application/json; charset="utf-8"', True),
        ("application/json; charset=utf-16", False),
        ("application/json; charset=latin-1", False),
        ("application/jsonp", False),
        ("text/plain; application/json", False),
        (GRAPHQL_JSON, False),
        ("", False),
    ],
)
def test_only_json_in_utf_8_is_taken(content_type: str, taken: bool) -> None:
    assert is_json(content_type) is taken
