"""A file on a server: whole, in ranges, or cut; and the ranges that were requested."""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from support.servers import Behaviour, Recorded, head, raw, reply

if TYPE_CHECKING:
    from pathlib import Path

DAY = "Mon, 02 Nov 2026 09:00:00 GMT"
LATER = "Mon, 02 Nov 2026 09:10:00 GMT"


def content(size: int, seed: int = 1) -> bytes:
    """Return random bytes, the same for each seed."""
    return random.Random(seed).randbytes(size)


@dataclass
class File:
    """Serves `body` with ranges (RFC 9110); each of `cuts` ends one reply after so many bytes."""

    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: {"ETag": '"v1"', "Content-Type": "video/mp4"})
    cuts: list[int] = field(default_factory=list)
    ranges: bool = True

    def __call__(self, request: Recorded) -> Behaviour:
        """Answer a request."""
        start = self._start(request)
        said = dict(self.headers)
        if start:
            said["Content-Range"] = f"bytes {start}-{len(self.body) - 1}/{len(self.body)}"
        part = self.body[start:]
        if self.cuts:
            said["Content-Length"] = str(len(part))
            return raw(head(206 if start else 200, said.items()) + part[: self.cuts.pop(0)])
        return reply(206 if start else 200, body=part, headers=said.items())

    def _start(self, request: Recorded) -> int:
        asked = re.fullmatch(r"bytes=(\d+)-", request.header("range") or "")
        fits = request.header("if-range") in (None, self.headers.get("ETag"), self.headers.get("Last-Modified"))
        return int(asked[1]) if asked and fits and self.ranges else 0


def asked(server: Any) -> list[str | None]:
    """Return the requested ranges, in order."""
    return [request.header("range") for request in server.requests]


def there(folder: Path) -> list[str]:
    """Return the names in a folder, sorted, hidden ones too, without the folders that commands keep of their user."""
    return sorted(path.name for path in folder.iterdir() if path.name not in ("data", "state"))


def sha256(body: bytes) -> str:
    """Return the digest as a result has it."""
    return hashlib.sha256(body).hexdigest()
