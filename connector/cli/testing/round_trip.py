"""Round trips of resources in a sandbox: create, get, list, update, delete, as far as there are actions for it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connector.authoring.rules.examples import prepare_inputs
from connector.cli.testing.checks import Check
from connector.core.json_path import get_at_path
from connector.core.redaction import preview
from connector.errors import ConnectorError, InputError, NotFound
from connector.first_use import prepare_pattern
from connector.runtime.client.client import Client
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.definition.manifest import Manifest
    from connector.definition.resource import ResourceDefinition

_UPDATE_METHODS = ("PATCH", "PUT", "POST")
_PLACEHOLDER = prepare_pattern(r"\{[^{}]*\}")


class StepFailed(Exception):
    """A step of a round trip went wrong: the word of the resource that it belongs to, and what happened."""

    def __init__(self, word: str, message: str) -> None:
        super().__init__(message)
        self.word = word


class NotTried(Exception):
    """A step of a round trip that cannot be tried: nothing says what could be sent."""


def iter_round_trip_checks(folder: ConnectorFolder, connector: Connector) -> Iterator[Check]:
    """Run the round trip of every resource, each in a sandbox of its own."""
    manifest = folder.manifest
    for name in manifest.model.resources if manifest else ():
        assert manifest is not None
        sandbox = Sandbox(connector)
        with Client(connector, sandbox.connection, http=sandbox.http) as client:
            yield _check_resource(manifest, _RoundTrip(connector, client, sandbox, name))


def _check_resource(manifest: ParsedFile[Manifest], trip: _RoundTrip) -> Check:
    steps: list[str] = []
    try:
        steps += trip.iter_steps()
    except NotTried as reason:
        trip.notes.append(str(reason))
    except StepFailed as failure:
        path = ("resources", trip.name, failure.word)
        problem = manifest.document.build_finding(path, "round-trip", str(failure), key=True)
        return Check("round trip", trip.name, (problem,))
    if not steps:
        notes = tuple(trip.notes) or ("no action has its paths.",)
        return Check("round trip", f"{trip.name}: nothing to run", notes=notes)
    return Check("round trip", f"{trip.name}: {', '.join(steps)}", notes=tuple(trip.notes))


class _RoundTrip:
    """The round trip of one resource."""

    def __init__(
        self, connector: Connector, client: Client, sandbox: Sandbox, name: str, *, children: tuple[str, ...] = ()
    ) -> None:
        self.name, self._children = name, children
        self.notes: list[str] = []  # on what was not tried
        self._sent: dict[str, Any] = {}  # in the body of the new record: a list of its group has it, of another not
        self._connector, self._client, self._sandbox = connector, client, sandbox
        self._definition = connector.manifest.resources[name]

    def iter_steps(self) -> Iterator[str]:
        """Yield each step that succeeded. Raises StepFailed."""
        definition = self._definition
        parents = self._find_parent_values(definition)
        create = self._find_action("POST", definition.listing)
        record_id = self._first_seed_id()
        if create is not None:
            with self._note_what_is_not_tried():
                record_id = self._create(create, parents)
                yield "create"
        if record_id is None:
            return
        path_values = self._build_item_values(parents, record_id)
        listing = self._find_action("GET", definition.listing)
        read = self._find_action("GET", definition.item)
        if read is not None:
            self._expect_id(read, path_values, record_id)
            yield "get"
        if listing is not None and listing.pagination is not None:
            self._expect_listed(listing, parents, record_id, is_there=True)
            yield "list"
        update = next(filter(None, (self._find_action(method, definition.item) for method in _UPDATE_METHODS)), None)
        if update is not None:
            with self._note_what_is_not_tried():
                self._run(update, path_values, "item")
                if read is not None:
                    self._expect_id(read, path_values, record_id)
                yield "update"
        delete = self._find_action("DELETE", definition.item)
        if delete is not None:
            self._run(delete, path_values, "item")
            if read is not None:
                self._expect_gone(read, path_values)
            if listing is not None and listing.pagination is not None:
                self._expect_listed(listing, parents, record_id, is_there=False)
            yield "delete"

    @contextmanager
    def _note_what_is_not_tried(self) -> Iterator[None]:
        """Go on where a step cannot be tried: what follows has the record to start with."""
        try:
            yield
        except NotTried as reason:
            self.notes.append(str(reason))

    def _find_action(self, method: str, path: str | None) -> Action | None:
        """Return the first action of a request line, whatever its placeholders are called."""
        wanted = _PLACEHOLDER.sub("{}", path or "")
        return next(
            (
                action
                for action in self._connector.actions()
                if path and action.method == method and _PLACEHOLDER.sub("{}", action.path) == wanted
            ),
            None,
        )

    def _find_parent_values(self, definition: ResourceDefinition) -> list[str]:
        """Return values for the placeholders of a list's path: those of a seeded record, else of the first example."""
        count = len(_PLACEHOLDER.findall(definition.listing or "")) or max(
            0, len(_PLACEHOLDER.findall(definition.item or "")) - 1
        )
        if not count:
            return []
        family = (*self._children, self.name)
        if definition.parent in self._connector.manifest.resources and definition.parent not in family:
            parent = _RoundTrip(self._connector, self._client, self._sandbox, definition.parent, children=family)
            return parent.ensure_record()[-count:]
        scope = definition.seed[0].get("parent") if definition.seed else None
        if scope is not None and str(scope).count("/") == count - 1:
            return str(scope).split("/")
        for path in (definition.listing, definition.item):
            for method in ("POST", "GET", "PATCH", "PUT", "DELETE"):
                action = self._find_action(method, path)
                if action is not None and action.examples:
                    given = _get_example_inputs(action)
                    keys = _list_path_keys(action)[:count]
                    return [str(given.get(key, "x")) for key in keys]
        return ["x"] * count

    def ensure_record(self) -> list[str]:
        """Return the values that name a record in the item's path: of a seeded one, else of a new one."""
        parents, record_id = self._find_parent_values(self._definition), self._first_seed_id()
        create = self._find_action("POST", self._definition.listing)
        if record_id is None and create is not None:
            record_id = self._create(create, parents)
        return [*parents, "x" if record_id is None else str(record_id)]

    def _build_item_values(self, parents: list[str], record_id: Any) -> list[str]:
        """Return the values of the item's path, which may be shorter than the list's."""
        count = len(_PLACEHOLDER.findall(self._definition.item or "{id}"))
        return [*parents, str(record_id)][-count:]

    def _first_seed_id(self) -> Any:
        seed = self._definition.seed
        return seed[0].get(self._definition.id) if seed else None

    def _create(self, action: Action, parents: list[str]) -> Any:
        """Create a record and return its id, as the reply has it."""
        with self._sandbox.state.read() as data:
            before = set(data.records.get(self.name, {}))
        given = _get_example_inputs(action)
        created = self._run(action, parents, "list")
        for key, field in action.inputs.items():
            if field.location.part in ("body", "form") and field.location.path and key in given:
                self._sent[field.location.path[-1]] = given[key]
        with self._sandbox.state.read() as data:
            new = [record for key, record in data.records.get(self.name, {}).items() if key not in before]
        if len(new) != 1:
            raise StepFailed("list", f"{action.action} created no record.")
        record_id = new[0].id
        if action.returns.type == "json" and not _holds_id(created.data, self._definition.id, record_id):
            message = f"the reply of {action.action} has no {self._definition.id!r}, the id of the new record."
            raise StepFailed("id", message)
        return record_id

    def _expect_id(self, action: Action, path_values: list[str], record_id: Any) -> None:
        reply = self._run(action, path_values, "item")
        if action.returns.type == "json" and not _holds_id(reply.data, self._definition.id, record_id):
            raise StepFailed("id", f"{action.action} returned another record than {preview(record_id)}.")

    def _expect_gone(self, action: Action, path_values: list[str]) -> None:
        try:
            self._run(action, path_values, "item")
        except StepFailed as failure:
            if isinstance(failure.__cause__, NotFound):
                return
            raise
        raise StepFailed("item", f"{action.action} still returned the deleted record.")

    def _expect_listed(self, action: Action, parents: list[str], record_id: Any, *, is_there: bool) -> None:
        assert action.pagination is not None
        items = get_at_path(self._run(action, parents, "list").data, action.pagination.items)
        id_path = self._definition.list_id or self._definition.id
        ids = [str(item.get(id_path)) for item in items or () if isinstance(item, dict)]
        if (str(record_id) in ids) is not is_there:
            state = "does not list the record" if is_there else "still lists the deleted record"
            raise StepFailed("list", f"{action.action} {state} {preview(record_id)}.")

    def _run(self, action: Action, path_values: list[str], word: str) -> Any:
        """Run an action with the inputs of its first example, for these values of its path. Raises StepFailed."""
        given = dict(_get_example_inputs(action))
        for key, value in zip(_list_path_keys(action), path_values, strict=False):
            for spelling in [name for name in given if action.key_by_spelling.get(name) == key]:
                del given[spelling]
            given[key] = value
        for key, field in action.inputs.items():
            sent = self._sent.get(field.location.path[-1]) if field.location.part == "query" else None
            if key in given and sent is not None and (not field.choices or sent in field.typed_choices):
                given[key] = sent
        try:
            return self._client.run(action.action, given)
        except InputError as error:
            if action.examples:
                raise StepFailed(word, str(error)) from error
            message = (
                f"not tried: {action.action} has no example whose inputs could be sent; add one to its `examples`."
            )
            raise NotTried(message) from error
        except ConnectorError as error:
            raise StepFailed(word, f"{action.action}: {error}") from error


def _get_example_inputs(action: Action) -> dict[str, Any]:
    example = next(iter(action.examples.values()), None)
    return prepare_inputs(action, example.inputs) if example else {}


def _list_path_keys(action: Action) -> list[str]:
    """Return the keys of the inputs of an action's path, in the order of the path."""
    key_by_name = {
        definition.location.path[0]: key
        for key, definition in action.inputs.items()
        if definition.location.part == "path"
    }
    return [key_by_name[name] for name in action.path_names]


def _holds_id(data: Any, id_path: str, record_id: Any) -> bool:
    """Whether a reply is the record, or has it under one name."""
    candidates = [data, *(data.values() if isinstance(data, dict) else ())]
    return any(str(get_at_path(candidate, id_path)) == str(record_id) for candidate in candidates)
