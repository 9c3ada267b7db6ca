"""What lists and routes need to know of every action, read without the rest of its file.

A connector may have thousands of actions. Its index takes the first words of each file; a broken file is told in
`findings` and hides no other action.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from connector.definition.action import RAW_REQUEST, SAFE_METHODS, Scopes, split_request
from connector.definition.case import to_kebab_case, to_snake_case
from connector.definition.forms.head_index import HeadIndex
from connector.definition.loader import read_bytes
from connector.errors import DefinitionError, Finding
from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from connector.definition.action import Action
    from connector.definition.fields import Deprecation
    from connector.definition.loader import Connector

_WORDS = frozenset(("action", "label", "summary", "request"))
_OTHER_WORDS = {"group": b"\ngroup:", "read_only": b"\nread_only:"}  # read too where a line begins with one
_RARE_WORD = b"\ndeprecated:"  # a file with it is read whole
_REQUEST_LINE = prepare_pattern(r"raw|(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /\S*")


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
    read_only: bool = False
    deprecated: Deprecation | None = None
    may_start_job: bool = False  # whether the word `poll` occurs
    may_list_choices: bool = False  # whether the word `choices_from` occurs

    @property
    def name(self) -> str:
        """The key in snake_case, as Python and tools have it."""
        return to_snake_case(self.action)

    @property
    def is_read(self) -> bool:
        """Whether it only reads: by its method, or as a POST that says so."""
        return self.method in SAFE_METHODS or self.read_only

    @classmethod
    def of(cls, action: Action, raw: bytes) -> ActionHead:
        """Return the head of an action that is read already, whose file this is."""
        texts = (action.action, action.label, action.summary, action.request)
        return cls(*texts, action.group, action.read_only, action.deprecated, *_find_words(raw))


@dataclass(frozen=True, slots=True)
class ActionHeads:
    """The heads of a connector's actions, in the order of their files, and the findings of files that have none."""

    heads: tuple[ActionHead, ...]
    findings: tuple[Finding, ...] = ()

    @classmethod
    def read(cls, connector: Connector) -> ActionHeads:
        """Read the head of every action whose file is not as it was; use it with `connector.derive`."""
        heads: list[ActionHead] = []
        findings: list[Finding] = []
        index = HeadIndex(connector.folder)
        for name, path in connector.action_files.items():
            try:
                heads.append(_find_head(connector, name, path, index))
            except DefinitionError as error:
                findings += error.findings
        index.keep()
        return cls(tuple(heads), tuple(findings))


def iter_valid_actions(connector: Connector, keys: Iterable[str]) -> Iterator[Action]:
    """Yield the actions of these keys whose files are valid."""
    for key in keys:
        with suppress(DefinitionError):
            yield connector.action(key)


def read_input_labels(connector: Connector, head: ActionHead) -> dict[str, str]:
    """Return the labels of an action's inputs by key, without hidden ones; what is invalid has none."""
    from connector.definition.parsers import strict_yaml

    path = connector.folder / "actions" / f"{to_kebab_case(head.action)}.yaml"
    inputs = strict_yaml.read_words(read_bytes(path), str(path), frozenset(("inputs",))).get("inputs")
    shared = connector.manifest.shared_words
    fields = {
        key: {**shared.get(str(written.get("use")), {}), **written}
        for key, written in (inputs.items() if isinstance(inputs, dict) else ())
        if isinstance(written, dict)
    }
    return {key: str(field.get("label", "")) for key, field in fields.items() if field.get("hidden") is not True}


def read_scopes(connector: Connector) -> list[Scopes]:
    """Return the scopes of every action that has some and can be read."""
    from connector.definition.parsers import strict_yaml

    scopes: list[Scopes] = []
    for path in connector.action_files.values():
        with suppress(DefinitionError, ValueError):
            words = strict_yaml.read_words(read_bytes(path), str(path), frozenset(("scopes",)))
            scopes.append(Scopes.model_validate(words.get("scopes", {})))
    return scopes


def _find_head(connector: Connector, name: str, path: Path, index: HeadIndex) -> ActionHead:
    """Return the head of a file, from the index where it has it. Raises DefinitionError for one that is broken there.

    What is deprecated is read each time, since it says so by words that only the whole file has.
    """
    try:
        state = path.stat()
    except OSError:
        return _read_head(connector, name, path)  # it tells why
    words = index.find(path, state)
    if words is not None:
        return ActionHead(*words)
    head = _read_head(connector, name, path)
    if head.deprecated is None:
        index.add(path, state, [getattr(head, word) for word in ActionHead.__match_args__])
    return head


def _read_head(connector: Connector, name: str, path: Path) -> ActionHead:
    """Return the head of a file. Raises DefinitionError for one that is broken there."""
    from connector.definition.parsers import strict_yaml

    raw = read_bytes(path)
    others = [word for word, line in _OTHER_WORDS.items() if line in raw]
    words = strict_yaml.read_words(raw, str(path), _WORDS.union(others))
    if _RARE_WORD in raw or not _is_head(words, path):
        return ActionHead.of(connector.action(name), raw)
    texts = (words["action"], words["label"], words["summary"], words["request"])
    return ActionHead(*texts, words.get("group"), words.get("read_only", False), None, *_find_words(raw))


def _is_head(words: dict[str, Any], path: Path) -> bool:
    """Whether these words need no closer look."""
    return (
        all(isinstance(words.get(word), str) and words[word] for word in _WORDS)
        and isinstance(words.get("group", "-"), str)
        and isinstance(words.get("read_only", False), bool)
        and to_kebab_case(words["action"]) == path.stem
        and _REQUEST_LINE.fullmatch(words["request"]) is not None
    )


def _find_words(raw: bytes) -> tuple[bool, bool]:
    """Return whether a file may start a job, and may list choices of another action."""
    return b"\npoll:" in raw, b"choices_from:" in raw
