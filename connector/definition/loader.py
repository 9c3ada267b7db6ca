"""Folder -> Connector. The one place that opens a connector's files, each when it is first asked for."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

import connector as package
from connector.definition import strict_yaml
from connector.definition.action import Action
from connector.definition.fields import Model, camel, kebab
from connector.definition.manifest import Manifest
from connector.definition.suggest import did_you_mean
from connector.errors import DefinitionError, Finding, InputError, Problem

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from connector.definition.events import EventKind

Kind = TypeVar("Kind", Action, Manifest)


class Connector:
    """A folder of YAML that can be run: `Connector.open()` the bundled one, `Connector.open(folder)` another.

    The folder's listing is the index of its actions; a file is read when its action is asked for, once.
    Raises DefinitionError with file, line and column for what is wrong with a file.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self.compiled: dict[str, Any] = {}  # what the core works out once per action
        self._actions: dict[str, Action] = {}

    @classmethod
    def open(cls, folder: str | os.PathLike[str] | None = None) -> Connector:
        """Open a connector's folder (default: the bundled one)."""
        place = bundled() if folder is None else Path(folder)
        path = place / "manifest.yaml"
        if not path.is_file():
            message = f"no manifest.yaml in {place.absolute()}"
            hint = "Name a connector's folder; 'connector new FOLDER' makes one."
            raise DefinitionError(f"{message}.", findings=(Finding(str(path), 1, 1, "file", message),), hint=hint)
        return cls(place, read_model(path, Manifest))

    @property
    def name(self) -> str:
        """The connector's name, as its manifest has it."""
        return self.manifest.connector

    @cached_property
    def files(self) -> dict[str, Path]:
        """The action files, by the key that their name stands for (an acronym's case is in the file)."""
        found = sorted((self.folder / "actions").glob("*.yaml"))
        return {camel(path.stem): path for path in found if not path.name.startswith(".")}

    def action(self, name: str) -> Action:
        """Return an action by its key, or the key in snake_case or kebab-case.

        Raises InputError with a did-you-mean when there is none, DefinitionError when its file is wrong.
        """
        stem = kebab(name).replace("_", "-")
        if stem not in self._actions:
            path = self.folder / "actions" / f"{stem}.yaml"
            if not _plain_name(stem) or not path.is_file():
                raise self._unknown(name)
            self._actions[stem] = self._read_action(path)
        return self._actions[stem]

    def actions(self) -> Iterator[Action]:
        """Read every action, in the order of their keys."""
        for name in self.files:
            yield self.action(name)

    @cached_property
    def events(self) -> Mapping[str, EventKind]:
        """The kinds of events by name, from schemas/events/*.json; empty where the folder has none.

        Raises DefinitionError for a file that is broken, and for an event that stands in two.
        """
        from connector.definition import events  # noqa: PLC0415  seldom needed

        found: dict[str, EventKind] = {}
        for path in sorted((self.folder / "schemas" / "events").glob("[!.]*.json")):
            data = self._json("events", path.stem)
            try:
                entries = events.EventFile.model_validate(data).root
                sound = not any(True for one in entries.values() for _ in events.strange(one.body))
            except ValidationError:
                sound = False
            if not sound:
                raise DefinitionError.of(events.findings(strict_yaml.read(read_bytes(path), str(path))))
            for name, one in entries.items():
                if name in found:
                    message = f"{name!r} stands in {found[name].group}.json too."
                    raise DefinitionError.of([Finding(str(path), 1, 1, "event", message)])
                found[name] = events.EventKind(name=name, group=path.stem, scopes=one.scopes, body=one.body)
        return MappingProxyType(found)

    def choices(self, name: str) -> dict[str, str]:
        """Return a file of choices, value -> label. Raises DefinitionError when it is missing or broken."""
        return self._json("choices", name)

    def object_schema(self, name: str) -> dict[str, Any]:
        """Return the JSON Schema of a thing that comes back. Raises DefinitionError likewise."""
        return self._json("objects", name)

    def _json(self, kind: str, name: str) -> dict[str, Any]:
        path = self.folder / "schemas" / kind / f"{name}.json"
        try:
            data = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            found = Finding(str(path), getattr(error, "lineno", 1), getattr(error, "colno", 1), "file", str(error))
            raise DefinitionError.of([found]) from None
        if not isinstance(data, dict):
            raise DefinitionError.of([Finding(str(path), 1, 1, "file", "expected a JSON object.")])
        return data

    def _read_action(self, path: Path) -> Action:
        action = read_model(path, Action)
        if kebab(action.action) != path.stem:
            message = f"the file of {action.action!r} is called {kebab(action.action)}.yaml."
            raise DefinitionError.of([Finding(str(path), 1, 1, "file-name", message)])
        return action

    def _unknown(self, name: str) -> InputError:
        fix = did_you_mean(name, self.files).strip() or f"the actions are: {', '.join(self.files)}"
        known = f"an action of {self.name}"
        return InputError.of(f"{self.name}", [Problem("action", repr(name), known, fix)])


def bundled() -> Path:
    """Return the folder of the connector that comes with the package: beside it, or the checkout around it."""
    home = Path(package.__file__).parent
    inside = home / package.BUNDLED
    return inside if inside.is_dir() else home.parent


def read_bytes(path: Path) -> bytes:
    """Read a file. Raises DefinitionError naming it and the reason."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DefinitionError.of([Finding(str(path), 1, 1, "file", f"{error.strerror or error}.")]) from None


def read_model(path: Path, model: type[Kind]) -> Kind:
    """Read one file of a connector. Raises DefinitionError with every mistake of its shape."""
    document = strict_yaml.read(read_bytes(path), str(path))
    try:
        return model.model_validate(document.data)
    except ValidationError:
        from connector.definition import schema_validation as shape  # noqa: PLC0415  jsonschema is loaded for a broken file only

        raise DefinitionError.of(shape.findings(document, model)) from None


def _plain_name(stem: str) -> bool:
    return stem.replace("-", "").isalnum()


__all__ = ["Action", "Connector", "Manifest", "Model", "bundled", "read_bytes", "read_model"]
