"""Leniently parsed files: data, positions, and a model of the valid parts.

An invalid part is reported once and then left out, so that it hides no other mistake. Mistakes beside it are not
reported, because they may only follow from it.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from pydantic import ValidationError

from connector.definition.action import Action
from connector.definition.inputs.named_types import TypesFile
from connector.definition.manifest import Manifest
from connector.definition.resource import ResourcesFile
from connector.definition.suggest import closest
from connector.errors import Finding
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from connector.definition.parsers.strict_yaml import Document, NodePath

FileModel = TypeVar("FileModel", Action, Manifest, TypesFile, ResourcesFile)

_MAX_REPAIR_ROUNDS = 4
_KEYED_MAPPINGS = (
    "inputs",
    "fields",
    "variants",
    "examples",
    "clouds",
    "connections",
    "triggers",
    "resources",
)  # their members' keys are the author's
_FIELD_PLACEHOLDERS = {"label": "-", "help": "-", "type": "string", "to": "query.-"}
_MEMBER_PLACEHOLDERS = {"label": "-", "help": "-", "type": "string"}
_MAX_PLACEHOLDER_DEPTH = 4  # of objects within objects
_PLACEHOLDERS: dict[NodePath, dict[str, Any]] = {
    (): {
        "action": "x",
        "connector": "x",
        "label": "-",
        "summary": "-",
        "request": "POST /",
        "base_url": "https://-.example",
    },
    ("inputs", "*"): _FIELD_PLACEHOLDERS,
    **{("inputs", "*", *("fields", "*") * depth): _MEMBER_PLACEHOLDERS for depth in range(1, _MAX_PLACEHOLDER_DEPTH)},
    ("inputs", "*", "variants", "*"): {"label": "-"},
    ("pagination",): {"items": "."},
    ("replies", "*"): {"expect": {}},
    ("examples", "*"): {"inputs": {}, "request": {"path": "/"}},
    ("examples", "*", "request"): {"path": "/"},
    ("clouds", "*"): {"label": "-"},
    ("connections", "*"): {"label": "-"},
    ("connections", "*", "inputs", "*"): _FIELD_PLACEHOLDERS,
    ("triggers", "*"): {"label": "-", "summary": "-"},
    ("triggers", "*", "inputs", "*"): _FIELD_PLACEHOLDERS,
    ("resources", "*"): {"id": "id"},
    ("sandbox", "missing"): {"message": "-"},
    ("sandbox", "invalid"): {"message": "-"},
}


class Violation(NamedTuple):
    """A violation of a rule at a path of a document.

    `key` points at the key instead of the value; `shift` is the number of columns from there.
    """

    path: NodePath
    rule: str
    message: str
    key: bool = False
    shift: int = 0


@dataclass(frozen=True, slots=True)
class ParsedFile(Generic[FileModel]):
    """One file: `model` has its valid parts, `invalid_paths` are those left out or filled with placeholders."""

    path: Path
    document: Document
    model: FileModel
    invalid_paths: tuple[NodePath, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether the whole file is valid."""
        return not self.invalid_paths

    def has_invalid_key(self, *keys: str) -> bool:
        """Whether something below one of these top-level keys is invalid."""
        return any(path[0] in keys for path in self.invalid_paths)

    def format_location(self, path: NodePath, *, key: bool = False) -> str:
        """Return `file:line` of a path, for a message about another place."""
        return f"{self.path}:{self.document.find_position(path, key=key).line}"

    def find_line(self, path: NodePath) -> int:
        """Return the line of a path's key."""
        return self.document.find_position(path, key=True).line

    def to_findings(self, violations: Iterable[Violation]) -> Iterator[Finding]:
        """Yield the findings of violations, without those that may follow from an invalid part."""
        for violation in violations:
            if not any(_may_follow_from(invalid_path, violation.path) for invalid_path in self.invalid_paths):
                yield build_finding(self.document, violation)


def build_finding(document: Document, violation: Violation) -> Finding:
    """Return the finding of a violation in a document."""
    line, column = document.find_position(violation.path, key=violation.key)
    return Finding(document.source, line, column + violation.shift, violation.rule, violation.message)


def parse_lenient(data: Any, model_class: type[FileModel]) -> tuple[FileModel | None, tuple[NodePath, ...]]:
    """Return a model of the valid parts of a file and the invalid paths; None when too little is valid."""
    invalid_paths: list[NodePath] = []
    for _ in range(_MAX_REPAIR_ROUNDS):
        try:
            return model_class.model_validate(data), tuple(invalid_paths)
        except ValidationError as error:
            data = data if invalid_paths else deepcopy(data)
            paths = {
                _find_invalid_path(data, details) for details in error.errors(include_url=False, include_input=False)
            }
        for path in sorted(paths, key=str):
            if not path:
                return None, ()
            _remove_or_fill(data, path)
            invalid_paths.append(path)
    return None, ()


def _find_invalid_path(data: Any, error: Mapping[str, Any]) -> NodePath:
    """Return the path of an error: a missing key, or what can be removed from a mapping."""
    node, path = data, []
    for name in error["loc"]:
        if not isinstance(node, dict) or name not in node:
            break
        node = node[name]
        path.append(name)
    last = error["loc"][-1] if error["loc"] else None
    if error["type"] == "missing" and len(path) == len(error["loc"]) - 1 and last in _find_placeholders(path):
        return (*path, last)
    return tuple(path)


def _find_placeholders(path: Sequence[str | int]) -> dict[str, Any]:
    """Return the placeholders for keys that may be missing at a path."""
    place = ["*" if previous in _KEYED_MAPPINGS else name for previous, name in zip(("", *path), path, strict=False)]
    return _PLACEHOLDERS.get(tuple(place), {})


def _remove_or_fill(data: Any, path: NodePath) -> None:
    """Remove what is at a path, or add a placeholder where a key is missing."""
    for name in path[:-1]:
        if name not in data:
            return  # a parent was removed before
        data = data[name]
    placeholders, key = _find_placeholders(path[:-1]), str(path[-1])
    if key in data:
        del data[key]
    elif key in placeholders:
        data[key] = deepcopy(placeholders[key])


def _may_follow_from(invalid_path: NodePath, path: NodePath) -> bool:
    """Whether a mistake at `path` may follow from an invalid part: it is beside it, or is the key that was meant."""
    depth = len(invalid_path) - 1
    if path[:depth] != invalid_path[:depth]:
        return False
    if depth > 1:
        return True
    if len(path) <= depth:
        return False
    meant, written = path[depth], invalid_path[depth]
    if meant == written or (depth and invalid_path[0] in _KEYED_MAPPINGS):
        return meant == written
    return closest(str(meant), [str(written)]) is not None
