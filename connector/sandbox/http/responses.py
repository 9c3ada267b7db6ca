"""Answers, and how the service that the sandbox stands in for says no."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic_core import to_json

from connector.core.json_path import placed
from connector.definition.manifest import Missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.definition.manifest import Manifest, Meaning

Fate = Literal["sent", "lost", "refused"]
Wrong = tuple[str, str]  # a field, and what is wrong with it

_JSON = (("content-type", "application/json"),)
_MISSING = Missing(status=404, message="Not found: {id}.")
_INVALID = Missing(status=400, message="The request is not valid.")
_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>"


class Happening(NamedTuple):
    """A change: the event that tells of it, what it is about, and how that was before, where it was there."""

    event: str
    about: dict[str, Any]
    before: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: status, headers (names in lower case), body; after `delay` seconds.

    `fate` is "lost" when the request was processed and the answer never arrives, "refused" when nothing was taken;
    `happened` are the changes to tell of.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    fate: Fate = "sent"
    delay: float = 0.0
    happened: tuple[Happening, ...] = field(default=(), repr=False)

    def bodiless(self) -> Answer:
        """Return the answer to HEAD: the same without its body, which is told by its length."""
        return replace(self, headers=(*self.headers, ("content-length", str(len(self.body)))), body=b"")


REFUSED = Answer(0, fate="refused")
WEB_PAGE = Answer(200, (("content-type", "text/html; charset=utf-8"),), _PAGE)


def data(status: int, value: Any, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Answer with JSON data."""
    return Answer(status, (*_JSON, *headers), to_json(value))


class Refusals:
    """The service's ways to say no, in the shape that its manifest describes."""

    def __init__(self, manifest: Manifest) -> None:
        self._errors = manifest.errors
        self._missing = manifest.sandbox.missing or _MISSING
        self._invalid = manifest.sandbox.invalid or _INVALID

    def missing(self, name: str) -> Answer:
        """Answer for a thing that is not there."""
        declared = self._missing
        return self._said(declared.status, declared.code, declared.message.replace("{id}", name))

    def wrong_method(self, allowed: Sequence[str]) -> Answer:
        """Answer for a path that does not take this method."""
        answer = self._said(405, None, "This method is not allowed here.")
        return replace(answer, headers=(*answer.headers, ("allow", ", ".join(sorted(allowed)))))

    def invalid(self, problems: Sequence[Wrong]) -> Answer:
        """Answer for a request that does not fit the definitions, with every problem."""
        declared, fields = self._invalid, self._errors.fields
        if fields is None:
            told = " ".join([declared.message, *(f"{field}: {message}" for field, message in problems)])
            return self._said(declared.status, declared.code, told)
        listed = [{"field": field, "message": message} for field, message in problems]
        return self._said(declared.status, declared.code, declared.message, {fields: listed})

    def stale_cursor(self, name: str) -> Answer:
        """Answer for a cursor that the service never gave, or no longer knows."""
        meaning = self._meaning("cursor")
        if meaning is None:
            return self.invalid([(name, "The cursor is not valid, or has expired.")])
        message = f"The {meaning.message or 'cursor'} is not valid, or has expired."
        return self._said(_first(meaning.status) or self._invalid.status, _first(meaning.code), message)

    def unsigned(self) -> Answer:
        """Answer for a request without a credential, or with one that is no longer good."""
        meaning = self._meaning("token")
        message = (meaning.message if meaning else None) or "Invalid access token."
        status, code = (meaning.status, meaning.code) if meaning else (None, None)
        return self._said(_first(status) or 401, _first(code), message)

    def too_many(self, retry_after: int) -> Answer:
        """Answer for too many calls, with the seconds to wait."""
        answer = self._said(429, None, "Too many requests.")
        return replace(answer, headers=(*answer.headers, ("retry-after", str(retry_after))))

    def limited(self, headers: tuple[tuple[str, str], ...]) -> Answer:
        """Answer for one call more than a rate allows, with the headers that tell which."""
        daily = ("x-ratelimit-type", "Daily-limit") in headers
        message = "The daily rate limit is used up." if daily else "The rate limit is used up. Try again later."
        answer = self._said(429, None, message)
        return replace(answer, headers=(*answer.headers, *headers))

    def down(self, status: int, message: str = "The service is unavailable.") -> Answer:
        """Answer as a service in trouble does."""
        return self._said(status, None, message)

    def _meaning(self, kind: str) -> Meaning | None:
        return next((one for one in self._errors.means if one.is_ == kind), None)

    def _said(self, status: int, code: Any, message: str, more: dict[str, Any] | None = None) -> Answer:
        reply: dict[str, Any] = {}
        if self._errors.code:
            reply = placed(reply, self._errors.code, status if code is None else code)
        reply = placed(reply, self._errors.message or "message", message)
        for path, value in (more or {}).items():
            reply = placed(reply, path, value)
        return data(status, reply)


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value
