"""Bring what follows from the trials of families up to date, where a question takes it."""

from resolvers.deflation import refresh_deflated
from resolvers.filters import Said
from resolvers.metric_columns import DEFLATED
from resolvers.store.database import Database


async def bring_up_to_date(database: Database, said: Said, *columns: str | None) -> None:
    """Deflate the Sharpe ratios of families with new trials, if a filter or the columns of a question take them."""
    if said.is_deflated or DEFLATED in columns:
        await refresh_deflated(database)
