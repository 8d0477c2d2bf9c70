"""Families: what counts as trials of one another."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import strawberry

from resolvers.checks.report import camel
from resolvers.families import Family as Name
from resolvers.family_figures import (
    MOST_CURVES,
    check_target,
    length_left,
    load_families,
    minimum_length,
    read_family,
)
from schema.bulk import Objects, Read, Stored, batched
from schema.context import Info
from schema.luck import UndefinedLuck
from schema.scopes import READS
from schema.selections import is_selected

TargetSharpe = Annotated[
    float, strawberry.argument(description="The annual Sharpe ratio that luck alone should not reach, above zero.")
]
_OF_RUNS = ("storedBacktests", "periodsPerYear", "varianceOfSharpes", "backtestLength", "minimumBacktestLengthLeft")
_OF_CURVES = ("averageCorrelation", "effectiveTrials")


def _read_undefined(families: Sequence[Any]) -> list[Any]:
    return [
        Objects(UndefinedLuck, [{"figure": camel(name), "reason": why} for name, why in each["undefined"].items()])
        for each in families
    ]


@strawberry.type(
    description=(
        "A study, or else one strategy on one symbol: all that was tried among what the best is chosen of. Each run "
        "and each combination of an optimization is a trial, also those of runs that failed or were deleted: so that "
        "deleting the losers does not make the rest look better. What is undefined is null, with its reason in "
        "`undefined`."
    )
)
class Family(Stored):
    """A family; the source is what `resolvers.family_figures` measures."""

    reads: ClassVar = {
        "stored_backtests": Read(lambda families: [each["stored"] for each in families]),
        "undefined": Read(_read_undefined),
    }
    strategy: str | None = strawberry.field(description="The strategy. Null for a study.")
    symbol: str | None = strawberry.field(description="The symbol. Null for a study.")
    study: str | None = strawberry.field(description="The study. Null for a strategy on a symbol.")
    trials: float = strawberry.field(
        description="Number of trials, deleted ones included: a whole number, which may be beyond an Int."
    )
    recorded_trials: float = strawberry.field(
        description=(
            "Trials whose Sharpe ratio is known, also of deleted runs: the ledger keeps it. A whole number, less than "
            "trials where an optimization saved only its best ones, and where runs have no Sharpe ratio."
        )
    )
    stored_backtests: int = strawberry.field(description="Number of the family's runs that are still stored.")
    periods_per_year: float | None = strawberry.field(
        description="The most usual number of returns a year among its trials. Null where none has a calendar."
    )
    variance_of_sharpes: float | None = strawberry.field(
        description=(
            "Variance (n - 1) of the recorded Sharpe ratios per period. Null for fewer than two of them, and where "
            "periodsPerYear is."
        )
    )
    average_sharpe: float | None = strawberry.field(
        description="Mean of the recorded Sharpe ratios, annual. Null where there are none."
    )
    average_correlation: float | None = strawberry.field(
        description=(
            f"Mean of Pearson's correlations between the returns of any two of the newest {MOST_CURVES} stored runs "
            "with an equity curve (fewer where these are very long), on common times as compareBacktests finds them. "
            "Null for fewer than two curves, and where no two share returns that vary."
        )
    )
    effective_trials: float | None = strawberry.field(
        description=(
            "How many independent trials they are worth: rho + (1 - rho) trials for an average correlation of rho; a "
            "negative one counts as 0. Null where averageCorrelation is."
        )
    )
    expected_maximum_sharpe: float | None = strawberry.field(
        description=(
            "The best annual Sharpe ratio that so many trials are expected to give without any skill; 0 for one "
            "trial. Null where the recorded Sharpe ratios have no variance. It cannot see look-ahead."
        )
    )
    backtest_length: float | None = strawberry.field(
        description="Years of the longest stored run, by its returns. Null where none has an equity curve."
    )
    undefined: list[UndefinedLuck] = strawberry.field(
        description=(
            "Which of these figures are null, and why; those of curves only where one of them is selected. "
            "minimumBacktestLengthLeft is null where backtestLength is."
        )
    )

    @batched(
        description=(
            "Years that a backtest must have, so that the best of so many trials is not expected to reach "
            "`targetSharpe` by luck alone (Bailey, Borwein, Lopez de Prado and Zhu 2014)."
        )
    )
    async def minimum_backtest_length(
        families: Objects["Family"],
        info: Info,  # noqa: ARG002 - every batched field is given it
        target_sharpe: TargetSharpe = 1.0,
    ) -> Sequence[float]:
        """Return the years that a backtest of each family must have."""
        check_target(target_sharpe)
        return [minimum_length(each, target_sharpe) for each in families.sources]

    @batched(
        description=(
            "Years of backtestLength beyond minimumBacktestLength: what is left for more trials; negative where too "
            "many were run for the data there is. Null where backtestLength is."
        )
    )
    async def minimum_backtest_length_left(
        families: Objects["Family"],
        info: Info,  # noqa: ARG002 - as above
        target_sharpe: TargetSharpe = 1.0,
    ) -> Sequence[float | None]:
        """Return the years that the longest run of each family has beyond the minimum."""
        check_target(target_sharpe)
        return [length_left(each, target_sharpe) for each in families.sources]


async def find_families(info: Info, names: Sequence[Name]) -> Sequence[Any]:
    """Return the families of these names, with what is selected of them."""
    found = await load_families(
        info.context.database,
        names,
        with_runs=_is_any_selected(info, (*_OF_RUNS, "undefined")),
        with_correlation=_is_any_selected(info, _OF_CURVES),
    )
    return Objects(Family, found)


def _is_any_selected(info: Info, fields: Sequence[str]) -> bool:
    return any(is_selected(info, field) for field in fields)


@strawberry.type
class FamilyQuery:
    """Questions about families."""

    @strawberry.field(
        description="The trials of a study, or of a strategy on a symbol. Null where there was none.", metadata=READS
    )
    async def family(
        self,
        info: Info,
        strategy: Annotated[str | None, strawberry.argument(description="The strategy, with the symbol.")] = None,
        symbol: Annotated[str | None, strawberry.argument(description="The symbol, in any case.")] = None,
        study: Annotated[str | None, strawberry.argument(description="The study, without the other two.")] = None,
    ) -> Family | None:
        """Return a family."""
        found: Family = (await find_families(info, [read_family(strategy, symbol, study)]))[0]
        return found if found.trials else None
