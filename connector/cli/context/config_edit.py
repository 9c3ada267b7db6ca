"""Set one value in the text of a YAML file; comments and everything else stay as they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLAIN_TEXT = prepare_pattern(r"[A-Za-z][A-Za-z0-9 ._/+-]*(?<! )\Z")  # what YAML reads as a text without quotes
_OTHER_MEANING = ("null", "true", "false", "yes", "no", "on", "off", "y", "n")


def set_value(text: str, names: Sequence[str], value: str) -> str:
    """Return the text with the value at these names, one below the other; the text is a valid mapping, or empty."""
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(document, yaml.MappingNode):
        return f"{_end_line(text)}{_write(names, value, 0)}"
    return _set_within(text, document, list(names), value)


def _set_within(text: str, mapping: yaml.MappingNode, names: list[str], value: str) -> str:
    found = next((pair for pair in mapping.value if pair[0].value == names[0]), None)
    if found is not None:
        key, node = found
        if len(names) > 1 and isinstance(node, yaml.MappingNode) and node.value:
            return _set_within(text, node, names[1:], value)
        inner = names[1:]
        written = _quote(value) if not inner else "\n" + _write(inner, value, key.start_mark.column + 2).rstrip("\n")
        return f"{text[: key.end_mark.index]}: {written}{text[node.end_mark.index :]}".replace(": \n", ":\n", 1)
    if mapping.flow_style:
        inside = ", " if mapping.value else ""
        end = mapping.end_mark.index - 1
        return f"{text[:end].rstrip()}{inside}{_write_flow(names, value)}{text[end:]}"
    last = mapping.value[-1][1]
    end = text.rfind("\n", 0, last.end_mark.index) + 1 if _begins_line(text, last.end_mark.index) else None
    if end is None:
        line_end = text.find("\n", last.end_mark.index)
        end = len(text) if line_end < 0 else line_end + 1
    head = _end_line(text[:end])
    return f"{head}{_write(names, value, mapping.start_mark.column)}{text[end:]}"


def _begins_line(text: str, index: int) -> bool:
    """Whether only blanks stand before a place on its line: a block ends where the next line begins."""
    return not text[text.rfind("\n", 0, index) + 1 : index].strip()


def _write(names: Sequence[str], value: str, indent: int) -> str:
    *outer, last = names
    lines = [f"{' ' * (indent + 2 * depth)}{_quote(name)}:\n" for depth, name in enumerate(outer)]
    return "".join([*lines, f"{' ' * (indent + 2 * len(outer))}{_quote(last)}: {_quote(value)}\n"])


def _write_flow(names: Sequence[str], value: str) -> str:
    head, *rest = names
    return f"{_quote(head)}: {f'{{{_write_flow(rest, value)}}}' if rest else _quote(value)}"


def _quote(text: str) -> str:
    if _PLAIN_TEXT.match(text) and text.lower() not in _OTHER_MEANING:
        return text
    return json.dumps(text, ensure_ascii=False)


def _end_line(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"
