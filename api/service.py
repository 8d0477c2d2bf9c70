"""What the application is made of, for those who answer."""

from dataclasses import dataclass, field

from api.access.access import Access
from api.http.persisted import PersistedDocuments
from api.http.presence import Askers
from api.live.audience import Audience
from api.settings import Settings
from resolvers.live.following import Live
from resolvers.store.database import Database
from schema.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The parts that live as long as the process."""

    settings: Settings
    database: Database
    schema: Schema
    access: Access
    live: Live
    audience: Audience
    documents: PersistedDocuments = field(default_factory=PersistedDocuments)
    askers: Askers = field(default_factory=Askers)
