"""Import: descriptions in, the files of a connector out. Nothing is written here, and nothing is dropped in silence."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from connector._version import __version__
from connector.authoring.importing.building.actions import ActionBuilder
from connector.authoring.importing.building.connections import Connections, build_connections
from connector.authoring.importing.building.event_files import build_events, list_secrets
from connector.authoring.importing.building.held_actions import build_actions
from connector.authoring.importing.building.manifest import build_manifest, choose_name
from connector.authoring.importing.building.named_types import NamedTypes
from connector.authoring.importing.building.names import name_actions
from connector.authoring.importing.building.records import build_resources
from connector.authoring.importing.building.schemas import SchemaFiles, fit_reply
from connector.authoring.importing.building.shared import SharedParameters, find_shared
from connector.authoring.importing.building.site import find_site
from connector.authoring.importing.grades import ImportGrades, Note, OperationGrade
from connector.authoring.importing.merge.folder_merge import EVENTS_FOLDER, MANIFEST, NewFile
from connector.authoring.importing.merge.record import ImportRecord
from connector.authoring.importing.resources import infer_resources
from connector.authoring.importing.selection import select
from connector.authoring.importing.yaml_writer import write_yaml
from connector.authoring.openapi.restoration import is_exported, restore_files
from connector.definition.case import to_kebab_case
from connector.definition.folders.parts import RESOURCES_FILE, TYPES_FILE
from connector.definition.folders.schema_files import write_schema_line
from connector.errors import UsageError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.authoring.importing.building.actions import ActionDraft
    from connector.authoring.importing.building.names import KeySource
    from connector.authoring.importing.building.site import WrittenManifest
    from connector.authoring.importing.building.words import Words
    from connector.authoring.importing.description import BrokenOperation, Description, Operation
    from connector.authoring.importing.merge.record import Source

_BREAKS = ("request", "inputs", "pagination", "returns", "examples")
_UNKNOWN_URL = "https://api.example.com"
_ONLY_EVENTS = (
    "the description has webhooks alone: the folder has no actions, and its manifest no connections and no triggers. "
    "Import the API's own description into it too; `triggers`, which say how deliveries are signed, are yours to write."
)


@dataclass(frozen=True)
class ImportOptions:
    """What an import is asked for."""

    only: Sequence[str] = ()
    excluded: Sequence[str] = ()
    docs: str | None = None
    keys: KeySource | None = None
    name: str | None = None
    base_url: str | None = None

    def with_former(self, former: Mapping[str, Any]) -> ImportOptions:
        """Return these options, and those of the last import where nothing is said now."""
        if self.only or self.excluded:
            former = {name: value for name, value in former.items() if name not in ("only", "excluded")}
        return replace(self, **{name: value for name, value in former.items() if not getattr(self, name)})


@dataclass(frozen=True)
class Imported:
    """What an import makes: the words of each file by its path in the folder, and what became of each operation."""

    files: dict[str, NewFile]
    grades: ImportGrades
    remarks: tuple[str, ...] = ()  # about the whole
    unselected: tuple[str, ...] = ()  # request lines that were left out on purpose

    @property
    def events(self) -> int:
        """How many events the descriptions have."""
        return sum(len(file.words) for path, file in self.files.items() if path.startswith(EVENTS_FOLDER))

    def build_record(self, sources: Sequence[Source], options: ImportOptions) -> ImportRecord:
        """Return the record of this import, without the files, which a merge adds."""
        flags = {name: value for name, value in asdict(options).items() if value}
        left_out = {
            one.request: "; ".join(note.reason for note in one.notes)
            for one in self.grades.operations
            if one.action is None
        }
        return ImportRecord(tuple(sources), __version__, flags, left_out)


def render_file(path: str, words: dict[str, Any]) -> str:
    """Return the text of a file of a connector."""
    if path.endswith(".json"):
        return json.dumps(words, indent=1, ensure_ascii=False) + "\n"
    breaks = ("connections",) if path == MANIFEST else _BREAKS
    return write_schema_line(path) + write_yaml(words, breaks=breaks)


def import_description(
    description: Description, options: ImportOptions, written: WrittenManifest | None = None
) -> Imported:
    """Return the connector of a description: the very folder, if an export wrote it. Raises UsageError.

    `written` is what the manifest of the folder says already.
    """
    exported = [document.data for document in description.documents if is_exported(document.data)]
    if len(exported) == len(description.documents) == 1 and not (options.only or options.excluded):
        return _restore(exported[0])
    events, left_out = build_events(description.documents)
    if not description.operations and events:
        return _import_events(description, options, events, left_out, written)
    operations = select(description.operations, options.only, options.excluded)
    if not operations:
        raise _build_empty_error(description, [_grade_broken(one) for one in description.broken], left_out)
    site = find_site(operations, options.base_url, written)
    connections = build_connections(operations, site)
    shared = find_shared(operations, connections)
    manifest = build_manifest(_choose_name(description, options), description.documents, site, connections, shared)
    schemas = SchemaFiles()
    resources = {name: one.words for name, one in infer_resources(operations).items()}
    types = NamedTypes()
    builder = ActionBuilder(site, connections, shared, schemas, types, docs=options.docs, resources=resources)
    drafts, grades = build_actions(operations, name_actions(operations, options.keys), builder, types, manifest)
    grades += [_grade_broken(one) for one in description.broken if not options.only]
    if not drafts and written is None:
        raise _build_empty_error(description, grades, left_out)
    for draft in drafts:
        if not fit_reply(draft.words, schemas):
            draft.remarks.ask("returns", "The example of the reply does not fit its schema. Which one is right?")
    paths = _match_paths(operations, drafts)
    kept = build_resources(resources, paths, manifest, [draft.words for draft in drafts])
    files = {MANIFEST: NewFile(manifest), **({RESOURCES_FILE: NewFile(dict(kept))} if kept else {})}
    if named := types.list_used([draft.words for draft in drafts]):
        files[TYPES_FILE] = NewFile({name: types.words[name] for name in sorted(named)})
    lines = _tell_apart(drafts)
    files |= {f"actions/{to_kebab_case(draft.key)}.yaml": NewFile(draft.words, lines[draft.key]) for draft in drafts}
    used = _keep_used(schemas.files, [draft.words for draft in drafts])
    files |= {f"schemas/objects/{name}.json": NewFile(schema) for name, schema in used.items()}
    files |= {path: NewFile(words) for path, words in events.items()}
    if secrets := list_secrets(events):
        manifest["redact"] = {"fields": secrets}
    chosen = {operation.request for operation in operations}
    unselected = tuple(item.request for item in description.operations if item.request not in chosen)
    return Imported(
        files, ImportGrades(tuple(grades)), (*site.notes, *connections.notes, *shared.notes, *left_out), unselected
    )


def _import_events(
    description: Description,
    options: ImportOptions,
    events: Mapping[str, Words],
    left_out: Sequence[str],
    written: WrittenManifest | None,
) -> Imported:
    """Return the events of a description that has webhooks alone, and a manifest where the folder has none."""
    files, remarks = {path: NewFile(words) for path, words in events.items()}, list(left_out)
    secrets = list_secrets(events)
    if written is None:
        site = find_site((), options.base_url or _UNKNOWN_URL)
        manifest = build_manifest(
            _choose_name(description, options), description.documents, site, Connections(), SharedParameters()
        )
        files[MANIFEST] = NewFile({**manifest, "redact": {"fields": secrets}} if secrets else manifest)
        remarks.append(_ONLY_EVENTS + ("" if options.base_url else f" base_url is {_UNKNOWN_URL}, a stand-in."))
    elif missing := [name for name in secrets if name not in written.redacted]:
        remarks.append(f"the events hold secrets; `redact.fields` of the manifest should have {', '.join(missing)}.")
    return Imported(files, ImportGrades(()), tuple(remarks))


def _build_empty_error(
    description: Description, grades: Sequence[OperationGrade], left_out: Sequence[str]
) -> UsageError:
    """Return the error of an import without an action, with each thing that the description has and is not read."""
    reasons = [f"{one.request}: {note.reason}" for one in grades for note in one.notes] + list(left_out)
    told = "".join(f" {reason.rstrip('.')}." for reason in reasons[:10])
    hint = "--list shows what it has." if description.operations else "Pass the description of the API."
    return UsageError(f"the description has no operation to import.{told}", hint=hint)


def _choose_name(description: Description, options: ImportOptions) -> str:
    """Return the name of the connector: the one that is given, or that of the API. Raises UsageError."""
    name = options.name or choose_name(description.documents)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        rule = "a name is a lower-case letter, then lower-case letters, digits and _"
        raise UsageError(f"{name!r} is no name of a connector; {rule}.", hint="Pass another --name.")
    return name


def _restore(document: Mapping[str, Any]) -> Imported:
    """Return the folder that was exported to a document."""
    restored = restore_files(document)
    actions = [words for path, words in restored.items() if path.startswith("actions/")]
    grades = tuple(OperationGrade(str(words["request"]), str(words["action"])) for words in actions)
    return Imported({path: NewFile(words) for path, words in restored.items()}, ImportGrades(grades))


def _tell_apart(drafts: Sequence[ActionDraft]) -> dict[str, str]:
    """Return what each action is known by when it is imported again: its request line, which is another for each.

    Descriptions tell apart by a fragment of the path what one path does: /files/{id}, /files/{id}#restore.
    """
    lines: dict[str, str] = {}
    for draft in drafts:
        line = str(draft.words["request"])
        lines[draft.key] = line if line not in lines.values() else f"{line} ({draft.request})"
    return lines


def _match_paths(operations: Sequence[Operation], drafts: Sequence[ActionDraft]) -> dict[str, str]:
    """Return path of the description -> path of the actions, of those at the base URL."""
    by_key = {
        draft.request: draft.words["request"].partition(" ")[2] for draft in drafts if "server" not in draft.words
    }
    return {operation.path: by_key[operation.request] for operation in operations if operation.request in by_key}


def _grade_broken(broken: BrokenOperation) -> OperationGrade:
    return OperationGrade(f"{broken.method} {broken.path}", None, (Note("not runnable", "request", broken.reason),))


def _keep_used(files: Mapping[str, dict[str, Any]], actions: Sequence[Words]) -> dict[str, dict[str, Any]]:
    """Return the schemas that replies lead to."""
    pending = [str(words["returns"]["schema"]) for words in actions if words.get("returns", {}).get("schema")]
    used: dict[str, dict[str, Any]] = {}
    while pending:
        name = pending.pop()
        if name not in used and name in files:
            used[name] = files[name]
            pending += _list_references(files[name])
    return dict(sorted(used.items()))


def _list_references(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [name for item in schema for name in _list_references(item)]
    if not isinstance(schema, dict):
        return []
    own = [str(schema["$ref"]).removesuffix(".json")] if isinstance(schema.get("$ref"), str) else []
    return own + [name for item in schema.values() for name in _list_references(item)]
