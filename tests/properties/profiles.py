"""How many examples are tried: few and always the same ones, or many new ones with --hypothesis-profile=thorough."""

from hypothesis import settings

THOROUGH = "thorough"
TIMES_MORE = 30


def is_thorough() -> bool:
    """Tell whether time does not matter."""
    return settings.get_current_profile_name() == THOROUGH


def examples(count: int) -> settings:
    """Return settings that try so many examples."""
    if is_thorough():
        return settings(max_examples=TIMES_MORE * count, deadline=None, database=None)
    return settings(max_examples=count, deadline=None, derandomize=True, database=None)
