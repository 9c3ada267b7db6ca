"""The arguments of a tool: the inputs of its action, and what an agent may ask of every answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jmespath
from jmespath.exceptions import JMESPathError

from connector.core.inputs.validate import RUN_OPTIONS
from connector.core.redaction import preview
from connector.errors import Problem
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FIELDS, LIMIT, CONFIRM, NO_WAIT = "_fields", "_limit", "_confirm", "_no_wait"
_MAX_EXPRESSION = 2_000  # characters
DEFAULT_LIMIT = 50  # items of a listing, where the agent asks for no number

FIELDS_SCHEMA = {
    "type": "string",
    "description": "A JMESPath expression: answer with this part of the data alone, such as users[].{id: id}.",
}
LIMIT_SCHEMA = {
    "type": "integer",
    "minimum": 1,
    "description": f"At most this many items; {DEFAULT_LIMIT} of a listing when it is left out.",
}
CONFIRM_SCHEMA = {
    "type": "boolean",
    "description": "Whether the person has agreed to exactly this; only where this client cannot ask them itself.",
}
NO_WAIT_SCHEMA = {
    "type": "boolean",
    "description": "Whether to answer once the job was started, and say how to look for it later: it may take minutes.",
}


@dataclass(frozen=True, slots=True)
class ToolArguments:
    """The parsed arguments of one call; `problems` are those of the options, the inputs are not checked yet."""

    inputs: dict[str, Any]
    fields: str | None = None
    limit: int | None = None
    is_confirmed: bool = False
    no_wait: bool = False
    problems: tuple[Problem, ...] = ()

    @classmethod
    def parse(cls, given: Mapping[str, Any], problems: Iterable[Problem] = ()) -> ToolArguments:
        """Split the options from the inputs, and check them; `problems` are known already."""
        inputs = dict(given)
        found = [*problems]
        found += [
            Problem(name, preview(inputs.pop(name)), "nothing: who starts the server decides this", "remove it")
            for name in RUN_OPTIONS
            if name in inputs
        ]
        fields, limit, is_confirmed, no_wait = (inputs.pop(name, None) for name in (FIELDS, LIMIT, CONFIRM, NO_WAIT))
        found += [*_check_fields(fields), *_check_limit(limit)]
        found += _check_flag(CONFIRM, is_confirmed, "ask the person, or leave it out")
        found += _check_flag(NO_WAIT, no_wait, "leave it out to wait for the job")
        if found:
            return cls(inputs, problems=tuple(found))
        return cls(inputs, fields, limit, bool(is_confirmed), bool(no_wait))


def _check_fields(fields: Any) -> list[Problem]:
    if fields is None:
        return []
    expected, fix = "a JMESPath expression", "such as users[].{id: id, email: email}, or leave it out"
    if not isinstance(fields, str) or len(fields) > _MAX_EXPRESSION:
        return [Problem(FIELDS, preview(fields), f"{expected} of at most {_MAX_EXPRESSION:,} characters", fix)]
    try:
        jmespath.compile(fields)
    except (JMESPathError, RecursionError) as error:
        reason = "too many brackets" if isinstance(error, RecursionError) else str(error).splitlines()[0].rstrip(".:")
        return [Problem(FIELDS, preview(fields), f"{expected}: {reason}", fix)]
    return []


def _check_limit(limit: Any) -> list[Problem]:
    if limit is None or (type(limit) is int and limit >= 1):
        return []
    return [Problem(LIMIT, preview(limit), "a whole number above 0", f"such as {DEFAULT_LIMIT}, or leave it out")]


def _check_flag(name: str, value: Any, fix: str) -> list[Problem]:
    if value is None or isinstance(value, bool):
        return []
    return [Problem(name, preview(value), "true or false", fix)]
