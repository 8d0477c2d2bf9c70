"""Instants of whole columns are written as single ones are."""

import random

import pytest

from schema.bulk.objects import Unusual
from schema.scalars import COLUMNS, write_time

FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The first and the last microsecond that Python has."""


def test_a_column_is_written_as_its_instants_are() -> None:
    dice = random.Random(5)
    instants = [FIRST, LAST, -1, 0, 1, 1_000, 1_000_000, *(dice.randrange(FIRST, LAST) for _ in range(500))]
    assert COLUMNS["DateTime"](instants, {int}) == [write_time(instant) for instant in instants]


@pytest.mark.parametrize("instant", [FIRST - 1, LAST + 1, 2**63 - 1, -(2**63)])
def test_an_instant_that_python_does_not_have_is_left_to_graphql_core(instant: int) -> None:
    with pytest.raises((Unusual, TypeError)):
        COLUMNS["DateTime"]([0, instant], {int})
    with pytest.raises(OverflowError):
        write_time(instant)
