"""Curves."""

from collections.abc import Hashable, Sequence
from typing import Annotated

import strawberry

from resolvers.errors import QueryTooComplex
from resolvers.series import Curve
from resolvers.store.database import Row
from schema.context import Info
from schema.scalars import DateTime, DateTimes, Floats

MaxPoints = Annotated[
    int | None,
    strawberry.argument(
        description=(
            "At most so many points, at least 4, chosen for a plot: first, last, highest and lowest are among them, "
            "and the highest and lowest of even stretches. All points unless told."
        )
    ),
]
From = Annotated[DateTime | None, strawberry.argument(name="from", description="No point before this instant.")]
To = Annotated[DateTime | None, strawberry.argument(description="No point after this instant.")]


@strawberry.type(description="A curve: times, and one value for each.")
class Series:
    """A curve."""

    times: DateTimes = strawberry.field(description="Times in UTC, never falling.")
    values: Floats = strawberry.field(description="One value for each time; null where undefined.")
    length: int = strawberry.field(description="Number of points in this answer.")
    downsampled: bool = strawberry.field(description="Whether points were left out because of maxPoints.")


def count_points(info: Info, rows: Sequence[Row]) -> None:
    """Count points of curves that are about to be read: a page of long ones would take all of the memory.

    Each is counted once for each place of the query, also where graphql-core asks again because of an error elsewhere.

    Raises:
        QueryTooComplex: all that are asked for in this request are too many.
    """
    context, nodes = info.context, tuple(map(id, info._raw_info.field_nodes))  # noqa: SLF001 - as batches do
    counted: dict[Hashable, int] = {(row["id"], nodes): row["data_points"] for row in rows}
    points = sum((context.points | counted).values())
    if points > context.most_points:
        raise QueryTooComplex(
            f"The curves have {points:,} points; at most {context.most_points:,} are read for one answer, "
            "before maxPoints: ask for fewer runs at a time."
        )
    context.points |= counted


def read_series(curve: Curve | None, max_points: int | None, start: int | None, end: int | None) -> Series | None:
    """Return the part of a curve that is asked for."""
    if curve is None:
        return None
    part = curve.between(start, end).for_plot(max_points)
    return Series(
        times=DateTimes(part.times),
        values=part.values,  # type: ignore[arg-type]  # written as an array, read as a column
        length=len(part.values),
        downsampled=part.downsampled,
    )
