"""What a transport brings: a reply, or the failure of a request without one."""

from __future__ import annotations

from functools import lru_cache

from connector.core.request.fixed import fixed
from connector.first_use import dataclass

_SUCCESS = range(200, 300)


@fixed
class Reply:
    """A raw reply: status, headers (lower-case names) and decoded body; `is_stored`: a sink has the body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    is_stored: bool = False

    def __repr__(self) -> str:
        return f"<Reply {self.status}: {len(self.body)} bytes>"

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success, 200 to 299."""
        return self.status in _SUCCESS

    @property
    def media_type(self) -> str:
        """The media type of the body in lower case, without parameters; empty when the reply does not say."""
        return _parse_media_type(self.header("content-type") or "")

    def header(self, name: str) -> str | None:
        """Return a header's value, several joined with commas, or None."""
        name, joined = name.lower(), None
        for key, value in self.headers:
            if key == name:
                joined = value if joined is None else f"{joined}, {value}"
        return joined


@lru_cache(maxsize=256)
def _parse_media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Failure:
    """A request without a complete reply: `kind` as in TransportError, `sent` "nothing" or "maybe", `received` bytes.

    `final` means that a retry cannot help, as with a bad certificate; `retry_once` that one retry may help, as with a
    host name that is not found.
    """

    kind: str
    message: str
    sent: str = "maybe"
    received: int = 0
    etag: str | None = None
    final: bool = False
    retry_once: bool = False
