"""YAML read as JSON, with the place of every node.

Only `null`, `true`, `false`, nothing at all and JSON numbers are not text, so `NO`, `on`, `012345`, `12:30`
and timestamps stay as they are written. Keys are text. Tags, a key twice, merge keys, several documents (unless
asked for), aliases that multiply, and what is too deep or too large are refused, each at its line.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from connector.definition.json_parser_events import events, is_json
from connector.errors import DefinitionError, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST = 1 << 20
DEEPEST = 40
MOST_NODES = 50_000
LONGEST_NUMBER = 310

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z")
_BREAK = re.compile("[\x85\u2028\u2029]")
_WORDS = {"": None, "null": None, "true": True, "false": False}
_Parser: type = getattr(yaml, "CLoader", yaml.SafeLoader)

Path = tuple[str | int, ...]


class Mark(NamedTuple):
    """A place in a file; both count from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Document:
    """One document: its data, and where each key, item and value stands."""

    source: str
    data: Any = None
    marks: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)

    def mark(self, path: Path, *, key: bool = False) -> Mark:
        """Return where the value (or its key) stands, or the nearest thing around it that exists."""
        if key and path in self.keys:
            return self.keys[path]
        while path not in self.marks and path:
            path = path[:-1]
        return self.marks.get(path, Mark(1, 1))

    def finding(self, path: Path, rule: str, message: str, *, key: bool = False) -> Finding:
        """Make a finding at that path."""
        return Finding(self.source, *self.mark(path, key=key), rule, message)


def read(raw: bytes, source: str) -> Document:
    """Read one document. Raises DefinitionError with file, line and column."""
    documents = read_all(raw, source, largest=LARGEST)
    if len(documents) > 1:
        mark = documents[1].mark(())
        raise _refused(source, mark, "one-document", "a file holds one document; this is a second one.")
    return documents[0]


def read_all(raw: bytes, source: str, *, largest: int = LARGEST) -> list[Document]:
    """Read every document of a text (at least one, perhaps empty). Raises DefinitionError."""
    text = _text(raw, source, largest)
    try:
        return _read_yaml(text, source)
    except DefinitionError as refusal:
        if refusal.rule not in ("yaml", "line-end") or not is_json(text):
            raise
    return _Builder(source).build(events(text))


def _read_yaml(text: str, source: str) -> list[Document]:
    found = _BREAK.search(text)
    if found:
        code = f"{ord(found[0]):04x}"
        message = f"U+{code.upper()} would end the line here; write it as \\u{code} in double quotes."
        raise _refused(source, _place(text, found.start()), "line-end", message)
    try:
        return _Builder(source).build(yaml.parse(text, Loader=_Parser)) or [Document(source)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Mark(mark.line + 1, mark.column + 1) if mark else Mark(1, 1)
        raise _refused(source, place, "yaml", _sentence(error, text, place)) from None
    except yaml.YAMLError as error:
        place = _place(text, getattr(error, "position", 0) or 0)
        reason = getattr(error, "reason", "it cannot be read as YAML")
        raise _refused(source, place, "yaml", f"{reason}.") from None


def resolve(text: str) -> Any:
    """Return what a plain scalar means: null, true, false, a JSON number, else the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.match(text) and len(text) <= LONGEST_NUMBER:
        number = json.loads(text)
        if number in (float("inf"), float("-inf")):
            return text
        return number
    return text


class _Frame:
    """A mapping or list that is being read."""

    __slots__ = ("anchor", "count", "key", "path", "value")

    def __init__(self, value: Any, path: Path, anchor: str | None, count: int) -> None:
        self.value, self.path, self.anchor, self.count = value, path, anchor, count
        self.key: str | None = None


class _Builder:
    """Builds documents from the parser's events; never recursive, so depth is ours to limit."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.documents: list[Document] = []
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.count = 0

    def build(self, events: Iterable[yaml.Event]) -> list[Document]:
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.documents.append(Document(self.source))
                self.anchors, self.count = {}, 0
            elif isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._open(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._close(event)
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
        return self.documents

    def _refuse(self, event: Any, rule: str, message: str) -> DefinitionError:
        return _refused(self.source, _mark(event), rule, message)

    def _counted(self, event: Any, more: int = 1) -> None:
        self.count += more
        if self.count > MOST_NODES:
            limit = f"more than {MOST_NODES:,} values"
            raise self._refuse(event, "too-large", f"{limit}, counting what aliases repeat.")

    def _untagged(self, event: Any) -> None:
        if event.tag not in (None, "!"):
            raise self._refuse(event, "no-tags", f"the tag {event.tag} is not used here; write the plain value.")

    def _path(self, event: Any) -> Path:
        if not self.stack:
            return ()
        frame = self.stack[-1]
        if isinstance(frame.value, list):
            return (*frame.path, len(frame.value))
        if frame.key is None:
            raise self._refuse(event, "text-keys", "a key is a plain text, not a list or a mapping.")
        return (*frame.path, frame.key)

    def _scalar(self, event: Any) -> None:
        self._untagged(event)
        self._counted(event)
        frame = self.stack[-1] if self.stack else None
        if frame and isinstance(frame.value, dict) and frame.key is None:
            self._key(event, frame)
            return
        plain = event.implicit[0] and event.tag is None and event.style in (None, "")
        value = resolve(event.value) if plain else event.value
        self._put(event, value)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)

    def _key(self, event: Any, frame: _Frame) -> None:
        path = (*frame.path, event.value)
        keys = self.documents[-1].keys
        if path in keys:
            first = keys[path]
            raise self._refuse(event, "key-twice", f"{event.value!r} stands already at line {first.line}.")
        if event.value == "<<" and event.style in (None, ""):
            raise self._refuse(event, "no-merge", "merge keys are not used here; write the values out.")
        if event.anchor:
            raise self._refuse(event, "no-anchor", "a key cannot carry an anchor.")
        keys[path] = _mark(event)
        frame.key = event.value

    def _open(self, event: Any) -> None:
        self._untagged(event)
        self._counted(event)
        if len(self.stack) >= DEEPEST:
            raise self._refuse(event, "too-deep", f"nested deeper than {DEEPEST} levels.")
        value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        path = self._path(event)
        self._put(event, value)
        self.stack.append(_Frame(value, path, event.anchor, self.count))

    def _close(self, _event: Any) -> None:
        frame = self.stack.pop()
        if frame.anchor:
            self.anchors[frame.anchor] = (frame.value, self.count - frame.count + 1)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            raise self._refuse(event, "alias", f"*{event.anchor} names nothing that is complete before it.")
        value, size = self.anchors[event.anchor]
        self._counted(event, size)
        self._put(event, value)

    def _put(self, event: Any, value: Any) -> None:
        document = self.documents[-1]
        path = self._path(event)
        document.marks[path] = _mark(event)
        if not self.stack:
            document.data = value
            return
        frame = self.stack[-1]
        if isinstance(frame.value, list):
            frame.value.append(value)
        else:
            frame.value[frame.key] = value
            frame.key = None


def _text(raw: bytes, source: str, largest: int) -> str:
    if len(raw) > largest:
        raise _refused(source, Mark(1, 1), "too-large", f"{len(raw):,} bytes; at most {largest:,} are read.")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _refused(source, Mark(1, 1), "utf-8", "this is UTF-16; save the file as UTF-8.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place(raw[: error.start].decode("utf-8"), error.start)
        byte = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise _refused(source, place, "utf-8", f"{byte}; save the file as UTF-8.") from None


def _place(text: str, position: int) -> Mark:
    before = text[:position]
    return Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))


def _mark(event: Any) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


def _sentence(error: yaml.MarkedYAMLError, text: str, place: Mark) -> str:
    lines = text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    shown = line[:120].replace("\t", "→")
    said = ", ".join(part for part in (error.context, error.problem) if part)
    caret = " " * (min(place.column, 121) - 1) + "^"
    hint = ""
    if line[: len(line) - len(line.lstrip())].count("\t"):
        hint = " Indent with spaces, not tabs."
    elif re.search(r":\s+[@`%*&!]", line) or line.count(": ") > 1:
        hint = " Put the text in quotes."
    return f"{said}.{hint}\n    {shown}\n    {caret}"


def _refused(source: str, mark: Mark, rule: str, message: str) -> DefinitionError:
    return DefinitionError.of([Finding(source, mark.line, mark.column, rule, message)])
