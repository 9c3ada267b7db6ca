"""Generate ids from a count, so that the same steps produce the same ids."""

from __future__ import annotations

import base64
import hashlib
import uuid

_STRIDE = 61_803_398_873  # coprime to the range, so that no number repeats
_ID_COUNT = 90_000_000_000
_MIN_ID = 10_000_000_000


def generate_id(kind: str, seed: str, count: int) -> str | int:
    """Return the id of the count-th record: `text` (22 characters), `integer` (11 digits) or `uuid`."""
    if kind == "integer":
        return _MIN_ID + count * _STRIDE % _ID_COUNT
    digest = hashlib.blake2b(f"{seed} {count}".encode(), digest_size=16).digest()
    if kind == "uuid":
        return str(uuid.UUID(bytes=digest, version=4))
    return base64.urlsafe_b64encode(digest).decode().rstrip("=").replace("-", "A").replace("_", "B")
