"""Loader of connector folders: reads each file when it is first needed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from connector._version import __version__
from connector.definition.action import Action
from connector.definition.case import to_camel_case, to_kebab_case
from connector.definition.inputs.named_types import TypesFile, has_endless_default, link_fields, link_types
from connector.definition.inputs.shared_inputs import complete_inputs, find_unknown_uses
from connector.definition.lazy import cached_property
from connector.definition.manifest import Manifest
from connector.definition.parsers import strict_yaml
from connector.definition.parsers.requirement import REQUIREMENT_PATTERN, is_met
from connector.definition.resource import ResourcesFile
from connector.definition.suggest import did_you_mean
from connector.errors import DefinitionError, Finding, InputError, Problem

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pydantic import BaseModel

    from connector.definition.events import EventType

FileModel = TypeVar("FileModel", Action, Manifest, TypesFile, ResourcesFile)
T = TypeVar("T")
ENTRY_POINT_GROUP = "connector.connectors"
TYPES_FILE, RESOURCES_FILE = "types.yaml", "resources.yaml"
RESOURCES_TWICE = "the manifest has `resources` too; keep them in one place."
_MAX_NAME_LENGTH = 200  # characters; a longer one is no name of a file on every system


class Connector:
    """A connector: `Connector.open()` opens the bundled one, `Connector.open(folder)` another, or one by its name.

    Reads the manifest at once and each action's file when it is first used. `actions` and `choices` are files that
    have been read already; with `choices`, no file of choices is read. Raises DefinitionError, with file, line and
    column of every mistake, for an invalid file.
    """

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        *,
        actions: Iterable[Action] = (),
        choices: Mapping[str, dict[str, str]] | None = None,
    ) -> None:
        self.folder = folder
        self.manifest = manifest
        self._derived: dict[Callable[[Connector], Any], Any] = {}
        self._actions_by_stem = {to_kebab_case(action.action): action for action in actions}
        self._choices = choices
        self._is_given = bool(self._actions_by_stem) or choices is not None  # parts of it are in no file yet

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the folder instead of what was read of it; the bundled one is found anew, wherever it is then."""
        if self._is_given:
            return _rebuild, (self.folder, self.manifest, list(self._actions_by_stem.values()), self._choices)
        is_bundled = self.folder == find_bundled_folder()
        return Connector.open, (None if is_bundled else str(self.folder.absolute()),)

    @classmethod
    def open(cls, folder: str | os.PathLike[str] | None = None) -> Connector:
        """Open a connector's folder, or an installed connector by its name; the bundled one by default.

        Raises DefinitionError.
        """
        root = find_bundled_folder() if folder is None else _find_folder(Path(folder))
        path = root / "manifest.yaml"
        if not path.is_file():
            message = f"no manifest.yaml in {root.absolute()}"
            hint = "Pass a connector's folder, or a name of 'connector list --connectors'; 'connector new' creates one."
            raise DefinitionError(f"{message}.", findings=(Finding(str(path), 1, 1, "file", message),), hint=hint)
        return cls(root, add_resources(root, add_types(root, read_model(path, Manifest))))

    @property
    def name(self) -> str:
        """The connector's name, as its manifest has it."""
        return self.manifest.connector

    def derive(self, build: Callable[[Connector], T]) -> T:
        """Return `build(connector)`: computed when it is first needed, and kept as long as the connector."""
        value: T | None = self._derived.get(build)
        return value if value is not None else self._derived.setdefault(build, build(self))

    @cached_property
    def action_files(self) -> dict[str, Path]:
        """Paths of the action files, by the key that their name stands for (the case of acronyms is in the file)."""
        paths = sorted((self.folder / "actions").glob("*.yaml"))
        return {to_camel_case(path.stem): path for path in paths if not path.name.startswith(".")}

    def action(self, name: str) -> Action:
        """Return an action by its key, in camelCase, snake_case or kebab-case, or by an earlier one (`was`).

        Raises InputError, with a suggestion, for an unknown action and DefinitionError for an invalid file.
        """
        stem = to_kebab_case(name).replace("_", "-")
        if stem not in self._actions_by_stem:
            path = self.folder / "actions" / f"{stem}.yaml"
            if _is_plain_name(stem) and path.is_file():
                self._actions_by_stem[stem] = self._read_action(path)
            else:
                self._actions_by_stem[stem] = self._find_renamed_action(stem, name)
        return self._actions_by_stem[stem]

    def result_action(self, name: str) -> Action:
        """Return the action whose reply is the result of a call: of a job, the last one that follows."""
        action = self.action(name)
        last = action.then or action.poll
        return action if last is None else self.action(last.action)

    def actions(self) -> Iterator[Action]:
        """Yield every action, in the order of their keys. Raises DefinitionError."""
        for name in self.action_files:
            yield self.action(name)

    @cached_property
    def events(self) -> Mapping[str, EventType]:
        """The event types by name, from schemas/events/*.json; empty where the folder has none.

        Raises DefinitionError for an invalid file, and for an event that two files have.
        """
        from connector.definition import events

        event_types: dict[str, EventType] = {}
        for path in sorted((self.folder / "schemas" / "events").glob("[!.]*.json")):
            data = self._read_json("events", path.stem)
            try:
                parsed = events.parse_event_file(data, path.stem)
            except ValueError:
                document = strict_yaml.read(read_bytes(path), str(path))
                raise DefinitionError.from_findings(events.validate_event_file(document)) from None
            for name in event_types.keys() & parsed.keys():
                message = f"{name!r} is in {event_types[name].group}.json too."
                raise DefinitionError.from_findings([Finding(str(path), 1, 1, "event", message)])
            event_types |= parsed
        return MappingProxyType(event_types)

    def choices(self, name: str) -> dict[str, str]:
        """Return a file of choices: value -> label. Raises DefinitionError when it is missing or invalid."""
        return self._read_json("choices", name) if self._choices is None else self._choices.get(name, {})

    def object_schema(self, name: str) -> dict[str, Any]:
        """Return the JSON Schema of a reply. Raises DefinitionError when it is missing or invalid."""
        return self._read_json("objects", name)

    def form_schema(self, action: str) -> dict[str, Any]:
        """Return the JSON Schema of an action's inputs, for a form. Raises InputError for an unknown action."""
        from connector.definition.forms import describe

        return describe.build_form_schema(self, self.action(action))

    def tool_spec(self, action: str) -> dict[str, Any]:
        """Return an action as a tool for a language model, in the shape of the Model Context Protocol.

        It has `name`, `title`, `description`, `inputSchema` and `annotations`. Raises InputError for an unknown action.
        """
        from connector.definition.forms import describe

        return describe.build_tool_spec(self, self.action(action))

    def _read_json(self, subfolder: str, name: str) -> dict[str, Any]:
        path = self.folder / "schemas" / subfolder / f"{name}.json"
        try:
            data = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            finding = Finding(str(path), getattr(error, "lineno", 1), getattr(error, "colno", 1), "file", str(error))
            raise DefinitionError.from_findings([finding]) from None
        if not isinstance(data, dict):
            raise DefinitionError.from_findings([Finding(str(path), 1, 1, "file", "expected a JSON object.")])
        return data

    def _read_action(self, path: Path) -> Action:
        action = read_model(path, Action, self.manifest.shared_words)
        link_fields(self.manifest.types, action.inputs.values())
        if to_kebab_case(action.action) != path.stem:
            message = f"the file of {action.action!r} must be named {to_kebab_case(action.action)}.yaml."
            raise DefinitionError.from_findings([Finding(str(path), 1, 1, "file-name", message)])
        return action

    def _find_renamed_action(self, stem: str, name: str) -> Action:
        """Return the action that had a key earlier. Raises InputError where none had."""
        for path in self.action_files.values():
            if path.is_file() and b"\nwas:" in path.read_bytes():
                action = self.action(path.stem)
                if stem in map(to_kebab_case, action.was):
                    return action
        raise self._build_unknown_action_error(name)

    def _build_unknown_action_error(self, name: str) -> InputError:
        fix = did_you_mean(name, self.action_files).strip() or f"use one of {', '.join(self.action_files)}"
        expected = f"an action of {self.name}"
        return InputError.from_problems(self.name, [Problem("action", repr(name), expected, fix)])


def find_bundled_folder() -> Path:
    """Return the folder of the bundled connector: the only one inside the package, or the checkout around it.

    Raises DefinitionError where the package is in a zip file, which has no folders.
    """
    package_folder = Path(__file__).parents[1]
    if not package_folder.is_dir():
        message = f"the package is in a file, {package_folder.parent}, where its bundled connector cannot be opened"
        hint = "Install the package as usual, or pass a connector's folder."
        finding = Finding(str(package_folder), 1, 1, "file", message)
        raise DefinitionError(f"{message}.", findings=(finding,), hint=hint)
    return next((path.parent for path in package_folder.glob("*/manifest.yaml")), package_folder.parent)


@dataclass(frozen=True, slots=True)
class InstalledConnector:
    """A connector that a package brings: its name, its folder, and the package with its version."""

    name: str
    folder: Path
    package: str


def find_installed_connectors() -> list[InstalledConnector]:
    """Return the connectors of installed packages, by name; no code of theirs is run.

    A package names them in the entry point group `connector.connectors`: each is a module whose folder is the
    connector's.
    """
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    found = []
    for point in entry_points(group=ENTRY_POINT_GROUP):
        spec = find_spec(point.module.partition(".")[0])
        folders = list(spec.submodule_search_locations or ()) if spec else []
        if folders:
            folder = Path(folders[0], *point.module.split(".")[1:])
            package = f"{point.dist.name} {point.dist.version}" if point.dist else point.module
            found.append(InstalledConnector(point.name, folder, package))
    return sorted(set(found), key=lambda one: (one.name, one.package))


def _find_folder(path: Path) -> Path:
    """Return the folder of a connector that is given by its path, or by the name of an installed one.

    Raises DefinitionError where several packages bring one of the name.
    """
    if (path / "manifest.yaml").is_file() or len(path.parts) != 1 or not _is_plain_name(path.name.replace("_", "-")):
        return path
    found = [one for one in find_installed_connectors() if one.name == path.name]
    if len(found) > 1:
        packages = ", ".join(one.package for one in found)
        message = f"several packages bring a connector {path.name!r}: {packages}"
        finding = Finding(path.name, 1, 1, "file", message)
        raise DefinitionError(f"{message}.", findings=(finding,), hint="Pass the folder of the one that you mean.")
    return found[0].folder if found else path


def read_bytes(path: Path) -> bytes:
    """Read a file. Raises DefinitionError with its path and the reason."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DefinitionError.from_findings([Finding(str(path), 1, 1, "file", f"{error.strerror or error}.")]) from None


def read_model(
    path: Path, model_class: type[FileModel], shared_inputs: Mapping[str, dict[str, Any]] | None = None
) -> FileModel:
    """Read one file of a connector, which may use `shared_inputs`. Raises DefinitionError with every mistake."""
    document = strict_yaml.read(read_bytes(path), str(path))
    unmet = find_unmet_requirement(document, model_class)
    if unmet is not None:
        hint = f"Install it: pip install 'connector{document.data['requires']}'."
        raise DefinitionError(unmet.message.capitalize(), findings=(unmet,), hint=hint)
    unknown_uses: list[Finding] = []
    if model_class is Action:
        unknown_uses += find_unknown_uses(document, shared_inputs or {}).values()
        document = complete_inputs(document, shared_inputs or {})
    try:
        model = model_class.model_validate(document.data)
    except ValidationError:
        from connector.definition import renamed_words, schema_validation

        upgraded, findings = renamed_words.upgrade(document, model_class)
        findings += schema_validation.validate_document(upgraded, model_class)
        findings += unknown_uses
        raise DefinitionError.from_findings(sorted(findings)) from None
    if unknown_uses:
        raise DefinitionError.from_findings(unknown_uses)
    return model


def add_types(folder: Path, manifest: Manifest) -> Manifest:
    """Return the manifest of a folder with the types of its types.yaml, if there is one. Raises DefinitionError."""
    path = folder / TYPES_FILE
    if path.is_file():
        if manifest.types:
            message = "the manifest has `types` too; keep them in one place."
            raise DefinitionError.from_findings([Finding(str(path), 1, 1, "file", message)])
        manifest = manifest.model_copy(update={"types": read_model(path, TypesFile).root})
    link_types(manifest.types)
    link_fields(manifest.types, manifest.inputs.values())
    for name, members in manifest.types.items():
        for key in (key for key, member in members.items() if has_endless_default(member)):
            message = f"the default of {key!r} in the type {name!r} holds the same again, without an end."
            raise DefinitionError.from_findings([Finding(str(folder), 1, 1, "endless-type", message)])
    return manifest


def find_unmet_requirement(document: strict_yaml.Document, model_class: type[BaseModel]) -> Finding | None:
    """Return the finding of a manifest that needs another version of this package; its words may be newer."""
    is_manifest = issubclass(model_class, Manifest) and isinstance(document.data, dict)
    required = document.data.get("requires") if is_manifest else None
    is_readable = isinstance(required, str) and re.match(REQUIREMENT_PATTERN, required)
    if not is_readable or is_met(str(required), __version__):
        return None
    message = f"this connector needs connector {required}; this is {__version__}."
    return document.build_finding(("requires",), "requires", message)


def add_resources(folder: Path, manifest: Manifest) -> Manifest:
    """Return the manifest of a folder with the resources of its resources.yaml, if any. Raises DefinitionError."""
    path = folder / RESOURCES_FILE
    if not path.is_file():
        return manifest
    if manifest.resources:
        raise DefinitionError.from_findings([Finding(str(path), 1, 1, "file", RESOURCES_TWICE)])
    return manifest.model_copy(update={"resources": read_model(path, ResourcesFile).root})


def _rebuild(
    folder: Path, manifest: Manifest, actions: list[Action], choices: Mapping[str, dict[str, str]] | None
) -> Connector:
    return Connector(folder, manifest, actions=actions, choices=choices)


def _is_plain_name(stem: str) -> bool:
    return len(stem) <= _MAX_NAME_LENGTH and stem.replace("-", "").isalnum()
