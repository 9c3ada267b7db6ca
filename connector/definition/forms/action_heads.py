"""What lists and routes need to know of every action, read without the rest of its file.

A connector may have thousands of actions. Its index takes the first words of each file; a broken file is told in
`findings` and hides no other action.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.definition.action import RAW_REQUEST, Scopes, split_request
from connector.definition.case import to_kebab_case
from connector.definition.loader import read_bytes
from connector.definition.parsers import strict_yaml
from connector.errors import DefinitionError, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.definition.action import Action
    from connector.definition.fields import Deprecation
    from connector.definition.loader import Connector

_WORDS = frozenset(("action", "label", "summary", "request"))
_RARE_WORDS = (b"deprecated",)  # a file with one is read whole
_REQUEST_LINE = re.compile(r"raw|(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /\S*")


class HasRequestLine:
    """Something that has the request line of an action: METHOD /path, or `raw`."""

    __slots__ = ()
    request: str

    @property
    def is_raw(self) -> bool:
        """Whether the caller chooses method and path."""
        return self.request == RAW_REQUEST

    @property
    def method(self) -> str:
        """The HTTP method; empty for a raw request."""
        return split_request(self.request)[0]

    @property
    def path(self) -> str:
        """The path template below the base URL; empty for a raw request."""
        return split_request(self.request)[1]


@dataclass(frozen=True, slots=True)
class ActionHead(HasRequestLine):
    """The first words of an action."""

    action: str
    label: str
    summary: str
    request: str
    group: str | None = None
    deprecated: Deprecation | None = None


@dataclass(frozen=True, slots=True)
class ActionHeads:
    """The heads of a connector's actions, in the order of their files, and the findings of files that have none."""

    heads: tuple[ActionHead, ...]
    findings: tuple[Finding, ...] = ()

    @classmethod
    def read(cls, connector: Connector) -> ActionHeads:
        """Read the head of every action; use it with `connector.derive`."""
        heads: list[ActionHead] = []
        findings: list[Finding] = []
        for name, path in connector.action_files.items():
            try:
                heads.append(_read_head(connector, name, path))
            except DefinitionError as error:
                findings += error.findings
        return cls(tuple(heads), tuple(findings))


def iter_valid_actions(connector: Connector, word: bytes | None = None) -> Iterator[Action]:
    """Yield every action that can be read; with a word, those whose file has it at the beginning of a line."""
    for name, path in connector.action_files.items():
        with suppress(DefinitionError):
            if word is None or b"\n%b:" % word in read_bytes(path):
                yield connector.action(name)


def read_scopes(connector: Connector) -> list[Scopes]:
    """Return the scopes of every action that has some and can be read."""
    scopes: list[Scopes] = []
    for path in connector.action_files.values():
        with suppress(DefinitionError, ValueError):
            words = strict_yaml.read_words(read_bytes(path), str(path), frozenset(("scopes",)))
            scopes.append(Scopes.model_validate(words.get("scopes", {})))
    return scopes


def _read_head(connector: Connector, name: str, path: Path) -> ActionHead:
    """Return the head of a file. Raises DefinitionError for one that is broken there."""
    raw = read_bytes(path)
    words = strict_yaml.read_words(raw, str(path), _WORDS)
    if _is_head(words, path) and not any(b"\n%b:" % word in raw for word in _RARE_WORDS):
        return ActionHead(
            words["action"], words["label"], words["summary"], words["request"], words.get("group") or None
        )
    action = connector.action(name)
    return ActionHead(action.action, action.label, action.summary, action.request, action.group, action.deprecated)


def _is_head(words: dict[str, Any], path: Path) -> bool:
    """Whether these words need no closer look."""
    return (
        all(isinstance(words.get(word), str) and words[word] for word in _WORDS)
        and isinstance(words.get("group", ""), str)
        and to_kebab_case(words["action"]) == path.stem
        and _REQUEST_LINE.fullmatch(words["request"]) is not None
    )
