"""JSON as the events of a YAML parser, each with its place: for the JSON that YAML does not read.

YAML knows no pair of escapes for one character, no tabs between values and no key beyond 1,024 bytes; JSON has them.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from json.decoder import scanstring  # type: ignore[attr-defined]  # reads one text of JSON; not in the stubs
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(r"[ \t\r\n,:]*([{}\[\]\"]|[^ \t\r\n,:{}\[\]\"]+)")
_ENDS = {"}": yaml.MappingEndEvent, "]": yaml.SequenceEndEvent}
_STARTS = {"{": yaml.MappingStartEvent, "[": yaml.SequenceStartEvent}


def is_json(text: str) -> bool:
    """Whether a text is one value of JSON, without NaN, Infinity and half characters."""
    try:
        json.dumps(json.loads(text, parse_constant=_no_constant), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


def _no_constant(name: str) -> None:
    raise ValueError(name)


def events(text: str) -> Iterator[yaml.Event]:
    """Yield the events of one document of JSON; the text is known to be JSON."""
    breaks = [-1, *(match.start() for match in re.finditer("\n", text))]

    def mark(position: int) -> yaml.Mark:
        line = bisect_right(breaks, position - 1) - 1
        return yaml.Mark("", position, line, position - breaks[line] - 1, None, 0)

    yield yaml.DocumentStartEvent(mark(0), mark(0))
    position = 0
    while match := _TOKEN.match(text, position):
        word, place, position = match[1], mark(match.start(1)), match.end()
        if word in _STARTS:
            yield _STARTS[word](None, None, True, place, place)  # noqa: FBT003  untagged
        elif word in _ENDS:
            yield _ENDS[word](place, place)
        elif word == '"':
            value, position = scanstring(text, position)
            yield yaml.ScalarEvent(None, None, (False, True), value, place, place, '"')
        else:
            yield yaml.ScalarEvent(None, None, (True, False), word, place, place)
