"""Answers completed column by column.

graphql-core completes a list value by value: each leaf costs a resolver call, a type check and a path. Here a selection
is compiled once into functions over columns, each of which completes one field of all objects of a list at once.
Whenever anything is unusual, such as a null where none may be, a NaN or an error, the whole value is given up, and
graphql-core completes it in its ordinary way: errors, their paths and the propagation of nulls stay its own.

    leaves    functions over columns of scalars and enums
    objects   objects made of rows, which give whole columns
    batched   resolvers that answer for all objects of a list at once
    plans     a selection as functions over columns
    documents what is known of a query's text: its document, its errors, its plans
    direct    a schema that executes what it knows without the steps for extensions that are not there
    streams   the answers of a subscription
    executor  graphql-core's executor, with plans where there are some
"""

from schema.bulk.batched import Batches, batched
from schema.bulk.direct import DirectSchema
from schema.bulk.documents import Documents, Memory
from schema.bulk.executor import BulkExecutor
from schema.bulk.objects import Objects, Places, Read, Stored, read_places
from schema.bulk.streams import Answers, Ended

__all__ = [
    "Answers",
    "Batches",
    "BulkExecutor",
    "DirectSchema",
    "Documents",
    "Ended",
    "Memory",
    "Objects",
    "Places",
    "Read",
    "Stored",
    "batched",
    "read_places",
]
