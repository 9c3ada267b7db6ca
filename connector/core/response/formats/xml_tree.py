"""Read XML as mappings, lists and texts, without entities, external files and bottomless nesting."""

from __future__ import annotations

import io
from dataclasses import field
from typing import TYPE_CHECKING, Any

from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

TEXT_NAME = "#text"
ATTRIBUTE_PREFIX = "@"
MAX_DEPTH = 100  # elements within each other
_MAX_NAME_LENGTH = 60
_DECLARED_ENCODING = prepare_pattern(rb"""^\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")

ListPaths = frozenset[tuple[str, ...]]


@dataclass(slots=True)
class _Element:
    """An element that is being read: its name, its attributes and children by name, and its own text."""

    name: str
    members: dict[str, Any]
    text: list[str] = field(default_factory=list)
    repeated: set[str] = field(default_factory=set)  # names of children that became a list

    def add(self, name: str, value: Any, *, is_list: bool) -> None:
        if name in self.repeated:
            self.members[name].append(value)
        elif name in self.members or is_list:
            self.members[name] = [self.members[name], value] if name in self.members else [value]
            self.repeated.add(name)
        else:
            self.members[name] = value

    def build(self, list_names: Sequence[str]) -> Any:
        """Return the data; of the children that are always a list, one that is not there is an empty one."""
        text = "".join(self.text)
        for name in list_names:
            self.members.setdefault(name, [])
        if not self.members:
            return text
        if text.strip():
            self.members[TEXT_NAME] = text.strip()
        return self.members


class _TreeBuilder:
    """Builds the data while the parser reads."""

    def __init__(self, list_paths: AbstractSet[tuple[str, ...]]) -> None:
        self.root = _Element("", {})
        self._list_paths = list_paths
        self._list_names: dict[tuple[str, ...], list[str]] = {}
        for *parents, name in filter(None, list_paths):
            self._list_names.setdefault(tuple(parents), []).append(name)
        self._open = [self.root]

    def start(self, qualified_name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > MAX_DEPTH:
            raise ValueError(f"elements are nested more than {MAX_DEPTH} deep")
        element = _Element(_local_name(qualified_name), {})
        for name, value in attributes.items():
            element.add(ATTRIBUTE_PREFIX + _local_name(name), value, is_list=False)
        self._open.append(element)

    def add_text(self, text: str) -> None:
        self._open[-1].text.append(text)

    def end(self, _name: str) -> None:
        path = tuple(element.name for element in self._open[1:])
        element = self._open.pop()
        self._open[-1].add(
            element.name, element.build(self._list_names.get(path, ())), is_list=path in self._list_paths
        )


def parse_xml(body: bytes, list_paths: ListPaths = frozenset()) -> Any:
    """Return the data of a document in UTF-8, whatever it declares: `{root: value}`. Raises ValueError.

    An element with only text is that text; any other is a mapping of its children, its attributes (`@name`) and its
    text (`#text`). Children or attributes of one name are a list, as is what `list_paths` names, even once or not at
    all. Prefixes of names are dropped.
    """
    from xml.parsers import expat

    builder = _TreeBuilder(list_paths)
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.buffer_text = True
    parser.specified_attributes = True
    parser.StartDoctypeDeclHandler = _check_doctype
    parser.SkippedEntityHandler = _refuse_entity
    parser.StartElementHandler = builder.start
    parser.CharacterDataHandler = builder.add_text
    parser.EndElementHandler = builder.end
    try:
        parser.ParseFile(io.BytesIO(body))
    except expat.ExpatError as error:
        raise ValueError(str(error)) from None
    return builder.root.build(())


def find_declared_encoding(body: bytes) -> str | None:
    """Return the encoding that a document declares, or None."""
    match = _DECLARED_ENCODING.match(body)
    return match[1].decode() if match else None


def _check_doctype(_name: str, _system_id: str | None, _public_id: str | None, has_internal_subset: int) -> None:
    """Refuse declarations within the document: entities are how a small document becomes a large one."""
    if has_internal_subset:
        raise ValueError("it declares entities or types of its own, which are not read")


def _refuse_entity(name: str, _is_parameter: int) -> None:
    raise ValueError(f"it uses the entity {name[:_MAX_NAME_LENGTH]!r}, which is not declared in it")


def _local_name(qualified_name: str) -> str:
    return qualified_name.rpartition(" ")[2]
