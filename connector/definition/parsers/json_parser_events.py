"""Parser events of JSON, with positions, for JSON that a YAML parser rejects.

YAML has no surrogate pairs of escapes, no tabs between values and no keys beyond 1,024 bytes; JSON has.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from json.decoder import scanstring  # type: ignore[attr-defined]  # not in the stubs
from typing import TYPE_CHECKING

import yaml

from connector.definition.parsers import strict_json
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN_PATTERN = prepare_pattern(r"[ \t\r\n,:]*([{}\[\]\"]|[^ \t\r\n,:{}\[\]\"]+)")
_END_EVENTS = {"}": yaml.MappingEndEvent, "]": yaml.SequenceEndEvent}
_START_EVENTS = {"{": yaml.MappingStartEvent, "[": yaml.SequenceStartEvent}


def is_json(text: str) -> bool:
    """Whether a text is one JSON value, without NaN, Infinity and lone surrogates."""
    try:
        json.dumps(strict_json.loads(text), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


def parse_events(text: str) -> Iterator[yaml.Event]:
    """Yield the parser events of one JSON document; `text` must be valid JSON."""
    line_breaks = [-1, *(match.start() for match in re.finditer("\n", text))]

    def build_mark(position: int) -> yaml.Mark:
        line = bisect_right(line_breaks, position - 1) - 1
        return yaml.Mark("", position, line, position - line_breaks[line] - 1, None, 0)

    yield yaml.DocumentStartEvent(build_mark(0), build_mark(0))
    position = 0
    while match := _TOKEN_PATTERN.match(text, position):
        lexeme, start, position = match[1], build_mark(match.start(1)), match.end()
        if lexeme in _START_EVENTS:
            yield _START_EVENTS[lexeme](None, None, implicit=True, start_mark=start, end_mark=start)
        elif lexeme in _END_EVENTS:
            yield _END_EVENTS[lexeme](start, start)
        elif lexeme == '"':
            value, position = scanstring(text, position)
            yield yaml.ScalarEvent(None, None, (False, True), value, start, start, '"')
        else:
            yield yaml.ScalarEvent(None, None, (True, False), lexeme, start, start)
