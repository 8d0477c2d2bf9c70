"""What a field costs: 1 for each object, except for the fields named here.

A unit is some 20 microseconds of a processor: 50 rows with their share of the statement take a millisecond.
"""

from dataclasses import dataclass

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from resolvers.paging import PAGE
from schema.limits.sizes import ItemsOf, PageSize, Times
from schema.metrics import Metric

ONE = Times(1)


@dataclass(frozen=True, slots=True)
class Weight:
    """What a field costs: once, and for each of as many things as its size says.

    The things of a list are its objects, each with all that is selected of it. Those of an object, such as a page, are
    in the fields inside it that are marked by is_each; its other fields count once.
    """

    once: int = 0
    each: int = 0
    size: Times | ItemsOf | PageSize = ONE
    is_each: bool = False


SERIES = 50
"""A curve of 2,520 points."""
SCAN = 1_000
"""A statement that reads all runs: 20 ms for each 25,000 of them."""
VALIDATION = 1_000
"""A cross-validation: 200 ms and more the first time, 2 ms ever after."""
GRID = 100
"""All trials of an optimization, some hundreds."""
SAVE = 10
"""A run that is saved."""
WORD = 4
"""A type or field of the schema itself, beyond the object: all of them are answered without a pause."""

WEIGHTS: dict[str, Weight] = {
    "Query.leaders": Weight(SCAN, size=Times(1_000)),
    "Query.backtestAggregates": Weight(SCAN, size=Times(1_000)),
    "Query.performanceSummary": Weight(SCAN),
    "PerformanceSummary.byStrategy": Weight(size=Times(100)),
    "PerformanceSummary.bySymbol": Weight(size=Times(100)),
    "Query.compareBacktests": Weight(1, size=ItemsOf("ids")),
    "Comparison.backtests": Weight(is_each=True),
    "Comparison.metrics": Weight(size=Times(len(Metric)), is_each=True),
    "Comparison.parameters": Weight(is_each=True),
    "Comparison.equityCurves": Weight(SERIES, is_each=True),
    "Comparison.returnCorrelation": Weight(SERIES // 2, is_each=True),
    "Comparison.earliest": Weight(SERIES // 5, is_each=True),
    "Comparison.latest": Weight(SERIES // 5, is_each=True),
    "MetricComparison.values": Weight(),
    "AlignedSeries.series": Weight(),
    "Backtest.equityCurve": Weight(SERIES),
    "Backtest.drawdownCurve": Weight(SERIES),
    "Backtest.undefined": Weight(size=Times(len(Metric))),
    "Backtest.reconciliation": Weight(SERIES, size=Times(len(Metric))),
    "OptimizationTrial.returns": Weight(SERIES),
    "Optimization.overfitting": Weight(VALIDATION),
    "Optimization.surface": Weight(GRID),
    "Optimization.robustness": Weight(GRID),
    "Robustness.parameters": Weight(size=Times(5)),
    "LogitDistribution.histogram": Weight(size=Times(24)),
    "Backtest.luck": Weight(5),
    "Luck.undefined": Weight(size=Times(10)),
    "Query.family": Weight(10),
    "Backtest.family": Weight(10),
    "Family.averageCorrelation": Weight(50 * SERIES),
    "Family.effectiveTrials": Weight(50 * SERIES),
    "Family.undefined": Weight(size=Times(7)),
    "Backtest.documents": Weight(size=Times(3)),
    "SourceDocument.content": Weight(20),
    "Backtest.walkForward": Weight(10),
    "WalkForwardSummary.overlaps": Weight(size=Times(5)),
    "WalkForwardSummary.parameterDrift": Weight(size=Times(5)),
    "WalkForwardSummary.undefined": Weight(size=Times(5)),
    "WalkForwardTest.returns": Weight(SERIES),
    "BacktestConnection.totalCount": Weight(100),
    "RankingConnection.totalCount": Weight(100),
    "Mutation.saveBacktest": Weight(SAVE),
    "Mutation.saveBacktests": Weight(1, each=SAVE, size=ItemsOf("inputs")),
    "SaveBacktestsPayload.backtests": Weight(is_each=True),
    "Mutation.importBacktest": Weight(SAVE),
    "Mutation.updateBacktest": Weight(SAVE),
    "Mutation.deleteBacktest": Weight(SAVE),
    "Mutation.deleteBacktests": Weight(SCAN),
    "Mutation.saveOptimization": Weight(SAVE),
    "Mutation.importOptimization": Weight(SAVE),
    "Mutation.saveWalkForwardTests": Weight(SAVE),
    "Mutation.importWalkForward": Weight(SAVE),
    "SaveWalkForwardTestsPayload.walkForwardTests": Weight(size=Times(PAGE)),
    "__Schema.types": Weight(each=WORD, size=Times(100)),
    "__Schema.directives": Weight(each=WORD, size=Times(5)),
    "__Directive.args": Weight(each=WORD),
    "__Type.fields": Weight(each=WORD, size=Times(5)),
    "__Type.inputFields": Weight(each=WORD, size=Times(5)),
    "__Type.enumValues": Weight(each=WORD, size=Times(5)),
    "__Type.possibleTypes": Weight(each=WORD, size=Times(3)),
    "__Type.interfaces": Weight(each=WORD),
    "__Type.ofType": Weight(),
    "__Field.args": Weight(each=WORD),
}
FREE = frozenset({"PageInfo", "UserError", "Warning"})
"""Types of objects that come without a statement of their own, and few of them."""
NOTHING = Weight(size=Times(0))
OBJECT = Weight(1)
PAGE_OF = Weight(1, size=PageSize())
ROWS = Weight(is_each=True)
LIST = Weight(size=Times(PAGE))
"""A list of objects that nothing is said about."""


def weight_of(parent: GraphQLNamedType, name: str, field: GraphQLField) -> Weight:
    """Return the weight of a field."""
    return WEIGHTS.get(f"{parent.name}.{name}") or _usual(parent, field)


def is_list(field: GraphQLField) -> bool:
    """Tell whether a field gives a list of objects."""
    return is_list_type(get_nullable_type(field.type)) and is_composite_type(get_named_type(field.type))


def _usual(parent: GraphQLNamedType, field: GraphQLField) -> Weight:
    kind = get_named_type(field.type)
    if not is_composite_type(kind) or kind.name in FREE:
        return NOTHING
    if kind.name.endswith("Connection"):
        return PAGE_OF
    if is_list(field):
        return ROWS if parent.name.endswith("Connection") else LIST
    return NOTHING if parent.name.endswith("Edge") else OBJECT
