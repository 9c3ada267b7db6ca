"""A request as it comes in: method, path below the base URL, query, headers, body."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class SandboxRequest:
    """What a client sent; header names in lower case, the path still encoded and with the base path before it."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @classmethod
    def parse(cls, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> SandboxRequest:
        """Take a request line's target apart; a whole URL is taken as its path."""
        if target.startswith(("http://", "https://")):
            target = "/" + target.partition("://")[2].partition("/")[2]
        path, _, query = target.partition("#")[0].partition("?")
        merged: dict[str, str] = {}
        for name, value in headers:
            key = name.lower()
            merged[key] = f"{merged[key]}, {value}" if key in merged else value
        return cls(method.upper(), path, tuple(parse_qsl(query, keep_blank_values=True)), merged, body)

    @property
    def content_type(self) -> str:
        """The content type without its parameters, in lower case; empty when none is said."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()
