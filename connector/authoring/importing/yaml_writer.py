"""Writer of the project's strict YAML: what `parsers.strict_yaml` reads back is what was written.

Short mappings and lists stand on one line, long ones below their key; texts have quotes only where they need them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.definition.parsers.strict_yaml import resolve_scalar
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

LINE_LENGTH = 120
MAX_FLOW_DEPTH = 3
MAX_KEY_LENGTH = 1000  # a longer key needs a question mark before it (YAML 1.1, 7.4.2)

_INDICATORS = "-?:,[]{}#&*!|>'\"%@`="
_UNSAFE = prepare_pattern(r": |:$| #|[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
_UNSAFE_IN_FLOW = prepare_pattern(r"[,\[\]{}?]|:[,\[\]{}]|:\Z")
_ESCAPED = prepare_pattern(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_SURROGATE = prepare_pattern(r"[\ud800-\udfff]")


def write_yaml(words: dict[str, Any], *, breaks: Collection[str] = ()) -> str:
    """Return a file with these words; an empty line parts those that take several lines, and the keys in `breaks`."""
    paragraphs: list[str] = []
    was_long = False
    for key, value in words.items():
        lines = list(_write_entry(key, value, 0))
        is_long = len(lines) > 1
        if paragraphs and (is_long or was_long or key in breaks):
            paragraphs.append("")
        paragraphs += lines
        was_long = is_long or key in breaks
    return "\n".join(paragraphs) + "\n" if paragraphs else "{}\n"


def write_scalar(value: Any, *, flow: bool = False, key: bool = False) -> str:
    """Return a value without parts as it is written in a block, in flow (between brackets) or as a key."""
    if not isinstance(value, str):
        return json.dumps(value, allow_nan=False)
    flow = flow or key
    is_plain = (
        value != ""
        and value == value.strip()
        and value[0] not in _INDICATORS
        and not _UNSAFE.search(value)
        and not (flow and _UNSAFE_IN_FLOW.search(value))
        and not value.startswith(("---", "...", "<<"))
        and (key or isinstance(resolve_scalar(value), str))
    )
    return value if is_plain else _quote(value)


def _quote(text: str) -> str:
    quoted = json.dumps(_SURROGATE.sub("\ufffd", text), ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def _write_entry(key: str, value: Any, indent: int) -> Iterator[str]:
    margin = " " * indent
    name = write_scalar(key, key=True)
    if len(name) > MAX_KEY_LENGTH:
        yield f"{margin}? {name}"
        name = ""
    flow = _write_flow(value, LINE_LENGTH - indent - len(name) - 2)
    if flow is not None:
        yield f"{margin}{name}: {flow}"
        return
    yield f"{margin}{name}:"
    yield from _write_block(value, indent + 2)


def _write_block(value: Any, indent: int) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _write_entry(key, item, indent)
        return
    for item in value:
        flow = _write_flow(item, LINE_LENGTH - indent - 2)
        if flow is not None:
            yield f"{' ' * indent}- {flow}"
            continue
        first, *rest = _write_block(item, indent + 2)
        yield f"{' ' * indent}- {first[indent + 2 :]}"
        yield from rest


def _write_flow(value: Any, width: int) -> str | None:
    """Return a value on one line: a scalar, or parts that fit; None where they stand below their key."""
    if not isinstance(value, dict | list):
        return write_scalar(value)
    if value and (_is_field(value) or not _may_flow(value, MAX_FLOW_DEPTH)):
        return None
    text = _write_parts(value)
    return text if len(text) <= width or not value else None


def _is_field(value: Any) -> bool:
    """Whether a mapping is an input, or holds inputs: these always stand in lines of their own."""
    if not isinstance(value, dict):
        return False
    return "help" in value or any(map(_is_field, value.values()))


def _may_flow(value: Any, depth: int) -> bool:
    if isinstance(value, dict | list) and value:
        items = value.values() if isinstance(value, dict) else value
        is_short = not isinstance(value, dict) or all(len(key) <= MAX_KEY_LENGTH for key in value)
        return depth > 0 and is_short and all(_may_flow(item, depth - 1) for item in items)
    return True


def _write_parts(value: Any) -> str:
    if isinstance(value, dict):
        parts = [f"{write_scalar(key, key=True)}: {_write_parts(item)}" for key, item in value.items()]
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_write_parts, value)) + "]"
    return write_scalar(value, flow=True)
