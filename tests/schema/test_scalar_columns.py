"""Instants of whole columns are written as single ones are."""

import random

import numpy as np
import orjson
import pytest

from api.http.graphql import _ENCODING as OPTIONS
from schema.bulk.objects import Unusual
from schema.scalars import COLUMNS, SCALARS, DateTimes, write_time

FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The first and the last microsecond that Python has."""
ENCODED = 253_402_207_200_000_000
"""The last that the JSON encoder takes from numpy: 9999-12-30T22:00:00Z."""


def test_a_column_is_written_as_its_instants_are() -> None:
    dice = random.Random(5)
    instants = [FIRST, ENCODED, -1, 0, 1, 1_000, 1_000_000, *(dice.randrange(FIRST, ENCODED) for _ in range(500))]
    assert COLUMNS["DateTime"](instants, {int}) == [write_time(instant) for instant in instants]


def test_the_last_hours_that_there_are_can_be_written() -> None:
    serialize = SCALARS[DateTimes].serialize
    assert serialize is not None
    for instants in ([ENCODED], [0, ENCODED + 1, LAST], []):
        written = orjson.dumps(serialize(np.array(instants, dtype=np.int64)), option=OPTIONS)
        assert orjson.loads(written) == [write_time(instant) for instant in instants]


@pytest.mark.parametrize("instant", [FIRST - 1, LAST + 1, 2**63 - 1, -(2**63)])
def test_an_instant_that_python_does_not_have_is_left_to_graphql_core(instant: int) -> None:
    with pytest.raises((Unusual, TypeError)):
        COLUMNS["DateTime"]([0, instant], {int})
    with pytest.raises(OverflowError):
        write_time(instant)
