"""Variables of an operation, coerced a column at a time.

graphql-core coerces each field of each object by itself, and Strawberry then makes each object by itself: 10 µs a leaf.
Here a list of objects is taken apart into one list for each field, and each of those is checked and coerced at once.

Whatever is unusual (an unknown or missing name, a null or a type that does not belong there, a single value for a
list …) is given up, and graphql-core coerces all variables in its ordinary way: every error and its path is its own.
"""
