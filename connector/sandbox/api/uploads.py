"""Files that are sent to a URL of a reply: the URL is the sandbox's own, and it takes what comes."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic_core import from_json

from connector.core.json_path import set_at_path
from connector.definition.json_path import parse_reply_path
from connector.sandbox.http.responses import SandboxResponse, build_json_response, build_returned_response

if TYPE_CHECKING:
    from connector.definition.action import Action

UPLOADS_PATH = "/sandbox-uploads/"  # relative to the base path; below it the action's key, and a part that differs
_SUCCESS = range(200, 300)


def set_upload_url(response: SandboxResponse, action: Action | None, sandbox_url: str) -> SandboxResponse:
    """Put a URL of the sandbox where the reply names the one that the file is sent to."""
    if action is None or action.upload is None or response.status not in _SUCCESS:
        return response
    url = f"{sandbox_url}{UPLOADS_PATH}{action.action}/{secrets.token_hex(16)}"
    header = parse_reply_path(action.upload.url).header
    if header is not None:
        return replace(response, headers=(*(pair for pair in response.headers if pair[0] != header), (header, url)))
    data = set_at_path(from_json(response.body), action.upload.url, url)
    headers = tuple(pair for pair in response.headers if pair[0] != "content-type")
    return build_json_response(response.status, data, headers)


def find_upload_key(api_path: str) -> str | None:
    """Return the key of the action whose file is sent to a path; None for any other path."""
    key, _, rest = api_path.removeprefix(UPLOADS_PATH).partition("/")
    return key if api_path.startswith(UPLOADS_PATH) and rest else None


def build_upload_response(action: Action) -> SandboxResponse:
    """Build the reply to the bytes."""
    assert action.upload is not None
    if action.then is not None:
        return SandboxResponse(200, (("content-type", "text/plain"),), b"OK")
    return build_returned_response(action.upload.returns, 200, action.upload.returns.example)
