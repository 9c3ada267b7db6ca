"""Rules of resources and the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.draft import Violation
from connector.core.records.since import SINCE_TYPES
from connector.definition.suggest import did_you_mean
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath
    from connector.definition.resource import ResourceDefinition

_PLACEHOLDER = prepare_pattern(r"\{([^{}]*)\}")


def check_sandbox(file: ParsedFile[Manifest], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that paths and parents of resources exist, and that error replies have an error's status."""
    resources = file.model.resources
    paths = {_normalize_path(path): path for path in _list_request_paths(folder)}
    for name, resource in resources.items():
        base_path: NodePath = ("resources", name)
        yield from _check_resource(base_path, resource, paths, folder)
        yield from _check_seed_parents(base_path, resource, resources)
        if resource.schema_ is not None and resource.schema_ not in folder.objects:
            suggestion = did_you_mean(resource.schema_, folder.objects)
            message = f"there is no {folder.get_objects_path(resource.schema_)}.{suggestion}"
            yield Violation((*base_path, "schema"), "resource", message)
        if resource.parent is not None and resource.parent not in resources:
            message = f"there is no resource {resource.parent!r}.{did_you_mean(resource.parent, resources)}"
            yield Violation((*base_path, "parent"), "resource", message)
    judges_success = file.model.errors.judges_success
    for word in ("missing", "invalid"):
        error_reply = getattr(file.model.sandbox, word)
        if error_reply is not None and error_reply.status // 100 not in ((2, 4, 5) if judges_success else (4, 5)):
            message = "an error reply needs a status from 400 to 599, or one of success that `errors` calls failed."
            yield Violation(("sandbox", word, "status"), "sandbox", message)


def _check_seed_parents(
    base_path: NodePath, resource: ResourceDefinition, resources: dict[str, ResourceDefinition]
) -> Iterator[Violation]:
    """Check that a record below others names its parent; a list could not show it otherwise."""
    if resource.parent not in (None, *resources):
        return  # which is told already
    if resource.parent is None and not _PLACEHOLDER.search(resource.listing or ""):
        return
    parent = resources.get(resource.parent or "")
    known = [str(item.get(parent.id)) for item in parent.seed] if parent else []
    sample = known[0] if known else "/".join(_PLACEHOLDER.findall(resource.listing or "{id}"))
    for index, item in enumerate(resource.seed):
        path, value = (*base_path, "seed", index), item.get("parent")
        if value is None:
            message = f"add what it belongs to, or no list shows it: `parent: {sample}`."
            yield Violation(path, "resource", message)
        elif parent is not None and str(value) not in known:
            message = f"{resource.parent} has no record {value!r}.{did_you_mean(str(value), known)}"
            yield Violation((*path, "parent"), "resource", message)


def _list_request_paths(folder: ConnectorFolder) -> list[str]:
    """Return the path of every request line, including those of invalid files."""
    lines = [str((file.document.data or {}).get("request", "")) for file in folder.actions]
    return [line.partition(" ")[2] for line in lines if " " in line]


def _normalize_path(path: str) -> str:
    return _PLACEHOLDER.sub("{}", path)


def _check_changed_since(
    base_path: NodePath, resource: ResourceDefinition, folder: ConnectorFolder
) -> Iterator[Violation]:
    """Check that the list of a resource can be asked for what is new, by an input of its action."""
    since, path = resource.changed_since, (*base_path, "changed_since", "input")
    if since is None or resource.listing is None:
        return  # without a list, it has no effect
    listed = _normalize_path(resource.listing)
    actions = [one.model for one in folder.actions if one.model.method == "GET"]
    action = next((one for one in actions if _normalize_path(one.path) == listed), None)
    if action is None:
        if folder.are_actions_valid:
            yield Violation(path, "resource", f"no action reads the list {resource.listing}, so none has this input.")
        return
    field = action.inputs.get(since.input)
    if field is None:
        message = f"{action.action} has no input {since.input!r}.{did_you_mean(since.input, action.inputs)}"
        yield Violation(path, "resource", message)
    elif field.type not in SINCE_TYPES or field.location.part != "query":
        message = f"{since.input} must be a {', '.join(SINCE_TYPES)} of the query: it is the time to ask from."
        yield Violation(path, "resource", message)


def _check_resource(
    base_path: NodePath, resource: ResourceDefinition, paths: dict[str, str], folder: ConnectorFolder
) -> Iterator[Violation]:
    if resource.listing is None and resource.item is None:
        yield Violation(base_path, "resource", "add its path: `list`, `item`, or both.", key=True)
    for word, path in (("list", resource.listing), ("item", resource.item)):
        if path is not None and paths and _normalize_path(path) not in paths:
            message = f"no action has the path {path}.{did_you_mean(path, paths.values())}"
            yield Violation((*base_path, word), "resource", message)
    yield from _check_changed_since(base_path, resource, folder)
    if resource.item is not None and not _PLACEHOLDER.search(resource.item.rpartition("/")[2]):
        yield Violation((*base_path, "item"), "resource", "the path of an item must end with its id in braces.")
    for index, item in enumerate(resource.seed):
        if resource.id not in item:
            yield Violation(
                (*base_path, "seed", index), "resource", f"{resource.id!r} is missing, the id of the record."
            )
