"""Answer a read of one record, or of a whole list, from the copy."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any

from connector.core.json_path import set_at_path
from connector.core.records.kinds import read_path_values
from connector.core.records.record import MAX_SKEW
from connector.core.records.sights import find_kind, name_variant, read_listing
from connector.core.redaction import MASK
from connector.core.response.result import Result
from connector.errors import StoreError
from connector.first_use import dataclass
from connector.runtime.records.accounts import find_owner

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.core.records.kinds import RecordKind
    from connector.core.records.record import Record
    from connector.runtime.calls.prepared import PreparedCall
    from connector.runtime.records.records import Records


_WAIT_SECONDS = 2.0
_log = logging.getLogger("connector.records")


@dataclass(frozen=True, slots=True)
class KeptAnswers:
    """The answers that a copy has for the calls of a client, which `is_own` where no other client was given it."""

    records: Records
    is_own: bool = False

    def find(self, call: PreparedCall, max_age: float | None, reason: str = "") -> Result | None:
        """Return the answer that the copy has, as `read`; None where the copy cannot be read, which fails no call."""
        try:
            return self.read(call, max_age, reason)
        except StoreError as error:
            _log.warning("The copy of records cannot be read: %s", error)
            return None

    def finish(self) -> None:
        """Wait until all that the calls of the client told is in the copy, so that who opens it next finds it there."""
        if self.is_own:
            with contextlib.suppress(StoreError):  # which was logged
                self.records.flush()

    def wait_for_room(self, *, first: bool) -> None:
        """Wait while too much of what was read is not written yet; the first request of a call waits for a moment only.

        A copy that is slow must not be flooded, and one that hangs must not stop calls.
        """
        backlog = self.records.find_backlog()
        if backlog is not None:
            wait([backlog], _WAIT_SECONDS if first else None)

    async def wait_for_room_async(self, *, first: bool) -> None:
        """Do as `wait_for_room`, and let other tasks run."""
        backlog = self.records.find_backlog()
        if backlog is not None:
            await asyncio.to_thread(wait, [backlog], _WAIT_SECONDS if first else None)

    def read(self, call: PreparedCall, max_age: float | None, reason: str = "") -> Result | None:
        """Return the copy of the record or the list that a call reads, if it was read whole within `max_age` seconds.

        None for the age is any. A list must be this very list, of which the copy has each item, and nothing may have
        been written to its resource since. Raises StoreError.
        """
        kind = find_kind(call.compiled.connector, call.compiled.action)
        if kind is not None and kind.role == "list":
            return self._find_list(call, kind, max_age, reason)
        names = read_path_values(call.compiled.action.path, call.request.path)
        if kind is None or kind.role != "get" or not names:
            return None
        account = self._find_account(call)
        if account is None:
            return None
        record, named_at = self.records.get_named(call.compiled.connector.name, account, kind.resource, names[-1])
        if record is None or record.gone_at is not None or record.whole_at is None:
            return None
        age = call.now() - min(record.whole_at, named_at)
        if record.variant != name_variant(call.request) or _is_too_old(age, max_age):
            return None
        return _build_result(dict(record.data), [record], age, reason)

    def _find_account(self, call: PreparedCall) -> str | None:
        """Return the account whose records answer a call, or None. Raises StoreError where they are another one's."""
        owner = find_owner(call, self.records.account)
        if owner is None:
            return None
        self.records.claim(call.compiled.connector, owner)
        return owner.account

    def _find_list(self, call: PreparedCall, kind: RecordKind, max_age: float | None, reason: str) -> Result | None:
        pagination, options = call.compiled.pagination, call.options
        if pagination is None or pagination.items is None or pagination.item is not None or options.limit is not None:
            return None
        account, name = self._find_account(call), call.compiled.connector.name
        resource, listed = kind.resource, read_listing(kind, call.compiled, call.request)
        if account is None or not listed.is_whole:
            return None
        listing = listed.name
        complete_at = self.records.find_exact_at(name, account, listing)
        if complete_at is None or self.records.has_write(name, account, resource, complete_at):
            return None
        age = call.now() - complete_at
        if _is_too_old(age, max_age):
            return None
        kept = self.records.find(name, resource, account=account, listing=listing)
        items = [dict(record.data) for record in kept]
        data: Any = items if pagination.items == "." else set_at_path({}, pagination.items, items)
        return _build_result(data, kept, age, reason)


def _is_too_old(age: float, max_age: float | None) -> bool:
    """Whether a copy is too old, or nothing can be said of its age: it was read in the future, so a clock was wrong."""
    return max_age is not None and not -MAX_SKEW <= age <= max_age


def _build_result(data: Any, records: Iterable[Record], age: float, reason: str) -> Result:
    warnings = [reason] if reason else []
    hidden = dict.fromkeys(name for record in records for name in _list_hidden(record))
    if hidden:
        warnings.append(f"The copy does not have {', '.join(hidden)}: secrets are not kept.")
    return Result(data, attempts=0, warnings=tuple(warnings), from_records=True, age=max(0.0, age))


def _list_hidden(record: Record) -> list[str]:
    """Return the names of the fields that a secret was taken out of."""
    return [name for name, value in record.data.items() if _has_mask(value)]


def _has_mask(value: Mapping[str, Any] | Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_has_mask, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and MASK in value
