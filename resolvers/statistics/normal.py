"""The standard normal distribution. scipy has it, too, but loading scipy is a third of the start of every command."""

import math
from statistics import NormalDist

_ROOT_2 = math.sqrt(2)
_STANDARD = NormalDist()


def cumulative(value: float) -> float:
    """Return the probability (0 to 1) of at most a value, to its last digits far out on the left, too."""
    return math.erfc(-value / _ROOT_2) / 2


def quantile(probability: float) -> float:
    """Return the value that is not exceeded with a probability: infinite for 0 and 1, NaN beyond them."""
    if 0 < probability < 1:
        return _STANDARD.inv_cdf(probability)
    return {0.0: -math.inf, 1.0: math.inf}.get(probability, math.nan)
