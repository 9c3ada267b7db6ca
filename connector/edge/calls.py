"""What both clients do before a run begins: check, build, and set the deadline."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.core import exchange, guard, redact
from connector.core.convert import Bad, boolean
from connector.core.debug import Records
from connector.core.exchange import Options, Signed
from connector.core.inputs import RUN_OPTIONS
from connector.core.plan import plan, raw_plan
from connector.core.retry import policy
from connector.edge.clock import Clock, SystemClock
from connector.errors import ConnectorError, InputError, Problem, SignInError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.exchange import Ask, Page, Steps
    from connector.core.plan import Plan
    from connector.core.request import Request
    from connector.core.response import Result
    from connector.definition.load import Connector
    from connector.edge.connection import Connection
    from connector.edge.tokens import Tokens

TIMEOUT = 60.0  # seconds for a run, a raw request, and each page of items()
LISTING_TIMEOUT = 600.0  # seconds for a listing that is merged
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*(ms|s|m)?\Z", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, None: 1.0}
_log = logging.getLogger("connector.debug")


@dataclass(frozen=True, slots=True)
class Choices:
    """How one call is to run, as the caller says it."""

    timeout: float | str | None = None
    retry: Mapping[str, Any] | str | None = None
    debug: bool = False
    limit: int | None = None
    account: str | None = None
    idempotency_key: str | None = None


def seconds(value: float | str) -> float:
    """Return a duration in seconds: a number, or text with ms, s or m. Raises InputError."""
    match = _DURATION.match(value.strip()) if isinstance(value, str) else None
    read = float(match[1]) * _UNITS[match[2]] if match else value
    if isinstance(read, bool) or not isinstance(read, int | float) or not 0 < read < float("inf"):
        problem = Problem("timeout", redact.shown(value), "seconds above 0, or text with ms, s or m", "such as 10s")
        raise InputError.of("options", [problem])
    return float(read)


def owner_base_url(connector: Connector, given: str | None) -> str | None:
    """Return the base URL that the owner of the process set, by argument or environment. Raises InputError."""
    name = f"{connector.name.upper()}_BASE_URL"
    url = given or os.environ.get(name)
    if not url:
        return None
    try:
        return guard.owner_base_url(url)
    except Bad as bad:
        got = redact.of(connector).url(url)
        raise InputError.of("options", [Problem("base_url" if given else name, got, bad.expected, bad.fix)]) from None


class Caller:
    """What a client knows: the connector, the connection, where to send, and the clock."""

    def __init__(
        self, connector: Connector, connection: Connection | None, base_url: str | None, clock: Clock | None
    ) -> None:
        owner: Connector | None = getattr(connection, "connector", None)
        if owner is not None and owner.name != connector.name:
            hint = "Its secret must not reach another service; make a connection of this connector."
            raise UsageError(f"The connection is one of {owner.name}, not of {connector.name}.", hint=hint)
        self.connector = connector
        self.connection = connection
        self.owner_base = owner_base_url(connector, base_url)
        self.clock: Clock = clock or SystemClock()

    def plan_of(self, action: str | None) -> Plan:
        """Return the plan of an action, or of a raw request."""
        return raw_plan(self.connector) if action is None else plan(self.connector, action)

    def prepare(self, action: str | None, given: Mapping[str, Any], how: Choices) -> Started:
        """Check what is given and make the request. Raises InputError with every problem."""
        wanted = self.plan_of(action)
        options, given = _taken(given)
        self._allowed(wanted, options)
        values = wanted.check(given)
        request = wanted.request(values, how.account)
        base = self.owner_base or (self.connection.base_url if self.connection else self._plain_base())
        secrets = (*request.secrets, *self.connection.secrets()) if self.connection else request.secrets
        request, keyed = self._keyed(wanted, replace(request, base=base, secrets=secrets), how)
        chosen = replace(policy(wanted.policy(values), how.retry), keyed=keyed)
        records = Records() if how.debug or _debugs(options) else None
        return Started(self, wanted, request, how, (chosen, records))

    def _plain_base(self) -> str:
        return self.connector.manifest.base_url

    def _keyed(self, wanted: Plan, request: Request, how: Choices) -> tuple[Request, bool]:
        """Add an idempotency key where the service has one; the same over all attempts of the call.

        The pages of a listing are different requests, so one key must not stand on all of them.
        """
        declared = self.connector.manifest.idempotency
        if declared is None:
            if how.idempotency_key is not None:
                raise UsageError(f"{self.connector.name} knows no idempotency key.", hint="Leave it out.")
            return request, False
        if wanted.words is not None or (request.method != "POST" and how.idempotency_key is None):
            return request, False
        try:
            key = guard.header(declared.header, str(how.idempotency_key or uuid.uuid4()))
        except Bad as bad:
            problem = Problem("idempotency_key", redact.shown(how.idempotency_key), bad.expected, bad.fix)
            raise InputError.of("options", [problem]) from None
        return replace(request, headers=(*request.headers, key)), True

    def _allowed(self, wanted: Plan, options: Mapping[str, Any]) -> None:
        connection, action = self.connection, wanted.action
        if connection is None:
            return
        named = options.get("connection")
        if named not in (None, connection.name, connection.kind):
            problem = Problem("connection", repr(named), connection.name, "make a client with that connection")
            raise InputError.of(action.action, [problem])
        if not connection.may_run(action):
            usable = ", ".join(action.connections or self.connector.manifest.connections)
            problem = Problem("connection", connection.kind, f"a connection that may run it: {usable}")
            raise InputError.of(action.action, [problem])

    def signed(self, rejected: str | None, now: float) -> Signed | ConnectorError | None:
        """Answer a Token ask when that needs no waiting; None when a token must be renewed first."""
        if self.connection is None:
            label = self.connector.manifest.label
            return SignInError(f"No connection to {label} is given.", hint="Make one: Connection.from_env(connector).")
        signed = self.connection.signed(rejected, now)
        return self.based(signed) if signed is not None else None

    def tokens(self) -> Tokens:
        """Return what renews the connection's token; asked for only when there is one to renew."""
        assert self.connection is not None
        assert self.connection.tokens is not None
        return self.connection.tokens

    def based(self, signed: Signed | ConnectorError) -> Signed | ConnectorError:
        """Drop the base URL that a token names when the owner of the process set another; else complete it."""
        if not isinstance(signed, Signed) or signed.base_url is None:
            return signed
        path = urlsplit(self.connector.manifest.base_url).path
        return replace(signed, base_url=None if self.owner_base else signed.base_url.rstrip("/") + path)


class Started:
    """One call that is ready: its steps, its clock, its debug tap."""

    def __init__(
        self, caller: Caller, wanted: Plan, request: Request, how: Choices, rest: tuple[Any, Records | None]
    ) -> None:
        self.caller, self.plan, self.request = caller, wanted, request
        self.policy, self.records = rest
        self.how = how
        self.limit = _limit(how.limit)
        self._epoch = caller.clock.time() - caller.clock.monotonic()

    @property
    def lists(self) -> bool:
        """Whether the action is a list of pages."""
        return self.plan.words is not None

    def now(self) -> float:
        """Return epoch seconds that only move forward, whatever is done to the machine's clock."""
        return self._epoch + self.caller.clock.monotonic()

    def until(self, epoch: float) -> float:
        """Return a deadline as `time.monotonic` counts, whatever clock was given."""
        return time.monotonic() + epoch - self.now()

    def _options(self, default: float) -> Options:
        timeout = default if self.how.timeout is None else seconds(self.how.timeout)
        return Options(timeout, self.policy, self.limit)

    def steps(self) -> Steps:
        """Return the steps of a run: one call, or every page merged."""
        now = self.now()
        if self.lists:
            return exchange.listing(self.plan, self.request, self._options(LISTING_TIMEOUT), now)
        options = self._options(TIMEOUT)
        return exchange.call(self.plan, self.request, options, now + options.timeout, now)

    def stream(self) -> Steps:
        """Return the steps of a listing, a page at a time. Raises UsageError when the action is no list."""
        if not self.lists:
            raise UsageError(f"{self.plan.action.action} is no list.", hint="Use run().")
        return exchange.stream(self.plan, self.request, self._options(TIMEOUT), self.now())

    def items(self, result: Result) -> list[Any]:
        """Return the items of a page."""
        from connector.core.pages import Walk  # noqa: PLC0415

        assert self.plan.words is not None
        return Walk(self.plan.words).items(result.data)

    def tap(self, ask: Ask, began: float, now: float, value: Any) -> None:
        """Note an ask and its answer for a debugged run; a broken log never breaks a call."""
        if self.records is None:
            return
        line = self.records.tap(ask, began, now, value)
        if line is None:
            return
        with contextlib.suppress(Exception):
            _log.info("%s", line)

    def finished(self, result: Result) -> Result:
        """Return the result with its debug records."""
        return replace(result, debug=self.records) if self.records is not None else result

    def failed(self, error: BaseException) -> None:
        """Put the debug records on an error."""
        if self.records is not None and isinstance(error, ConnectorError):
            error.debug = self.records

    def dry(self) -> Request:
        """Return the first request of the run, as it would be sent; nothing is."""
        run = self.steps()
        ask: Ask | Page = next(run)
        while not isinstance(ask, exchange.Send):
            signed = Signed("$TOKEN", headers=(("Authorization", "Bearer $TOKEN"),))
            ask = run.send((self.now(), signed if isinstance(ask, exchange.Token) else 0.0))
        run.close()
        return ask.request


def raw_given(method: str, path: str, query: Any, headers: Any, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a raw request from the arguments of `raw`; a file may bring its name."""
    given = {"method": method, "path": path, "query": query, "headers": headers, **parts}
    files = given["files"]
    if isinstance(files, dict):
        named = {key: value for key, value in files.items() if isinstance(value, tuple)}
        given["files"] = {key: value[1] if key in named else value for key, value in files.items()}
        given["file_names"] = {key: value[0] for key, value in named.items()} or None
    return {key: value for key, value in given.items() if value is not None}


def _taken(given: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Take the options of every run out of what is given."""
    if not isinstance(given, dict) and not hasattr(given, "keys"):
        raise UsageError(f"given is a {type(given).__name__}.", hint="Give a mapping of inputs.")
    options = {key: given[key] for key in RUN_OPTIONS if key in given}
    return options, {key: value for key, value in given.items() if key not in options} if options else given


def _debugs(options: Mapping[str, Any]) -> bool:
    """Whether the input debugRequest, in either spelling, asks for records. Raises InputError."""
    asked = [options[name] for name in ("debugRequest", "debug_request") if name in options]
    try:
        return any(boolean(value) for value in asked)
    except Bad as bad:
        problem = Problem("debugRequest", redact.shown(asked[0]), bad.expected, bad.fix)
        raise InputError.of("options", [problem]) from None


def _limit(limit: int | None) -> int | None:
    if limit is not None and (type(limit) is not int or limit < 1):
        raise InputError.of("options", [Problem("limit", repr(limit), "a whole number above 0")])
    return limit
