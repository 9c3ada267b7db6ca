"""Errors, by who has to act.

ConnectorError
├─ DefinitionError   the author: a file of the connector is invalid
├─ InputError        the caller: inputs are invalid; every problem at once
├─ SignInError       the owner: connect again, or a scope is missing
├─ TransportError    no reply: DNS, TLS, refused, reset, timeout
│  └─ DeadlineError     the call's own time ran out
├─ ApiError          the service replied with an error
│  └─ NotFound · Denied · Rejected · RateLimited · ServiceDown · JobFailed
├─ PageError         a cursor came twice, expired, or pages never end
├─ StoreError        a store failed
├─ UsageError        the embedding program: a closed client, a wrong argument
└─ WebhookError      a delivery that cannot be verified

Every error pickles, contains no secret, and says what to do next. `to_dict()` gives it as JSON-safe data, and
`from_dict` rebuilds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from connector.errors import serialization
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

Outcome = Literal["done", "not_sent", "rejected", "uncertain"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One invalid value: field, value, expectation and fix, each as a text."""

    field: str
    got: str
    expected: str
    fix: str = ""

    def __str__(self) -> str:
        fix = f" Fix: {self.fix}" if self.fix else ""
        return f"{self.field}: got {self.got}; expected {self.expected.rstrip('.')}.{fix}"


@dataclass(frozen=True, slots=True)
class CallProblem(Problem):
    """One invalid value of a call in a file: also the file, the line, and the action."""

    file: str = ""
    line: int = 0
    action: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.action}: {Problem.__str__(self)}"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One mistake in a file of a connector; lines and columns are counted from 1. Advice is about style alone."""

    file: str
    line: int
    column: int
    rule: str
    message: str
    voice: Literal["error", "advice"] = "error"

    def __str__(self) -> str:
        voice = "advice: " if self.voice == "advice" else ""
        return f"{self.file}:{self.line}:{self.column}: {voice}{self.rule}: {self.message}"


def _rebuild(error_class: type[ConnectorError], args: tuple[str], attributes: dict[str, Any]) -> ConnectorError:
    error = error_class(*args)
    error.__dict__.update(attributes)
    return error


class ConnectorError(Exception):
    """Base of every error of this package.

    Attributes: `hint` says what to do next; `retryable` whether the same call may succeed later without a person;
    `retry_at` when (aware UTC datetime or None); `outcome` what is known of the effect at the service: `not_sent`,
    `rejected` (nothing changed), `uncertain` (a write may have succeeded) or `done`. `attempts` is the number of
    requests that were answered or lost; `idempotency_key` the key of the request, to repeat it with; `job` the call
    (`action`, `inputs`) that asks for a job that was started; `debug` the redacted records of a debugged run.
    """

    hint: str = ""
    retryable: bool = False
    retry_at: datetime | None = None
    outcome: Outcome = "not_sent"
    attempts: int = 0
    idempotency_key: str | None = None
    job: dict[str, Any] | None = None
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
        """Return the error as JSON-safe data: `type`, `message` and its attributes.

        The `message` attribute of an ApiError is `said` there. Records and results, which can be large, are left out.
        """
        return {"type": type(self).__name__, "message": str(self.args[0]), **serialization.collect_facts(self)}


class DefinitionError(ConnectorError):
    """A connector's file is invalid; `findings` has every mistake, the first also as attributes."""

    findings: tuple[Finding, ...] = ()

    def __init__(self, message: str, /, **attributes: Any) -> None:
        super().__init__(message, **attributes)
        first = self.findings[0] if self.findings else Finding("", 0, 0, "", message)
        self.file, self.line, self.column, self.rule = first.file, first.line, first.column, first.rule

    @classmethod
    def from_findings(cls, findings: Sequence[Finding]) -> DefinitionError:
        """Return the error with all of these findings."""
        return cls("\n".join(map(str, findings)), findings=tuple(findings))


class InputError(ConnectorError):
    """Inputs are invalid; `problems` has every problem of the call, by input key."""

    problems: tuple[Problem | CallProblem, ...] = ()

    @classmethod
    def from_problems(cls, subject: str, problems: Sequence[Problem], *, undone: str = "sent") -> InputError:
        """Return the error of one call, or of another command, with all of these problems and what did not happen."""
        lines = "".join(f"\n  {problem}" for problem in problems)
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        return cls(f"{subject}: {count}, nothing was {undone}.{lines}", problems=tuple(problems))


class SignInError(ConnectorError):
    """The owner of the connection must act: sign in again, or add the missing `scopes`."""

    scopes: tuple[str, ...] = ()
    status: int | None = None
    code: str | int | None = None
    request_id: str | None = None


class TransportError(ConnectorError):
    """No reply arrived; `kind` says why: dns, tls, refused, connect, read, write, pool, protocol, proxy or guard."""

    kind: str = "connect"


class DeadlineError(TransportError):
    """The call's own time ran out; `limit` and `elapsed` are seconds.

    `status`, `code` and `request_id` are those of the last reply, if there was one.
    """

    kind = "deadline"
    status: int | None = None
    code: str | int | None = None
    request_id: str | None = None
    limit: float = 0.0
    elapsed: float = 0.0


class ApiError(ConnectorError):
    """The service replied with an error: HTTP `status`, its own `code`, `message` and `request_id`.

    `result` is the reply (data, status, headers), redacted as the manifest says.
    """

    status: int = 0
    code: str | int | None = None
    message: str = ""
    request_id: str | None = None
    result: Any = None
    outcome: Outcome = "rejected"


class NotFound(ApiError):
    """The record does not exist, or is not visible to this connection."""


class Denied(ApiError):
    """The connection may not do this."""


class Rejected(ApiError):
    """The service refused the request as it is."""


class RateLimited(ApiError):
    """Too many calls; `retry_at` says when the service accepts the next one, where it is known."""

    retryable = True


class ServiceDown(ApiError):
    """The service failed, or its reply cannot be read."""

    retryable = True


class JobFailed(ApiError):
    """A job that was started failed at the service; `result` is the reply that says so, `code` its state."""


class PageError(ConnectorError):
    """Paging cannot continue; `result` has what was read, `cursor` the last cursor, `pages` the number of pages.

    `status` and `request_id` are those of the last reply.
    """

    status: int | None = None
    request_id: str | None = None
    result: Any = None
    cursor: str | None = None
    pages: int = 0
    outcome: Outcome = "rejected"


class StoreError(ConnectorError):
    """A store of tokens, events or state failed; `path` says where.

    `conflict` is True when a write was refused because another process has written since the record was read.
    """

    path: str = ""
    conflict: bool = False


class UsageError(ConnectorError):
    """The embedding program made a mistake, such as a closed client or a wrong argument."""


class WebhookError(ConnectorError):
    """A delivery cannot be verified, or is not a valid event.

    `reason` is unsigned, timestamp, signature, age, body, event, challenge or method; `status` the HTTP status to reply
    with.
    """

    reason: str = ""
    status: int = 401


def from_dict(data: Mapping[str, Any]) -> ConnectorError:
    """Rebuild an error from its `to_dict()`.

    What this version does not know is left out, and an unknown class becomes the nearest one that has its attributes.
    Raises ValueError, with everything that is wrong, for what is no error's data.
    """
    classes = [one for one in globals().values() if isinstance(one, type) and issubclass(one, ConnectorError)]
    error_class, attributes = serialization.read(data, classes)
    error: ConnectorError = error_class(data["message"], **attributes)
    return error
