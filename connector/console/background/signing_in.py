"""Sign-ins that wait for a person, beside the pages: consent in another window, or a code that is entered elsewhere."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from dataclasses import field
from typing import TYPE_CHECKING, Any

from connector.cli.connections.sign_in import keep_connection
from connector.cli.output.error_output import to_connector_error
from connector.core.redaction import default_redactor
from connector.errors import ConnectorError, InputError, Problem, SignInError, UsageError
from connector.first_use import dataclass
from connector.runtime.auth.device_sign_in import begin_device_sign_in
from connector.runtime.auth.loopback_server import CallbackServer
from connector.runtime.auth.sign_in import begin_sign_in, finish_sign_in
from connector.runtime.storage.memory_store import MemoryStore

if TYPE_CHECKING:
    from connector.cli.context.connection_context import ConnectionContext

_POLL_SECONDS = 0.5
_MAX_PENDING = 10  # sign-ins that wait at the same time
Target = tuple[str, str, dict[str, Any]]  # kind, name and inputs


@dataclass(slots=True, repr=False)
class SigningIn:
    """A sign-in under way: where a person goes, with which code; then the error, or that it is done."""

    name: str
    kind: str
    url: str
    expires_at: float
    user_code: str = ""
    error: ConnectorError | None = None
    is_done: bool = False
    cancelled: threading.Event = field(default_factory=threading.Event)


class SignIns:
    """The sign-ins of one console, by an id that nobody guesses."""

    def __init__(self, context: ConnectionContext) -> None:
        self._context = context
        self._kept: dict[str, SigningIn] = {}

    def find(self, key: str) -> SigningIn | None:
        """Return a sign-in, or None."""
        return self._kept.get(key)

    def begin(self, target: Target, port: int) -> str:
        """Begin a sign-in, and return its id. Raises ConnectorError."""
        self._forget_old()
        if self._context.connector.manifest.connections[target[0]].kind == "oauth2_device_code":
            return self._begin_with_code(target)
        return self._begin_with_consent(target, port)

    def close(self) -> None:
        """End those that wait."""
        for one in self._kept.values():
            one.cancelled.set()

    def _forget_old(self) -> None:
        now = time.time()
        self._kept = {key: one for key, one in self._kept.items() if one.expires_at > now}
        if sum(not (one.is_done or one.error) for one in self._kept.values()) >= _MAX_PENDING:
            raise UsageError(f"{_MAX_PENDING} sign-ins wait already.", hint="Finish one, or wait ten minutes.")

    def _begin_with_code(self, target: Target) -> str:
        kind, name, inputs = target
        context, store = self._context, MemoryStore()
        sign_in = begin_device_sign_in(
            context.connector, name=name, store=store, inputs=inputs, kind=kind, http=context.transport
        )
        url = default_redactor().redact_url(sign_in.url)
        one = SigningIn(name, kind, url, sign_in.expires_at, sign_in.user_code)

        def wait() -> None:
            sign_in.wait(one.cancelled)
            keep_connection(context, name, store)

        return self._run(one, wait)

    def _begin_with_consent(self, target: Target, port: int) -> str:
        kind, name, inputs = target
        context, store = self._context, MemoryStore()
        with contextlib.ExitStack() as stack:
            listener = stack.enter_context(_listen(port))
            sign_in = begin_sign_in(
                context.connector, name=name, redirect_uri=listener.redirect_uri, store=store, inputs=inputs,
                kind=kind, http=context.transport,
            )  # fmt: skip
            listener.expect_state(sign_in.state)
            listening = stack.pop_all()
        one = SigningIn(name, kind, sign_in.url, sign_in.expires_at)

        def wait() -> None:
            with listening:
                callback_url = _wait_for_callback(listener, one)
            finish_sign_in(context.connector, callback_url, store=store, http=context.transport)
            keep_connection(context, name, store)

        return self._run(one, wait)

    def _run(self, one: SigningIn, wait: Any) -> str:
        """Wait in a thread of its own."""

        def run() -> None:
            try:
                wait()
                one.is_done = True
            except (ConnectorError, OSError) as error:
                one.error = to_connector_error(error)
            finally:
                if not one.is_done and one.error is None:
                    one.error = SignInError("The sign-in broke off.", hint="Begin it again.")

        key = secrets.token_urlsafe(12)
        self._kept[key] = one
        threading.Thread(target=run, name="connector-sign-in", daemon=True).start()
        return key


def _listen(port: int) -> CallbackServer:
    """Return what waits for a callback. Raises InputError where the port is taken."""
    try:
        return CallbackServer(port)
    except SignInError as error:
        problem = Problem("port", str(port), "a port that is free", f"{error.args[0]} Enter another, or nothing")
        raise InputError.from_problems("connect", [problem]) from None


def _wait_for_callback(listener: CallbackServer, one: SigningIn) -> str:
    """Return the callback's URL. Raises SignInError if none arrives while the sign-in is valid, and waited for."""
    while time.time() < one.expires_at and not one.cancelled.is_set():
        with contextlib.suppress(SignInError):
            return listener.wait(_POLL_SECONDS)
    raise SignInError("Nobody consented in time.", hint="Begin it again.")
