"""The handler of events that keeps records fresh."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from connector.core.records.events import find_time, read_event
from connector.errors import UsageError
from connector.runtime.records.accounts import Owner

if TYPE_CHECKING:
    from connector.core.webhook.event import Event
    from connector.definition.loader import Connector
    from connector.runtime.records.recorder import KeepsRecords


class EventKeeper:
    """Keeps what events tell: `receiver.on()(EventKeeper(records, connector))`; it returns when that is durable.

    The records are those of the copy's `account`, else of the account that the event names.
    """

    def __init__(self, records: KeepsRecords, connector: Connector) -> None:
        self._records, self._connector = records, connector

    def __call__(self, event: Event) -> None:
        """Keep an event. Raises StoreError, and UsageError where nothing says whose it is."""
        sights = list(read_event(self._connector, event))
        if not sights:
            return
        account = self._records.account or event.account
        if not account:
            hint = 'Name the account: Records(url, account="work").'
            raise UsageError(f"The event {event.name} names no account, so its record cannot be kept.", hint=hint)
        owner = Owner(self._connector.name, account, self._connector.manifest.own_hosts)
        self._records.claim(self._connector, owner)
        at = find_time(event, time.time())
        self._records.keep(self._connector.name, account, sights, at, owner).result()
        self._records.claim(self._connector, owner)  # it was kept only if the copy was still this owner's
