"""The results of rows, as returned and as recorded in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.response.api_errors import CHECK_BEFORE_RETRY
from connector.errors import ConnectorError, NotFound, TransportError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.core.response.result import Result
    from connector.errors import Outcome
    from connector.runtime.bulk.row_reader import Row


@dataclass(frozen=True, slots=True, repr=False)
class RowResult:
    """The result of a row: JSON-safe `data`, see `run_rows`; `from_earlier_run` if an earlier run did it.

    `is_fatal` if every later row would meet the error too; `is_pending` if the row is to run again once that is
    mended; `is_recorded` if its start was.
    """

    data: dict[str, Any]
    error: ConnectorError | None = None
    from_earlier_run: bool = False
    is_fatal: bool = False
    is_pending: bool = False
    is_recorded: bool = False

    @property
    def number(self) -> int:
        """The row's number, from 1."""
        number: int = self.data["row"]
        return number

    @property
    def outcome(self) -> Outcome:
        """What is known to have happened: done, not_sent, rejected or uncertain."""
        outcome: Outcome = self.data["outcome"]
        return outcome


def build_result_row(row: Row, result: Result) -> dict[str, Any]:
    """Return the JSON-safe result of a row that is done."""
    result_data = result.to_dict()
    names = ("outcome", "attempts", "status", "data", "encoding")
    data = {"row": row.number, "line": row.line, **{name: result_data[name] for name in names if name in result_data}}
    if result_data["warnings"]:
        data["warnings"] = result_data["warnings"]
    return data


def build_deleted_row(row: Row, error: NotFound) -> dict[str, Any]:
    """Return the result of an interrupted deletion whose object no longer exists."""
    facts = {"outcome": "done", "attempts": error.attempts, "status": error.status, "data": {}}
    return {"row": row.number, "line": row.line, **facts}


def interrupted_result(
    number: int, line: int | None, earlier_attempts: int = 0, *, unit: str = "row"
) -> dict[str, Any]:
    """Return the result of a row that was sent, after some earlier attempts, and whose reply is unknown."""
    message = f"The {unit} was in progress when the run was interrupted."
    error = TransportError(message, kind="interrupted", hint=CHECK_BEFORE_RETRY, outcome="uncertain")
    facts = {"outcome": "uncertain", "attempts": earlier_attempts + 1}
    return {"row": number, "line": line, **facts, "error": error.to_dict()}
