"""CRUD handlers: list, create, read, update and remove records."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from connector.core.json_path import get_at_path, set_at_path
from connector.core.records.since import find_since_name, read_since
from connector.core.response.pagination.settings import Pagination
from connector.definition.replies.returns import Returns
from connector.first_use import dataclass
from connector.sandbox.api.page_reply import PageReply
from connector.sandbox.api.pagination import ListAdapter, PageRequest, slice_looping_page, slice_page
from connector.sandbox.data.state import get_record
from connector.sandbox.http.responses import ChangeEvent, SandboxResponse, build_returned_response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.core.request.builder import Pairs
    from connector.definition.action import Action
    from connector.definition.resource import EmittedEvents
    from connector.sandbox.api.pagination import PageSlice
    from connector.sandbox.api.router import Route
    from connector.sandbox.data.collection import RecordCollection
    from connector.sandbox.data.collections import RecordCollections
    from connector.sandbox.data.jobs import Jobs
    from connector.sandbox.data.state import SandboxData, SandboxRecord, SandboxState
    from connector.sandbox.http.faults import FaultInjector
    from connector.sandbox.http.request import SandboxRequest

T = TypeVar("T")
_UNLIMITED_SIZE = 1_000_000_000
_NO_FILTER = ("", "all", "any")  # values of a query that ask for everything


@dataclass(frozen=True, slots=True)
class MatchedRequest:
    """A validated request: route, path values and action (None without one).

    `body` is its JSON object or form, `page_request` the requested page of a list.
    """

    http_request: SandboxRequest
    route: Route
    path_values: tuple[str, ...]
    action: Action | None
    body: dict[str, Any]
    pagination: Pagination | None
    page_request: PageRequest | None

    @property
    def method(self) -> str:
        """The method, GET for HEAD."""
        return "GET" if self.http_request.method == "HEAD" else self.http_request.method

    @property
    def target(self) -> str:
        """What is asked for: the path, and all that the query names."""
        return f"{self.http_request.path}?{sorted(self.http_request.query)}"

    @property
    def example(self) -> Any:
        """The example reply of the action's file."""
        return self.action.returns.example if self.action else None


class CrudHandlers:
    """Handles validated requests on the records of the state; `emitted_events` names the events per collection."""

    def __init__(
        self,
        collections: RecordCollections,
        state: SandboxState,
        emitted_events: Mapping[str, EmittedEvents],
        faults: FaultInjector,
        jobs: Jobs,
    ) -> None:
        self._collections = collections
        self._state = state
        self._emitted_events = emitted_events
        self._faults = faults
        self._jobs = jobs

    def handle(self, request: MatchedRequest) -> SandboxResponse:
        """Handle a request. Raises RecordNotFound, UnknownCursor, StoreError."""
        collection = self._collections.by_name.get(request.route.collection)
        if collection is None:
            return self._respond_with_example(request)
        if request.route.role == "list":
            handler = {"GET": self._list, "POST": self._create}.get(request.method)
        else:
            handler = {"GET": self._read, "DELETE": self._remove}.get(request.method, self._update)
        return handler(request, collection) if handler else self._respond_with_example(request)

    def _create(self, request: MatchedRequest, collection: RecordCollection) -> SandboxResponse:
        with self._state.transaction() as data:
            record = self._collections.create(data, collection, request.path_values, request.action, request.body)
            response = build_action_response(request.action, 201, collection.render_as(record, request.example))
            return replace(response, changes=self._build_change_events("created", collection, record, data))

    def _read(self, request: MatchedRequest, collection: RecordCollection) -> SandboxResponse:
        with self._state.read() as data:
            record = self._collections.get_item(data, collection, request.path_values)
            found = collection.render_in_example(record, request.example)
            return build_action_response(request.action, 200, self._jobs.play(request.action, request.target, found))

    def _update(self, request: MatchedRequest, collection: RecordCollection) -> SandboxResponse:
        with self._state.transaction() as data:
            record = self._collections.get_item(data, collection, request.path_values)
            before = collection.render(record) if collection.name in self._emitted_events else None
            self._collections.update(collection, record, request.action, request.body)
            response = SandboxResponse(204)
            if request.action is not None:
                response = build_action_response(request.action, 200, collection.render_as(record, request.example))
            return replace(response, changes=self._build_change_events("updated", collection, record, data, before))

    def _remove(self, request: MatchedRequest, collection: RecordCollection) -> SandboxResponse:
        with self._state.transaction() as data:
            record = self._collections.get_item(data, collection, request.path_values)
            changes = self._build_change_events("deleted", collection, record, data)
            self._collections.remove(data, collection, record)
            response = SandboxResponse(204)
            if request.action is not None:
                response = build_action_response(
                    request.action, 200, collection.render_deleted(record, request.example)
                )
            return replace(response, changes=changes)

    def _build_change_events(
        self,
        change: str,
        collection: RecordCollection,
        record: SandboxRecord,
        data: SandboxData,
        before: dict[str, Any] | None = None,
    ) -> tuple[ChangeEvent, ...]:
        """Return the events of a change to a record."""
        emitted = self._emitted_events.get(collection.name)
        if emitted is None or not emitted.event_names_by_change[change]:
            return ()
        subject = {**collection.render(record), collection.definition.list_id or collection.definition.id: record.id}
        if emitted.within is not None:
            parent_collection = self._collections.by_name[collection.definition.parent or ""]
            parent = get_record(data, parent_collection.name, str(record.parent))
            subject = {**(parent_collection.render(parent) if parent else {}), emitted.within: subject}
        return tuple(ChangeEvent(event, subject, before) for event in emitted.event_names_by_change[change])

    def _list(self, request: MatchedRequest, collection: RecordCollection) -> SandboxResponse:
        pagination = request.pagination or _build_single_page(request.example, collection.name)
        page_request = request.page_request or PageRequest(_UNLIMITED_SIZE)
        id_name = collection.definition.list_id or collection.definition.id

        def render(record: SandboxRecord) -> Any:
            return _wrap_item(pagination, request.example, collection.render_in_list(record))

        def read_cursor(record: SandboxRecord) -> Any:
            return record.id if pagination.next == id_name else get_at_path(render(record), pagination.next)

        with self._state.read() as data:
            in_scope = self._collections.list_in_scope(data, collection, request.path_values)
            in_scope = _select_changed(collection, in_scope, request.http_request.query)
            asked = {name: value for name, value in request.http_request.query if value.lower() not in _NO_FILTER}
            records = [one for one in in_scope if not asked or _is_asked_for(collection.render_in_list(one), asked)]
            adapter = ListAdapter(
                f"{collection.name} {'/'.join(request.path_values)}", lambda record: record.position, read_cursor
            )
            page = self._slice(pagination, page_request, records, adapter)
            items = [render(record) for record in page.entries]
        reply = PageReply(pagination, request.http_request, page_request, page, request.example)
        return build_action_response(request.action, 200, reply.build(items), reply.build_headers())

    def _slice(
        self, pagination: Pagination, page_request: PageRequest, entries: Sequence[T], adapter: ListAdapter[T]
    ) -> PageSlice[T]:
        slice_entries = slice_looping_page if self._faults.has_cursor_loop else slice_page
        return slice_entries(pagination, page_request, entries, adapter)

    def _respond_with_example(self, request: MatchedRequest) -> SandboxResponse:
        """Respond with the action's example; serve a list page by page."""
        assert request.action is not None
        example, pagination, page_request = request.example, request.pagination, request.page_request
        items = get_at_path(example, pagination.items) if pagination else None
        if pagination is None or page_request is None or not isinstance(items, list):
            is_new = request.method == "POST" and not request.action.read_only
            reply = self._jobs.play(request.action, request.target, example)
            return build_action_response(request.action, 201 if is_new else 200, reply)
        entries = list(enumerate(items, 1))
        adapter: ListAdapter[tuple[int, Any]] = ListAdapter(
            request.http_request.path, lambda entry: entry[0], lambda entry: get_at_path(entry[1], pagination.next)
        )
        page = self._slice(pagination, page_request, entries, adapter)
        reply = PageReply(pagination, request.http_request, page_request, page, example)
        value = reply.set_signs(example) if page.is_complete else reply.build([item for _, item in page.entries])
        return build_action_response(request.action, 200, value, reply.build_headers())


def _select_changed(collection: RecordCollection, records: list[SandboxRecord], query: Pairs) -> list[SandboxRecord]:
    """Return the records that were changed since the time that a query asks from; all if it asks for none."""
    action = collection.list_action
    place = find_since_name(collection.definition, action) if action is not None else None
    times = [read_since(collection.definition, action, value) for name, value in query if action and name == place]
    since = max((time for time in times if time is not None), default=0.0)
    return [record for record in records if record.updated_at >= since]


def _is_asked_for(item: Any, asked: dict[str, str]) -> bool:
    """Whether an item has what a query asks for: of parameters named like one of its texts, the same text."""
    fields = item if isinstance(item, dict) else {}
    return all(fields[name] == value for name, value in asked.items() if isinstance(fields.get(name), str))


def _wrap_item(pagination: Pagination, example: Any, item: Any) -> Any:
    """Return an entry of a list: the item, in the example's entry where the list wraps its items."""
    if pagination.item is None:
        return item
    entries = get_at_path(example, pagination.items)
    return set_at_path(entries[0] if isinstance(entries, list) and entries else {}, pagination.item, item)


def _build_single_page(example: Any, name: str) -> Pagination:
    """Return the pagination of an unpaged list: only the location of its items."""
    fields = example.items() if isinstance(example, dict) else ()
    list_field = next((key for key, value in fields if isinstance(value, list)), name)
    items = "." if isinstance(example, list) else list_field
    return Pagination("none", items)


def build_action_response(action: Action | None, status: int, value: Any, headers: Pairs = ()) -> SandboxResponse:
    """Build the response of an action with the body type that its file declares."""
    return build_returned_response(action.returns if action else Returns(), status, value, headers)
