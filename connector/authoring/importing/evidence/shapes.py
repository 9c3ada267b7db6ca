"""Schemas read as plain shapes: the kind of a value and what it holds; references, unions and nulls looked through."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.importing.document import ApiDocument

SCALARS = ("string", "integer", "number", "boolean")
_KINDS = (*SCALARS, "object", "array")
_MAX_NESTED_UNIONS = 6
_TYPES = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"))


@dataclass(frozen=True, slots=True)
class Shape:
    """One schema: its kind (`any` and `union` among them) and its words, without references and nulls."""

    kind: str
    words: dict[str, Any]
    properties: dict[str, Any]
    variants: tuple[Any, ...] = ()

    @property
    def description(self) -> str:
        """What the description says about it, or nothing."""
        return read_text(self.words.get("description"))

    @property
    def example(self) -> Any:
        """The first example of the schema itself, or None."""
        examples = self.words.get("examples")
        first = next(iter(examples.values() if isinstance(examples, dict) else examples or ()), None)
        return self.words.get("example", first)


@dataclass(frozen=True, slots=True)
class NestedMember:
    """A member of an object, wherever it is nested, with its place."""

    path: tuple[str, ...]
    shape: Shape

    @property
    def name(self) -> str:
        """Its own name."""
        return self.path[-1]


def read_text(value: Any) -> str:
    """Return a text of a description; nothing for what is no text."""
    return value if isinstance(value, str) else ""


def read_shape(document: ApiDocument, schema: Any, depth: int = 0) -> Shape:
    """Return the shape of a schema; a schema that says nothing, or `true`, is of any kind."""
    words = document.resolve(schema) if isinstance(schema, dict) else {}
    properties = words.get("properties")
    properties = dict(properties) if isinstance(properties, dict) else {}
    types = _list_types(words)
    variants = tuple(_list_variants(words))
    if variants and depth < _MAX_NESTED_UNIONS and not (types and types[0] in SCALARS):
        return _read_union(document, words, properties, variants, depth)
    if len(types) > 1:
        return Shape("union", words, properties, tuple({**words, "type": name} for name in types))
    return Shape(types[0] if types else _guess_kind(words, properties), words, properties)


def _list_types(words: dict[str, Any]) -> list[str]:
    written = words.get("type")
    types = written if isinstance(written, list) else [written]
    return [name for name in types if name in _KINDS]


def _list_variants(words: dict[str, Any]) -> Iterator[Any]:
    for word in ("oneOf", "anyOf"):
        members = words.get(word)
        for member in members if isinstance(members, list) else ():
            is_condition = isinstance(member, dict) and "required" in member and not {"type", "properties"} & {*member}
            if isinstance(member, dict) and not is_condition:
                yield member


def _guess_kind(words: dict[str, Any], properties: dict[str, Any]) -> str:
    if properties or isinstance(words.get("additionalProperties"), dict) or words.get("additionalProperties") is True:
        return "object"
    if "items" in words:
        return "array"
    values = words["enum"] if isinstance(words.get("enum"), list) else [words["const"]] if "const" in words else []
    kinds = {name_kind(value) for value in values if value is not None}
    return kinds.pop() if len(kinds) == 1 else "any"


def name_kind(value: Any) -> str:
    """Return the kind of a value of JSON."""
    if isinstance(value, dict | list):
        return "object" if isinstance(value, dict) else "array"
    return next((name for python_type, name in _TYPES if isinstance(value, python_type)), "any")


def _read_union(
    document: ApiDocument, words: dict[str, Any], properties: dict[str, Any], variants: tuple[Any, ...], depth: int
) -> Shape:
    shapes = [read_shape(document, variant, depth + 1) for variant in variants]
    own_words = {name: value for name, value in words.items() if name not in ("oneOf", "anyOf")}
    if len(shapes) == 1:
        merged = {**properties, **shapes[0].properties}
        return replace(shapes[0], words={**shapes[0].words, **own_words}, properties=merged)
    kinds = {shape.kind for shape in shapes}
    if kinds == {"integer", "number"}:
        kinds = {"number"}
    for shape in shapes:
        for name, member in shape.properties.items():
            properties.setdefault(name, member)
    if len(kinds) == 1:
        inherited = {"items": shapes[0].words["items"]} if "items" in shapes[0].words else {}
        return Shape(kinds.pop(), {**inherited, **words}, properties, variants)
    return Shape("union", words, properties, variants)


def read_items(document: ApiDocument, shape: Shape) -> Shape:
    """Return the shape of an entry of a list."""
    return read_shape(document, shape.words.get("items"))


def iter_members(document: ApiDocument, shape: Shape, depth: int = 3) -> Iterator[NestedMember]:
    """Yield the members of an object and those of objects within it, the outer ones first; lists are not entered."""
    level: list[tuple[tuple[str, ...], Shape]] = [((), shape)]
    for _ in range(depth):
        inner: list[tuple[tuple[str, ...], Shape]] = []
        for path, owner in level:
            for name, schema in owner.properties.items():
                member = NestedMember((*path, name), read_shape(document, schema))
                yield member
                if member.shape.properties:
                    inner.append((member.path, member.shape))
        level = inner


def is_json(content_type: str | None) -> bool:
    """Whether a media type is JSON, or may be: nothing is said, or anything."""
    name = (content_type or "").partition(";")[0].strip().lower()
    return name in ("", "*/*", "application/*", "text/json") or name.endswith(("/json", "+json"))
