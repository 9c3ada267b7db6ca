"""Keys as names that every file system accepts."""

from __future__ import annotations

import hashlib
import re
import string
from urllib.parse import unquote_to_bytes

MAX_NAME_CHARS = 100  # characters of a quoted key; a longer key is cut and ends in its hash
_UNQUOTED_BYTES = frozenset((string.ascii_lowercase + string.digits + "_-").encode())  # distinct on any file system


def encode_key(key: str) -> str:
    """Return the name of a key: percent-quoted UTF-8, at most MAX_NAME_CHARS characters and a hash."""
    raw = key.encode("utf-8", "surrogatepass")
    quoted = "".join(chr(byte) if byte in _UNQUOTED_BYTES else f"%{byte:02X}" for byte in raw) or "%"
    if len(quoted) <= MAX_NAME_CHARS:
        return quoted
    return f"{quoted[:MAX_NAME_CHARS]}~{hashlib.sha256(raw).hexdigest()[:32]}"


def decode_key(name: str) -> str | None:
    """Return the key of a name; None when the name was cut, so that only the record has the key."""
    if "~" in name:
        return None
    return "" if name == "%" else unquote_to_bytes(name).decode("utf-8", "surrogatepass")


def is_name(text: str) -> bool:
    """Whether a text may be the name of a key: it is then a file name, and no path."""
    return re.fullmatch(r"[a-z0-9_%A-F~-]+", text) is not None
