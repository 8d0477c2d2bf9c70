"""Refusals."""

from graphql import GraphQLError, Node

from schema.limits.bounds import Limits

CODE = "QUERY_TOO_COMPLEX"


def refuse(message: str, *, limit: int, figure: int | None = None, node: Node | None = None) -> GraphQLError:
    """Return the refusal of a query: figure is what it has, None where reading stopped at the limit."""
    extensions = {"code": CODE, "limit": limit} if figure is None else {"code": CODE, "figure": figure, "limit": limit}
    return GraphQLError(message, node, extensions=extensions)


def refuse_values(limits: Limits, node: Node | None = None) -> GraphQLError:
    """Return the refusal of variables that hold too many values."""
    return refuse(
        f"The variables hold more than {limits.values:,} values, and no more are taken.",
        limit=limits.values,
        node=node,
    )


def refuse_cost(cost: int, limits: Limits, node: Node | None = None) -> GraphQLError:
    """Return the refusal of an operation that costs too much."""
    return refuse(
        f"The query costs {cost:,}; at most {limits.cost:,} are taken: ask for smaller pages.",
        figure=cost,
        limit=limits.cost,
        node=node,
    )
