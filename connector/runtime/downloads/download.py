"""A download: what both clients do around its one call - where it may go, the part it grows in, what it comes to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connector.core import redaction as redact
from connector.core.exchange import exchange
from connector.core.exchange.exchange import Options, Signed
from connector.core.exchange.plan import raw_plan
from connector.core.exchange.retry import Policy, policy
from connector.core.request import download_request as fetch
from connector.core.response.trace import Records
from connector.core.url_policy import HEADER_VALUE
from connector.errors import ConnectorError, InputError, Problem, UsageError
from connector.runtime.calls.factory import LONGEST_TIMEOUT, seconds
from connector.runtime.calls.prepared import Started
from connector.runtime.downloads.partial_file import Part
from connector.runtime.downloads.target import Place

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable

    from connector.core.exchange.exchange import Steps, Token
    from connector.core.response.parser import Result
    from connector.runtime.calls.factory import Caller, Choices

_UNSURE = "The service did not say how large the file is: that all of it came is not certain."


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """What is to be downloaded, where to, with which token in place of the connection's; who is told, who ends it."""

    url: str
    place: Place
    token: str | None = None
    connection: str | None = None
    told: Callable[[int, int | None], None] | None = None
    halt: threading.Event | None = None

    @classmethod
    def of(cls, url: str, path: str | os.PathLike[str], *, overwrite: bool = False, **rest: Any) -> Wanted:
        """Read what a caller gives. Raises InputError, UsageError."""
        must_be_called(rest.get("told"))
        token = rest.get("token")
        if token is not None and not (isinstance(token, str) and token and HEADER_VALUE.match(token)):
            got = "an empty text" if token == "" else redact.HIDDEN
            raise InputError.of("download", [Problem("token", got, "a token of printable ASCII on one line")])
        return cls(url, Place.of(path, replaces=overwrite), **rest)


@dataclass(slots=True, repr=False, kw_only=True)
class Download(Started):
    """One download that is ready: `open()` first, `finished()` when its steps are done, `close()` always."""

    part: Part
    token: str | None = None

    @classmethod
    def of(cls, caller: Caller, wanted: Wanted, how: Choices) -> Download:
        """Judge where it would go; nothing is sent or written yet. Raises InputError, UsageError."""
        plan = raw_plan(caller.connector)
        connection = None
        if wanted.token is None:
            connection = caller.connections.of_call(wanted.connection, plan.action, find=True)
        base = caller.owner_base or (connection.base_url if connection else caller.connector.manifest.base_url)
        secrets = (wanted.token,) if wanted.token else connection.secrets() if connection else ()
        request = fetch.request(caller.connector, wanted.url, base, secrets)
        part = Part(wanted.place, request.url, _identity(request.redactor.url(request.url)), wanted.told, wanted.halt)
        return cls(
            caller,
            plan,
            request,
            connection,
            policy(Policy(), how.retry),
            None if how.timeout is None else seconds(how.timeout),
            None,
            Records() if how.debug else None,
            part=part,
            token=wanted.token,
        )

    def open(self) -> None:
        """Open the part; it takes as long as reading what is there. Raises StoreError, UsageError."""
        self.part.open()

    def steps(self) -> Steps:
        """Return the steps: one call, as long as bytes come."""
        now, timeout = self.now(), LONGEST_TIMEOUT if self.timeout is None else self.timeout
        options = Options(timeout, self.policy, sink=self.part)
        return exchange.call(self.plan, self.request, options, now + timeout, now)

    def signed(self, ask: Token) -> Signed | ConnectorError | None:
        """Answer a Token ask: with the token that was given, else with the connection's."""
        if self.token is not None:
            return Signed(self.token, headers=(("Authorization", f"Bearer {self.token}"),))
        return Started.signed(self, ask)

    def based(self, signed: Signed | ConnectorError) -> Signed | ConnectorError:
        """Leave the URL as it is, whatever base URL a token names."""
        return replace(signed, base_url=None) if isinstance(signed, Signed) else signed

    def finished(self, result: Result) -> Result:
        """Bring the file under its name and return what is told of it. Raises StoreError."""
        try:
            data = self.part.finish()
        except ConnectorError as error:
            self.failed(error)
            raise
        sized = self.part.size is not None or "transfer-encoding" in result.headers
        warnings = result.warnings if sized else (*result.warnings, _UNSURE)
        return Started.finished(self, replace(result, data=data, warnings=warnings))

    def failed(self, error: BaseException) -> None:
        """Say on what ended it, an interrupt too, how much is here and stays for the next time."""
        Started.failed(self, error)
        so_far = self.part.so_far()
        if not so_far:
            return
        if isinstance(error, ConnectorError):
            error.hint = f"{error.hint} {so_far}".strip()
        else:
            error.add_note(so_far)

    def close(self) -> None:
        """Let go of the part, which stays where a later download can go on with it."""
        self.part.close()


def must_be_called(progress: Any) -> None:
    """Refuse a `progress` that cannot be called. Raises UsageError."""
    if progress is not None and not callable(progress):
        hint = "Give a function that takes the bytes that are there and the size, or leave it out."
        raise UsageError(f"progress={redact.shown(progress)} is no function.", hint=hint)


def _identity(url: str) -> str:
    """Return what stands for a URL beside its part: another token in it makes no other file."""
    return hashlib.sha256(url.encode()).hexdigest()
