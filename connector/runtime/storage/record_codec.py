"""Records as JSON texts with a checksum."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from connector.errors import UsageError
from connector.runtime.storage.store import StoredRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA_VERSION = 1


class CorruptRecord(Exception):
    """A record cannot be read; the text says why, and holds nothing of it."""


class UnsupportedRecord(CorruptRecord):
    """A record may be whole, and yet cannot be read here: it stays where it is."""


def dump_json(data: Mapping[str, Any]) -> str:
    """Return data as JSON. Raises UsageError, which shows no value."""
    problem = ""
    try:
        return json.dumps(dict(data), allow_nan=False, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError, AttributeError) as error:
        problem = type(error).__name__
    raise UsageError(f"What is to be kept is not JSON ({problem}).", hint="Give texts, numbers, lists and mappings.")


def encode_record(key: str, version: int, data: Mapping[str, Any]) -> str:
    """Return a record as one line of JSON with a checksum over the rest of it."""
    body = {"schema": SCHEMA_VERSION, "key": key, "version": version, "data": json.loads(dump_json(data))}
    return json.dumps({**body, "sha256": _compute_checksum(body)}, separators=(",", ":")) + "\n"


def decode_record(text: str | bytes, key: str) -> StoredRecord:
    """Return the record that a text holds for a key. Raises Broken, or Unreadable."""
    stored, stored_key = _decode(text)
    if stored_key != key:
        raise CorruptRecord("it holds the record of another key")
    return stored


def read_key(text: str | bytes) -> str:
    """Return the key that a record's text names. Raises Broken."""
    return _decode(text)[1]


def _decode(text: str | bytes) -> tuple[StoredRecord, str]:
    if not text.strip():
        raise CorruptRecord("it is empty")
    try:
        fields = json.loads(text)
    except RecursionError:
        raise UnsupportedRecord("it is nested too deeply to be read here") from None
    except ValueError:
        raise CorruptRecord("it is not whole JSON") from None
    if not isinstance(fields, dict):
        raise CorruptRecord("it is no record")
    schema = fields.get("schema")
    if isinstance(schema, int) and schema > SCHEMA_VERSION:
        raise UnsupportedRecord(f"it is of schema {schema}, and this version reads {SCHEMA_VERSION}; use a newer one")
    checksum = fields.pop("sha256", None)
    if set(fields) != {"schema", "key", "version", "data"} or schema != SCHEMA_VERSION:
        raise CorruptRecord("it has not the shape of a record")
    if checksum != _compute_checksum(fields):
        raise CorruptRecord("its checksum does not fit: it was damaged or changed by hand")
    if not isinstance(fields["data"], dict) or not isinstance(fields["version"], int):
        raise CorruptRecord("it has not the shape of a record")
    return StoredRecord(fields["data"], fields["version"]), fields["key"]


def _compute_checksum(body: Mapping[str, Any]) -> str:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
