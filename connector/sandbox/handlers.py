"""What is done for a request that fits, and what it answers: things listed, made, read, changed and removed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from connector.core.json_path import dig
from connector.core.response.pagination import Words
from connector.sandbox.api import pagination as listing
from connector.sandbox.api.pagination import Lists, Window
from connector.sandbox.data.collection import at_items
from connector.sandbox.data.state import entry
from connector.sandbox.http import responses as answers
from connector.sandbox.http.responses import Answer, Happening

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.action import Action
    from connector.definition.manifest import Emits
    from connector.sandbox.api.router import Route
    from connector.sandbox.data.collection import Shelf
    from connector.sandbox.data.collections import Things
    from connector.sandbox.data.state import Data, Record, State
    from connector.sandbox.http.request import Incoming

_ALL = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Fitting:
    """A request that passed its checks: route, path values, action (None for a path that only a collection has).

    `sent` is the object in its body, `window` what it asks of a list.
    """

    request: Incoming
    route: Route
    values: tuple[str, ...]
    action: Action | None
    sent: dict[str, Any]
    words: Words | None
    window: Window | None

    @property
    def method(self) -> str:
        """The method, GET for HEAD."""
        return "GET" if self.request.method == "HEAD" else self.request.method

    @property
    def example(self) -> Any:
        """What the action's file shows as its reply."""
        return self.action.returns.example if self.action else None


class Replies:
    """Answers requests that fit, from the things in the state; `emits` says which changes are to be told of."""

    def __init__(self, things: Things, state: State, emits: Mapping[str, Emits], *, loops: bool) -> None:
        self._things = things
        self._state = state
        self._emits = emits
        self._cut = listing.looped if loops else listing.cut

    def answer(self, asked: Fitting) -> Answer:
        """Do what a request asks. Raises NoSuchThing, StaleCursor, StoreError."""
        shelf = self._things.shelves.get(asked.route.collection)
        if shelf is None:
            return self._example(asked)
        if asked.route.role == "list":
            does = {"GET": self._list, "POST": self._create}.get(asked.method)
        else:
            does = {"GET": self._read, "DELETE": self._remove}.get(asked.method, self._update)
        return does(asked, shelf) if does else self._example(asked)

    def _create(self, asked: Fitting, shelf: Shelf) -> Answer:
        with self._state.writing() as data:
            made = self._things.create(data, shelf, asked.values, asked.action, asked.sent)
            answer = _sent(asked.action, 201, shelf.shaped(made, asked.example))
            return replace(answer, happened=self._happened("created", shelf, made, data))

    def _read(self, asked: Fitting, shelf: Shelf) -> Answer:
        with self._state.reading() as data:
            record = self._things.item(data, shelf, asked.values)
            return _sent(asked.action, 200, shelf.wrapped(record, asked.example))

    def _update(self, asked: Fitting, shelf: Shelf) -> Answer:
        with self._state.writing() as data:
            record = self._things.item(data, shelf, asked.values)
            before = shelf.thing(record) if shelf.name in self._emits else None
            self._things.update(shelf, record, asked.action, asked.sent)
            answer = Answer(204)
            if asked.action is not None:
                answer = _sent(asked.action, 200, shelf.shaped(record, asked.example))
            return replace(answer, happened=self._happened("updated", shelf, record, data, before))

    def _remove(self, asked: Fitting, shelf: Shelf) -> Answer:
        with self._state.writing() as data:
            record = self._things.item(data, shelf, asked.values)
            happened = self._happened("deleted", shelf, record, data)
            self._things.remove(data, shelf, record)
            answer = Answer(204)
            if asked.action is not None:
                answer = _sent(asked.action, 200, shelf.gone(record, asked.example))
            return replace(answer, happened=happened)

    def _happened(
        self, change: str, shelf: Shelf, record: Record, data: Data, before: dict[str, Any] | None = None
    ) -> tuple[Happening, ...]:
        """Return what is to be told of a change to a thing."""
        emits = self._emits.get(shelf.name)
        if emits is None or not emits.changes[change]:
            return ()
        about = {**shelf.thing(record), shelf.declared.list_id or shelf.declared.id: record.id}
        if emits.within is not None:
            above = self._things.shelves[shelf.declared.parent or ""]
            parent = entry(data, above.name, str(record.parent))
            about = {**(above.thing(parent) if parent else {}), emits.within: about}
        return tuple(Happening(event, about, before) for event in emits.changes[change])

    def _list(self, asked: Fitting, shelf: Shelf) -> Answer:
        words = asked.words or _one_page(asked.example, shelf.name)
        window = asked.window or Window(_ALL)
        own = shelf.declared.list_id or shelf.declared.id

        def name(record: Record) -> Any:
            return record.id if words.read == own else dig(shelf.listed(record), words.read)

        with self._state.reading() as data:
            records = self._things.under(data, shelf, asked.values)
            lists = Lists(f"{shelf.name} {'/'.join(asked.values)}", lambda record: record.place, name)
            page = self._cut(words, window, records, lists)
            items = [shelf.listed(record) for record in page.entries]
        headers = _links(asked, words, page.following)
        return _sent(asked.action, 200, listing.reply(words, window, page, items, asked.example), headers)

    def _example(self, asked: Fitting) -> Answer:
        """Answer with the action's example; a list is handed out page by page."""
        assert asked.action is not None
        example, words, window = asked.example, asked.words, asked.window
        items = at_items(example, words.items) if words else None
        if words is None or window is None or not isinstance(items, list):
            return _sent(asked.action, 201 if asked.method == "POST" else 200, example)
        entries = list(enumerate(items, 1))
        lists: Lists[tuple[int, Any]] = Lists(
            asked.request.path, lambda entry: entry[0], lambda entry: dig(entry[1], words.read)
        )
        page = self._cut(words, window, entries, lists)
        if page.whole:
            value = listing.ended(words, example, page) if isinstance(example, dict) else example
        else:
            value = listing.reply(words, window, page, [item for _, item in page.entries], example)
        return _sent(asked.action, 200, value, _links(asked, words, page.following))


def _links(asked: Fitting, words: Words, following: str | None) -> tuple[tuple[str, str], ...]:
    linked = words.by == "link" and following is not None
    return (listing.link(asked.request, words, following),) if linked and following else ()


def _one_page(example: Any, name: str) -> Words:
    """Return the words of a list that is not paged: where its items are, and nothing else."""
    fields = example.items() if isinstance(example, dict) else ()
    named = next((key for key, value in fields if isinstance(value, list)), name)
    items = "." if isinstance(example, list) else named
    return Words(by="cursor", items=items, read=None, send=None, size=None, max=None, first=0, more=None)


def _sent(action: Action | None, status: int, value: Any, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Return the answer in the kind of body that the action's file declares."""
    kind = action.returns.type if action else "json"
    if kind == "none":
        return Answer(204, headers)
    if kind == "json":
        return answers.data(status, value, headers)
    body = value.encode() if isinstance(value, str) else to_json(value)
    media = "text/plain; charset=utf-8" if kind == "text" else "application/octet-stream"
    return Answer(status, (("content-type", media), *headers), body)
