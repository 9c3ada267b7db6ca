"""Reader of a connector's folder for lint: an invalid file hides nothing of the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from connector.authoring.draft import ParsedFile, parse_lenient
from connector.definition.action import Action
from connector.definition.case import to_camel_case
from connector.definition.folders.parts import RESOURCES_FILE, TYPES_FILE, add_parts
from connector.definition.inputs.named_types import TypesFile, link_fields
from connector.definition.inputs.shared_inputs import complete_inputs, find_unknown_uses
from connector.definition.lazy import cached_property
from connector.definition.loader import Connector, read_bytes
from connector.definition.manifest import Manifest
from connector.definition.parsers import strict_yaml
from connector.definition.parsers.requirement import find_unmet_requirement
from connector.definition.resource import ResourcesFile
from connector.definition.validation import renamed_words, schema_validation
from connector.errors import DefinitionError, Finding
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from connector.authoring.draft import FileModel, Violation
    from connector.definition.folders.parts import Part
    from connector.definition.parsers.strict_yaml import Document, NodePath

T = TypeVar("T")
Report = Callable[[str, int, int], None]  # told what was done to how many files, of how many
_BLANK_MANIFEST = Manifest(connector="x", label="-", summary="-", base_url="https://-.example")


def ignore_progress(_what: str, _done: int, _total: int) -> None:
    """Tell nobody."""


@dataclass
class ConnectorFolder:
    """The files of a folder, parsed; `findings` are those of files that are unreadable or invalid."""

    path: Path
    manifest: ParsedFile[Manifest] | None = None
    types: ParsedFile[TypesFile] | None = None
    resources: ParsedFile[ResourcesFile] | None = None
    actions: list[ParsedFile[Action]] = field(default_factory=list)
    objects: dict[str, Document] = field(default_factory=dict)
    choices: dict[str, Document] = field(default_factory=dict)
    events: dict[str, Document] = field(default_factory=dict)
    event_stems: list[str] = field(default_factory=list)
    parity: Document | None = None
    action_stems: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    _derived: dict[Callable[[ConnectorFolder], Any], Any] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path, report: Report = ignore_progress) -> ConnectorFolder:
        """Read every file of a folder; report what is invalid in `findings` instead of raising."""
        connector_folder = cls(folder)
        connector_folder._read_manifest(folder / "manifest.yaml")
        connector_folder._read_parts()
        is_readable = not connector_folder.findings
        readings = [*connector_folder._plan_reading()]
        for number, (read_file, path) in enumerate(readings, 1):
            read_file(path)
            report("read", number, len(readings))
        if is_readable and not _list_files(folder / "actions", (".yaml", ".yml")):
            connector_folder.findings.append(
                Finding(str(folder / "actions"), 1, 1, "file", "the folder has no actions.")
            )
        if (folder / "parity.yaml").exists():
            connector_folder.parity = connector_folder._read_document(folder / "parity.yaml")
        return connector_folder

    def _plan_reading(self) -> Iterator[tuple[Callable[[Path], None], Path]]:
        """Yield the files of actions and schemas, each with what reads it."""
        yield from ((self._read_action, path) for path in _list_files(self.path / "actions", (".yaml", ".yml")))
        self.event_stems = [path.stem for path in _list_files(self.path / "schemas" / "events", (".json",))]
        for name, documents in (("objects", self.objects), ("choices", self.choices), ("events", self.events)):
            read_file = partial(self._read_json, documents=documents)
            yield from ((read_file, path) for path in _list_files(self.path / "schemas" / name, (".json",)))

    @cached_property
    def action_keys(self) -> list[str]:
        """The keys of all actions, including those of unreadable files."""
        return sorted(
            {file.model.action for file in self.actions} | {to_camel_case(stem) for stem in self.action_stems}
        )

    @property
    def are_actions_valid(self) -> bool:
        """Whether all actions can be read, so that what none of them uses is used by none."""
        return len(self.actions) == len(self.action_stems) and all(file.is_valid for file in self.actions)

    @cached_property
    def models_by_key(self) -> dict[str, Action]:
        """The actions of all files that can be read, once all were read."""
        return {file.model.action: file.model for file in self.actions}

    @cached_property
    def connector(self) -> Connector:
        """The connector of the readable files."""
        actions = [file.model for file in self.actions]
        choices = {name: document.data for name, document in self.choices.items() if isinstance(document.data, dict)}
        return Connector(self.path, self.manifest_or_blank, actions=actions, choices=choices)

    def derive(self, build: Callable[[ConnectorFolder], T]) -> T:
        """Return `build(folder)`, computed when a rule first needs it; what it is made of no longer changes then."""
        if build not in self._derived:
            self._derived[build] = build(self)
        value: T = self._derived[build]
        return value

    @property
    def manifest_or_blank(self) -> Manifest:
        """The manifest, or a blank one in place of a broken one."""
        return self.manifest.model if self.manifest else _BLANK_MANIFEST

    def place_manifest_findings(self, violations: Iterable[Violation]) -> Iterator[Finding]:
        """Yield the findings of the manifest's rules, each in the file that has what it is about."""
        for violation in violations:
            if self.resources is not None and violation.path[:1] == ("resources",):
                yield from self.resources.to_findings([violation._replace(path=violation.path[1:])])
            elif self.manifest is not None:
                yield from self.manifest.to_findings([violation])

    def list_yaml_files(self) -> list[Path]:
        """Return the YAML files of the folder, readable or not."""
        names = [self.path / name for name in ("manifest.yaml", TYPES_FILE, RESOURCES_FILE, "parity.yaml")]
        return [path for path in (*names, *_list_files(self.path / "actions", (".yaml",))) if path.is_file()]

    def get_choices_path(self, name: str) -> Path:
        """Return the path of a file of choices."""
        return self.path / "schemas" / "choices" / f"{name}.json"

    def get_objects_path(self, name: str) -> Path:
        """Return the path of a reply's schema."""
        return self.path / "schemas" / "objects" / f"{name}.json"

    def has_finding(self, path: Path) -> bool:
        """Whether a file has findings already, as unreadable."""
        return any(finding.file == str(path) for finding in self.findings)

    def _read_manifest(self, path: Path) -> None:
        if not path.is_file():
            self.findings.append(Finding(str(path), 1, 1, "file", "manifest.yaml is missing."))
            return
        self.manifest = self._parse_file(path, Manifest)

    def _read_parts(self) -> None:
        """Read the parts of the manifest in files of their own."""

        def read(path: Path, model_class: type[Part]) -> Part | None:
            if issubclass(model_class, TypesFile):
                self.types = self._parse_file(path, TypesFile)
                return None if self.types is None else self.types.model
            self.resources = self._parse_file(path, ResourcesFile)
            return None if self.resources is None else self.resources.model

        manifest, findings = add_parts(self.path, self.manifest_or_blank, read)
        if self.manifest is not None:
            self.manifest = replace(self.manifest, model=manifest)
            self.findings += findings

    def _read_action(self, path: Path) -> None:
        problem = _find_entry_problem(path)
        if problem:
            self.findings.append(Finding(str(path), 1, 1, *problem))
            return
        self.action_stems.append(path.stem)
        file = self._parse_file(path, Action)
        if file is not None:
            link_fields(self.manifest_or_blank.types, file.model.inputs.values())
            self.actions.append(file)

    def _parse_file(self, path: Path, model_class: type[FileModel]) -> ParsedFile[FileModel] | None:
        document = self._read_document(path)
        if document is None:
            return None
        unmet = find_unmet_requirement(document) if model_class is Manifest else None
        if unmet is not None:
            self.findings.append(unmet)
            return None
        completed = self._complete(document, model_class)
        model, invalid_paths = parse_lenient(completed.data, model_class)
        if model is None or invalid_paths:  # perhaps it has words of before
            document, renamed = renamed_words.upgrade(document, model_class)
            self.findings += renamed
            completed = self._complete(document, model_class)
            model, invalid_paths = parse_lenient(completed.data, model_class)
            if model is None or invalid_paths:
                self.findings += schema_validation.validate_document(completed, model_class)
        if model_class is Action:
            invalid_paths += self._report_unknown_uses(document)
        return ParsedFile(path, document, model, invalid_paths) if model is not None else None

    def _complete(self, document: Document, model_class: type[Any]) -> Document:
        """Return a document with the words of the shared inputs that an action uses."""
        shared = self.manifest_or_blank.shared_words
        return complete_inputs(document, shared) if model_class is Action else document

    def _report_unknown_uses(self, document: Document) -> tuple[NodePath, ...]:
        """Report where an action uses inputs that nobody shares, and return these places."""
        unknown_uses = find_unknown_uses(document, self.manifest_or_blank.shared_words)
        self.findings += unknown_uses.values() if self.manifest is not None else ()
        return tuple(unknown_uses)

    def _read_document(self, path: Path) -> Document | None:
        try:
            return strict_yaml.read(read_bytes(path), str(path))
        except DefinitionError as error:
            self.findings += error.findings
            return None

    def _read_json(self, path: Path, documents: dict[str, Document]) -> None:
        """Read a JSON file with the YAML reader, which also keeps positions."""
        try:
            raw = read_bytes(path)
            json.loads(raw)
            documents[path.stem] = strict_yaml.read(raw, str(path))
        except DefinitionError as error:
            self.findings += error.findings
        except (ValueError, RecursionError) as error:
            position = getattr(error, "lineno", 1), getattr(error, "colno", 1)
            self.findings.append(Finding(str(path), *position, "json", f"{getattr(error, 'msg', error)}."))


def _list_files(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in suffixes and not path.name.startswith("."))


def _find_entry_problem(path: Path) -> tuple[str, str] | None:
    """Return rule and message when an entry of actions/ is not an action's file."""
    if path.suffix != ".yaml":
        return "file-name", f"only *.yaml files are read; rename it to {path.stem}.yaml."
    if path.is_symlink() and not _is_inside(path):
        return "file", "the link is broken or leads out of actions/; put the file itself here."
    if path.is_dir():
        return "file", "this is a folder; an action must be a file."
    if not path.is_file():
        return "file", "this is not a regular file."
    return None


def _is_inside(path: Path) -> bool:
    try:
        return path.resolve(strict=True).parent == path.parent.resolve()
    except (OSError, RuntimeError):
        return False
