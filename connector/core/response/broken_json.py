"""Find code and message in an error reply that is not quite JSON: cut off, or with quotes that are not escaped.

Each pattern is bounded, and searched for once: time is linear in the text's length.
"""

from __future__ import annotations

from connector.first_use import prepare_pattern

# whole codes only: part of a longer value could be part of a secret
_CODE_PATTERN = prepare_pattern(r'"(?:code|error)"\s{0,32}:\s{0,32}(?:"([^"\\]{1,200})"|([0-9]{1,9})\b)')
_MESSAGE_START = prepare_pattern(r'"message"\s{0,32}:\s{0,32}"')
_MESSAGE_END = prepare_pattern(r'"\s{0,32}(?:,\s{0,32}"[A-Za-z_]{1,64}"\s{0,32}:|\}\s{0,32}\Z)')


def find_code(text: str) -> str | None:
    """Return the first code, or None."""
    match = _CODE_PATTERN.search(text)
    return next(filter(None, match.groups()), None) if match else None


def find_message(text: str) -> str | None:
    """Return the first message, or None; it ends at a quote behind which a member or the object ends."""
    start = _MESSAGE_START.search(text)
    end = _MESSAGE_END.search(text, start.end()) if start else None
    return text[start.end() : end.start()] if start and end else None
