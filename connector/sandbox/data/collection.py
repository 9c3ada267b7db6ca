"""One collection of the sandbox: what its things look like, worked out once from the examples of its actions.

A thing is the example of its item, with the example of the action that made it and what was sent laid over it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pydantic_core import from_json, to_json

from connector.sandbox.api.validator import ABSENT, at

if TYPE_CHECKING:
    from connector.definition.action import Action
    from connector.definition.manifest import Collection
    from connector.sandbox.api.router import Route
    from connector.sandbox.data.state import Record

Path = tuple[str, ...]
_ID, _PARENT = "\ue000", "\ue001"  # private characters that stand in a template for the ids of a thing
_WHOLE = ("json", "map of string", "pairs")


@dataclass(frozen=True, slots=True)
class Look:
    """What a thing looks like before anything is sent: its fields, and the templates of it alone and in a list."""

    fields: dict[str, Any]
    alone: bytes
    listed: bytes | None


@dataclass(frozen=True, slots=True)
class Sender:
    """What an action's body means to a thing: the objects it wraps the fields in, and where its secrets are."""

    wrappers: frozenset[str] = frozenset()
    secrets: tuple[Path, ...] = ()


@dataclass
class Shelf:
    """A collection with the routes of its list and of one item."""

    name: str
    declared: Collection
    listing: Route | None
    item: Route | None
    _looks: dict[str | None, Look] = field(default_factory=dict)
    _senders: dict[str | None, Sender] = field(default_factory=dict)

    @cached_property
    def getter(self) -> Action | None:
        """The action that reads one thing."""
        return self.item.first("GET") if self.item else None

    @cached_property
    def lister(self) -> Action | None:
        """The action that lists the things."""
        return self.listing.first("GET") if self.listing else None

    @cached_property
    def _makers(self) -> dict[str, Action]:
        made = self.listing.actions.get("POST", []) if self.listing else []
        return {action.action: action for action in made}

    @cached_property
    def _listed_example(self) -> dict[str, Any]:
        """The example of a listed item, its id under the collection's own name."""
        if self.lister is None or self.lister.pages is None:
            return {}
        found = at_items(self.lister.returns.example, self.lister.pages.items)
        first = found[0] if isinstance(found, list) and found else None
        if not isinstance(first, dict):
            return {}
        listed, own = self.declared.list_id or self.declared.id, self.declared.id
        return {own if name == listed else name: value for name, value in first.items()}

    @cached_property
    def whole(self) -> frozenset[Path]:
        """Paths of a thing whose value is one piece, such as free metadata: an example never shows through it."""
        routes = [route for route in (self.listing, self.item) if route]
        actions = [action for route in routes for group in route.actions.values() for action in group]
        paths = set()
        for action in actions:
            wrappers = self._sender(action).wrappers
            for spec in action.inputs.values():
                place = spec.place
                if place.part in ("body", "form") and place.path and not place.spread and spec.type in _WHOLE:
                    paths.add(place.path[1:] if place.path[0] in wrappers else place.path)
        return frozenset(paths)

    def look(self, by: str | None) -> Look:
        """Return what things look like that this action made; None for those that were always there."""
        if by not in self._looks:
            self._looks[by] = self._made_look(self._makers.get(by) if by else None)
        return self._looks[by]

    def _made_look(self, maker: Action | None) -> Look:
        listed = self._marked(self._listed_example)
        alone = self._marked(inner(self.getter.returns.example, self.declared.id)) if self.getter else listed
        if maker is not None:
            alone = overlay(alone, self._marked(inner(maker.returns.example, self.declared.id)))
        shown = {name: alone.get(name, value) for name, value in listed.items()} if listed else None
        return Look(alone, to_json(alone), to_json(shown) if shown is not None else None)

    def _marked(self, example: dict[str, Any]) -> dict[str, Any]:
        """Return an example with marks in its URLs where its own id and its parent's id stand."""
        marks: dict[str, str] = {}
        for name, mark in ((self.declared.id, _ID), (self.declared.parent_id, _PARENT)):
            if name and isinstance(example.get(name), str | int) and str(example[name]):
                marks.setdefault(str(example[name]), mark)
        if not marks:
            return example
        ids = "|".join(re.escape(one) for one in sorted(marks, key=len, reverse=True))
        pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{ids})(?![A-Za-z0-9])")
        marked: dict[str, Any] = _in_urls(example, pattern, marks)
        return marked

    def thing(self, record: Record) -> dict[str, Any]:
        """Return a thing."""
        thing = overlay(_filled(self.look(record.by).alone, record), record.sent, self.whole)
        return self._identified(thing, record)

    def listed(self, record: Record) -> Any:
        """Return a thing as its list shows it: the fields of the list's example, no others."""
        look, thing = self.look(record.by), self.thing(record)
        if look.listed is None:
            return thing
        shown = _filled(look.listed, record)
        own, listed = self.declared.id, self.declared.list_id or self.declared.id
        item = {listed if name == own else name: thing.get(name, value) for name, value in shown.items()}
        return {**item, listed: record.id} if listed in item else item

    def _identified(self, thing: dict[str, Any], record: Record) -> dict[str, Any]:
        thing[self.declared.id] = record.id
        if self.declared.parent_id and record.parent is not None:
            thing[self.declared.parent_id] = record.parent
        return thing

    def shaped(self, record: Record, example: Any) -> Any:
        """Return a thing in the shape of a reply's example: its fields, nested ones too, and no others."""
        if not isinstance(example, dict) or not example:
            return self.thing(record)
        spot = spot_of(example, self.declared.id)
        shape = example[spot] if spot else example
        shown = _projected(self.thing(record), shape, self.whole)
        return {**example, spot: shown} if spot else shown

    def wrapped(self, record: Record, example: Any) -> Any:
        """Return a whole thing where a reply's example has it."""
        spot = spot_of(example, self.declared.id)
        return {**example, spot: self.thing(record)} if spot else self.thing(record)

    def gone(self, record: Record, example: Any) -> Any:
        """Return the example of a deletion with the thing's id in it."""
        if not isinstance(example, dict):
            return example
        spot = spot_of(example, self.declared.id)
        held = example[spot] if spot else example
        named = {**held, self.declared.id: record.id} if self.declared.id in held else held
        return {**example, spot: named} if spot else named

    def kept(self, action: Action | None, by: str | None, sent: dict[str, Any]) -> dict[str, Any]:
        """Return what a thing keeps of what was sent: unwrapped, and no secret that is never shown again."""
        sender, fields = self._sender(action), self.look(by).fields
        kept: dict[str, Any] = {}
        for name, value in sent.items():
            if name not in sender.wrappers or not isinstance(value, dict):
                continue
            kept |= {key: item for key, item in value.items() if key in fields}
            rest = {key: item for key, item in value.items() if key not in fields}
            if rest:
                kept[name] = rest
        kept |= {name: value for name, value in sent.items() if name not in sender.wrappers}
        for path in sender.secrets:
            if at(fields, path) is ABSENT:
                kept = _without(kept, path)
        return {name: value for name, value in kept.items() if name != self.declared.id}

    def _sender(self, action: Action | None) -> Sender:
        key = action.action if action else None
        if key not in self._senders:
            self._senders[key] = self._read_sender(action) if action else Sender()
        return self._senders[key]

    def _read_sender(self, action: Action) -> Sender:
        """Find the wrappers: objects that a thing has not, while it has most of what is declared inside them."""
        fields = self.look(action.action if action.action in self._makers else None).fields
        places = [spec.place for spec in action.inputs.values() if spec.place.part in ("body", "form")]
        inside: dict[str, set[str]] = {}
        for place in places:
            if len(place.path) > 1:
                inside.setdefault(place.path[0], set()).add(place.path[1])
        wrappers = frozenset(
            name
            for name, names in inside.items()
            if name not in fields and 2 * sum(one in fields for one in names) >= len(names)
        )
        secret = [spec.place.path for spec in action.inputs.values() if spec.secret and spec.place in places]
        lifted = (p[1:] if len(p) > 1 and p[0] in wrappers and p[1] in fields else p for p in secret)
        return Sender(wrappers, tuple(path for path in lifted if path))


def overlay(under: dict[str, Any], over: dict[str, Any], whole: frozenset[Path] = frozenset(), path: Path = ()) -> Any:
    """Return data laid over other data: objects are merged unless they are whole, everything else is replaced."""
    result = dict(under)
    for name, value in over.items():
        held, here = result.get(name), (*path, name)
        merged = isinstance(value, dict) and isinstance(held, dict) and here not in whole
        result[name] = overlay(held, value, whole, here) if merged else value  # type: ignore[arg-type]
    return result


def at_items(example: Any, items: str) -> Any:
    """Return the items of a list's example; `.` is the example itself."""
    return example if items == "." else at(example, tuple(items.split(".")))


def spot_of(example: Any, name: str) -> str:
    """Return the field of a reply that holds the thing; empty when the reply is the thing."""
    if not isinstance(example, dict) or name in example:
        return ""
    return next((key for key, value in example.items() if isinstance(value, dict) and name in value), "")


def inner(example: Any, name: str) -> dict[str, Any]:
    """Return the thing in a reply's example."""
    spot = spot_of(example, name)
    found = example[spot] if spot else example
    return found if isinstance(found, dict) else {}


def _filled(template: bytes, record: Record) -> Any:
    own, parent = (quote(str(one), safe="").encode() for one in (record.id, record.parent or ""))
    return from_json(template.replace(_ID.encode(), own).replace(_PARENT.encode(), parent))


def _in_urls(data: Any, pattern: re.Pattern[str], marks: dict[str, str]) -> Any:
    if isinstance(data, dict):
        return {name: _in_urls(item, pattern, marks) for name, item in data.items()}
    if isinstance(data, list):
        return [_in_urls(item, pattern, marks) for item in data]
    if isinstance(data, str) and ("://" in data or data.startswith("/")):
        return pattern.sub(lambda match: marks[match[0]], data)
    return data


def _projected(thing: dict[str, Any], shape: dict[str, Any], whole: frozenset[Path], path: Path = ()) -> dict[str, Any]:
    shown = {}
    for name, example in shape.items():
        value, here = thing.get(name, example), (*path, name)
        nested = isinstance(value, dict) and isinstance(example, dict) and here not in whole
        shown[name] = _projected(value, example, whole, here) if nested else value
    return shown


def _without(tree: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return an object without what stands at a path, and without an object that is empty then."""
    name, rest = path[0], path[1:]
    if name not in tree:
        return tree
    others = {key: value for key, value in tree.items() if key != name}
    left = _without(tree[name], rest) if rest and isinstance(tree[name], dict) else {}
    return {**tree, name: left} if left else others
