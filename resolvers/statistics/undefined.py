"""Why a figure is undefined."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a figure is undefined."""

    NO_TRADES = "NO_TRADES"
    NO_LOSSES = "NO_LOSSES"
    ZERO_VARIANCE = "ZERO_VARIANCE"
    TOO_SHORT = "TOO_SHORT"
    NOT_REPORTED = "NOT_REPORTED"
    NON_FINITE = "NON_FINITE"
