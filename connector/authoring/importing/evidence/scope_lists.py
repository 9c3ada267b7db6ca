"""Scopes as the text of an operation or event lists them, where a service has scopes of two kinds."""

from __future__ import annotations

import re

from connector.first_use import prepare_pattern

_SCOPES = prepare_pattern(r"^.*?\bscopes?\b[^`\n]*:?\**[^`\n]*((?:`[^`\n]+`[, ]*)+)", re.IGNORECASE | re.MULTILINE)


def read_scope_lists(text: str) -> dict[str, list[str]]:
    """Return the classic and the granular scopes that a text lists, each once."""
    scopes: dict[str, list[str]] = {"classic": [], "granular": []}
    for match in _SCOPES.finditer(text):
        kind = "granular" if "granular" in match[0].partition("`")[0].lower() else "classic"
        scopes[kind] += [scope for scope in re.findall(r"`([^`]+)`", match[1]) if scope not in scopes[kind]]
    return scopes
