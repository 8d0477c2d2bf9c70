"""Runs whose curves are noise: the trials of a family."""

from typing import Any

import numpy as np


def curve(seed: int, *, drift: float = 0.001, points: int = 60) -> dict[str, Any]:
    """Return a curve of noise around a drift on trading days."""
    days = np.arange("2024-01-01", "2026-01-01", dtype="datetime64[D]")
    returns = np.random.default_rng(seed).normal(drift, 0.01, points - 1)
    values = 10_000 * np.cumprod(np.concatenate([[1.0], 1 + returns]))
    return {"times": np.datetime_as_string(days[np.is_busday(days)][:points]).tolist(), "values": values.tolist()}


def noise(seed: int, **fields: Any) -> dict[str, Any]:
    """Return the fields of a run with such a curve."""
    return {"equityCurve": curve(seed), "startDate": "2024-01-01", "endDate": "2025-12-31"} | fields
