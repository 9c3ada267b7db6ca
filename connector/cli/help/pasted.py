"""A request that was pasted: a URL, or a command line of curl."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

_METHOD_FLAGS = ("-X", "--request")
_BODY_FLAGS = ("-d", "--data", "--data-raw", "--data-binary", "--json", "-F", "--form")


def is_url(word: str) -> bool:
    """Whether a word is the address of something on the web."""
    return word.startswith(("https://", "http://"))


def suggest_request(words: Sequence[str], base_url: str) -> str | None:
    """Return the command line of what was pasted, without values, which may be secret; None where it is no request."""
    url = next((word for word in words if is_url(word)), None)
    if url is None:
        return None
    parts = urlsplit(url)
    base_path = urlsplit(base_url).path.rstrip("/")
    path = parts.path.removeprefix(base_path) if parts.path.startswith(f"{base_path}/") else parts.path
    has_body = any(word in _BODY_FLAGS for word in words)
    method = next((after for flag, after in pairwise(words) if flag in _METHOD_FLAGS), None)
    query = "".join(f" -q {pair.partition('=')[0]}=..." for pair in parts.query.split("&") if pair)
    body = " -d @FILE" if has_body else ""
    return f"connector request {(method or ('POST' if has_body else 'GET')).upper()} {path or '/'}{query}{body}"
