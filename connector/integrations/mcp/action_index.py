"""The index of a connector's actions: what search, groups and listings need, without parsing every file.

A folder may hold thousands of actions, and an agent wants its list of tools at once. So an entry is read from the lines
of its file; a file that is written in another style than usual is parsed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from connector.definition.action import SAFE_METHODS, split_request
from connector.definition.case import to_snake_case
from connector.definition.forms.action_heads import HasRequestLine
from connector.definition.loader import read_bytes
from connector.definition.resource import group_by_resource
from connector.definition.suggest import did_you_mean
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from connector.definition.action import Action
    from connector.definition.loader import Connector

_TOP_LINE = re.compile(r"^([a-z_]+):[ \t]*(.*?)[ \t\r]*$(?=\n?([ \t]*)(\S?))", re.MULTILINE)
_INPUT_LINE = re.compile(r"^(?:  ([A-Za-z]\w*):|    label:[ \t]+(.*?))[ \t\r]*$", re.MULTILINE)
_OTHER_STYLE = re.compile(r"^(?:  \w+:[ \t]*[^\s#]|(?!  \w+:|    |[ \t]*(?:#|\r?$)))", re.MULTILINE)
_PLAIN_TEXT = re.compile(r"""[^\s"'|>&*!%@`{}\[\],?:#-](?:[^:#\\]|:(?=\S)|(?<=\S)#)*\Z""")
_QUOTED_TEXT = re.compile(r'"([^"\\]*)"\Z')
_NUMBER_OR_CONSTANT = re.compile(r"(?:-?[0-9][0-9.eE+-]*|true|false|null|~)\Z")
_TEXT_KEYS = ("action", "label", "summary", "request")


@dataclass(frozen=True, slots=True)
class ActionEntry(HasRequestLine):
    """What is known of an action without its whole definition; `inputs` are pairs of a key and a label."""

    action: str
    label: str
    summary: str
    request: str
    is_read: bool
    inputs: tuple[tuple[str, str], ...]
    group: str | None = None
    has_live_choices: bool = False  # whether an input's choices are listed by another action

    @property
    def name(self) -> str:
        """The name of its tool."""
        return to_snake_case(self.action)

    @classmethod
    def from_action(cls, action: Action) -> ActionEntry:
        """Return the entry of a parsed action."""
        inputs = tuple((key, field.label) for key, field in action.inputs.items() if not field.hidden)
        names = (action.action, action.label, action.summary, action.request)
        is_live = any(field.choices_from for field in action.inputs.values())
        return cls(*names, action.is_read, inputs, action.group, is_live)


class ActionIndex:
    """The actions that a server offers: of some groups, or those that only read."""

    def __init__(self, connector: Connector, *, groups: Collection[str] = (), read_only: bool = False) -> None:
        self.connector = connector
        self._groups = groups
        self.read_only = read_only

    @property
    def is_filtered(self) -> bool:
        """Whether some actions are left out."""
        return bool(self._groups) or self.read_only

    def count(self) -> int:
        """Return the number of actions."""
        return len(self.entries) if self.is_filtered else len(self.connector.action_files)

    @cached_property
    def entries(self) -> dict[str, ActionEntry]:
        """The entries by the name of their tool. Raises UsageError for an unknown group, DefinitionError."""
        read = [read_entry(self.connector, stem, path) for stem, path in self.connector.action_files.items()]
        chosen = self._select_groups(read) if self._groups else read
        return {entry.name: entry for entry in chosen if entry.is_read or not self.read_only}

    def _select_groups(self, entries: list[ActionEntry]) -> list[ActionEntry]:
        members = group_by_resource(entries)
        for group in self._groups:
            if group not in members:
                hint = f"The groups are {', '.join(members)}; 'connector list' shows their actions."
                raise UsageError(f"There is no group {group!r}.{did_you_mean(group, members)}", hint=hint)
        return [entry for group in dict.fromkeys(self._groups) for entry in members[group]]

    @property
    def has_live_choices(self) -> bool:
        """Whether an action has an input whose choices another one lists."""
        return any(entry.has_live_choices for entry in self.entries.values())

    def may_use(self, action: Action) -> bool:
        """Whether an action is among those that are offered."""
        return not self.is_filtered or to_snake_case(action.action) in self.entries


def read_entry(connector: Connector, stem: str, path: Path) -> ActionEntry:
    """Read the entry of an action's file. Raises DefinitionError."""
    text = read_bytes(path).decode("utf-8", "replace")
    return _scan(text) or ActionEntry.from_action(connector.action(stem))


def _scan(text: str) -> ActionEntry | None:
    """Return the entry of a file in the usual style, or None."""
    texts: dict[str, str | None] = {}
    keys: dict[str, str] = {}
    inputs_block = ""
    for match in _TOP_LINE.finditer(text):
        key, value, indent, next_character = match.groups()
        keys[key] = value
        if key in _TEXT_KEYS:
            is_continued = bool(indent) and next_character not in ("", "#")
            texts[key] = None if is_continued else _read_text(value)
        elif key == "inputs":
            inputs_block = text[match.end() :]
    if None in (texts.get(key) for key in _TEXT_KEYS) or "<<" in text or keys.get("inputs", "") not in ("", "{}"):
        return None
    inputs = _scan_inputs(inputs_block)
    read_only = keys.get("read_only", "false")
    group = _read_text(keys["group"]) if "group" in keys else ""
    if inputs is None or group is None or read_only not in ("true", "false"):
        return None
    request = str(texts["request"])
    is_read = split_request(request)[0] in SAFE_METHODS or read_only == "true"
    names = (str(texts["action"]), str(texts["label"]), str(texts["summary"]))
    return ActionEntry(*names, request, is_read, inputs, group or None, "choices_from:" in inputs_block)


def _scan_inputs(block: str) -> tuple[tuple[str, str], ...] | None:
    """Return keys and labels of the inputs below `inputs:`, or None for another style."""
    end = re.search(r"^[^\s#]", block, re.MULTILINE)
    lines = block[: end.start()] if end else block
    if "hidden:" in lines or _OTHER_STYLE.search(lines):
        return None
    inputs: list[tuple[str, str]] = []
    for key, label in _INPUT_LINE.findall(lines):
        if key:
            inputs.append((key, ""))
        elif inputs and not inputs[-1][1]:
            inputs[-1] = inputs[-1][0], _read_text(label) or ""
    return tuple(inputs) if all(label for _, label in inputs) else None


def _read_text(value: str) -> str | None:
    """Return a text on one line, plain or in quotes; None for any other value."""
    quoted = _QUOTED_TEXT.match(value)
    if quoted:
        return quoted[1]
    return value if _PLAIN_TEXT.match(value) and not _NUMBER_OR_CONSTANT.match(value) else None
