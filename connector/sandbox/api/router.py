"""Paths -> actions and collections: what a method and a path of the service stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from connector.definition.action import Action
    from connector.definition.loader import Connector

_NAME = re.compile(r"\{[^{}]*\}")
_OF_ITEM = ("GET", "PATCH", "PUT", "DELETE")
_OF_LIST = ("GET", "POST")


@dataclass(slots=True)
class Route:
    """One path template: its actions by method, and the collection that it lists or names a thing of."""

    template: str
    actions: dict[str, list[Action]] = field(default_factory=dict)
    collection: str = ""
    role: Literal["", "list", "item"] = ""

    @property
    def methods(self) -> set[str]:
        """The methods it takes: those of its actions, and those that every collection has."""
        own = {"list": _OF_LIST, "item": _OF_ITEM, "": ()}[self.role]
        found = {*self.actions, *own}
        return {*found, "HEAD"} if "GET" in found else found

    def first(self, method: str) -> Action | None:
        """Return the first action with this method."""
        return next(iter(self.actions.get(method, ())), None)


@dataclass(frozen=True, slots=True)
class Match:
    """A route, the segments that stand for its names (still encoded), and whether a sub-account is meant."""

    route: Route
    segments: tuple[str, ...]
    subaccount: bool = False


class Routes:
    """Every path of a connector, from its actions and its manifest's collections."""

    def __init__(self, connector: Connector) -> None:
        self._by_template: dict[str, Route] = {}
        for action in connector.actions():
            if not action.is_raw:
                self.at(action.path).actions.setdefault(action.method, []).append(action)
        for name, declared in connector.manifest.sandbox.collections.items():
            if declared.listing:
                self._mark(declared.listing, name, "list")
            if declared.item:
                self._mark(declared.item, name, "item")
        ordered = sorted(self._by_template.values(), key=lambda route: _openness(route.template))
        self._patterns = [(_pattern(route.template), route) for route in ordered]
        subaccounts = connector.manifest.subaccounts
        self._prefix = _pattern(subaccounts.prefix, tail="(/.*)") if subaccounts and subaccounts.prefix else None

    def at(self, template: str) -> Route:
        """Return the route of a template, made when it is new; the names in braces do not matter."""
        return self._by_template.setdefault(_NAME.sub("{}", template), Route(template))

    def _mark(self, template: str, collection: str, role: Literal["list", "item"]) -> None:
        route = self.at(template)
        route.collection, route.role = collection, role

    def find(self, path: str) -> list[Match]:
        """Return what a path below the base URL may stand for, the plainest template first."""
        found = self._matches(path)
        twin = self._prefix.match(path) if self._prefix and not found else None
        return self._matches(twin[twin.re.groups], subaccount=True) if twin else found

    def _matches(self, path: str, *, subaccount: bool = False) -> list[Match]:
        pairs = ((pattern.match(path), route) for pattern, route in self._patterns)
        return [Match(route, match.groups(), subaccount) for match, route in pairs if match]


def _pattern(template: str, tail: str = "") -> re.Pattern[str]:
    literals = [re.escape(part) for part in _NAME.split(template)]
    return re.compile("([^/]+)".join(literals) + tail + r"\Z")


def _openness(template: str) -> tuple[bool, ...]:
    """Return which segments of a template are open: /users/me comes before /users/{userId}."""
    return tuple("{" in segment for segment in template.split("/"))
