"""A file as lint reads it: its data, where everything stands, and the part of it that has a sound shape.

A word that does not fit is told once and then left out, so that it hides no other mistake; what stands around it is
not judged, for a mistake there may only follow from it.
"""

from __future__ import annotations

import difflib
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from pydantic import ValidationError

from connector.definition.action import Action
from connector.definition.manifest import Manifest
from connector.errors import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path as FilePath

    from connector.definition.strict_yaml import Document, Path

Kind = TypeVar("Kind", Action, Manifest)

_ROUNDS = 4
_NAMED = ("inputs", "examples", "connections", "triggers", "sandbox")  # words whose members have names of their own
_STAND_INS: dict[str, Any] = {
    "action": "x", "connector": "x", "label": "-", "summary": "-", "help": "-", "type": "string", "to": "query.-",
    "request": "POST /", "base_url": "https://-.example", "path": "/", "given": {}, "sends": {"path": "/"},
    "message": "-", "id": "id", "items": ".",
}  # fmt: skip


class Mistake(NamedTuple):
    """What a rule finds in a document: at which path, by which rule, as a sentence.

    `key` points at the key instead of the value; `shift` is how many columns further it stands.
    """

    path: Path
    rule: str
    message: str
    key: bool = False
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Draft(Generic[Kind]):
    """One file: `model` is what is sound of it, `damaged` what was left out or put in to get there."""

    file: FilePath
    document: Document
    model: Kind
    damaged: tuple[Path, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing was left out."""
        return not self.damaged

    def lacks(self, *words: str) -> bool:
        """Whether something was left out of one of these words of the file."""
        return any(damage[0] in words for damage in self.damaged)

    def where(self, path: Path, *, key: bool = False) -> str:
        """Return `file:line` of a path, to name in a sentence about another place."""
        return f"{self.file}:{self.document.mark(path, key=key).line}"

    def line(self, path: Path) -> int:
        """Return the line of a path's key."""
        return self.document.mark(path, key=True).line

    def told(self, mistakes: Iterable[Mistake]) -> Iterator[Finding]:
        """Yield the findings of these mistakes, but for those that may follow from what is damaged."""
        for one in mistakes:
            if not any(_spoils(damage, one.path) for damage in self.damaged):
                yield finding(self.document, one)


def finding(document: Document, mistake: Mistake) -> Finding:
    """Return a mistake as a finding of its document."""
    line, column = document.mark(mistake.path, key=mistake.key)
    return Finding(document.source, line, column + mistake.shift, mistake.rule, mistake.message)


def mended(data: Any, kind: type[Kind]) -> tuple[Kind | None, tuple[Path, ...]]:
    """Return the model of what is sound in a file's data, and the paths that are not; None when too little is."""
    data = deepcopy(data)
    damaged: list[Path] = []
    for _ in range(_ROUNDS):
        try:
            return kind.model_validate(data), tuple(damaged)
        except ValidationError as error:
            paths = {_damage(data, one) for one in error.errors(include_url=False, include_input=False)}
        for path in sorted(paths, key=str):
            if not path:
                return None, ()
            _replace(data, path)
            damaged.append(path)
    return None, ()


def _damage(data: Any, error: Mapping[str, Any]) -> Path:
    """Return the path to what an error is about: a missing word, or what can be taken out of a mapping."""
    where, found = data, []
    for name in error["loc"]:
        if not isinstance(where, dict) or name not in where:
            break
        where = where[name]
        found.append(name)
    last = error["loc"][-1] if error["loc"] else None
    if error["type"] == "missing" and len(found) == len(error["loc"]) - 1 and last in _STAND_INS:
        return (*found, last)
    return tuple(found)


def _replace(data: Any, path: Path) -> None:
    """Take out what stands at a path, or put a stand-in where something is missing."""
    for name in path[:-1]:
        if name not in data:
            return  # what is around it was taken out before
        data = data[name]
    if path[-1] in data:
        del data[path[-1]]
    elif path[-1] in _STAND_INS:
        data[path[-1]] = deepcopy(_STAND_INS[str(path[-1])])


def _spoils(damage: Path, path: Path) -> bool:
    """Whether a mistake at `path` may follow from what is damaged: it stands beside it, or is what was meant."""
    depth = len(damage) - 1
    if path[:depth] != damage[:depth]:
        return False
    if depth > 1:
        return True
    if len(path) <= depth:
        return False
    meant, written = path[depth], damage[depth]
    if meant == written or (depth and damage[0] in _NAMED):
        return meant == written
    return difflib.SequenceMatcher(None, str(meant), str(written)).ratio() > 0.6  # noqa: PLR2004  as did_you_mean
