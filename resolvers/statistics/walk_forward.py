"""Figures over the windows of a walk-forward test."""

import math
from collections.abc import Sequence


def efficiency(in_sample: Sequence[float], out_of_sample: Sequence[float]) -> float:
    """Return how much of the performance in-sample is left out of sample, as a ratio of the sums over all windows.

    Both are annualized performances of the same windows, in their order: Pardo 2008, The Evaluation and Optimization
    of Trading Strategies. A ratio of sums and not a mean of ratios, which one window with little performance in-sample
    would decide. NaN where the sum in-sample is not positive, or there is no window.

    Raises:
        ValueError: they have different numbers of windows.
    """
    if len(in_sample) != len(out_of_sample):
        raise ValueError(f"{len(in_sample)} windows in-sample and {len(out_of_sample)} out of sample.")
    before = math.fsum(in_sample)
    return math.fsum(out_of_sample) / before if before > 0 else math.nan
