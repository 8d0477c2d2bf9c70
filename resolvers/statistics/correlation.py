"""How curves move together."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

NOISE = 1e-14
"""Simple returns are ratios less one: where they differ by no more than this, it is float64's rounding."""


def correlate_returns(values: Values) -> Values:
    """Return Pearson's correlation of the simple returns of rows on common times, a square matrix.

    NaN where two rows share fewer than two returns or one of them does not vary; a return from zero, or one with a
    NaN on either side, is left out.
    """
    import pandas as pd  # noqa: PLC0415 - a third of the start of every command, and most need none of it

    returns = _returns(values)
    returns[_is_constant(returns)] = np.nan
    matrix = pd.DataFrame(returns.T).corr(min_periods=2).to_numpy(copy=True)
    same = np.diagonal(matrix).copy()
    np.fill_diagonal(matrix, np.where(np.isnan(same), np.nan, 1.0))
    return matrix


def _returns(values: Values) -> Values:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        returns = values[:, 1:] / values[:, :-1] - 1
    return np.where(np.isfinite(returns), returns, np.nan)


def _is_constant(returns: Values) -> NDArray[np.bool_]:
    highest = np.fmax.reduce(returns, axis=1, initial=-np.inf)
    lowest = np.fmin.reduce(returns, axis=1, initial=np.inf)
    constant: NDArray[np.bool_] = highest - lowest <= NOISE
    return constant
