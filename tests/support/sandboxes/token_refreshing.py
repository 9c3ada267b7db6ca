"""A TokenRefresher alone: an endpoint that answers from a list, and a store that records operations."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.core.auth.oauth_client import OAuthClient
from connector.core.auth.token_set import TokenSet
from connector.core.response.reply import Failure, Reply
from connector.runtime.auth.connection_record import ConnectionRecord
from connector.runtime.auth.refresh_context import RefreshContext
from connector.runtime.auth.token_refresh import TokenRefresher
from connector.runtime.files import private_files
from connector.runtime.storage.memory_store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from connector.runtime.storage.store import StoredRecord

START = 1_800_000_000.0  # of the given clock, which has run for some time when a test begins
NOW = START + 1000.0
KEY = "connection:zoom:work"
AGAIN = "Sign in again: connector connect work"
URL = "http://127.0.0.1:9/token"  # nobody listens there, should anything really be sent
SEED: dict[str, Any] = {"kind": "user", "inputs": {}, "grant": None, "intent": None, "dead": None, "hosts": []}
UNSIGNED = ConnectionRecord("user", {})
USER = OAuthClient("oauth2", URL, "id-1", "canary-secret")
ACCOUNT = OAuthClient("oauth2_account_credentials", URL, "id-1", "canary-secret", account_id="acc-1")
ENDED = TokenSet("canary-old", NOW - 1, NOW - 3601, "canary-refresh", ("a",))
LASTS = TokenSet("canary-old", NOW + 60, NOW - 3540, "canary-refresh", ("a",))  # for a minute, and is renewed before
THEIRS = TokenSet("canary-theirs", NOW + 3600, NOW, "canary-their-refresh")
LOST = Failure("read", "no reply", sent="maybe")


def granted(number: int = 1, **more: Any) -> Reply:
    """A reply with the tokens of a number; None leaves one out."""
    said = {"access_token": f"canary-new-{number}", "refresh_token": f"canary-refresh-{number}", "expires_in": 3600}
    left = {key: value for key, value in {**said, **more}.items() if value is not None}
    return Reply(200, (), json.dumps(left).encode())


def refused(error: str = "invalid_grant", status: int = 400) -> Reply:
    """A reply that refuses."""
    return Reply(status, (), json.dumps({"error": error, "error_description": "No."}).encode())


def busy(status: int = 429, after: int = 20) -> Reply:
    """A reply that asks for a longer delay than a refresh waits."""
    return Reply(status, (("retry-after", str(after)),), b"")


class Endpoint:
    """A transport that returns these answers in order; `meanwhile` runs during each request."""

    def __init__(self, *answers: Reply | Failure) -> None:
        self.answers = list(answers)
        self.forms: list[dict[str, str]] = []
        self.clients: list[str] = []
        self.meanwhile: Callable[[], Any] = lambda: None

    def send(self, request: Any, credential: Any, *_: Any) -> Reply | Failure:
        """Answer the next."""
        self.forms.append(dict(request.body.value))
        self.clients.append(credential.secret)
        self.meanwhile()
        return self.answers.pop(0)


class Watched(MemoryStore):
    """A store that records its operations; `on` sees each beforehand, and may raise."""

    def __init__(self) -> None:
        super().__init__()
        self.did: list[tuple[Any, ...]] = []
        self.on: Callable[[str, Mapping[str, Any]], None] = lambda name, data: None

    def _note(self, name: str, *what: Any, data: Mapping[str, Any] | None = None) -> None:
        self.did.append((name, *what))
        self.on(name, data or {})

    def read(self, key: str) -> StoredRecord | None:
        """As any store."""
        self._note("read")
        return super().read(key)

    def write(self, key: str, data: Mapping[str, Any], *, version: int | None = None) -> int:
        """As any store."""
        self._note("write", version, data=data)
        return super().write(key, data, version=version)

    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """As any store."""
        self._note("lock", key, timeout)
        return super().lock(key, timeout)

    def prepare(self, key: str, size: int = 16_384) -> None:
        """As any store."""
        self._note("prepare", key)
        super().prepare(key, size)

    def begin(self, grant: TokenSet | None, **more: Any) -> None:
        """Store a record, as another process."""
        MemoryStore.write(self, KEY, {**SEED, "grant": grant and grant.to_dict(), **more})

    def end(self) -> None:
        """Remove the record, as another process."""
        MemoryStore.remove(self, KEY)

    def has(self) -> dict[str, Any]:
        """The record."""
        kept = MemoryStore.read(self, KEY)
        assert kept is not None
        return kept.data

    def version(self) -> int:
        """The record's version."""
        kept = MemoryStore.read(self, KEY)
        return kept.version if kept else 0

    def count(self, name: str) -> int:
        """How often an operation was done."""
        return [one[0] for one in self.did].count(name)


def fails(*names: str, only: Callable[[Mapping[str, Any]], bool] = lambda data: True) -> Any:
    """A disk on which these steps fail, or those of them with such data."""

    def on(name: str, data: Mapping[str, Any]) -> None:
        if name in names and only(data):
            raise private_files.build_store_error(OSError(errno.EIO, os.strerror(errno.EIO)), Path("/disk/store"))

    return on


def new(data: Mapping[str, Any]) -> bool:
    """Whether a record has a newly issued token."""
    return bool(data["grant"]) and data["grant"]["access_token"].startswith("canary-new")


def as_kept(grant: TokenSet) -> dict[str, Any]:
    """A token as the record stores it."""
    made: dict[str, Any] = json.loads(json.dumps(grant.to_dict()))
    return made


def owned(store: Watched, endpoint: Endpoint, app: OAuthClient = USER, **more: Any) -> TokenRefresher:
    """The refresher of a connection."""
    return TokenRefresher(RefreshContext(app, store, KEY, ["zoom.us"], UNSIGNED, AGAIN, http=endpoint, **more))
