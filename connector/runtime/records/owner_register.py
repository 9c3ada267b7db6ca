"""Whether the records of a copy are those of whoever is about to keep or to read some."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connector.errors import StoreError
from connector.runtime.records.owners import check_owner, save_owner
from connector.runtime.records.tables import lock_changes

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from connector.runtime.clock import Clock
    from connector.runtime.database.database import Database
    from connector.runtime.records.accounts import Owner

_CLAIM_SECONDS = 5.0  # for which a claim holds: a look before each answer from the copy would add a third to its work
_REFUSAL_SECONDS = 60.0  # until a call may try again, as `forget` makes room


class OwnerRegister:
    """Notes owners in the database. It looks there again and again: another process may forget one and note another."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._claims: dict[Owner, float] = {}  # until when they hold
        self._refusals: dict[Owner, tuple[StoreError, float]] = {}  # and until when they hold

    def claim(self, owner: Owner) -> None:
        """Note an owner. Raises StoreError where the records are another one's."""
        if self._clock.monotonic() < self._claims.get(owner, 0.0):
            return
        place = self._database.display_url
        is_noted = self._database.run(partial(check_owner, owner=owner, place=place))
        if not is_noted and not self._database.is_read_only():

            def save(connection: Connection) -> None:
                lock_changes(connection)
                check_owner(connection, owner, place)  # another process may have come first
                save_owner(connection, owner)

            self._database.run_in_transaction(save)
        self._refusals.pop(owner, None)
        self._claims[owner] = self._clock.monotonic() + _CLAIM_SECONDS

    def find_refusal(self, owner: Owner) -> StoreError | None:
        """Return why the calls of an owner keep nothing, if it was refused a moment ago."""
        refusal, until = self._refusals.get(owner, (None, 0.0))
        return refusal if self._clock.monotonic() < until else None

    def admit(self, connection: Connection, owner: Owner) -> StoreError | None:
        """Note an owner within a transaction that keeps records; return why these must not be kept, or None."""
        try:
            if not check_owner(connection, owner, self._database.display_url):
                save_owner(connection, owner)
        except StoreError as error:
            self._claims.pop(owner, None)
            self._refusals[owner] = error, self._clock.monotonic() + _REFUSAL_SECONDS
            return error
        return None

    def clear(self) -> None:
        """Look at the database again for each owner."""
        self._claims.clear()
        self._refusals.clear()
