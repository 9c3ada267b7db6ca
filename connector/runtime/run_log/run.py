"""One run of an action as the log keeps it, and what a reader asks of the log."""

from __future__ import annotations

import json
from dataclasses import asdict, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticSerializationError, to_json

from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RUNNING = "running"  # the outcome of a write that was about to be sent, and whose end is not known yet
DOORS = ("python", "cli", "console", "mcp", "webhook")  # what makes calls
OUTCOMES = ("done", "rejected", "not_sent", "uncertain", "interrupted", RUNNING)
DETAIL_NAMES = ("inputs", "hidden_inputs", "options", "warnings", "message", "hint", "waited", "trace")


@dataclass(slots=True, kw_only=True)  # not frozen: each call makes two, which would take twice as long
class Run:
    """A call that was made.

    `door` is what made it: one of DOORS. `connection` is the name of the connection, `request` the method and path
    without the query. `inputs` are as they were given, without secrets; `hidden_inputs` names those that a secret was
    taken out of. `options` are those that were set. `outcome` is `done`, `not_sent`, `rejected`, `uncertain`,
    `interrupted` or `running`. `started_at` is epoch seconds; `elapsed` the seconds until the end, `waited` those of
    them that passed in waits. `error` is the class of the error, `message` and `hint` what it says.
    `process` is the host and the process id. `trace` has each request with its reply, and
    each wait, redacted, where the log keeps them.
    """

    id: str
    connector: str
    door: str
    connection: str
    action: str
    request: str
    is_write: bool
    started_at: float
    outcome: str
    elapsed: float | None = None
    status: int | None = None
    code: str | None = None
    request_id: str | None = None
    error: str | None = None
    attempts: int = 0
    process: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    hidden_inputs: Sequence[str] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    message: str = ""
    hint: str = ""
    waited: float = 0.0
    trace: Sequence[Mapping[str, Any]] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the run as JSON-safe data."""
        return asdict(self)

    def to_row(self) -> tuple[Any, ...]:
        """Return the values of COLUMNS."""
        details = {name: value for name, value in zip(DETAIL_NAMES, _get_details(self), strict=True) if value}
        values = [*_get_columns(self), _dump(details)]
        values[_IS_WRITE] = int(self.is_write)  # its column is of numbers
        return tuple(values)

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Run:
        """Return the run of a row of COLUMNS."""
        facts = dict(zip(COLUMNS, row, strict=True))
        details = json.loads(facts.pop("details"))
        facts["is_write"] = bool(facts["is_write"])
        return cls(**facts, **details)


COLUMNS = (*(one.name for one in fields(Run) if one.name not in DETAIL_NAMES), "details")
_IS_WRITE = COLUMNS.index("is_write")
_get_columns, _get_details = attrgetter(*COLUMNS[:-1]), attrgetter(*DETAIL_NAMES)


def _dump(details: Mapping[str, Any]) -> str:
    """Return details as JSON in ASCII, which a database of any encoding keeps."""
    try:
        text = to_json(details)  # several times as fast
    except PydanticSerializationError:  # a lone surrogate
        return json.dumps(details)
    return text.decode() if text.isascii() else json.dumps(details)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Which runs to find: None is any. `failed` leaves out what is done; `since` is epoch seconds."""

    connector: str | None = None
    action: str | None = None
    connection: str | None = None
    outcome: str | None = None
    door: str | None = None
    failed: bool = False
    since: float | None = None
    limit: int = 50
