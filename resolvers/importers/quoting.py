"""Values as they are named in a message: short, and safe whatever they are."""

LONGEST = 40
MOST_DIGITS = 10**18


def quote(value: object) -> str:
    """Name a value of a document in a few characters."""
    if isinstance(value, str):
        return repr(value if len(value) <= LONGEST else value[:LONGEST] + "…")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) >= MOST_DIGITS:
        return "a very long number"
    if isinstance(value, int | float):
        return repr(value)
    return "a list" if isinstance(value, list | tuple) else "an object"
