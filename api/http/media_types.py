"""Media types of requests and answers: what is offered here, and which of it a client likes best."""

from functools import lru_cache

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"

_Range = tuple[str, float]


@lru_cache(maxsize=512)
def choose_media_type(accepted: str) -> str | None:
    """Return the type of the answer for an Accept header, None where nothing that is made here fits.

    What is named goes before what a wildcard covers, and of two that are named the newer one; who names nothing is an
    older client and gets JSON.
    """
    if not accepted.strip():
        return JSON
    ranges = [found for part in accepted.lower().split(",") if (found := _read_range(part)) is not None]
    liked = [(*_like(ranges, name), name) for name in (JSON, GRAPHQL_JSON)]
    weight, exactness, name = max(liked, key=lambda each: (each[0], each[1], each[1] == _EXACT and each[2] != JSON))
    return name if weight > 0 and exactness > 0 else None


@lru_cache(maxsize=128)
def is_json(content_type: str) -> bool:
    """Tell whether a Content-Type header says JSON in UTF-8, which is what is taken."""
    name, *parameters = (word.strip() for word in content_type.lower().split(";"))
    return name == JSON and _is_utf8(parameters)


_EXACT = 3


def _read_range(part: str) -> _Range | None:
    """Return a media range and its weight; none for another character set than ours."""
    name, *parameters = (word.strip() for word in part.split(";"))
    weight = next((each.removeprefix("q=") for each in parameters if each.startswith("q=")), "1")
    if not _is_utf8(parameters):
        return None
    try:
        return name, float(weight)
    except ValueError:
        return name, 0.0


def _like(ranges: list[_Range], name: str) -> tuple[float, int]:
    """Return how much a type is liked, by the range that fits it best, and how exactly that one does."""
    fits = {name: _EXACT, "application/*": 2, "*/*": 1}
    found = [(fits[each], weight) for each, weight in ranges if each in fits]
    exactness, weight = max(found, default=(0, 0.0))
    return weight, exactness


def _is_utf8(parameters: list[str]) -> bool:
    named = [each.partition("=")[2].strip('" ') for each in parameters if each.partition("=")[0].strip() == "charset"]
    return all(each in {"utf-8", "utf8"} for each in named)
