"""Prepare calls: validate arguments, build the request, resolve the credentials."""

from __future__ import annotations

import os
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.core import redaction, url_policy
from connector.core.auth.site import Site
from connector.core.exchange.plan import CompiledConnector
from connector.core.exchange.upload import FileUpload
from connector.core.inputs.coerce import to_boolean, to_file
from connector.core.inputs.validate import RUN_OPTIONS
from connector.core.invalid_value import InvalidValue
from connector.core.request.file_facts import find_upload_input
from connector.core.request.idempotency import add_idempotency_key
from connector.core.response.outcomes import may_change_state
from connector.core.response.trace import Trace
from connector.errors import InputError, Problem, UsageError
from connector.runtime.auth.connection_resolver import ConnectionResolver
from connector.runtime.calls.call_context import CallContext
from connector.runtime.calls.job_calls import JobCalls
from connector.runtime.calls.observer import TraceObserver
from connector.runtime.calls.prepared import PreparedCall
from connector.runtime.clock import Clock, SystemClock
from connector.runtime.rate_budget.accounts import Accounts
from connector.runtime.rate_budget.budget import is_sandbox, open_budget

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.exchange.plan import CompiledAction
    from connector.core.inputs.coerce import Values
    from connector.core.request.builder import Request
    from connector.definition.loader import Connector
    from connector.runtime.auth.credentials import Credentials
    from connector.runtime.calls.call_options import CallOptions
    from connector.runtime.calls.observer import Observer

SOFT_KEY = "if-known"  # an idempotency key for services that take one: alone, or as if-known:KEY
_NAMED_FILE_LENGTH = 2  # a name and a file


def read_base_url_override(connector: Connector, given: str | None) -> str | None:
    """Return the base URL set by argument or environment, or None. Raises InputError."""
    variable = f"{connector.name.upper()}_BASE_URL"
    url = given or os.environ.get(variable)
    if not url:
        return None
    try:
        return url_policy.check_base_url(url)
    except InvalidValue as error:
        shown_url = redaction.redactor_for(connector).redact_url(str(url))
        raise InputError.from_problems(
            "options", [Problem("base_url" if given else variable, shown_url, error.expected, error.fix)]
        ) from None


class CallFactory:
    """Prepares the calls of one client, which share its connector, connections, clock and rate budget."""

    def __init__(
        self, connector: Connector, connection_resolver: ConnectionResolver, base_url: str | None, clock: Clock | None
    ) -> None:
        self.connector = connector
        self.compiled = connector.derive(CompiledConnector)
        self.connection_resolver = connection_resolver
        base_url_override = read_base_url_override(connector, base_url)
        self.context = CallContext(
            connector, SystemClock() if clock is None else _check_clock(clock), base_url_override
        )
        self.accounts: Accounts | None = None
        self._shown_site: Site | None = None
        self._manifest_hosts = tuple(connector.manifest.allowed_hosts)
        self.observers: tuple[Observer, ...] = ()

    @classmethod
    def without_connections(cls, connector: Connector, place: str | Site | None) -> CallFactory:
        """Return a factory for calls that are validated or shown, never sent: at a base URL, or a connection's site."""
        site = place if isinstance(place, Site) else None
        base_url = None if isinstance(place, Site) else place
        factory = cls(connector, ConnectionResolver(connector, None, None, None), base_url, None)
        factory._shown_site = site
        return factory

    @property
    def budget(self) -> Any:
        """The rate budget of the calls, or None."""
        return self.context.budget

    def set_budget(self, budget: object, http: object) -> None:
        """Open the rate budget that the client was given. Raises UsageError."""
        base_url = self.context.base_url_override
        opened = open_budget(budget, self.connector, self.context.clock, sandboxed=is_sandbox(base_url, http))
        self.context = replace(self.context, budget=opened)
        self.accounts = None if opened is None else Accounts(self.connector, base_url, opened)

    def base_url_for(self, credentials: Credentials | None, server: str | None = None) -> str:
        """Return the base URL of a call, or of its server: the override, else the connection's, else the manifest's."""
        site = credentials or self._shown_site or self.connector.manifest
        override = self.context.base_url_override
        if override and server is not None:
            return url_policy.move_to_server(override, site.find_url(None), site.find_url(server))
        return override or site.find_url(server)

    def choose_connection(self, action: str | None, given: Mapping[str, Any], options: CallOptions) -> Any:
        """Return what a call names as its connection, or None.

        Only one of program and inputs may name it: the inputs may come from anybody. Raises InputError.
        """
        return _choose_connection(self._compile(action), _split_run_options(given)[0], options)

    def _compile(self, action: str | None) -> CompiledAction:
        return self.compiled.raw_request if action is None else self.compiled.action(action)

    def prepare(
        self, action: str | None, given: Mapping[str, Any], options: CallOptions, *, is_shown_only: bool = False
    ) -> PreparedCall:
        """Validate the inputs and build the request; `action` is None for a raw request.

        Its connection must be loaded, unless the call `is_shown_only`. Raises InputError with every problem of inputs
        and options.
        """
        compiled = self._compile(action)
        run_options, given = _split_run_options(given)
        named = _choose_connection(compiled, run_options, options)
        credentials = self.connection_resolver.resolve(named, compiled.action, is_shown_only=is_shown_only)
        values = _validate(compiled, given, options)
        retry_policy = compiled.resolve_retry_policy(values)
        if options.retry is not None:
            retry_policy = options.retry.apply(retry_policy)
        secrets = credentials.secrets() if credentials else ()
        base_url = self.base_url_for(credentials, compiled.action.server)
        request, key = self._with_idempotency_key(
            compiled, compiled.build_request(values, options.account, base_url, secrets), options
        )
        if credentials is not None and credentials.allowed_hosts not in (None, self._manifest_hosts):
            request = replace(request, allowed_hosts=credentials.allowed_hosts)
        if key is not None:
            retry_policy = replace(retry_policy, idempotency_key=key)
        trace = Trace() if options.debug or _is_debug_requested(run_options) else None
        observers = (*self.observers, *options.observers, *((TraceObserver(trace),) if trace is not None else ()))
        call = PreparedCall(self.context, compiled, request, credentials, retry_policy, options, observers, trace)
        call.on_rejected = self.connection_resolver.forget
        call.given = given
        if self.accounts is not None and (rate_names := compiled.rate_names(values)):
            call.budget_scope = self.accounts.account_for(credentials), rate_names
        has_file = compiled.action.upload is not None and find_upload_input(compiled.action) in values
        if compiled.action.poll is not None or has_file:
            call.job = self._build_job(compiled, given, replace(options, connection=named), values)
            if self.accounts is not None and call.budget_scope is None:
                call.budget_scope = self.accounts.account_for(credentials), ()  # the requests that follow have rates
        if compiled.find_warnings is not None:
            call.warnings = compiled.find_warnings(values, self.context.clock.time())
        if compiled.find_deprecations is not None:
            call.warnings += compiled.find_deprecations(action, given, values)
        return call

    def _build_job(
        self, compiled: CompiledAction, given: Mapping[str, Any], options: CallOptions, values: Values
    ) -> JobCalls:
        """Return what follows the start of a job or an upload. Raises InputError for an action that does not exist."""
        action = compiled.action
        results = self.compiled.action(action.then.action) if action.then is not None else None
        key = find_upload_input(action) or ""
        file = FileUpload(key, values[key]) if key in values else None
        return JobCalls(self.connector, action, given, options, self.prepare, results, file)

    def _with_idempotency_key(
        self, compiled: CompiledAction, request: Request, options: CallOptions
    ) -> tuple[Request, str | None]:
        """Add an idempotency key if the service supports it; all attempts of the call share it.

        Pages of a listing are different requests, so they get no key; nor does a body without fields, where the key is
        one.
        """
        settings, (key, is_soft) = self.connector.manifest.idempotency, _read_idempotency_key(options)
        if settings is None:
            if key is not None and not is_soft:
                raise UsageError(
                    f"{self.connector.name} does not support idempotency keys.",
                    hint=f"Remove it, or pass {SOFT_KEY!r}.",
                )
            return request, None
        is_write = request.method == "POST" and not request.read_only
        is_wanted = is_write or (may_change_state(request) if is_soft else key is not None)
        if compiled.pagination is not None or not is_wanted:
            return request, None
        try:
            keyed = add_idempotency_key(request, compiled.action, settings, key or str(uuid.uuid4()))
        except InvalidValue as error:
            problem = Problem("idempotency_key", redaction.preview(key), error.expected, error.fix)
            raise InputError.from_problems("options", [problem]) from None
        if keyed is None and key is not None and not is_soft:
            message = f"{compiled.action.action} sends no body with fields, so it has no place for an idempotency key."
            raise UsageError(message, hint=f"Remove it, or pass {SOFT_KEY!r}.")
        return keyed or (request, None)


def _read_idempotency_key(options: CallOptions) -> tuple[str | None, bool]:
    """Return the key that a call was given, and whether a service without keys may ignore it."""
    given = None if options.idempotency_key is None else str(options.idempotency_key)
    if given is None or given.partition(":")[0] != SOFT_KEY:
        return given, False
    return given.partition(":")[2].strip() or None, True


def _validate(compiled: CompiledAction, given: Mapping[str, Any], options: CallOptions) -> dict[str, Any]:
    """Return the validated inputs. Raises InputError with every problem of inputs and options."""
    try:
        values = compiled.validate(given)
    except InputError as error:
        if not options.problems:
            raise
        told = {problem.field for problem in options.problems}  # such as an input whose variable is not set
        problems = [problem for problem in error.problems if f"inputs.{problem.field}" not in told]
        raise InputError.from_problems(compiled.action.action, [*problems, *options.problems]) from None
    if options.problems:
        raise InputError.from_problems("options", list(options.problems))
    return values


def _check_clock(clock: Clock) -> Clock:
    """Reject an object that is not a clock. Raises UsageError."""
    names = ("time", "monotonic", "jitter")  # plus wait_or_stop for threads, sleep for tasks
    missing = [name for name in names if not callable(getattr(clock, name, None))]
    if missing:
        message = f"clock is {redaction.describe_type(clock)}, which has no {', '.join(missing)}."
        raise UsageError(message, hint="Omit it, or pass an object with the methods of Clock.")
    return clock


def build_raw_inputs(
    method: str, path: str, query: Any, headers: Any, body_inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the inputs of a raw request from the arguments of `request`; a file may come with its name.

    Raises InputError for a value that is not a file, such as a path.
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
    """Reject a value that is not a file, such as a path, whose text would be sent. Raises InputError."""
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


def _choose_connection(compiled: CompiledAction, run_options: Mapping[str, Any], options: CallOptions) -> Any:
    named = run_options.get("connection")
    if options.connection is None:
        return named
    if named is not None:
        problem = Problem("connection", redaction.preview(named), "nothing: the program names it", "remove it")
        raise InputError.from_problems(compiled.action.action, [problem])
    return options.connection


def _split_run_options(given: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Split the run options from the inputs."""
    if not isinstance(given, dict) and not hasattr(given, "keys"):
        raise UsageError(f"given is {redaction.describe_type(given)}.", hint="Pass a mapping of inputs.")
    options = {key: given[key] for key in RUN_OPTIONS if key in given}
    return options, {key: value for key, value in given.items() if key not in options} if options else given


def _is_debug_requested(options: Mapping[str, Any]) -> bool:
    """Whether the input debugRequest, in either spelling, is true. Raises InputError."""
    if not options:
        return False
    debug_values = [options[name] for name in ("debugRequest", "debug_request") if name in options]
    try:
        return any(to_boolean(value) for value in debug_values)
    except InvalidValue as error:
        problem = Problem("debugRequest", redaction.preview(debug_values[0]), error.expected, error.fix)
        raise InputError.from_problems("options", [problem]) from None
