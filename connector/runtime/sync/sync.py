"""Read the lists of resources into the copy: parents first, then the list of each parent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.core.records.kinds import RecordKinds
from connector.core.records.sights import name_listing
from connector.core.response.pagination.settings import pagination_for
from connector.errors import Denied, InputError, NotFound, Problem, Rejected, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.core.request.builder import Request
    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.runtime.client.client import Client
    from connector.runtime.records.records import Records


@dataclass(frozen=True, slots=True)
class ListRead:
    """One list to read: the action with its inputs, and the id of the record that the list is of."""

    resource: str
    action: str
    given: dict[str, Any] = field(default_factory=dict)
    parent: str = ""


@dataclass(slots=True)
class SyncReport:
    """What a sync read of one resource; `refused` are parents whose list the service did not give."""

    resource: str
    lists: int = 0
    records: int = 0
    refused: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-safe data."""
        return {"resource": self.resource, "lists": self.lists, "records": self.records, "refused": self.refused}


class Sync:
    """Reads the lists of resources through a client that keeps records.

    A resource that belongs to another is read after it, list by list. What is read is kept page by page, and what a
    complete list no longer has is marked as gone; one that breaks off marks nothing, and is read again from its begin.
    """

    def __init__(self, connector: Connector, records: Records, names: tuple[str, ...], page_size: int | None) -> None:
        self._connector = connector
        self._records = records
        self._page_size = page_size
        self._actions = _find_actions(connector, names)

    @property
    def resources(self) -> list[str]:
        """The resources that are read, parents first."""
        return list(self._actions)

    def run(self, client: Client, account: str, on_list: Callable[[SyncReport], None]) -> list[SyncReport]:
        """Read all lists; `on_list` is told after each. Raises ConnectorError: what was read until then is kept."""
        return [self._read_resource(client, account, resource, on_list) for resource in self._actions]

    def list_requests(self, client: Client, account: str) -> Iterator[tuple[ListRead, Request, float | None]]:
        """Yield what would be read now: each list, its first request and when it was last read to its end."""
        for resource in self._actions:
            for read in self._find_lists(resource, account):
                request = client.dry_run(read.action, read.given)
                listing = name_listing(request, pagination_for(self._connector.manifest, self._actions[resource]))
                yield read, request, self._records.find_complete_at(self._connector.name, account, listing)

    def _read_resource(
        self, client: Client, account: str, resource: str, on_list: Callable[[SyncReport], None]
    ) -> SyncReport:
        report = SyncReport(resource)
        for read in self._find_lists(resource, account):
            try:
                with client.items(read.action, read.given, page_size=self._page_size) as items:
                    report.records += sum(1 for _ in items)
            except (NotFound, Denied, Rejected) as error:
                if not read.parent:
                    raise
                report.refused[read.parent] = str(error.args[0])
            report.lists += 1
            self._records.flush()  # a copy that cannot be written ends the sync
            on_list(report)
        return report

    def _find_lists(self, resource: str, account: str) -> Iterator[ListRead]:
        """Yield the lists of a resource: one, or that of each parent in the copy."""
        action = self._actions[resource]
        keys = _find_path_inputs(action)
        if not keys:
            yield ListRead(resource, action.action)
            return
        parent = self._connector.manifest.resources[resource].parent
        for record in self._records.find(self._connector.name, parent, account=account):
            yield ListRead(resource, action.action, {keys[0]: record.id}, record.id)


def _find_actions(connector: Connector, names: tuple[str, ...]) -> dict[str, Action]:
    """Return the listing of each resource and of its parents, parents first. Raises InputError with all problems."""
    kinds = connector.derive(RecordKinds)
    if not kinds.resources:
        hint = "Name them in its manifest: resources: {users: {list: /users, id: id}}."
        raise UsageError(f"{connector.name} names no resources.", hint=hint)
    actions: dict[str, Action] = {}
    problems: list[Problem] = []
    for name in kinds.check_names(names):
        for resource in _list_ancestors(connector, name):
            if resource in actions:
                continue
            key = kinds.find_listing(resource)
            action = None if key is None else connector.action(key)
            problem = _find_problem(connector, resource, action)
            if problem is not None:
                problems.append(problem)
            elif action is not None:
                actions[resource] = action
    if problems:
        raise InputError.from_problems("records", problems, undone="done")
    return actions


def _list_ancestors(connector: Connector, name: str) -> list[str]:
    """Return a resource after its parents."""
    line = [name]
    while (parent := connector.manifest.resources[line[0]].parent) is not None and parent not in line:
        line.insert(0, parent)
    return line


def _find_problem(connector: Connector, resource: str, action: Action | None) -> Problem | None:
    """Return why the list of a resource cannot be read by itself, or None."""
    if action is None:
        return Problem("resource", resource, "a resource whose list an action reads", "no action does: read it by hand")
    parent = connector.manifest.resources[resource].parent
    keys = _find_path_inputs(action)
    asked = [key for key, one in action.inputs.items() if one.required and one.default is None and key not in keys]
    if asked:
        return Problem("resource", resource, f"a list that needs no inputs; {action.action} needs {', '.join(asked)}")
    if len(keys) > (0 if parent is None else 1):
        return Problem("resource", resource, f"a list of one parent; {action.action} needs {', '.join(keys)}")
    return None


def _find_path_inputs(action: Action) -> list[str]:
    return [key for key, one in action.inputs.items() if str(one.location).startswith("path.") and one.default is None]
