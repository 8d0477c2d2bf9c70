from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Integer, Text, literal, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY

from resolvers.store import statements
from resolvers.store.database import Database
from resolvers.store.statements import Slot, shaped


def write(negated: bool, *, number: Slot, pair: Slot) -> Any:
    sign: ColumnElement[int] = literal_column("-1" if negated else "1")
    figure = sign * literal(number, type_=Integer())
    word, numbers = literal(pair[0], type_=Text()), literal(pair[1]["deep"], type_=ARRAY(Integer))
    return select(
        figure.label("number"), word.label("word"), numbers.label("list"), literal(7, type_=Integer()).label("constant")
    )


async def test_values_come_with_each_call_and_reach_their_places(shared_database: Database) -> None:
    statement = shaped(write)
    for number, word in ((1, "a"), (2, "b")):
        ready = statement(False, number=number, pair=(word, {"deep": [number, number]}))
        [row] = await shared_database.fetch(ready)
        assert dict(row) == {"number": number, "word": word, "list": [number, number], "constant": 7}
    [row] = await shared_database.fetch(statement(True, number=3, pair=("", {"deep": []})))
    assert row["number"] == -3


def test_a_statement_is_written_once_for_each_shape() -> None:
    seen: list[bool] = []

    def watched(negated: bool, *, number: Slot, pair: Slot) -> Any:
        seen.append(negated)
        return write(negated, number=number, pair=pair)

    statement = shaped(watched)
    for number in range(5):
        for negated in (False, True):
            statement(negated, number=number, pair=("x", {"deep": [number]}))
    assert seen == [False, True]
    assert (statement.written, statement.kept) == (2, 2)


def test_the_shapes_used_longest_ago_are_dropped() -> None:
    statement = shaped(lambda shape, *, number: select(literal(number, type_=Integer()).label(f"n{shape}")))
    for shape in range(statements.KEPT + 10):
        statement(shape, number=1)
    assert statement.kept == statements.KEPT
    statement(statements.KEPT + 9, number=1)
    assert statement.written == statements.KEPT + 10


def test_a_slot_stands_for_a_value_and_for_parts_of_it() -> None:
    values = {"pair": ("a", {"b": [10, 20]}), "other": 1}
    places = {"whole": Slot("pair"), "first": Slot("pair")[0], "deep": Slot("pair")[1]["b"][1]}
    read = {name: slot.reader()(values) for name, slot in places.items()}
    assert itemgetter("whole", "first", "deep")(read) == (values["pair"], "a", 20)
