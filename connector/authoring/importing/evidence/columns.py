"""The fields of a list's items that a person wants first, by their names and types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.authoring.importing.evidence.paging_names import squash
from connector.authoring.importing.evidence.shapes import SCALARS, Shape, read_items, read_shape
from connector.core.json_path import get_at_path, has_path
from connector.definition.json_path import join_path, parse_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.authoring.importing.description import Operation

_TEXTS, _STATES, _TIMES = ("string",), ("string", "boolean"), ("string", "integer")
# each is one column: the first of the names that an item has, of one of the types
_NAME = (
    ("name", "displayname", "fullname", "title", "topic", "subject", "summary", "label", "email", "username", "login",
     "nickname", "description"), _TEXTS,
)  # fmt: skip
_COLUMNS = (
    (("id", "gid", "sid", "uuid", "uid", "key"), ("string", "integer", "number")),
    _NAME,
    (("status", "state", "phase", "stage", "active", "enabled", "completed"), _STATES),
    (("starttime", "startat", "startdate", "start", "duedate", "createdat", "created", "createdtime", "createtime",
      "creationtimestamp", "datecreated", "createddate", "creationdate", "timestamp", "date", "updatedat", "updated",
      "modifiedat", "dateupdated", "lastupdated", "lasteditedtime"), _TIMES),
    (("htmlurl", "weburl", "permalinkurl", "permalink", "joinurl", "shareurl", "viewurl", "link"), _TEXTS),
)  # fmt: skip
_HOLDERS = ("metadata", "attributes", "profile", "fields", "status", "spec")  # of an item, whose fields are its own


def choose_columns(operation: Operation, paging: Mapping[str, Any], example: Any) -> list[str]:
    """Return the columns of a list whose items have a name: that, and what they have of id, state, time and link.

    An example that is there must have them too.
    """
    reply = operation.success
    if reply is None or not reply.schema or "items" not in paging:
        return []
    shape = _walk(operation, read_shape(operation.document, reply.schema), paging["items"])
    item = _walk(operation, read_items(operation.document, shape), paging.get("item", "."))
    fields = list(_list_fields(operation, item))
    if example is not None:
        rows = _list_rows(example, paging)
        fields = [field for field in fields if any(has_path(row, field[1]) for row in rows)]
    if _find_field(fields, *_NAME) is None:
        return []  # the first fields of its schema say more
    found = [_find_field(fields, names, kinds) for names, kinds in _COLUMNS]
    columns = [path for path in found if path is not None]
    return columns if len(columns) > 1 else []


def _find_field(fields: Sequence[tuple[str, str, str]], names: Sequence[str], kinds: Sequence[str]) -> str | None:
    return next((path for name in names for one, path, kind in fields if one == name and kind in kinds), None)


def _walk(operation: Operation, shape: Shape, path: str) -> Shape:
    for name in parse_path(path):
        shape = read_shape(operation.document, shape.properties.get(name))
    return shape


def _list_fields(operation: Operation, item: Shape) -> Iterator[tuple[str, str, str]]:
    """Yield the plain fields of an item, those of its holders last: name, path and type."""
    shapes = {name: read_shape(operation.document, schema) for name, schema in item.properties.items()}
    for name, shape in shapes.items():
        if shape.kind in SCALARS:
            yield squash(name), join_path(name), shape.kind
    for holder, held in shapes.items():
        if squash(holder) in _HOLDERS:
            for name, schema in held.properties.items():
                kind = read_shape(operation.document, schema).kind
                if kind in SCALARS:
                    yield squash(name), join_path(holder, name), kind


def _list_rows(example: Any, paging: Mapping[str, Any]) -> list[Any]:
    rows = get_at_path(example, paging["items"])
    wrapper = paging.get("item")
    return [row if wrapper is None else get_at_path(row, wrapper) for row in rows] if isinstance(rows, list) else []
