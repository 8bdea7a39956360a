"""Everything a registry remembers, on SQLite or PostgreSQL by the same code."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import select

from rakkan.registry.store.briefs import Briefs
from rakkan.registry.store.commitments import Commitments
from rakkan.registry.store.database import Database
from rakkan.registry.store.events import Events
from rakkan.registry.store.leases import Leases
from rakkan.registry.store.likenesses import Likenesses
from rakkan.registry.store.log import Log
from rakkan.registry.store.members import MemberBlocks
from rakkan.registry.store.models import Models
from rakkan.registry.store.outbox import Outbox
from rakkan.registry.store.records import Records
from rakkan.registry.store.sealed import SealedFields
from rakkan.registry.store.stamps import Stamps
from rakkan.registry.store.tables import SettingRow, TokenRow, table
from rakkan.registry.store.verdicts import Verdicts
from rakkan.registry.store.webhooks import Webhooks
from rakkan.registry.store.withdrawals import Withdrawals
from rakkan.schemas.errors import Conflict
from rakkan.schemas.instant import to_unix

__all__ = ["Store"]

_setting, _token = table(SettingRow), table(TokenRow)


class Store:
    """One registry's memory.

    Args:
        url: SQLAlchemy URL of an SQLite file or a PostgreSQL database.
        origin: The log's name; a database belongs to one origin for good.
        founded: The registry exists, so its database has to: an empty one in its place would begin the
            log anew under a name and a key that others hold heads of.

    Raises:
        Conflict: ``store-version``, ``store-foreign``.
        Integrity: ``store-damaged``.
        Unavailable: ``store-unavailable``, ``store-missing``.
    """

    def __init__(self, url: str, origin: str, *, founded: bool = False) -> None:
        self.database = Database(url, make=not founded)
        with self.database.write() as connection:
            self.database.insert(connection, _setting, [{"name": "origin", "value": origin}])
            found = connection.execute(
                select(_setting.c.value).where(_setting.c.name == "origin")
            ).scalar_one()
        if found != origin:
            self.database.close()
            raise Conflict(
                f"This database belongs to the log {found}, not to {origin}.",
                code="store-foreign",
                hint="Each home needs a database of its own.",
            )
        self.records = Records(self.database)
        self.briefs = Briefs(self.database)
        self.models = Models(self.database)
        self.log = Log(self.database, origin)
        self.outbox = Outbox(self.database)
        self.leases = Leases(self.database)
        self.stamps = Stamps(self.database)
        self.members = MemberBlocks(self.database)
        self.sealed = SealedFields(self.database)
        self.commitments = Commitments(self.database)
        self.likenesses = Likenesses(self.database)
        self.events = Events(self.database)
        self.withdrawals = Withdrawals(self.database)
        self.webhooks = Webhooks(self.database)
        self.verdicts = Verdicts(self.database)

    def new_token(self, name: str, at: datetime) -> str:
        """Make a bearer token; only its digest is kept."""
        token = f"rkn_{secrets.token_urlsafe(32)}"
        row = {"digest": hashlib.sha256(token.encode()).digest(), "name": name, "created_at": to_unix(at)}
        with self.database.write() as connection:
            self.database.insert(connection, _token, [row])
        return token

    def knows_token(self, token: str) -> bool:
        """Whether a bearer token was made here."""
        digest = hashlib.sha256(token.encode()).digest()
        with self.database.read() as connection:
            return (
                connection.execute(select(_token.c.name).where(_token.c.digest == digest)).first() is not None
            )

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()
