"""Downloadable files: rewrite file URLs in replies, and serve the files."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from connector.core.json_path import get_at_path, set_at_path
from connector.core.url_policy import is_loopback_host
from connector.first_use import prepare_pattern
from connector.sandbox.http.responses import SandboxResponse, build_json_response

if TYPE_CHECKING:
    from connector.definition.action import Action, FileListing
    from connector.sandbox.http.request import SandboxRequest

FILES_PATH = "/sandbox-files/"  # relative to the base path
FILE_SIZE = 300_000  # bytes per file
_RANGE_PATTERN = prepare_pattern(r"bytes=([0-9]{1,12})-\Z", re.ASCII)


def rewrite_file_urls(response: SandboxResponse, action: Action | None, sandbox_url: str) -> SandboxResponse:
    """Point the file URLs of a reply at the sandbox, and correct the file sizes."""
    if action is None or not action.downloads or response.status != HTTPStatus.OK:
        return response
    data = from_json(response.body)
    for download in action.downloads:
        items = get_at_path(data, download.items)
        if isinstance(items, list):
            data = set_at_path(data, download.items, [_rewrite_item(item, download, sandbox_url) for item in items])
    return build_json_response(
        response.status, data, tuple(pair for pair in response.headers if pair[0] != "content-type")
    )


def _rewrite_item(item: Any, download: FileListing, sandbox_url: str) -> Any:
    url = get_at_path(item, download.url)
    if not isinstance(url, str):
        return item
    extension = str(get_at_path(item, download.extension) or "txt").lower()
    name = hashlib.blake2b(url.encode(), digest_size=10).hexdigest()
    item = set_at_path(item, download.url, f"{sandbox_url}{FILES_PATH}{name}.{extension}")
    return set_at_path(item, download.size, FILE_SIZE) if download.size else item


def get_base_url(request: SandboxRequest, base_path: str) -> str:
    """Return the base URL under which a request reached the sandbox."""
    host = request.headers.get("host", "localhost")
    scheme = "http" if is_loopback_host(re.sub(r":[0-9]+\Z", "", host).strip("[]")) else "https"
    return f"{scheme}://{host}{base_path}"


def build_file_response(request: SandboxRequest) -> SandboxResponse:
    """Build the response with a file, or with the requested range."""
    name = request.path.rpartition("/")[2]
    line = f"This is {name}, a file of the sandbox.\n".encode()
    body = (line * (FILE_SIZE // len(line) + 1))[:FILE_SIZE]
    etag = f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    headers = (("content-type", content_type), ("etag", etag), ("accept-ranges", "bytes"))
    range_match = _RANGE_PATTERN.match(request.headers.get("range", ""))
    if range_match is None or request.headers.get("if-range", etag) != etag:
        return SandboxResponse(200, headers, body)
    start = int(range_match[1])
    if start >= FILE_SIZE:
        return SandboxResponse(416, (*headers, ("content-range", f"bytes */{FILE_SIZE}")))
    return SandboxResponse(
        206, (*headers, ("content-range", f"bytes {start}-{FILE_SIZE - 1}/{FILE_SIZE}")), body[start:]
    )
