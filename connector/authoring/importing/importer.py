"""Import: descriptions in, the files of a connector out. Nothing is written here, and nothing is dropped in silence."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from connector.authoring.importing.building.actions import ActionBuilder, ActionDraft
from connector.authoring.importing.building.connections import build_connections
from connector.authoring.importing.building.manifest import build_manifest, choose_name
from connector.authoring.importing.building.names import name_actions
from connector.authoring.importing.building.schemas import SchemaFiles, fit_reply
from connector.authoring.importing.building.shared import find_shared
from connector.authoring.importing.building.site import NotRunnableError, find_site
from connector.authoring.importing.building.verification import Verifier
from connector.authoring.importing.building.words import sort_input_words
from connector.authoring.importing.selection import select
from connector.authoring.importing.yaml_writer import write_yaml
from connector.definition.case import to_kebab_case
from connector.definition.parsers.strict_yaml import MAX_FILE_BYTES
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.authoring.importing.building.names import KeySource
    from connector.authoring.importing.building.words import Note, Words
    from connector.authoring.importing.description import Description, Operation

_BREAKS = ("request", "inputs", "pagination", "returns", "examples")
_SCHEMA_COMMENT = "# yaml-language-server: $schema=../schemas/action.schema.json\n"
MANIFEST = "manifest.yaml"


@dataclass(frozen=True)
class ImportOptions:
    """What an import is asked for."""

    only: Sequence[str] = ()
    excluded: Sequence[str] = ()
    docs: str | None = None
    keys: KeySource | None = None
    name: str | None = None
    base_url: str | None = None


class LeftOut(NamedTuple):
    """An operation without an action, and why."""

    request: str
    reason: str


@dataclass
class Imported:
    """The files of a connector by path below its folder, as words, and what was found on the way."""

    manifest: Words
    actions: dict[str, Words] = field(default_factory=dict)
    schemas: dict[str, dict[str, object]] = field(default_factory=dict)
    notes: dict[str, list[Note]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    operations: dict[str, Operation] = field(default_factory=dict)

    def render(self) -> dict[str, str]:
        """Return the text of each file, by its path."""
        files = {MANIFEST: write_yaml(self.manifest, breaks=("connections",))}
        for key, words in self.actions.items():
            files[f"actions/{to_kebab_case(key)}.yaml"] = _SCHEMA_COMMENT + write_yaml(words, breaks=_BREAKS)
        for name, schema in self.schemas.items():
            files[f"schemas/objects/{name}.json"] = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        return files


def import_description(
    description: Description, options: ImportOptions, pinned: Mapping[str, str] | None = None
) -> Imported:
    """Return the connector of a description; `pinned` are keys that stay, by request line. Raises UsageError."""
    operations = select(description.operations, options.only, options.excluded)
    if not operations:
        raise UsageError("the description has no operation to import.", hint="--list shows what it has.")
    site = find_site(operations, options.base_url)
    connections = build_connections(operations, site)
    shared = find_shared(operations, connections)
    name = options.name or choose_name(description.documents)
    manifest = build_manifest(name, description.documents, site, connections, shared)
    imported = Imported(manifest, decisions=[*site.notes, *connections.notes, *shared.notes])
    imported.left_out += [LeftOut(f"{item.method} {item.path}", item.reason) for item in description.broken]
    pins = dict(pinned or {})
    free = [operation for operation in operations if operation.request not in pins]
    keys = {**pins, **name_actions(free, options.keys, taken=pins.values())}
    schemas = SchemaFiles()
    builder = ActionBuilder(site, connections, shared, schemas, options.docs)
    verifier = Verifier(manifest)
    for operation in operations:
        try:
            draft = _build_action(operation, keys[operation.request], builder, verifier)
        except NotRunnableError as error:
            imported.left_out.append(LeftOut(operation.request, str(error)))
            continue
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            imported.left_out.append(LeftOut(operation.request, f"{type(error).__name__}: {error}"))
            continue
        imported.actions[draft.key] = draft.words
        imported.notes[draft.key] = draft.notes
        imported.operations[draft.key] = operation
    for key, words in imported.actions.items():
        imported.notes[key] += fit_reply(words, schemas)
    imported.schemas = _keep_used(schemas.files, imported.actions)
    return imported


def _build_action(operation: Operation, key: str, builder: ActionBuilder, verifier: Verifier) -> ActionDraft:
    draft = builder.build(operation, key)
    words, notes = verifier.verify(draft.words)
    words = verifier.add_example(words)
    if "inputs" in words:
        words["inputs"] = {name: sort_input_words(field) for name, field in words["inputs"].items()}
    if len(write_yaml(words).encode()) > MAX_FILE_BYTES:
        raise NotRunnableError(f"its file would have more than {MAX_FILE_BYTES:,} bytes")
    return ActionDraft(key, words, [*draft.notes, *notes])


def _keep_used(files: dict[str, dict[str, object]], actions: Mapping[str, Words]) -> dict[str, dict[str, object]]:
    """Return the schemas that replies lead to."""
    pending = [str(words["returns"]["schema"]) for words in actions.values() if words.get("returns", {}).get("schema")]
    used: dict[str, dict[str, object]] = {}
    while pending:
        name = pending.pop()
        if name not in used and name in files:
            used[name] = files[name]
            pending += _list_references(files[name])
    return dict(sorted(used.items()))


def _list_references(schema: object) -> list[str]:
    if isinstance(schema, list):
        return [name for item in schema for name in _list_references(item)]
    if not isinstance(schema, dict):
        return []
    own = [str(schema["$ref"]).removesuffix(".json")] if isinstance(schema.get("$ref"), str) else []
    return own + [name for item in schema.values() for name in _list_references(item)]
