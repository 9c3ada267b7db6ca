"""Files to download: what the sandbox puts in place of the URLs that its replies show, and the bytes behind them."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from connector.core.json_path import dig, placed
from connector.core.url_policy import loopback
from connector.sandbox.http import responses as answers
from connector.sandbox.http.responses import Answer

if TYPE_CHECKING:
    from connector.definition.action import Action, Files
    from connector.sandbox.http.request import Incoming

PATH = "/sandbox-files/"  # below the base path
SIZE = 300_000  # bytes of each
_RANGE = re.compile(r"bytes=([0-9]{1,12})-\Z", re.ASCII)


def pointed(answer: Answer, action: Action | None, base: str) -> Answer:
    """Let the URLs of files in a reply lead to the sandbox, whose base URL is `base`, and their sizes be true."""
    if action is None or not action.downloads or answer.status != 200:  # noqa: PLR2004
        return answer
    data = from_json(answer.body)
    for files in action.downloads:
        items = dig(data, files.items)
        if isinstance(items, list):
            data = placed(data, files.items, [_own(item, files, base) for item in items])
    return answers.data(answer.status, data, tuple(pair for pair in answer.headers if pair[0] != "content-type"))


def _own(item: Any, files: Files, base: str) -> Any:
    url = dig(item, files.url)
    if not isinstance(url, str):
        return item
    extension = str(dig(item, files.extension) or "txt").lower()
    name = hashlib.blake2b(url.encode(), digest_size=10).hexdigest()
    item = placed(item, files.url, f"{base}{PATH}{name}.{extension}")
    return placed(item, files.size, SIZE) if files.size else item


def base_url(request: Incoming, base_path: str) -> str:
    """Return where a request found the sandbox."""
    host = request.headers.get("host", "localhost")
    scheme = "http" if loopback(re.sub(r":[0-9]+\Z", "", host).strip("[]")) else "https"
    return f"{scheme}://{host}{base_path}"


def served(request: Incoming) -> Answer:
    """Answer with a file, or with the rest of one."""
    name = request.path.rpartition("/")[2]
    line = f"This is {name}, a file of the sandbox.\n".encode()
    body = (line * (SIZE // len(line) + 1))[:SIZE]
    version = f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    headers = (("content-type", kind), ("etag", version), ("accept-ranges", "bytes"))
    asked = _RANGE.match(request.headers.get("range", ""))
    if asked is None or request.headers.get("if-range", version) != version:
        return Answer(200, headers, body)
    start = int(asked[1])
    if start >= SIZE:
        return Answer(416, (*headers, ("content-range", f"bytes */{SIZE}")))
    return Answer(206, (*headers, ("content-range", f"bytes {start}-{SIZE - 1}/{SIZE}")), body[start:])
