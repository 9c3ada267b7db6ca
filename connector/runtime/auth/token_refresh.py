"""One renewal of a connection's token, under its store's lock: the new one is durable before it is used.

Every write names the version of the record (connection_record.py) that it follows, so that a sign-in during a renewal
wins over it.
"""

from __future__ import annotations

import atexit
import copy
import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.core.auth import oauth
from connector.core.auth import token_set as grants
from connector.core.auth.oauth import App
from connector.core.auth.token_set import COOLDOWN, Grant
from connector.errors import ApiError, ConnectorError, SignInError, StoreError, TransportError
from connector.runtime.auth import connection_record, token_endpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.core.auth.oauth import Asked
    from connector.definition.manifest import ConnectionKind
    from connector.runtime.clock import Clock
    from connector.runtime.storage.open import Kept, Store

LOCK_TIMEOUT = 120.0  # seconds to wait for another process's renewal, which may itself have to try thrice
SAVE_AGAIN = 5.0  # seconds between two tries to keep what could not be kept
REST = 30.0  # seconds that a token is used on when its renewal failed and it has not ended
LOOKS = 10  # how often somebody else may write while a renewal is under way

_log = logging.getLogger("connector.connection")


@dataclass(frozen=True, slots=True, repr=False)
class Owner:
    """What renewing needs of a connection.

    Its app; its store and key there; the hosts that secrets may go to; what its record begins with; how to sign in
    again; whether its store outlives the process; its kind, when its inputs are those of its record and may be given
    anew by a sign-in elsewhere; an HTTP seam (None: one of its own).
    """

    app: App
    store: Store
    key: str
    hosts: Sequence[str]
    seed: dict[str, Any]
    again: str
    lasting: bool = True
    follows: ConnectionKind | None = None
    http: Any = None

    def app_of(self, kept: Kept | None) -> App:
        """Return the app that a record is renewed with."""
        if self.follows is None or kept is None or kept.data["kind"] != self.seed["kind"]:
            return self.app
        return App.of(self.follows, kept.data["inputs"])


class _Unsaved(NamedTuple):
    grant: Grant
    replaces: Grant | None  # what the store still has
    tried_at: float


class Renewal:
    """Gets a good token: the one at hand, one that a sibling has kept, or a new one. Only one thread may `renew`."""

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self._grant: Grant | None = None
        self._unsaved: _Unsaved | None = None
        self._failed_at = 0.0
        self._made: tuple[str | None, float] = (None, 0.0)  # the last token made here, and when, monotonic
        self._closed: tuple[float, ConnectorError] | None = None
        self._dead: tuple[int, dict[str, Any]] | None = None  # what the record of a version should say, and cannot

    def at_hand(self, rejected: str | None, now: float) -> Grant | None:
        """Return the grant in memory when it is good; None when there is something to do first."""
        grant, unsaved = self._grant, self._unsaved
        if grant is None or grant.access_token == rejected:
            return None
        if unsaved is not None and not 0.0 <= now - unsaved.tried_at < SAVE_AGAIN:
            return None
        resting = now < grant.expires_at and 0.0 <= now - self._failed_at < REST
        return grant if resting or grant.fresh(now) else None

    def known(self) -> Grant | None:
        """Return the grant in memory, else the store's, good or not."""
        return self._grant or connection_record.grant_of(connection_record.read(self.owner.store, self.owner.key))

    def renew(self, rejected: str | None, clock: Clock) -> Grant:
        """Return a good grant that is not the rejected one. Raises ConnectorError."""
        store, key, now = self.owner.store, self.owner.key, clock.time()
        try:
            if self._unsaved is None and (found := connection_record.good(store, key, rejected, now)):
                self._grant = found
                return found
            with store.lock(key, LOCK_TIMEOUT):
                for left in reversed(range(LOOKS)):
                    try:
                        self._grant = grant = self._renewed(rejected, clock)
                        break
                    except StoreError as error:
                        if not error.conflict or not left:
                            raise
        except StoreError as error:
            grant = self._used_on(self._grant, rejected, error, clock)
        return grant

    def _renewed(self, rejected: str | None, clock: Clock) -> Grant:
        now = clock.time()
        trouble = self._save_again(now)
        kept = connection_record.read(self.owner.store, self.owner.key)
        held = self._unsaved.grant if self._unsaved else connection_record.grant_of(kept)
        self._refuse_gone(kept, held)
        if held is None:
            return self._next(kept, None, clock)
        lately = held.young(now) or self._made_lately(held, clock)
        if held.access_token != rejected and (lately or held.fresh(now)):
            return held
        if held.access_token == rejected and lately:
            hint = f"Look at what it may do, and try again later. {self.owner.again}"
            raise SignInError(
                "The service refuses a token that is younger than a minute.", hint=hint, outcome="rejected"
            )
        try:
            if trouble is not None and held.refresh_token:
                raise trouble
            return self._next(kept, held, clock)
        except (StoreError, TransportError, ApiError) as error:
            return self._used_on(held, rejected, error, clock)

    def _used_on(self, held: Grant | None, rejected: str | None, error: ConnectorError, clock: Clock) -> Grant:
        """Return the token at hand while it lasts, since there is no newer one; where it does not, raise why."""
        now, conflict = clock.time(), getattr(error, "conflict", False)
        if held is None or conflict or held.access_token == rejected or now >= held.expires_at:
            raise error
        _log.warning("connection %s: the token is not renewed, and used while it lasts: %s", self.owner.key, error)
        self._failed_at = now
        return held

    def _next(self, kept: Kept | None, held: Grant | None, clock: Clock) -> Grant:
        """Ask for a new grant and keep it."""
        app = self.owner.app_of(kept)
        asked = self._request(app, held, clock)
        record = dict(kept.data if kept else self.owner.seed)
        before, version = record.get("intent"), kept.version if kept else 0
        if held is not None and held.refresh_token:
            self.owner.store.prepare(self.owner.key)
            if before is None:
                record["intent"] = {"at": clock.time(), "pid": os.getpid()}
                version = self.owner.store.write(self.owner.key, record, version=version)
        answer = token_endpoint.insist(asked, self.owner.http, clock, held)
        if isinstance(answer, Grant):
            return self._keep(answer, held, clock)
        if answer.fault in ("grant", "client"):
            why = connection_record.why(answer, record.get("intent") if before or answer.lost else None)
            dead = {"at": clock.time(), "why": why, "of": oauth.mark(app, held)}
            noted = self._note({**record, "intent": None, "dead": dead}, version)
            self._dead = None if noted else (version, dead)
            self._grant = None
            message = f"The connection can no longer be renewed: {why}."
            raise SignInError(message, hint=self.owner.again, status=answer.status or None, code=answer.code)
        if before is None and record.get("intent") and not answer.lost:
            self._note({**record, "intent": None}, version)
        error = token_endpoint.failed(answer, inputs="Look at the connection's inputs, and at what stands between.")
        if answer.retry_at is not None:
            wait = min(answer.retry_at - clock.time(), COOLDOWN)
            self._closed = (clock.monotonic() + wait, error)
        raise error

    def _request(self, app: App, held: Grant | None, clock: Clock) -> Asked:
        """Return the request for the next grant. Raises what makes sending it wrong or useless."""
        if not token_endpoint.may_ask(app.token_url, self.owner.hosts):
            message = "The token URL is not https at one of the connector's hosts; the secret was not sent."
            raise SignInError(message, hint="Look at tokenUrl, and at the manifest's hosts.")
        asked = oauth.renewal_request(app, held)
        if asked is None:
            what = "is not signed in" if held is None else "holds no refresh token, so its token cannot be renewed"
            raise SignInError(f"The connection {what}.", hint=self.owner.again)
        if self._closed is not None and clock.monotonic() < self._closed[0]:
            raise copy.copy(self._closed[1])
        return asked

    def _keep(self, grant: Grant, held: Grant | None, clock: Clock) -> Grant:
        """Make a new grant durable; when the store cannot, it lives in memory until the store can."""
        gone = grants.shrunk(grant, held)
        if gone:
            _log.warning("connection %s: the new token lacks scopes it had: %s", self.owner.key, ", ".join(gone))
        if not self.owner.lasting and grant.refresh_token and held and grant.refresh_token != held.refresh_token:
            hint = "give store= and name= to keep it"
            _log.warning("connection %s: the new refresh token ends with this process; %s", self.owner.key, hint)
        self._made = (grant.access_token, clock.monotonic())
        replaces = self._unsaved.replaces if self._unsaved else held
        try:
            kept = self._save(grant, replaces)
        except StoreError as error:
            self._unsaved = _Unsaved(grant, replaces, clock.time())
            atexit.unregister(self._at_exit)  # once is enough
            atexit.register(self._at_exit)
            ends = "it ends with this process unless it can be kept before"
            _log.error("connection %s: the new token is in memory only, and %s: %s", self.owner.key, ends, error)
            return grant
        self._unsaved = None
        return kept

    def _save(self, grant: Grant, replaces: Grant | None) -> Grant:
        """Keep a grant; but what a sign-in has kept since is newer, and is returned. Raises StoreError."""
        for left in reversed(range(LOOKS)):
            kept = connection_record.read(self.owner.store, self.owner.key)
            found = connection_record.grant_of(kept)
            if found != replaces:
                self._refuse_gone(kept, replaces)
                return found or grant
            record = kept.data if kept else self.owner.seed
            record = {**record, "grant": grant.to_dict(), "intent": None, "dead": None}
            try:
                self.owner.store.write(self.owner.key, record, version=kept.version if kept else 0)
                break
            except StoreError as error:
                if not error.conflict or not left:
                    raise
        return grant

    def _save_again(self, now: float) -> StoreError | None:
        """Keep what could not be kept; return why that still cannot be done."""
        if self._unsaved is None:
            return None
        try:
            self._grant = self._save(self._unsaved.grant, self._unsaved.replaces)
        except StoreError as error:
            self._unsaved = self._unsaved._replace(tried_at=now)
            _log.error("connection %s: the token is still in memory only: %s", self.owner.key, error)
            return error
        self._unsaved = None
        _log.warning("connection %s: the token that was in memory only is kept now", self.owner.key)
        return None

    def _at_exit(self) -> None:
        """Try a last time to keep what could not be kept; say so when it is lost."""
        if self._unsaved is None:
            return
        try:
            with self.owner.store.lock(self.owner.key, SAVE_AGAIN):
                trouble: ConnectorError | None = self._save_again(self._unsaved.tried_at)
        except ConnectorError as error:
            trouble = error
        if trouble is not None:
            lost = "this process ends, and with it the only token"
            _log.error("connection %s: %s: %s %s", self.owner.key, lost, trouble, self.owner.again)

    def _note(self, record: dict[str, Any], version: int) -> bool:
        """Write what helps later; return whether it is kept, since a store that fails must not hide what happened.

        Raises StoreError for a conflict.
        """
        try:
            self.owner.store.write(self.owner.key, record, version=version)
        except StoreError as error:
            if error.conflict:
                raise
            _log.error("connection %s: %s", self.owner.key, error)
            return False
        return True

    def _refuse_gone(self, kept: Kept | None, held: Grant | None) -> None:
        """Raise SignInError for a connection that was removed from its store, or that the service has ended."""
        unsaved = self._unsaved is not None and self._unsaved.replaces is None
        if kept is None and not unsaved and (held or self._grant) is not None:
            self._grant = self._unsaved = None
            message = "The connection is no longer in its store: it was removed, or kept aside as damaged."
            raise SignInError(message, hint=self.owner.again)
        dead = kept.data.get("dead") if kept else None
        if self._dead and self._dead[0] == (kept.version if kept else 0):
            dead = self._dead[1]
        if dead and dead["of"] == oauth.mark(self.owner.app_of(kept), held):
            self._grant = None
            when = connection_record.when(dead["at"])
            raise SignInError(f"The connection ended at {when}: {dead['why']}.", hint=self.owner.again)

    def _made_lately(self, held: Grant, clock: Clock) -> bool:
        token, at = self._made
        return held.access_token == token and clock.monotonic() - at < COOLDOWN
