"""Why figures of luck are undefined."""

from enum import StrEnum


class LuckReason(StrEnum):
    """Why a figure of luck is undefined."""

    NOT_REPORTED = "NOT_REPORTED"
    TOO_SHORT = "TOO_SHORT"
    ZERO_VARIANCE = "ZERO_VARIANCE"
    NON_FINITE = "NON_FINITE"
    BELOW_BENCHMARK = "BELOW_BENCHMARK"
    UNKNOWN_VARIANCE = "UNKNOWN_VARIANCE"
    NOT_COUNTED = "NOT_COUNTED"
    TOO_FEW_CURVES = "TOO_FEW_CURVES"
    NO_COMMON_RETURNS = "NO_COMMON_RETURNS"
