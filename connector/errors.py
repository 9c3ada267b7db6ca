"""The errors, by whose turn it is.

ConnectorError
├─ DefinitionError   the author's turn: a file of the connector is wrong
├─ InputError        the caller's turn: what was given is wrong; every problem at once
├─ SignInError       the owner's turn: connect again, or a scope is missing
├─ TransportError    nobody answered: DNS, TLS, refused, reset, timeout
│  └─ DeadlineError     the call's own time ran out
├─ ApiError          the service answered, and said no
│  └─ NotFound · Denied · Rejected · RateLimited · ServiceDown
├─ PageError         a cursor came twice, expired, or pages never end
├─ StoreError        the place that keeps things
├─ UsageError        the embedder's turn: a closed client, a wrong argument
└─ WebhookError      not from whom it claims to be

Every error pickles, holds no secret, and says what to do next.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

Outcome = Literal["done", "not_sent", "rejected", "uncertain"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with what was given: field, value, rule and fix, as four texts."""

    field: str
    got: str
    expected: str
    fix: str = ""

    def __str__(self) -> str:
        fix = f" Fix: {self.fix}" if self.fix else ""
        return f"{self.field}: got {self.got}; expected {self.expected.rstrip('.')}.{fix}"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One mistake in a file of a connector; lines and columns count from 1."""

    file: str
    line: int
    column: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.rule}: {self.message}"


def _rebuild(error_class: type[ConnectorError], args: tuple[str], attributes: dict[str, Any]) -> ConnectorError:
    error = error_class(*args)
    error.__dict__.update(attributes)
    return error


class ConnectorError(Exception):
    """What every error of this package is.

    Attributes: `hint` what to do next; `retryable` whether the same call may succeed later without a
    person; `retry_at` when (aware UTC datetime or None); `outcome` what is known to have happened at the
    service: `not_sent`, `rejected` (nothing changed), `uncertain` (a write may have happened) or `done`;
    `attempts` how many requests were answered or lost; `idempotency_key` what the request carried, to send it again
    with; `debug` the redacted records of a debugged run.
    """

    hint: str = ""
    retryable: bool = False
    retry_at: datetime | None = None
    outcome: Outcome = "not_sent"
    attempts: int = 0
    idempotency_key: str | None = None
    debug: Any = None

    def __init__(self, message: str, /, **attributes: Any) -> None:
        super().__init__(message)
        for name in attributes:
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no attribute {name!r}")
        self.__dict__.update(attributes)

    def __str__(self) -> str:
        message = str(self.args[0])
        full_stop = "" if message.rstrip().endswith((".", "!", "?")) else "."
        return f"{message}{full_stop} {self.hint}" if self.hint else message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)

    def with_hint(self, text: str, *, first: bool = False) -> Self:
        """Add a sentence to the hint, at its end or (`first`) its beginning; return this error."""
        self.hint = " ".join(filter(None, (text, self.hint) if first else (self.hint, text)))
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the error as JSON-safe data; names as the attributes, `type` and `message` added."""
        return {
            "type": type(self).__name__,
            "message": str(self.args[0]),
            "hint": self.hint,
            "retryable": self.retryable,
            "retry_at": self.retry_at.isoformat() if self.retry_at else None,
            "outcome": self.outcome,
            "attempts": self.attempts,
        }


class DefinitionError(ConnectorError):
    """A connector's file is wrong; `findings` has every mistake, the first also as attributes."""

    findings: Sequence[Finding] = ()

    def __init__(self, message: str, /, **attributes: Any) -> None:
        super().__init__(message, **attributes)
        first = self.findings[0] if self.findings else Finding("", 0, 0, "", message)
        self.file, self.line, self.column, self.rule = first.file, first.line, first.column, first.rule

    @classmethod
    def from_findings(cls, findings: Sequence[Finding]) -> DefinitionError:
        """Make the error that tells all of these."""
        return cls("\n".join(map(str, findings)), findings=tuple(findings))

    def to_dict(self) -> dict[str, Any]:
        """As the others, with `findings`: file, line, column, rule, message."""
        return {**super().to_dict(), "findings": [asdict(finding) for finding in self.findings]}


class InputError(ConnectorError):
    """What was given is wrong; `problems` has every problem of the call, by input key."""

    problems: Sequence[Problem] = ()

    @classmethod
    def from_problems(cls, subject: str, problems: Sequence[Problem]) -> InputError:
        """Make the error of one call that tells all of these problems."""
        lines = "".join(f"\n  {problem}" for problem in problems)
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        return cls(f"{subject}: {count}, nothing was sent.{lines}", problems=tuple(problems))

    def to_dict(self) -> dict[str, Any]:
        """As the others, with `problems`: field, got, expected, fix."""
        return {**super().to_dict(), "problems": [asdict(problem) for problem in self.problems]}


class SignInError(ConnectorError):
    """The owner of the connection must act: sign in again, or add the missing `scopes`."""

    scopes: Sequence[str] = ()
    status: int | None = None
    code: str | int | None = None
    request_id: str | None = None


class TransportError(ConnectorError):
    """Nobody answered; `kind` says how: dns, tls, refused, connect, read, write, pool, protocol, proxy."""

    kind: str = "connect"


class DeadlineError(TransportError):
    """The call's own time ran out; `limit` and `elapsed` are seconds, `status` and `code` what the last reply said."""

    kind = "deadline"
    status: int | None = None
    code: str | int | None = None
    limit: float = 0.0
    elapsed: float = 0.0


class ApiError(ConnectorError):
    """The service answered with an error: HTTP `status`, its own `code`, `message` and `request_id`.

    `result` holds what came back (data, status, headers), redacted where the manifest says so.
    """

    status: int = 0
    code: str | int | None = None
    message: str = ""
    request_id: str | None = None
    result: Any = None
    outcome: Outcome = "rejected"

    def to_dict(self) -> dict[str, Any]:
        """As the others, with `status`, `code`, `request_id` and the service's own message as `said`."""
        return {
            **super().to_dict(),
            "status": self.status,
            "code": self.code,
            "said": self.message,
            "request_id": self.request_id,
        }


class NotFound(ApiError):
    """There is no such thing at the service, or it is not visible to this connection."""


class Denied(ApiError):
    """The connection may not do this."""


class Rejected(ApiError):
    """The service refused the request as it stands."""


class RateLimited(ApiError):
    """Too many calls; `retry_at` says when the service takes the next one, where it is known."""

    retryable = True


class ServiceDown(ApiError):
    """The service failed, or sent what cannot be read."""

    retryable = True


class PageError(ConnectorError):
    """Paging could not go on; `result` is what was read so far, `cursor` the last one, `pages` how many."""

    result: Any = None
    cursor: str | None = None
    pages: int = 0
    outcome: Outcome = "rejected"


class StoreError(ConnectorError):
    """The place that keeps tokens, events or state failed; `path` says where.

    `conflict` is True when a write was refused because somebody else has written since the record was read.
    """

    path: str = ""
    conflict: bool = False

    def to_dict(self) -> dict[str, Any]:
        """As the others, with `path` and `conflict`."""
        return {**super().to_dict(), "path": self.path, "conflict": self.conflict}


class UsageError(ConnectorError):
    """The embedding program did what cannot work: a closed client, a wrong argument."""


class WebhookError(ConnectorError):
    """A delivery is not from whom it claims to be, or is none of its events.

    `reason` is one word: unsigned, timestamp, signature, age, body, event or challenge; `status` is what to answer.
    """

    reason: str = ""
    status: int = 401

    def to_dict(self) -> dict[str, Any]:
        """As the others, with `reason` and `status`."""
        return {**super().to_dict(), "reason": self.reason, "status": self.status}
