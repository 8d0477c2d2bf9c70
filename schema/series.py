"""Curves."""

from typing import Annotated

import strawberry

from resolvers.series import Curve
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
