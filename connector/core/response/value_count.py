"""The number of values in a reply, which decides how much memory the parsed data takes."""

from __future__ import annotations

import re

from connector.first_use import prepare_pattern

# A string, closed or not, or a run of signs that begin a value. Possessive, so that it keeps nothing to go back to.
_TOKEN = prepare_pattern(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[,\[{]++', re.DOTALL)
_VALUE_SIGNS = (b",", b"[", b"{")
_SIGNS_BY_TYPE = {"csv": (b",", b"\t", b"\n"), "xml": (b"<", b'="', b"='")}


def has_more_values(text: bytes, limit: int, reply_type: str = "json") -> bool:
    """Whether a reply of a type has more values than `limit`: of JSON, CSV or XML; others have none."""
    if len(text) <= limit:
        return False
    if reply_type in _SIGNS_BY_TYPE:
        return sum(map(text.count, _SIGNS_BY_TYPE[reply_type])) > limit
    return reply_type in ("json", "ndjson") and _has_more_json_values(text, limit)


def _has_more_json_values(text: bytes, limit: int) -> bool:
    """Whether a JSON text has more values than `limit`; of an object's members, the values count.

    An empty list or object takes 70 bytes of memory and two of text, so the length of a text says little.
    """
    if len(text) <= limit or sum(map(text.count, _VALUE_SIGNS)) < limit:
        return False  # no sign in a string can make it too many
    count = 1
    for token in _TOKEN.finditer(text):
        if text[token.start()] != ord('"'):
            count += token.end() - token.start()
            if count > limit:
                break
    return count > limit
