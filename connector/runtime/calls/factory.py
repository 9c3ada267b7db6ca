"""What both clients do before a run begins: check, build, and set the deadline."""

from __future__ import annotations

import os
import re
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connector.core import redaction, url_policy
from connector.core.exchange.plan import compile_action, compile_raw_action
from connector.core.exchange.retry import RetryPolicy, parse_retry_policy
from connector.core.inputs import time_warnings
from connector.core.inputs.coerce import InvalidValue, to_boolean, to_file
from connector.core.inputs.validate import RUN_OPTIONS
from connector.core.response.trace import Trace
from connector.errors import InputError, Problem, UsageError
from connector.runtime.calls.prepared import PreparedCall
from connector.runtime.clock import Clock, SystemClock
from connector.runtime.rate_budget.budget import Accounts, is_sandbox, open_budget

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.exchange.plan import CompiledAction
    from connector.core.request.builder import Request
    from connector.definition.loader import Connector
    from connector.runtime.auth.connection_resolver import ConnectionResolver

MAX_TIMEOUT = 31_536_000.0  # seconds: a year, which every clock and library can count
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*(ms|s|m)?\Z", re.ASCII)
_NAMED_FILE_LENGTH = 2  # a file with its name
_SECONDS_BY_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, None: 1.0}


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How one call is to run, as the caller says it."""

    timeout: float | str | None = None
    retry: Mapping[str, Any] | str | None = None
    debug: bool = False
    limit: int | None = None
    account: str | None = None
    idempotency_key: str | None = None


def parse_duration(value: float | str) -> float:
    """Return a duration in seconds: a number, or text with ms, s or m. Raises InputError."""
    match = _DURATION.match(value.strip()) if isinstance(value, str) else None
    number = float(match[1]) * _SECONDS_BY_UNIT[match[2]] if match else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 < number <= MAX_TIMEOUT:
        expected = f"seconds above 0 and at most {MAX_TIMEOUT:,.0f}, or text with ms, s or m"
        problem = Problem("timeout", redaction.preview(value), expected, "such as 10s, or 60m for an hour")
        raise InputError.from_problems("options", [problem])
    return float(number)


def read_base_url_override(connector: Connector, given: str | None) -> str | None:
    """Return the base URL that the owner of the process set, by argument or environment. Raises InputError."""
    variable = f"{connector.name.upper()}_BASE_URL"
    url = given or os.environ.get(variable)
    if not url:
        return None
    try:
        return url_policy.check_base_url(url)
    except InvalidValue as error:
        shown_url = redaction.redactor_for(connector).redact_url(url)
        raise InputError.from_problems(
            "options", [Problem("base_url" if given else variable, shown_url, error.expected, error.fix)]
        ) from None


class CallFactory:
    """What a client knows: the connector, its connections, where to send, and the clock."""

    def __init__(
        self, connector: Connector, connection_resolver: ConnectionResolver, base_url: str | None, clock: Clock | None
    ) -> None:
        self.connector = connector
        self.connection_resolver = connection_resolver
        self.base_url_override = read_base_url_override(connector, base_url)
        self.clock: Clock = SystemClock() if clock is None else _check_clock(clock)
        self.budget: Any = None
        self.accounts: Accounts | None = None

    def set_budget(self, budget: object, http: object) -> None:
        """Have a rate budget, by what a client was given. Raises UsageError."""
        is_sandboxed = is_sandbox(self.base_url_override, http)
        self.budget = open_budget(budget, self.connector, self.clock, sandboxed=is_sandboxed)
        if self.budget is not None:
            self.accounts = Accounts(self.connector, self.base_url_override, self.budget)

    def get_compiled_action(self, action: str | None) -> CompiledAction:
        """Return the plan of an action, or of a raw request."""
        return compile_raw_action(self.connector) if action is None else compile_action(self.connector, action)

    def prepare(
        self, action: str | None, given: Mapping[str, Any], options: CallOptions, *, resolve_connection: bool = True
    ) -> PreparedCall:
        """Check what is given and make the request. Raises InputError with every problem.

        `find` is false for a call that is only shown: it needs no connection.
        """
        compiled = self.get_compiled_action(action)
        run_options, given = _split_run_options(given)
        connection = self.connection_resolver.resolve(
            run_options.get("connection"), compiled.action, load_named=resolve_connection
        )
        try:
            values = compiled.validate(given)
            retry_policy = parse_retry_policy(compiled.resolve_retry_policy(values), options.retry)
            timeout, limit = (
                None if options.timeout is None else parse_duration(options.timeout),
                check_limit(options.limit),
            )
        except InputError as error:
            raise _add_option_problems(error, compiled.action.action, options) from None
        base_url = self.base_url_override or (connection.base_url if connection else self.connector.manifest.base_url)
        secrets = connection.secrets() if connection else ()
        request, key = self._with_idempotency_key(
            compiled, compiled.build_request(values, options.account, base_url, secrets), options
        )
        if key is not None:
            retry_policy = replace(retry_policy, idempotency_key=key)
        trace = Trace() if options.debug or _is_debug_requested(run_options) else None
        rate_names = () if self.accounts is None else compiled.rate_names(values)
        budget_scope = (self.accounts.account_for(connection), rate_names) if self.accounts and rate_names else None
        warnings = (
            time_warnings.find_time_warnings(values, compiled.future_inputs, self.clock.time())
            if compiled.future_inputs
            else ()
        )
        return PreparedCall(
            self, compiled, request, connection, retry_policy, timeout, limit, trace, budget_scope, warnings
        )

    def _with_idempotency_key(
        self, compiled: CompiledAction, request: Request, options: CallOptions
    ) -> tuple[Request, str | None]:
        """Add an idempotency key where the service has one; the same over all attempts of the call.

        The pages of a listing are different requests, so one key must not stand on all of them.
        """
        settings = self.connector.manifest.idempotency
        if settings is None:
            if options.idempotency_key is not None:
                raise UsageError(f"{self.connector.name} knows no idempotency key.", hint="Leave it out.")
            return request, None
        if compiled.pagination is not None or (request.method != "POST" and options.idempotency_key is None):
            return request, None
        try:
            header = url_policy.check_header(settings.header, str(options.idempotency_key or uuid.uuid4()))
        except InvalidValue as error:
            problem = Problem("idempotency_key", redaction.preview(options.idempotency_key), error.expected, error.fix)
            raise InputError.from_problems("options", [problem]) from None
        return replace(request, headers=(*request.headers, header)), header[1]


def _check_clock(clock: Clock) -> Clock:
    """Refuse what is no clock. Raises UsageError."""
    names = ("time", "monotonic", "jitter")  # and wait for threads, sleep for tasks
    missing = [name for name in names if not callable(getattr(clock, name, None))]
    if missing:
        message = f"clock is {redaction.describe_type(clock)}, which has no {', '.join(missing)}."
        raise UsageError(message, hint="Leave it out, or give an object with the methods of Clock.")
    return clock


def build_raw_inputs(
    method: str, path: str, query: Any, headers: Any, body_inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the inputs of a raw request from the arguments of `raw`; a file may bring its name.

    Raises InputError for what is no file, such as the path of one.
    """
    given = {"method": method, "path": path, "query": query, "headers": headers, **body_inputs}
    files = given["files"]
    if isinstance(files, dict):
        named_files = {
            key: value for key, value in files.items() if isinstance(value, tuple) and len(value) == _NAMED_FILE_LENGTH
        }
        given["files"] = {key: value[1] if key in named_files else value for key, value in files.items()}
        _check_files(given["files"])
        given["file_names"] = {key: value[0] for key, value in named_files.items()} or None
    return {key: value for key, value in given.items() if value is not None}


def _check_files(files: Mapping[str, Any]) -> None:
    """Refuse what is no file, such as the text of a path, which would be sent in its place. Raises InputError."""
    problems = []
    for key, entry in (
        (key, entry) for key, value in files.items() for entry in (value if type(value) is list else [value])
    ):
        try:
            _ = entry is None or to_file(entry)
        except InvalidValue as error:
            expected = f"{error.expected}, or a pair of a name and either"
            fix = 'open the file, such as open("report.pdf", "rb")'
            problems.append(
                Problem("files", f"{redaction.describe_type(entry)} as {redaction.preview(key)}", expected, fix)
            )
    if problems:
        raise InputError.from_problems("raw", problems)


def _split_run_options(given: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Take the options of every run out of what is given."""
    if not isinstance(given, dict) and not hasattr(given, "keys"):
        raise UsageError(f"given is {redaction.describe_type(given)}.", hint="Give a mapping of inputs.")
    options = {key: given[key] for key in RUN_OPTIONS if key in given}
    return options, {key: value for key, value in given.items() if key not in options} if options else given


def _is_debug_requested(options: Mapping[str, Any]) -> bool:
    """Whether the input debugRequest, in either spelling, asks for records. Raises InputError."""
    debug_values = [options[name] for name in ("debugRequest", "debug_request") if name in options]
    try:
        return any(to_boolean(value) for value in debug_values)
    except InvalidValue as error:
        problem = Problem("debugRequest", redaction.preview(debug_values[0]), error.expected, error.fix)
        raise InputError.from_problems("options", [problem]) from None


def _add_option_problems(error: InputError, action: str, options: CallOptions) -> InputError:
    """Return an error of the inputs with what is wrong with the options, too: all of it is told at once."""
    problems = list(error.problems)
    for check in (
        lambda: parse_retry_policy(RetryPolicy(), options.retry),
        lambda: None if options.timeout is None else parse_duration(options.timeout),
        lambda: check_limit(options.limit),
    ):
        try:
            check()
        except InputError as option_error:
            problems += [problem for problem in option_error.problems if problem not in problems]
        except UsageError:  # a retry that is no mapping is told by itself
            continue
    return error if len(problems) == len(error.problems) else InputError.from_problems(action, problems)


def check_limit(limit: int | None) -> int | None:
    """Return how many items a caller wants at most. Raises InputError."""
    if limit is not None and (type(limit) is not int or limit < 1):
        raise InputError.from_problems("options", [Problem("limit", repr(limit), "a whole number above 0")])
    return limit
