"""Refresh a token under the store's lock, and store it before it is used.

Every write names the version of the record that it follows, so a sign-in during a refresh wins over it.
"""

from __future__ import annotations

import copy
import logging
import os
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from connector.core.auth import oauth
from connector.core.auth.token_set import REFRESH_COOLDOWN, TokenSet
from connector.errors import ApiError, ConnectorError, SignInError, StoreError, TransportError
from connector.runtime.auth import connection_record, token_endpoint, unsaved_tokens
from connector.runtime.auth.connection_record import RefreshIntent, RevokedCredential

if TYPE_CHECKING:
    from connector.core.auth.oauth import TokenFailure
    from connector.runtime.auth.connection_record import ConnectionRecord
    from connector.runtime.auth.refresh_context import RefreshContext
    from connector.runtime.clock import Clock

LOCK_TIMEOUT = 120.0  # seconds to wait for another process's refresh, which may take three attempts
SAVE_RETRY_INTERVAL = 5.0  # seconds between attempts to store a token that could not be stored
REFRESH_FAILURE_GRACE = 30.0  # seconds that an unexpired token is used after its refresh failed
MAX_CONFLICTS = 10  # writes by others during one refresh

_log = logging.getLogger("connector.connection")


class _PendingSave(NamedTuple):
    token_set: TokenSet
    replaces: TokenSet | None  # the token that the store still has
    tried_at: float


class TokenRefresher:
    """Returns the cached token, one that another process stored, or a new one. Only one thread may `refresh`."""

    def __init__(self, context: RefreshContext) -> None:
        self.context = context
        self.base_url: str | None = None  # that the owner of the process names for all requests
        self.is_sending = False  # whether a refresh token is spent, and its reply not stored
        self._token_set: TokenSet | None = None
        self._pending_save: _PendingSave | None = None
        self._failed_at = 0.0
        self._last_issued: tuple[str | None, float] = (None, 0.0)  # the last token issued here, and its monotonic time
        self._backoff: tuple[float, ConnectorError] | None = None
        self._unsaved_revocation: tuple[int, RevokedCredential] | None = None  # of the record with that version

    def get_cached(self, rejected_token: str | None, now: float) -> TokenSet | None:
        """Return the cached token if it is fresh; None if it must be refreshed or stored first."""
        token_set, pending_save = self._token_set, self._pending_save
        if token_set is None or token_set.access_token == rejected_token:
            return None
        if pending_save is not None and not 0.0 <= now - pending_save.tried_at < SAVE_RETRY_INTERVAL:
            return None
        in_grace = now < token_set.expires_at and 0.0 <= now - self._failed_at < REFRESH_FAILURE_GRACE
        return token_set if in_grace or token_set.is_fresh(now) else None

    def read_token_set(self) -> TokenSet | None:
        """Return the cached token, else the stored one, whether or not it is fresh."""
        if self._token_set is None:
            record = self.context.read_record()
            return record.token_set if record else None
        return self._token_set

    def refresh_for_scope(self, lacking_token: str | None, clock: Clock) -> TokenSet:
        """Return a token that may have a scope which this one lacks; the same one if there is no other now.

        A new token of a person has the scopes of the old one, so it has to be in the store already.
        """
        if self.context.oauth_client.needs_person:
            return self.refresh(None, clock)
        return self.refresh(lacking_token, clock, is_valid=True)

    def refresh(self, rejected_token: str | None, clock: Clock, *, is_valid: bool = False) -> TokenSet:
        """Return a fresh token other than the rejected one; that one if it `is_valid` and there is no other.

        Raises ConnectorError.
        """
        store, key, now = self.context.store, self.context.key, clock.time()
        try:
            if self._pending_save is None and (stored_token_set := self.context.read_fresh_token(rejected_token, now)):
                self._token_set = stored_token_set
                return stored_token_set
            with store.lock(key, LOCK_TIMEOUT):
                for attempts_left in reversed(range(MAX_CONFLICTS)):
                    try:
                        self._token_set = self._refresh_locked(rejected_token, clock, is_valid=is_valid)
                    except StoreError as error:
                        if not error.conflict or not attempts_left:
                            raise
                    else:
                        return self._token_set
        except StoreError as error:
            return self._keep_using(self._token_set, None if is_valid else rejected_token, error, clock)
        raise AssertionError("the last conflict raises")

    def _refresh_locked(self, rejected_token: str | None, clock: Clock, *, is_valid: bool) -> TokenSet:
        now = clock.time()
        save_error = self._retry_save(now)
        record = self.context.read_record()
        self.context.check_kind(record)
        current = self._pending_save.token_set if self._pending_save else record.token_set if record else None
        self._check_not_revoked(record, current)
        if current is None:
            return self._request_new(record, None, clock)
        is_recent = current.is_in_cooldown(now) or self._is_just_issued(current, clock)
        if current.access_token != rejected_token and (is_recent or current.is_fresh(now)):
            return current
        if is_recent and is_valid:
            return current
        if current.access_token == rejected_token and is_recent:
            hint = f"A call in a minute renews it; if that fails, check its permissions. {self.context.sign_in_hint}"
            raise SignInError(
                "The service rejects a token that is less than a minute old.", hint=hint, outcome="rejected"
            )
        try:
            if save_error is not None and current.refresh_token:
                raise save_error
            return self._request_new(record, current, clock)
        except (StoreError, TransportError, ApiError) as error:
            return self._keep_using(current, None if is_valid else rejected_token, error, clock)

    def _keep_using(
        self, current: TokenSet | None, rejected_token: str | None, error: ConnectorError, clock: Clock
    ) -> TokenSet:
        """Return the current token while it is valid, because no newer one can be had; else raise the error."""
        now, is_conflict = clock.time(), getattr(error, "conflict", False)
        if current is None or is_conflict or current.access_token == rejected_token or now >= current.expires_at:
            raise error
        _log.warning("connection %s: the token is not renewed, and used while it lasts: %s", self.context.key, error)
        self._failed_at = now
        return current

    def _request_new(self, stored: ConnectionRecord | None, current: TokenSet | None, clock: Clock) -> TokenSet:
        """Request a new token and store it; a refresh token is at stake until then."""
        oauth_client = self.context.oauth_client_for(stored)
        fields = oauth_client.token_fields
        token_request = self.context.build_request(oauth_client, current, clock.time(), self.base_url)
        if self._backoff is not None and clock.monotonic() < self._backoff[0]:
            raise copy.copy(self._backoff[1])
        record = stored or self.context.initial_record
        if current is None or not current.refresh_token:
            answer = token_endpoint.request_token_with_retries(token_request, self.context.http, clock, current, fields)
            return self._take(answer, record, current, clock)
        self.context.store.prepare(self.context.key)
        self.is_sending = True
        try:
            unsaved_tokens.register(self)
            had_intent = record.intent is not None
            if not had_intent:
                intent = RefreshIntent(clock.time(), os.getpid())
                record = self.context.write_record(replace(record, intent=intent))
            answer = token_endpoint.request_token_with_retries(token_request, self.context.http, clock, current, fields)
            return self._take(answer, record, current, clock, had_intent=had_intent)
        finally:
            self.is_sending = False

    def _take(
        self,
        answer: TokenSet | TokenFailure,
        record: ConnectionRecord,
        current: TokenSet | None,
        clock: Clock,
        *,
        had_intent: bool = False,
    ) -> TokenSet:
        """Store what an answer brought, then return the token or raise the failure."""
        if isinstance(answer, TokenSet):
            return self._persist(answer, current, clock)
        if answer.issued is not None:
            self._token_set = self._persist(answer.issued, current, clock)
        elif answer.category in ("grant", "client"):
            raise self._end(answer, record, current, clock.time(), had_intent=had_intent)
        elif not had_intent and record.intent and not answer.may_be_issued:
            self._try_write(replace(record, intent=None))
        error = token_endpoint.build_token_error(answer, hint="Check the connection's inputs and the network between.")
        if answer.retry_at is not None:
            delay = min(answer.retry_at - clock.time(), REFRESH_COOLDOWN)
            self._backoff = (clock.monotonic() + delay, error)
        raise error

    def _end(
        self, answer: TokenFailure, record: ConnectionRecord, current: TokenSet | None, now: float, *, had_intent: bool
    ) -> SignInError:
        """Record that the service has ended the connection; return the error that says so."""
        lost_refresh = record.intent if had_intent or answer.may_be_issued else None
        reason = connection_record.revocation_reason(answer, lost_refresh)
        fingerprint = oauth.fingerprint_credential(self.context.oauth_client_for(record), current)
        revocation = RevokedCredential(now, reason, fingerprint)
        is_saved = self._try_write(replace(record, intent=None, revocation=revocation))
        self._unsaved_revocation = None if is_saved else (record.version, revocation)
        self._token_set = None
        message = f"The connection can no longer be renewed: {reason}."
        return SignInError(message, hint=self.context.sign_in_hint, status=answer.status or None, code=answer.code)

    def _persist(self, token_set: TokenSet, current: TokenSet | None, clock: Clock) -> TokenSet:
        """Store a new token; if that fails, keep it in memory until the store works again."""
        self.context.log_changes(token_set, current)
        if current is None or token_set.access_token != current.access_token:
            self._last_issued = (token_set.access_token, clock.monotonic())
        replaces = self._pending_save.replaces if self._pending_save else current
        try:
            saved = self._save(token_set, replaces)
        except StoreError as error:
            self._pending_save = _PendingSave(token_set, replaces, clock.time())
            unsaved_tokens.register(self)
            message = (
                "connection %s: the new token is in memory only, and it ends with this process unless it can be kept"
            )
            _log.error(f"{message} before: %s", self.context.key, error)
            return token_set
        self._pending_save = None
        return saved

    def _save(self, token_set: TokenSet, replaces: TokenSet | None) -> TokenSet:
        """Store a token, or return the newer one of a sign-in since. Raises StoreError."""
        for attempts_left in reversed(range(MAX_CONFLICTS)):
            stored = self.context.read_record()
            stored_token_set = stored.token_set if stored else None
            if stored_token_set != replaces:
                self._check_not_revoked(stored, replaces)
                return stored_token_set or token_set
            record = stored or self.context.initial_record
            try:
                self.context.write_record(replace(record, token_set=token_set, intent=None, revocation=None))
                break
            except StoreError as error:
                if not error.conflict or not attempts_left:
                    raise
        return token_set

    def _retry_save(self, now: float) -> StoreError | None:
        """Try again to store the pending token; return the error if that still fails."""
        if self._pending_save is None:
            return None
        try:
            self._token_set = self._save(self._pending_save.token_set, self._pending_save.replaces)
        except StoreError as error:
            self._pending_save = self._pending_save._replace(tried_at=now)
            _log.error("connection %s: the token is still in memory only: %s", self.context.key, error)
            return error
        self._pending_save = None
        _log.warning("connection %s: the token that was in memory only is kept now", self.context.key)
        return None

    @property
    def has_unsaved_token(self) -> bool:
        """Whether the only refresh token is in memory."""
        return self._pending_save is not None and self._pending_save.token_set.refresh_token is not None

    def try_to_save(self) -> ConnectorError | None:
        """Try once more to store the pending token; return the error if that fails."""
        pending_save = self._pending_save
        if pending_save is None:
            return None
        try:
            with self.context.store.lock(self.context.key, SAVE_RETRY_INTERVAL):
                return self._retry_save(pending_save.tried_at)
        except ConnectorError as error:
            return error

    def _try_write(self, record: ConnectionRecord) -> bool:
        """Write a record if possible; return whether it was stored, so a store error hides no other error.

        Raises StoreError for a conflict.
        """
        try:
            self.context.write_record(record)
        except StoreError as error:
            if error.conflict:
                raise
            _log.error("connection %s: %s", self.context.key, error)
            return False
        return True

    def _check_not_revoked(self, stored: ConnectionRecord | None, current: TokenSet | None) -> None:
        """Raise SignInError for a connection that was removed from its store or ended by the service."""
        is_first_save = self._pending_save is not None and self._pending_save.replaces is None
        if stored is None and not is_first_save and (current or self._token_set) is not None:
            self._token_set = self._pending_save = None
            message = "The connection is no longer in its store: it was removed, or set aside as damaged."
            raise SignInError(message, hint=self.context.sign_in_hint)
        revocation = stored.revocation if stored else None
        if self._unsaved_revocation and self._unsaved_revocation[0] == (stored.version if stored else 0):
            revocation = self._unsaved_revocation[1]
        fingerprint = oauth.fingerprint_credential(self.context.oauth_client_for(stored), current)
        if revocation and revocation.of == fingerprint:
            self._token_set = None
            message = f"The connection ended at {connection_record.format_time(revocation.at)}: {revocation.why}."
            raise SignInError(message, hint=self.context.sign_in_hint)

    def _is_just_issued(self, current: TokenSet, clock: Clock) -> bool:
        access_token, issued_at = self._last_issued
        return current.access_token == access_token and clock.monotonic() - issued_at < REFRESH_COOLDOWN
