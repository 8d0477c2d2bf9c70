"""The ids of requests: as the client gives them, else our own."""

import re
from secrets import token_hex

HEADER = b"x-request-id"
_WELL_FORMED = re.compile(rb"[\x21-\x7e]{1,128}")


def choose_request_id(given: bytes | None) -> str:
    """Return the id that a client gives where it is 1 to 128 visible ASCII characters, else a new one."""
    if given is not None and _WELL_FORMED.fullmatch(given):
        return given.decode("ascii")
    return token_hex(8)
