"""What is computed from one curve."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

FEWEST = 4
"""Points that a downsampled curve must have room for: first, last, highest and lowest."""


def drawdown(equity: Values) -> Values:
    """Return how far each point is below the highest one before it, as a fraction at or below zero.

    NaN where the point is NaN or no point so far was above zero.
    """
    peak = np.fmax.accumulate(equity)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(peak > 0, equity / peak - 1, np.nan)


def downsample(values: Values, most: int) -> NDArray[np.intp]:
    """Return the positions of at most so many points that keep the picture of a curve, in order.

    The first, last, highest and lowest points are among them, and the highest and lowest of even stretches; most is
    at least FEWEST. NaN points are only kept at the ends.
    """
    count = len(values)
    if count <= most:
        return np.arange(count)
    high, low = np.where(np.isnan(values), -np.inf, values), np.where(np.isnan(values), np.inf, values)
    kept = {0, count - 1, int(high.argmax()), int(low.argmin())}
    stretches = (most - FEWEST) // 2
    edges = np.linspace(0, count, stretches + 1).astype(np.intp)
    for start, end in pairwise(edges.tolist()):
        kept.add(start + int(high[start:end].argmax()))
        kept.add(start + int(low[start:end].argmin()))
    return np.array(sorted(kept), dtype=np.intp)
