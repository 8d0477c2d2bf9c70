"""The bases on which engines report a Sharpe ratio, and how to bring one to ours.

An engine multiplies the Sharpe ratio per period by the root of the periods it believes a year to have: vectorbt takes
365 days, also for trading days. And it may count the first point as a return of 0, as vectorbt does.
"""

import math
from dataclasses import dataclass

from resolvers.statistics.calendars import USUAL_PERIODS

TOLERANCE = 1e-6
"""Relative: so near must a Sharpe ratio be to another basis of ours to be taken for it."""


@dataclass(frozen=True, slots=True)
class Basis:
    """How an engine makes an annual Sharpe ratio of returns.

    observations: of ours; has_zero: whether it counts one more, the first point, as a return of 0.
    """

    periods_per_year: float
    observations: int
    has_zero: bool = False

    def report(self, per_period: float) -> float:
        """Return what the engine says of a Sharpe ratio per period."""
        root, n = math.sqrt(self.periods_per_year), self.observations
        if not self.has_zero:
            return per_period * root
        share = n / (n + 1)
        return per_period * share * math.sqrt(n / (n - 1 + per_period * per_period * share)) * root

    def per_period(self, reported: float) -> float:
        """Return the Sharpe ratio per period of what the engine says; NaN where no returns give it."""
        ratio, n = reported / math.sqrt(self.periods_per_year), self.observations
        if not self.has_zero:
            return ratio
        share = n / (n + 1)
        left = share * share * n - ratio * ratio * share
        return ratio * math.sqrt((n - 1) / left) if left > 0 else math.nan


def recognise_basis(reported: float, per_period: float, observations: int, periods_per_year: float) -> Basis | None:
    """Return the basis on which an annual Sharpe ratio was reported of so many returns, None where none is usual.

    per_period and periods_per_year are ours. Of several that fit, the first counts: ours, then the usual ones.
    """
    if observations < 2 or per_period == 0:  # noqa: PLR2004 - a Sharpe ratio takes two returns
        return None
    bases = (
        Basis(years, observations, has_zero)
        for years in (periods_per_year, *USUAL_PERIODS)
        for has_zero in (False, True)
    )
    return next((each for each in bases if _is_near(each.report(per_period), reported)), None)


def _is_near(one: float, other: float) -> bool:
    return abs(one - other) <= TOLERANCE * abs(other)
