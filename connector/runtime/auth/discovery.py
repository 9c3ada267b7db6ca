"""The addresses of an OAuth server by its discovery document (OpenID Connect Discovery 1.0, RFC 8414)."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from pydantic_core import from_json

from connector.core.request.builder import Request
from connector.core.request.credential import Credential
from connector.core.response.reply import Reply
from connector.errors import SignInError, TransportError
from connector.runtime.auth import token_endpoint
from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.core.auth.oauth_client import OAuthClient

DOCUMENT_PATH = "/.well-known/openid-configuration"
CACHE_SECONDS = 3600.0
_FIELDS = {  # of an OAuth client -> of the document
    "authorize_url": "authorization_endpoint",
    "token_url": "token_endpoint",
    "revoke_url": "revocation_endpoint",
    "device_authorization_url": "device_authorization_endpoint",
}
_MAX_DOCUMENTS = 256

_Documents = dict[str, tuple[float, dict[str, str]]]  # by issuer: when it was read, and the addresses

_documents: _Documents = {}
_documents_by_transport: WeakKeyDictionary[Any, _Documents] = (
    WeakKeyDictionary()
)  # a sandbox's say nothing of a service
_lock = ForkSafeLock()


def find_addresses(client: OAuthClient, http: Any, allowed_hosts: Sequence[str]) -> OAuthClient:
    """Return a client with the addresses that its issuer names and its definition does not.

    A document is read once an hour, over each transport that a program gives. Raises SignInError for a document that
    names other hosts or another issuer, TransportError.
    """
    if not client.issuer:
        return client
    named = _read_cached(client, http, allowed_hosts)
    missing: dict[str, Any] = {
        field: named[field] for field in _FIELDS if not getattr(client, field) and field in named
    }
    for field, url in missing.items():
        if not token_endpoint.is_allowed_url(url, allowed_hosts):
            message = f"The {_FIELDS[field]} that {client.issuer} names is not https at an allowed host."
            raise SignInError(message, hint=f"The hosts are {', '.join(allowed_hosts)}.")
    return replace(client, **missing)


def _read_cached(client: OAuthClient, http: Any, allowed_hosts: Sequence[str]) -> dict[str, str]:
    now = time.monotonic()
    with _lock:
        documents = _get_documents(http)
        cached = documents.get(client.issuer)
    if cached is not None and now - cached[0] < CACHE_SECONDS:
        return cached[1]
    if not token_endpoint.is_allowed_url(client.issuer, allowed_hosts):
        raise SignInError(
            f"The issuer {client.issuer} is not https at an allowed host.",
            hint=f"The hosts are {', '.join(allowed_hosts)}.",
        )
    document = _fetch(client, http)
    with _lock:
        if len(documents) >= _MAX_DOCUMENTS:
            documents.clear()
        documents[client.issuer] = now, document
    return document


def _get_documents(http: Any) -> _Documents:
    """Return what was read over a transport: the process's own, or one that a program gave."""
    if http is None:
        return _documents
    try:
        return _documents_by_transport.setdefault(http, {})
    except TypeError:  # nothing can hold it weakly, so nothing is kept of it
        return {}


def _fetch(client: OAuthClient, http: Any) -> dict[str, str]:
    parts = urlsplit(client.issuer.rstrip("/"))
    request = Request("GET", parts.path + DOCUMENT_PATH, base_url=f"{parts.scheme}://{parts.netloc}")
    reply = token_endpoint.send((request, Credential("", certificate=client.certificate)), http)
    if not isinstance(reply, Reply):
        message = f"The document of {client.issuer} could not be read: {reply.message}."
        raise TransportError(message, kind=reply.kind, retryable=not reply.final, hint="Try again later.")
    try:
        data = from_json(reply.body) if reply.is_success else None
    except ValueError:
        data = None
    if not isinstance(data, dict):
        message = f"The document of {client.issuer} could not be read: HTTP {reply.status}."
        raise SignInError(message, hint=f"Check `issuer`: its document is at {DOCUMENT_PATH}.", status=reply.status)
    if str(data.get("issuer", "")).rstrip("/") != client.issuer.rstrip("/"):
        raise SignInError(f"The document of {client.issuer} is that of another issuer.", hint="Check `issuer`.")
    return {field: data[name] for field, name in _FIELDS.items() if isinstance(data.get(name), str)}
