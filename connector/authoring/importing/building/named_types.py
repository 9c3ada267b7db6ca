"""Named types of an import: objects that hold others of their own kind or lie deep, each said once in types.yaml."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from connector.authoring.importing.building.texts import join_key, split_words
from connector.authoring.importing.document import DanglingReferenceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from connector.authoring.importing.building.words import Remarks, Words
    from connector.authoring.importing.document import ApiDocument

    BuildMembers = Callable[[str], tuple[Words, Remarks]]  # the name of a type -> its members, and what they lack

_SAYS_NOTHING = ("example", "examples", "default", "description", "discriminator", "enum")
REFUSED = "lint refuses the type of it"


class NamedTypes:
    """The types that inputs ask for; `words` is name -> members.

    A component is a type if it leads back to itself, whoever uses it: so a second import finds the same types. So is
    what lies too deep to stand in an action, under the name of its component or else of its member.
    """

    def __init__(self) -> None:
        self.words: dict[str, Words] = {}
        self.remarks: dict[str, Remarks] = {}
        self.removed: list[str] = []
        self._names: dict[tuple[int, str], str] = {}
        self._recursive: dict[tuple[int, str], bool] = {}

    def is_recursive(self, document: ApiDocument, ref: str) -> bool:
        """Whether what a reference leads to holds a reference to itself, at any depth."""
        identity = (id(document), ref)
        if identity not in self._recursive:
            self._recursive[identity] = _leads_back(document, ref)
        return self._recursive.get(identity, False)

    def add(self, document: ApiDocument, schema: str | Words, place: str, build: BuildMembers) -> str:
        """Return the name of the type of a reference or an object, which is built when it is first asked for."""
        is_ref = isinstance(schema, str)
        identity = (
            id(document),
            schema if isinstance(schema, str) else json.dumps(schema, sort_keys=True, default=str),
        )
        if identity not in self._names:
            stem = document.ref_name({"$ref": schema}) if is_ref else place.rpartition("/")[2]
            name = self._choose_name(stem or "")
            self._names[identity] = name
            self.words[name] = {}
            self.words[name], self.remarks[name] = build(name)
        return self._names[identity]

    def remove(self, name: str) -> None:
        """Take out a type; what refers to it becomes JSON."""
        del self.words[name]
        self.removed.append(name)
        for other, words in self.words.items():
            folded = fold_type(words, name)
            if folded != words:
                self.words[other] = folded
                self.remarks[other].fold(other, REFUSED)

    def list_used(self, words: Any) -> list[str]:
        """Return the types that words lead to, directly or through other types."""
        pending, used = list(_list_references(words)), list[str]()
        while pending:
            name = pending.pop(0)
            if name in self.words and name not in used:
                used.append(name)
                pending += _list_references(self.words[name])
        return used

    def _choose_name(self, text: str) -> str:
        stem = join_key(split_words(text)) or "object"
        return next(name for name in _number(stem) if name not in self.words and name not in self.removed)


def fold_type(words: Any, name: str) -> Any:
    """Return words in which what refers to a type is JSON."""
    if isinstance(words, list):
        return [fold_type(item, name) for item in words]
    if not isinstance(words, dict):
        return words
    if words.get("fields") == f"@{name}" and "type" in words:
        return {word: value for word, value in words.items() if word != "fields"} | {"type": "json"}
    return {word: fold_type(value, name) for word, value in words.items()}


def _number(stem: str) -> Iterator[str]:
    yield stem
    yield from (f"{stem}{number}" for number in range(2, 1000))


def _list_references(words: Any) -> Iterator[str]:
    for item in words.values() if isinstance(words, dict) else words if isinstance(words, list) else ():
        yield from _list_references(item)
    if isinstance(words, dict) and isinstance(words.get("fields"), str):
        yield words["fields"].removeprefix("@")


def _leads_back(document: ApiDocument, ref: str) -> bool:
    pending, seen = [ref], set[str]()
    while pending:
        try:
            target = document.follow_mapping({"$ref": pending.pop()})
        except DanglingReferenceError:
            continue
        for found in _list_schema_references(target):
            if found == ref:
                return True
            if found not in seen:
                seen.add(found)
                pending.append(found)
    return False


def _list_schema_references(schema: Mapping[str, Any]) -> Iterable[str]:
    """Yield the references in a schema, without those of what is only read."""
    stack: list[Any] = [schema]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack += node
        elif isinstance(node, dict) and node.get("readOnly") is not True:
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            stack += [item for word, item in node.items() if word not in _SAYS_NOTHING]
