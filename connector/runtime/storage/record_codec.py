"""A record as text that shows its own damage, and keys as names that every file system takes."""

from __future__ import annotations

import hashlib
import json
import string
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from connector.errors import UsageError
from connector.runtime.storage.store import Kept

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = 1
LONGEST_NAME = 100  # characters of a quoted key that a name holds; a longer key ends in its hash
_PLAIN = frozenset((string.ascii_lowercase + string.digits + "_-").encode())  # case-blind file systems keep them apart


class Broken(Exception):
    """A record cannot be read; the text says why, and holds nothing of it."""


class Unreadable(Broken):
    """A record may be whole, and yet cannot be read here: it stays where it is."""


def name(key: str) -> str:
    """Return a key as a name: percent-quoted UTF-8, at most LONGEST_NAME characters and a hash."""
    raw = key.encode("utf-8", "surrogatepass")
    quoted = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in raw) or "%"
    if len(quoted) <= LONGEST_NAME:
        return quoted
    return f"{quoted[:LONGEST_NAME]}~{hashlib.sha256(raw).hexdigest()[:32]}"


def key_of(named: str) -> str | None:
    """Return the key of a name, or None where the name is shortened and the record itself must tell."""
    if "~" in named:
        return None
    return "" if named == "%" else unquote_to_bytes(named).decode("utf-8", "surrogatepass")


def dump(data: Mapping[str, Any]) -> str:
    """Return data as JSON. Raises UsageError, which shows no value."""
    problem = ""
    try:
        return json.dumps(dict(data), allow_nan=False, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError, AttributeError) as error:
        problem = type(error).__name__
    raise UsageError(f"What is to be kept is not JSON ({problem}).", hint="Give texts, numbers, lists and mappings.")


def render(key: str, version: int, data: Mapping[str, Any]) -> str:
    """Return a record as one line of JSON with a checksum over the rest of it."""
    body = {"schema": SCHEMA, "key": key, "version": version, "data": json.loads(dump(data))}
    return json.dumps({**body, "sha256": _sum(body)}, separators=(",", ":")) + "\n"


def parse(text: str | bytes, key: str) -> Kept:
    """Return the record that a text holds for a key. Raises Broken, or Unreadable."""
    found, held = _whole(text)
    if held != key:
        raise Broken("it holds the record of another key")
    return found


def held_key(text: str | bytes) -> str:
    """Return the key that a record's text names. Raises Broken."""
    return _whole(text)[1]


def _whole(text: str | bytes) -> tuple[Kept, str]:
    if not text.strip():
        raise Broken("it is empty")
    try:
        found = json.loads(text)
    except RecursionError:
        raise Unreadable("it is nested too deeply to be read here") from None
    except ValueError:
        raise Broken("it is not whole JSON") from None
    if not isinstance(found, dict):
        raise Broken("it is no record")
    schema = found.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise Unreadable(f"it is of schema {schema}, and this version reads {SCHEMA}; use a newer one")
    checked = found.pop("sha256", None)
    if set(found) != {"schema", "key", "version", "data"} or schema != SCHEMA:
        raise Broken("it has not the shape of a record")
    if checked != _sum(found):
        raise Broken("its checksum does not fit: it was damaged or changed by hand")
    if not isinstance(found["data"], dict) or not isinstance(found["version"], int):
        raise Broken("it has not the shape of a record")
    return Kept(found["data"], found["version"]), found["key"]


def _sum(body: Mapping[str, Any]) -> str:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
