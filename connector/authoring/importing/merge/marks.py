"""Where each key and value of a YAML file begins and ends, and where its comments are."""

from __future__ import annotations

import itertools
import re
from dataclasses import field
from typing import TYPE_CHECKING, Any

import yaml

from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.importing.merge.words import Path

_COMMENT = prepare_pattern(r"(?:^|(?<=\s))#[^\n]*", re.MULTILINE)
_DEEPER_COMMENTS = prepare_pattern(r"(?:[ \t]*\r?\n)*(?P<indent> *)#[^\n]*(?:\n|\Z)")
_Loader: type = getattr(yaml, "CLoader", yaml.SafeLoader)


@dataclass(slots=True)
class MarkedNode:
    """A value: the text from `start` to `end`, and the entries of a mapping, by key."""

    start: int
    end: int
    is_mapping: bool = False
    is_flow: bool = False
    is_shared: bool = False  # it has an anchor, or is an alias
    entries: dict[str, MarkedEntry] = field(default_factory=dict)


@dataclass(slots=True)
class MarkedEntry:
    """A key of a mapping and its value; `column` is the key's, from 0, and `in_flow` says whether braces are around."""

    key_start: int
    key_end: int
    column: int
    value: MarkedNode
    in_flow: bool


class MarkedText:
    """The text of a YAML file that the strict reader accepted, with its marks."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._scalars: list[tuple[int, int]] = []  # what is no comment, whatever signs are in it
        events = iter(yaml.parse(text, Loader=_Loader))
        node_events = itertools.dropwhile(lambda event: not isinstance(event, yaml.NodeEvent), events)
        self.root = self._read_node(next(node_events), node_events)
        self.comments = self._find_comments()

    def may_change(self, path: Path) -> bool:
        """Whether the entries of a mapping can be changed, as no alias repeats them."""
        return self._find_own_entry(path) is not None if path else not self.root.is_shared

    def may_replace(self, path: Path) -> bool:
        """Whether a value can be replaced without losing a comment, or changing what an alias repeats."""
        entry = self._find_own_entry(path)
        return entry is not None and not (_is_shared(entry.value) or self._has_comment(entry.key_end, entry.value.end))

    def may_remove(self, path: Path) -> bool:
        """Whether an entry can be removed without losing a comment, or what an alias repeats."""
        entry = self._find_own_entry(path)
        if entry is None or _is_shared(entry.value):
            return False
        end = entry.value.end if entry.in_flow else self.find_end_of_lines(entry)
        return not self._has_comment(entry.key_start, end)

    def _find_own_entry(self, path: Path) -> MarkedEntry | None:
        """Return the entry at a path, or None where it is not there alone: below an anchor or an alias."""
        node, entry = self.root, None
        for key in path:
            entry = node.entries.get(key)
            if entry is None or node.is_shared or entry.value.is_shared:
                return None
            node = entry.value
        return entry

    def find_end_of_lines(self, entry: MarkedEntry) -> int:
        """Return where the lines of an entry of a block mapping end, with the indented comments that follow it."""
        end = self._end_of_line(entry.value.end)
        while (match := _DEEPER_COMMENTS.match(self.text, end)) and len(match["indent"]) > entry.column:
            end = match.end()
        return end

    def _end_of_line(self, position: int) -> int:
        if position and self.text[position - 1] == "\n":
            return position
        line_end = self.text.find("\n", position)
        return len(self.text) if line_end < 0 else line_end + 1

    def _has_comment(self, start: int, end: int) -> bool:
        return any(start <= position < end for position, _ in self.comments)

    def _find_comments(self) -> list[tuple[int, str]]:
        found = []
        position = 0
        for start, end in [*self._scalars, (len(self.text), len(self.text))]:
            found += [(match.start(), match[0].strip()) for match in _COMMENT.finditer(self.text, position, start)]
            position = end
        return found

    def _read_node(self, event: Any, events: Iterator[Any]) -> MarkedNode:
        node = MarkedNode(event.start_mark.index, event.end_mark.index)
        node.is_shared = event.anchor is not None
        if isinstance(event, yaml.ScalarEvent):
            self._read_scalar(event, node)
        elif isinstance(event, yaml.CollectionStartEvent):
            node.is_mapping, node.is_flow = isinstance(event, yaml.MappingStartEvent), bool(event.flow_style)
            self._read_members(node, events)
        return node

    def _read_members(self, node: MarkedNode, events: Iterator[Any]) -> None:
        last_end, items = node.end, []
        event = next(events)
        while not isinstance(event, yaml.CollectionEndEvent):
            member = self._read_node(event, events)
            last_end = max(last_end, member.end)
            if node.is_mapping:
                value = self._read_node(next(events), events)
                last_end = max(last_end, value.end)
                column = event.start_mark.column
                node.entries[event.value] = MarkedEntry(member.start, member.end, column, value, node.is_flow)
            else:
                items.append(member)
            event = next(events)
        node.is_shared |= any(_is_shared(item) for item in items)
        end_mark: Any = event.end_mark
        node.end = end_mark.index if node.is_flow else last_end

    def _read_scalar(self, event: Any, node: MarkedNode) -> None:
        start = node.start
        if event.style in ("|", ">"):
            header_end = self.text.find("\n", node.start, node.end)
            header = self.text[node.start : header_end if header_end >= 0 else node.end]
            if "+" not in header.partition("#")[0]:  # else the empty lines after it are part of it
                node.end = node.start + len(self.text[node.start : node.end].rstrip())
            start = min(node.start + len(header), node.end)
        self._scalars.append((start, node.end))


def _is_shared(node: MarkedNode) -> bool:
    return node.is_shared or any(_is_shared(entry.value) for entry in node.entries.values())
