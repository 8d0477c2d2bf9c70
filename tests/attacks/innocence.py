"""What no answer may hold, whatever was asked."""

import re
from typing import Any

import httpx

REVEALING = re.compile(
    r"Traceback|File \\?\"|\.py\b|site-packages|asyncpg|sqlalchemy|graphql\.error|<object at|"
    r"\bSELECT\s+\S+.*\bFROM\b|\bINSERT INTO\b|\bUPDATE \w+ SET\b|\bDELETE FROM\b|syntax error at or near|"
    r"\bpg_catalog\b|\$\d+::|/root/|/home/|/usr/lib"
)


def check(response: httpx.Response, *, sent: str = "") -> Any:
    """Fail where an answer is the service's own fault or shows its inside; return its JSON, None for another kind.

    sent is what the answer may repeat.
    """
    assert response.status_code < 500, (response.status_code, response.text[:2000])
    shown = response.text.replace(sent, "") if sent else response.text
    found = REVEALING.search(shown)
    assert found is None, (found, shown[:2000])
    if "json" not in response.headers.get("content-type", ""):
        return None
    answer = response.json()
    for error in answer.get("errors", ()) if isinstance(answer, dict) else ():
        assert error.get("extensions", {}).get("code") not in {"INTERNAL", None}, error
    return answer


def codes_of(answer: Any) -> set[str]:
    """Return the codes of an answer's errors."""
    return {error["extensions"]["code"] for error in answer.get("errors", ())}
