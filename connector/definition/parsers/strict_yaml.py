"""Strict YAML: JSON's data types, with the position of every node.

A plain scalar is text unless it is `null`, `true`, `false`, empty or a JSON number; `NO`, `on`, `012345`, `12:30`
and timestamps stay as written. Keys are text. Tags, duplicate keys, merge keys, several documents (unless asked for),
aliases that multiply, and documents that are too deep or too large are errors, each with its line.
"""

from __future__ import annotations

import json
import re
from dataclasses import field
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from connector.definition.parsers.json_parser_events import is_json, parse_events
from connector.definition.parsers.word_events import select_words
from connector.errors import DefinitionError, Finding
from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_FILE_BYTES = 1 << 20
MAX_DEPTH = 40
MAX_NODES = 50_000
MAX_NUMBER_LENGTH = 310

_NUMBER_PATTERN = prepare_pattern(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z")
_LINE_BREAK = prepare_pattern("[\x85\u2028\u2029]")
_CONSTANTS = {"": None, "null": None, "true": True, "false": False}
_Loader: type = getattr(yaml, "CLoader", yaml.SafeLoader)

NodePath = tuple[str | int, ...]


class Position(NamedTuple):
    """Line and column in a file, both counted from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Document:
    """One document: its data, and the position of each key, item and value."""

    source: str
    data: Any = None
    value_positions: dict[NodePath, Position] = field(default_factory=dict)
    key_positions: dict[NodePath, Position] = field(default_factory=dict)

    def find_position(self, path: NodePath, *, key: bool = False) -> Position:
        """Return the position of a value or its key, or of the nearest parent that exists."""
        if key and path in self.key_positions:
            return self.key_positions[path]
        while path not in self.value_positions and path:
            path = path[:-1]
        return self.value_positions.get(path, Position(1, 1))

    def build_finding(self, path: NodePath, rule: str, message: str, *, key: bool = False) -> Finding:
        """Return a finding at a path."""
        return Finding(self.source, *self.find_position(path, key=key), rule, message)


def read(raw: bytes, source: str) -> Document:
    """Read one document. Raises DefinitionError with file, line and column."""
    documents = read_all(raw, source, max_bytes=MAX_FILE_BYTES)
    if len(documents) > 1:
        position = documents[1].find_position(())
        raise _build_definition_error(
            source, position, "one-document", "a file must have one document; this is a second one."
        )
    return documents[0]


def read_all(raw: bytes, source: str, *, max_bytes: int = MAX_FILE_BYTES) -> list[Document]:
    """Read every document of a file: at least one, perhaps empty. Raises DefinitionError."""
    text = _decode_text(raw, source, max_bytes)
    try:
        return _read_yaml(text, source)
    except DefinitionError as error:
        if error.rule not in ("yaml", "line-end") or not is_json(text):
            raise
    return _DocumentBuilder(source).build(parse_events(text))


def read_words(raw: bytes, source: str, words: frozenset[str]) -> dict[str, Any]:
    """Read a document until it has these words; mistakes that stand elsewhere are not seen. Raises DefinitionError."""
    text = _decode_text(raw, source, MAX_FILE_BYTES)
    try:
        documents = _DocumentBuilder(source).build(select_words(words, yaml.parse(text, Loader=_Loader)))
    except (yaml.YAMLError, DefinitionError):
        documents = read_all(raw, source)  # for what it says of the mistake, and for anchors that stand elsewhere
    data = documents[0].data if documents else None
    return data if isinstance(data, dict) else {}


def _read_yaml(text: str, source: str) -> list[Document]:
    line_break = _LINE_BREAK.search(text)
    if line_break:
        code = f"{ord(line_break[0]):04x}"
        message = f"U+{code.upper()} ends the line in YAML; write \\u{code} in double quotes."
        raise _build_definition_error(source, _locate_offset(text, line_break.start()), "line-end", message)
    try:
        return _DocumentBuilder(source).build(yaml.parse(text, Loader=_Loader)) or [Document(source)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)
        raise _build_definition_error(source, position, "yaml", _describe_error(error, text, position)) from None
    except yaml.YAMLError as error:
        position = _locate_offset(text, getattr(error, "position", 0) or 0)
        reason = getattr(error, "reason", "this is not valid YAML")
        raise _build_definition_error(source, position, "yaml", f"{reason}.") from None


def resolve_scalar(text: str) -> Any:
    """Return the value of a plain scalar: null, true, false, a JSON number, or the text itself."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _NUMBER_PATTERN.match(text) and len(text) <= MAX_NUMBER_LENGTH:
        number = json.loads(text)
        if number in (float("inf"), float("-inf")):
            return text
        return number
    return text


class _OpenNode:
    """A mapping or list whose end has not been read yet."""

    __slots__ = ("anchor", "count", "key", "path", "value")

    def __init__(self, value: Any, path: NodePath, anchor: str | None, count: int) -> None:
        self.value, self.path, self.anchor, self.count = value, path, anchor, count
        self.key: str | None = None


class _DocumentBuilder:
    """Builds documents from parser events, without recursion, so that it can limit the depth itself."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.documents: list[Document] = []
        self.stack: list[_OpenNode] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.count = 0

    def build(self, events: Iterable[yaml.Event]) -> list[Document]:
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.documents.append(Document(self.source))
                self.anchors, self.count = {}, 0
            elif isinstance(event, yaml.ScalarEvent):
                self._add_scalar(event)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._open_collection(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._close_collection(event)
            elif isinstance(event, yaml.AliasEvent):
                self._add_alias(event)
        return self.documents

    def _build_error(self, event: Any, rule: str, message: str) -> DefinitionError:
        return _build_definition_error(self.source, _start_position(event), rule, message)

    def _count_nodes(self, event: Any, size: int = 1) -> None:
        self.count += size
        if self.count > MAX_NODES:
            message = f"more than {MAX_NODES:,} values, including those that aliases repeat."
            raise self._build_error(event, "too-large", message)

    def _reject_tag(self, event: Any) -> None:
        if event.tag not in (None, "!"):
            raise self._build_error(
                event, "no-tags", f"tags such as {event.tag} are not allowed; write the plain value."
            )

    def _next_path(self, event: Any) -> NodePath:
        if not self.stack:
            return ()
        node = self.stack[-1]
        if isinstance(node.value, list):
            return (*node.path, len(node.value))
        if node.key is None:
            raise self._build_error(event, "text-keys", "a key must be a text, not a list or a mapping.")
        return (*node.path, node.key)

    def _add_scalar(self, event: Any) -> None:
        self._reject_tag(event)
        self._count_nodes(event)
        node = self.stack[-1] if self.stack else None
        if node and isinstance(node.value, dict) and node.key is None:
            self._add_key(event, node)
            return
        is_plain = event.implicit[0] and event.tag is None and event.style in (None, "")
        value = resolve_scalar(event.value) if is_plain else event.value
        self._add_value(event, value)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)

    def _add_key(self, event: Any, node: _OpenNode) -> None:
        path = (*node.path, event.value)
        key_positions = self.documents[-1].key_positions
        if path in key_positions:
            first_line = key_positions[path].line
            raise self._build_error(event, "key-twice", f"{event.value!r} is already at line {first_line}.")
        if event.value == "<<" and event.style in (None, ""):
            raise self._build_error(event, "no-merge", "merge keys are not allowed; write the values out.")
        if event.anchor:
            raise self._build_error(event, "no-anchor", "a key must not have an anchor.")
        key_positions[path] = _start_position(event)
        node.key = event.value

    def _open_collection(self, event: Any) -> None:
        self._reject_tag(event)
        self._count_nodes(event)
        if len(self.stack) >= MAX_DEPTH:
            raise self._build_error(event, "too-deep", f"nested deeper than {MAX_DEPTH} levels.")
        value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        path = self._next_path(event)
        self._add_value(event, value)
        self.stack.append(_OpenNode(value, path, event.anchor, self.count))

    def _close_collection(self, _event: Any) -> None:
        node = self.stack.pop()
        if node.anchor:
            self.anchors[node.anchor] = (node.value, self.count - node.count + 1)

    def _add_alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            raise self._build_error(event, "alias", f"*{event.anchor} has no anchor before it.")
        value, size = self.anchors[event.anchor]
        self._count_nodes(event, size)
        self._add_value(event, value)

    def _add_value(self, event: Any, value: Any) -> None:
        document = self.documents[-1]
        path = self._next_path(event)
        document.value_positions[path] = _start_position(event)
        if not self.stack:
            document.data = value
            return
        node = self.stack[-1]
        if isinstance(node.value, list):
            node.value.append(value)
        else:
            node.value[node.key] = value
            node.key = None


def _decode_text(raw: bytes, source: str, max_bytes: int) -> str:
    if len(raw) > max_bytes:
        raise _build_definition_error(
            source, Position(1, 1), "too-large", f"the file has {len(raw):,} bytes; at most {max_bytes:,} are allowed."
        )
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _build_definition_error(source, Position(1, 1), "utf-8", "the file is UTF-16; save it as UTF-8.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        position = _locate_offset(raw[: error.start].decode("utf-8"), error.start)
        byte = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise _build_definition_error(source, position, "utf-8", f"{byte}; save the file as UTF-8.") from None


def _locate_offset(text: str, offset: int) -> Position:
    preceding = text[:offset]
    return Position(preceding.count("\n") + 1, len(preceding) - preceding.rfind("\n"))


def _start_position(event: Any) -> Position:
    return Position(event.start_mark.line + 1, event.start_mark.column + 1)


def _describe_error(error: yaml.MarkedYAMLError, text: str, position: Position) -> str:
    line = next(iter(text.splitlines()[position.line - 1 : position.line]), "")
    excerpt = line[:120].replace("\t", "→")
    problem = ", ".join(part for part in (error.context, error.problem) if part)
    caret = " " * (min(position.column, 121) - 1) + "^"
    hint = ""
    if line[: len(line) - len(line.lstrip())].count("\t"):
        hint = " Indent with spaces, not tabs."
    elif re.search(r":\s+[@`%*&!]", line) or line.count(": ") > 1:
        hint = " Put the text in quotes."
    elif "allowed in this context" in problem or "<block end>" in problem:
        hint = " Check the indentation: the keys of one mapping begin in one column."
    return f"{problem}.{hint}\n    {excerpt}\n    {caret}"


def _build_definition_error(source: str, position: Position, rule: str, message: str) -> DefinitionError:
    return DefinitionError.from_findings([Finding(source, position.line, position.column, rule, message)])
