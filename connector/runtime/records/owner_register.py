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

_REFUSAL_SECONDS = 60.0  # until a call may try again, as `forget` makes room


class OwnerRegister:
    """Notes owners in the database, each once in a process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._owners: set[Owner] = set()
        self._refusals: dict[Owner, tuple[StoreError, float]] = {}  # and until when they hold

    def claim(self, owner: Owner) -> None:
        """Note an owner. Raises StoreError where the records are another one's."""
        if owner in self._owners:
            return
        place = self._database.display_url
        is_noted = self._database.run(partial(check_owner, owner=owner, place=place))
        if not is_noted and not self._database.is_read_only():

            def save(connection: Connection) -> None:
                lock_changes(connection)
                check_owner(connection, owner, place)  # another process may have come first
                save_owner(connection, owner)

            self._database.run_in_transaction(save)
        self._owners.add(owner)

    def find_refusal(self, owner: Owner) -> StoreError | None:
        """Return why the calls of an owner keep nothing, if it was refused a moment ago."""
        refusal, until = self._refusals.get(owner, (None, 0.0))
        return refusal if self._clock.monotonic() < until else None

    def admit(self, connection: Connection, owner: Owner) -> StoreError | None:
        """Note an owner within a transaction that keeps records; return why these must not be kept, or None."""
        if owner in self._owners:
            return None
        try:
            is_noted = check_owner(connection, owner, self._database.display_url)
        except StoreError as error:
            self._refusals[owner] = error, self._clock.monotonic() + _REFUSAL_SECONDS
            return error
        if is_noted:
            self._owners.add(owner)
        else:
            save_owner(connection, owner)  # and look again the next time, as this transaction may fail
        return None

    def clear(self) -> None:
        """Look at the database again for each owner."""
        self._owners.clear()
        self._refusals.clear()
