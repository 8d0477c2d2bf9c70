"""The reference: what one would write by hand for these questions, with Starlette, asyncpg, orjson and msgspec.

It answers the very JSON of the service from the very tables, checks nothing that it need not, and knows each statement
beforehand; asyncpg prepares them once a connection. Its pool is used as it comes: it resets a connection after each
use, which is about a fifth of the shortest question.
"""
