"""Which actions read, list and change which resource, by their paths."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from connector.definition.case import to_snake_case
from connector.definition.forms.action_heads import ActionHeads
from connector.definition.suggest import did_you_mean
from connector.errors import InputError, Problem
from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from connector.definition.action import Action
    from connector.definition.forms.action_heads import HasRequestLine
    from connector.definition.loader import Connector
    from connector.definition.resource import ResourceDefinition

Role = Literal["get", "list", "create", "update", "delete"]
_PLACEHOLDER = prepare_pattern(r"\{[^{}]*\}")
_LIST_ROLES: dict[str, Role] = {"GET": "list", "POST": "create"}
_ITEM_ROLES: dict[str, Role] = {"GET": "get", "PATCH": "update", "PUT": "update", "DELETE": "delete"}


def name_view(connector: Connector, resource: str) -> str:
    """Return the name of a resource's view, such as shop_orders."""
    return f"{to_snake_case(connector.name)}_{to_snake_case(resource)}"


@dataclass(frozen=True, slots=True)
class RecordKind:
    """What an action does to which resource."""

    resource: str
    role: Role
    definition: ResourceDefinition


class RecordKinds:
    """The kinds of record of a connector: `connector.derive(RecordKinds)`."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self.resources = connector.manifest.resources
        self._kinds: dict[tuple[str, str], RecordKind] = {}
        for name, resource in self.resources.items():
            for path, roles in ((resource.listing, _LIST_ROLES), (resource.item, _ITEM_ROLES)):
                for method, role in roles.items() if path else ():
                    self._kinds.setdefault((method, _normalize(path or "")), RecordKind(name, role, resource))

    def find(self, action: Action | HasRequestLine) -> RecordKind | None:
        """Return what an action does to a resource, or None."""
        return None if action.is_raw else self._kinds.get((action.method, _normalize(action.path)))

    def find_listing(self, resource: str) -> str | None:
        """Return the key of the action that lists a resource, or None."""
        for head in self._connector.derive(ActionHeads.read).heads:
            kind = self.find(head)
            if kind is not None and kind.role == "list" and kind.resource == resource:
                return head.action
        return None

    def list_readable(self) -> tuple[str, ...]:
        """Return the resources whose lists actions read; all where there are none, each of which is then a problem."""
        kinds = map(self.find, self._connector.derive(ActionHeads.read).heads)
        listed = {kind.resource for kind in kinds if kind is not None and kind.role == "list"}
        return tuple(name for name in self.resources if name in listed) or tuple(self.resources)

    def check_names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return names of resources. Raises InputError for unknown ones."""
        known = ", ".join(self.resources) or "none: the manifest names no resources"
        expected = f"a resource of {self._connector.name}"
        problems = [
            Problem("resource", name, expected, f"{did_you_mean(name, self.resources)} Known: {known}".strip())
            for name in names
            if name not in self.resources
        ]
        if problems:
            raise InputError.from_problems("records", problems, undone="done")
        return names


def read_path_values(template: str, path: str) -> list[str]:
    """Return the values that a path has at the places of its template; a prefix may come before it."""
    parts = [re.escape(part) for part in _PLACEHOLDER.split(template)]
    match = re.search("([^/?]+)".join(parts) + r"(?:\?|\Z)", path)
    return [unquote(value) for value in match.groups()] if match else []


def _normalize(path: str) -> str:
    return _PLACEHOLDER.sub("{}", path)
