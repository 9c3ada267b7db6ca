"""A choice between objects: the members that all have, and the variants, told apart by a tag or by their members."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.authoring.importing.building.schema_types import find_type, list_items, merge_choices
from connector.authoring.importing.building.texts import strip_markup, to_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connector.authoring.importing.building.words import Words
    from connector.authoring.importing.document import ApiDocument

_MAX_VARIANTS = 40
TagValues = tuple[Any, ...]
Shape = tuple[dict[str, Any], frozenset[str]]  # the members of an object, and those that it needs


class ApiVariant(NamedTuple):
    """One object of a choice, without what all of them have."""

    label: str
    values: TagValues  # of the tag; none where members tell the variants apart
    properties: Words
    required: frozenset[str]


class ApiChoice(NamedTuple):
    """A choice between objects, of which a value is exactly one."""

    tag: str | None
    common: Words  # members by name, the tag first
    required: frozenset[str]
    variants: tuple[ApiVariant, ...]

    @property
    def names(self) -> list[str]:
        """The names of all members, each once."""
        named = [*self.common, *(name for variant in self.variants for name in variant.properties)]
        return list(dict.fromkeys(named))


def find_choice(document: ApiDocument, schema: Any) -> ApiChoice | None:
    """Return the choice that a schema is; None where nothing proves which of its objects a value is."""
    resolved = document.resolve(schema)
    is_exclusive = bool(resolved.get("oneOf"))
    written = [part for part in list_items(resolved.get("oneOf") or resolved.get("anyOf")) if isinstance(part, dict)]
    parts = [document.resolve(part) for part in written]
    if not 1 < len(parts) <= _MAX_VARIANTS or not all(map(_is_object, parts)):
        return None
    base: Words = {word: value for word, value in resolved.items() if word in ("properties", "required")}
    shapes = [_shape(base, part) for part in parts]
    labels = _choose_labels(document, written, parts)
    found = _find_tag(document, resolved, written, shapes)
    if found is None and merge_choices(parts, document) is None:
        found = _find_listed(document, shapes, shapes[0][0])  # though it may be left out: else all is JSON
    if found is None:
        split = _split(shapes, labels, None, [()] * len(parts))
        return split if is_exclusive and _are_distinct(split.variants) else None
    tag, values = found
    return _split(shapes, labels, tag, values)


def _is_object(part: Words) -> bool:
    is_plain = not (part.get("oneOf") or part.get("anyOf")) and isinstance(part.get("properties"), dict)
    return is_plain and find_type(part) == "object" and bool(part["properties"])


def _shape(base: Words, part: Words) -> Shape:
    """Return the members of one object and which of them it needs."""
    properties = {**(base.get("properties") or {}), **part["properties"]}
    required = (*list_items(base.get("required")), *list_items(part.get("required")))
    return {str(name): member for name, member in properties.items()}, frozenset(map(str, required))


def _choose_labels(document: ApiDocument, written: Sequence[Words], parts: Sequence[Words]) -> list[str]:
    labels: list[str] = []
    for number, (part, resolved) in enumerate(zip(written, parts, strict=True), 1):
        name = document.ref_name(part)
        title = strip_markup(str(resolved.get("title") or "")) or (to_title(name) if name else "")
        labels.append(title if title and title not in labels else f"{title or 'Form'} {number}")
    return labels


def _find_tag(
    document: ApiDocument, resolved: Words, written: Sequence[Words], shapes: Sequence[Shape]
) -> tuple[str, list[TagValues]] | None:
    """Return the member that says which object it is, and its values for each."""
    discriminator = resolved.get("discriminator")
    named = discriminator.get("propertyName") if isinstance(discriminator, dict) else None
    if isinstance(named, str):
        mapping = discriminator.get("mapping") if isinstance(discriminator, dict) else None
        values = [
            _list_mapped(document, mapping, part)
            or _list_values(document, properties.get(named))
            or _name(document, part)
            for part, (properties, _) in zip(written, shapes, strict=True)
        ]
        if _are_tags(values) and not any(_is_read_only(document, properties.get(named)) for properties, _ in shapes):
            return named, values
    needed = frozenset.intersection(*(required for _, required in shapes))
    return _find_listed(document, shapes, [name for name in shapes[0][0] if name in needed])


def _find_listed(
    document: ApiDocument, shapes: Sequence[Shape], names: Iterable[str]
) -> tuple[str, list[TagValues]] | None:
    """Return the first of these members that lists other values in each object, and the values."""
    for name in names:
        if all(name in properties for properties, _ in shapes):
            values = [_list_values(document, properties[name]) for properties, _ in shapes]
            if _are_tags(values) and not any(_is_read_only(document, properties[name]) for properties, _ in shapes):
                return name, values
    return None


def _list_mapped(document: ApiDocument, mapping: Any, part: Words) -> TagValues:
    if not isinstance(mapping, dict) or not isinstance(part.get("$ref"), str):
        return ()
    name = document.ref_name(part)
    return tuple(
        str(value) for value, target in mapping.items() if document.ref_name({"$ref": str(target)}) == name
    )  # a name alone is the component of that name


def _list_values(document: ApiDocument, member: Any) -> TagValues:
    words = document.resolve(member)
    return (words["const"],) if "const" in words else tuple(list_items(words.get("enum")))


def _name(document: ApiDocument, part: Words) -> TagValues:
    name = document.ref_name(part)
    return (name,) if name else ()


def _is_read_only(document: ApiDocument, member: Any) -> bool:
    return document.resolve(member).get("readOnly") is True


def _are_tags(values: Sequence[TagValues]) -> bool:
    """Whether each object has values of its own, all texts or all numbers."""
    flat = [value for one in values for value in one]
    is_typed = all(isinstance(value, str) and value for value in flat) or all(type(value) is int for value in flat)
    return all(values) and is_typed and len(set(flat)) == len(flat)


def _split(
    shapes: Sequence[Shape],
    labels: Sequence[str],
    tag: str | None,
    values: Sequence[TagValues],
) -> ApiChoice:
    """Return a choice with the members that are the same in all objects put beside the variants."""
    required = frozenset.intersection(*(needed for _, needed in shapes))
    common = {
        name: member
        for name, member in shapes[0][0].items()
        if name != tag
        and all(properties.get(name) == member for properties, _ in shapes)
        and (name in required or not any(name in needed for _, needed in shapes))
    }
    tags: Words = {}
    if tag is not None:
        listed = [value for one in values for value in one]
        described: Words = next(
            (properties[tag] for properties, _ in shapes if isinstance(properties.get(tag), dict)), {}
        )
        kind = "string" if isinstance(listed[0], str) else "integer"
        tags = {tag: {"type": kind, "enum": listed, "description": described.get("description")}}
    variants = tuple(
        ApiVariant(
            label,
            own,
            {name: member for name, member in properties.items() if name not in common and name != tag},
            needed,
        )
        for label, own, (properties, needed) in zip(labels, values, shapes, strict=True)
    )
    return ApiChoice(tag, {**tags, **common}, required | frozenset(tags), variants)


def _are_distinct(variants: Sequence[ApiVariant]) -> bool:
    """Whether no object can be two of the variants: each has members of its own that tell it from every other."""
    for one, other in combinations(variants, 2):
        shared = one.properties.keys() & other.properties.keys()
        needed = (one.required & one.properties.keys()) | (other.required & other.properties.keys())
        if shared and needed <= shared:
            return False
    return all(variant.properties for variant in variants)
