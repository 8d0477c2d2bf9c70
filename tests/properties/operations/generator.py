"""Random operations from a schema: deterministic by a seed."""

import json
import random
from typing import Any

from graphql import GraphQLSchema

from tests.properties.operations.inputs import Inputs
from tests.properties.operations.knowledge import Knowledge
from tests.properties.operations.operation import Operation
from tests.properties.operations.selections import Selections

PARTS = (5, 15, 40)
"""Of a document; validation takes longer than all the rest."""
LEAVES = (10, 30, 100, 400, 1500)
"""Of an answer, about."""
WRONGNESS = (0.0, 0.0, 0.0, 0.2, 0.6)
"""Most operations are right."""


def random_operation(
    schema: GraphQLSchema, knowledge: Knowledge, seed: str, *, changes: bool = False, leaves: tuple[int, ...] = LEAVES
) -> Operation:
    """Return a question, or a change; the same for the same seed and knowledge."""
    dice = random.Random(seed)
    inputs = Inputs(dice, knowledge, wrongness=dice.choice(WRONGNESS))
    selections = Selections(schema, inputs, parts=dice.choice(PARTS), leaves=dice.choice(leaves))
    body = selections.selection(schema.mutation_type if changes else schema.query_type)
    head = "mutation" if changes else "query"
    name = dice.choice(("", " Question", " query"))
    declared = ", ".join(
        f"${variable}: {each.type}" + (f" = {each.default}" if each.default else "")
        for variable, each in inputs.declared.items()
    )
    texts = [f"{head}{name}{f'({declared})' if declared else ''} {body}"]
    if not name and head == "query" and not declared and dice.random() < 0.5:
        texts = [body]
    texts += [f"fragment {each.name} on {each.type.name} {each.text}" for each in selections.fragments]
    several = bool(name) and dice.random() < 0.1
    if several:
        texts.append("query Other { __typename }")
    dice.shuffle(texts)
    chosen = name.strip() if several and dice.random() < 0.9 else None
    variables, *others = (json.loads(json.dumps(each)) for each in (inputs.given, *_others(inputs)))
    return Operation("\n".join(texts), variables, chosen, tuple(others))


def _others(inputs: Inputs) -> list[dict[str, Any]]:
    return [inputs.other_variables() for _ in range(2 if inputs.declared else 0)]
