"""The paths of a description as routes: which list things, which name one, and what a reply says of it."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any

from connector.authoring.importing.evidence.listing import find_list, list_path_words
from connector.authoring.importing.evidence.made_texts import fits_text, make_text
from connector.authoring.importing.evidence.paging_names import squash
from connector.authoring.importing.evidence.shapes import Shape, read_items, read_shape
from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.authoring.importing.description import ApiParameter, Operation

_PLACEHOLDER = prepare_pattern(r"\{([^{}]*)\}")


@dataclass(slots=True)
class PathRoute:
    """One path with its operations by method."""

    path: str
    operations: dict[str, Operation] = field(default_factory=dict)

    @property
    def shape(self) -> str:
        """The path without the names of its placeholders."""
        return normalize_path(self.path)

    @property
    def names(self) -> list[str]:
        """The names of its placeholders."""
        return _PLACEHOLDER.findall(self.path)

    @property
    def noun(self) -> str:
        """Its last fixed segment."""
        return (list_path_words(self.path) or [""])[-1]

    @property
    def parent_path(self) -> str:
        """The path up to the last placeholder before its last fixed segment, or nothing."""
        head = self.path.rsplit("/", 1)[0]
        while head and not head.endswith("}"):
            head = head.rpartition("/")[0]
        return head

    def find_parameter(self, name: str) -> ApiParameter | None:
        """Return the path parameter of a name, as any operation describes it."""
        parameters = [one for operation in self.operations.values() for one in operation.parameters]
        return next((one for one in parameters if one.place == "path" and one.name == name), None)

    def make_value(self, name: str) -> str:
        """Return a value for a placeholder: an example or choice of its parameter, its name, or what else it takes."""
        parameter = self.find_parameter(name)
        operation = next(iter(self.operations.values()))
        shape = read_shape(operation.document, parameter.schema if parameter else {})
        listed = shape.words.get("enum")
        value = (parameter.example if parameter else None) or shape.example or (listed[0] if listed else None)
        if isinstance(value, str | int) and _is_segment(str(value)):
            return str(value)
        if shape.kind in ("integer", "number"):
            return "1"
        made = None if fits_text(shape.words, name) else make_text(name, shape.words)
        return made if made is not None and _is_segment(made) else name


def _is_segment(text: str) -> bool:
    """Whether a text stands in a path as it is."""
    return bool(re.fullmatch(r"[\w.@:-]+", text)) and text.strip(".") != ""


@dataclass(slots=True)
class Candidate:
    """A list and an item that belong together; one of them may be missing."""

    listing: PathRoute | None
    item: PathRoute | None
    name: str = ""
    id_name: str = ""
    kind: str = "text"


def normalize_path(path: str) -> str:
    """Return a path without the names of its placeholders."""
    return _PLACEHOLDER.sub("{}", path)


def collect_routes(operations: Iterable[Operation]) -> dict[str, PathRoute]:
    """Return the routes of operations by their normalized paths, in their order."""
    routes: dict[str, PathRoute] = {}
    for operation in operations:
        route = routes.setdefault(normalize_path(operation.path), PathRoute(operation.path))
        route.operations.setdefault(operation.method, operation)
    return routes


def read_record(operation: Operation | None) -> Shape | None:
    """Return the shape of the record that a reply is, or wraps in its only object; None where it is no object."""
    reply = operation.success if operation else None
    if operation is None or reply is None or not reply.schema:
        return None
    shape = read_shape(operation.document, reply.schema)
    return shape if shape.kind == "object" and shape.properties else None


def list_wrapped(operation: Operation, shape: Shape) -> list[Shape]:
    """Return the objects that a reply may wrap its record in: its members that are objects."""
    inner = [read_shape(operation.document, schema) for schema in shape.properties.values()]
    return [one for one in inner if one.kind == "object" and one.properties]


def read_listed(operation: Operation | None) -> Shape | None:
    """Return the shape of an entry of the list that a GET returns; None where it lists nothing."""
    if operation is None or operation.success is None:
        return None
    items = find_list(operation, is_pageable=True)
    if items is None:
        return None
    shape: Shape = read_shape(operation.document, operation.success.schema)
    for name in items:
        shape = read_shape(operation.document, shape.properties.get(name))
    return read_items(operation.document, shape)


def find_id(properties: dict[str, Any], parameter: str, noun: str) -> str | None:
    """Return the member that identifies a record: named like the placeholder, `id`, or the noun's id."""
    wanted = squash(parameter)
    bare = re.sub(r"^(id|uuid|key|name)$", "", wanted)
    last = re.search(r"(?<=.)(id|uuid|sid|gid|key|name|slug|number|code|symbol|login|email)$", wanted)
    names = [wanted, "id" if bare else wanted, f"{noun}id", "id", last[1] if last else "", "uuid", "gid", "sid", "key"]
    by_name = {squash(name): name for name in reversed(list(properties)) if re.fullmatch(r"[\w-]+", name)}
    return next((by_name[name] for name in names if name and name in by_name), None)
