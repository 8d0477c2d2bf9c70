import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.importers.times import EARLIEST, LATEST, _microseconds, _parsed
from resolvers.importers.usual_times import FEW, PATTERNS, read_usual_times
from tests.properties.profiles import examples

INSTANTS = st.integers(int(EARLIEST), int(LATEST)) | st.integers(0, 2**51)
SPELLINGS = [(width, end) for width in PATTERNS for end in ("", "Z", "+00:00") if width > 10 or not end]


def spell(instant: int, width: int, end: str, between: str = "T") -> str:
    return str(np.datetime64(instant, "us"))[:width].replace("T", between) + end


@pytest.mark.parametrize("count", [1, FEW + 1])
@pytest.mark.parametrize(("width", "end"), SPELLINGS)
@given(instants=st.lists(INSTANTS, min_size=1, max_size=FEW), between=st.sampled_from("T "))
@examples(10)
def test_usual_times_are_those_that_pandas_reads(
    count: int, width: int, end: str, instants: list[int], between: str
) -> None:
    texts = [spell(instant, width, end, between) for instant in instants] * count
    found = read_usual_times(texts)
    assert found is not None
    assert found.tolist() == _microseconds(_parsed(texts, "ISO8601")).tolist()


@pytest.mark.parametrize("others", [0, FEW])
@pytest.mark.parametrize("wrong", ["2023-02-29", "2024-00-01", "2024-13-01", "2024-01-00", "0000-01-01", "2024-1-001"])
def test_days_that_no_calendar_has_are_left_to_pandas(wrong: str, others: int) -> None:
    assert read_usual_times(["2024-02-29"] * others + [wrong]) is None


@pytest.mark.parametrize("others", [0, FEW])
@pytest.mark.parametrize(
    "wrong",
    [
        *("2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:60Z", "2024-01-01T00:00:0:Z"),
        *("2024-01-01T00:00:00z", "2024-01-01x00:00:00Z", "2024/01/01T00:00:00Z", "2024-01-01T00:00:00.1Z"),
        *("\uff12024-01-01T00:00:00", "2024-01-01T00:00:00\n", "2024-01-01T00:00:00+01:00", "", "now", "2024-01-01Z"),
    ],
)
def test_other_spellings_are_left_to_pandas(wrong: str, others: int) -> None:
    assert read_usual_times(["2024-01-01T00:00:00Z"] * others + [wrong]) is None
    assert read_usual_times([wrong] + ["2024-01-01T00:00:00Z"] * others) is None


def test_two_texts_are_not_read_as_one() -> None:
    """Together they have the characters of two times, each for itself is none."""
    assert read_usual_times(["2024-01-01T00:00:00"] * FEW + ["2024-01-01T00:00:0", "02024-01-01T00:00:00"]) is None


@pytest.mark.parametrize("count", [1, FEW])
def test_null_is_no_time(count: int) -> None:
    found = read_usual_times([None, "1970-01-01T00:00:01Z", None] * count)
    assert found is not None
    assert found.tolist() == [np.iinfo(np.int64).min, 1_000_000, np.iinfo(np.int64).min] * count


@pytest.mark.parametrize("count", [1, FEW])
@pytest.mark.parametrize("value", [5, True, [], {}])
def test_what_is_no_text_is_left_to_others(value: object, count: int) -> None:
    assert read_usual_times([value, *["2024-01-01"] * count]) is None
    assert read_usual_times([*["2024-01-01"] * count, value]) is None
