"""Records as JSON texts with a checksum."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from connector._version import __version__
from connector.errors import UsageError
from connector.runtime.storage.store import StoredRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA_VERSION = 1  # a later one also says its `program`, which this one names when it refuses a record


class CorruptRecord(Exception):
    """A record cannot be read; the message gives the reason, and no data."""


class UnsupportedRecord(CorruptRecord):
    """A record may be intact but cannot be read by this version: it stays where it is."""


def dump_json(data: Mapping[str, Any]) -> str:
    """Return data as JSON. Raises UsageError, which contains no value."""
    problem = ""
    try:
        return json.dumps(dict(data), allow_nan=False, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError, AttributeError) as error:
        problem = type(error).__name__
    raise UsageError(f"The data is not JSON ({problem}).", hint="Use strings, numbers, booleans, lists and mappings.")


def encode_record(key: str, version: int, data: Mapping[str, Any]) -> str:
    """Return a record as one line of JSON with a checksum over the rest of it."""
    body = {"schema": SCHEMA_VERSION, "key": key, "version": version, "data": json.loads(dump_json(data))}
    return json.dumps({**body, "sha256": _compute_checksum(body)}, separators=(",", ":")) + "\n"


def decode_record(text: str | bytes, key: str) -> StoredRecord:
    """Return the record of a key. Raises CorruptRecord, UnsupportedRecord."""
    stored, stored_key = _decode(text)
    if stored_key != key:
        raise CorruptRecord("it holds the record of another key")
    return stored


def read_key(text: str | bytes) -> str:
    """Return the key in a record's text. Raises CorruptRecord."""
    return _decode(text)[1]


def _decode(text: str | bytes) -> tuple[StoredRecord, str]:
    if not text.strip():
        raise CorruptRecord("it is empty")
    try:
        fields = json.loads(text)
    except RecursionError:
        raise UnsupportedRecord("it is nested too deeply") from None
    except ValueError:
        raise CorruptRecord("it is not complete JSON") from None
    if not isinstance(fields, dict):
        raise CorruptRecord("it is not a record")
    schema = fields.get("schema")
    if isinstance(schema, int) and schema > SCHEMA_VERSION:
        writer = f"connector {fields['program']}" if "program" in fields else "a newer connector"
        raise UnsupportedRecord(
            f"it was written by {writer}, as schema {schema}, and this is connector {__version__}, which reads schema "
            f"{SCHEMA_VERSION}; use {writer}"
        )
    checksum = fields.pop("sha256", None)
    if set(fields) != {"schema", "key", "version", "data"} or schema != SCHEMA_VERSION:
        raise CorruptRecord("it does not have the shape of a record")
    if checksum != _compute_checksum(fields):
        raise CorruptRecord("its checksum does not match: it was damaged or edited")
    if not isinstance(fields["data"], dict) or not isinstance(fields["version"], int):
        raise CorruptRecord("it does not have the shape of a record")
    return StoredRecord(fields["data"], fields["version"]), fields["key"]


def _compute_checksum(body: Mapping[str, Any]) -> str:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
