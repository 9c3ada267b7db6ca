"""What the replies of a call tell of records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

from connector.core.records.kinds import RecordKinds, read_path_values
from connector.core.records.record import Sight
from connector.core.records.since import find_since_name
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.core.records.kinds import RecordKind
    from connector.core.redaction import Redactor
    from connector.core.request.builder import Request
    from connector.core.response.pagination.settings import Pagination
    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.definition.resource import ResourceDefinition

_MAX_ID = 600  # characters; PostgreSQL's index holds 2704 bytes of a key, which has more than the id


class ListPlan(Protocol):
    """How a list is read: a compiled action."""

    @property
    def action(self) -> Action:
        """The action."""
        ...

    @property
    def pagination(self) -> Pagination | None:
        """How it is paged."""
        ...


def find_kind(connector: Connector, action: Action) -> RecordKind | None:
    """Return what an action does to which resource, or None."""
    return connector.derive(RecordKinds).find(action)


@dataclass(frozen=True, slots=True)
class Listing:
    """Which list a request reads: its path and filters; not `is_whole` where only what is new is asked for."""

    name: str
    is_whole: bool = True


def read_listing(kind: RecordKind, plan: ListPlan, request: Request) -> Listing:
    """Return which list a request reads, whatever the place and size of its page."""
    pagination = plan.pagination
    places = (pagination.size_param, pagination.cursor_param) if pagination is not None else ()
    names = {place.name for place in places if place is not None and place.location.part == "query"}
    since = find_since_name(kind.definition, plan.action)
    query = sorted((name, str(value)) for name, value in request.query if name not in names and name != since)
    is_whole = all(name != since for name, _ in request.query)
    return Listing(f"{request.path}?{urlencode(query)}".rstrip("?"), is_whole)


def name_variant(request: Request) -> str:
    """Return what a read of a record asks for beyond it: its query."""
    return urlencode(sorted((name, str(value)) for name, value in request.query))


def read_items(
    kind: RecordKind, plan: ListPlan, request: Request, items: Iterable[Any], redactor: Redactor
) -> Iterator[Sight]:
    """Yield the sights of the items of a list."""
    listing, parent = read_listing(kind, plan, request).name, _find_parent(kind, plan.action, request)
    id_name = find_list_id(kind.definition)
    parent_name = None if kind.definition.parent_id == id_name else kind.definition.parent_id
    for item in items:
        record_id = read_id(item, id_name)
        if record_id:
            data = redactor.redact_data(item)
            yield Sight(
                resource=kind.resource, id=record_id, source="list", data=data, listing=listing,
                parent=read_id(item, parent_name) or parent,
            )  # fmt: skip


def find_list_id(definition: ResourceDefinition) -> str:
    """Return the field with the id of an item in a list."""
    return definition.list_id or definition.id


def read_reply(kind: RecordKind, action: Action, request: Request, data: Any, redactor: Redactor) -> Iterator[Sight]:
    """Yield the sight of a reply that is no list: a record read, created, updated or deleted."""
    names = read_path_values(action.path, request.path)
    record_id, name = read_id(data, kind.definition.id), _read_name(names, redactor)
    if kind.role == "get" and record_id:
        yield Sight(
            resource=kind.resource, id=record_id, source="get", data=redactor.redact_data(data),
            parent=read_id(data, kind.definition.parent_id), is_whole=True, variant=name_variant(request),
            asked_as=name,
        )  # fmt: skip
    elif kind.role == "create" and record_id:
        parent = read_id(data, kind.definition.parent_id) or _find_parent(kind, action, request)
        yield Sight(
            resource=kind.resource, id=record_id, source="write", data=redactor.redact_data(data), parent=parent
        )
    elif kind.role == "update" and (record_id or names):
        told = redactor.redact_data(data) if record_id else None
        yield Sight(
            resource=kind.resource, id=record_id or names[-1], source="write", data=told,
            asked_as="" if record_id else name, may_be_any=not record_id and _has_names(kind),
        )  # fmt: skip
    elif kind.role == "delete" and names:
        yield Sight(
            resource=kind.resource, id=names[-1], source="write", is_gone=True, asked_as=name,
            may_be_any=_has_names(kind),
        )  # fmt: skip


def _has_names(kind: RecordKind) -> bool:
    """Whether other names than ids may stand in the paths of records."""
    return bool(kind.definition.aliases or kind.definition.lookup_fields)


def _read_name(names: list[str], redactor: Redactor) -> str:
    """Return the name that a path gives a record; empty for a secret, and for what a database cannot hold."""
    name = read_id({"name": names[-1]}, "name") if names else ""
    return name if redactor.redact_data(name) == name else ""


def read_refusal(kind: RecordKind, action: Action, request: Request, *, is_missing: bool) -> Iterator[Sight]:
    """Yield the sight of a call on one record that failed: it is missing, or may have been written to."""
    names = read_path_values(action.path, request.path)
    if names and (kind.role in ("update", "delete") or (kind.role == "get" and is_missing)):
        yield Sight(
            resource=kind.resource, id=names[-1], source="get" if kind.role == "get" else "write", is_gone=is_missing,
            asked_as="" if is_missing else _read_name(names, request.full_redactor),
            may_be_any=not is_missing and _has_names(kind),
        )  # fmt: skip


def _find_parent(kind: RecordKind, action: Action, request: Request) -> str:
    names = read_path_values(action.path, request.path) if kind.definition.parent else []
    return names[-1] if names else ""


def read_id(item: Mapping[str, Any] | Any, name: str | None) -> str:
    """Return the id in an item as text; empty where it has none that a database can hold."""
    value = item.get(name) if isinstance(item, dict) and name else None
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if len(text) <= _MAX_ID and "\0" not in text else ""
