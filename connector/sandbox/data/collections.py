"""The things of a service: found, made, changed and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.data import ids
from connector.sandbox.data.collection import Shelf, overlay
from connector.sandbox.data.state import Data, Record, entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.sandbox.api.router import Routes

Id = str | int


class NoSuchThing(Exception):
    """A path names a thing that is not there: the name. It never leaves the room."""


class Things:
    """The collections of a connector, and what can be done with the things in them."""

    def __init__(self, connector: Connector, routes: Routes) -> None:
        self.shelves = {
            name: Shelf(
                name,
                declared,
                routes.at(declared.listing) if declared.listing else None,
                routes.at(declared.item) if declared.item else None,
            )
            for name, declared in connector.manifest.sandbox.collections.items()
        }

    def fresh(self) -> Data:
        """Return the things that are there from the start."""
        data = Data()
        for shelf in self.shelves.values():
            for start in shelf.declared.start:
                own = start.get(shelf.declared.id)
                parent = start.get("parent") if shelf.declared.parent else None
                sent = {name: value for name, value in start.items() if name not in (shelf.declared.id, "parent")}
                made = Record(id=_known(own), place=0, parent=_known(parent), sent=sent) if own is not None else None
                self._add(data, shelf, made or Record(id="", place=0, parent=_known(parent), sent=sent))
        return data

    def _add(self, data: Data, shelf: Shelf, record: Record) -> Record:
        """Put a thing on its shelf, with a new id when it has none."""
        data.count += 1
        record.place = data.count
        shelved = data.things.setdefault(shelf.name, {})
        drawn = data.count
        while record.id == "" or str(record.id) in shelved:
            made = ids.new(shelf.declared.new_id, shelf.name, drawn)
            record.id = f"{shelf.declared.id_prefix}{made}" if shelf.declared.id_prefix else made
            drawn += 1_000_003  # an id that somebody else chose is in the way: draw from afar
        shelved[str(record.id)] = record
        return record

    def find(self, data: Data, shelf: Shelf, word: str) -> Record:
        """Return the thing that a word of a path names. Raises NoSuchThing."""
        declared = shelf.declared
        found = entry(data, shelf.name, declared.names.get(word, word))
        if found is None and declared.also:
            shelved = data.things.get(shelf.name, {}).values()
            found = next((record for record in shelved if word in self._other_names(shelf, record)), None)
        if found is None:
            raise NoSuchThing(word)
        return found

    def _other_names(self, shelf: Shelf, record: Record) -> Iterator[str]:
        fields = shelf.look(record.by).fields
        for name in shelf.declared.also:
            value = record.sent.get(name, fields.get(name))
            if value is not None:
                yield str(value)

    def item(self, data: Data, shelf: Shelf, values: tuple[str, ...]) -> Record:
        """Return the thing that the values of an item's path name, its parent among them. Raises NoSuchThing."""
        record = self.find(data, shelf, values[-1]) if values else None
        if record is None:
            raise NoSuchThing(shelf.name)
        above, listing = values[:-1], shelf.listing
        if above and listing and "{" in listing.template and not _under(record, self._scope(data, shelf, above)):
            raise NoSuchThing(values[-1])
        return record

    def _scope(self, data: Data, shelf: Shelf, values: tuple[str, ...]) -> Id | None:
        """Return what the values of a list's path put its things under. Raises NoSuchThing."""
        parent = self.shelves.get(shelf.declared.parent or "")
        if not values:
            return None
        return self.find(data, parent, values[-1]).id if parent else "/".join(values)

    def under(self, data: Data, shelf: Shelf, values: tuple[str, ...]) -> list[Record]:
        """Return the things of a list's path, in the order they were made. Raises NoSuchThing."""
        scope = self._scope(data, shelf, values)
        shelved = data.things.get(shelf.name, {}).values()
        return [record for record in shelved if scope is None or _under(record, scope)]

    def create(self, data: Data, shelf: Shelf, values: tuple[str, ...], action: Action | None, sent: Any) -> Record:
        """Make a thing of what was sent, and return it. Raises NoSuchThing for an unknown parent."""
        scope = self._scope(data, shelf, values)
        by = action.action if action else None
        kept = shelf.kept(action, by, sent)
        for name in shelf.declared.also:  # a name of a thing is its own, never the example's
            if name not in kept and isinstance(shelf.look(by).fields.get(name), str):
                kept[name] = ids.new("text", f"{shelf.name} {name}", data.count + 1)
        return self._add(data, shelf, Record(id="", place=0, parent=scope, by=by, sent=kept))

    def update(self, shelf: Shelf, record: Record, action: Action | None, sent: dict[str, Any]) -> None:
        """Lay what was sent over a thing."""
        record.sent = overlay(record.sent, shelf.kept(action, record.by, sent))

    def remove(self, data: Data, shelf: Shelf, record: Record) -> None:
        """Remove a thing and everything under it."""
        del data.things[shelf.name][str(record.id)]
        for child in self.shelves.values():
            if child.declared.parent == shelf.name:
                shelved = list(data.things.get(child.name, {}).values())
                for one in [one for one in shelved if _under(one, record.id)]:
                    self.remove(data, child, one)


def _under(record: Record, scope: Id | None) -> bool:
    return str(record.parent) == str(scope)


def _known(value: Any) -> Any:
    return value if isinstance(value, str | int) or value is None else str(value)
