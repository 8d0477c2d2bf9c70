import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.importers.times import (
    SAMPLE,
    TimeError,
    has_time_of_day,
    parse_date,
    parse_time,
    parse_times,
    read_times,
)


def spelled(*texts: object) -> list[str]:
    return [str(np.datetime64(time, "us")) for time in parse_times(texts).tolist()]


def test_times_of_many_spellings_are_read_in_utc() -> None:
    assert spelled("2024-01-31", "2024-01-31T09:30:00Z", "2024-01-31 09:30:00+02:00", "31 Jan 2024 10:00") == [
        "2024-01-31T00:00:00.000000",
        "2024-01-31T09:30:00.000000",
        "2024-01-31T07:30:00.000000",
        "2024-01-31T10:00:00.000000",
    ]


def test_parts_below_a_microsecond_are_cut_off() -> None:
    assert spelled("2024-01-31 00:00:00.123456789") == ["2024-01-31T00:00:00.123456"]


def test_no_times_are_no_times() -> None:
    assert parse_times([]).tolist() == []


def test_the_month_comes_first_where_nothing_tells() -> None:
    assert spelled("01/02/2024 09:30") == ["2024-01-02T09:30:00.000000"]


def test_one_day_above_twelve_turns_the_whole_column() -> None:
    assert spelled("01/02/2024", "13.02.2024") == ["2024-02-01T00:00:00.000000", "2024-02-13T00:00:00.000000"]


@pytest.mark.parametrize("text", ["now", "today", "10:30", "Jan 5", "Monday", "", "  ", "NaT", "nan", "0", "x"])
def test_what_has_no_date_of_its_own_is_no_time(text: str) -> None:
    with pytest.raises(TimeError, match="is not a time such as 2024-01-31"):
        parse_time(text)


@pytest.mark.parametrize("value", [None, True, 5, 1.5, [], {}, "-2024-01-01", "2024-13-01", "13/13/2024"])
def test_what_is_no_time_is_refused_with_its_position(value: object) -> None:
    with pytest.raises(TimeError) as refused:
        parse_times(["2024-01-01", value])
    assert refused.value.index == 1


def test_all_that_is_no_time_is_found_at_once() -> None:
    times, bad = read_times(["2024-01-01", "x", None, "1970-01-02"])
    assert bad.tolist() == [1, 2]
    assert times[[0, 3]].tolist() == [1_704_067_200_000_000, 86_400_000_000]


def test_a_late_slip_in_a_long_column_of_other_spellings_is_found() -> None:
    texts = ["31 Jan 2024"] * (2 * SAMPLE) + ["31 Jan"]
    assert read_times(texts)[1].tolist() == [2 * SAMPLE]


def test_a_date_is_that_of_the_time_in_utc() -> None:
    assert parse_date("2024-01-31").isoformat() == "2024-01-31"
    assert parse_date("2024-01-31T23:30:00-01:00").isoformat() == "2024-02-01"


@pytest.mark.parametrize(
    ("text", "more"),
    [("2024-01-31", False), ("2024-01-31 00:00:00", False), ("2024-W05-3", False), ("2024-01-31 09:30", True)],
)
def test_a_time_of_day_is_told_from_a_date(text: str, more: bool) -> None:
    assert has_time_of_day(text) is more


@given(st.lists(st.text() | st.from_regex(r"\d{1,4}[-/.: T]\d{1,2}[-/.: T]\d{1,4}.{0,9}") | st.none() | st.integers()))
def test_whatever_text_is_read_or_refused(texts: list[object]) -> None:
    times, bad = read_times(texts)
    assert len(times) == len(texts)
    assert {index for index, text in enumerate(texts) if not isinstance(text, str)} <= set(bad.tolist())
