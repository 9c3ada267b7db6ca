"""One change between two versions of a connector, with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from connector.core.redaction import preview
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from connector.definition.parsers.strict_yaml import Document, NodePath


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """A change at a line: of the new version, or of the old one where the line is gone."""

    file: str
    line: int
    is_breaking: bool
    subject: str
    message: str

    def __str__(self) -> str:
        word = "breaking" if self.is_breaking else "compatible"
        return f"{self.file}:{self.line}: {word}: {self.subject}: {self.message}"


class WordChange(NamedTuple):
    """A change at a path of a document; `in_old` where only the old version has the path."""

    path: NodePath
    is_breaking: bool
    message: str
    in_old: bool = False


def locate(old: Document, new: Document, subject: str, differences: Iterable[WordChange]) -> Iterator[Change]:
    """Yield the changes that differences of two documents are; a path that has no line has that of its parent."""
    for difference in differences:
        document = old if difference.in_old else new
        line = document.find_position(difference.path, key=True).line
        yield Change(document.source, line, difference.is_breaking, subject, difference.message)


def compare_mappings(
    path: NodePath,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    noun: str,
    compare: Callable[[NodePath, Any, Any], Iterator[WordChange]],
) -> Iterator[WordChange]:
    """Yield what was removed (breaking), what was added, and how each that stayed differs."""
    for key in old:
        if key not in new:
            yield WordChange((*path, key), is_breaking=True, message=f"{noun} {key!r} is gone.", in_old=True)
    for key, item in new.items():
        if key not in old:
            yield WordChange((*path, key), is_breaking=False, message=f"{noun} {key!r} is new.")
        else:
            yield from compare((*path, key), old[key], item)


def describe_change(word: str, old: Any, new: Any) -> str:
    """Return a sentence about a word whose value changed."""
    return f"`{word}` was {_describe(old)} and is {_describe(new)}."


def _describe(value: Any) -> str:
    if isinstance(value, tuple | list | set | frozenset):
        return preview(", ".join(map(str, value))) if value else "nothing"
    return "not given" if value is None or value == "" else preview(value)
