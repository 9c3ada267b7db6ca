"""Route methods and paths to actions and collections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from connector.definition.forms.action_heads import ActionHeads
from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.definition.action import Action
    from connector.definition.forms.action_heads import ActionHead
    from connector.definition.loader import Connector

_PLACEHOLDER_PATTERN = prepare_pattern(r"\{[^{}]*\}")
_ITEM_METHODS = ("GET", "PATCH", "PUT", "DELETE")
_LIST_METHODS = ("GET", "POST")


class RouteActions(Mapping[str, "list[Action]"]):
    """The actions of a route by method; the file of one is read when it is asked for."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._keys: dict[str, list[str]] = {}

    def add(self, head: ActionHead) -> None:
        """Add an action that has the path of the route."""
        self._keys.setdefault(head.method, []).append(head.action)

    def __getitem__(self, method: str) -> list[Action]:
        return [self._connector.action(key) for key in self._keys[method]]

    def __contains__(self, method: object) -> bool:
        return method in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


@dataclass(slots=True)
class Route:
    """One path template: its actions by method, its collection, and its role there."""

    template: str
    actions: RouteActions
    collection: str = ""
    role: Literal["", "list", "item"] = ""

    @property
    def methods(self) -> set[str]:
        """The supported methods: those of its actions, and those of every collection."""
        implied = {"list": _LIST_METHODS, "item": _ITEM_METHODS, "": ()}[self.role]
        supported = {*self.actions, *implied}
        return {*supported, "HEAD"} if "GET" in supported else supported

    def find_action(self, method: str) -> Action | None:
        """Return the first action with this method."""
        return next(iter(self.actions.get(method, ())), None)


@dataclass(frozen=True, slots=True)
class Match:
    """A matched route, its placeholder values (still encoded), whether a sub-account is addressed, and the servers."""

    route: Route
    segments: tuple[str, ...]
    subaccount: bool = False
    servers: frozenset[str | None] | None = None  # that the path may be of; None for any

    def has(self, action: Action) -> bool:
        """Whether an action of the route is at the servers, and can act on the sub-account that is addressed."""
        is_at_server = self.servers is None or action.server in self.servers
        return is_at_server and (action.subaccount or not self.subaccount)


class _Branch:
    """The templates that begin with the same segments: their next ones, and the route of the one that ends here."""

    __slots__ = ("by_name", "by_pattern", "route")

    def __init__(self) -> None:
        self.route: Route | None = None
        self.by_name: dict[str, _Branch] = {}
        self.by_pattern: dict[str, tuple[re.Pattern[str], _Branch]] = {}

    def grow(self, segment: str) -> _Branch:
        """Return the branch of a next segment, such as `users`, `{}` or `{}.json`; add a new one."""
        if "{" not in segment:
            return self.by_name.setdefault(segment, _Branch())
        if segment not in self.by_pattern:
            self.by_pattern[segment] = _compile_template(segment), _Branch()
        return self.by_pattern[segment][1]

    def find(self, segments: Sequence[str], values: tuple[str, ...] = ()) -> Iterator[tuple[Route, tuple[str, ...]]]:
        """Yield the routes that match the segments of a path, each with its values."""
        if not segments:
            if self.route is not None:
                yield self.route, values
            return
        segment, *rest = segments
        if segment in self.by_name:
            yield from self.by_name[segment].find(rest, values)
        for pattern, branch in self.by_pattern.values():
            match = pattern.match(segment)
            if match:
                yield from branch.find(rest, values + match.groups())


class Router:
    """Finds the routes of a path, from a connector's actions and its manifest's collections."""

    def __init__(self, connector: Connector) -> None:
        self._root = _Branch()
        self._connector = connector
        for head in connector.derive(ActionHeads.read).heads:
            if not head.is_raw:
                self.get_or_add_route(head.path).actions.add(head)
        for name, collection in connector.manifest.resources.items():
            if collection.listing:
                self._set_role(collection.listing, name, "list")
            if collection.item:
                self._set_role(collection.item, name, "item")
        subaccounts = connector.manifest.subaccounts
        self._subaccount_pattern = (
            _compile_template(subaccounts.prefix, suffix="(/.*)") if subaccounts and subaccounts.prefix else None
        )

    def get_or_add_route(self, template: str) -> Route:
        """Return the route of a template, whatever its placeholder names; add a new one."""
        branch = self._root
        for segment in _PLACEHOLDER_PATTERN.sub("{}", template).split("/"):
            branch = branch.grow(segment)
        if branch.route is None:
            branch.route = Route(template, RouteActions(self._connector))
        return branch.route

    def _set_role(self, template: str, collection: str, role: Literal["list", "item"]) -> None:
        route = self.get_or_add_route(template)
        route.collection, route.role = collection, role

    def find_matches(self, path: str) -> list[Match]:
        """Return the routes that match a path below the base URL, the most specific first."""
        matches = self._match_path(path)
        prefix_match = self._subaccount_pattern.match(path) if self._subaccount_pattern and not matches else None
        return self._match_path(prefix_match[prefix_match.re.groups], subaccount=True) if prefix_match else matches

    def _match_path(self, path: str, *, subaccount: bool = False) -> list[Match]:
        found = sorted(self._root.find(path.split("/")), key=lambda pair: _specificity_key(pair[0].template))
        return [Match(route, values, subaccount) for route, values in found]


def _compile_template(template: str, suffix: str = "") -> re.Pattern[str]:
    literals = [re.escape(literal) for literal in _PLACEHOLDER_PATTERN.split(template)]
    return re.compile("([^/]+)".join(literals) + suffix + r"\Z")


def _specificity_key(template: str) -> tuple[bool, ...]:
    """Return which segments are placeholders, so that /users/me sorts before /users/{userId}."""
    return tuple("{" in segment for segment in template.split("/"))
