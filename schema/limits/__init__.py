"""What a query may take: checked before it is validated, and before anything of it is executed.

Strawberry's own limiters follow every spread of a fragment anew and take 40 seconds for 22 nested fragments. Here each
definition of a document is walked once, and what fragments have is added up from them.

    bounds    the limits
    shapes    what a document has: depth, aliases, directives, repetitions
    reading   a text as a document within limits
    weights   what a field costs
    costs     what an operation costs, as a function of its variables
    sizes     how many objects a field gives, by its arguments
    values    how many values the variables of a question have
"""

from schema.limits.bounds import Limits
from schema.limits.costs import Costs, find_costs
from schema.limits.reading import hide_suggestions, read_document
from schema.limits.refusing import refuse_cost, refuse_values
from schema.limits.values import count_values

__all__ = [
    "Costs",
    "Limits",
    "count_values",
    "find_costs",
    "hide_suggestions",
    "read_document",
    "refuse_cost",
    "refuse_values",
]
