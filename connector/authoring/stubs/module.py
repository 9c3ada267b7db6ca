"""The module that `connector stubs` writes: types of results, and the actions as methods, plain and awaited."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from connector.authoring.stubs.parameters import InputTypes, KeywordParameter
from connector.authoring.stubs.result_types import ResultTypes, as_docstring
from connector.definition.case import to_snake_case
from connector.definition.forms.sentences import describe_deprecation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.definition.action import Action
    from connector.definition.loader import Connector

_WIDTH = 120
_WRAPPER = textwrap.TextWrapper(_WIDTH, initial_indent=" " * 12, subsequent_indent=" " * 16)
_HEADER = '''"""Typed access to {label}: made by `connector stubs`, which makes it anew; edit nothing here."""

# ruff: noqa
from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, BinaryIO, Literal{words}, TypedDict

from connector import AsyncClient, AsyncItems, Client, Items, Result
from connector.typed import UNSET, CallSettings, ListingSettings, Unset, select_given
'''


def write_module(connector: Connector) -> str:
    """Return the module of a connector. Raises DefinitionError for an invalid file."""
    types = ResultTypes(connector)
    actions = list(connector.actions())
    for action in actions:
        types.type_of(action)
        types.type_of_item(action)
    inputs = InputTypes(types.names)
    classes = [_write_class(connector, types, inputs, actions, is_async=is_async) for is_async in (False, True)]
    header = _HEADER.format(label=connector.manifest.label, words=", NotRequired" if inputs.sources else "")
    blocks = [header, *types.sources, *inputs.sources, *classes]
    return "\n\n".join(block.rstrip("\n") + "\n" for block in blocks)


def _write_class(
    connector: Connector, types: ResultTypes, inputs: InputTypes, actions: Iterable[Action], *, is_async: bool
) -> str:
    label, client = connector.manifest.label, "AsyncClient" if is_async else "Client"
    name = "".join(part.capitalize() for part in connector.name.split("_"))
    summary = f"{label}: every action is a method{', awaited' if is_async else ''}."
    lines = [
        f"class {'Async' if is_async else ''}{name}:",
        f"    {as_docstring(summary)}",
        "",
        f"    def __init__(self, client: {client}) -> None:",
        "        self.client = client",
    ]
    for action in actions:
        lines += ["", *_write_run(types, inputs, action, is_async=is_async)]
        if connector.result_action(action.action).pagination is not None:
            lines += ["", *_write_iteration(types, inputs, action, is_async=is_async)]
    return "\n".join(lines)


def _write_run(types: ResultTypes, inputs: InputTypes, action: Action, *, is_async: bool) -> list[str]:
    word, wait = ("async def", "await ") if is_async else ("def", "")
    head, parameters = f"    {word} {to_snake_case(action.action)}", inputs.build_parameters(action)
    signature = _write_signature(head, parameters, "CallSettings", f"Result[{types.type_of(action)}]")
    call = f"return {wait}self.client.run({action.action!r}, select_given(locals()), **(options or {{}}))"
    return [*signature, *_write_docstring(_describe(action, action.summary), parameters), f"        {call}"]


def _write_iteration(types: ResultTypes, inputs: InputTypes, action: Action, *, is_async: bool) -> list[str]:
    items = f"{'Async' if is_async else ''}Items[{types.type_of_item(action)}]"
    head, parameters = f"    def iter_{to_snake_case(action.action)}", inputs.build_parameters(action)
    signature = _write_signature(head, parameters, "ListingSettings", items)
    summary = _describe(action, f"{action.summary.rstrip('.')}, one after another.")
    call = f"return self.client.items({action.action!r}, select_given(locals()), **(options or {{}}))"
    return [*signature, *_write_docstring(summary, parameters), f"        {call}"]


def _write_signature(head: str, parameters: list[KeywordParameter], settings: str, returns: str) -> list[str]:
    words = [*map(str, parameters), f"options: {settings} | None = None"]
    line = f"{head}(self, *, {', '.join(words)}) -> {returns}:"
    if len(line) <= _WIDTH:
        return [line]
    return [f"{head}(", *(f"        {one}," for one in ("self", "*", *words)), f"    ) -> {returns}:"]


def _describe(action: Action, summary: str) -> str:
    return " ".join([summary, *describe_deprecation(action)])


def _write_docstring(summary: str, parameters: Iterable[KeywordParameter]) -> list[str]:
    entries = [f"{parameter.name}: {parameter.help}" for parameter in parameters]
    wrapped = [line for entry in entries for line in _WRAPPER.wrap(entry)]
    text = [f'        """{summary}', *(["", "        Args:", *wrapped] if wrapped else []), '        """']
    return [line.replace("\\", "\\\\") for line in text] if wrapped else [f'        """{summary}"""']
