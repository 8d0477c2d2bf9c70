"""Why an engine's figure is not ours: the same figure under the conventions that engines have.

Everything follows from figures that are known already: neither curve nor trades are needed. A cause is named only where
its convention gives the reported number to `TOLERANCE`, or to all of its decimals where it was rounded.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, product

from resolvers.statistics.calendars import USUAL_PERIODS

TOLERANCE = 1e-6
"""Of the larger number's size: numbers that are closer agree. Counts have to be equal."""
NOTHING = 1e-12
"""Numbers that are closer agree as well: what rounding leaves of a return of 0."""
COUNTS = frozenset({"total_trades", "winning_trades", "losing_trades"})
FRACTIONS = frozenset(
    {"total_return", "annualized_return", "max_drawdown", "volatility", "downside_volatility", "win_rate"}
)
LOSSES = frozenset({"max_drawdown", "average_loss", "largest_loss"})
_DAYS = (252.0, 365.0)
_MOST_INFERRED = 1000
"""Above, every ratio would be near that of some whole number of periods."""


class Cause(StrEnum):
    """Why a reported figure is not the computed one."""

    OTHER_PERIODS_PER_YEAR = "OTHER_PERIODS_PER_YEAR"
    PERCENT = "PERCENT"
    OPEN_TRADES = "OPEN_TRADES"
    SIGN = "SIGN"
    GEOMETRIC_RETURN = "GEOMETRIC_RETURN"
    POPULATION_DEVIATION = "POPULATION_DEVIATION"
    START_AS_RETURN = "START_AS_RETURN"
    FROM_CAPITAL = "FROM_CAPITAL"
    DURATION_IN_PERIODS = "DURATION_IN_PERIODS"
    ROUNDED = "ROUNDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What else is known of a run.

    computed: its figures (annual ones with periods_per_year); observations: the number of returns; both None where
    there is no Sharpe ratio. with_open_trades: the figures of its trades with open ones counted in; empty where no
    trade is open. initial_capital: above zero, in money.
    """

    computed: Mapping[str, float]
    periods_per_year: float | None = None
    observations: int | None = None
    initial_capital: float | None = None
    with_open_trades: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Convention:
    """How a figure is made of the same returns: ours unless told."""

    periods_per_year: float
    is_geometric: bool = False
    is_population: bool = False
    starts_with_zero: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a figure differs, and that in a sentence."""

    cause: Cause
    explanation: str


def agree(name: str, reported: float, computed: float) -> bool:
    """Tell whether two values of a metric are the same."""
    if name in COUNTS:
        return reported == computed
    return abs(reported - computed) <= max(TOLERANCE * max(abs(reported), abs(computed)), NOTHING)


def find_cause(name: str, reported: float, facts: Facts) -> Verdict | None:
    """Return why a reported figure is not the computed one, None where no convention gives it."""
    found = chain(
        _of_trades(name, reported, facts),
        _of_spelling(name, reported, facts.computed[name]),
        _of_capital(name, reported, facts),
        _of_duration(name, reported, facts),
        _of_conventions(name, reported, facts),
    )
    return next(found, None)


def _of_trades(name: str, reported: float, facts: Facts) -> Iterator[Verdict]:
    figure = facts.with_open_trades.get(name)
    if figure is not None and not agree(name, figure, facts.computed[name]) and _gives(name, reported, figure):
        yield Verdict(Cause.OPEN_TRADES, "Trades that were still open are counted in.")


def _of_spelling(name: str, reported: float, computed: float) -> Iterator[Verdict]:
    """Find the same value, spelled otherwise."""
    if name in LOSSES and _gives(name, reported, -computed):
        yield Verdict(Cause.SIGN, "The same size with the other sign.")
    if name in FRACTIONS and _gives(name, reported, 100 * computed):
        yield Verdict(Cause.PERCENT, "In percent instead of a fraction: times 100.")
    if name == "max_drawdown" and _gives(name, reported, -100 * computed):
        yield Verdict(Cause.PERCENT, "In percent instead of a fraction, and with the other sign: times -100.")
    if name not in COUNTS and _is_rounded(reported, computed):
        yield Verdict(Cause.ROUNDED, "Rounded: the same to the last digit that was reported.")


def _of_capital(name: str, reported: float, facts: Facts) -> Iterator[Verdict]:
    final, capital = facts.computed.get("final_portfolio_value"), facts.initial_capital
    if name == "total_return" and final is not None and capital and _gives(name, reported, final / capital - 1):
        yield Verdict(Cause.FROM_CAPITAL, "Measured from the initial capital, not from the curve's first value.")


def _of_duration(name: str, reported: float, facts: Facts) -> Iterator[Verdict]:
    if name != "max_drawdown_duration" or not facts.periods_per_year or reported != round(reported):
        return
    periods = facts.computed[name] * facts.periods_per_year / 365.25
    if abs(reported - periods) <= max(2.0, 0.03 * periods):
        yield Verdict(Cause.DURATION_IN_PERIODS, "In periods of the curve instead of days.")


def _of_conventions(name: str, reported: float, facts: Facts) -> Iterator[Verdict]:
    ours = facts.periods_per_year
    if name not in _ANNUAL or ours is None or facts.observations is None:
        return
    own = figure_by(Convention(ours), name, facts)
    for factor in (1, 100) if name in FRACTIONS else (1,):
        for convention in _conventions(name, reported / factor, facts):
            figure = figure_by(convention, name, facts)
            if own is None or figure is None or agree(name, figure, own):  # what does not matter here
                continue
            if _gives(name, reported, factor * figure, digits=5):
                yield _explain(name, convention, ours, is_percent=factor != 1)


_ANNUAL = frozenset(
    {"annualized_return", "calmar_ratio", "volatility", "downside_volatility", "sharpe_ratio", "sortino_ratio"}
)


def _conventions(name: str, reported: float, facts: Facts) -> Iterator[Convention]:
    """Yield conventions, those that are the least different from ours first."""
    ours = facts.periods_per_year or 1.0
    others = dict.fromkeys((*USUAL_PERIODS, *(ours * to / of for to, of in (_DAYS, _DAYS[::-1]))))
    periods = [ours, *(each for each in others if each != ours)]
    flags = sorted(product((False, True), repeat=3), key=sum)
    for switched in flags:
        yield from (Convention(each, *switched) for each in periods)
    yield from _inferred(name, reported, facts.computed.get(name), ours)


def _inferred(name: str, reported: float, computed: float | None, ours: float) -> Iterator[Convention]:
    """Yield the whole number of periods of a year that makes the ratio of two figures that grow with its root."""
    if name in {"annualized_return", "calmar_ratio"} or not computed or abs(reported) > _MOST_INFERRED * abs(computed):
        return
    periods = ours * (reported / computed) ** 2
    whole = round(periods)
    if 0 < whole <= _MOST_INFERRED and abs(periods - whole) <= TOLERANCE * whole and reported * computed > 0:
        yield Convention(float(whole))


def figure_by(convention: Convention, name: str, facts: Facts) -> float | None:
    """Return an annual figure by a convention, None where a figure that it is made of is undefined.

    Mean and deviation per period follow from the volatility and the Sharpe ratio. A return of 0 at the start, which
    is what comparing the first value with the capital gives, is one observation more: it changes the mean to
    n/(n + 1) of it, and adds n/(n + 1) of the mean squared to the sum of squared deviations.
    """
    try:
        return _figure_by(convention, name, facts)
    except (KeyError, OverflowError, ZeroDivisionError):
        return None


def _figure_by(convention: Convention, name: str, facts: Facts) -> float | None:
    computed, ours, n = facts.computed, facts.periods_per_year, facts.observations
    if ours is None or n is None:
        return None
    count = n + convention.starts_with_zero
    root = math.sqrt(convention.periods_per_year)
    if name in {"annualized_return", "calmar_ratio"}:
        annual = _compound(computed["total_return"], convention.periods_per_year / count)
        return annual if name == "annualized_return" else annual / -computed["max_drawdown"]
    if name == "downside_volatility":
        return computed[name] / math.sqrt(ours) * math.sqrt(n / count) * root
    deviation = computed["volatility"] / math.sqrt(ours)
    mean = computed["sharpe_ratio"] * deviation / math.sqrt(ours)
    squares = (n - 1) * deviation**2 + (n * mean**2 / count if convention.starts_with_zero else 0.0)
    spread = math.sqrt(squares / (count if convention.is_population else count - 1)) * root
    if name == "volatility":
        return spread
    if name == "sortino_ratio":
        spread = computed["downside_volatility"] / math.sqrt(ours) * math.sqrt(n / count) * root
    if convention.is_geometric:
        return _compound(computed["total_return"], convention.periods_per_year / count) / spread
    return mean * n / count * convention.periods_per_year / spread


def _compound(total: float, share: float) -> float:
    return float((1 + total) ** share - 1)


def _explain(name: str, convention: Convention, ours: float, *, is_percent: bool) -> Verdict:
    said = {Cause.PERCENT: "in percent instead of a fraction"} if is_percent else {}
    theirs = convention.periods_per_year
    if theirs != ours:
        is_compounded = name in {"annualized_return", "calmar_ratio"}
        words = "with {} periods a year instead of {}" if is_compounded else "by sqrt({}) instead of sqrt({})"
        said[Cause.OTHER_PERIODS_PER_YEAR] = f"annualised {words.format(f'{theirs:g}', f'{ours:g}')}"
    if convention.is_geometric:
        said[Cause.GEOMETRIC_RETURN] = "made of the geometric annual return instead of the mean of the returns"
    if convention.is_population:
        said[Cause.POPULATION_DEVIATION] = "made of the deviation with n instead of n - 1"
    if convention.starts_with_zero:
        said[Cause.START_AS_RETURN] = "the start counts as a return of 0"
    sentence = "; ".join(said.values())
    return Verdict(next(iter(said)), f"{sentence[0].upper()}{sentence[1:]}.")


def _gives(name: str, reported: float, figure: float, digits: int = 3) -> bool:
    return agree(name, reported, figure) or (name not in COUNTS and _is_rounded(reported, figure, digits))


def _is_rounded(reported: float, figure: float, digits: int = 3) -> bool:
    """Tell whether a number is another one, rounded to the decimals it has, at least so many digits in sum."""
    text = repr(float(reported))
    if "e" in text or "n" in text:
        return False
    decimals = len(text.partition(".")[2].rstrip("0"))
    if decimals > _MOST_DECIMALS or abs(reported) < 10.0 ** (digits - 1 - decimals):
        return False
    return abs(reported - figure) <= 0.5000001 * 10.0**-decimals


_MOST_DECIMALS = 8
