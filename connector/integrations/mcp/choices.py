"""The choices of an input, listed for an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.inputs.validate import RUN_OPTIONS
from connector.core.redaction import preview
from connector.definition.case import to_snake_case
from connector.errors import InputError, Problem, UsageError
from connector.integrations.mcp.answers import build_text_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp import types

    from connector.definition.action import Action
    from connector.integrations.mcp.action_index import ActionIndex
    from connector.runtime.client.async_client import AsyncClient

MAX_SHOWN = 100  # choices in one answer
_NAMES = ("name", "input", "inputs", "search")


async def list_choices(
    client: AsyncClient, index: ActionIndex, action: Action, given: Mapping[str, Any]
) -> types.CallToolResult:
    """List the choices of an input. Raises ConnectorError."""
    _check_arguments(given)
    field = action.inputs.get(action.key_by_spelling.get(given["input"], ""))
    listing = field.choices_from.action if field is not None and field.choices_from is not None else None
    if listing is not None and not index.may_use(client.connector.action(listing)):
        hint = "Who starts the server decides this, with --read-only and --only."
        raise UsageError(f"{to_snake_case(listing)}, which lists them, is not offered. Nothing was sent.", hint=hint)
    choices = await client.choices(action.action, given["input"], given.get("inputs"), search=given.get("search"))
    rows = [choice._asdict() for choice in choices[:MAX_SHOWN]]
    lines = [f"{row['value']}: {row['label']}" for row in rows]
    if len(choices) > MAX_SHOWN:
        lines.append(f"The first {MAX_SHOWN} of {len(choices):,} are shown. Search for a text to see others.")
    return build_text_answer("\n".join(lines) or "There are none.", {"choices": rows, "count": len(choices)})


def _check_arguments(given: Mapping[str, Any]) -> None:
    """Raise InputError with every argument that is wrong."""
    problems = [Problem(name, preview(given[name]), f"one of {', '.join(_NAMES)}") for name in given
                if name not in _NAMES]  # fmt: skip
    for name, kind, expected in (("input", str, "the name of an input"), ("search", str, "a text"),
                                 ("inputs", dict, "an object of inputs")):  # fmt: skip
        if not isinstance(given.get(name), kind) and (name == "input" or given.get(name) is not None):
            problems.append(Problem(name, preview(given[name]) if name in given else "nothing", expected))
    chosen = given["inputs"] if isinstance(given.get("inputs"), dict) else {}
    problems += [
        Problem(f"inputs.{name}", preview(chosen[name]), "nothing: who starts the server decides this", "remove it")
        for name in RUN_OPTIONS
        if name in chosen
    ]
    if problems:
        raise InputError.from_problems("arguments", problems)
