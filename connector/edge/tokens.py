"""The token of one connection: renewed once for all its callers, kept before it is used.

A renewal runs on a short-lived thread that holds the store's lock. Callers - threads, tasks of any loop, other
processes through the store - wait for it until their own deadline; none of them can cancel it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.core import guard, oauth, waits
from connector.core.exchange import Signed
from connector.core.oauth import App, Grant, Refusal
from connector.core.response import Failure, Reply
from connector.edge.http import choose
from connector.errors import ConnectorError, DeadlineError, ServiceDown, SignInError, StoreError, TransportError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.core.request import Request
    from connector.edge.clock import Clock
    from connector.edge.store import Kept, Store

LOCK_TIMEOUT = 60.0  # seconds to wait for another process's renewal
SEND_TIMEOUT = 30.0  # seconds for one request to the token endpoint
ATTEMPTS = 3
PAUSE = 1.0  # seconds; doubles with each attempt

_log = logging.getLogger("connector.connection")


class Kin(NamedTuple):
    """What a token needs of its connection: how to sign in anew, an HTTP seam (None: one of its own), the hosts.

    `seed` is what a record begins with.
    """

    again: str
    http: Any
    hosts: Sequence[str]
    seed: dict[str, Any]


class Tokens:
    """One connection's token; `key` is where the store keeps it."""

    def __init__(self, app: App, store: Store, key: str, kin: Kin) -> None:
        self.app, self.store, self.key = app, store, key
        self.again, self._http, self._hosts, self._seed = kin
        self._grant: Grant | None = None
        self._unsaved: dict[str, Any] | None = None
        self._renew_by = 0.0
        self._guard = threading.Lock()
        self._flight: Future[Grant] | None = None
        self._pid = os.getpid()

    def current(self, rejected: str | None, now: float) -> Signed | None:
        """Return the token at hand when it is good, without waiting; None when it must be renewed."""
        grant = self._grant
        if grant is None or grant.access_token == rejected:
            return None
        if now < self._renew_by or now - grant.obtained_at < oauth.COOLDOWN:
            return self._signed(grant)
        return None

    def flight(self, rejected: str | None, clock: Clock) -> Future[Grant]:
        """Return the renewal that is under way, or begin one."""
        if self._pid != os.getpid():  # a fork has the parent's locks and none of its threads
            self._guard, self._flight, self._pid = threading.Lock(), None, os.getpid()
        with self._guard:
            if self._flight is None or self._flight.done():
                self._flight = Future()
                self._flight.set_running_or_notify_cancel()
                work = (self._flight, rejected, clock)
                threading.Thread(target=self._fly, args=work, name="connector-token", daemon=False).start()
            return self._flight

    def wait(self, rejected: str | None, clock: Clock, seconds: float) -> Signed | ConnectorError:
        """Return a good token, waiting for a renewal at most `seconds`."""
        flight = self.flight(rejected, clock)
        try:
            return self._signed(flight.result(timeout=max(seconds, 0.0)))
        except TimeoutError:
            return self._too_late(seconds)
        except ConnectorError as error:
            return error

    async def wait_async(self, rejected: str | None, clock: Clock, seconds: float) -> Signed | ConnectorError:
        """As `wait`, in a task; cancelling the task leaves the renewal alone."""
        import asyncio  # noqa: PLC0415  a program without tasks need not load it

        waiting = asyncio.wrap_future(self.flight(rejected, clock))
        done, _ = await asyncio.wait({waiting}, timeout=max(seconds, 0.0))
        if not done:
            return self._too_late(seconds)
        error = waiting.exception()
        if error is None:
            return self._signed(waiting.result())
        if isinstance(error, ConnectorError):
            return error
        raise error

    def grant(self) -> Grant | None:
        """Return the token at hand, for `connections show` and revoking."""
        if self._grant is None:
            kept = self.store.read(self.key)
            return _grant_of(kept)
        return self._grant

    def _too_late(self, seconds: float) -> DeadlineError:
        message = f"No token within {seconds:.1f} s: its renewal still goes on."
        return DeadlineError(message, hint="Try again.", retryable=True, limit=seconds, elapsed=seconds)

    def _signed(self, grant: Grant) -> Signed:
        base = grant.api_url if grant.api_url and guard.may_carry(grant.api_url, self._hosts) else None
        header = ("Authorization", f"Bearer {grant.access_token}")
        return Signed(grant.access_token, headers=(header,), base_url=base, renewable=True)

    def _adopt(self, grant: Grant, clock: Clock) -> Grant:
        """Take a grant as the one at hand; when to renew it is drawn, so that siblings do not all come at once."""
        life = max(grant.expires_at - grant.obtained_at, 0.0)
        leeway = min(oauth.LONGEST_LEEWAY, life / 10)
        self._renew_by = grant.expires_at - leeway * (0.75 + 0.25 * clock.jitter())
        self._grant = grant
        return grant

    def _fly(self, flight: Future[Grant], rejected: str | None, clock: Clock) -> None:
        try:
            with self.store.lock(self.key, LOCK_TIMEOUT):
                grant = self._renewed(rejected, clock)
        except BaseException as error:  # noqa: BLE001  every waiter must hear of it
            flight.set_exception(error)
        else:
            flight.set_result(grant)

    def _renewed(self, rejected: str | None, clock: Clock) -> Grant:
        """Return a good grant: a sibling's from the store, or a new one. Runs under the store's lock."""
        now = clock.time()
        kept = self._settled(self.store.read(self.key))
        held = _grant_of(kept) or self._grant
        if held is not None and held.access_token != rejected and held.fresh(now):
            return self._adopt(held, clock)
        record = dict(kept.data if kept else self._seed)
        self._refuse_dead(record)
        if held is not None and held.access_token == rejected and now - held.obtained_at < oauth.COOLDOWN:
            message = "The service does not accept a token that is younger than a minute."
            raise SignInError(message, hint=f"If it stays so, {self.again}", outcome="rejected")
        made = self._request(held)
        if made is None:
            raise SignInError("The connection holds no refresh token.", hint=self.again)
        self.store.prepare(self.key)
        interrupted = record.get("intent")
        record["intent"] = {"at": now, "pid": os.getpid()}
        version = self.store.write(self.key, record, version=kept.version if kept else 0)
        answer = self._ask(made, held, clock)
        if isinstance(answer, Grant):
            return self._adopt(self._keep(record, answer, held, version), clock)
        return self._refused(answer, record, interrupted, clock)

    def _request(self, held: Grant | None) -> tuple[Request, Signed] | None:
        url = self.app.token_url
        if not (guard.may_carry(url, self._hosts) or guard.is_loopback_url(url)):
            message = "The token URL is not https at one of the connector's hosts; the secret was not sent."
            raise SignInError(message, hint="Look at tokenUrl, and at the manifest's hosts.")
        return oauth.renewal_request(self.app, held)

    def _ask(self, made: tuple[Request, Signed], held: Grant | None, clock: Clock) -> Grant | Refusal:
        """Ask the token endpoint; what is its own trouble is tried again, a lost reply once."""
        request, signed = made
        http = self._http if self._http is not None else choose(None, asynchronous=False)
        lost = False
        answer: Grant | Refusal = Refusal("later", "no reply")
        try:
            for attempt in range(ATTEMPTS):
                if attempt:
                    clock.wait(PAUSE * 2 ** (attempt - 1) * (0.5 + clock.jitter()), threading.Event())
                got = http.send(request, signed, time.monotonic() + SEND_TIMEOUT, None, None)
                answer = _read(self.app, got, clock.time(), held)
                if isinstance(answer, Grant) or answer.fault != "later" or (lost and _maybe(got)):
                    break
                lost = lost or _maybe(got)
        finally:
            if http is not self._http:
                http.close()
        if isinstance(answer, Refusal) and lost:
            return replace(answer, message=f"{answer.message}; an earlier reply of the token endpoint was lost")
        return answer

    def _keep(self, record: dict[str, Any], grant: Grant, held: Grant | None, version: int) -> Grant:
        """Make a new grant durable before it is used; a newer sign-in wins over it."""
        gone = oauth.shrunk(grant, held)
        if gone:
            _log.warning("connection %s: the new token lacks scopes it had: %s", self.key, ", ".join(gone))
        fresh = {**record, "grant": grant.to_dict(), "intent": None, "dead": None}
        try:
            self.store.write(self.key, fresh, version=version)
        except StoreError as error:
            newer = _grant_of(self.store.read(self.key)) if error.conflict else None
            if newer is not None:
                return newer
            self._unsaved = fresh
            _log.error("connection %s: the new token is in memory only: %s", self.key, error)
        return grant

    def _settled(self, kept: Kept | None) -> Kept | None:
        """Write what could not be written before, unless the store has something newer."""
        if self._unsaved is None or kept is None:
            return kept
        if (_grant_of(kept) or _NONE).obtained_at > _obtained(self._unsaved):
            self._unsaved = None
            return kept
        self.store.write(self.key, self._unsaved, version=kept.version)
        self._unsaved = None
        return self.store.read(self.key)

    def _refuse_dead(self, record: dict[str, Any]) -> None:
        dead = record.get("dead")
        if dead:
            when = waits.moment(dead["at"]).isoformat(timespec="seconds")
            raise SignInError(f"The connection ended at {when}: {dead['why']}.", hint=self.again)

    def _refused(self, answer: Refusal, record: dict[str, Any], interrupted: Any, clock: Clock) -> Grant:
        """Judge a refusal: a sibling may have won; only a final answer ends the connection."""
        kept = self.store.read(self.key)
        held, before = _grant_of(kept), record.get("grant") or {}
        if held is not None and held.refresh_token != before.get("refresh_token"):
            return self._adopt(held, clock)
        if answer.fault in ("grant", "client") and kept is not None:
            why = _why(answer, interrupted)
            ended = {**kept.data, "intent": None, "dead": {"at": clock.time(), "why": why}}
            self.store.write(self.key, ended, version=kept.version)
            raise SignInError(f"The connection can no longer be renewed: {why}.", hint=self.again)
        if answer.fault == "later":
            at = waits.moment(answer.retry_at) if answer.retry_at else None
            hint = "The connection is kept; try again later."
            raise ServiceDown(f"No new token: {answer.message}.", hint=hint, retry_at=at, outcome="not_sent")
        raise SignInError(f"No new token: {answer.message}.", hint="Check the connection's inputs.")


_NONE = Grant("", 0.0)


def _obtained(record: dict[str, Any]) -> float:
    return Grant.from_dict(record["grant"]).obtained_at


def _grant_of(kept: Kept | None) -> Grant | None:
    grant = kept.data.get("grant") if kept else None
    return Grant.from_dict(grant) if grant else None


def _why(answer: Refusal, interrupted: Any) -> str:
    if answer.fault == "grant" and interrupted:
        when = waits.moment(interrupted["at"]).isoformat(timespec="seconds")
        lost = "the service issued a token that was never received"
        return f"a renewal was interrupted at {when}, and {lost} ({answer.code})"
    return answer.message


def _maybe(got: Any) -> bool:
    return isinstance(got, Failure) and got.sent == "maybe"


def _read(app: App, got: Reply | Failure, now: float, held: Grant | None) -> Grant | Refusal:
    if isinstance(got, Reply):
        return oauth.read_token(app, got, now, held)
    if got.final:
        raise TransportError(f"The token endpoint: {got.message}.", kind=got.kind, outcome="not_sent")
    return Refusal("later", f"the token endpoint: {got.message}")
