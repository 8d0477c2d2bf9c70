"""Curves, in two ways: from arrays of PostgreSQL, and from packed bytes."""

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from tests.benchmarks.reference.pools import pools_of, write

_ARRAYS = "SELECT times, values FROM reference_curves WHERE backtest_id = $1"
_PACKED = "SELECT equity_times, equity_values FROM backtest_series WHERE backtest_id = $1"


async def from_arrays(request: Request) -> Response:
    """Return the equity curve of a run from a timestamptz[] and a float8[]."""
    row = await pools_of(request).plain.fetchrow(_ARRAYS, request.path_params["id"])
    return write({"backtest": {"equityCurve": row and {"times": row["times"], "values": row["values"]}}})


async def from_packed(request: Request) -> Response:
    """Return the equity curve of a run from bytes, which numpy reads and orjson writes."""
    row = await pools_of(request).plain.fetchrow(_PACKED, request.path_params["id"])
    times, values = row or (b"", b"")
    curve = {"times": np.frombuffer(times, "datetime64[us]"), "values": np.frombuffer(values, np.float64)}
    return write({"backtest": {"equityCurve": curve}})
