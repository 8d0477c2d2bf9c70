"""What is computed of a run beside what was reported, and why a figure is undefined."""

from collections.abc import Mapping, Sequence
from enum import Enum
from operator import itemgetter
from typing import Annotated, Any

import strawberry

from resolvers.reconciliations import NEEDS, load_reconciliations
from resolvers.statistics.reconciliation import NOTHING, TOLERANCE, Cause
from resolvers.statistics.undefined import Reason
from resolvers.store.metrics import COMPUTED, METRICS, computed_column
from schema.bulk import Objects, Read, Stored, batched
from schema.context import Info
from schema.enums import Basis, word
from schema.metrics import Metric

Runs = Objects[Any]


@strawberry.enum(description="Why a figure is undefined.")
class UndefinedReason(Enum):
    """Why a figure is undefined."""

    NO_TRADES = word(Reason.NO_TRADES, "There are no trades, or none of the kind that it takes.")
    NO_LOSSES = word(Reason.NO_LOSSES, "Nothing was lost, so there is nothing to divide by.")
    ZERO_VARIANCE = word(Reason.ZERO_VARIANCE, "All returns are equal.")
    TOO_SHORT = word(Reason.TOO_SHORT, "There are too few points, or no time passes between them.")
    NOT_REPORTED = word(
        Reason.NOT_REPORTED, "It was not reported, and what it is computed from was not saved or not computed yet."
    )
    NON_FINITE = word(
        Reason.NON_FINITE,
        "It was reported as infinite or NaN, or it comes out so: of a curve with a missing value, or with one that is "
        "not above zero.",
    )


@strawberry.type(description="A metric without a value.")
class UndefinedMetric(Stored):
    """A metric without a value."""

    metric: Metric = strawberry.field(description="The metric.")
    reason: UndefinedReason = strawberry.field(description="Why it has no value.")


@strawberry.enum(description="Why a reported figure is not the computed one.")
class DisagreementCause(Enum):
    """Why a reported figure is not the computed one."""

    OTHER_PERIODS_PER_YEAR = word(
        Cause.OTHER_PERIODS_PER_YEAR, "Annualised with another number of periods, such as 365 for trading days."
    )
    PERCENT = word(Cause.PERCENT, "In percent instead of a fraction.")
    OPEN_TRADES = word(Cause.OPEN_TRADES, "Trades that were still open are counted in.")
    SIGN = word(Cause.SIGN, "The other sign, such as a drawdown above zero.")
    GEOMETRIC_RETURN = word(
        Cause.GEOMETRIC_RETURN, "A ratio of the geometric annual return instead of the mean of the returns."
    )
    POPULATION_DEVIATION = word(Cause.POPULATION_DEVIATION, "The standard deviation with n instead of n - 1.")
    START_AS_RETURN = word(Cause.START_AS_RETURN, "The first value counts as a return of 0 beside the others.")
    FROM_CAPITAL = word(
        Cause.FROM_CAPITAL, "Measured from the initial capital instead of the first value of the equity curve."
    )
    DURATION_IN_PERIODS = word(Cause.DURATION_IN_PERIODS, "In periods of the curve instead of days.")
    ROUNDED = word(Cause.ROUNDED, "The same number with fewer digits.")


@strawberry.type(description="A metric as it was reported, beside the same as it was computed.")
class Reconciliation(Stored):
    """A metric twice."""

    metric: Metric = strawberry.field(description="The metric.")
    reported: float = strawberry.field(description="As the engine reported it, in the unit of Metrics.")
    computed: float = strawberry.field(description="As computed from the equity curve and the trades, in that unit.")
    difference: float | None = strawberry.field(
        description="The reported value less the computed one. Null where that is beyond what a number holds."
    )
    agrees: bool = strawberry.field(
        description=(
            f"Whether both are the same: equal counts, others to {TOLERANCE:g} of the larger one, or to {NOTHING:g}."
        )
    )
    likely_cause: DisagreementCause | None = strawberry.field(
        description="Why they differ. Null where they agree, and where no known convention gives the reported value."
    )
    explanation: str | None = strawberry.field(
        description="The whole difference in a sentence. Null where likelyCause is."
    )


_DESCRIPTIONS = {
    "total_return": "The last value over the first one, less 1, as a fraction (0.15 = 15 %).",
    "annualized_return": (
        "Geometric return a year as a fraction: (1 + total return) ^ (periodsPerYear / number of returns) - 1."
    ),
    "sharpe_ratio": (
        "Mean of the returns over their standard deviation with n - 1, times sqrt(periodsPerYear); no risk-free rate."
    ),
    "sortino_ratio": (
        "Mean of the returns over the root mean square of those below 0 (over all of them), times sqrt(periodsPerYear)."
    ),
    "calmar_ratio": "Annualized return over the size of the maximum drawdown.",
    "max_drawdown": "Deepest fall from a peak as a fraction, never positive (-0.34 = 34 % below the peak).",
    "max_drawdown_duration": "Longest time from a peak to the first value as high, or to the end, in days.",
    "volatility": "Standard deviation of the returns with n - 1, times sqrt(periodsPerYear), as a fraction.",
    "downside_volatility": (
        "Root mean square of the returns below 0, over all returns, times sqrt(periodsPerYear), as a fraction."
    ),
    "total_trades": "Number of closed trades.",
    "winning_trades": "Number of closed trades that made money.",
    "losing_trades": "Number of closed trades that lost money.",
    "win_rate": "Share of closed trades that made money, from 0 to 1.",
    "profit_factor": "Gross profit of the closed trades over their gross loss.",
    "average_win": "Mean profit of the closed trades that made money, in money.",
    "average_loss": "Mean loss of the closed trades that lost money, negative, in money.",
    "largest_win": "Profit of the best closed trade that made money, in money.",
    "largest_loss": "Result of the worst closed trade that lost money, negative, in money.",
    "final_portfolio_value": "Last value of the equity curve, in the run's currency.",
    "peak_portfolio_value": "Highest value of the equity curve, in the run's currency.",
}


def _column(name: str) -> Read:
    of = itemgetter(name)
    return Read(lambda rows: list(map(of, rows)), needs=(name,))


def _made() -> Any:
    """Return a class with a field for each metric that a curve and trades tell."""
    fields = {
        each.name: strawberry.field(description=f"{_DESCRIPTIONS[each.name]} Null where undefined.")
        for each in COMPUTED
    }
    reads: Mapping[str, Read] = {each.name: _column(computed_column(each.name)) for each in COMPUTED}
    return type(
        "ComputedMetrics",
        (Stored,),
        {
            "__annotations__": {each.name: int | None if each.is_count else float | None for each in COMPUTED},
            "__module__": __name__,
            "__doc__": "What the curve and the trades of a run give.",
            "reads": reads,
            **fields,
        },
    )


ComputedMetrics: Any = strawberry.type(
    _made(),
    description=(
        "The metrics of a run on one basis, whatever its engine calls by their names: computed from the equity curve "
        "with the calendar of periodsPerYear, and from the closed trades. Null is a metric that is undefined, or "
        "that cannot be computed of what was saved; undefined(basis: COMPUTED) says why. Beta and alpha are not here: "
        "they take a benchmark's returns."
    ),
)
COMPUTED_READ = Read(lambda rows: Objects(ComputedMetrics, rows), inside=ComputedMetrics)

_NAMES = tuple(metric.name for metric in METRICS)
_BY_BASIS: Mapping[str, Sequence[tuple[str, str]]] = {
    "REPORTED": tuple((name, name) for name in _NAMES),
    "COMPUTED": tuple((metric.name, computed_column(metric.name)) for metric in COMPUTED),
}


@batched(
    description=(
        "Why metrics are null, one for each that is: in metrics unless told, or in computed. What was saved before "
        "anything was computed has none of it until `backtest-graph recompute`."
    ),
    needs=("undefined", *_NAMES, *(column for _, column in _BY_BASIS["COMPUTED"])),
)
async def undefined(
    runs: Runs,
    info: Info,  # noqa: ARG001 - every batched resolver gets it
    basis: Annotated[Basis, strawberry.argument(description="REPORTED: those of metrics; COMPUTED: of computed.")] = (
        Basis.REPORTED
    ),
) -> Sequence[list[UndefinedMetric]]:
    """Return the reasons of each run."""
    columns = _BY_BASIS[basis.value]
    return [Objects(UndefinedMetric, _reasons(run, columns)) for run in runs.sources]  # type: ignore[misc]  # a list for GraphQL


def _reasons(run: Mapping[str, Any], columns: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    known = run["undefined"]
    return [
        {"metric": name, "reason": known.get(name, "NOT_REPORTED")} for name, column in columns if run[column] is None
    ]


@batched(
    description=(
        "What was reported beside what was computed, one for each metric that is both, with the likely cause where "
        "they differ. Empty for a run of which nothing was reported, or nothing can be computed."
    ),
    needs=NEEDS,
)
async def reconciliation(
    runs: Runs,
    info: Info,
    only_differences: Annotated[
        bool, strawberry.argument(description="Leave out the metrics of which both values agree.")
    ] = False,
) -> Sequence[list[Reconciliation]]:
    """Return what was reported of each run beside what was computed."""
    found = await load_reconciliations(info.context.database, runs.sources)
    if only_differences:
        found = [[each for each in of_run if not each["agrees"]] for of_run in found]
    return [Objects(Reconciliation, each) for each in found]  # type: ignore[misc]  # a list for GraphQL
