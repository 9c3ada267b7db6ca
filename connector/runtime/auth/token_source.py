"""Share one token refresh among all callers of a connection.

A refresh runs on its own short-lived thread, which the process waits for at its end. Other processes share its result
through the store.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connector.core import url_policy
from connector.core.auth.token_set import REFRESH_COOLDOWN
from connector.errors import ConnectorError
from connector.runtime.auth import shared_work
from connector.runtime.auth.credential_source import CredentialSource
from connector.runtime.auth.shared_work import SharedWork
from connector.runtime.auth.token_refresh import TokenRefresher

if TYPE_CHECKING:
    from concurrent import futures

    from connector.core.auth.token_set import TokenSet
    from connector.core.request.credential import Credential
    from connector.runtime.auth.refresh_context import RefreshContext
    from connector.runtime.clock import Clock

_log = logging.getLogger("connector.connection")
_MAX_HOST_LENGTH = 253  # RFC 1035


class TokenSource(CredentialSource["TokenSet"]):
    """The token of one connection, refreshed once for all who need it."""

    def __init__(self, context: RefreshContext) -> None:
        self._context = context
        self._refresher = TokenRefresher(context)
        self._refreshes: SharedWork[TokenSet] = SharedWork(
            "connector-token", purpose="refresh the token", is_daemon=False
        )
        self._cached_credential: tuple[TokenSet, Credential] | None = None

    def get_cached(self, rejected_token: str | None, now: float) -> Credential | None:
        """Return the cached credential if its token is fresh, without waiting; else None."""
        token_set = self._refresher.get_cached(rejected_token, now)
        return None if token_set is None else self._to_credential(token_set)

    def use_base_url(self, base_url: str) -> None:
        """Let a session sign in at the base URL that the owner of the process names, as its calls do."""
        self._refresher.base_url = base_url

    def read_token_set(self) -> TokenSet | None:
        """Return the cached or stored token, whether or not it is fresh. Raises StoreError."""
        return self._refresher.read_token_set()

    def _start_or_join(
        self, rejected_token: str | None, clock: Clock, *, lacks_scope: bool
    ) -> futures.Future[TokenSet]:
        # the store's lock serializes refreshes for different tokens; a later one finds the token of an earlier one
        refresh = self._refresher.refresh_for_scope if lacks_scope else self._refresher.refresh
        return self._refreshes.start_or_join((rejected_token, lacks_scope), lambda: refresh(rejected_token, clock))

    def _get_result(
        self,
        work: futures.Future[TokenSet],
        clock: Clock,  # noqa: ARG002  a refreshed token needs no date
        seconds: float,
    ) -> Credential | ConnectorError:
        message = f"No token within {seconds:.1f} s: its refresh has not ended."
        token_set = shared_work.get_result(work, message, seconds)
        return token_set if isinstance(token_set, ConnectorError) else self._to_credential(token_set)

    def _to_credential(self, token_set: TokenSet) -> Credential:
        cached = self._cached_credential
        if cached is None or cached[0] is not token_set:
            is_self_issued = not self._context.oauth_client.needs_person
            credential = self._context.signer.sign(
                token_set.access_token,
                base_url=self._find_base_url(token_set.api_url),
                renewable=True,
                scopes=token_set.scopes,
                scopes_renewed_at=token_set.obtained_at + REFRESH_COOLDOWN if is_self_issued else None,
            )
            cached = self._cached_credential = (token_set, credential)
        return cached[1]

    def _find_base_url(self, named: str | None) -> str | None:
        """Return the base URL that a token names, by a URL or a host alone, if credentials may go there."""
        if not named:
            return None
        url = named if "://" in named else f"https://{named}"
        is_url = url_policy.has_url_characters(url)
        if not is_url or not url_policy.may_receive_credentials(url, self._context.allowed_hosts):
            _log.warning(
                "connection %s: the base URL that its token names (%r) is not at an allowed host, so the manifest's is "
                "used; if that host is the service's own, add it to `allowed_hosts`",
                self._context.key,
                url.partition("://")[2].partition("/")[0].rpartition("@")[2][:_MAX_HOST_LENGTH],
            )
            return None
        parts = urlsplit(url)
        return f"https://{parts.hostname}{parts.path.rstrip('/')}"
