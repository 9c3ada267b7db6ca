"""Loader of connector folders: reads each file when it is first needed."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from connector.definition.action import Action
from connector.definition.case import to_camel_case, to_kebab_case
from connector.definition.folders.installed import find_folder, is_plain_name
from connector.definition.folders.parts import add_parts
from connector.definition.inputs.named_types import has_endless_default, link_fields
from connector.definition.lazy import cached_property
from connector.definition.manifest import Manifest
from connector.definition.parsers.requirement import find_unmet_requirement
from connector.definition.suggest import suggest_action
from connector.definition.validation.validated_files import read_once
from connector.errors import DefinitionError, Finding, InputError, Problem, UsageError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from connector.definition.events import EventType
    from connector.definition.validation.strict_model import StrictModel

FileModel = TypeVar("FileModel", bound="StrictModel")
T = TypeVar("T")


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
        self.manifest_bytes = b""  # of its file, as they were read
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
        """Open a connector's folder, or an installed or bundled connector by its name; the bundled one by default.

        Raises DefinitionError.
        """
        root = find_bundled_folder() if folder is None else find_folder(folder)
        path = root / "manifest.yaml"
        if not path.is_file():
            if folder is not None and (bundled := cls.open()).name == str(folder):
                return bundled
            message = f"no manifest.yaml in {root.absolute()}"
            hint = "Pass a connector's folder, or a name of 'connector list --connectors'; 'connector new' creates one."
            raise DefinitionError(f"{message}.", findings=(Finding(str(path), 1, 1, "file", message),), hint=hint)
        raw = read_bytes(path)
        connector = cls(root, _complete_manifest(root, _build_model(raw, path, Manifest, {})))
        connector.manifest_bytes = raw
        return connector

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
        if not isinstance(name, str):
            raise UsageError(f"The action is of type {type(name).__name__}.", hint="Pass its name.")
        stem = to_kebab_case(name).replace("_", "-")
        if stem not in self._actions_by_stem:
            path = self.folder / "actions" / f"{stem}.yaml"
            if is_plain_name(stem) and path.is_file():
                self._actions_by_stem[stem] = self._read_action(path)
            else:
                self._actions_by_stem[stem] = self._find_elsewhere(stem, name)
        return self._actions_by_stem[stem]

    def result_action(self, name: str) -> Action:
        """Return the action whose reply is the result of a call: of a job, the last one that follows.

        Of an upload that nothing follows, it returns what the reply to the bytes is.
        """
        action = self.action(name)
        last = action.then or action.poll
        if last is None and action.upload is not None:
            return action.model_copy(update={"returns": action.last_returns})
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
        from connector.definition.parsers import strict_yaml

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

    def _find_elsewhere(self, stem: str, name: str) -> Action:
        """Return the action that had a key earlier. Raises InputError where none had, or DefinitionError of its file.

        A file whose name is not the one of its key says so, rather than hide its action.
        """
        for key, path in self.action_files.items():
            if to_kebab_case(key) == stem != path.stem and path.is_file():
                return self._read_action(path)
        for path in self.action_files.values():
            if path.is_file() and b"\nwas:" in path.read_bytes():
                action = self.action(path.stem)
                if stem in map(to_kebab_case, action.was):
                    return action
        raise self._build_unknown_action_error(name)

    def _build_unknown_action_error(self, name: str) -> InputError:
        trigger = next((key for key in self.manifest.triggers if to_kebab_case(key) == to_kebab_case(name)), None)
        if trigger is not None:
            command = "serve" if trigger in self.manifest.webhooks else "watch"
            fix = f"{trigger} is a trigger: 'connector webhook {command}' takes its events"
        else:
            fix = suggest_action(name, self.action_files) or f"use one of {', '.join(self.action_files)}"
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
    return _build_model(read_bytes(path), path, model_class, shared_inputs or {})


def _build_model(raw: bytes, path: Path, model_class: type[FileModel], shared: Mapping[str, Any]) -> FileModel:
    return read_once(raw, model_class, shared, lambda: _validate_file(raw, path, model_class, shared))


def _validate_file(raw: bytes, path: Path, model_class: type[FileModel], shared: Mapping[str, Any]) -> FileModel:
    """Return the model of what a file says. Raises DefinitionError."""
    from pydantic import ValidationError

    from connector.definition.inputs.shared_inputs import complete_inputs, find_unknown_uses
    from connector.definition.parsers import strict_yaml

    document = strict_yaml.read(raw, str(path))
    unmet = find_unmet_requirement(document) if model_class is Manifest else None
    if unmet is not None:
        hint = f"Install it: pip install 'connector{document.data['requires']}'."
        raise DefinitionError(unmet.message.capitalize(), findings=(unmet,), hint=hint)
    unknown_uses: list[Finding] = []
    if model_class is Action:
        unknown_uses += find_unknown_uses(document, shared).values()
        document = complete_inputs(document, shared)
    try:
        model = model_class.model_validate(document.data)
    except ValidationError:
        from connector.definition.validation import renamed_words, schema_validation

        upgraded, findings = renamed_words.upgrade(document, model_class)
        findings += schema_validation.validate_document(upgraded, model_class)
        findings += unknown_uses
        raise DefinitionError.from_findings(sorted(findings)) from None
    if unknown_uses:
        raise DefinitionError.from_findings(unknown_uses)
    return model


def _complete_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Return the manifest of a folder with the parts in files beside it. Raises DefinitionError."""
    manifest, findings = add_parts(folder, manifest, read_model)
    if findings:
        raise DefinitionError.from_findings(findings)
    for name, one in manifest.types.items():
        for key in (key for key, member in one.members.items() if has_endless_default(member)):
            message = f"the default of {key!r} in the type {name!r} holds the same again, without an end."
            raise DefinitionError.from_findings([Finding(str(folder), 1, 1, "endless-type", message)])
    return manifest


def _rebuild(
    folder: Path, manifest: Manifest, actions: list[Action], choices: Mapping[str, dict[str, str]] | None
) -> Connector:
    return Connector(folder, manifest, actions=actions, choices=choices)
