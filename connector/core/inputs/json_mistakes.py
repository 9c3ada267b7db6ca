"""JSON as people type it and shells leave it: what is wrong with the quotes, and how the text is meant."""

from __future__ import annotations

import json

from connector.first_use import prepare_pattern

_MAX_LENGTH = 200  # characters of a text that is shown again
_TIGHT_COLON = prepare_pattern(r"(?<=\w):(?=[^\s/])")  # as a shell leaves {"a":1} without its quotes
_WORDS = prepare_pattern(r"[A-Za-z_][\w.-]*=")


def suggest_json(text: str) -> str:
    """Return how a text that is no JSON is to be written; empty where nothing tells."""
    trimmed = text.strip()
    if trimmed[:1] == "'":
        return 'leave the single quotes out: this shell does not take them off; in cmd.exe write "{\\"a\\": 1}"'
    if '\\"' in trimmed:
        return 'leave the backslashes out: this shell passes them on; within single quotes write "name"'
    if _WORDS.match(trimmed):
        name = trimmed.partition("=")[0]
        return f'write an object: {{"{name}": ...}}'
    if trimmed[:1] not in ("{", "[") or len(trimmed) > _MAX_LENGTH:
        return ""
    import yaml

    for written in (trimmed, _TIGHT_COLON.sub(": ", trimmed)):
        try:
            meant = yaml.safe_load(written)
            if _has_names(meant):
                return f"did you mean {json.dumps(meant, ensure_ascii=False)}?"
        except (yaml.YAMLError, ValueError, TypeError, RecursionError):
            continue
    return ""


def _has_names(meant: object) -> bool:
    """Whether data is what was meant: without a name that has no value, as `{a:1}` becomes."""
    if isinstance(meant, dict):
        return all(isinstance(name, str) and _is_value(value) for name, value in meant.items())
    return isinstance(meant, list) and all(map(_is_value, meant))


def _is_value(value: object) -> bool:
    return _has_names(value) if isinstance(value, dict | list) else value is not None
