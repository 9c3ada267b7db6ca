"""Answer a read of one record from the copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.core.records.kinds import read_path_values
from connector.core.records.sights import find_kind, name_variant
from connector.core.redaction import MASK
from connector.core.response.result import Result
from connector.runtime.records.accounts import find_account

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from connector.core.records.record import Record
    from connector.runtime.calls.prepared import PreparedCall
    from connector.runtime.records.records import Records


@dataclass(frozen=True, slots=True)
class KeptAnswers:
    """The answers that a copy has for the calls of a client."""

    records: Records

    def find(self, call: PreparedCall, max_age: float | None, reason: str = "") -> Result | None:
        """Return the copy of the record that a call reads, if it was read whole no longer ago than `max_age`.

        None for the age is any. Raises StoreError, UsageError.
        """
        kind = find_kind(call.compiled.connector, call.compiled.action)
        names = read_path_values(call.compiled.action.path, call.request.path)
        if kind is None or kind.role != "get" or not names:
            return None
        account = find_account(call, self.records.account)
        record = self.records.get(call.compiled.connector.name, account, kind.resource, names[-1])
        if record is None or record.gone_at is not None or record.whole_at is None:
            return None
        age = max(0.0, call.now() - record.whole_at)
        if record.variant != name_variant(call.request) or (max_age is not None and age > max_age):
            return None
        warnings = [reason] if reason else []
        if hidden := _list_hidden(record):
            warnings.append(f"The copy of this record does not have {', '.join(hidden)}: they are secret.")
        return Result(dict(record.data), attempts=0, warnings=tuple(warnings), from_records=True, age=age)


def _list_hidden(record: Record) -> list[str]:
    """Return the names of the fields that a secret was taken out of."""
    return [name for name, value in record.data.items() if _has_mask(value)]


def _has_mask(value: Mapping[str, Any] | Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_has_mask, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and MASK in value
