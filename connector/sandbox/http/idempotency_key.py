"""The idempotency key of a request to the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.core.json_path import get_at
from connector.sandbox.http.body_parser import BadBody, parse_any_body, unflatten

if TYPE_CHECKING:
    from connector.definition.manifest import Idempotency
    from connector.sandbox.http.request import SandboxRequest


def find_idempotency_key(request: SandboxRequest, settings: Idempotency) -> str | None:
    """Return the key that a request has at the place that the manifest says, or None."""
    location = settings.location
    if location.part == "header":
        return request.headers.get(".".join(location.path).lower())
    try:
        is_query = location.part == "query"
        tree = unflatten(request.query, use_brackets=True) if is_query else parse_any_body(request).tree
    except BadBody:
        return None
    found = get_at(tree, location.path)
    return str(found) if found else None
