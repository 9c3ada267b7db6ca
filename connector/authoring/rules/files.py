"""Rules of a whole file: its name, and the order of its keys."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from connector.authoring.draft import Violation
from connector.definition.action import Action
from connector.definition.case import to_kebab_case
from connector.definition.fields import Input

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath

ACTION_KEYS = tuple(Action.model_fields)
_LAST_KEYS = ("fields", "variants", "example")
INPUT_KEYS = ("use", *(key for key in Input.model_fields if key not in ("use", *_LAST_KEYS)), *_LAST_KEYS)


def check_file_name(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that a file is named after its action's key, so that no two files have the same key."""
    key, stem = file.model.action, file.path.stem
    if to_kebab_case(key) == stem:
        return
    twin = next((other for other in folder.actions if other.model.action == key and other.path != file.path), None)
    note = f" {twin.format_location(('action',))} has this key too." if twin else ""
    yield Violation(("action",), "file-name", f"the file of {key!r} must be named {to_kebab_case(key)}.yaml.{note}")


def check_key_order(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that keys have the same order in every action."""
    data = file.document.data
    yield from _check_order((), list(data), ACTION_KEYS)
    yield from _check_inputs((), data)


def check_input_key_order(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that inputs of connections and triggers, and shared ones, have their keys in the order of an action's."""
    yield from _check_inputs((), file.document.data)
    for kind in ("connections", "triggers"):
        members = file.document.data.get(kind)
        for name, data in members.items() if isinstance(members, dict) else ():
            yield from _check_inputs((kind, name), data)


def _check_inputs(path: NodePath, data: object) -> Iterator[Violation]:
    inputs = data.get("inputs") if isinstance(data, dict) else None
    for key, field in (inputs if isinstance(inputs, dict) else {}).items():
        if isinstance(field, dict):
            yield from _check_order((*path, "inputs", key), list(field), INPUT_KEYS)


def _check_order(path: NodePath, keys: list[str], order: Sequence[str]) -> Iterator[Violation]:
    """Report the first key that comes too late."""
    known_keys = [key for key in keys if key in order]
    for previous, key in pairwise(known_keys):
        if order.index(key) < order.index(previous):
            successor = next(candidate for candidate in known_keys if order.index(candidate) > order.index(key))
            yield Violation((*path, key), "word-order", f"{key!r} must come before {successor!r}.", key=True)
            return
