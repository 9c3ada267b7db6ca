"""What both clients do before a run begins: check, build, and set the deadline."""

from __future__ import annotations

import os
import re
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connector.core import redaction as redact
from connector.core import url_policy as guard
from connector.core.exchange.plan import plan, raw_plan
from connector.core.exchange.retry import Policy, policy
from connector.core.inputs import time_warnings as ahead
from connector.core.inputs.coerce import Bad, boolean, file
from connector.core.inputs.validate import RUN_OPTIONS
from connector.core.response.trace import Records
from connector.errors import InputError, Problem, UsageError
from connector.runtime.calls.prepared import Started
from connector.runtime.clock import Clock, SystemClock
from connector.runtime.rate_budget.budget import Accounts, choose, is_stand_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.exchange.plan import Plan
    from connector.core.request.builder import Request
    from connector.definition.loader import Connector
    from connector.runtime.auth.connection_resolver import Connections

LONGEST_TIMEOUT = 31_536_000.0  # seconds: a year, which every clock and library can count
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*(ms|s|m)?\Z", re.ASCII)
_NAMED = 2  # a file with its name
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, None: 1.0}


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
    if isinstance(read, bool) or not isinstance(read, int | float) or not 0 < read <= LONGEST_TIMEOUT:
        expected = f"seconds above 0 and at most {LONGEST_TIMEOUT:,.0f}, or text with ms, s or m"
        problem = Problem("timeout", redact.shown(value), expected, "such as 10s, or 60m for an hour")
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
    """What a client knows: the connector, its connections, where to send, and the clock."""

    def __init__(
        self, connector: Connector, connections: Connections, base_url: str | None, clock: Clock | None
    ) -> None:
        self.connector = connector
        self.connections = connections
        self.owner_base = owner_base_url(connector, base_url)
        self.clock: Clock = SystemClock() if clock is None else _checked(clock)
        self.budget: Any = None
        self.accounts: Accounts | None = None

    def budgeted(self, budget: object, http: object) -> None:
        """Have a rate budget, by what a client was given. Raises UsageError."""
        stand_in = is_stand_in(self.owner_base, http)
        self.budget = choose(budget, self.connector, self.clock, stand_in=stand_in)
        if self.budget is not None:
            self.accounts = Accounts(self.connector, self.owner_base, self.budget)

    def plan_of(self, action: str | None) -> Plan:
        """Return the plan of an action, or of a raw request."""
        return raw_plan(self.connector) if action is None else plan(self.connector, action)

    def prepare(self, action: str | None, given: Mapping[str, Any], how: Choices, *, find: bool = True) -> Started:
        """Check what is given and make the request. Raises InputError with every problem.

        `find` is false for a call that is only shown: it needs no connection.
        """
        wanted = self.plan_of(action)
        options, given = _taken(given)
        connection = self.connections.of_call(options.get("connection"), wanted.action, find=find)
        try:
            values = wanted.check(given)
            chosen = policy(wanted.policy(values), how.retry)
            timeout, limit = None if how.timeout is None else seconds(how.timeout), checked_limit(how.limit)
        except InputError as error:
            raise _with_options(error, wanted.action.action, how) from None
        base = self.owner_base or (connection.base_url if connection else self.connector.manifest.base_url)
        secrets = connection.secrets() if connection else ()
        request, key = self._keyed(wanted, wanted.request(values, how.account, base, secrets), how)
        if key is not None:
            chosen = replace(chosen, key=key)
        records = Records() if how.debug or _debugs(options) else None
        rates = () if self.accounts is None else wanted.rates(values)
        slots = (self.accounts.of(connection), rates) if self.accounts and rates else None
        warnings = ahead.warnings(values, wanted.ahead, self.clock.time()) if wanted.ahead else ()
        return Started(self, wanted, request, connection, chosen, timeout, limit, records, slots, warnings)

    def _keyed(self, wanted: Plan, request: Request, how: Choices) -> tuple[Request, str | None]:
        """Add an idempotency key where the service has one; the same over all attempts of the call.

        The pages of a listing are different requests, so one key must not stand on all of them.
        """
        declared = self.connector.manifest.idempotency
        if declared is None:
            if how.idempotency_key is not None:
                raise UsageError(f"{self.connector.name} knows no idempotency key.", hint="Leave it out.")
            return request, None
        if wanted.words is not None or (request.method != "POST" and how.idempotency_key is None):
            return request, None
        try:
            key = guard.header(declared.header, str(how.idempotency_key or uuid.uuid4()))
        except Bad as bad:
            problem = Problem("idempotency_key", redact.shown(how.idempotency_key), bad.expected, bad.fix)
            raise InputError.of("options", [problem]) from None
        return replace(request, headers=(*request.headers, key)), key[1]


def _checked(clock: Clock) -> Clock:
    """Refuse what is no clock. Raises UsageError."""
    names = ("time", "monotonic", "jitter")  # and wait for threads, sleep for tasks
    missing = [name for name in names if not callable(getattr(clock, name, None))]
    if missing:
        message = f"clock is {redact.kind_of(clock)}, which has no {', '.join(missing)}."
        raise UsageError(message, hint="Leave it out, or give an object with the methods of Clock.")
    return clock


def raw_given(method: str, path: str, query: Any, headers: Any, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a raw request from the arguments of `raw`; a file may bring its name.

    Raises InputError for what is no file, such as the path of one.
    """
    given = {"method": method, "path": path, "query": query, "headers": headers, **parts}
    files = given["files"]
    if isinstance(files, dict):
        named = {key: value for key, value in files.items() if isinstance(value, tuple) and len(value) == _NAMED}
        given["files"] = {key: value[1] if key in named else value for key, value in files.items()}
        _check_files(given["files"])
        given["file_names"] = {key: value[0] for key, value in named.items()} or None
    return {key: value for key, value in given.items() if value is not None}


def _check_files(files: Mapping[str, Any]) -> None:
    """Refuse what is no file, such as the text of a path, which would be sent in its place. Raises InputError."""
    problems = []
    for key, one in ((key, one) for key, value in files.items() for one in (value if type(value) is list else [value])):
        try:
            _ = one is None or file(one)
        except Bad as bad:
            expected = f"{bad.expected}, or a pair of a name and either"
            fix = 'open the file, such as open("report.pdf", "rb")'
            problems.append(Problem("files", f"{redact.kind_of(one)} as {redact.shown(key)}", expected, fix))
    if problems:
        raise InputError.of("raw", problems)


def _taken(given: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Take the options of every run out of what is given."""
    if not isinstance(given, dict) and not hasattr(given, "keys"):
        raise UsageError(f"given is {redact.kind_of(given)}.", hint="Give a mapping of inputs.")
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


def _with_options(error: InputError, action: str, how: Choices) -> InputError:
    """Return an error of the inputs with what is wrong with the options, too: all of it is told at once."""
    problems = list(error.problems)
    for check in (
        lambda: policy(Policy(), how.retry),
        lambda: None if how.timeout is None else seconds(how.timeout),
        lambda: checked_limit(how.limit),
    ):
        try:
            check()
        except InputError as other:
            problems += [one for one in other.problems if one not in problems]
        except UsageError:  # a retry that is no mapping is told by itself
            continue
    return error if len(problems) == len(error.problems) else InputError.of(action, problems)


def checked_limit(limit: int | None) -> int | None:
    """Return how many items a caller wants at most. Raises InputError."""
    if limit is not None and (type(limit) is not int or limit < 1):
        raise InputError.of("options", [Problem("limit", repr(limit), "a whole number above 0")])
    return limit
